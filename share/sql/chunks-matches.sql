-- SPDX-License-Identifier: PostgreSQL
-- What came of each pattern: how many tables it names, and if none, the
-- first other thing that it does.  Follows chunks-named.sql.

select p.ord,
	pg_catalog.count(m.relid) filter (where k.what is null
		or k.what = 'part of pgpipe''s ledger'
			and (p.leave_out
			or p.schema is not null and not p.schema_like)
		or k.what = 'part of an extension'
			and (p.leave_out or not p.name_like)) as tables,
	(pg_catalog.array_agg(n.nspname order by k.what, n.nspname, c.relname)
		filter (where k.what is not null))[1] as schema,
	(pg_catalog.array_agg(c.relname order by k.what, n.nspname, c.relname)
		filter (where k.what is not null))[1] as name,
	(pg_catalog.array_agg(k.what order by k.what, n.nspname, c.relname)
		filter (where k.what is not null))[1] as what
from pattern p
left join matched m on m.ord = p.ord
left join kind k on k.relid = m.relid
left join pg_catalog.pg_class c on c.oid = m.relid
left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
group by p.ord
order by p.ord
