-- The hundred tables of which most pages had to be read, since the statistics of
-- the database were last reset.
with recursive
-- part: relations
index as materialized (
	select i.indrelid,
		pg_catalog.sum(pg_catalog.pg_stat_get_blocks_fetched(i.indexrelid))
			as all,
		pg_catalog.sum(pg_catalog.pg_stat_get_blocks_hit(i.indexrelid)) as hit
	from pg_catalog.pg_index i
	where i.indrelid in (select r.oid from rel r)
	group by 1
),
sum as (
	select r.root,
		pg_catalog.sum(pg_catalog.pg_stat_get_blocks_fetched(r.oid))
			as heap_all,
		pg_catalog.sum(pg_catalog.pg_stat_get_blocks_hit(r.oid)) as heap_hit,
		pg_catalog.sum(i.all) as index_all, pg_catalog.sum(i.hit) as index_hit,
		pg_catalog.sum(case when r.reltoastrelid <> 0
			then pg_catalog.pg_stat_get_blocks_fetched(r.reltoastrelid) end)
			as toast_all,
		pg_catalog.sum(case when r.reltoastrelid <> 0
			then pg_catalog.pg_stat_get_blocks_hit(r.reltoastrelid) end)
			as toast_hit
	from rel r
	left join index i on i.indrelid = r.oid
	group by 1
),
page as (
	select s.*, s.heap_all - s.heap_hit as heap_read,
		s.index_all - s.index_hit as index_read,
		s.toast_all - s.toast_hit as toast_read
	from sum s
)
select n.nspname as schema, c.relname as table,
	p.heap_read::pg_catalog.int8, p.heap_hit::pg_catalog.int8,
	(p.heap_hit / nullif(p.heap_read + p.heap_hit, 0))::pg_catalog.float8
		as heap_ratio,
	p.index_read::pg_catalog.int8, p.index_hit::pg_catalog.int8,
	(p.index_hit / nullif(p.index_read + p.index_hit, 0))::pg_catalog.float8
		as index_ratio,
	p.toast_read::pg_catalog.int8, p.toast_hit::pg_catalog.int8
from page p
join pg_catalog.pg_class c on c.oid = p.root
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where p.heap_read + coalesce(p.index_read, 0) + coalesce(p.toast_read, 0) > 0
order by p.heap_read + coalesce(p.index_read, 0) + coalesce(p.toast_read, 0)
	desc, n.nspname, c.relname
limit 100
