-- SPDX-License-Identifier: PostgreSQL
-- Since version 18 a list of what is logged.
select 'notice' as severity,
	s.name as object,
	s.reset_val as value
from pg_catalog.pg_settings s
where s.name = 'log_connections'
and s.reset_val in ('off', '', 'false', 'no', '0')
and $1::pg_catalog.jsonb is not null
