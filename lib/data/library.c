/* SPDX-License-Identifier: PostgreSQL */
/*
 * The libraries for data say which versions they are, as they were found when
 * the program started, not when it was built.
 */
#include "data/library.h"

#include <archive.h>
#include <jansson.h>
#include <lz4.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <xxhash.h>
#include <yaml.h>
#include <zlib.h>
#include <zstd.h>

static void
set(struct data_library *l, const char *name, const char *package,
    unsigned number, unsigned base)
{
	l->name = name;
	l->package = package;
	(void)snprintf(l->version, sizeof(l->version), "%u.%u.%u",
	    number / base / base, number / base % base, number % base);
}

void
data_libraries(struct data_library out[DATA_LIBRARIES])
{
	set(&out[0], "libarchive", "libarchive13",
	    (unsigned)archive_version_number(), 1000);
	set(&out[1], "jansson", "libjansson4", 0, 1);
	(void)snprintf(out[1].version, sizeof(out[1].version), "%s",
	    jansson_version_str());
	set(&out[2], "libxxhash", "libxxhash0", XXH_versionNumber(), 100);
	set(&out[3], "libzstd", "libzstd1", ZSTD_versionNumber(), 100);
	set(&out[4], "liblz4", "liblz4-1", (unsigned)LZ4_versionNumber(), 100);
	set(&out[5], "zlib", "zlib1g", 0, 1);
	(void)snprintf(out[5].version, sizeof(out[5].version), "%s",
	    zlibVersion());
	set(&out[6], "libcrypto", "libssl3", 0, 1);
	(void)snprintf(out[6].version, sizeof(out[6].version), "%u.%u.%u",
	    OPENSSL_version_major(), OPENSSL_version_minor(),
	    OPENSSL_version_patch());
	set(&out[7], "libyaml", "libyaml-0-2", 0, 1);
	(void)snprintf(out[7].version, sizeof(out[7].version), "%s",
	    yaml_get_version_string());
}
