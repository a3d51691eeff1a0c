-- SPDX-License-Identifier: PostgreSQL
-- An index supports a foreign key when it begins with the key's columns, in any
-- order, and holds all rows, or all where the key is not null.

with recursive t as (
	select (g ->> 'rows')::pg_catalog.float8 as rows,
		(g ->> 'busy_rows')::pg_catalog.float8 as busy
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: roots
sizes as (
	select r.root, pg_catalog.sum(case when c.reltuples > 0 then c.reltuples
			else coalesce(s.n_live_tup, 0) end) as rows,
		pg_catalog.sum(s.n_tup_del + s.n_tup_upd - s.n_tup_hot_upd) as changes
	from roots r
	join pg_catalog.pg_class c on c.oid = r.oid
	left join pg_catalog.pg_stat_all_tables s on s.relid = r.oid
	where c.relkind = 'r'
	group by r.root
),
bare as (
	select f.oid, f.conname, f.conrelid, f.confrelid, f.conkey, (
			select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', '
				order by k.number)
			from pg_catalog.unnest(f.conkey) with ordinality k (attnum, number)
			join pg_catalog.pg_attribute a on a.attrelid = f.conrelid
				and a.attnum = k.attnum
		) as columns
	from pg_catalog.pg_constraint f
	where f.contype = 'f'
	and f.conparentid = 0
	and exists (
		select
		from roots r
		where r.root = f.conrelid
	)
	and not exists (
		select
		from pg_catalog.pg_index x
		where x.indrelid = f.conrelid
		and x.indisvalid
		and (pg_catalog.string_to_array(x.indkey::pg_catalog.text, ' ')::pg_catalog.int2[])
			[1:pg_catalog.cardinality(f.conkey)] @> f.conkey
		and (x.indpred is null or exists (
			select
			from pg_catalog.pg_attribute a
			where a.attrelid = f.conrelid
			and a.attnum = any (f.conkey)
			and pg_catalog.pg_get_expr(x.indpred, x.indrelid)
				= pg_catalog.format('(%I IS NOT NULL)', a.attname)
		))
	)
)
select case when s.rows >= t.rows or s.rows >= t.busy and p.changes > 0
		then 'warning' else 'notice' end as severity,
	pg_catalog.format('%s.%s.%s', n.nspname, c.relname, b.conname) as object,
	n.nspname as schema,
	c.relname as table,
	b.conname as constraint,
	b.columns,
	b.confrelid::pg_catalog.regclass::pg_catalog.text as target,
	coalesce(s.rows, 0) as rows,
	pg_catalog.format('create index%s %I on %I.%I (%s)',
		case when c.relkind = 'p' or h.hypertable then ''
		else ' concurrently' end,
		pg_catalog.left(b.conname, 40) || '_' || b.oid, n.nspname, c.relname,
		b.columns) as mend,
	pg_catalog.format('drop index%s %I.%I',
		case when c.relkind = 'p' or h.hypertable then ''
		else ' concurrently' end,
		n.nspname, pg_catalog.left(b.conname, 40) || '_' || b.oid) as unmend,
	coalesce(s.rows, 0) as value,
	t.rows as threshold
from bare b
cross join t
join pg_catalog.pg_class c on c.oid = b.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join lateral (
	select c.oid in (select y.oid from hyper y)
) h (hypertable)
left join sizes s on s.root = b.conrelid
left join sizes p on p.root = b.confrelid
order by s.rows desc nulls last, 2
