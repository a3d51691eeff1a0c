-- SPDX-License-Identifier: PostgreSQL
-- What the rows should need, by their number and their columns' average
-- widths, against the pages that the table has.  A table without statistics for
-- each of its columns cannot be judged.

with recursive t as (
	select (g ->> 'min_bytes')::pg_catalog.float8 as min_bytes,
		(g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		(g ->> 'limit')::pg_catalog.int8 as most,
		pg_catalog.current_setting('block_size')::pg_catalog.float8 as block
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: roots
large as materialized (
	select r.oid, r.root, n.nspname, c.relname, c.relpages::pg_catalog.float8 as pages,
		c.reltuples::pg_catalog.float8 as tuples, coalesce((
			select o.option_value::pg_catalog.float8
			from pg_catalog.pg_options_to_table(c.reloptions) o
			where o.option_name = 'fillfactor'
		), 100) / 100 as fill
	from roots r
	join pg_catalog.pg_class c on c.oid = r.oid
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	cross join t
	-- Half of it: partitions count together.
	where c.relkind in ('r', 'm')
	and c.relpages > 0
	and c.reltuples >= 0
),
sized as (
	select l.*, pg_catalog.sum(l.pages) over (partition by l.root) * t.block as bytes,
		t.block, t.min_bytes
	from large l, t
),
widths as (
	select s.oid, s.root, s.pages, s.tuples, s.fill, s.block,
		pg_catalog.count(*) as columns,
		pg_catalog.count(w.avg_width) as known,
		pg_catalog.sum((1 - w.null_frac) * w.avg_width) as width,
		pg_catalog.bool_or(w.null_frac > 0) as nulls
	from sized s
	join pg_catalog.pg_attribute a on a.attrelid = s.oid
	left join pg_catalog.pg_stats w on w.schemaname = s.nspname
		and w.tablename = s.relname
		and w.attname = a.attname
		and not w.inherited
	where s.bytes >= s.min_bytes
	and a.attnum > 0
	and not a.attisdropped
	group by s.oid, s.root, s.pages, s.tuples, s.fill, s.block
),
-- A row has a header of 23 bytes and a bitmap where there are nulls, is aligned
-- to 8 bytes, and costs 4 more in its page, whose own header has 24.
needs as (
	select w.*, case when w.columns = w.known then pg_catalog.ceil(w.tuples * (
			pg_catalog.ceil((23 + case when w.nulls then pg_catalog.ceil(w.columns / 8.0)
				else 0 end) / 8) * 8
			+ pg_catalog.ceil(w.width / 8) * 8 + 4)
			/ ((w.block - 24) * w.fill))
		end as needed
	from widths w
),
summed as (
	select e.root, pg_catalog.sum(e.pages * e.block) as bytes,
		pg_catalog.sum(greatest(e.pages - e.needed, 0) * e.block) as wasted,
		pg_catalog.count(e.needed) as known, pg_catalog.count(*) as tables
	from needs e
	group by e.root
),
judged as (
	select s.*, s.wasted / nullif(s.bytes, 0) as share
	from summed s
	where s.known = s.tables
),
listed as (
	select case when j.share >= t.critical then 'critical' else 'warning'
			end as severity,
		pg_catalog.format('%s.%s', n.nspname, c.relname) as object,
		n.nspname as schema,
		c.relname as table,
		pg_catalog.pg_size_pretty(j.wasted::pg_catalog.int8) as wasted,
		pg_catalog.pg_size_pretty(j.bytes::pg_catalog.int8) as size,
		pg_catalog.round((100 * j.share)::pg_catalog.numeric, 1)::pg_catalog.float8 as percent,
		pg_catalog.round(j.share::pg_catalog.numeric, 4)::pg_catalog.float8 as value,
		case when j.share >= t.critical then t.critical
		else t.warning end as threshold,
		null as reason
	from judged j
	cross join t
	join pg_catalog.pg_class c on c.oid = j.root
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where j.share >= least(t.warning, t.critical)
	order by j.wasted desc, 2
	limit (select t.most from t)
)
select * from listed
union all
select 'skipped', 'statistics', null, null, null, null, null, null, null,
	pg_catalog.format('%s of %s large tables have no statistics that this role may see for each of their columns',
		pg_catalog.count(*) filter (where s.known < s.tables), pg_catalog.count(*))
from summed s
having pg_catalog.count(*) filter (where s.known < s.tables) > 0
