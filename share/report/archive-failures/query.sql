-- SPDX-License-Identifier: PostgreSQL
-- By when, not by how often: a counter that once went up never comes down.

with t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		(g ->> 'timeouts')::pg_catalog.float8 as timeouts,
		(
			select s.setting::pg_catalog.float8
			from pg_catalog.pg_settings s
			where s.name = 'archive_timeout'
		) as timeout,
		pg_catalog.current_setting('archive_mode') as mode,
		pg_catalog.pg_is_in_recovery() as standby
	from (select $1::pg_catalog.jsonb) p (g)
),
archiver as (
	select a.*,
		extract(epoch from pg_catalog.clock_timestamp() - a.last_failed_time)::pg_catalog.float8
			as failed,
		extract(epoch from pg_catalog.clock_timestamp() - coalesce(a.last_archived_time,
			pg_catalog.pg_postmaster_start_time()))::pg_catalog.float8 as silent,
		coalesce(a.last_failed_time > a.last_archived_time,
			a.last_failed_time is not null) as failing,
		-- WAL was written since if the segment in use is a later one.
		case when not t.standby then coalesce(
			pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn())
			> substring(a.last_archived_wal from '^[0-9A-F]{24}'), true)
		end as written
	from pg_catalog.pg_stat_archiver a, t
	where t.mode = 'always'
	or t.mode = 'on' and not t.standby
),
judged as (
	select a.*, case
		when a.failing and a.failed < t.critical then 'critical'
		when t.timeout > 0 and a.written and a.silent > t.timeouts * t.timeout
			and not a.failing then 'silent'
		when a.failed < t.warning then 'warning'
		end as state
	from archiver a, t
)
select case when j.state = 'warning' then 'warning' else 'critical' end
		as severity,
	'archiver' as object,
	case
	when j.state = 'silent' then pg_catalog.format(
		'no WAL was archived for %s, though archive_timeout is %s s',
		pg_catalog.date_trunc('second', j.silent * interval '1 second'), t.timeout)
	when j.failing then pg_catalog.format(
		'archiving of %s fails, the last time %s ago; the last that was archived is %s',
		j.last_failed_wal,
		pg_catalog.date_trunc('second', j.failed * interval '1 second'),
		coalesce(j.last_archived_wal, 'none'))
	else pg_catalog.format('archiving of %s failed %s ago, and works since',
		j.last_failed_wal,
		pg_catalog.date_trunc('second', j.failed * interval '1 second'))
	end as text,
	j.last_archived_wal,
	j.last_failed_wal,
	j.failed_count,
	pg_catalog.round((case when j.state = 'silent' then j.silent else j.failed end)
		::pg_catalog.numeric, 1)::pg_catalog.float8 as value,
	case j.state
	when 'silent' then t.timeouts * t.timeout
	when 'critical' then t.critical
	else t.warning
	end as threshold
from judged j, t
where j.state is not null
