-- SPDX-License-Identifier: PostgreSQL
-- The column that bounds go by: the one that was asked for or, where that is
-- null, the first whose range the chunk source tells.  Follows
--	piece, bounding (column_name)

, keyed as (
	select p.*,
		k.wanted,
		a.attname,
		a.atttypid as type_oid,
		a.attcollation as collation_oid,
		not a.attnotnull and not exists (
			select
			from pg_catalog.jsonb_to_recordset(p.range) r (
				"column" pg_catalog.text, nulls pg_catalog.bool)
			where r."column" = a.attname
			and r.nulls is not true
		) as may_be_null,
		exists (
			select
			from pg_catalog.jsonb_to_recordset(p.range) r (
				"column" pg_catalog.text, timed pg_catalog.bool)
			where r."column" = a.attname
			and r.timed
		) as timed
	from piece p
	cross join bounding b
	cross join lateral (
		select coalesce(b.column_name, p.range -> 0 ->> 'column')
		offset 0
	) k (wanted)
	left join lateral (
		select a.attname, a.atttypid, a.attcollation,
			-- A constraint that has not been validated does not count.
			a.attnotnull and not exists (
				select
				from pg_catalog.pg_constraint v
				where v.conrelid = p.relid
				and v.contype = 'n'
				and not v.convalidated
				and v.conkey[1] = a.attnum
			) as attnotnull
		from pg_catalog.pg_attribute a
		where a.attrelid = p.relid
		and a.attname = k.wanted
		and a.attnum > 0
		and not a.attisdropped
		offset 0
	) a on true
)
