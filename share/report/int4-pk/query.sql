-- SPDX-License-Identifier: PostgreSQL
-- How far a key has come is said by its sequence, by the largest value that the
-- planner's statistics know, and at least by the number of rows.

with recursive t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: roots
keys as materialized (
	select c.oid, n.nspname, c.relname, a.attname, a.attnum, a.atttypid,
		case a.atttypid when 'int4'::pg_catalog.regtype then 2147483647.0
		else 32767 end as most,
		a.attidentity
	from pg_catalog.pg_index x
	join pg_catalog.pg_class c on c.oid = x.indrelid
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	join pg_catalog.pg_attribute a on a.attrelid = x.indrelid
		and a.attnum = x.indkey[0]
	where x.indisprimary
	and x.indnkeyatts = 1
	and a.atttypid in ('int4'::pg_catalog.regtype, 'int2'::pg_catalog.regtype)
	and exists (
		select
		from roots r
		where r.root = c.oid
	)
),
rows as (
	select r.root, pg_catalog.sum(greatest(c.reltuples, 0))::pg_catalog.float8 as rows
	from roots r
	join pg_catalog.pg_class c on c.oid = r.oid
	where c.relkind = 'r'
	group by r.root
),
sequences as (
	select k.oid, d.objid, y.nspname, s.relname, s.relpersistence
	from keys k
	join pg_catalog.pg_depend d on d.refobjid = k.oid
		and d.refobjsubid = k.attnum
		and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and d.deptype in ('a', 'i')
	join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S'
	join pg_catalog.pg_namespace y on y.oid = s.relnamespace
),
used as (
	select k.*, s.nspname as sequence_schema, s.relname as sequence,
		greatest(
		case when pg_catalog.has_sequence_privilege(s.objid, 'SELECT,USAGE')
			and (s.relpersistence = 'p' or not pg_catalog.pg_is_in_recovery())
		then pg_catalog.pg_sequence_last_value(s.objid) end,
		(
			select (p.histogram_bounds::pg_catalog.text::pg_catalog.int8[])
				[pg_catalog.array_length(p.histogram_bounds, 1)]
			from pg_catalog.pg_stats p
			where p.schemaname = k.nspname
			and p.tablename = k.relname
			and p.attname = k.attname
			order by p.inherited desc
			limit 1
		), w.rows)::pg_catalog.float8 as used
	from keys k
	left join sequences s on s.oid = k.oid
	left join rows w on w.root = k.oid
)
select case when u.used >= t.critical * u.most then 'critical'
	else 'warning' end as severity,
	pg_catalog.format('%s.%s', u.nspname, u.relname) as object,
	u.nspname as schema,
	u.relname as table,
	u.attname as column,
	pg_catalog.format_type(u.atttypid, null) as type,
	pg_catalog.round((100 * u.used / u.most)::pg_catalog.numeric, 1)::pg_catalog.float8 as percent,
	-- An identity column takes its sequence along.
	case when u.sequence is null or u.attidentity <> '' then ''
	else pg_catalog.format('; alter sequence %I.%I as bigint', u.sequence_schema,
		u.sequence) end as sequence,
	case when u.sequence is null or u.attidentity <> '' then ''
	else pg_catalog.format('; alter sequence %I.%I as %s', u.sequence_schema,
		u.sequence, pg_catalog.format_type(u.atttypid, null)) end as unsequence,
	pg_catalog.round((u.used / u.most)::pg_catalog.numeric, 4)::pg_catalog.float8 as value,
	case when u.used >= t.critical * u.most then t.critical
	else t.warning end as threshold
from used u, t
where u.used >= least(t.warning, t.critical) * u.most
order by u.used / u.most desc, 2
