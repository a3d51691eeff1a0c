-- SPDX-License-Identifier: PostgreSQL
-- One row for each session at the head of a queue, with all that wait behind
-- it, however many steps away.

with recursive t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		(g ->> 'critical_sessions')::pg_catalog.int8 as sessions
	from (select $1::pg_catalog.jsonb) p (g)
),
-- Since version 14 the server says when a wait began; before it, that is the
-- age of the statement.
waits (pid, seconds) as materialized (
	select a.pid, extract(epoch from pg_catalog.clock_timestamp() - coalesce((
			select pg_catalog.min((pg_catalog.to_jsonb(l) ->> 'waitstart')::pg_catalog.timestamptz)
			from pg_catalog.pg_locks l
			where l.pid = a.pid
			and not l.granted
		), a.query_start))::pg_catalog.float8
	from pg_catalog.pg_stat_activity a
	where a.wait_event_type = 'Lock'
),
edges (pid, blocker) as materialized (
	select w.pid, b
	from waits w
	cross join lateral pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) b
),
chains (pid, blocker) as (
	select e.pid, e.blocker
	from edges e
	union
	select c.pid, e.blocker
	from chains c
	join edges e on e.pid = c.blocker
),
heads as (
	select c.blocker as pid, pg_catalog.count(*) as sessions, pg_catalog.max(w.seconds) as seconds,
		pg_catalog.count(*) filter (where w.seconds >= t.critical) as long_sessions
	from chains c
	join waits w on w.pid = c.pid
	cross join t
	where c.blocker not in (select e.pid from edges e)
	group by c.blocker
)
select case
	when h.long_sessions >= t.sessions then 'critical'
	else 'warning'
	end as severity,
	case when h.pid = 0 then 'prepared transaction'
	else pg_catalog.format('process %s', h.pid) end as object,
	case when h.pid = 0 then 'a prepared transaction'
	else pg_catalog.format('session %s of %s in %s (%s, %s)', h.pid, a.usename,
		a.datname, a.application_name, a.state)
	end as blocker,
	h.pid,
	h.sessions,
	pg_catalog.date_trunc('second', h.seconds * interval '1 second')::pg_catalog.text as duration,
	pg_catalog.left(a.query, 200) as query,
	case when h.pid <> 0 then pg_catalog.format(
		'select pg_catalog.pg_terminate_backend(%s)', h.pid) end as end,
	pg_catalog.round(h.seconds::pg_catalog.numeric, 1)::pg_catalog.float8 as value,
	case
	when h.long_sessions >= t.sessions then t.critical
	else t.warning
	end as threshold
from heads h
cross join t
left join pg_catalog.pg_stat_activity a on a.pid = h.pid
where h.seconds >= t.warning
or h.long_sessions >= t.sessions
order by h.seconds desc
