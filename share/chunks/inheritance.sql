-- SPDX-License-Identifier: PostgreSQL
-- api: 1
-- about: tables that inherit or are inherited from, each for itself
-- for: not c.relispartition and c.relkind <> 'p' and (
--	exists (select from pg_catalog.pg_inherits i where i.inhrelid = c.oid)
--	or c.relhassubclass and
--	exists (select from pg_catalog.pg_inherits i where i.inhparent = c.oid))
--
-- A table that was asked for brings everything that inherits from it.  The
-- id begins with the root, found through the first parent of each.

with recursive down (relid) as (
	select s.relid
	from selected s
	union
	select i.inhrelid
	from down d
	cross join lateral (
		select i.inhrelid
		from pg_catalog.pg_inherits i
		where i.inhparent = d.relid
		offset 0
	) i
),
up (relid, above, level) as (
	select d.relid, d.relid, 0
	from down d
	union all
	select u.relid, i.inhparent, u.level + 1
	from up u
	cross join lateral (
		select i.inhparent
		from pg_catalog.pg_inherits i
		where i.inhrelid = u.above
		order by i.inhseqno
		limit 1
	) i
)
select u.relid,
	(pg_catalog.array_agg(u.above order by u.level desc))[1] as root,
	(pg_catalog.array_agg(u.above order by u.level)
		filter (where u.level = 1))[1] as parent,
	null as bound, null as range, null as part, null as predicate,
	null as rows, null as bytes, false as compressed, null as refuse
from up u
group by u.relid
