/* SPDX-License-Identifier: PostgreSQL */
/*
 * The checksums of files that a backup_manifest names.
 */
#include "data/filehash.h"

#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"

static const struct {
	const char *name;
	size_t size;
} kinds[FILEHASH_KINDS] = {
    {"NONE", 0},
    {"CRC32C", 4},
    {"SHA224", 28},
    {"SHA256", 32},
    {"SHA384", 48},
    {"SHA512", 64},
};

bool
filehash_parse(const char *name, enum filehash_kind *kind)
{
	for (int i = 0; i < FILEHASH_KINDS; i++)
		if (strcasecmp(name, kinds[i].name) == 0) {
			*kind = (enum filehash_kind)i;
			return true;
		}
	return false;
}

const char *
filehash_name(enum filehash_kind kind)
{
	return kinds[kind].name;
}

size_t
filehash_size(enum filehash_kind kind)
{
	return kinds[kind].size;
}

static const EVP_MD *
method(enum filehash_kind kind)
{
	switch (kind) {
	case FILEHASH_SHA224:
		return EVP_sha224();
	case FILEHASH_SHA256:
		return EVP_sha256();
	case FILEHASH_SHA384:
		return EVP_sha384();
	case FILEHASH_SHA512:
		return EVP_sha512();
	case FILEHASH_NONE:
	case FILEHASH_CRC32C:
		break;
	}
	return NULL;
}

void
filehash_start(struct filehash *h, enum filehash_kind kind)
{
	const EVP_MD *sha = method(kind);

	h->kind = kind;
	h->crc = CRC32C_INIT;
	if (sha == NULL)
		return;
	if (h->sha == NULL && (h->sha = EVP_MD_CTX_new()) == NULL)
		mem_exhausted();
	/* Only memory can be lacking: these are built into the library. */
	if (EVP_DigestInit_ex(h->sha, sha, NULL) != 1)
		mem_exhausted();
}

void
filehash_add(struct filehash *h, const void *bytes, size_t n)
{
	if (h->kind == FILEHASH_CRC32C)
		h->crc = crc32c_add(h->crc, bytes, n);
	else if (h->kind != FILEHASH_NONE &&
	    EVP_DigestUpdate(h->sha, bytes, n) != 1)
		BUG("could not go on with a %s", filehash_name(h->kind));
}

size_t
filehash_end(struct filehash *h, unsigned char out[FILEHASH_MAX])
{
	uint32_t crc = CRC32C_END(h->crc);

	/* The server copies its number as it lies in memory. */
	if (h->kind == FILEHASH_CRC32C)
		memcpy(out, &crc, sizeof(crc));
	else if (h->kind != FILEHASH_NONE &&
	    EVP_DigestFinal_ex(h->sha, out, NULL) != 1)
		BUG("could not end a %s", filehash_name(h->kind));
	return filehash_size(h->kind);
}

void
filehash_free(struct filehash *h)
{
	EVP_MD_CTX_free(h->sha);
	h->sha = NULL;
}

void
filehash_show(char out[2 * FILEHASH_MAX + 1], const unsigned char *sum,
    size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[sum[i] >> 4];
		out[2 * i + 1] = digits[sum[i] & 15];
	}
	out[2 * n] = '\0';
}
