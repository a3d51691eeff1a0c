-- SPDX-License-Identifier: PostgreSQL
-- part: hyper
-- The users' own tables, each under its own name: no partitions, no chunks,
-- nothing of an extension.
tables as materialized (
	select c.oid, n.nspname, c.relname, c.relkind, c.reloptions,
		c.relpersistence, c.reltoastrelid, c.relreplident,
		c.oid in (select h.oid from hyper h) as hypertable
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where c.relkind in ('r', 'p')
	and not c.relispartition
	and c.relpersistence <> 't'
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
),
