-- The hundred largest tables by the catalog's page counts of the last vacuum or
-- analyze; where there was none the files are asked, unless somebody has the table
-- locked.  What each measures exactly stands with the tables.
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
	select i.indrelid, pg_catalog.sum(c.relpages) as pages
	from pg_catalog.pg_index i
	join pg_catalog.pg_class c on c.oid = i.indexrelid
	where c.relkind = 'i'
	group by 1
),
lock as materialized (
	select distinct l.relation as oid
	from pg_catalog.pg_locks l
	where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
	and l.pid is distinct from pg_catalog.pg_backend_pid()
),
fresh as materialized (
	select f.oid, f.heap, case when f.heap > 0
		then pg_catalog.pg_indexes_size(f.oid) else 0 end as index,
		case when f.heap > 0 then pg_catalog.pg_table_size(f.oid) - f.heap
		else 0 end as toast
	from (
		select r.oid, pg_catalog.pg_relation_size(r.oid) as heap
		from rel r
		where r.relpages = 0
		and not exists (select from lock l where l.oid = r.oid)
		offset 0
	) f
),
sum as (
	select r.root, pg_catalog.count(*) filter (where r.oid <> r.root) as parts,
		pg_catalog.sum(greatest(r.reltuples, 0)) as rows,
		pg_catalog.sum(coalesce(f.heap,
			r.relpages::pg_catalog.int8 * u.page)) as heap,
		pg_catalog.sum(coalesce(f.index, i.pages * u.page, 0)) as index,
		pg_catalog.sum(coalesce(f.toast, (coalesce(t.relpages, 0)
			+ coalesce(x.pages, 0)) * u.page)) as toast
	from rel r
	left join fresh f on f.oid = r.oid
	left join index i on i.indrelid = r.oid
	left join pg_catalog.pg_class t on t.oid = r.reltoastrelid
	left join index x on x.indrelid = r.reltoastrelid
	cross join (
		select pg_catalog.current_setting('block_size')::pg_catalog.int8
	) u(page)
	group by 1
),
total as (
	select s.*, s.heap + s.index + s.toast as bytes,
		pg_catalog.sum(s.heap + s.index + s.toast) over () as all
	from sum s
)
select n.nspname as schema, c.relname as table,
	t.bytes::pg_catalog.int8 as bytes,
	(t.bytes / nullif(t.all, 0))::pg_catalog.float8 as share,
	t.heap::pg_catalog.int8 as heap_bytes,
	t.index::pg_catalog.int8 as index_bytes,
	t.toast::pg_catalog.int8 as toast_bytes,
	t.rows::pg_catalog.int8 as rows,
	case when t.rows > 0 then ((t.heap + t.toast)
		/ t.rows::pg_catalog.numeric)::pg_catalog.int8 end as row_bytes,
	case when t.parts > 0 then t.parts end as parts
from total t
join pg_catalog.pg_class c on c.oid = t.root
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where t.heap > 0
order by t.bytes desc, n.nspname, c.relname
limit 100
