-- SPDX-License-Identifier: PostgreSQL
-- What came of each pattern: how many tables it names, and if none, the
-- first other thing that it does.  Follows chunks-named.sql.

select p.ord,
	pg_catalog.count(*) filter (where case k.what
		when 'part of pgpipe''s ledger' then
			p.schema is not null and not p.schema_like
		when 'part of an extension' then not p.name_like
		else m.relid is not null and k.what is null
		end) as tables,
	(pg_catalog.array_agg(n.nspname order by k.what, n.nspname, c.relname)
		filter (where k.what is not null))[1] as schema,
	(pg_catalog.array_agg(c.relname order by k.what, n.nspname, c.relname)
		filter (where k.what is not null))[1] as name,
	(pg_catalog.array_agg(k.what order by k.what, n.nspname, c.relname)
		filter (where k.what is not null))[1] as what
from pattern p
left join matched m on m.ord = p.ord
left join kind k on k.relid = m.relid
left join pg_catalog.pg_class c on c.oid = m.relid and k.what is not null
left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
group by p.ord
order by p.ord
