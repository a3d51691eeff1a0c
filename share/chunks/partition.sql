-- SPDX-License-Identifier: PostgreSQL
-- api: 1
-- about: the leaves of partitioned tables, of all levels
-- for: c.relkind = 'p' or c.relispartition
--
-- "up" is what was asked for and everything above it: a leaf has the same id
-- whether it was named or a table above it.  "down" walks from the roots
-- through these, and below what was asked for through everything.
--
-- The bounds of all partitions are what takes time.  Where "sketch" says so one
-- leaf below each table will do, which tells the key's column and its type.

with recursive up (relid) as (
	select s.relid
	from selected s
	union
	select i.inhparent
	from up u
	cross join lateral (
		select i.inhparent
		from pg_catalog.pg_inherits i
		where i.inhrelid = u.relid
		offset 0
	) i
),
down (relid, relkind, root, path, taken) as (
	select u.relid, c.relkind, u.relid, '{}'::pg_catalog.oid[],
		u.relid in (select s.relid from selected s)
	from up u
	cross join lateral (
		select c.relkind
		from pg_catalog.pg_class c
		where c.oid = u.relid
		and not c.relispartition
		offset 0
	) c
	union all
	select i.inhrelid, c.relkind, d.root, d.path || d.relid,
		d.taken or i.inhrelid in (select s.relid from selected s)
	from down d
	cross join lateral (
		select i.inhrelid
		from pg_catalog.pg_inherits i
		where i.inhparent = d.relid
		offset 0
	) i
	cross join lateral (
		select c.relkind
		from pg_catalog.pg_class c
		where c.oid = i.inhrelid
		offset 0
	) c
	where d.relkind = 'p'
	and (d.taken or i.inhrelid in (select u.relid from up u))
),
leaf (relid, root, path) as materialized (
	select d.relid, d.root, d.path || d.relid
	from down d
	where d.taken
	and d.relkind <> 'p'
	and (
		not (select s.enough from sketch s)
		or d.relid in (
			select pg_catalog.min(d.relid)
			from down d
			where d.taken
			and d.relkind = 'r'
			and not exists (
				select
				from left_out l
				where l.relid = d.relid
			)
			group by d.path[pg_catalog.cardinality(d.path)]
		)
	)
),
-- The first column of each range key.  Only one that the server orders as
-- "<" does tells what a partition may hold.
key (relid, attname, type, natts, ordered) as materialized (
	select k.partrelid, a.attname,
		pg_catalog.format_type(a.atttypid, null), k.partnatts,
		k.partcollation[0] = a.attcollation and (
			select o.opcdefault
			from pg_catalog.pg_opclass o
			where o.oid = k.partclass[0]
		)
	from pg_catalog.pg_partitioned_table k
	cross join lateral (
		select a.attname, a.atttypid, a.attcollation
		from pg_catalog.pg_attribute a
		where a.attrelid = k.partrelid
		and a.attnum = k.partattrs[0]
		offset 0
	) a
	where k.partstrat = 'r'
	and k.partrelid in (select d.relid from down d where d.relkind = 'p')
),
-- Each partition with its bound and what that says of the first column.
level (relid, bound, range) as materialized (
	select d.relid, b.bound,
		case when k.relid is not null then
			pg_catalog.jsonb_build_object(
				'column', k.attname,
				'type', k.type,
				'from', case when k.ordered then v.value[1] end,
				'to', case when k.ordered then v.value[2] end,
				'inclusive', k.natts > 1,
				'nulls', b.bound = 'DEFAULT')
		end
	from (
		select d.relid, d.path
		from down d
		where not (select s.enough from sketch s)
		or d.relid in (
			select p.relid
			from leaf f
			cross join lateral pg_catalog.unnest(f.path) p (relid)
		)
	) d
	left join key k
		on k.relid = d.path[pg_catalog.cardinality(d.path)]
	cross join lateral (
		select pg_catalog.pg_get_expr(c.relpartbound, c.oid)
		from pg_catalog.pg_class c
		where c.oid = d.relid
		offset 0
	) b (bound)
	-- FOR VALUES FROM ('2025-01-01') TO ('2025-02-01') is cut where it must be;
	-- FROM ('it''s (this)', 1) TO ('this) TO (that', MAXVALUE) needs more care.
	cross join lateral (
		select case
		when k.relid is null or b.bound not like 'FOR VALUES FROM (%' then
			null
		when k.natts = 1
		and pg_catalog.split_part(b.bound, ') TO (', 3) = '' then
			array[
				pg_catalog.substr(pg_catalog.split_part(
					b.bound, ') TO (', 1), 18),
				pg_catalog.rtrim(pg_catalog.split_part(
					b.bound, ') TO (', 2), ')')
			]
		else pg_catalog.regexp_match(b.bound,
			'^FOR VALUES FROM '
			'\((B?''(?:[^'']|'''')*''|[^,()'']+)'
			'(?:, (?:B?''(?:[^'']|'''')*''|[^,()'']+))*\) TO '
			'\((B?''(?:[^'']|'''')*''|[^,()'']+)'
			'(?:, (?:B?''(?:[^'']|'''')*''|[^,()'']+))*\)$')
		end
		offset 0
	) e (ends)
	-- The values of the literals.
	cross join lateral (
		select pg_catalog.array_agg(case
			when x.text in ('MINVALUE', 'MAXVALUE') then null
			when x.text like '%''' then pg_catalog.replace(
				pg_catalog.substr(x.text,
					pg_catalog.strpos(x.text, '''') + 1,
					pg_catalog.length(x.text) - 1 -
					pg_catalog.strpos(x.text, '''')),
				'''''', '''')
			else x.text
			end order by x.n)
		from pg_catalog.unnest(e.ends) with ordinality x (text, n)
		offset 0
	) v (value)
)
select f.relid, f.root,
	f.path[pg_catalog.cardinality(f.path) - 1] as parent,
	l.bound,
	r.range,
	null as part, null as predicate, null as rows, null as bytes,
	false as compressed, null as refuse
from leaf f
join level l on l.relid = f.relid
join (
	select f.relid, pg_catalog.jsonb_agg(a.range order by p.n)
		filter (where a.range is not null)
	from leaf f
	cross join pg_catalog.unnest(f.path) with ordinality p (relid, n)
	join level a on a.relid = p.relid
	group by f.relid
) r (relid, range) on r.relid = f.relid
