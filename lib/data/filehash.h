/* SPDX-License-Identifier: PostgreSQL */
/*
 * The checksums of files that a backup_manifest names: CRC32C (by the
 * processor where it can) and SHA-224 to SHA-512 (OpenSSL's libcrypto).
 */
#ifndef DATA_FILEHASH_H
#define DATA_FILEHASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum filehash_kind {
	FILEHASH_NONE,
	FILEHASH_CRC32C,
	FILEHASH_SHA224,
	FILEHASH_SHA256,
	FILEHASH_SHA384,
	FILEHASH_SHA512
};
#define FILEHASH_KINDS 6
#define FILEHASH_MAX 64 /* bytes of the longest */

/* "CRC32C", of either case; false for what is none. */
bool filehash_parse(const char *name, enum filehash_kind *kind);
const char *filehash_name(enum filehash_kind kind); /* as the manifest has it */
size_t filehash_size(enum filehash_kind kind);	    /* bytes; NONE: 0 */

struct filehash {
	enum filehash_kind kind;
	uint32_t crc;
	void *sha; /* kept from file to file */
};
/* clang-format off */
#define FILEHASH_INIT {FILEHASH_NONE, 0, NULL}
/* clang-format on */

/* Begin a file; the struct was FILEHASH_INIT or has been used before. */
void filehash_start(struct filehash *h, enum filehash_kind kind);
void filehash_add(struct filehash *h, const void *bytes, size_t n);
/* The checksum's bytes in the manifest's order; how many. */
size_t filehash_end(struct filehash *h, unsigned char out[FILEHASH_MAX]);
void filehash_free(struct filehash *h); /* also the cleanup */

/* Lower-case hex of n <= FILEHASH_MAX bytes. */
void filehash_show(char out[2 * FILEHASH_MAX + 1], const unsigned char *sum,
    size_t n);

/* The same over bytes in one piece, as the server's WAL has it: begin with
 * CRC32C_INIT, end with CRC32C_END. */
#define CRC32C_INIT UINT32_C(0xFFFFFFFF)
#define CRC32C_END(crc) ((crc) ^ UINT32_C(0xFFFFFFFF))
uint32_t crc32c_add(uint32_t crc, const void *bytes, size_t n);
/* Without the processor's help: what the other is tested against. */
uint32_t crc32c_add_plain(uint32_t crc, const void *bytes, size_t n);

#endif
