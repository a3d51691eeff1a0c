/* SPDX-License-Identifier: PostgreSQL */
/*
 * What an S3 server's refusal means, and what can be done about it.
 */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/signal.h"
#include "s3/http.h"
#include "s3/xml.h"

static const struct {
	const char *code, *hint;
} hints[] = {
    {"SignatureDoesNotMatch",
	"AWS_SECRET_ACCESS_KEY is not the one of this key, or AWS_REGION not "
	"the bucket's"},
    {"InvalidAccessKeyId",
	"AWS_ACCESS_KEY_ID is not known there; is AWS_ENDPOINT_URL right?"},
    {"ExpiredToken", "log in again: the session's credentials have ended"},
    {"NoSuchBucket", "a bucket is made by whoever pays for it, with its tools"},
    {"AuthorizationHeaderMalformed", "AWS_REGION is to be the bucket's"},
    {"PermanentRedirect", "AWS_REGION is to be the bucket's"},
    {"RequestTimeTooSkewed", "this machine's clock is wrong"},
    {"AccessDenied",
	"this key may not do that there: s3:PutObject, s3:GetObject, "
	"s3:DeleteObject and s3:ListBucket are needed"},
};

char *
s3_code(const struct s3_answer *a)
{
	struct xml_span rest = xml_whole(str_text(&a->text), a->text.len), in;
	char *code = NULL;

	if (xml_next(&rest, "Error", &in))
		code = xml_text(in, "Code");
	return code != NULL ? code : mem_strdup("");
}

static void
explain(const struct s3_answer *a, const char *code)
{
	if (a->distrusted)
		log_hint("AWS_CA_BUNDLE names a file with the certificate of "
			 "who signed it");
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (str_eq(code, hints[i].code))
			log_hint("%s", hints[i].hint);
	if (a->tries > 1)
		log_detail("%u tries", a->tries);
}

status
s3_fault(const struct s3 *s, const struct s3_answer *a, const char *doing,
    const char *name)
{
	char *code CLEANUP_FREE = s3_code(a), *message CLEANUP_FREE = NULL;
	const char *url = s3_config_of(s)->url;

	if (a->sunk != STATUS_OK)
		return a->sunk;
	if (signal_stop() != 0) {
		log_verbose("could not %s \"%s/%s\": stopped", doing, url,
		    name);
		return STATUS_RETRY;
	}
	if (!s3_may_tell(s))
		return a->passing ? STATUS_RETRY : STATUS_FAIL;
	if (a->reason[0] != '\0') {
		log_error("could not %s \"%s/%s\": %s", doing, url, name,
		    a->reason);
	} else {
		message = xml_text(xml_whole(str_text(&a->text), a->text.len),
		    "Message");
		log_error("could not %s \"%s/%s\": HTTP %ld%s%s%s%s", doing,
		    url, name, a->code, *code != '\0' ? ", " : "", code,
		    message != NULL ? ": " : "",
		    message != NULL ? message : "");
	}
	explain(a, code);
	return a->passing ? STATUS_RETRY : STATUS_FAIL;
}
