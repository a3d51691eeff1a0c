-- SPDX-License-Identifier: PostgreSQL
-- The parameter is not needed, and is there for its type.
select 'critical' as severity,
	s.name as object,
	s.name,
	s.setting as value,
	'on' as threshold
from pg_catalog.pg_settings s
where s.name in ('autovacuum', 'track_counts')
and s.reset_val = 'off'
and $1::pg_catalog.jsonb is not null
order by s.name
