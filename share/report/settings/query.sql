-- What differs from the built-in value, what waits for a restart, and what is
-- worth a look as it is.  What this session has set for itself is told as it is for
-- others; commands and connection strings can hold secrets and are not told.
with unit(name, factor) as (
	values ('B', 1::pg_catalog.int8), ('kB', 1024), ('8kB', 8192),
		('16MB', 16777216), ('MB', 1048576), ('GB', 1073741824)
),
setting as (
	select s.name, s.unit, s.short_desc, s.pending_restart, s.vartype,
		s.context, u.factor,
		case when s.source in ('session', 'client', 'interactive')
		then s.reset_val else s.setting end as setting,
		s.boot_val,
		case when s.source in ('session', 'client', 'interactive')
		then 'default' else s.source end as source
	from pg_catalog.pg_settings s
	left join unit u on u.name = s.unit
),
shown as (
	select s.*,
		case when s.name ~ '_command$' or s.name ~*
			'(secret|password$|passwd|token|credential|conninfo|key$)'
		then case when s.setting = '' then '' else '(set, hidden)' end
		when s.factor is not null and s.setting::pg_catalog.int8 > 0
		then pg_catalog.pg_size_pretty(s.setting::pg_catalog.int8 * s.factor)
		else s.setting
			|| case when s.unit is null or s.factor is not null then ''
			else ' ' || s.unit end end as value,
		case when s.factor is not null and s.boot_val::pg_catalog.int8 > 0
		then pg_catalog.pg_size_pretty(s.boot_val::pg_catalog.int8 * s.factor)
		else s.boot_val
			|| case when s.unit is null or s.factor is not null then ''
			else ' ' || s.unit end end as "default",
		case
		when s.name in ('fsync', 'full_page_writes') and s.setting = 'off'
		then 'a crash may destroy the data'
		when s.name = 'synchronous_commit' and s.setting = 'off'
		then 'a crash may lose the last commits'
		when s.name = 'zero_damaged_pages' and s.setting = 'on'
		then 'damaged pages are emptied'
		when s.name in ('autovacuum', 'track_counts') and s.setting = 'off'
		then 'tables are neither vacuumed nor analyzed'
		when s.name = 'track_io_timing' and s.setting = 'off'
		then 'no times of reads and writes are known'
		when s.name = 'idle_in_transaction_session_timeout' and s.setting = '0'
		then 'a forgotten transaction holds up vacuum for ever'
		when s.name = 'shared_buffers' and s.setting = s.boot_val
		then 'the built-in value is for small machines'
		when s.name = 'max_connections' and s.setting::pg_catalog.int4 > 500
		then 'a pooler serves many clients better'
		when s.name = 'password_encryption' and s.setting in ('md5', 'on')
		then 'md5 is weak and going'
		when s.name = 'data_checksums' and s.setting = 'off'
		then 'damage by disks goes unseen'
		when s.name = 'max_slot_wal_keep_size' and s.setting = '-1'
		then 'a slot that nobody reads fills the disk'
		when s.name = 'log_lock_waits' and s.setting = 'off'
		then 'waits for locks leave no trace in the log'
		when s.name = 'log_autovacuum_min_duration' and s.setting = '-1'
		then 'the work of autovacuum leaves no trace in the log'
		when s.name = 'log_temp_files' and s.setting = '-1'
		then 'temporary files leave no trace in the log'
		when s.name = 'random_page_cost' and s.setting::pg_catalog.float8 >= 4
		then 'meant for spinning disks'
		when s.name like 'enable\_%' and s.vartype = 'bool'
		and s.boot_val = 'on' and s.setting = 'off'
		then 'a way of planning is switched off for all'
		when s.name = 'default_toast_compression' and s.setting = 'pglz'
		then 'lz4 is faster'
		end as look
	from setting s
)
select s.name, s.value, s.default, s.source, s.pending_restart as pending,
	s.look, s.short_desc as about
from shown s
where (s.source not in ('default', 'override')
	or s.pending_restart or s.look is not null)
and s.name not in ('TimeZone', 'DateStyle', 'client_encoding',
	'application_name', 'transaction_deferrable', 'transaction_isolation',
	'transaction_read_only')
order by s.look is null, s.name
