-- SPDX-License-Identifier: PostgreSQL
with
-- part: tables
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
