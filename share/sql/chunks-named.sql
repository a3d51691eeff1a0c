-- SPDX-License-Identifier: PostgreSQL
-- Which tables the patterns name.  Follows
--	with recursive pattern (ord, leave_out, whole, schema, schema_like, name,
--		name_like), looking (everything, caggs, up)
-- and chunks-hypertables.sql.  A schema of null is any, "like" says that the
-- text is a regular expression and not the name itself, "whole" that it is one
-- for schema and table together, and everything asks for views and such, too.
-- Gives
--	matched (ord, relid, by_view): a continuous aggregate's view stands for
--		its materialization
--	asked (relid, schema_named, table_named, by_view): all that the patterns
--		name, and whether schema and table were written out, without wildcards
--
-- Here and in what follows, look-ups are lateral queries that the planner
-- cannot turn into joins ("offset 0"): their cost then is that of the tables
-- at hand, by index, and not that of its guess at how many there are.

, found (ord, relid) as (
	select p.ord, c.oid
	from pattern p
	cross join looking l
	-- One pattern after the other, so that its expression stays compiled.
	cross join lateral (
		select c.oid, c.relnamespace
		from pg_catalog.pg_class c
		where not p.name_like
		and c.relname = p.name::pg_catalog.name
		and (c.relkind in ('r', 'p', 'f') or l.everything or
			c.oid in (select h.view from hyper h where h.view is not null))
		union all
		select c.oid, c.relnamespace
		from pg_catalog.pg_class c
		where p.name_like
		and not p.whole
		and c.relname ~ p.name collate pg_catalog.default
		and (c.relkind in ('r', 'p', 'f') or l.everything or
			c.oid in (select h.view from hyper h where h.view is not null))
		union all
		select c.oid, c.relnamespace
		from pg_catalog.pg_class c
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where p.whole
		and (c.relkind in ('r', 'p', 'f') or l.everything or
			c.oid in (select h.view from hyper h where h.view is not null))
		and pg_catalog.format('%I.%I', n.nspname, c.relname)
			~ p.name collate pg_catalog.default
		offset 0
	) c
	cross join lateral (
		select case
			when p.schema is null then true
			when p.schema_like then
				n.nspname ~ p.schema collate pg_catalog.default
			else n.nspname = p.schema
			end
		from pg_catalog.pg_namespace n
		where n.oid = c.relnamespace
		offset 0
	) n (fits)
	where n.fits
),
matched (ord, relid, by_view) as (
	select f.ord, coalesce(h.relid, f.relid), h.relid is not null
	from found f
	left join hyper h on h.view = f.relid
),
asked (relid, schema_named, table_named, by_view) as (
	select m.relid,
		pg_catalog.bool_or(p.schema is not null and not p.schema_like),
		pg_catalog.bool_or(not p.name_like),
		pg_catalog.bool_or(m.by_view)
	from matched m
	join pattern p on p.ord = m.ord
	where not p.leave_out
	group by m.relid
	union all
	select c.oid, false, false, h.relid is not null
	from pg_catalog.pg_class c
	left join hyper h on h.relid = c.oid and h.view is not null
	where c.relkind in ('r', 'p', 'f')
	and (h.relid is not null
		or c.relnamespace not in (select i.oid from internal i))
	and not exists (select from pattern p where not p.leave_out)
)
