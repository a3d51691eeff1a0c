-- Sequences and how much of them is used up, by what the column that they number
-- can hold if that is less than the sequence's own end.  Each value is in a file of
-- its own: of more than 500 sequences only those are read that could end.
with owned as materialized (
	select d.classid, d.objid
	from pg_catalog.pg_depend d
	where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
	and d.deptype = 'e'
),
lock as materialized (
	select distinct l.relation as oid
	from pg_catalog.pg_locks l
	where l.locktype = 'relation' and l.mode in ('ShareLock',
		'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
	and l.pid is distinct from pg_catalog.pg_backend_pid()
),
-- What a sequence belongs to: a serial's column, an identity's.
numbers as materialized (
	select d.objid, d.deptype = 'i' as identity, n.nspname, c.relname,
		a.attname, a.atttypid
	from pg_catalog.pg_depend d
	join pg_catalog.pg_class c on c.oid = d.refobjid
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	join pg_catalog.pg_attribute a on a.attrelid = c.oid
		and a.attnum = d.refobjsubid
	where d.objid in (select s.seqrelid from pg_catalog.pg_sequence s)
	and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
	and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
	and d.refobjsubid > 0 and d.deptype in ('a', 'i')
),
seq as materialized (
	select c.oid, n.nspname, c.relname, c.relowner, s.seqtypid, s.seqstart,
		s.seqincrement, s.seqmin, s.seqmax, s.seqcycle, s.seqcache,
		u.identity, u.atttypid,
		pg_catalog.format('%s.%s.%s', u.nspname, u.relname, u.attname)
			as numbered, u.objid is not null as used,
		case when not pg_catalog.has_sequence_privilege(c.oid, 'select, usage')
		then 'needs select or usage on it'
		when l.oid is not null then 'locked'
		when c.relpersistence <> 'p' and pg_catalog.pg_is_in_recovery()
		then 'unlogged, not on a standby'
		when s.seqmax > 4611686018427387904 and s.seqincrement in (1, -1)
		and coalesce(u.atttypid = 'pg_catalog.int8'::pg_catalog.regtype, true)
		and (select pg_catalog.count(*) from pg_catalog.pg_sequence) > 500
		then 'not read, it is far from its end' end as note
	from pg_catalog.pg_sequence s
	join pg_catalog.pg_class c on c.oid = s.seqrelid
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	left join numbers u on u.objid = c.oid
	left join lock l on l.oid = c.oid
	where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
	and not exists (
		select from owned o
		where (o.objid = c.oid
			and o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass))
	and not exists (
		select from owned o
		where (o.objid = n.oid
			and o.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass))
),
now as materialized (
	select s.*, case when s.note is null
		then pg_catalog.pg_sequence_last_value(s.oid) end as value,
		case s.atttypid when 'pg_catalog.int2'::pg_catalog.regtype then 32767
		when 'pg_catalog.int4'::pg_catalog.regtype then 2147483647
		else 9223372036854775807 end as fits
	from seq s
)
select s.nspname as schema, s.relname as sequence,
	case when s.used then s.numbered end as used_by,
	coalesce(s.identity, false) as identity,
	pg_catalog.format_type(s.seqtypid, null) as type,
	s.value as last_value,
	case when s.seqcycle then null
	when s.seqincrement < 0 then (s.seqmax::pg_catalog.numeric - s.value)
		/ nullif(s.seqmax::pg_catalog.numeric - s.seqmin, 0)
	else (s.value::pg_catalog.numeric - s.seqmin)
		/ nullif(least(s.seqmax, s.fits)::pg_catalog.numeric - s.seqmin, 0)
	end::pg_catalog.float8 as used,
	s.note as value_note, s.seqstart as start, s.seqincrement as increment,
	s.seqmin as min, s.seqmax as max, s.seqcycle as cycle, s.seqcache as cache,
	pg_catalog.pg_get_userbyid(s.relowner) as owner,
	d.description as comment
from now s
left join pg_catalog.pg_description d on d.objoid = s.oid and d.objsubid = 0
	and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
order by s.nspname, s.relname
