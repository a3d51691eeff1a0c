/* SPDX-License-Identifier: PostgreSQL */
/*
 * MD5.
 */
#include "data/md5.h"

#include <openssl/evp.h>

bool
md5_of(const void *bytes, size_t n, unsigned char out[MD5_SIZE])
{
	unsigned size = 0;

	return EVP_Digest(bytes, n, out, &size, EVP_md5(), NULL) == 1 &&
	    size == MD5_SIZE;
}
