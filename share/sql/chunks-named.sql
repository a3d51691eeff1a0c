-- SPDX-License-Identifier: PostgreSQL
-- Which tables the patterns name.  Follows
--	with recursive pattern (ord, leave_out, schema, schema_like, name, name_like)
-- where a schema of null is any, and "like" says that the text is a regular
-- expression and not the name itself.  Gives
--	matched (ord, relid)
--	kind (relid, what, extension): what is null for a user's table
--	wanted (relid, schema_named, table_named): all that the patterns name, and
--		whether schema and table were written out, without wildcards

, matched (ord, relid) as (
	select p.ord, c.oid
	from pattern p
	join pg_catalog.pg_class c on c.relname = p.name::pg_catalog.name
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where not p.name_like
	and case
	when p.schema is null then true
	when p.schema_like then n.nspname ~ p.schema collate pg_catalog.default
	else n.nspname = p.schema
	end
	union all
	-- One pattern after the other, so that its expression stays compiled.
	select p.ord, c.oid
	from pattern p
	cross join lateral (
		select c.oid
		from pg_catalog.pg_class c
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where c.relname ~ p.name collate pg_catalog.default
		and case
		when p.schema is null then true
		when p.schema_like then
			n.nspname ~ p.schema collate pg_catalog.default
		else n.nspname = p.schema
		end
		offset 0
	) c
	where p.name_like
),
-- What is no user's table, and why.
apart (relid, extension) as (
	select d.objid, e.extname
	from pg_catalog.pg_depend d
	join pg_catalog.pg_extension e on e.oid = d.refobjid
	where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
	and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
	and d.deptype = 'e'
),
kind (relid, what, extension) as (
	select c.oid,
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
		when a.relid is not null then 'part of an extension'
		end,
		a.extension
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	left join apart a on a.relid = c.oid
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
	where not exists (select from pattern p where not p.leave_out)
)
