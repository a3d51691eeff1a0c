-- SPDX-License-Identifier: PostgreSQL
-- The end is the sequence's own, or that of the column that it feeds where that
-- is nearer.  One that cycles has none.

with t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical
	from (select $1::pg_catalog.jsonb) p (g)
),
sequences as materialized (
	select s.*, n.nspname, c.relname, c.relpersistence,
		pg_catalog.has_sequence_privilege(s.seqrelid, 'SELECT,USAGE') as open
	from pg_catalog.pg_sequence s
	join pg_catalog.pg_class c on c.oid = s.seqrelid
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where not s.seqcycle
	and n.nspname !~ '^(pg_|information_schema$|_?timescaledb_)'
	and not exists (
		select
		from pg_catalog.pg_depend d
		where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and d.objid = c.oid
		and d.deptype = 'e'
	)
),
-- Columns that own a sequence, and columns whose default calls it.
fed (seqrelid, attrelid, attnum, owned) as (
	select s.seqrelid, d.refobjid, d.refobjsubid, d.deptype
	from sequences s
	join pg_catalog.pg_depend d on d.objid = s.seqrelid
		and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and d.deptype in ('a', 'i')
	union
	select s.seqrelid, f.adrelid, f.adnum, 'n'
	from sequences s
	join pg_catalog.pg_depend d on d.refobjid = s.seqrelid
		and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
	join pg_catalog.pg_attrdef f on f.oid = d.objid
),
columns as (
	select distinct on (f.seqrelid) f.seqrelid, f.attrelid, f.owned,
		a.attname, a.atttypid, case a.atttypid
		when 'int2'::pg_catalog.regtype then 32767.0
		when 'int4'::pg_catalog.regtype then 2147483647.0
		end as most
	from fed f
	join pg_catalog.pg_attribute a on a.attrelid = f.attrelid
		and a.attnum = f.attnum
	order by f.seqrelid, most nulls last, f.owned
),
valued as (
	select s.*, c.attrelid, c.attname, c.owned, c.most as column_most,
		-- A sequence that counts down is judged by its lower end.
		case when s.seqincrement > 0
		then least(s.seqmax::pg_catalog.float8, c.most)
		else greatest(s.seqmin::pg_catalog.float8, -c.most) end as end_value,
		case when s.open and (s.relpersistence = 'p'
			or not pg_catalog.pg_is_in_recovery())
		then pg_catalog.pg_sequence_last_value(s.seqrelid)::pg_catalog.float8 end as last
	from sequences s
	left join columns c on c.seqrelid = s.seqrelid
),
judged as (
	select v.*, v.last / nullif(v.end_value, 0) as share,
		coalesce(v.column_most < v.seqmax, false) as narrow,
		-- The widest end of the sequence's own type.
		v.seqmax = case v.seqtypid
			when 'int2'::pg_catalog.regtype then 32767
			when 'int4'::pg_catalog.regtype then 2147483647
			else 9223372036854775807
			end as whole
	from valued v
	where v.last <> 0
)
select case when j.share >= t.critical then 'critical' else 'warning' end
		as severity,
	pg_catalog.format('%s.%s', j.nspname, j.relname) as object,
	j.nspname as schema,
	j.relname as sequence,
	case when j.attrelid is null then ''
	else pg_catalog.format(' of %s.%s', j.attrelid::pg_catalog.regclass, j.attname) end as feeds,
	pg_catalog.round((100 * j.share)::pg_catalog.numeric, 1)::pg_catalog.float8 as percent,
	j.last::pg_catalog.numeric::pg_catalog.text as last,
	j.end_value::pg_catalog.numeric::pg_catalog.text as most,
	-- By what ends first: the column, the sequence's type, its own limit.
	case
	when j.seqincrement < 0 then null
	when j.narrow or j.whole and j.seqtypid <> 'int8'::pg_catalog.regtype then
		pg_catalog.concat_ws('; ',
		case when j.attrelid is not null and j.column_most is not null
		then pg_catalog.format('alter table %s alter column %I type bigint',
			j.attrelid::pg_catalog.regclass, j.attname) end,
		case when j.owned is distinct from 'i'
			and j.seqtypid <> 'int8'::pg_catalog.regtype
		then pg_catalog.format('alter sequence %I.%I as bigint', j.nspname,
			j.relname) end)
	when not j.whole then pg_catalog.format('alter sequence %I.%I no maxvalue',
		j.nspname, j.relname)
	end as mend,
	case
	when j.seqincrement < 0 then null
	when j.narrow or j.whole and j.seqtypid <> 'int8'::pg_catalog.regtype then
		pg_catalog.concat_ws('; ',
		case when j.attrelid is not null and j.column_most is not null
		then pg_catalog.format('alter table %s alter column %I type %s',
			j.attrelid::pg_catalog.regclass, j.attname,
			case when j.column_most > 32767 then 'integer'
			else 'smallint' end) end,
		case when j.owned is distinct from 'i'
			and j.seqtypid <> 'int8'::pg_catalog.regtype
		then pg_catalog.format('alter sequence %I.%I as %s', j.nspname,
			j.relname, pg_catalog.format_type(j.seqtypid, null)) end)
	when not j.whole then pg_catalog.format('alter sequence %I.%I maxvalue %s',
		j.nspname, j.relname, j.seqmax)
	end as unmend,
	pg_catalog.round(j.share::pg_catalog.numeric, 4)::pg_catalog.float8 as value,
	case when j.share >= t.critical then t.critical else t.warning end
		as threshold,
	null as reason
from judged j, t
where j.share >= least(t.warning, t.critical)
union all
select 'skipped', 'sequences', null, null, null, null, null, null, null, null,
	null, null,
	pg_catalog.format('%s of %s sequences may not be read by this role',
		pg_catalog.count(*) filter (where not s.open), pg_catalog.count(*))
from sequences s
having pg_catalog.count(*) filter (where not s.open) > 0
order by 11 desc nulls last, 2
