-- SPDX-License-Identifier: PostgreSQL
with
-- part: tables
secured as (
	select b.*
	from tables b
	join pg_catalog.pg_class c on c.oid = b.oid
	where c.relrowsecurity
	and $1::pg_catalog.jsonb is not null
	and not exists (
		select
		from pg_catalog.pg_policy p
		where p.polrelid = b.oid
	)
)
select 'warning' as severity,
	pg_catalog.format('%s.%s', s.nspname, s.relname) as object,
	s.nspname as schema,
	s.relname as table
from secured s
order by 2
