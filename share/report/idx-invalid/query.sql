-- SPDX-License-Identifier: PostgreSQL
-- An index that is being built is not valid yet.  Who builds one holds a
-- ShareUpdateExclusive lock on the table, as do vacuums, which say that they
-- are one; what a session builds is hidden from others, its locks are not.

select 'critical' as severity,
	pg_catalog.format('%s.%s', n.nspname, k.relname) as object,
	n.nspname as schema,
	c.relname as table,
	k.relname as index,
	case when x.indisready then 'invalid' else 'not ready' end as state,
	case
	when k.relname ~ '_cc(new|old)[0-9]*$' then pg_catalog.format(
		'drop index concurrently %I.%I', n.nspname, k.relname)
	else pg_catalog.format('reindex index concurrently %I.%I', n.nspname, k.relname)
	end as mend,
	case when k.relname ~ '_cc(new|old)[0-9]*$' then
		pg_catalog.pg_get_indexdef(x.indexrelid)
	end as unmend,
	k.relpages::pg_catalog.float8 * pg_catalog.current_setting('block_size')::pg_catalog.float8 as bytes
from pg_catalog.pg_index x
join pg_catalog.pg_class k on k.oid = x.indexrelid
join pg_catalog.pg_class c on c.oid = x.indrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where (not x.indisvalid or not x.indisready)
and x.indislive
-- A partitioned index is not valid until each partition has one.
and k.relkind = 'i'
and n.nspname !~ '^pg_temp_'
and $1::pg_catalog.jsonb is not null
and not exists (
	select
	from pg_catalog.pg_stat_progress_create_index p
	where p.relid = x.indrelid
)
and not exists (
	select
	from pg_catalog.pg_locks l
	where l.relation = x.indrelid
	and l.database = (
		select d.oid
		from pg_catalog.pg_database d
		where d.datname = pg_catalog.current_database()
	)
	and l.mode = 'ShareUpdateExclusiveLock'
	and l.granted
	and l.pid not in (
		select v.pid
		from pg_catalog.pg_stat_progress_vacuum v
	)
)
order by 2
