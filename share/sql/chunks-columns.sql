-- SPDX-License-Identifier: PostgreSQL
-- What cutting by columns needs to know of them: of column $2 of relation
-- $1 or, where $2 is null, of the columns of its primary key in their order.
--
-- type: for casts; a domain's base type, and never with a length
-- op_schema: where the type's operators are, null for pg_catalog
-- collated, collation_c: it has a collation, and that is "C"
-- plain_order: nothing but the collation steers how its values are ordered
-- nullable: there may be nulls

with key (attnum, n) as (
	select k.attnum, k.n
	from pg_catalog.pg_constraint c
	cross join pg_catalog.unnest(c.conkey) with ordinality k (attnum, n)
	where c.conrelid = $1::pg_catalog.oid
	and c.contype = 'p'
	and $2::pg_catalog.text is null
	union all
	select a.attnum, 1
	from pg_catalog.pg_attribute a
	where a.attrelid = $1::pg_catalog.oid
	and a.attname = $2::pg_catalog.text
	and a.attnum > 0
)
select a.attname as name,
	pg_catalog.format_type(t.oid, -1) as type,
	t.typcategory as category,
	on_.nspname as op_schema,
	a.attcollation <> 0 as collated,
	l.collname = 'C' and ln.nspname = 'pg_catalog' as collation_c,
	case t.typtype
	when 'c' then false
	when 'p' then false
	when 'r' then r.rngcollation = 0
	when 'm' then r.rngcollation = 0
	else e.typtype is null or e.typtype in ('b', 'e')
	end as plain_order,
	not a.attnotnull or exists (
		select
		from pg_catalog.pg_constraint v
		where v.conrelid = a.attrelid
		and v.contype = 'n'
		and not v.convalidated
		and v.conkey[1] = a.attnum
	) as nullable
from key k
join pg_catalog.pg_attribute a
	on a.attrelid = $1::pg_catalog.oid and a.attnum = k.attnum
cross join lateral (
	with recursive domain (oid, typtype, typbasetype) as (
		select t.oid, t.typtype, t.typbasetype
		from pg_catalog.pg_type t
		where t.oid = a.atttypid
		union all
		select t.oid, t.typtype, t.typbasetype
		from domain d
		join pg_catalog.pg_type t on t.oid = d.typbasetype
		where d.typtype = 'd'
	)
	select d.oid
	from domain d
	where d.typtype <> 'd'
) b (oid)
join pg_catalog.pg_type t on t.oid = b.oid
left join pg_catalog.pg_type e on e.oid = t.typelem and t.typcategory = 'A'
left join pg_catalog.pg_range r on r.rngtypid = t.oid
left join pg_catalog.pg_collation l on l.oid = a.attcollation
left join pg_catalog.pg_namespace ln on ln.oid = l.collnamespace
left join (
	pg_catalog.pg_opclass o
	join pg_catalog.pg_am m on m.oid = o.opcmethod and m.amname = 'btree'
	join pg_catalog.pg_amop p
		on p.amopfamily = o.opcfamily
		and p.amoplefttype = o.opcintype
		and p.amoprighttype = o.opcintype
		and p.amopstrategy = 1
	join pg_catalog.pg_operator x on x.oid = p.amopopr
	join pg_catalog.pg_namespace on_
		on on_.oid = x.oprnamespace and on_.nspname <> 'pg_catalog'
) on o.opcintype = t.oid and o.opcdefault
order by k.n
