-- How many pages a table has beyond what its rows need, from the widths that analyze
-- has found: a row is its header and its columns, a page holds so many of them.
-- Tables under 1 MB are left out, and such with a column that nothing is known of
-- (never analyzed, or not for this role to read) say so.
with recursive
-- part: relations
width as (
	select r.oid, r.root, r.relpages, r.reltuples,
		coalesce(pg_catalog.substring(pg_catalog.array_to_string(
			r.reloptions, ' '), '(?:^| )fillfactor=([0-9]+)')::pg_catalog.int4,
			100) as fill,
		pg_catalog.count(*) as columns,
		pg_catalog.count(s.avg_width) as known,
		pg_catalog.sum(s.avg_width * (1 - s.null_frac)) as data,
		-- The header grows by a bitmap where there are nulls.
		24 + case when pg_catalog.max(s.null_frac) > 0
			then (pg_catalog.count(*) + 7) / 8 else 0 end as header
	from rel r
	join pg_catalog.pg_namespace n on n.oid = r.relnamespace
	join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0
		and not a.attisdropped
	left join pg_catalog.pg_stats s on s.schemaname = n.nspname
		and s.tablename = r.relname and s.attname = a.attname
		and not s.inherited
	where r.relpages * pg_catalog.current_setting('block_size')
		::pg_catalog.int8 >= 1048576
	group by r.oid, r.root, r.relpages, r.reltuples, r.reloptions
),
need as (
	select w.*, w.known = w.columns and w.reltuples >= 0 as sure,
		-- Rows begin at eight bytes, behind a line pointer of four.
		pg_catalog.ceil(w.reltuples * (4 + 8 * pg_catalog.ceil(
			(8 * pg_catalog.ceil(w.header / 8.0) + w.data) / 8))
			/ ((pg_catalog.current_setting('block_size')::pg_catalog.int4 - 24)
				* w.fill / 100.0)) as pages
	from width w
),
sum as (
	select n.root, pg_catalog.sum(n.relpages) as have,
		pg_catalog.sum(least(n.pages, n.relpages)) as need,
		pg_catalog.min(n.fill) as fill,
		pg_catalog.bool_and(n.sure) as sure
	from need n
	group by 1
)
select m.nspname as schema, c.relname as table,
	(s.have * u.page)::pg_catalog.int8 as bytes,
	case when s.sure then (s.need * u.page)::pg_catalog.int8 end as needed,
	case when s.sure then ((s.have - s.need) * u.page)::pg_catalog.int8
	end as wasted,
	case when s.sure then ((s.have - s.need) / s.have)::pg_catalog.float8
	end as ratio,
	s.fill as fillfactor,
	case when not s.sure
	then 'not analyzed, or not for this role to read' end as note
from sum s
join pg_catalog.pg_class c on c.oid = s.root
join pg_catalog.pg_namespace m on m.oid = c.relnamespace
cross join (
	select pg_catalog.current_setting('block_size')::pg_catalog.int8
) u(page)
order by s.sure desc, (s.have - s.need) desc, m.nspname, c.relname
limit 500
