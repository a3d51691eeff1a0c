-- SPDX-License-Identifier: PostgreSQL
with used as (
	-- Text sorted by a named collation.
	select l.oid, pg_catalog.count(distinct x.indexrelid) as indexes,
		pg_catalog.string_agg(distinct pg_catalog.format('reindex index concurrently %s',
			x.indexrelid::pg_catalog.regclass), '; ') as mend
	from pg_catalog.pg_collation l
	join (
		select x.indexrelid, pg_catalog.unnest(x.indcollation) as collation
		from pg_catalog.pg_index x
	) x on x.collation = l.oid
	join pg_catalog.pg_class k on k.oid = x.indexrelid and k.relkind = 'i'
	where l.collversion is not null
	group by l.oid
)
select 'critical' as severity,
	pg_catalog.format('%s.%s', n.nspname, l.collname) as object,
	pg_catalog.format('collation %s.%s', n.nspname, l.collname) as what,
	l.collversion as recorded,
	pg_catalog.pg_collation_actual_version(l.oid) as actual,
	u.indexes,
	pg_catalog.concat_ws('; ', u.mend, pg_catalog.format(
		'alter collation %I.%I refresh version', n.nspname, l.collname))
		as mend,
	l.collversion as value,
	pg_catalog.pg_collation_actual_version(l.oid) as threshold
from used u
join pg_catalog.pg_collation l on l.oid = u.oid
join pg_catalog.pg_namespace n on n.oid = l.collnamespace
where pg_catalog.pg_collation_actual_version(l.oid) <> l.collversion
and $1::pg_catalog.jsonb is not null
order by 2
