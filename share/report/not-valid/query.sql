-- SPDX-License-Identifier: PostgreSQL
-- What a version 18 calls not enforced is meant so.
with
-- part: tables
open as (
	select o.*
	from pg_catalog.pg_constraint o
	where not o.convalidated
	and o.contype in ('c', 'f', 'n')
	and o.conparentid = 0
	and o.coninhcount = 0
	and coalesce(pg_catalog.to_jsonb(o) ->> 'conenforced', 'true') = 'true'
	and $1::pg_catalog.jsonb is not null
)
select 'warning' as severity,
	pg_catalog.format('%s.%s.%s', b.nspname, b.relname, o.conname) as object,
	o.conname as constraint,
	pg_catalog.format('%s.%s', b.nspname, b.relname) as of,
	pg_catalog.format('alter table %I.%I validate constraint %I', b.nspname,
		b.relname, o.conname) as mend,
	pg_catalog.format('alter table %1$I.%2$I drop constraint %3$I; alter table %1$I.%2$I add constraint %3$I %4$s',
		b.nspname, b.relname, o.conname, pg_catalog.pg_get_constraintdef(o.oid))
		as unmend
from open o
join tables b on b.oid = o.conrelid
union all
select 'warning',
	pg_catalog.format('%s.%s.%s', n.nspname, y.typname, o.conname),
	o.conname,
	pg_catalog.format('domain %s.%s', n.nspname, y.typname),
	pg_catalog.format('alter domain %I.%I validate constraint %I', n.nspname,
		y.typname, o.conname),
	pg_catalog.format('alter domain %1$I.%2$I drop constraint %3$I; alter domain %1$I.%2$I add constraint %3$I %4$s',
		n.nspname, y.typname, o.conname, pg_catalog.pg_get_constraintdef(o.oid))
from open o
join pg_catalog.pg_type y on y.oid = o.contypid
join pg_catalog.pg_namespace n on n.oid = y.typnamespace
order by 2
