/* SPDX-License-Identifier: PostgreSQL */
/*
 * What stands in for libFuzzer where the kept corpus is only replayed: with any
 * compiler, with or without sanitizers.  Each argument is a file of input.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

#define MOST ((size_t)64 << 20)

static int
replay(const char *name)
{
	uint8_t *bytes = malloc(MOST);
	FILE *file = fopen(name, "rb");
	size_t n = 0;
	int status = 1;

	if (bytes != NULL && file != NULL) {
		n = fread(bytes, 1, MOST, file);
		status = ferror(file) != 0;
	}
	if (status == 0) {
		/* Exactly as large as the input, so that a sanitizer sees the
		 * first byte too many. */
		uint8_t *exact = realloc(bytes, n > 0 ? n : 1);

		if (exact != NULL)
			bytes = exact;
		(void)LLVMFuzzerTestOneInput(bytes, n);
	} else {
		perror(name);
	}
	if (file != NULL)
		(void)fclose(file);
	free(bytes);
	return status;
}

int
main(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++)
		status |= replay(argv[i]);
	return status;
}
