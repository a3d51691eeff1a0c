-- SPDX-License-Identifier: PostgreSQL
select 'warning' as severity,
	s.name as object,
	s.name,
	s.setting as value
from pg_catalog.pg_settings s
where s.pending_restart
and $1::pg_catalog.jsonb is not null
order by 2
