-- SPDX-License-Identifier: PostgreSQL
-- api: 1
-- about: TimescaleDB's hypertables and their chunks, which are refused
-- extension: timescaledb
-- for: n.nspname = '_timescaledb_internal' or c.oid in (
--	select h.relid from (
--		select pg_catalog.to_regclass(pg_catalog.format('%I.%I',
--			t.hypertable_schema, t.hypertable_name))::pg_catalog.oid
--		from timescaledb_information.hypertables t
--	) h (relid)
--	union all
--	select i.inhrelid
--	from pg_catalog.pg_inherits i
--	join (
--		select pg_catalog.to_regclass(pg_catalog.format('%I.%I',
--			t.hypertable_schema, t.hypertable_name))::pg_catalog.oid
--		from timescaledb_information.hypertables t
--	) h (relid) on h.relid = i.inhparent)
--
-- Read as inheritance, a compressed chunk would give no rows, and a digest of
-- nothing equals a digest of nothing.  A hypertable stands for its chunks.
-- What TimescaleDB keeps besides (compressed data, materializations) is refused
-- where its schema was written out, and is not seen otherwise.

with hypertable (relid) as (
	select pg_catalog.to_regclass(pg_catalog.format('%I.%I',
		t.hypertable_schema, t.hypertable_name))::pg_catalog.oid
	from timescaledb_information.hypertables t
),
found (relid, hypertable, refuse) as (
	select s.relid, null::pg_catalog.oid, 'it is a hypertable'
	from selected s
	join hypertable h on h.relid = s.relid
	union all
	select s.relid, h.relid, 'it is a chunk of a hypertable'
	from selected s
	join pg_catalog.pg_inherits i on i.inhrelid = s.relid
	join hypertable h on h.relid = i.inhparent
	where not exists (select from selected o where o.relid = h.relid)
	union all
	select s.relid, null, 'it is internal to TimescaleDB'
	from selected s
	where s.schema_named
	and not exists (select from hypertable h where h.relid = s.relid)
	and not exists (
		select
		from pg_catalog.pg_inherits i
		join hypertable h on h.relid = i.inhparent
		where i.inhrelid = s.relid
	)
)
select f.relid, f.hypertable as root, f.hypertable as parent, null as bound,
	null as range, null as part, null as predicate, null as rows,
	null as bytes, null as compressed, f.refuse
from found f
