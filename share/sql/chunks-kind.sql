-- SPDX-License-Identifier: PostgreSQL
-- What it is that the patterns name.  Follows
--	wanted (relid, schema_named, table_named, by_view)
-- and gives
--	kind (all of wanted; what, extension): what is null for a user's table

, kind (relid, schema_named, table_named, by_view, what, extension) as (
	select w.relid, w.schema_named, w.table_named, w.by_view,
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
		when w.relid in (select k.relid from chunk k) then
			case when not w.schema_named and not w.table_named then
				'a chunk of a hypertable'
			end
		when w.by_view then null
		when c.relnamespace in (select i.oid from internal i)
			then 'internal to TimescaleDB'
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
