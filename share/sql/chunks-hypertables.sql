-- SPDX-License-Identifier: PostgreSQL
-- What TimescaleDB keeps.  Follows
--	with recursive pattern (...), looking (...)
-- and gives
--	hyper (relid, view, below): hypertables; of a continuous aggregate its
--		materialization, its view, and the hypertable that it is made from
--	chunk (relid, hypertable)
--	internal (oid): the schemas whose tables nobody asks for
--
-- Names are looked up in the catalog and not as regclass, which would ask for
-- the right to use their schemas.

, hyper (relid, view, below) as materialized (
	select c.oid, null::pg_catalog.oid, null::pg_catalog.oid
	from timescaledb_information.hypertables t
	cross join lateral (
		select c.oid
		from pg_catalog.pg_class c
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where c.relname = t.hypertable_name
		and n.nspname = t.hypertable_schema
		offset 0
	) c
	union all
	select m.oid, v.oid, b.oid
	from timescaledb_information.continuous_aggregates a
	cross join lateral (
		select c.oid
		from pg_catalog.pg_class c
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where c.relname = a.materialization_hypertable_name
		and n.nspname = a.materialization_hypertable_schema
		offset 0
	) m
	cross join lateral (
		select c.oid
		from pg_catalog.pg_class c
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where c.relname = a.view_name
		and n.nspname = a.view_schema
		offset 0
	) v
	cross join lateral (
		select c.oid
		from pg_catalog.pg_class c
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where c.relname = a.hypertable_name
		and n.nspname = a.hypertable_schema
		offset 0
	) b
),
chunk (relid, hypertable) as materialized (
	select i.inhrelid, h.relid
	from hyper h
	cross join lateral (
		select i.inhrelid
		from pg_catalog.pg_inherits i
		where i.inhparent = h.relid
		offset 0
	) i
),
internal (oid) as materialized (
	select n.oid
	from pg_catalog.pg_namespace n
	where n.nspname in ('_timescaledb_internal', '_timescaledb_catalog',
		'_timescaledb_cache', '_timescaledb_config', '_timescaledb_debug',
		'_timescaledb_functions')
)
