-- Schemas and what lies in them; an extension's own are left out, and what
-- extensions have put into others' is not counted.
with owned as materialized (
	select d.classid, d.objid
	from pg_catalog.pg_depend d
	where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
	and d.deptype = 'e'
)
select n.nspname as schema, d.description as comment,
	pg_catalog.pg_get_userbyid(n.nspowner) as owner,
	coalesce(c.tables, 0) as tables,
	coalesce(c.partitions, 0) as partitions,
	coalesce(c.views, 0) as views,
	coalesce(f.functions, 0) as functions,
	coalesce(c.sequences, 0) as sequences,
	(
		select coalesce(pg_catalog.json_agg(g.text order by g.text), '[]')
		from (
			select pg_catalog.concat(coalesce(a.rolname, 'public'), ': ',
				pg_catalog.string_agg(x.privilege_type, ', '
					order by x.privilege_type)) as text
			from pg_catalog.aclexplode(n.nspacl) x
			left join pg_catalog.pg_roles a on a.oid = x.grantee
			where x.grantee <> n.nspowner
			group by a.rolname
		) g) as grants
from pg_catalog.pg_namespace n
left join pg_catalog.pg_description d on d.objoid = n.oid and d.objsubid = 0
	and d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
left join (
	select c.relnamespace,
		pg_catalog.count(*) filter (where c.relkind in ('r', 'p', 'f')
			and not c.relispartition) as tables,
		pg_catalog.count(*) filter (where c.relispartition) as partitions,
		pg_catalog.count(*) filter (where c.relkind in ('v', 'm')) as views,
		pg_catalog.count(*) filter (where c.relkind = 'S') as sequences
	from pg_catalog.pg_class c
	where c.relkind in ('r', 'p', 'f', 'v', 'm', 'S')
	and not exists (
		select from owned o
		where o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and o.objid = c.oid)
	group by 1
) c on c.relnamespace = n.oid
left join (
	select p.pronamespace, pg_catalog.count(*) as functions
	from pg_catalog.pg_proc p
	-- Neither an extension's nor a range type's own.
	where not exists (
		select from pg_catalog.pg_depend o
		where o.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
		and o.objid = p.oid and o.deptype in ('e', 'i'))
	group by 1
) f on f.pronamespace = n.oid
where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
and not exists (
	select from owned o
	where o.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
	and o.objid = n.oid)
order by n.nspname
