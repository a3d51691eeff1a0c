-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'idle_warning')::pg_catalog.float8 as idle_warning,
		(g ->> 'idle_critical')::pg_catalog.float8 as idle_critical,
		(g ->> 'active_warning')::pg_catalog.float8 as active_warning,
		(g ->> 'active_critical')::pg_catalog.float8 as active_critical,
		g ->> 'ignore' as ignore
	from (select $1::pg_catalog.jsonb) p (g)
),
open as (
	select a.*, extract(epoch from pg_catalog.clock_timestamp() - a.xact_start)
			::pg_catalog.float8 as seconds,
		case when a.state like 'idle%' then t.idle_warning
		else t.active_warning end as warning,
		case when a.state like 'idle%' then t.idle_critical
		else t.active_critical end as critical
	from pg_catalog.pg_stat_activity a, t
	where a.backend_type = 'client backend'
	and a.pid <> pg_catalog.pg_backend_pid()
	and a.xact_start is not null
	and (nullif(t.ignore, '') is null or a.application_name !~ t.ignore)
	-- A vacuum is long by nature and holds nobody's rows back.
	and not exists (
		select
		from pg_catalog.pg_stat_progress_vacuum v
		where v.pid = a.pid
	)
)
select case when o.seconds >= o.critical then 'critical' else 'warning' end
		as severity,
	pg_catalog.format('process %s', o.pid) as object,
	o.pid,
	o.usename as user,
	o.datname as database,
	o.application_name as application,
	o.state,
	pg_catalog.date_trunc('second', o.seconds * interval '1 second')::pg_catalog.text as duration,
	pg_catalog.left(o.query, 200) as query,
	pg_catalog.round(o.seconds::pg_catalog.numeric, 1)::pg_catalog.float8 as value,
	case when o.seconds >= o.critical then o.critical else o.warning end
		as threshold
from open o
where o.seconds >= least(o.warning, o.critical)
order by o.seconds desc
