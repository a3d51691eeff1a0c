-- SPDX-License-Identifier: PostgreSQL
-- How far each table's foreign keys reach down: what a table refers to is
-- loaded before it.  Of tables that refer to each other none can be the first.
-- Follows
--	bounded
-- and gives
--	depth (relid, depth), of tables that refer to others

, refers (child, parent) as (
	select distinct k.conrelid, k.confrelid
	from pg_catalog.pg_constraint k
	where k.contype = 'f'
	and k.conparentid = 0
	and k.conrelid <> k.confrelid
),
reached (relid, depth) as (
	select r.child, 1
	from refers r
	union
	select r.child, d.depth + 1
	from reached d
	join refers r on r.parent = d.relid
	where d.depth < 32
),
depth (relid, depth) as (
	select d.relid, pg_catalog.max(d.depth)
	from reached d
	group by d.relid
)
