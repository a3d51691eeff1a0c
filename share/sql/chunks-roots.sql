-- SPDX-License-Identifier: PostgreSQL
-- Hypertables that were asked for and whose own tables have a file that is not
-- empty: they may hold rows that are in no chunk.  Follows chunks-chosen.sql.

select n.nspname as schema, c.relname as table
from named w
cross join lateral (
	select c.relname, c.relnamespace
	from pg_catalog.pg_class c
	where c.oid = w.relid
	offset 0
) c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where w.relid in (select h.relid from hyper h)
and pg_catalog.pg_relation_size(w.relid) > 0
order by n.nspname, c.relname
