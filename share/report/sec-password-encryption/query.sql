-- SPDX-License-Identifier: PostgreSQL
select 'warning' as severity,
	s.name as object,
	s.reset_val as value,
	'scram-sha-256' as threshold
from pg_catalog.pg_settings s
where s.name = 'password_encryption'
and s.reset_val <> 'scram-sha-256'
and $1::pg_catalog.jsonb is not null
