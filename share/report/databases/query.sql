-- The databases of the cluster, templates left out.  Columns that not all versions
-- have are read by name from the row.  The size of a database is for who may
-- connect to it or read all statistics.
select d.datname as database,
	pg_catalog.pg_get_userbyid(d.datdba) as owner,
	case when p.sees then pg_catalog.pg_database_size(d.oid) end as bytes,
	case when not p.sees then 'needs connect on it or pg_read_all_stats' end
		as size_note,
	s.numbackends as connections,
	case when d.datconnlimit >= 0 then d.datconnlimit end as connection_limit,
	case when s.blks_hit + s.blks_read > 0
	then s.blks_hit::pg_catalog.float8 / (s.blks_hit + s.blks_read) end
		as cache_hit,
	s.xact_commit as commits, s.xact_rollback as rollbacks, s.deadlocks,
	s.conflicts, s.temp_files, s.temp_bytes, s.checksum_failures,
	pg_catalog.age(d.datfrozenxid) as frozen_age,
	pg_catalog.mxid_age(d.datminmxid) as multixact_age,
	pg_catalog.pg_encoding_to_char(d.encoding) as encoding,
	coalesce(j.row->>'datlocale', j.row->>'daticulocale', d.datcollate)
		as locale,
	case j.row->>'datlocprovider' when 'i' then 'icu' when 'b' then 'builtin'
	else 'libc' end as provider,
	t.spcname as tablespace, d.datallowconn as connectable,
	(
		select pg_catalog.json_agg(case when c.pair ~*
			'^[^=]*(secret|passw|token|credential|conninfo|key=)'
			then pg_catalog.regexp_replace(c.pair, '=.*', '=(hidden)')
			else c.pair end order by c.pair)
		from pg_catalog.pg_db_role_setting r
		cross join pg_catalog.unnest(r.setconfig) c(pair)
		where r.setdatabase = d.oid and r.setrole = 0) as settings,
	(
		select pg_catalog.json_agg(g.text order by g.text)
		from (
			select pg_catalog.concat(coalesce(a.rolname, 'public'), ': ',
				pg_catalog.string_agg(x.privilege_type, ', '
					order by x.privilege_type)) as text
			from pg_catalog.aclexplode(d.datacl) x
			left join pg_catalog.pg_roles a on a.oid = x.grantee
			where x.grantee <> d.datdba
			group by a.rolname
		) g) as grants,
	s.stats_reset,
	pg_catalog.shobj_description(d.oid, 'pg_database') as comment
from pg_catalog.pg_database d
left join pg_catalog.pg_stat_database s on s.datid = d.oid
left join pg_catalog.pg_tablespace t on t.oid = d.dattablespace
cross join lateral (select pg_catalog.to_jsonb(d)) j(row)
cross join lateral (
	select pg_catalog.has_database_privilege(d.oid, 'connect')
		or pg_catalog.pg_has_role('pg_read_all_stats', 'usage')) p(sees)
where not d.datistemplate
order by d.datname
