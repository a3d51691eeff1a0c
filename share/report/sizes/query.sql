-- The hundred largest tables by the catalog's page counts of the last vacuum or
-- analyze; where there was none the files are asked, unless somebody has the table
-- locked.  What each measures exactly stands with the tables.
with recursive
-- part: relations
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
