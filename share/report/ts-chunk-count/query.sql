-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'chunks')::pg_catalog.int8 as chunks
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: hypertables
counted as (
	select c.hypertable_schema, c.hypertable_name, pg_catalog.count(*) as chunks
	from timescaledb_information.chunks c
	group by 1, 2
)
select 'notice' as severity,
	pg_catalog.format('%s.%s', h.schema, h.name) as object,
	h.schema,
	h.name,
	c.chunks,
	c.chunks as value,
	t.chunks as threshold
from counted c
cross join t
join hypers h on h.schema_name = c.hypertable_schema
	and h.table_name = c.hypertable_name
where c.chunks > t.chunks
order by c.chunks desc, 2
