-- Continuous archiving.  How it is done can hold secrets and is not told.
select pg_catalog.current_setting('archive_mode') as mode,
	case when pg_catalog.current_setting('archive_mode') = 'off' then null
	when coalesce((
		select s.setting from pg_catalog.pg_settings s
		where s.name = 'archive_library'), '') <> '' then 'a library'
	when (
		select s.setting from pg_catalog.pg_settings s
		where s.name = 'archive_command') in ('', '(disabled)') then 'nothing'
	else 'a command' end as by,
	pg_catalog.current_setting('archive_timeout') as timeout,
	a.archived_count as archived, a.last_archived_wal as last_archived,
	a.last_archived_time as last_archived_at,
	d.word::pg_catalog.int8 as waiting,
	case when d.word is null
	then 'needs pg_monitor' end as waiting_note,
	a.failed_count as failed, a.last_failed_wal as last_failed,
	a.last_failed_time as last_failed_at, a.stats_reset
from pg_catalog.pg_stat_archiver a
left join (
	select w.word
	from pg_catalog.ts_stat(case when pg_catalog.has_function_privilege(
		'pg_catalog.pg_ls_archive_statusdir()', 'execute')
	then $q$
	select pg_catalog.array_to_tsvector(array[pg_catalog.concat(
		pg_catalog.count(*) filter (where f.name like '%.ready'))])
	from pg_catalog.pg_ls_archive_statusdir() f
	$q$
	else 'select null::pg_catalog.tsvector' end) w
) d on true
