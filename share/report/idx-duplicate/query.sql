-- SPDX-License-Identifier: PostgreSQL
-- The same columns, in the same order, with the same operators, collations,
-- order, expressions and predicate.  Of two the one is kept that backs a
-- constraint, identifies rows or is unique, else the older.

with
-- part: tables
indexes as materialized (
	select x.indexrelid, x.indrelid, b.nspname, b.relname,
		k.relname as index, k.relkind, k.relpages, b.hypertable,
		pg_catalog.concat_ws('|', k.relam, x.indnkeyatts, x.indkey, x.indclass,
			x.indcollation, x.indoption,
			pg_catalog.pg_get_expr(x.indexprs, x.indrelid),
			pg_catalog.pg_get_expr(x.indpred, x.indrelid) || ' where')
			as definition,
		x.indisunique, x.indisreplident,
		x.indimmediate,
		pg_catalog.to_jsonb(x) ->> 'indnullsnotdistinct' as distinct,
		x.indisclustered,
		exists (
			select
			from pg_catalog.pg_constraint o
			where o.conindid = x.indexrelid
		) as backs
	from tables b
	join pg_catalog.pg_index x on x.indrelid = b.oid
	join pg_catalog.pg_class k on k.oid = x.indexrelid
	where x.indisvalid
	and $1::pg_catalog.jsonb is not null
),
-- What may go has none of those tasks, or the other has it as well.
pairs as (
	select distinct on (d.indexrelid) d.*, o.index as other
	from indexes d
	join indexes o on o.indrelid = d.indrelid
		and o.indexrelid <> d.indexrelid
		and o.definition = d.definition
		and (not d.indisunique or o.indisunique and o.indimmediate
			and o.distinct is not distinct from d.distinct)
	where not d.backs
	and not d.indisreplident
	and (o.backs or o.indisreplident
		or o.indisunique and not d.indisunique
		or o.indisclustered and not d.indisclustered
			and o.indisunique = d.indisunique
		or o.indisunique = d.indisunique
			and o.indisclustered = d.indisclustered
			and o.indexrelid < d.indexrelid)
	order by d.indexrelid, o.backs desc, o.indexrelid
),
-- A partitioned index is as large as its parts.
sized as (
	select p.*, pg_catalog.current_setting('block_size')::pg_catalog.float8 * case p.relkind
		when 'I' then (
			select coalesce(pg_catalog.sum(k.relpages), 0)
			from pg_catalog.pg_partition_tree(p.indexrelid) q
			join pg_catalog.pg_class k on k.oid = q.relid
		) else p.relpages end as bytes
	from pairs p
)
select 'warning' as severity,
	pg_catalog.format('%s.%s', p.nspname, p.index) as object,
	p.nspname as schema,
	p.relname as table,
	p.index,
	p.other,
	pg_catalog.pg_size_pretty(p.bytes::pg_catalog.int8) as size,
	case when p.relkind = 'I' or p.hypertable then pg_catalog.format(
		'drop index %I.%I', p.nspname, p.index)
	else pg_catalog.format('drop index concurrently %I.%I', p.nspname, p.index)
	end as mend,
	pg_catalog.replace(pg_catalog.pg_get_indexdef(p.indexrelid),
		pg_catalog.format('INDEX %I ON ONLY ', p.index),
		pg_catalog.format('INDEX %I ON ', p.index)) as unmend,
	p.bytes as value
from sized p
order by p.bytes desc, 2
