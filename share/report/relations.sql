-- SPDX-License-Identifier: PostgreSQL
-- The tables and materialized views that are users' own: each with its root, which is
-- itself, the partitioned table or the hypertable that it belongs to.
owned as materialized (
	select d.classid, d.objid
	from pg_catalog.pg_depend d
	where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
	and d.deptype = 'e'
),
space as materialized (
	select n.oid, n.nspname
	from pg_catalog.pg_namespace n
	where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
	and not exists (
		select from owned o
		where o.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
		and o.objid = n.oid)
),
-- part: hyper
-- Partitions belong to the root of their tree, and so do their indexes; chunks to
-- their hypertable.
below(root, oid, chunk) as (
	select coalesce(h.view, i.inhparent), i.inhrelid, h.oid is not null
	from pg_catalog.pg_inherits i
	join pg_catalog.pg_class p on p.oid = i.inhparent
	join pg_catalog.pg_class c on c.oid = i.inhrelid
	left join hyper h on h.oid = i.inhparent
	where h.oid is not null or (c.relispartition and not p.relispartition)
	union all
	select b.root, i.inhrelid, b.chunk
	from below b
	join pg_catalog.pg_inherits i on i.inhparent = b.oid
	where not b.chunk
),
rel as materialized (
	select c.oid, coalesce(b.root, c.oid) as root, c.relname, c.relkind,
		c.relpages, c.reltuples, c.reltoastrelid, c.relfrozenxid, c.relminmxid,
		c.reloptions, b.chunk, c.relnamespace
	from pg_catalog.pg_class c
	left join below b on b.oid = c.oid
	where c.relkind in ('r', 'm') and c.relpersistence <> 't'
	and (b.oid is not null or (
		c.relnamespace in (select s.oid from space s)
		and not exists (
			select from owned o
			where o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
			and o.objid = c.oid)))
),
