-- SPDX-License-Identifier: PostgreSQL
-- Tables that are part of an extension hold what users have put there if the
-- extension says so (pg_extension_config_dump): which of them were asked for,
-- though not by name, and stay out.  Follows chunks-named.sql.

select e.extname, pg_catalog.count(*)
from wanted w
join kind k on k.relid = w.relid and k.what = 'part of an extension'
join pg_catalog.pg_extension e on e.extname = k.extension
where not w.table_named
and w.relid = any (e.extconfig)
and not exists (select from left_out l where l.relid = w.relid)
group by e.extname
order by e.extname
