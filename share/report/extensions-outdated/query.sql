-- SPDX-License-Identifier: PostgreSQL
with behind as (
	select e.extname, e.extversion, a.default_version
	from pg_catalog.pg_extension e
	join pg_catalog.pg_available_extensions a on a.name = e.extname
	where a.default_version is distinct from e.extversion
	and $1::pg_catalog.jsonb is not null
)
select 'warning' as severity,
	b.extname::pg_catalog.text as object,
	b.extname as extension,
	b.extversion as version,
	b.default_version as available,
	case when exists (
		select
		from pg_catalog.pg_extension_update_paths(b.extname) p
		where p.source = b.default_version
		and p.target = b.extversion
		and p.path is not null
	) then pg_catalog.format('alter extension %I update to %L', b.extname,
		b.extversion) end as unmend,
	b.extversion as value,
	b.default_version as threshold
from behind b
order by 2
