-- SPDX-License-Identifier: PostgreSQL
select 'warning' as severity,
	pg_catalog.format('%s:%s', f.sourcefile, f.sourceline) as object,
	f.sourcefile as file,
	f.sourceline as line,
	pg_catalog.concat_ws(': ', f.name, f.error) as text,
	f.name
from pg_catalog.pg_show_all_file_settings() f
where f.error is not null
-- Of a setting that waits for a restart another check tells.
and f.error <> 'setting could not be applied'
and $1::pg_catalog.jsonb is not null
order by f.sourcefile, f.sourceline
