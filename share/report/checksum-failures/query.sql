-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'days')::pg_catalog.float8 as days,
		pg_catalog.current_setting('data_checksums') as checksums
	from (select $1::pg_catalog.jsonb) p (g)
)
select case when d.checksum_last_failure >= pg_catalog.clock_timestamp()
		- t.days * interval '1 day' then 'critical'
	else 'warning' end as severity,
	coalesce(d.datname, 'shared catalogs')::pg_catalog.text as object,
	coalesce(d.datname, 'the shared catalogs')::pg_catalog.text as database,
	d.checksum_failures as failures,
	coalesce(pg_catalog.date_trunc('second', d.checksum_last_failure)::pg_catalog.text,
		'at an unknown time') as when,
	d.checksum_failures as value,
	0 as threshold,
	null as reason
from pg_catalog.pg_stat_database d, t
where d.checksum_failures > 0
union all
select 'skipped', 'server', null, null, null, null, null,
	'this cluster has no data checksums, so damage would not be noticed'
from t
where t.checksums = 'off'
