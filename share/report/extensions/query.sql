-- Extensions and whether the server has a newer version of them.
select e.extname as extension, e.extversion as version,
	a.default_version as available,
	coalesce(a.default_version <> e.extversion, false) as behind,
	n.nspname as schema, pg_catalog.pg_get_userbyid(e.extowner) as owner,
	(
		select coalesce(pg_catalog.json_agg(r.extname order by r.extname), '[]')
		from pg_catalog.pg_depend d
		join pg_catalog.pg_extension r on r.oid = d.refobjid
		where d.classid = 'pg_catalog.pg_extension'::pg_catalog.regclass
		and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
		and d.objid = e.oid) as requires,
	(
		select pg_catalog.count(*) from pg_catalog.pg_depend d
		where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
		and d.refobjid = e.oid and d.deptype = 'e') as objects,
	coalesce(o.description, a.comment) as comment
from pg_catalog.pg_extension e
join pg_catalog.pg_namespace n on n.oid = e.extnamespace
left join pg_catalog.pg_available_extensions() a on a.name = e.extname
left join pg_catalog.pg_description o on o.objoid = e.oid and o.objsubid = 0
	and o.classoid = 'pg_catalog.pg_extension'::pg_catalog.regclass
order by e.extname
