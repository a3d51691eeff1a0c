-- Open transactions and what else holds vacuum back, the oldest first.
select a.pid, a.datname as database, a.usename as role,
	a.application_name as application, a.backend_type as kind, a.state,
	pg_catalog.concat_ws(': ', a.wait_event_type, a.wait_event) as wait,
	pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
		- a.xact_start) as transaction,
	case when a.state = 'active' then pg_catalog.date_part('epoch',
		pg_catalog.clock_timestamp() - a.query_start) end as statement,
	greatest(pg_catalog.age(a.backend_xmin), pg_catalog.age(a.backend_xid))
		as snapshot,
	pg_catalog.regexp_replace(pg_catalog.left(a.query, 1000),
		'(password\s+)''[^'']*(''|$)', '\1''(hidden)''', 'gi') as query
from pg_catalog.pg_stat_activity a
where a.pid <> pg_catalog.pg_backend_pid()
and (a.xact_start is not null or a.backend_xmin is not null)
union all
select null, p.database, p.owner, null, 'prepared transaction', 'prepared', null,
	pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.prepared),
	null, pg_catalog.age(p.transaction), p.gid
from pg_catalog.pg_prepared_xacts p
order by 8 desc nulls last, 1
limit 200
