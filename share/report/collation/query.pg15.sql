-- SPDX-License-Identifier: PostgreSQL
with used as (
	-- Text sorted by a named collation.  0 stands for the database's own.
	select x.collation as oid, pg_catalog.count(distinct x.indexrelid) as indexes,
		pg_catalog.string_agg(distinct pg_catalog.format('reindex index concurrently %s',
			x.indexrelid::pg_catalog.regclass), '; ') as mend
	from (
		select x.indexrelid, case l.collprovider when 'd' then 0
			else l.oid end as collation
		from pg_catalog.pg_index x
		cross join lateral pg_catalog.unnest(x.indcollation) c (oid)
		join pg_catalog.pg_collation l on l.oid = c.oid
		join pg_catalog.pg_class k on k.oid = x.indexrelid
		where k.relkind = 'i'
		and (l.collprovider = 'd' or l.collversion is not null)
	) x
	group by x.collation
),
versions (oid, object, what, recorded, actual, refresh) as (
	select 0::pg_catalog.oid, pg_catalog.format('database %s', d.datname),
		pg_catalog.format('database %s', d.datname), d.datcollversion,
		pg_catalog.pg_database_collation_actual_version(d.oid),
		pg_catalog.format('alter database %I refresh collation version', d.datname)
	from pg_catalog.pg_database d
	where d.datname = pg_catalog.current_database()
	union all
	select l.oid, pg_catalog.format('%s.%s', n.nspname, l.collname),
		pg_catalog.format('collation %s.%s', n.nspname, l.collname), l.collversion,
		pg_catalog.pg_collation_actual_version(l.oid),
		pg_catalog.format('alter collation %I.%I refresh version', n.nspname,
			l.collname)
	from used u
	join pg_catalog.pg_collation l on l.oid = u.oid
	join pg_catalog.pg_namespace n on n.oid = l.collnamespace
)
select case when u.indexes > 0 then 'critical' else 'warning' end
		as severity,
	v.object,
	v.what,
	v.recorded,
	v.actual,
	coalesce(u.indexes, 0) as indexes,
	pg_catalog.concat_ws('; ', u.mend, v.refresh) as mend,
	v.recorded as value,
	v.actual as threshold
from versions v
left join used u on u.oid = v.oid
where v.recorded <> v.actual
and $1::pg_catalog.jsonb is not null
order by 2
