/* SPDX-License-Identifier: PostgreSQL */
/*
 * What catalog.c, which looks relations up, and side.c share.
 */
#ifndef COMPARE_CATALOG_H
#define COMPARE_CATALOG_H

#include "compare/side.h"

void type_cache_free(struct type_cache *types);

#endif
