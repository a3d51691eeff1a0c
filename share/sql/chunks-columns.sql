-- SPDX-License-Identifier: PostgreSQL
-- What cutting by columns needs to know of them.  Follows
--	with asked (relid, name)
-- and is about that column or, where name is null, about the columns of the
-- relation's primary key in their order.
--
-- type: for casts; of a domain the base type, and never with a length
-- op_schema: where the type's operators are, null for pg_catalog
-- plain_order: nothing but the collation steers how values are ordered; of an
-- enum it is each database's own order of labels

, key (relid, attnum, n) as (
	select q.relid, k.attnum, k.n
	from asked q
	join pg_catalog.pg_constraint c
		on c.conrelid = q.relid and c.contype = 'p'
	cross join pg_catalog.unnest(c.conkey) with ordinality k (attnum, n)
	where q.name is null
	union all
	select q.relid, a.attnum, 1
	from asked q
	join pg_catalog.pg_attribute a
		on a.attrelid = q.relid
		and a.attname = q.name
		and a.attnum > 0
		and not a.attisdropped
)
select a.attname as name,
	pg_catalog.format_type(t.oid, -1) as type,
	t.typcategory as category,
	on_.nspname as op_schema,
	ln.nspname as collation_schema,
	l.collname as collation,
	case
	when 'pg_catalog.jsonb'::pg_catalog.regtype in (t.oid, e.oid) then false
	when t.typtype = 'r' then r.rngcollation = 0 and e.typtype = 'b'
	when t.typtype = 'b' then e.typtype is null or e.typtype = 'b'
	else false
	end as plain_order
from key k
join pg_catalog.pg_attribute a
	on a.attrelid = k.relid and a.attnum = k.attnum
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
left join pg_catalog.pg_range r on r.rngtypid = t.oid
left join pg_catalog.pg_type e
	on e.oid = case when t.typcategory = 'A' then t.typelem else r.rngsubtype end
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
