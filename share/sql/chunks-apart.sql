-- SPDX-License-Identifier: PostgreSQL
-- What was asked for, though not by name, holds data, and stays out.  Follows
--	kind, left_out (relid)
-- Tables that are part of an extension hold what users have put there if the
-- extension says so (pg_extension_config_dump).  Sequences that a column owns
-- travel with its table.

, fits (relid, relkind, name) as (
	select c.oid, c.relkind,
		pg_catalog.format('%I.%I', n.nspname, c.relname)
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	cross join lateral (
		select
			pg_catalog.count(*) filter (where not p.leave_out) as asked,
			pg_catalog.bool_or(p.fits) filter (where not p.leave_out)
				as named,
			pg_catalog.bool_or(p.fits) filter (where p.leave_out) as left_out
		from (
			select p.leave_out,
				case
				when p.whole then
					pg_catalog.format('%I.%I', n.nspname, c.relname)
						~ p.name collate pg_catalog.default
				when not p.name_like and not p.leave_out then false
				else case
					when p.schema is null then true
					when p.schema_like then n.nspname ~ p.schema
					else n.nspname = p.schema
					end
				and case
					when p.name_like then
						c.relname ~ p.name collate pg_catalog.default
					else c.relname = p.name::pg_catalog.name
					end
				end as fits
			from pattern p
		) p
		offset 0
	) p
	where (c.relkind = 'S' or c.relkind = 'm' and c.relispopulated)
	and c.relpersistence <> 't'
	and n.nspname !~ '^pg_'
	and n.nspname not in ('information_schema', 'pgpipe')
	and c.relnamespace not in (select i.oid from internal i)
	and (p.asked = 0 or p.named)
	and p.left_out is not true
	and not exists (
		select
		from pg_catalog.pg_depend d
		where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and d.objid = c.oid
		and (d.deptype = 'e'
			or c.relkind = 'S' and d.deptype in ('a', 'i')
			and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
			and d.refobjsubid > 0)
	)
),
counted (relkind, number, names) as (
	select f.relkind, pg_catalog.count(*),
		pg_catalog.array_to_string((pg_catalog.array_agg(f.name
			order by f.name collate "C"))[1:3], ', ')
	from fits f
	group by f.relkind
)
select pg_catalog.format('tables of extension "%s": %s', e.extname,
		pg_catalog.count(*)) as what,
	'name a table, without wildcards, to have it listed' as hint
from kind k
join pg_catalog.pg_extension e on e.oid = k.extension
where k.what = 'part of an extension'
and not k.table_named
and k.relid = any (e.extconfig)
and not exists (select from left_out l where l.relid = k.relid)
group by e.extname
union all
select pg_catalog.format('%s: %s (%s%s)',
	case c.relkind
	when 'S' then 'sequences that no column owns'
	else 'materialized views'
	end,
	c.number, c.names, case when c.number > 3 then ', ...' end),
	case c.relkind
	when 'S' then
		'"pg_dump --data-only -t SEQUENCE" writes what sets one'
	else 'refresh them where their tables have been copied to'
	end
from counted c
union all
select 'large objects: ' || case
	when o.number > 100000 then 'more than 100000'
	else o.number::pg_catalog.text
	end,
	'"pg_dump --data-only --blobs --exclude-table=''*.*''" writes them'
from (
	select pg_catalog.count(*) as number
	from (
		select
		from pg_catalog.pg_largeobject_metadata
		limit 100001
	) o
) o
where o.number > 0
and not exists (select from pattern p where not p.leave_out)
order by what
