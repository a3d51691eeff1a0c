-- The hundred tables of which most pages had to be read, since the statistics of
-- the database were last reset.
with recursive
owned as materialized (
	select d.classid, d.objid
	from pg_catalog.pg_depend d
	where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
	and d.deptype = 'e'
),
space as materialized (
	select n.oid, n.nspname
	from pg_catalog.pg_namespace n
	where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
	and not exists (
		select from owned o
		where o.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
		and o.objid = n.oid)
),
-- Hypertables, each with the view that stands for it if it holds a continuous
-- aggregate; as text, since the catalog that it names is there or is not.
hyper as materialized (
	select pg_catalog.split_part(w.word, ' ', 1)::pg_catalog.oid as oid,
		nullif(pg_catalog.split_part(w.word, ' ', 2), '')::pg_catalog.oid
			as view
	from pg_catalog.ts_stat(case when pg_catalog.to_regclass(
		'_timescaledb_catalog.continuous_agg') is null
	then 'select null::pg_catalog.tsvector'
	else $ts$
	select pg_catalog.array_to_tsvector(array[
		pg_catalog.concat(r.oid, ' ', v.oid)])
	from _timescaledb_catalog.hypertable h
	join pg_catalog.pg_namespace n on n.nspname = h.schema_name
	join pg_catalog.pg_class r on r.relnamespace = n.oid
		and r.relname = h.table_name
	left join _timescaledb_catalog.continuous_agg a
		on a.mat_hypertable_id = h.id
	left join pg_catalog.pg_namespace m on m.nspname = a.user_view_schema
	left join pg_catalog.pg_class v on v.relnamespace = m.oid
		and v.relname = a.user_view_name
	where h.compression_state <> 2
	$ts$ end) w
),
-- Partitions belong to the root of their tree, and so do their indexes; chunks to
-- their hypertable.
below(root, oid, chunk) as (
	select coalesce(h.view, i.inhparent), i.inhrelid, h.oid is not null
	from pg_catalog.pg_inherits i
	join pg_catalog.pg_class p on p.oid = i.inhparent
	join pg_catalog.pg_class c on c.oid = i.inhrelid
	left join hyper h on h.oid = i.inhparent
	where h.oid is not null or (c.relispartition and not p.relispartition)
	union all
	select b.root, i.inhrelid, b.chunk
	from below b
	join pg_catalog.pg_inherits i on i.inhparent = b.oid
	where not b.chunk
),
rel as materialized (
	select c.oid, coalesce(b.root, c.oid) as root, c.relname, c.relkind,
		c.relpages, c.reltuples, c.reltoastrelid, c.relfrozenxid, c.relminmxid,
		c.reloptions, b.chunk, c.relnamespace
	from pg_catalog.pg_class c
	left join below b on b.oid = c.oid
	where c.relkind in ('r', 'm') and c.relpersistence <> 't'
	and (b.oid is not null or (
		c.relnamespace in (select s.oid from space s)
		and not exists (
			select from owned o
			where o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
			and o.objid = c.oid)))
),
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
