-- Foreign servers and event triggers, what reaches beyond the tables.  The options
-- of user mappings are passwords more often than not and are not read.
select 'foreign server' as kind, s.srvname as name,
	pg_catalog.pg_get_userbyid(s.srvowner) as owner,
	w.fdwname::pg_catalog.text as of,
	(
		select pg_catalog.json_agg(case when o.pair ~*
			'^[^=]*(secret|passw|token|credential|key=)'
			then pg_catalog.regexp_replace(o.pair, '=.*', '=(hidden)')
			else o.pair end order by o.pair)
		from pg_catalog.unnest(s.srvoptions) o(pair)) as options,
	null::pg_catalog.text as enabled,
	(
		select coalesce(pg_catalog.json_agg(coalesce(u.usename, 'public')
			order by u.usename), '[]')
		from pg_catalog.pg_user_mappings u
		where u.srvid = s.oid) as users,
	(
		select pg_catalog.count(*) from pg_catalog.pg_foreign_table t
		where t.ftserver = s.oid) as tables,
	pg_catalog.obj_description(s.oid, 'pg_foreign_server') as comment
from pg_catalog.pg_foreign_server s
join pg_catalog.pg_foreign_data_wrapper w on w.oid = s.srvfdw
union all
select 'event trigger', e.evtname, pg_catalog.pg_get_userbyid(e.evtowner),
	pg_catalog.concat('on ', e.evtevent, ': ', n.nspname, '.', p.proname),
	pg_catalog.to_json(e.evttags),
	case e.evtenabled when 'O' then 'yes' when 'D' then 'no'
	when 'R' then 'replica' when 'A' then 'always' end,
	null, null, pg_catalog.obj_description(e.oid, 'pg_event_trigger')
from pg_catalog.pg_event_trigger e
join pg_catalog.pg_proc p on p.oid = e.evtfoid
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where not exists (
	select from pg_catalog.pg_depend d
	where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
	and d.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass
	and d.objid = e.oid and d.deptype = 'e')
order by 1, 2
