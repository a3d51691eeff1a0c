/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where a bucket is and who asks.
 */
#include "s3/config.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "base/str.h"

#define FILE_MAX ((size_t)1024 * 1024)
#define PART_SIZE ((uint64_t)16 * 1024 * 1024)
#define PART_MIN ((uint64_t)5 * 1024 * 1024) /* S3's, but for the last one */
#define PART_MAX ((uint64_t)1024 * 1024 * 1024)

/* AWS's two files; either may be missing. */
struct files {
	struct str credentials, config;
	const char *profile;
};

static void
files_free(struct files *f)
{
	str_free(&f->credentials);
	str_free(&f->config);
}

/* What is not empty. */
static const char *
setting(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

static status
read_file(const char *variable, const char *usual, struct str *out)
{
	const char *home = setting("HOME");
	char *file CLEANUP_FREE = NULL;

	if (setting(variable) != NULL)
		file = mem_strdup(setting(variable));
	else if (home != NULL)
		file = mem_printf("%s/.aws/%s", home, usual);
	if (file == NULL || access(file, F_OK) != 0)
		return STATUS_OK;
	return path_read(file, FILE_MAX, out);
}

static status
read_files(struct files *f)
{
	status s = read_file("AWS_SHARED_CREDENTIALS_FILE", "credentials",
	    &f->credentials);

	f->profile = setting("AWS_PROFILE");
	if (f->profile == NULL)
		f->profile = "default";
	return s == STATUS_OK
	    ? read_file("AWS_CONFIG_FILE", "config", &f->config)
	    : s;
}

static char *
from_files(const struct files *f, const char *name)
{
	char *value =
	    s3_profile_get(str_text(&f->credentials), f->profile, false, name);

	return value != NULL
	    ? value
	    : s3_profile_get(str_text(&f->config), f->profile, true, name);
}

static char *
from_environment(const char *first, const char *second, const struct files *f,
    const char *name)
{
	if (setting(first) != NULL)
		return mem_strdup(setting(first));
	if (second != NULL && setting(second) != NULL)
		return mem_strdup(setting(second));
	return from_files(f, name);
}

/* --- who ------------------------------------------------------------------------- */

/* A key and its secret come from the same place. */
static status
read_keys(struct s3_config *c, const struct files *f)
{
	if (setting("AWS_ACCESS_KEY_ID") != NULL) {
		c->key = mem_strdup(setting("AWS_ACCESS_KEY_ID"));
		if (setting("AWS_SECRET_ACCESS_KEY") != NULL)
			c->secret =
			    mem_strdup(setting("AWS_SECRET_ACCESS_KEY"));
		if (setting("AWS_SESSION_TOKEN") != NULL)
			c->token = mem_strdup(setting("AWS_SESSION_TOKEN"));
	} else {
		c->key = from_files(f, "aws_access_key_id");
		c->secret = from_files(f, "aws_secret_access_key");
		c->token = from_files(f, "aws_session_token");
	}
	if (c->key != NULL && c->secret != NULL)
		return STATUS_OK;
	log_error("there is no key for \"%s\"", c->url);
	log_hint("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in "
		 "~/.aws/credentials (AWS_PROFILE); other ways to log in: "
		 "eval \"$(aws configure export-credentials --format env)\"");
	return STATUS_FAIL;
}

/* --- where ------------------------------------------------------------------------ */

static status
fault(const struct s3_config *c, const char *problem)
{
	log_error("not a URL of a bucket, s3://BUCKET[/PREFIX]: \"%s\": %s",
	    c->url, problem);
	return STATUS_USAGE;
}

/* A host's name is made of these, too. */
static status
read_url(struct s3_config *c)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	const char *at = c->url + 5;
	size_t n;

	if (strncmp(c->url, "s3://", 5) != 0)
		return fault(c, "another scheme");
	n = strcspn(at, "/");
	c->bucket = mem_strndup(at, n);
	if (n == 0 || strspn(c->bucket, letters) != n || at[0] == '.' ||
	    at[0] == '-')
		return fault(c, "no bucket has this name");
	for (at += n; *at == '/'; at++)
		continue;
	n = strlen(at);
	while (n > 0 && at[n - 1] == '/')
		n--;
	c->prefix = mem_printf("%.*s%s", (int)n, at, n > 0 ? "/" : "");
	return STATUS_OK;
}

static status
check_endpoint(const char *endpoint)
{
	if (strncmp(endpoint, "https://", 8) == 0 && endpoint[8] != '\0')
		return STATUS_OK;
	if (strncmp(endpoint, "http://", 7) != 0 || endpoint[7] == '\0') {
		log_error("the endpoint \"%s\" is no URL, https://HOST[:PORT]",
		    endpoint);
		return STATUS_USAGE;
	}
	if (str_eq(setting("PGPIPE_S3_ALLOW_HTTP"), "1"))
		return STATUS_OK;
	log_error("the endpoint \"%s\" has no TLS: whoever is on the way could "
		  "read the backup",
	    endpoint);
	log_hint("PGPIPE_S3_ALLOW_HTTP=1 allows it");
	return STATUS_USAGE;
}

/* Amazon wants the bucket in the host's name; what others have behind an
 * endpoint mostly is one host.  No certificate is for a name with more dots. */
static status
by_host(const struct s3_config *c, const struct files *f, bool own, bool *out)
{
	char *how CLEANUP_FREE = from_environment("PGPIPE_S3_ADDRESSING", NULL,
	    f, "addressing_style");

	*out = !own && strchr(c->bucket, '.') == NULL;
	if (how == NULL || str_eq(how, "auto"))
		return STATUS_OK;
	*out = str_eq(how, "host") || str_eq(how, "virtual");
	if (*out || str_eq(how, "path"))
		return STATUS_OK;
	log_error("PGPIPE_S3_ADDRESSING is host or path, not \"%s\"", how);
	return STATUS_USAGE;
}

static status
read_endpoint(struct s3_config *c, const struct files *f)
{
	char *endpoint CLEANUP_FREE = from_environment("AWS_ENDPOINT_URL_S3",
	    "AWS_ENDPOINT_URL", f, "endpoint_url");
	const char *host;
	bool own = endpoint != NULL, in_host = false;
	status s;

	if (!own)
		endpoint = mem_printf("https://s3.%s.amazonaws.com", c->region);
	while (strlen(endpoint) > 0 && endpoint[strlen(endpoint) - 1] == '/')
		endpoint[strlen(endpoint) - 1] = '\0';
	s = check_endpoint(endpoint);
	if (s == STATUS_OK)
		s = by_host(c, f, own, &in_host);
	if (s != STATUS_OK)
		return s;
	host = strstr(endpoint, "://") + 3;
	c->base = in_host ? mem_printf("%.*s%s.%s", (int)(host - endpoint),
				endpoint, c->bucket, host)
			  : mem_printf("%s/%s", endpoint, c->bucket);
	return STATUS_OK;
}

/* --- how ------------------------------------------------------------------------- */

static status
not_valid(const char *name, const char *what)
{
	log_error("%s is not %s: \"%s\"", name, what, getenv(name));
	return STATUS_USAGE;
}

static status
read_limits(struct s3_config *c)
{
	const char *size = setting("PGPIPE_S3_PART_SIZE");
	const char *timeout = setting("PGPIPE_S3_TIMEOUT");
	const char *attempts = setting("AWS_MAX_ATTEMPTS");
	const char *jobs = setting("PGPIPE_S3_JOBS");

	c->part_size = PART_SIZE;
	c->timeout = 60;
	c->attempts = 10;
	c->jobs = 4;
	if (size != NULL &&
	    (!num_size(size, &c->part_size) || c->part_size < PART_MIN ||
		c->part_size > PART_MAX))
		return not_valid("PGPIPE_S3_PART_SIZE",
		    "a size from 5MB to 1GB");
	if (timeout != NULL && !num_u64(timeout, 1, 86400, &c->timeout))
		return not_valid("PGPIPE_S3_TIMEOUT", "a number of seconds");
	if (attempts != NULL && !num_u64(attempts, 1, 1000, &c->attempts))
		return not_valid("AWS_MAX_ATTEMPTS", "a number from 1");
	if (jobs != NULL && !num_u64(jobs, 1, 64, &c->jobs))
		return not_valid("PGPIPE_S3_JOBS", "a number from 1 to 64");
	return STATUS_OK;
}

status
s3_config_read(const char *url, struct s3_config *out)
{
	struct files f CLEANUP(files_free) = {STR_INIT, STR_INIT, NULL};
	status s;

	*out = (struct s3_config){.url = mem_strdup(url)};
	s = read_url(out);
	if (s == STATUS_OK)
		s = read_limits(out);
	if (s == STATUS_OK)
		s = read_files(&f);
	if (s != STATUS_OK)
		return s;
	out->region =
	    from_environment("AWS_REGION", "AWS_DEFAULT_REGION", &f, "region");
	if (out->region == NULL)
		out->region = mem_strdup("us-east-1");
	out->ca = from_environment("AWS_CA_BUNDLE", NULL, &f, "ca_bundle");
	s = read_endpoint(out, &f);
	return s == STATUS_OK ? read_keys(out, &f) : s;
}

/* No longer than needed, and not in a core file. */
static void
forget(char *secret)
{
	volatile char *at = secret;

	while (at != NULL && *at != '\0')
		*at++ = '\0';
	free(secret);
}

void
s3_config_free(struct s3_config *c)
{
	free(c->url);
	free(c->bucket);
	free(c->prefix);
	free(c->base);
	free(c->region);
	free(c->key);
	forget(c->secret);
	forget(c->token);
	free(c->ca);
	memset(c, 0, sizeof(*c));
}
