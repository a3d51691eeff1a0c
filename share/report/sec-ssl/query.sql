-- SPDX-License-Identifier: PostgreSQL
select 'warning' as severity,
	'ssl' as object,
	l.setting as value
from pg_catalog.pg_settings l
join pg_catalog.pg_settings s on s.name = 'ssl' and s.setting = 'off'
where l.name = 'listen_addresses'
and $1::pg_catalog.jsonb is not null
and exists (
	select
	from pg_catalog.regexp_split_to_table(l.setting, ' *, *') a
	where a <> ''
	and a <> 'localhost'
	and a !~ '^127\.'
	and a <> '::1'
)
