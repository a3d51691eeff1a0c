-- SPDX-License-Identifier: PostgreSQL
-- The chunks of the hypertables that were asked for, and those that were asked
-- for themselves.  Follows
--	selected (relid, ...)

, taken (relid, hypertable) as materialized (
	select k.relid, k.hypertable
	from chunk k
	where k.hypertable in (select s.relid from selected s)
	or k.relid in (select s.relid from selected s)
)
