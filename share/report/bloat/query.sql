-- How many pages a table has beyond what its rows need, from the widths that analyze
-- has found: a row is its header and its columns, a page holds so many of them.
-- Tables under 1 MB are left out, and such with a column that nothing is known of
-- (never analyzed, or not for this role to read) say so.
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
