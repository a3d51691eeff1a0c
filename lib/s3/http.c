/* SPDX-License-Identifier: PostgreSQL */
/*
 * Requests to an S3 server.
 */
#include "s3/http.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/signal.h"
#include "data/filehash.h"
#include "data/md5.h"

#define TEXT_MAX ((size_t)16 * 1024 * 1024) /* of a list of 1,000 objects */
#define CONNECT_SECONDS 20L
#define PIECE (256L * 1024) /* bytes from and to a socket at once */
#define WAIT_FIRST 200	    /* ms */
#define WAIT_LAST 20000	    /* ms */

struct s3 {
	const struct s3_config *config;
	CURL *curl;
	atomic_bool *told; /* or NULL */
};

/* A request that runs. */
struct running {
	struct s3 *s;
	const struct s3_request *r;
	struct s3_answer *a;
};

status
s3_open(const struct s3_config *config, struct s3 **out)
{
	struct s3 *s = mem_zalloc(sizeof(*s));

	*out = NULL;
	s->config = config;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		s->curl = curl_easy_init();
	if (s->curl == NULL) {
		log_error("could not start libcurl");
		free(s);
		return STATUS_FAIL;
	}
	*out = s;
	return STATUS_OK;
}

void
s3_close(struct s3 *s)
{
	if (s == NULL)
		return;
	curl_easy_cleanup(s->curl);
	curl_global_cleanup();
	free(s);
}

void
s3_cleanup(struct s3 **s)
{
	s3_close(*s);
	*s = NULL;
}

void
s3_tell_once(struct s3 *s, atomic_bool *told)
{
	s->told = told;
}

bool
s3_may_tell(const struct s3 *s)
{
	return s->told == NULL || !atomic_exchange(s->told, true);
}

const struct s3_config *
s3_config_of(const struct s3 *s)
{
	return s->config;
}

void
s3_answer_free(struct s3_answer *a)
{
	str_free(&a->text);
	free(a->etag);
	*a = (struct s3_answer)S3_ANSWER_INIT;
}

bool
s3_good(const struct s3_answer *a)
{
	return a->code >= 200 && a->code < 300 && a->sunk == STATUS_OK &&
	    a->reason[0] == '\0';
}

/* --- what is sent ----------------------------------------------------------------- */

void
s3_encode(struct str *out, const char *text, bool path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789-_.~";

	for (; *text != '\0'; text++)
		if (strchr(plain, *text) != NULL || (path && *text == '/'))
			str_addc(out, *text);
		else
			str_addf(out, "%%%02X", (unsigned char)*text);
}

static void
base64(struct str *out, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		unsigned long v = (unsigned long)bytes[i] << 16;

		v |= i + 1 < n ? (unsigned long)bytes[i + 1] << 8 : 0;
		v |= i + 2 < n ? (unsigned long)bytes[i + 2] : 0;
		str_addc(out, digits[v >> 18]);
		str_addc(out, digits[(v >> 12) & 63]);
		str_addc(out, i + 1 < n ? digits[(v >> 6) & 63] : '=');
		str_addc(out, i + 2 < n ? digits[v & 63] : '=');
	}
}

static char *
url_of(const struct s3 *s, const struct s3_request *r)
{
	struct str url = STR_INIT;

	str_add(&url, s->config->base);
	str_addc(&url, '/');
	if (r->key != NULL)
		s3_encode(&url, r->key, true);
	if (r->query != NULL)
		str_addf(&url, "?%s", r->query);
	return str_take(&url);
}

static void
add_header(struct curl_slist **list, const char *name, const char *value)
{
	char *line CLEANUP_FREE = mem_printf("%s: %s", name, value);
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (longer == NULL)
		mem_exhausted();
	*list = longer;
}

static struct curl_slist *
headers_of(const struct s3 *s, const struct s3_request *r)
{
	struct filehash h CLEANUP(filehash_free) = FILEHASH_INIT;
	struct str md5 CLEANUP(str_free) = STR_INIT;
	unsigned char sum[FILEHASH_MAX];
	char text[2 * FILEHASH_MAX + 1];
	struct curl_slist *list = NULL;

	filehash_start(&h, FILEHASH_SHA256);
	filehash_add(&h, r->body, r->n);
	filehash_show(text, sum, filehash_end(&h, sum));
	add_header(&list, "x-amz-content-sha256", text);
	if (s->config->token != NULL)
		add_header(&list, "x-amz-security-token", s->config->token);
	if (r->body != NULL)
		add_header(&list, "Content-Type", "application/octet-stream");
	if (r->md5 != NULL) {
		base64(&md5, r->md5, MD5_SIZE);
		add_header(&list, "Content-MD5", str_text(&md5));
	}
	if (r->from > 0) {
		char *range CLEANUP_FREE =
		    mem_printf("bytes=%lld-", (long long)r->from);

		add_header(&list, "Range", range);
	}
	return list;
}

/* --- what comes -------------------------------------------------------------------- */

/* Bytes of what was asked for: from there on, of that one. */
static bool
is_wanted(struct running *run, long code)
{
	const struct s3_request *r = run->r;
	struct s3_answer *a = run->a;

	if (code != (r->from > 0 ? 206 : 200))
		return false;
	a->other =
	    r->etag != NULL && a->etag != NULL && !str_eq(r->etag, a->etag);
	return !a->other;
}

static size_t
take_body(char *bytes, size_t one, size_t n, void *arg)
{
	struct running *run = arg;
	struct s3_answer *a = run->a;
	long code = 0;

	(void)one;
	(void)curl_easy_getinfo(run->s->curl, CURLINFO_RESPONSE_CODE, &code);
	if (run->r->sink != NULL && code >= 200 && code < 300) {
		if (!is_wanted(run, code))
			return 0;
		a->sunk = run->r->sink(run->r->arg, bytes, n);
		return a->sunk == STATUS_OK ? n : 0;
	}
	if (a->text.len + n > TEXT_MAX)
		return 0;
	str_addn(&a->text, bytes, n);
	return n;
}

static size_t
take_header(char *line, size_t one, size_t n, void *arg)
{
	struct running *run = arg;
	size_t end = n;

	(void)one;
	while (end > 0 && (line[end - 1] == '\r' || line[end - 1] == '\n'))
		end--;
	if (end > 6 && strncasecmp(line, "etag:", 5) == 0) {
		size_t at = 5;

		while (at < end && line[at] == ' ')
			at++;
		free(run->a->etag);
		run->a->etag = mem_strndup(line + at, end - at);
	}
	return n;
}

static int
look_for_stop(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)arg, (void)a, (void)b, (void)c, (void)d;
	return signal_stop() != 0;
}

/* --- one request ------------------------------------------------------------------- */

/* What does not depend on the request.  The secret goes to libcurl's memory,
 * and nowhere else: no netrc, no redirection, no other protocol. */
static void
set_always(const struct s3 *s)
{
	const struct s3_config *c = s->config;
	char *scheme CLEANUP_FREE = mem_printf("aws:amz:%s:s3", c->region);
	CURL *curl = s->curl;

	curl_easy_reset(curl);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(curl, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, scheme);
	(void)curl_easy_setopt(curl, CURLOPT_USERNAME, c->key);
	(void)curl_easy_setopt(curl, CURLOPT_PASSWORD, c->secret);
	(void)curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, PIECE);
	(void)curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, PIECE);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
	    c->timeout < CONNECT_SECONDS ? (long)c->timeout : CONNECT_SECONDS);
	(void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)c->timeout);
	(void)curl_easy_setopt(curl, CURLOPT_USERAGENT,
	    "pgpipe/" PGPIPE_VERSION);
	if (c->ca != NULL)
		(void)curl_easy_setopt(curl, CURLOPT_CAINFO, c->ca);
}

static void
set_request(const struct s3 *s, const struct s3_request *r)
{
	CURL *curl = s->curl;

	if (strcmp(r->method, "HEAD") == 0) {
		(void)curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	} else if (r->body != NULL) {
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->body);
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)r->n);
		(void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
	} else if (strcmp(r->method, "GET") != 0) {
		(void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
	}
}

static void
set_answer(const struct s3 *s, struct running *run)
{
	CURL *curl = s->curl;

	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, run);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, run);
	(void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_for_stop);
}

/* Trying again may help, with a server or a network as they are. */
static bool
is_passing(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PARTIAL_FILE:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		return true;
	default:
		return false;
	}
}

static bool
is_passing_code(long code)
{
	return code == 408 || code == 429 || code == 500 || code == 502 ||
	    code == 503 || code == 504;
}

/* What was sent has not arrived, or not as it was. */
static bool
is_passing_name(const char *code)
{
	static const char *const names[] = {"RequestTimeout", "IncompleteBody",
	    "BadDigest", "XAmzContentSHA256Mismatch"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(code, names[i]))
			return true;
	return false;
}

static void
judge(const struct s3 *s, struct s3_answer *a, CURLcode code, const char *why)
{
	curl_off_t length = -1;

	(void)curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &a->code);
	(void)curl_easy_getinfo(s->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
	    &length);
	a->length = (int64_t)length;
	a->passing =
	    code == CURLE_OK ? is_passing_code(a->code) : is_passing(code);
	a->distrusted = code == CURLE_PEER_FAILED_VERIFICATION ||
	    code == CURLE_SSL_CACERT_BADFILE;
	if (code == CURLE_OK) {
		char *name CLEANUP_FREE = s3_code(a);

		a->passing |= is_passing_name(name);
		return;
	}
	(void)snprintf(a->reason, sizeof(a->reason), "%s",
	    *why != '\0' ? why : curl_easy_strerror(code));
}

void
s3_once(struct s3 *s, const struct s3_request *r, struct s3_answer *a)
{
	char *url CLEANUP_FREE = url_of(s, r);
	struct curl_slist *headers = headers_of(s, r);
	char why[CURL_ERROR_SIZE] = "";
	struct running run = {s, r, a};
	unsigned tries = a->tries;

	s3_answer_free(a);
	a->tries = tries + 1;
	set_always(s);
	set_request(s, r);
	set_answer(s, &run);
	(void)curl_easy_setopt(s->curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(s->curl, CURLOPT_ERRORBUFFER, why);
	judge(s, a, curl_easy_perform(s->curl), why);
	(void)curl_easy_setopt(s->curl, CURLOPT_ERRORBUFFER, NULL);
	curl_slist_free_all(headers);
}

/* --- until it is done -------------------------------------------------------------- */

/* Twice as long each time, and not the same for two who began at once. */
bool
s3_wait(const struct s3 *s, unsigned tries)
{
	struct pollfd p = {signal_stop_fd(), POLLIN, 0};
	uint64_t most = WAIT_FIRST, tick = (uint64_t)(num_now() * 1e6);

	if (tries >= s->config->attempts || signal_stop() != 0)
		return false;
	for (unsigned i = 1; i < tries && most < WAIT_LAST; i++)
		most *= 2;
	if (most > WAIT_LAST)
		most = WAIT_LAST;
	return poll(&p, 1, (int)(most / 2 + tick % (most / 2))) <= 0;
}

void
s3_ask(struct s3 *s, const struct s3_request *r, struct s3_answer *a)
{
	a->tries = 0;
	do
		s3_once(s, r, a);
	while (a->passing && s3_wait(s, a->tries));
}
