-- SPDX-License-Identifier: PostgreSQL
select 'notice' as severity,
	'pg_stat_statements' as object,
	'pg_stat_statements is not loaded: which queries cost most is not known'
		as text,
	null as mend,
	null as unmend
where pg_catalog.current_setting('pg_stat_statements.max', true) is null
and $1::pg_catalog.jsonb is not null
union all
select 'notice', s.name,
	'track_io_timing is off: what waits for the disk is not known',
	'alter system set track_io_timing = on; select pg_catalog.pg_reload_conf()',
	'alter system set track_io_timing = off; select pg_catalog.pg_reload_conf()'
from pg_catalog.pg_settings s
where s.name = 'track_io_timing'
and s.reset_val = 'off'
