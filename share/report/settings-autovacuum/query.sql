-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'bytes')::pg_catalog.float8 as bytes,
		(g ->> 'cost_limit')::pg_catalog.float8 as cost_limit,
		(g ->> 'naptime')::pg_catalog.float8 as naptime,
		(
			select pg_catalog.sum(c.relpages::pg_catalog.float8)
			from pg_catalog.pg_class c
		) * pg_catalog.current_setting('block_size')::pg_catalog.float8 as size
	from (select $1::pg_catalog.jsonb) p (g)
),
settings as (
	select pg_catalog.max(s.reset_val::pg_catalog.float8) filter (
			where s.name = 'autovacuum_vacuum_cost_limit') as own,
		pg_catalog.max(s.reset_val::pg_catalog.float8) filter (
			where s.name = 'vacuum_cost_limit') as general,
		pg_catalog.max(s.reset_val::pg_catalog.float8) filter (
			where s.name = 'autovacuum_naptime') as naptime,
		pg_catalog.max(s.reset_val::pg_catalog.float8) filter (
			where s.name = 'autovacuum_vacuum_cost_delay') as delay
	from pg_catalog.pg_settings s
	where s.name in ('autovacuum_vacuum_cost_limit', 'vacuum_cost_limit',
		'autovacuum_naptime', 'autovacuum_vacuum_cost_delay')
)
select 'warning' as severity,
	'autovacuum_vacuum_cost_limit' as object,
	'autovacuum_vacuum_cost_limit' as name,
	pg_catalog.format('autovacuum''s cost limit is %s, as it was delivered, for %s of data',
		coalesce(nullif(s.own, -1), s.general),
		pg_catalog.pg_size_pretty(t.size::pg_catalog.int8)) as text,
	'2000' as right,
	s.own::pg_catalog.text as was,
	coalesce(nullif(s.own, -1), s.general) as value,
	t.cost_limit as threshold
from settings s, t
where t.size >= t.bytes
and s.delay <> 0
and coalesce(nullif(s.own, -1), s.general) <= t.cost_limit
union all
select 'warning', 'autovacuum_naptime', 'autovacuum_naptime',
	pg_catalog.format('autovacuum_naptime is %s s: tables wait long for their turn',
		s.naptime),
	'60', s.naptime::pg_catalog.text, s.naptime, t.naptime
from settings s, t
where s.naptime > t.naptime
