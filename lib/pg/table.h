/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a relation's columns are, from the catalogs, and what follows for
 * COPY and for the digest.
 */
#ifndef PG_TABLE_H
#define PG_TABLE_H

#include "data/digest.h"
#include "data/record.h"
#include "pg/conn.h"

struct pg_column {
	char *name;
	uint32_t oid;	 /* of its type */
	char *type;	 /* format_type without typmod: "character varying" */
	char *type_name; /* schema-qualified type name for SQL and compare */
	int32_t typmod;
	char *typmod_text; /* format_type with typmod: "numeric(12,4)" */
	char *fields;	   /* of composites in it, "pair(x, y)", or NULL */
	/* Of domains and composites, down to their last: [{"type",
	 * "type_name","typmod"},...] in the order of fields; or NULL. */
	json_t *made_of;
	bool generated; /* stored or virtual: never copied */
	char identity;	/* 'a', 'd' or 0 */
	bool not_null, has_default;
	bool binary;	 /* auto format may send it in binary */
	char *canonical; /* type to cast to, as SQL, or NULL: none needed */
	/* SQL around the column that makes it bytes, where its type is none
	 * that others know; NULL: as it is. */
	const char *open, *close;
	bool as_bytes;		     /* COPY carries those bytes, too */
	struct digest_column digest; /* canonical oids; name borrowed */
};

struct pg_table {
	char *schema, *name;
	uint32_t oid, filenode;
	char kind;	  /* relkind: r p f v m t */
	char persistence; /* p u t */
	bool exists, has_subclass, is_partition;
	bool row_security;		   /* row security that applies to us */
	bool hypertable, hypertable_chunk; /* of TimescaleDB */
	struct pg_column *columns; /* live ones by attnum; generated too */
	size_t ncolumns;
};

/* A relation that is not there: STATUS_OK with exists false. */
status pg_table_load(struct pg *pg, const char *schema, const char *name,
    struct pg_table *out) MUST_CHECK;
void pg_table_free(struct pg_table *t);
struct pg_column *pg_table_column(const struct pg_table *t, const char *name);

/*
 * Appends a condition on c, a row of pg_class as a snapshot shows it, that is
 * to be asked once the relation is locked: one of the columns that the
 * snapshot shows does not have its name any more.  What a query names is then
 * another column, or none.
 */
void pg_table_add_renamed(struct sql *sql);

/*
 * In a transaction that reads what is committed: lock t as COPY into it does
 * (where it may not be locked: lock false), and see whether the relation of
 * that name is still the one with these columns.  Reports nothing.
 */
status pg_table_hold(struct pg *pg, const struct pg_table *t, bool lock,
    bool *same) MUST_CHECK;

/* All copied columns may go in binary: every one of a built-in type other
 * than oid and reg*, or an enum, domain or array over such. */
bool pg_table_binary(const struct pg_table *t);
/* "a", "b", ... of the columns that COPY carries, in order of attnum. */
void pg_table_copy_list(const struct pg_table *t, struct sql *out);
/* The same as expressions for a select: some become bytes. */
void pg_table_select_list(const struct pg_table *t, struct sql *out);
/*
 * t holds compressed rows of TimescaleDB: its columns of types that only that
 * extension knows may go in binary, as bytes.
 */
void pg_table_batches(struct pg_table *t);
#define PG_BATCH_COUNT "_ts_meta_count" /* the column: rows of a batch */
/* For chunk.json: [{"name","type","oid","digest_oid",...}]. */
json_t *pg_table_columns_json(const struct pg_table *t);
/* And back, for readers of archives: columns for digest_rows_new; names
 * borrowed from json; caller frees the array. */
status pg_table_digest_columns(const json_t *columns,
    struct digest_column **out, size_t *n) MUST_CHECK;

/*
 * "select count(*), sum(hash) from [only] t where ..." is built from this:
 * the hash expression over the named columns of t (sorted by name inside),
 * a bigint.  A column that t lacks is reported; STATUS_FAIL.
 */
status pg_table_digest_expr(const struct pg_table *t, enum digest_kind kind,
    const char *const *names, size_t nnames, struct sql *out) MUST_CHECK;
/* Do this server's functions give the hashes that digest_hash gives?
 * A probe row is hashed; *ok false when not or when the functions may not be
 * called (said at -v).  Not within a transaction: a refused call would end
 * it. */
status pg_digest_probe(struct pg *pg, bool *ok) MUST_CHECK;

#endif
