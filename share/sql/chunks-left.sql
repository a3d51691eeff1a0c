-- SPDX-License-Identifier: PostgreSQL
-- What is left out.  Follows chunks-named.sql.  Leaving out a table leaves out
-- everything below it.

, left_out (relid) as (
	select m.relid
	from matched m
	join pattern p on p.ord = m.ord
	where p.leave_out
	union
	select i.inhrelid
	from left_out l
	cross join lateral (
		select i.inhrelid
		from pg_catalog.pg_inherits i
		where i.inhparent = l.relid
		offset 0
	) i
)
