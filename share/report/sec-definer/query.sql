-- SPDX-License-Identifier: PostgreSQL
select 'warning' as severity,
	p.oid::pg_catalog.regprocedure::pg_catalog.text as object,
	p.oid::pg_catalog.regprocedure::pg_catalog.text as function,
	r.rolname as owner,
	n.nspname as schema,
	case p.prokind when 'p' then 'procedure' else 'function' end as kind,
	p.oid::pg_catalog.regprocedure::pg_catalog.text as signature
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
left join pg_catalog.pg_roles r on r.oid = p.proowner
where p.prosecdef
and n.nspname !~ '^(pg_|information_schema$|_?timescaledb_)'
and l.lanname not in ('c', 'internal')
-- A body in standard SQL has found its objects when it was made.
and pg_catalog.to_jsonb(p) ->> 'prosqlbody' is null
and $1::pg_catalog.jsonb is not null
and not exists (
	select
	from pg_catalog.unnest(p.proconfig) c
	where c like 'search_path=%'
)
and not exists (
	select
	from pg_catalog.pg_depend d
	where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
	and d.objid = p.oid
	and d.deptype = 'e'
)
order by 2
