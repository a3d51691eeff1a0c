/* SPDX-License-Identifier: PostgreSQL */
/*
 * Proving segments.
 */
#include "wal/prove.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "data/walhead.h"

struct proof {
	const struct archive *a;
	struct walcheck *check;
	char name[WAL_NAME];
	unsigned char head[WALHEAD_BYTES];
	uint64_t bytes; /* of the present one */
	size_t told;	/* chains whose end has been told of */
};

struct proof *
proof_new(const struct archive *a)
{
	struct proof *p = mem_zalloc(sizeof(*p));

	p->a = a;
	p->check = walcheck_new();
	return p;
}

void
proof_observe(struct proof *p, walcheck_fn fn, void *arg)
{
	walcheck_observe(p->check, fn, arg);
}

void
proof_begin(struct proof *p, const char *name)
{
	(void)snprintf(p->name, sizeof(p->name), "%.24s", name);
	p->bytes = 0;
	walcheck_segment(p->check, p->name);
}

void
proof_free(struct proof *p)
{
	if (p == NULL)
		return;
	walcheck_free(p->check);
	free(p);
}

void
proof_cleanup(struct proof **p)
{
	proof_free(*p);
}

void
proof_add(struct proof *p, const void *bytes, size_t n)
{
	if (p->bytes < WALHEAD_BYTES) {
		size_t room = WALHEAD_BYTES - (size_t)p->bytes;

		memcpy(p->head + p->bytes, bytes, n < room ? n : room);
	}
	p->bytes += n;
	walcheck_data(p->check, bytes, n);
}

/* What its first page says. */
static bool
is_placed(const struct proof *p, struct walhead *head, struct str *why)
{
	const char *misfit;

	if (!walhead_parse(p->head,
		p->bytes < WALHEAD_BYTES ? 0 : WALHEAD_BYTES, head)) {
		str_add(why, p->bytes == 0 ? "it is empty" : "it is no WAL");
		return false;
	}
	misfit = walhead_misfit(head, p->name);
	if (misfit != NULL) {
		str_add(why, misfit);
		return false;
	}
	if (p->a->known && head->system != p->a->system) {
		str_addf(why,
		    "it is of the system %" PRIu64 ", not of %" PRIu64,
		    head->system, p->a->system);
		return false;
	}
	if (p->a->known && head->segment_size != p->a->segment_size) {
		str_addf(why, "its segment size is %u, not %u",
		    head->segment_size, p->a->segment_size);
		return false;
	}
	return true;
}

bool
proof_end(struct proof *p, bool partial, uint64_t *ends, struct str *why)
{
	const struct wal_chain *chain;
	struct walhead head;
	char lsn[WAL_LSN];
	size_t chains;

	*ends = 0;
	if (!is_placed(p, &head, why))
		return false;
	if (p->bytes > head.segment_size ||
	    (p->bytes < head.segment_size && !partial)) {
		str_addf(why, "it has %" PRIu64 " of %u bytes", p->bytes,
		    head.segment_size);
		return false;
	}
	if (p->bytes == head.segment_size)
		walcheck_segment_end(p->check);
	chains = walcheck_chains(p->check);
	if (chains == 0) {
		str_add(why, "it is no WAL");
		return false;
	}
	chain = walcheck_chain(p->check, chains - 1);
	if (chain->why == NULL || p->told == chains)
		return true;
	p->told = chains;
	*ends = chain->upto;
	if ((chain->unwritten && !chain->hole) || partial)
		return true;
	wal_lsn_show(lsn, chain->upto);
	str_addf(why, "%s after %s",
	    chain->hole ? "there is a hole of zeros" : chain->why, lsn);
	return false;
}
