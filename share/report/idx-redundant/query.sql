-- SPDX-License-Identifier: PostgreSQL
-- B-trees whose columns are the first ones of another's, with the same
-- operators, collations and order.

with t as (
	select (g ->> 'warning_bytes')::pg_catalog.float8 as warning,
		pg_catalog.current_setting('block_size')::pg_catalog.float8 as block
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: tables
indexes as materialized (
	select x.indexrelid, x.indrelid, b.nspname, b.relname, b.hypertable,
		k.relname as index, k.relkind, k.relpages,
		x.indnkeyatts as keys, x.indnatts as all,
		pg_catalog.string_to_array(x.indkey::pg_catalog.text, ' ') as columns,
		pg_catalog.string_to_array(x.indclass::pg_catalog.text, ' ') as classes,
		pg_catalog.string_to_array(x.indcollation::pg_catalog.text, ' ') as collations,
		pg_catalog.string_to_array(x.indoption::pg_catalog.text, ' ') as options,
		coalesce(pg_catalog.pg_get_expr(x.indpred, x.indrelid), '') as predicate,
		x.indisunique, x.indisreplident,
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
	and m.amname = 'btree'
	and x.indexprs is null
),
pairs as (
	select distinct on (d.indexrelid) d.*, o.index as other
	from indexes d
	join indexes o on o.indrelid = d.indrelid
		and o.keys > d.keys
		and o.columns[1:d.keys] = d.columns
		and o.classes[1:d.keys] = d.classes
		and o.collations[1:d.keys] = d.collations
		and o.options[1:d.keys] = d.options
		and o.predicate = d.predicate
	where not d.indisunique
	and not d.backs
	and not d.indisreplident
	and d.keys = d.all
	order by d.indexrelid, o.backs desc, o.keys, o.indexrelid
),
-- A partitioned index is as large as its parts.
sized as (
	select p.*, t.warning, t.block * case p.relkind
		when 'I' then (
			select coalesce(pg_catalog.sum(k.relpages), 0)
			from pg_catalog.pg_partition_tree(p.indexrelid) q
			join pg_catalog.pg_class k on k.oid = q.relid
		) else p.relpages end as bytes
	from pairs p, t
)
select case when p.bytes > p.warning then 'warning'
	else 'notice' end as severity,
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
	p.bytes as value,
	p.warning as threshold
from sized p
order by p.bytes desc, 2
