-- Who is connected from where, in sum; our own session is left out.
select a.datname as database, a.usename as role,
	a.application_name as application,
	coalesce(pg_catalog.host(a.client_addr), 'local socket') as client,
	coalesce(s.ssl, false) as tls, a.state,
	pg_catalog.count(*) as connections,
	pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
		- pg_catalog.min(a.backend_start)) as oldest,
	pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
		- pg_catalog.min(a.xact_start)) as transaction
from pg_catalog.pg_stat_activity a
left join pg_catalog.pg_stat_ssl s on s.pid = a.pid
where a.backend_type = 'client backend'
and a.pid <> pg_catalog.pg_backend_pid()
group by 1, 2, 3, 4, 5, 6
order by pg_catalog.count(*) desc, 1, 2, 3, 4, 6
limit 500
