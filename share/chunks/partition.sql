-- SPDX-License-Identifier: PostgreSQL
-- api: 1
-- about: the leaves of partitioned tables, of all levels
-- for: c.relkind = 'p' or c.relispartition
--
-- "up" is what was asked for and everything above it: a leaf has the same id
-- whether it was named or a table above it.  "down" walks from the roots
-- through these, and below what was asked for through everything.

with recursive up (relid) as (
	select s.relid
	from selected s
	union
	select i.inhparent
	from up u
	join pg_catalog.pg_class c on c.oid = u.relid
	join pg_catalog.pg_inherits i on i.inhrelid = u.relid
	where c.relispartition
),
-- The first column of each range key.  Only one that the server orders as
-- "<" does tells what a partition may hold.
key (relid, attname, type, natts, ordered) as (
	select k.partrelid, a.attname,
		pg_catalog.format_type(a.atttypid, null), k.partnatts,
		o.opcdefault and k.partcollation[0] = a.attcollation
	from pg_catalog.pg_partitioned_table k
	join pg_catalog.pg_attribute a
		on a.attrelid = k.partrelid and a.attnum = k.partattrs[0]
	join pg_catalog.pg_opclass o on o.oid = k.partclass[0]
	where k.partstrat = 'r'
),
down (relid, relkind, root, parent, taken, bound, range) as (
	select c.oid, c.relkind, c.oid, null::pg_catalog.oid,
		c.oid in (select s.relid from selected s),
		null::pg_catalog.text collate "C", '[]'::pg_catalog.jsonb
	from up u
	join pg_catalog.pg_class c on c.oid = u.relid
	where not c.relispartition
	union all
	select c.oid, c.relkind, d.root, d.relid,
		d.taken or c.oid in (select s.relid from selected s),
		b.bound,
		d.range || case
		when k.relid is null then '[]'
		else pg_catalog.jsonb_build_object(
			'column', k.attname,
			'type', k.type,
			'from', case when k.ordered then v.value[1] end,
			'to', case when k.ordered then v.value[2] end,
			'inclusive', k.natts > 1,
			'nulls', b.bound = 'DEFAULT')
		end
	from down d
	join pg_catalog.pg_inherits i on i.inhparent = d.relid
	join pg_catalog.pg_class c on c.oid = i.inhrelid
	left join key k on k.relid = d.relid
	cross join lateral (
		select pg_catalog.pg_get_expr(c.relpartbound, c.oid)
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
	-- A literal's value: unquoted.
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
	where d.relkind = 'p'
	and (d.taken or i.inhrelid in (select u.relid from up u))
)
select d.relid, d.root, d.parent, d.bound, d.range,
	null as part, null as predicate, null as rows, null as bytes,
	false as compressed, null as refuse
from down d
where d.taken
and d.relkind <> 'p'
