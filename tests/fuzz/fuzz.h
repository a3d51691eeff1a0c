/* SPDX-License-Identifier: PostgreSQL */
/*
 * A fuzzer is tests/fuzz/fuzz_NAME.c with this one function; its corpus is
 * tests/fuzz/corpus/NAME/, its dictionary, if any, tests/fuzz/NAME.dict.  It
 * must not print, leak, exit or keep anything between two calls.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
