-- SPDX-License-Identifier: PostgreSQL
-- Two that are over the same columns say the same only if all else is equal too:
-- actions, what they set, match, when they are checked, and whether they are.  What
-- a version adds to pg_constraint is compared as well.
with
-- part: tables
keys as (
	select f.oid, f.conname, f.conrelid, f.confrelid, f.convalidated,
		-- Pairs of columns, in an order of their own.
		(
			select pg_catalog.string_agg(pg_catalog.format('%s=%s', k.child, k.parent), ','
				order by k.child, k.parent)
			from rows from (pg_catalog.unnest(f.conkey), pg_catalog.unnest(f.confkey)) k (child, parent)
		) as pairs,
		-- The same with operators, since these are in the columns' order.
		(
			select pg_catalog.string_agg(pg_catalog.format('%s=%s=%s', k.child, k.parent,
				k.operator), ',' order by k.child, k.parent)
			from rows from (pg_catalog.unnest(f.conkey), pg_catalog.unnest(f.confkey),
				pg_catalog.unnest(f.conpfeqop)) k (child, parent, operator)
		) as operators,
		(
			select pg_catalog.jsonb_agg(s.number order by s.number)
			from pg_catalog.jsonb_array_elements(nullif(
				pg_catalog.to_jsonb(f) -> 'confdelsetcols', 'null')) s (number)
		) as sets,
		pg_catalog.to_jsonb(f) - array['oid', 'conname', 'convalidated', 'conindid',
			'conkey', 'confkey', 'conpfeqop', 'conppeqop', 'conffeqop',
			'confdelsetcols'] as terms
	from pg_catalog.pg_constraint f
	where f.contype = 'f'
	and f.conparentid = 0
),
pairs as (
	select distinct on (d.oid) d.*, o.conname as other, o.oid as other_oid,
		b.nspname, b.relname, q.same
	from keys d
	join keys o on o.conrelid = d.conrelid
		and o.confrelid = d.confrelid
		and o.pairs = d.pairs
		and (o.convalidated, -o.oid::pg_catalog.int8) > (d.convalidated, -d.oid::pg_catalog.int8)
	join tables b on b.oid = d.conrelid
	cross join lateral (
		select (o.terms, o.operators, o.sets)
			is not distinct from (d.terms, d.operators, d.sets)
	) q (same)
	where $1::pg_catalog.jsonb is not null
	order by d.oid, q.same desc, o.oid
)
select 'warning' as severity,
	pg_catalog.format('%s.%s.%s', p.nspname, p.relname, p.conname) as object,
	p.nspname as schema,
	p.relname as table,
	p.conname as constraint,
	p.other,
	case when p.same then pg_catalog.format(
		'foreign key %s of %s.%s says the same as %s', p.conname, p.nspname,
		p.relname, p.other)
	else pg_catalog.format(
		'foreign key %s of %s.%s is over the same columns as %s, but with other actions: %s beside %s',
		p.conname, p.nspname, p.relname, p.other,
		pg_catalog.pg_get_constraintdef(p.oid),
		pg_catalog.pg_get_constraintdef(p.other_oid))
	end as text,
	case when p.same then pg_catalog.format('alter table %I.%I drop constraint %I',
		p.nspname, p.relname, p.conname) end as mend,
	case when p.same then pg_catalog.format('alter table %I.%I add constraint %I %s',
		p.nspname, p.relname, p.conname,
		pg_catalog.pg_get_constraintdef(p.oid)) end as unmend
from pairs p
order by p.oid
