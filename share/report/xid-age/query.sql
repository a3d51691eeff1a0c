-- SPDX-License-Identifier: PostgreSQL
-- One row a database: its transaction ids or its multixacts, whichever is
-- worse.  The server forces a vacuum at the limit, so to be beyond it means
-- that this vacuum does not come through.

with t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		(g ->> 'failsafe')::pg_catalog.float8 as failsafe
	from (select $1::pg_catalog.jsonb) p (g)
),
ages (database, kind, age, freeze_age, failsafe) as (
	select d.datname, 'transaction id', pg_catalog.age(d.datfrozenxid)::pg_catalog.float8,
		pg_catalog.current_setting('autovacuum_freeze_max_age')::pg_catalog.float8,
		pg_catalog.current_setting('vacuum_failsafe_age', true)
	from pg_catalog.pg_database d
	union all
	select d.datname, 'multixact', pg_catalog.mxid_age(d.datminmxid)::pg_catalog.float8,
		pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::pg_catalog.float8,
		pg_catalog.current_setting('vacuum_multixact_failsafe_age', true)
	from pg_catalog.pg_database d
),
bounds as (
	select a.*, a.freeze_age * t.warning as warning, least(t.critical,
		nullif(coalesce(nullif(a.failsafe, ''), '1600000000')::pg_catalog.float8,
			0) * t.failsafe) as critical
	from ages a, t
),
judged as (
	select distinct on (b.database) b.*
	from bounds b
	where b.age >= least(b.warning, b.critical)
	order by b.database, b.age >= b.critical desc,
		b.age / nullif(b.freeze_age, 0) desc
)
select case when j.age >= j.critical then 'critical' else 'warning' end
		as severity,
	j.database::pg_catalog.text as object,
	j.database,
	j.kind,
	pg_catalog.to_char(j.age, 'FM999,999,999,999') as age,
	pg_catalog.to_char(j.freeze_age, 'FM999,999,999,999') as limit,
	j.age as value,
	case when j.age >= j.critical then j.critical else j.warning end
		as threshold
from judged j
order by j.age desc
