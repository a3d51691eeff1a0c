-- The same for B-trees over 1 MB: an entry is a header of eight bytes, a line pointer
-- and its columns; pages are filled to 90 percent.  An index of many equal keys is
-- smaller than that since version 13, so that nothing is said of what came out less.
with recursive
-- part: relations
width as (
	select c.oid, c.relname, r.oid as heap, r.root, c.relpages, c.reltuples,
		coalesce(pg_catalog.substring(pg_catalog.array_to_string(
			c.reloptions, ' '), '(?:^| )fillfactor=([0-9]+)')::pg_catalog.int4,
			90) as fill,
		pg_catalog.count(*) as columns,
		pg_catalog.count(s.avg_width) as known,
		pg_catalog.sum(s.avg_width * (1 - s.null_frac)) as data,
		case when pg_catalog.max(s.null_frac) > 0 then 16 else 8 end as header
	from rel r
	join pg_catalog.pg_namespace n on n.oid = r.relnamespace
	join pg_catalog.pg_index x on x.indrelid = r.oid and x.indpred is null
	join pg_catalog.pg_class c on c.oid = x.indexrelid
	join pg_catalog.pg_am m on m.oid = c.relam and m.amname = 'btree'
	join pg_catalog.pg_attribute a on a.attrelid = c.oid
	-- What is indexed is a column of the table, or an expression that has
	-- statistics under the index's own name.
	left join pg_catalog.pg_attribute h on h.attrelid = r.oid
		and h.attnum = x.indkey[a.attnum - 1] and h.attnum <> 0
	left join pg_catalog.pg_stats s on s.schemaname = n.nspname
		and not s.inherited and ((s.tablename = r.relname
			and s.attname = h.attname) or (s.tablename = c.relname
			and h.attname is null and s.attname = a.attname))
	where c.relpages * pg_catalog.current_setting('block_size')
		::pg_catalog.int8 >= 1048576
	group by c.oid, c.relname, r.oid, r.root, c.relpages, c.reltuples,
		c.reloptions
),
need as (
	select w.*, w.known = w.columns and w.reltuples >= 0 as sure,
		1 + pg_catalog.ceil(w.reltuples * (4 + 8 * pg_catalog.ceil(
			(w.header + w.data) / 8))
			/ ((pg_catalog.current_setting('block_size')::pg_catalog.int4 - 40)
				* w.fill / 100.0)) as pages
	from width w
)
select m.nspname as schema, t.relname as table, n.relname as index,
	(n.relpages * u.page)::pg_catalog.int8 as bytes,
	case when n.sure then (least(n.pages, n.relpages) * u.page)
		::pg_catalog.int8 end as needed,
	case when n.sure then (greatest(n.relpages - n.pages, 0) * u.page)
		::pg_catalog.int8 end as wasted,
	case when n.sure then greatest(n.relpages - n.pages, 0)
		/ n.relpages end as ratio,
	case when not n.sure
	then 'not analyzed, or not for this role to read' end as note
from need n
join pg_catalog.pg_class t on t.oid = n.root
join pg_catalog.pg_namespace m on m.oid = t.relnamespace
cross join (
	select pg_catalog.current_setting('block_size')::pg_catalog.int8
) u(page)
order by n.sure desc, (n.relpages - n.pages) desc, m.nspname, t.relname, n.relname
limit 500
