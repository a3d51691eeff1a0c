-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'intervals')::pg_catalog.float8 as intervals
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: hypertables
policies as (
	select j.id, j.hypertable_id, j.schedule_interval,
		(j.config ->> 'drop_after')::pg_catalog.interval as after
	from _timescaledb_config.bgw_job j
	join hypers h on h.id = j.hypertable_id
	where j.proc_name = 'policy_retention'
	and h.by_time
	and j.config ->> 'drop_after' is not null
)
select 'warning' as severity,
	pg_catalog.format('%s.%s', h.schema, h.name) as object,
	h.schema,
	h.name,
	pg_catalog.count(*) as chunks,
	p.after::pg_catalog.text as after,
	p.id as job,
	(
		select pg_catalog.format('%I.run_job', n.nspname)
		from pg_catalog.pg_extension e
		join pg_catalog.pg_namespace n on n.oid = e.extnamespace
		where e.extname = 'timescaledb'
	) as run,
	pg_catalog.count(*) as value,
	0 as threshold
from policies p
cross join t
join hypers h on h.id = p.hypertable_id
join timescaledb_information.chunks c
	on c.hypertable_schema = h.schema_name
	and c.hypertable_name = h.table_name
where c.range_end < pg_catalog.clock_timestamp() - p.after
	- t.intervals * p.schedule_interval
group by h.schema, h.name, p.after, p.id
order by 2
