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
		(
			select s.setting::pg_catalog.numeric
			from pg_catalog.pg_settings s
			where s.name = 'wal_segment_size'
		) as segment,
		(
			select pg_catalog.floor(4294967296 / s.setting::pg_catalog.numeric)
			from pg_catalog.pg_settings s
			where s.name = 'wal_segment_size'
		) as segment_of_log,
		pg_catalog.current_setting('archive_mode') as mode,
		pg_catalog.pg_is_in_recovery() as standby
	from (select $1::pg_catalog.jsonb) p (g)
),
-- For how long the oldest one waits; as text, since not everybody may call it.
ready (known, waits) as (
	select pg_catalog.has_function_privilege(
			'pg_catalog.pg_ls_archive_statusdir()', 'execute'),
		(
			select w.word::pg_catalog.float8
			from pg_catalog.ts_stat(case when pg_catalog.has_function_privilege(
				'pg_catalog.pg_ls_archive_statusdir()', 'execute')
			then $ts$
			select pg_catalog.array_to_tsvector(array[extract(epoch from
				pg_catalog.clock_timestamp() - pg_catalog.min(d.modification))
				::pg_catalog.text])
			from pg_catalog.pg_ls_archive_statusdir() d
			where d.name like '%.ready'
			having pg_catalog.count(*) > 0
			$ts$
			else 'select null::pg_catalog.tsvector' end) w
		)
),
archiver as (
	select a.*,
		extract(epoch from pg_catalog.clock_timestamp() - a.last_failed_time)::pg_catalog.float8
			as failed,
		extract(epoch from pg_catalog.clock_timestamp() - coalesce(a.last_archived_time,
			pg_catalog.pg_postmaster_start_time()))::pg_catalog.float8 as silent,
		coalesce(a.last_failed_time > a.last_archived_time,
			a.last_failed_time is not null) as failing,
		-- The segment in use is always later than the last one that
		-- was archived; one that is finished in between waits.
		case when not t.standby then pg_catalog.floor(
				(pg_catalog.pg_current_wal_lsn() - '0/0') / t.segment)
			- 1 > t.segment_of_log * pg_catalog.floor(l.number / 4294967296)
				+ l.number % 4294967296
		end as written,
		r.known, r.waits
	from t
	cross join pg_catalog.pg_stat_archiver a
	cross join ready r
	-- Of a segment's own name alone: a backup's has that of its first.
	cross join lateral (
		select ('x' || substring(a.last_archived_wal
			from '^[0-9A-F]{8}([0-9A-F]{16})$'))::pg_catalog.bit(64)
			::pg_catalog.int8::pg_catalog.numeric
	) l (number)
	where t.mode = 'always'
	or t.mode = 'on' and not t.standby
),
judged as (
	select a.*, case
		when a.failing and a.failed < t.critical then 'critical'
		when t.timeout > 0 and not a.failing
			and a.silent > t.timeouts * t.timeout
			and case when a.known then a.waits > t.timeouts * t.timeout
				else a.written end
			then 'silent'
		when a.failed < t.warning then 'warning'
		end as state
	from archiver a, t
)
select case when j.state = 'warning' then 'warning' else 'critical' end
		as severity,
	'archiver' as object,
	case
	when j.state = 'silent' then pg_catalog.format(
		'no WAL was archived for %s, while some waits and archive_timeout is %s s',
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
