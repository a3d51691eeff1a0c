-- What the server is.  What the role may not see says so.
select pg_catalog.version() as version,
	pg_catalog.pg_is_in_recovery() as standby,
	pg_catalog.pg_postmaster_start_time() as started,
	pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
		- pg_catalog.pg_postmaster_start_time()) as uptime,
	pg_catalog.pg_conf_load_time() as reloaded,
	coalesce(pg_catalog.host(pg_catalog.inet_server_addr()) || ':'
		|| pg_catalog.inet_server_port(), 'local socket') as address,
	coalesce((
		select s.ssl from pg_catalog.pg_stat_ssl s
		where s.pid = pg_catalog.pg_backend_pid()), false) as tls,
	pg_catalog.current_setting('max_connections')::pg_catalog.int4
		as max_connections,
	(
		select pg_catalog.sum(d.numbackends)
		from pg_catalog.pg_stat_database d) as connections,
	(
		select pg_catalog.count(*) from pg_catalog.pg_database d
		where not d.datistemplate) as databases,
	(
		select pg_catalog.count(*) from pg_catalog.pg_roles r
		where r.rolname !~ '^pg_') as roles,
	(
		select s.setting::pg_catalog.int8
			* pg_catalog.current_setting('block_size')::pg_catalog.int8
		from pg_catalog.pg_settings s
		where s.name = 'shared_buffers') as shared_buffers,
	pg_catalog.current_setting('block_size')::pg_catalog.int4 as block_size,
	(
		select case s.unit when '8kB' then 8192 else 1 end
			* s.setting::pg_catalog.int8
		from pg_catalog.pg_settings s
		where s.name = 'wal_segment_size') as wal_segment_size,
	pg_catalog.current_setting('data_checksums')::pg_catalog.bool
		as data_checksums,
	pg_catalog.current_setting('wal_level') as wal_level,
	(
		select s.reset_val from pg_catalog.pg_settings s
		where s.name = 'log_timezone') as timezone,
	coalesce((
		select s.setting from pg_catalog.pg_settings s
		where s.name = 'shared_preload_libraries'),
		'(needs pg_read_all_settings)') as preload,
	current_user as role,
	pg_catalog.current_setting('is_superuser')::pg_catalog.bool
		as role_is_superuser,
	pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
		as role_sees_statistics
