-- SPDX-License-Identifier: PostgreSQL
with
-- part: hypertables
judged as (
	select h.schema, h.name, d.integer_now_func_schema as func_schema,
		d.integer_now_func as func, pg_catalog.count(distinct j.id) as jobs
	from hypers h
	join _timescaledb_catalog.dimension d on d.hypertable_id = h.id
	join _timescaledb_config.bgw_job j on j.hypertable_id = h.id
	where not h.by_time
	and not h.is_view
	and d.interval_length is not null
	and d.column_type in ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype,
		'int8'::pg_catalog.regtype)
	and j.proc_name like 'policy_%'
	and $1::pg_catalog.jsonb is not null
	group by 1, 2, 3, 4
)
select 'warning' as severity,
	pg_catalog.format('%s.%s', j.schema, j.name) as object,
	j.schema,
	j.name,
	j.jobs,
	case when j.func is null
	then 'no function that says what time is now'
	else pg_catalog.format('its function %I.%I, which said what time is now, is gone',
		j.func_schema, j.func) end as text
from judged j
where j.func is null
or pg_catalog.to_regprocedure(pg_catalog.format('%I.%I()', j.func_schema, j.func)) is null
order by 2
