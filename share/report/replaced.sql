-- SPDX-License-Identifier: PostgreSQL
-- Indexes that another one makes needless, each with its heir: a duplicate, or the
-- beginning of another.  What unused indexes may go depends on them, so that what
-- is proposed of all three can be done together.
-- part: tables
indexes as materialized (
	select x.indexrelid, x.indrelid, b.nspname, b.relname, b.hypertable,
		k.relname as index, k.relkind, k.relpages, k.relam, m.amname,
		x.indnkeyatts as keys, x.indnatts as all,
		pg_catalog.string_to_array(x.indkey::pg_catalog.text, ' ') as columns,
		pg_catalog.string_to_array(x.indclass::pg_catalog.text, ' ') as classes,
		pg_catalog.string_to_array(x.indcollation::pg_catalog.text, ' ') as collations,
		pg_catalog.string_to_array(x.indoption::pg_catalog.text, ' ') as options,
		pg_catalog.pg_get_expr(x.indexprs, x.indrelid) as expressions,
		pg_catalog.pg_get_expr(x.indpred, x.indrelid) as predicate,
		x.indisunique, x.indisreplident, x.indimmediate, x.indisclustered,
		x.indisexclusion,
		pg_catalog.to_jsonb(x) ->> 'indnullsnotdistinct' as distinct,
		exists (
			select
			from pg_catalog.pg_constraint o
			where o.conindid = x.indexrelid
		) as backs
	from tables b
	join pg_catalog.pg_index x on x.indrelid = b.oid
	join pg_catalog.pg_class k on k.oid = x.indexrelid
	join pg_catalog.pg_am m on m.oid = k.relam
	where x.indisvalid
),
-- What may go has none of those tasks, or the other has it as well.  A table's
-- "cluster" remembers an index, which no definition brings back.
duplicates as (
	select distinct on (d.indexrelid) d.*, o.index as other,
		o.indexrelid as heir
	from indexes d
	join indexes o on o.indrelid = d.indrelid
		and o.indexrelid <> d.indexrelid
		and (o.relam, o.keys, o.columns, o.classes, o.collations, o.options,
				o.expressions, o.predicate)
			is not distinct from (d.relam, d.keys, d.columns, d.classes,
				d.collations, d.options, d.expressions, d.predicate)
		and (not d.indisunique or o.indisunique and o.indimmediate
			and o.distinct is not distinct from d.distinct)
	where not d.backs
	and not d.indisreplident
	and not d.indisclustered
	and (o.backs or o.indisreplident
		or o.indisunique and not d.indisunique
		or o.indisclustered and o.indisunique = d.indisunique
		or o.indisunique = d.indisunique
			and o.indexrelid < d.indexrelid)
	order by d.indexrelid, o.backs desc, o.indexrelid
),
beginnings as (
	select distinct on (d.indexrelid) d.*, o.index as other,
		o.indexrelid as heir
	from indexes d
	join indexes o on o.indrelid = d.indrelid
		and o.keys > d.keys
		and o.columns[1:d.keys] = d.columns
		and o.classes[1:d.keys] = d.classes
		and o.collations[1:d.keys] = d.collations
		and o.options[1:d.keys] = d.options
		and o.predicate is not distinct from d.predicate
	where d.amname = 'btree'
	and o.amname = 'btree'
	and d.expressions is null
	and o.expressions is null
	and not d.indisunique
	and not d.backs
	and not d.indisreplident
	and not d.indisclustered
	and d.keys = d.all
	order by d.indexrelid, o.backs desc, o.keys, o.indexrelid
),
