-- SPDX-License-Identifier: PostgreSQL
-- What TimescaleDB's functions say of chunks.  Follows chunks-taken.sql and
-- gives
--	shown (relid, chunk_id, hypertable_id, status, slices)
-- for those that are tables.
--
-- The functions see the present and not this transaction's snapshot, and fail
-- for a chunk that has been dropped meanwhile: one whose file is gone is not
-- asked for.

, shown (relid, chunk_id, hypertable_id, status, slices) as (
	select t.relid, s.chunk_id, s.hypertable_id, s.status, s.slices
	from taken t
	cross join lateral (
		select c.relkind
		from pg_catalog.pg_class c
		where c.oid = t.relid
		offset 0
	) c
	cross join lateral (
		select s.chunk_id, s.hypertable_id, s.slices,
			_timescaledb_functions.chunk_status(e.relid) as status
		from (
			select t.relid
			where c.relkind = 'r'
			and pg_catalog.pg_relation_size(t.relid) is not null
			offset 0
		) e
		cross join lateral _timescaledb_functions.show_chunk(e.relid) s
		offset 0
	) s
)
