-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'coverage')::pg_catalog.float8 as coverage,
		(g ->> 'tables')::pg_catalog.float8 as tables
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: tables
counted as (
	select b.nspname, pg_catalog.count(*) as count,
		pg_catalog.count(*) filter (where d.description is null) as missing
	from tables b
	left join pg_catalog.pg_description d on d.objoid = b.oid
		and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and d.objsubid = 0
	group by b.nspname
)
select 'notice' as severity,
	c.nspname::pg_catalog.text as object,
	c.nspname as schema,
	c.count,
	c.missing,
	pg_catalog.round(1 - 1.0 * c.missing / c.count, 3)::pg_catalog.float8 as value,
	t.coverage as threshold
from counted c, t
where c.count >= t.tables
and c.count - c.missing < t.coverage * c.count
order by 2
