-- Tablespaces that somebody has made; what lies in the two that are always there
-- is told with the databases.
select t.spcname as tablespace,
	pg_catalog.pg_get_userbyid(t.spcowner) as owner,
	pg_catalog.pg_tablespace_location(t.oid) as location,
	case when p.sees then pg_catalog.pg_tablespace_size(t.oid) end as bytes,
	case when not p.sees then 'needs create on it or pg_read_all_stats' end
		as size_note,
	pg_catalog.to_json(t.spcoptions) as options,
	pg_catalog.shobj_description(t.oid, 'pg_tablespace') as comment
from pg_catalog.pg_tablespace t
cross join lateral (
	select pg_catalog.has_tablespace_privilege(t.oid, 'create')
		or pg_catalog.pg_has_role('pg_read_all_stats', 'usage')) p(sees)
where t.spcname not in ('pg_default', 'pg_global')
order by t.spcname
