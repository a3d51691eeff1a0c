-- SPDX-License-Identifier: PostgreSQL
select 'critical' as severity,
	s.name as object,
	s.name,
	r.wanted as right,
	r.why,
	s.reset_val as value,
	r.wanted as threshold
from pg_catalog.pg_settings s
join (
	values ('fsync', 'on', 'a crash of the system can destroy the cluster'),
		('full_page_writes', 'on', 'a crash of the system can leave pages half written'),
		('zero_damaged_pages', 'off', 'pages that are damaged are emptied without a word')
) r (name, wanted, why) on r.name = s.name
where s.reset_val <> r.wanted
and $1::pg_catalog.jsonb is not null
order by 2
