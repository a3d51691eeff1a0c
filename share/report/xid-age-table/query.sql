-- SPDX-License-Identifier: PostgreSQL
-- Tables of every kind that have a horizon, chunks and TOAST tables included:
-- each of them alone can stop the server.

with t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		(g ->> 'failsafe')::pg_catalog.float8 as failsafe,
		(g ->> 'limit')::pg_catalog.int8 as most
	from (select $1::pg_catalog.jsonb) p (g)
),
options (oid, xid, mxid) as (
	select c.oid,
		pg_catalog.max(o.option_value) filter (
			where o.option_name = 'autovacuum_freeze_max_age'),
		pg_catalog.max(o.option_value) filter (
			where o.option_name = 'autovacuum_multixact_freeze_max_age')
	from pg_catalog.pg_class c
	cross join lateral pg_catalog.pg_options_to_table(c.reloptions) o
	where c.reloptions::pg_catalog.text like '%freeze_max_age%'
	group by c.oid
),
-- What is set for a table can only make it earlier.
ages (oid, kind, age, freeze_age, failsafe) as (
	select c.oid, 'transaction id',
		greatest(pg_catalog.age(c.relfrozenxid), pg_catalog.age(x.relfrozenxid))::pg_catalog.float8,
		least(o.xid::pg_catalog.float8,
			pg_catalog.current_setting('autovacuum_freeze_max_age')::pg_catalog.float8),
		pg_catalog.current_setting('vacuum_failsafe_age', true)
	from pg_catalog.pg_class c
	left join pg_catalog.pg_class x on x.oid = nullif(c.reltoastrelid, 0)
	left join options o on o.oid = c.oid
	where c.relkind in ('r', 'm')
	and c.relfrozenxid <> '0'::pg_catalog.xid
	union all
	select c.oid, 'multixact',
		greatest(pg_catalog.mxid_age(c.relminmxid), pg_catalog.mxid_age(x.relminmxid))::pg_catalog.float8,
		least(o.mxid::pg_catalog.float8, pg_catalog.current_setting(
			'autovacuum_multixact_freeze_max_age')::pg_catalog.float8),
		pg_catalog.current_setting('vacuum_multixact_failsafe_age', true)
	from pg_catalog.pg_class c
	left join pg_catalog.pg_class x on x.oid = nullif(c.reltoastrelid, 0)
	left join options o on o.oid = c.oid
	where c.relkind in ('r', 'm')
	and c.relminmxid <> '0'::pg_catalog.xid
),
bounds as (
	select a.*, a.freeze_age * t.warning as warning, least(t.critical,
		nullif(coalesce(nullif(a.failsafe, ''), '1600000000')::pg_catalog.float8,
			0) * t.failsafe) as critical
	from ages a, t
),
judged as (
	select distinct on (b.oid) b.*
	from bounds b
	where b.age >= least(b.warning, b.critical)
	order by b.oid, b.age >= b.critical desc,
		b.age / nullif(b.freeze_age, 0) desc
)
select case when j.age >= j.critical then 'critical' else 'warning' end
		as severity,
	pg_catalog.format('%s.%s', n.nspname, c.relname) as object,
	n.nspname as schema,
	c.relname as table,
	j.kind,
	pg_catalog.to_char(j.age, 'FM999,999,999,999') as age,
	pg_catalog.to_char(j.freeze_age, 'FM999,999,999,999') as limit,
	j.age as value,
	case when j.age >= j.critical then j.critical else j.warning end
		as threshold
from judged j
join pg_catalog.pg_class c on c.oid = j.oid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
order by j.age desc, 2
limit (select t.most from t)
