-- SPDX-License-Identifier: PostgreSQL
-- Tables that are part of an extension hold what users have put there if the
-- extension says so (pg_extension_config_dump): which of them were asked for,
-- though not by name, and stay out.  Follows
--	kind, left_out (relid)

select e.extname, pg_catalog.count(*)
from kind k
join pg_catalog.pg_extension e on e.oid = k.extension
where k.what = 'part of an extension'
and not k.table_named
and k.relid = any (e.extconfig)
and not exists (select from left_out l where l.relid = k.relid)
group by e.extname
order by e.extname
