-- SPDX-License-Identifier: PostgreSQL
-- What is left out.  Follows chunks-named.sql.  Leaving out a table leaves out
-- everything below it.  The planner takes a recursive query for one that gives
-- hundreds of millions of rows, and prepares for them; an array it does not.

, below (relid) as (
	select m.relid
	from matched m
	join pattern p on p.ord = m.ord
	where p.leave_out
	union
	select i.inhrelid
	from below b
	cross join lateral (
		select i.inhrelid
		from pg_catalog.pg_inherits i
		where i.inhparent = b.relid
		offset 0
	) i
),
left_out (relid) as (
	select u.relid
	from (select pg_catalog.array_agg(b.relid) from below b) a (relids)
	cross join lateral pg_catalog.unnest(a.relids) u (relid)
)
