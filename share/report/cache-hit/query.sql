-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'notice')::pg_catalog.float8 as notice,
		(g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'blocks')::pg_catalog.float8 as blocks
	from (select $1::pg_catalog.jsonb) p (g)
),
counted as (
	select d.datname, (d.blks_hit + d.blks_read)::pg_catalog.float8 as blocks,
		d.blks_hit / nullif((d.blks_hit + d.blks_read)::pg_catalog.float8, 0)
			as ratio
	from pg_catalog.pg_stat_database d
	where d.datname = pg_catalog.current_database()
)
select case when c.ratio < t.warning then 'warning' else 'notice' end
		as severity,
	c.datname::pg_catalog.text as object,
	pg_catalog.round((c.ratio * 100)::pg_catalog.numeric, 1)::pg_catalog.float8 as percent,
	pg_catalog.to_char(c.blocks, 'FM999,999,999,999,999') as blocks,
	pg_catalog.round(c.ratio::pg_catalog.numeric, 4)::pg_catalog.float8 as value,
	case when c.ratio < t.warning then t.warning else t.notice end
		as threshold
from counted c, t
where c.blocks >= t.blocks
and c.ratio < greatest(t.notice, t.warning)
