-- Functions, procedures and aggregates.  A definition of more than 20,000
-- characters is cut and says so.
with owned as materialized (
	select d.objid
	from pg_catalog.pg_depend d
	where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
	and d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
	and d.deptype = 'e'
),
own as materialized (
	select d.objid
	from pg_catalog.pg_depend d
	where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
	and d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
	and d.deptype = 'e'
),
fired as materialized (
	select t.tgfoid, pg_catalog.count(*) as triggers
	from pg_catalog.pg_trigger t
	where not t.tgisinternal and t.tgparentid = 0
	group by 1
)
select n.nspname as schema, p.proname as function,
	pg_catalog.pg_get_function_identity_arguments(p.oid) as identity,
	case p.prokind when 'f' then 'function' when 'p' then 'procedure'
	when 'a' then 'aggregate' when 'w' then 'window function' end as kind,
	d.description as comment,
	pg_catalog.pg_get_function_arguments(p.oid) as arguments,
	pg_catalog.pg_get_function_result(p.oid) as returns,
	l.lanname as language,
	pg_catalog.pg_get_userbyid(p.proowner) as owner,
	case p.provolatile when 'i' then 'immutable' when 's' then 'stable'
	when 'v' then 'volatile' end as volatility,
	case p.proparallel when 's' then 'safe' when 'r' then 'restricted'
	when 'u' then 'unsafe' end as parallel,
	p.proisstrict as strict, p.prosecdef as security_definer,
	p.proleakproof as leakproof,
	pg_catalog.to_json(p.proconfig) as settings,
	coalesce(f.triggers, 0) as triggers,
	pg_catalog.pg_stat_get_function_calls(p.oid) as calls,
	pg_catalog.pg_stat_get_function_total_time(p.oid) / 1000 as seconds,
	-- Everybody may execute a function unless that was taken away.
	case when p.proacl is null then '["public: EXECUTE"]'::pg_catalog.json
	else (
		select coalesce(pg_catalog.json_agg(g.text order by g.text), '[]')
		from (
			select pg_catalog.concat(coalesce(a.rolname, 'public'), ': ',
				x.privilege_type) as text
			from pg_catalog.aclexplode(p.proacl) x
			left join pg_catalog.pg_roles a on a.oid = x.grantee
			where x.grantee <> p.proowner
		) g) end as grants,
	case when p.prokind <> 'a' then case
		when pg_catalog.length(p.prosrc) > 20000
		then pg_catalog.left(pg_catalog.pg_get_functiondef(p.oid), 20000)
			|| E'\n-- cut here: the source has '
			|| pg_catalog.length(p.prosrc) || ' characters'
		else pg_catalog.pg_get_functiondef(p.oid) end end as definition
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
left join fired f on f.tgfoid = p.oid
left join pg_catalog.pg_description d on d.objoid = p.oid and d.objsubid = 0
	and d.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass
where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
and not exists (select from owned o where o.objid = p.oid)
and not exists (select from own o where o.objid = n.oid)
-- The constructors of a range type are the type's.
and not exists (
	select from pg_catalog.pg_depend d
	where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
	and d.objid = p.oid and d.deptype = 'i')
order by n.nspname, p.proname, 3
