-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		(g ->> 'warning_bytes')::pg_catalog.float8 as warning_bytes,
		(g ->> 'critical_bytes')::pg_catalog.float8 as critical_bytes
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
	select s.datname, s.days, s.temp_files / s.days / 24 as files,
		s.temp_bytes / s.days / 24 as bytes
	from since s
	where s.datname is not null
),
judged as (
	select r.*, case
		when r.files >= t.critical or r.bytes >= t.critical_bytes
			then 'critical'
		when r.files >= t.warning or r.bytes >= t.warning_bytes
			then 'warning'
		end as severity
	from rates r, t
)
select j.severity,
	j.datname::pg_catalog.text as object,
	j.datname as database,
	pg_catalog.round(j.files::pg_catalog.numeric, 1)::pg_catalog.float8 as files,
	pg_catalog.pg_size_pretty(j.bytes::pg_catalog.int8) as size,
	pg_catalog.round(j.days::pg_catalog.numeric, 1)::pg_catalog.float8 as days,
	case
	when j.files >= t.warning then pg_catalog.round(j.files::pg_catalog.numeric, 1)::pg_catalog.float8
	else pg_catalog.round(j.bytes)
	end as value,
	case
	when j.files >= t.critical then t.critical
	when j.files >= t.warning then t.warning
	when j.bytes >= t.critical_bytes then t.critical_bytes
	else t.warning_bytes
	end as threshold
from judged j, t
where j.severity is not null
order by j.bytes desc, 2
