-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'warning')::pg_catalog.int8 as warning,
		(g ->> 'critical')::pg_catalog.int8 as critical,
		(
			select s.setting::pg_catalog.int8
			from pg_catalog.pg_settings s
			where s.name = 'wal_segment_size'
		) as segment
	from (select $1::pg_catalog.jsonb) p (g)
),
ready as (
	select pg_catalog.count(*) as segments, pg_catalog.min(f.modification) as oldest
	from pg_catalog.pg_ls_archive_statusdir() f
	where f.name ~ '^[0-9A-F]{24}\.ready$'
)
select case when r.segments >= t.critical then 'critical' else 'warning' end
		as severity,
	'archive queue' as object,
	r.segments,
	pg_catalog.pg_size_pretty(r.segments * t.segment) as size,
	pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - r.oldest)::pg_catalog.text as duration,
	r.segments as value,
	case when r.segments >= t.critical then t.critical else t.warning end
		as threshold
from ready r, t
where r.segments >= least(t.warning, t.critical)
