-- SPDX-License-Identifier: PostgreSQL
-- What came of each pattern: how many tables it names (with caggs, continuous
-- aggregates and, with up, what has some), and if none, the first other thing
-- that it does.  Follows chunks-kind.sql.

, told (ord, relid, schema, name, counts, what) as (
	select p.ord, m.relid, c.nspname, c.relname,
		case
		when m.relid is null then false
		when p.leave_out then k.what is null
		when l.caggs then m.by_view or l.up and exists (
			select
			from hyper h
			where h.relid = m.relid
			and h.view is null
		)
		else case k.what
			when 'part of pgpipe''s ledger' then
				p.schema is not null and not p.schema_like
			when 'part of an extension' then not p.name_like
			else k.what is null
			end
		end,
		case
		when k.what is not null or not l.caggs or m.relid is null then
			k.what
		when m.relid in (select h.relid from hyper h) then 'a hypertable'
		else 'a table'
		end
	from pattern p
	cross join looking l
	left join matched m on m.ord = p.ord
	left join kind k on k.relid = m.relid
	left join lateral (
		select c.relname, n.nspname
		from pg_catalog.pg_class c
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where c.oid = m.relid
		offset 0
	) c on true
)
select t.ord,
	pg_catalog.count(*) filter (where t.counts) as tables,
	(pg_catalog.array_agg(t.schema order by t.what, t.schema, t.name)
		filter (where t.what is not null))[1] as schema,
	(pg_catalog.array_agg(t.name order by t.what, t.schema, t.name)
		filter (where t.what is not null))[1] as name,
	(pg_catalog.array_agg(t.what order by t.what, t.schema, t.name)
		filter (where t.what is not null))[1] as what
from told t
group by t.ord
order by t.ord
