/* SPDX-License-Identifier: PostgreSQL */
/*
 * An S3 server's answer, and a file of AWS's settings, of any bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "s3/config.h"
#include "s3/xml.h"

static void
answer(const char *text, size_t n)
{
	struct xml_span rest = xml_whole(text, n), object;

	while (xml_next(&rest, "Contents", &object)) {
		if (object.at < text || object.at + object.n > text + n ||
		    rest.at < object.at + object.n ||
		    rest.at + rest.n != text + n)
			abort();
		free(xml_text(object, "Key"));
		free(xml_text(object, "Size"));
	}
	free(xml_text(xml_whole(text, n), "NextContinuationToken"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_alloc(size + 1);

	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	answer((const char *)data, size);
	free(s3_profile_get(text, "default", true, "region"));
	free(s3_profile_get(text, "x", true, "region"));
	free(s3_profile_get(text, "x", false, "aws_access_key_id"));
	free(text);
	return 0;
}
