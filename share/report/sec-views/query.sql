-- SPDX-License-Identifier: PostgreSQL
-- Only views whose owner the policies do not hold: a superuser, one with
-- bypassrls, or the table's owner where it is not forced.

select 'warning' as severity,
	pg_catalog.format('%s.%s', n.nspname, v.relname) as object,
	n.nspname as schema,
	v.relname as view,
	pg_catalog.string_agg(distinct pg_catalog.format('%s.%s', m.nspname, c.relname), ', ')
		as tables
from pg_catalog.pg_class v
join pg_catalog.pg_namespace n on n.oid = v.relnamespace
join pg_catalog.pg_rewrite w on w.ev_class = v.oid
join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
	and d.objid = w.oid
	and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
	and d.deptype = 'n'
join pg_catalog.pg_class c on c.oid = d.refobjid
join pg_catalog.pg_namespace m on m.oid = c.relnamespace
join pg_catalog.pg_roles o on o.oid = v.relowner
where v.relkind = 'v'
and c.relkind in ('r', 'p')
and c.relrowsecurity
and (o.rolsuper or o.rolbypassrls
	or c.relowner = v.relowner and not c.relforcerowsecurity)
and n.nspname !~ '^(pg_|information_schema$|_?timescaledb_)'
and $1::pg_catalog.jsonb is not null
and not exists (
	select
	from pg_catalog.pg_options_to_table(v.reloptions) o
	where o.option_name = 'security_invoker'
	and o.option_value in ('true', 'on', 'yes', '1', 't', 'y')
)
and not exists (
	select
	from pg_catalog.pg_depend e
	where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
	and e.objid = v.oid
	and e.deptype = 'e'
)
group by n.nspname, v.relname
order by 2
