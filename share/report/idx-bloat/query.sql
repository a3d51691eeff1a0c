-- SPDX-License-Identifier: PostgreSQL
-- B-trees alone.  An entry needs its columns' widths, 8 bytes of its own and 4
-- in its page; equal keys that share an entry make an index smaller than that,
-- never larger.

with recursive t as (
	select (g ->> 'min_bytes')::pg_catalog.float8 as min_bytes,
		(g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		(g ->> 'warning_bytes')::pg_catalog.float8 as warning_bytes,
		(g ->> 'critical_bytes')::pg_catalog.float8 as critical_bytes,
		(g ->> 'share_of_bytes')::pg_catalog.float8 as share,
		(g ->> 'limit')::pg_catalog.int8 as most,
		pg_catalog.current_setting('block_size')::pg_catalog.float8 as block
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: roots
large as materialized (
	select x.indexrelid, x.indrelid, r.root, n.nspname, c.relname as table,
		k.relname as index, k.relpages::pg_catalog.float8 as pages,
		k.reltuples::pg_catalog.float8 as tuples,
		pg_catalog.string_to_array(x.indkey::pg_catalog.text, ' ')::pg_catalog.int2[] as keys,
		coalesce((
			select o.option_value::pg_catalog.float8
			from pg_catalog.pg_options_to_table(k.reloptions) o
			where o.option_name = 'fillfactor'
		), 90) / 100 as fill, t.block
	from roots r
	cross join t
	join pg_catalog.pg_index x on x.indrelid = r.oid
	join pg_catalog.pg_class k on k.oid = x.indexrelid
	join pg_catalog.pg_am m on m.oid = k.relam
	join pg_catalog.pg_class c on c.oid = x.indrelid
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where m.amname = 'btree'
	and k.relkind = 'i'
	and x.indisvalid
	and k.reltuples >= 0
	and k.relpages * t.block >= t.min_bytes
),
-- The statistics of an expression stand under the index and its own column.
columns (indexrelid, known, width) as (
	select l.indexrelid, w.avg_width is not null,
		(1 - w.null_frac) * w.avg_width
	from large l
	join pg_catalog.pg_attribute a on a.attrelid = l.indexrelid
	left join pg_catalog.pg_attribute b on b.attrelid = l.indrelid
		and b.attnum = l.keys[a.attnum]
		and b.attnum <> 0
	left join pg_catalog.pg_stats w on w.schemaname = l.nspname
		and w.tablename = case when b.attnum is null then l.index
			else l.table end
		and w.attname = coalesce(b.attname, a.attname)
		and not w.inherited
),
needs as (
	select l.indexrelid, pg_catalog.bool_and(c.known) as known,
		pg_catalog.max(l.pages) as pages, pg_catalog.max(l.block) as block,
		pg_catalog.ceil(pg_catalog.max(l.tuples) * (pg_catalog.ceil((8 + pg_catalog.sum(c.width)) / 8) * 8 + 4)
			/ ((pg_catalog.max(l.block) - 40) * pg_catalog.max(l.fill))) + 1 as needed
	from large l
	join columns c on c.indexrelid = l.indexrelid
	group by l.indexrelid
),
judged as (
	select e.indexrelid, e.pages * e.block as bytes,
		(e.pages - e.needed) * e.block as wasted,
		(e.pages - e.needed) / e.pages as share
	from needs e
	where e.known
),
graded as (
	select j.*, case
		when j.share >= t.critical or j.wasted >= t.critical_bytes
			and j.share >= t.share then 'critical'
		when j.share >= t.warning or j.wasted >= t.warning_bytes
			and j.share >= t.share then 'warning'
		end as severity
	from judged j, t
),
listed as (
	select g.severity,
		pg_catalog.format('%s.%s', l.nspname, l.index) as object,
		l.nspname as schema,
		pg_catalog.format('%s.%s', l.nspname, l.table) as table,
		l.index,
		pg_catalog.format('reindex index concurrently %I.%I', l.nspname, l.index)
			as mend,
		pg_catalog.pg_size_pretty(g.wasted::pg_catalog.int8) as wasted,
		pg_catalog.pg_size_pretty(g.bytes::pg_catalog.int8) as size,
		pg_catalog.round((100 * g.share)::pg_catalog.numeric, 1)::pg_catalog.float8 as percent,
		pg_catalog.round(g.share::pg_catalog.numeric, 4)::pg_catalog.float8 as value,
		case
		when g.share >= t.critical then t.critical
		when g.severity = 'warning' and g.share >= t.warning
			then t.warning
		else t.share
		end as threshold,
		null as reason
	from graded g
	cross join t
	join large l on l.indexrelid = g.indexrelid
	where g.severity is not null
	order by g.wasted desc, 2
	limit (select t.most from t)
)
select * from listed
union all
select 'skipped', 'statistics', null, null, null, null, null, null, null, null,
	null,
	pg_catalog.format('%s of %s large indexes have no statistics that this role may see for each of their columns',
		pg_catalog.count(*) filter (where not e.known), pg_catalog.count(*))
from needs e
having pg_catalog.count(*) filter (where not e.known) > 0
