-- Who may do what, on everything but tables and columns, which have their own
-- (see tables) and functions (see functions); and what new objects will bring.
-- Only what was granted: an object without an entry has its kind's defaults.
with owned as materialized (
	select d.classid, d.objid
	from pg_catalog.pg_depend d
	where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
	and d.deptype = 'e'
),
object as (
	select 'database' as kind, null::pg_catalog.name as schema,
		d.datname::pg_catalog.text as object, d.datdba as owner, d.datacl as acl
	from pg_catalog.pg_database d
	where d.datname = pg_catalog.current_database()
	union all
	select 'schema', n.nspname, n.nspname, n.nspowner, n.nspacl
	from pg_catalog.pg_namespace n
	where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
	and not exists (
		select from owned o
		where o.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
		and o.objid = n.oid)
	union all
	select 'sequence', n.nspname, c.relname, c.relowner, c.relacl
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where c.relkind = 'S' and c.relacl is not null
	and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
	and not exists (
		select from owned o
		where o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and o.objid = c.oid)
	union all
	select 'type', n.nspname, t.typname, t.typowner, t.typacl
	from pg_catalog.pg_type t
	join pg_catalog.pg_namespace n on n.oid = t.typnamespace
	where t.typacl is not null
	and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
	and not exists (
		select from owned o
		where o.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
		and o.objid = t.oid)
	union all
	select 'language', null, l.lanname, l.lanowner, l.lanacl
	from pg_catalog.pg_language l
	union all
	select 'foreign data wrapper', null, w.fdwname, w.fdwowner, w.fdwacl
	from pg_catalog.pg_foreign_data_wrapper w
	union all
	select 'foreign server', null, s.srvname, s.srvowner, s.srvacl
	from pg_catalog.pg_foreign_server s
	union all
	select 'large object', null, l.oid::pg_catalog.text, l.lomowner, l.lomacl
	from pg_catalog.pg_largeobject_metadata l
	where l.lomacl is not null
	union all
	select case a.defaclobjtype when 'r' then 'new tables'
		when 'S' then 'new sequences' when 'f' then 'new functions'
		when 'T' then 'new types' when 'n' then 'new schemas'
		when 'L' then 'new large objects' end,
		n.nspname, 'made by ' || pg_catalog.pg_get_userbyid(a.defaclrole),
		a.defaclrole, a.defaclacl
	from pg_catalog.pg_default_acl a
	left join pg_catalog.pg_namespace n on n.oid = a.defaclnamespace
)
select o.kind, o.schema, o.object, coalesce(r.rolname, 'public') as grantee,
	pg_catalog.json_agg(pg_catalog.concat(x.privilege_type,
		case when x.is_grantable then ' with grant option' end)
		order by x.privilege_type) as privileges,
	pg_catalog.pg_get_userbyid(o.owner) as owner
from object o
cross join lateral pg_catalog.aclexplode(o.acl) x
left join pg_catalog.pg_roles r on r.oid = x.grantee
where x.grantee <> o.owner
group by o.kind, o.schema, o.object, r.rolname, o.owner
order by o.kind, o.schema, o.object, 4
