/* SPDX-License-Identifier: PostgreSQL */
/*
 * MD5, which object stores name their parts by.  It finds what changed on its
 * way, and proves nothing against whoever wants to change it.
 */
#ifndef DATA_MD5_H
#define DATA_MD5_H

#include <stdbool.h>
#include <stddef.h>

#define MD5_SIZE 16

/* False where the system's libcrypto must not have it (FIPS). */
bool md5_of(const void *bytes, size_t n, unsigned char out[MD5_SIZE]);

#endif
