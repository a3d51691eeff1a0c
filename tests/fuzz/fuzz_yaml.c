/* SPDX-License-Identifier: PostgreSQL */
/*
 * YAML of any bytes: what is taken is within the limits, can be written as
 * JSON, and reads as the same again.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "data/record.h"
#include "data/yaml.h"
#include "fuzz.h"

/* Aliases within maps may be written out to a large text, but not endless. */
#define SHOWN_MAX ((size_t)64 << 20)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml y CLEANUP(yaml_forget) = YAML_INIT;
	struct str text CLEANUP(str_free) = STR_INIT;
	json_t *same CLEANUP(record_cleanup) = NULL;
	json_error_t error;

	if (yaml_parse("it", (const char *)data, size, &y) != STATUS_OK)
		return 0;
	record_show_value(y.document, &text);
	if (text.len > SHOWN_MAX)
		abort();
	same = record_load_value(text.data, text.len, &error);
	if (same == NULL)
		abort();
	return 0;
}
