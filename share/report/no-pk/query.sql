-- SPDX-License-Identifier: PostgreSQL
with
-- The users' own tables, each under its own name: no partitions, no chunks,
-- nothing of an extension.
tables as materialized (
	select c.oid, n.nspname, c.relname, c.relkind, c.reloptions,
		c.relpersistence, c.reltoastrelid, c.relreplident,
		exists (
			select
			from pg_catalog.pg_trigger g
			where g.tgrelid = c.oid
			and g.tgname = 'ts_insert_blocker'
		) as hypertable
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where c.relkind in ('r', 'p')
	and not c.relispartition
	and c.relpersistence <> 't'
	and n.nspname !~ '^(pg_|information_schema$|_?timescaledb_)'
	and not exists (
		select
		from pg_catalog.pg_depend d
		where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and d.objid = c.oid
		and d.deptype = 'e'
	)
	and not exists (
		select
		from pg_catalog.pg_inherits i
		join pg_catalog.pg_trigger g on g.tgrelid = i.inhparent
		where i.inhrelid = c.oid
		and g.tgname = 'ts_insert_blocker'
	)
),
bare as (
	select b.*, exists (
			select
			from pg_catalog.pg_index x
			where x.indrelid = b.oid
			and (x.indisreplident or x.indisunique and x.indimmediate
				and x.indpred is null and x.indexprs is null
				and not exists (
					select
					from pg_catalog.pg_attribute a
					where a.attrelid = b.oid
					and a.attnum = any (x.indkey)
					and not a.attnotnull
				))
		) as identified
	from tables b
	where not b.hypertable
	and $1::pg_catalog.jsonb is not null
	and not exists (
		select
		from pg_catalog.pg_index x
		where x.indrelid = b.oid
		and x.indisprimary
	)
)
select case when b.identified then 'notice' else 'warning' end as severity,
	pg_catalog.format('%s.%s', b.nspname, b.relname) as object,
	b.nspname as schema,
	b.relname as table,
	case when b.identified then ', only a unique index over columns that are never null'
	else '' end as instead
from bare b
order by 2
