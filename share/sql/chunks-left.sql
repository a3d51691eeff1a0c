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
	join pg_catalog.pg_inherits i on i.inhparent = l.relid
)
