-- Enumerations, composite types, domains, ranges and base types; not the row types
-- of tables, nor arrays, nor the multirange that each range brings.
select n.nspname as schema, t.typname as type,
	case t.typtype when 'e' then 'enum' when 'c' then 'composite'
	when 'd' then 'domain' when 'r' then 'range' when 'b' then 'base'
	when 'p' then 'pseudo' end as kind,
	e.labels,
	case t.typtype
	when 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod)
	when 'r' then pg_catalog.format_type(g.rngsubtype, null) end as base,
	case when t.typtype = 'd' then t.typnotnull end as not_null,
	t.typdefault as default,
	case when t.typtype = 'd' and t.typcollation <> b.typcollation
	then l.collname end as collation,
	a.attributes, k.constraints,
	pg_catalog.pg_get_userbyid(t.typowner) as owner,
	d.description as comment
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
left join pg_catalog.pg_class c on c.oid = t.typrelid
left join pg_catalog.pg_type b on b.oid = t.typbasetype
left join pg_catalog.pg_range g on g.rngtypid = t.oid
left join pg_catalog.pg_collation l on l.oid = t.typcollation
left join (
	select e.enumtypid, pg_catalog.json_agg(e.enumlabel
		order by e.enumsortorder) as labels
	from pg_catalog.pg_enum e
	group by 1
) e on e.enumtypid = t.oid
left join (
	select a.attrelid, pg_catalog.json_agg(pg_catalog.json_build_object(
		'name', a.attname,
		'type', pg_catalog.format_type(a.atttypid, a.atttypmod))
		order by a.attnum) as attributes
	from pg_catalog.pg_attribute a
	join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind = 'c'
	where a.attnum > 0 and not a.attisdropped
	group by 1
) a on a.attrelid = t.typrelid
left join (
	select k.contypid, pg_catalog.json_agg(pg_catalog.json_build_object(
		'name', k.conname,
		'definition', pg_catalog.pg_get_constraintdef(k.oid, true),
		'valid', k.convalidated) order by k.conname) as constraints
	from pg_catalog.pg_constraint k
	where k.contypid <> 0 and k.contype = 'c'
	group by 1
) k on k.contypid = t.oid
left join pg_catalog.pg_description d on d.objoid = t.oid and d.objsubid = 0
	and d.classoid = 'pg_catalog.pg_type'::pg_catalog.regclass
where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
and t.typtype in ('e', 'c', 'd', 'r', 'b')
and (t.typrelid = 0 or c.relkind = 'c')
and not exists (
	select from pg_catalog.pg_type x where x.typarray = t.oid)
and not exists (
	select from pg_catalog.pg_depend o
	where o.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
	and o.deptype = 'e'
	and ((o.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
			and o.objid = t.oid)
		or (o.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
			and o.objid = n.oid)))
order by n.nspname, t.typname
