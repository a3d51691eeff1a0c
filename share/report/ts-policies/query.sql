-- What is done by itself to which hypertable or continuous aggregate.
select coalesce(a.user_view_schema, j.hypertable_schema) as schema,
	coalesce(a.user_view_name, j.hypertable_name) as table,
	pg_catalog.regexp_replace(j.proc_name, '^policy_', '') as policy,
	j.job_id as job,
	(
		select coalesce(pg_catalog.json_agg(pg_catalog.concat(c.key, ': ',
			c.value) order by c.key), '[]')
		from pg_catalog.jsonb_each_text(case
			when pg_catalog.jsonb_typeof(j.config) = 'object' then j.config
			else '{}' end) c
		where c.key not in ('hypertable_id', 'mat_hypertable_id')) as settings,
	j.schedule_interval::pg_catalog.text as every, j.scheduled,
	j.owner::pg_catalog.text as owner,
	case when j.scheduled and pg_catalog.isfinite(j.next_start)
	then j.next_start end as next_run
from timescaledb_information.jobs j
left join _timescaledb_catalog.hypertable h
	on h.schema_name = j.hypertable_schema
	and h.table_name = j.hypertable_name
left join _timescaledb_catalog.continuous_agg a on a.mat_hypertable_id = h.id
where j.proc_name ~ '^policy_' and j.hypertable_name is not null
order by 1, 2, 3, 4
