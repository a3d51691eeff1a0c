-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'notice')::pg_catalog.float8 as notice,
		(g ->> 'warning')::pg_catalog.float8 as warning
	from (select $1::pg_catalog.jsonb) p (g)
),
-- Over how many days each database's counters have counted.  One that was
-- never reset has counted as long as the server's own counters have.
since as (
	select d.*, greatest(extract(epoch from pg_catalog.clock_timestamp() - coalesce(
		d.stats_reset, least(b.stats_reset, a.stats_reset,
		pg_catalog.pg_postmaster_start_time()))) / 86400, 1.0 / 24)::pg_catalog.float8 as days
	from pg_catalog.pg_stat_database d, pg_stat_bgwriter b, pg_stat_archiver a
),
rates as (
	select s.datname, s.deadlocks, s.days, s.deadlocks / s.days as rate
	from since s
	where s.datname is not null
	and s.deadlocks > 0
)
select case when r.rate >= t.warning then 'warning' else 'notice' end
		as severity,
	r.datname::pg_catalog.text as object,
	r.datname as database,
	pg_catalog.round(r.rate::pg_catalog.numeric, 2)::pg_catalog.float8 as rate,
	pg_catalog.round(r.days::pg_catalog.numeric, 1)::pg_catalog.float8 as days,
	r.deadlocks,
	pg_catalog.round(r.rate::pg_catalog.numeric, 3)::pg_catalog.float8 as value,
	case when r.rate >= t.warning then t.warning else t.notice end
		as threshold
from rates r, t
where r.rate >= least(t.notice, t.warning)
order by r.rate desc, 2
