-- SPDX-License-Identifier: PostgreSQL
-- There is no network here to ask: the project publishes the last minor
-- release of each major version ahead.

with t as (
	select (g ->> 'warning_days')::pg_catalog.float8 as days,
		pg_catalog.current_setting('server_version_num')::pg_catalog.int4 / 10000 as major,
		'2025-11-13'::pg_catalog.date as as_of
	from (select $1::pg_catalog.jsonb) p (g)
),
ends (major, ends) as (
	values (9, '2021-11-11'::pg_catalog.date), (10, '2022-11-10'), (11, '2023-11-09'),
		(12, '2024-11-21'), (13, '2025-11-13'), (14, '2026-11-12'),
		(15, '2027-11-11'), (16, '2028-11-09'), (17, '2029-11-08'),
		(18, '2030-11-14')
)
select case when e.ends < current_date then 'critical' else 'warning' end
		as severity,
	'server' as object,
	t.major,
	case when e.ends < current_date
	then pg_catalog.format('has had no fixes since %s', e.ends)
	else pg_catalog.format('gets its last fixes on %s', e.ends) end as text,
	t.as_of,
	e.ends - current_date as value,
	case when e.ends < current_date then 0 else t.days end as threshold,
	null as reason
from t
join ends e on e.major = t.major
where e.ends < current_date + t.days * interval '1 day'
union all
select 'skipped', 'server', t.major, null, t.as_of, null, null,
	pg_catalog.format('the end of PostgreSQL %s is not in the table of %s', t.major,
		t.as_of)
from t
where t.major not in (select e.major from ends e)
