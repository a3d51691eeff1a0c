-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		(g ->> 'warning_bytes')::pg_catalog.float8 as warning_bytes,
		(g ->> 'critical_bytes')::pg_catalog.float8 as critical_bytes
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: since
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
