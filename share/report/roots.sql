-- SPDX-License-Identifier: PostgreSQL
-- part: hyper
-- Every table with the root that it is reported at: a partition's topmost
-- parent, a chunk's hypertable, for all others the table itself.
roots (oid, root) as (
	select c.oid, c.oid
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where c.relkind in ('r', 'p', 'm')
	and not c.relispartition
	and n.nspname !~ '^(pg_|information_schema$|_?timescaledb_)'
	and not exists (
		select
		from pg_catalog.pg_depend d
		where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and d.objid = c.oid
		and d.deptype = 'e'
	)
	and not exists (
		select
		from pg_catalog.pg_inherits i
		join hyper h on h.oid = i.inhparent
		where i.inhrelid = c.oid
	)
	union all
	select i.inhrelid, r.root
	from roots r
	join pg_catalog.pg_inherits i on i.inhparent = r.oid
	join pg_catalog.pg_class c on c.oid = i.inhrelid
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where c.relispartition
	or n.nspname ~ '^_timescaledb_'
	or r.oid in (select h.oid from hyper h)
),
