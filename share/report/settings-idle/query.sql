-- SPDX-License-Identifier: PostgreSQL
-- The session that asks has a value of its own; what others get is the value
-- that a reset would bring.
select 'notice' as severity,
	s.name as object,
	s.name,
	s.reset_val as value
from pg_catalog.pg_settings s
where s.name = 'idle_in_transaction_session_timeout'
and s.reset_val = '0'
and $1::pg_catalog.jsonb is not null
