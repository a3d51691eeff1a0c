-- SPDX-License-Identifier: PostgreSQL
-- Which tables the patterns name.  Follows
--	with recursive pattern (ord, leave_out, schema, schema_like, name,
--		name_like), looking (everything)
-- where a schema of null is any, "like" says that the text is a regular
-- expression and not the name itself, and everything asks for views and such,
-- too.  Gives
--	matched (ord, relid)
--	wanted (relid, schema_named, table_named): all that the patterns name, and
--		whether schema and table were written out, without wildcards
--	kind (relid, schema_named, table_named, what, extension): of those; what
--		is null for a user's table
--
-- Here and in what follows, look-ups are lateral queries that the planner
-- cannot turn into joins ("offset 0"): their cost then is that of the tables
-- at hand, by index, and not that of its guess at how many there are.

, matched (ord, relid) as (
	select p.ord, c.oid
	from pattern p
	-- One pattern after the other, so that its expression stays compiled.
	cross join lateral (
		select c.oid, c.relnamespace
		from pg_catalog.pg_class c
		where not p.name_like
		and c.relname = p.name::pg_catalog.name
		and (c.relkind in ('r', 'p', 'f')
			or (select l.everything from looking l))
		union all
		select c.oid, c.relnamespace
		from pg_catalog.pg_class c
		where p.name_like
		and c.relname ~ p.name collate pg_catalog.default
		and (c.relkind in ('r', 'p', 'f')
			or (select l.everything from looking l))
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
wanted (relid, schema_named, table_named) as (
	select m.relid,
		pg_catalog.bool_or(p.schema is not null and not p.schema_like),
		pg_catalog.bool_or(not p.name_like)
	from matched m
	join pattern p on p.ord = m.ord
	where not p.leave_out
	group by m.relid
	union all
	select c.oid, false, false
	from pg_catalog.pg_class c
	where c.relkind in ('r', 'p', 'f')
	and not exists (select from pattern p where not p.leave_out)
),
kind (relid, schema_named, table_named, what, extension) as (
	select w.relid, w.schema_named, w.table_named,
		case
		when c.relkind = 'v' then 'a view'
		when c.relkind = 'm' then 'a materialized view'
		when c.relkind = 'S' then 'a sequence'
		when c.relkind in ('i', 'I') then 'an index'
		when c.relkind = 'c' then 'a composite type'
		when c.relkind = 't' then 'a TOAST table'
		when c.relkind not in ('r', 'p', 'f') then 'not a table'
		when n.nspname = 'information_schema'
		or n.nspname ~ '^pg_' and c.relpersistence <> 't'
			then 'a system table'
		when n.nspname = 'pgpipe' then 'part of pgpipe''s ledger'
		when e.oid is not null then 'part of an extension'
		end,
		e.oid
	from wanted w
	cross join lateral (
		select c.relkind, c.relnamespace, c.relpersistence
		from pg_catalog.pg_class c
		where c.oid = w.relid
		offset 0
	) c
	cross join lateral (
		select n.nspname
		from pg_catalog.pg_namespace n
		where n.oid = c.relnamespace
		offset 0
	) n
	cross join lateral (
		select (
			select d.refobjid
			from pg_catalog.pg_depend d
			where d.classid =
				'pg_catalog.pg_class'::pg_catalog.regclass
			and d.objid = w.relid
			and d.objsubid = 0
			and d.refclassid =
				'pg_catalog.pg_extension'::pg_catalog.regclass
			and d.deptype = 'e'
			limit 1
		)
	) e (oid)
)
