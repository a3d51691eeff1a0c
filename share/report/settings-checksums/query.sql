-- SPDX-License-Identifier: PostgreSQL
select 'notice' as severity,
	'data_checksums' as object,
	s.setting as value
from pg_catalog.pg_settings s
where s.name = 'data_checksums'
and s.setting = 'off'
and $1::pg_catalog.jsonb is not null
