-- Who waits for whom.  A relation has a name in the database that we are in only;
-- the name comes from the catalog's row: to_regclass would take a lock itself.
with wait as materialized (
	select l.pid, l.locktype, l.mode, l.database, l.relation,
		pg_catalog.pg_blocking_pids(l.pid) as by
	from pg_catalog.pg_locks l
	where not l.granted
)
select w.pid, coalesce(a.datname, d.datname) as database,
	w.locktype as waits_for, w.mode,
	case when w.relation is null then null
	else coalesce(n.nspname || '.' || c.relname,
		'relation ' || w.relation) end as object,
	pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
		- coalesce((pg_catalog.to_jsonb(l)->>'waitstart')
			::pg_catalog.timestamptz, a.query_start)) as waited,
	pg_catalog.to_json(w.by) as blocked_by,
	pg_catalog.regexp_replace(pg_catalog.left(a.query, 1000),
		'(password\s+)''[^'']*(''|$)', '\1''(hidden)''', 'gi') as query,
	b.state as blocker_state,
	pg_catalog.regexp_replace(pg_catalog.left(b.query, 1000),
		'(password\s+)''[^'']*(''|$)', '\1''(hidden)''', 'gi') as blocker
from wait w
join pg_catalog.pg_locks l on l.pid = w.pid and not l.granted
left join pg_catalog.pg_stat_activity a on a.pid = w.pid
left join pg_catalog.pg_stat_activity b on b.pid = w.by[1]
left join pg_catalog.pg_database d on d.oid = w.database
left join pg_catalog.pg_class c on c.oid = w.relation
	and d.datname = pg_catalog.current_database()
left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
order by 6 desc nulls last, w.pid
limit 200
