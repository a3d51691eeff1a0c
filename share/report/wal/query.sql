-- The write-ahead log; what pg_stat_wal counts is there from version 14 on.  The
-- directory is for who may list it, which is found out before it is asked.
select pg_catalog.current_setting('wal_level') as level,
	case when pg_catalog.pg_is_in_recovery()
	then pg_catalog.pg_last_wal_replay_lsn()
	else pg_catalog.pg_current_wal_lsn() end::pg_catalog.text as position,
	pg_catalog.split_part(d.word, ' ', 1)::pg_catalog.int8 as files,
	pg_catalog.split_part(d.word, ' ', 2)::pg_catalog.int8 as bytes,
	case when d.word is null then 'needs pg_monitor' end as files_note,
	pg_catalog.current_setting('min_wal_size') as min_wal_size,
	pg_catalog.current_setting('max_wal_size') as max_wal_size,
	pg_catalog.current_setting('wal_keep_size') as keep,
	pg_catalog.current_setting('wal_compression') as compression,
	null::pg_catalog.int8 as records, null::pg_catalog.int8 as full_pages,
	null::pg_catalog.int8 as written, null::pg_catalog.int8 as buffers_full,
	null::pg_catalog.timestamptz as stats_reset
from (values (1)) one
left join (
	select w.word
	from pg_catalog.ts_stat(case when pg_catalog.has_function_privilege(
		'pg_catalog.pg_ls_waldir()', 'execute')
	then $q$
	select pg_catalog.array_to_tsvector(array[pg_catalog.concat(
		pg_catalog.count(*), ' ', coalesce(pg_catalog.sum(f.size), 0))])
	from pg_catalog.pg_ls_waldir() f
	$q$
	else 'select null::pg_catalog.tsvector' end) w
) d on true
