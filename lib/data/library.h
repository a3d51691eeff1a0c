/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which versions of the libraries for data this program runs with.
 */
#ifndef DATA_LIBRARY_H
#define DATA_LIBRARY_H

#include <stddef.h>

struct data_library {
	const char *name;
	char version[32];
	const char *package; /* Debian's */
};
#define DATA_LIBRARIES 8

void data_libraries(struct data_library out[DATA_LIBRARIES]);

#endif
