/* SPDX-License-Identifier: PostgreSQL */
/* What is read of an S3 server's answers and of AWS's settings. */
#include <stdlib.h>

#include "s3/config.h"
#include "s3/xml.h"
#include "tap.h"

static void
has(const char *xml, const char *name, const char *text)
{
	char *got = xml_text(xml_whole(xml, strlen(xml)), name);

	if (text == NULL)
		ok(got == NULL, "no <%s> in %s", name, xml);
	else
		is_text(got, text, xml);
	free(got);
}

static void
answers(void)
{
	struct xml_span rest, in;
	const char *two = "<A><B>1</B></A><A x=\"y\"><B>2</B></A><A/>";
	size_t n = 0;

	has("<Code>NoSuchKey</Code>", "Code", "NoSuchKey");
	has("<Codes>x</Codes><Code>y</Code>", "Code", "y");
	has("<Code />", "Code", "");
	has("<Code></Code>", "Code", "");
	has("<Code>cut", "Code", NULL);
	has("<Code", "Code", NULL);
	has("", "Code", NULL);
	has("<K>a&amp;b&lt;c&gt;&quot;&apos;</K>", "K", "a&b<c>\"'");
	has("<K>&#65;&#x42;&#xE9;&#x20AC;&#x1F600;</K>", "K",
	    "AB\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
	has("<K>&none;&#0;&#x110000;&;&</K>", "K", "&none;&#0;&#x110000;&;&");
	rest = xml_whole(two, strlen(two));
	while (xml_next(&rest, "A", &in))
		n++;
	is_number(n, 3, "elements");
}

static void
setting(const char *profile, bool config, const char *name, const char *value)
{
	static const char text[] = "region = none\n"
				   "[default]\n"
				   "; region = commented\n"
				   "region=one \r\n"
				   "[ profile two ]\n"
				   "region = two = 2\n"
				   "s3 =\n"
				   "  addressing_style = path\n"
				   "regions = x\n"
				   "[two]\n"
				   "region = three\n"
				   "[profile";
	char *got = s3_profile_get(text, profile, config, name);

	if (value == NULL)
		ok(got == NULL, "no %s of %s", name, profile);
	else
		is_text(got, value, name);
	free(got);
}

int
main(void)
{
	answers();
	setting("default", true, "region", "one");
	setting("default", false, "region", "one");
	setting("two", true, "region", "two = 2");
	setting("two", false, "region", "three");
	setting("two", true, "addressing_style", "path");
	setting("two", true, "aws_access_key_id", NULL);
	setting("three", true, "region", NULL);
	return tap_done();
}
