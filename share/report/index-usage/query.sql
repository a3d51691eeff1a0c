-- The thousand largest indexes and how they are used: those of partitions with the
-- index that they are a part of, those of chunks with the hypertable's, by name.
with recursive
-- part: relations
leaf as materialized (
	select r.root as table, c.relpages, x.indisvalid and x.indisready as valid,
		x.indexrelid,
		-- A chunk's index is <chunk>_<index>, or <n>_<n>_<constraint>.
		case when r.chunk then coalesce((
			select h.oid
			from pg_catalog.pg_index y
			join pg_catalog.pg_class h on h.oid = y.indexrelid
			where y.indrelid in (
				select i.inhparent from pg_catalog.pg_inherits i
				where i.inhrelid = r.oid)
			and (c.relname = pg_catalog.left(
					pg_catalog.concat(r.relname, '_', h.relname), 63)
				or pg_catalog.regexp_replace(c.relname, '^[0-9]+_[0-9]+_', '')
					= h.relname)
			limit 1), c.oid)
		else coalesce(b.root, c.oid) end as top
	from rel r
	join pg_catalog.pg_index x on x.indrelid = r.oid
	join pg_catalog.pg_class c on c.oid = x.indexrelid and c.relkind = 'i'
	left join below b on b.oid = c.oid
),
large as materialized (
	select l.top, l.table, pg_catalog.count(*) as parts,
		pg_catalog.sum(l.relpages) as pages,
		pg_catalog.bool_and(l.valid) as valid
	from leaf l
	group by 1, 2
	order by 4 desc, 1
	limit 1000
),
sum as (
	select g.top, g.table, g.parts, g.pages, g.valid,
		pg_catalog.sum(pg_catalog.pg_stat_get_numscans(l.indexrelid)) as scans,
		pg_catalog.sum(pg_catalog.pg_stat_get_tuples_returned(l.indexrelid))
			as read,
		pg_catalog.sum(pg_catalog.pg_stat_get_tuples_fetched(l.indexrelid))
			as fetched,
		null::pg_catalog.timestamptz as last
	from large g
	join leaf l on l.top = g.top
	group by 1, 2, 3, 4, 5
),
write as (
	select r.root, pg_catalog.sum(pg_catalog.pg_stat_get_tuples_inserted(r.oid)
		+ pg_catalog.pg_stat_get_tuples_updated(r.oid)
		+ pg_catalog.pg_stat_get_tuples_deleted(r.oid)) as written
	from rel r
	where r.root in (select s.table from sum s)
	group by 1
)
select n.nspname as schema, t.relname as table, c.relname as index,
	(s.pages * pg_catalog.current_setting('block_size')::pg_catalog.int8
		)::pg_catalog.int8 as bytes,
	s.scans::pg_catalog.int8 as scans, s.last as last_scan,
	s.read::pg_catalog.int8 as tuples_read,
	s.fetched::pg_catalog.int8 as tuples_fetched,
	w.written::pg_catalog.int8 as written,
	case when x.indisprimary then 'primary key'
	when x.indisreplident then 'replica identity'
	when exists (
		select from pg_catalog.pg_constraint k
		where k.conindid = x.indexrelid and k.contype = 'f')
	then 'foreign key' when x.indisexclusion then 'exclusion'
	when x.indisunique then 'uniqueness' end as needed,
	s.valid and x.indisvalid as valid,
	case when s.parts > 1 then s.parts end as parts
from sum s
join pg_catalog.pg_class c on c.oid = s.top
join pg_catalog.pg_index x on x.indexrelid = s.top
join pg_catalog.pg_class t on t.oid = s.table
join pg_catalog.pg_namespace n on n.oid = t.relnamespace
left join write w on w.root = s.table
order by s.pages desc, n.nspname, t.relname, c.relname
