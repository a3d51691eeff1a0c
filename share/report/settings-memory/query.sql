-- SPDX-License-Identifier: PostgreSQL
-- The server's memory can be read by those who may read its files.  That is a
-- query of its own inside of this one, since without the right to call a
-- function not even a query that does not come to it may run.

with t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'default_buffers')::pg_catalog.float8 as small,
		coalesce(nullif((g ->> 'ram_bytes')::pg_catalog.float8, 0), case
			when pg_catalog.has_function_privilege(
				'pg_catalog.pg_read_file(text,int8,int8,bool)',
				'execute')
			and (pg_catalog.pg_has_role('pg_read_server_files', 'usage') or (
				select r.rolsuper
				from pg_catalog.pg_roles r
				where r.rolname = current_user
			)) then substring(pg_catalog.query_to_xml(
				'select pg_catalog.pg_read_file(''/proc/meminfo'', 0, 65536, true)',
				true, false, '')::pg_catalog.text
				from 'MemTotal: *([0-9]+) kB')::pg_catalog.float8 * 1024
			end) as ram
	from (select $1::pg_catalog.jsonb) p (g)
),
settings as (
	select
		pg_catalog.max(s.setting::pg_catalog.float8) filter (where s.name = 'shared_buffers')
			* pg_catalog.current_setting('block_size')::pg_catalog.float8 as buffers,
		pg_catalog.max(s.reset_val::pg_catalog.float8) filter (where s.name = 'work_mem')
			* 1024 as work,
		pg_catalog.max(s.setting::pg_catalog.float8) filter (where s.name = 'max_connections')
			as connections,
		pg_catalog.max(s.setting::pg_catalog.float8) filter (
			where s.name = 'autovacuum_max_workers')
			* 1024 * coalesce(
			nullif(pg_catalog.max(s.setting::pg_catalog.float8) filter (
				where s.name = 'autovacuum_work_mem'), -1),
			pg_catalog.max(s.reset_val::pg_catalog.float8) filter (
				where s.name = 'maintenance_work_mem')) as vacuum
	from pg_catalog.pg_settings s
	where s.name in ('shared_buffers', 'work_mem', 'max_connections',
		'autovacuum_max_workers', 'autovacuum_work_mem',
		'maintenance_work_mem')
),
claims as (
	select s.*, s.buffers + s.work * s.connections + s.vacuum as claim
	from settings s
)
select 'warning' as severity,
	'shared_buffers' as object,
	pg_catalog.format('shared_buffers is only %s, no more than it was delivered with',
		pg_catalog.pg_size_pretty(s.buffers::pg_catalog.int8)) as text,
	s.buffers as value,
	t.small as threshold,
	null as reason
from claims s, t
where s.buffers <= t.small
union all
select 'warning', 'memory',
	pg_catalog.format('shared_buffers %s, work_mem %s for each of %s connections and autovacuum %s may claim %s of %s',
		pg_catalog.pg_size_pretty(s.buffers::pg_catalog.int8), pg_catalog.pg_size_pretty(s.work::pg_catalog.int8),
		s.connections, pg_catalog.pg_size_pretty(s.vacuum::pg_catalog.int8),
		pg_catalog.pg_size_pretty(s.claim::pg_catalog.int8), pg_catalog.pg_size_pretty(t.ram::pg_catalog.int8)),
	s.claim, t.warning * t.ram, null
from claims s, t
where s.claim > t.warning * t.ram
union all
select 'skipped', 'memory', null, null, null,
	'the server''s memory is not known to this role: set the threshold ram_bytes'
from t
where t.ram is null
