-- SPDX-License-Identifier: PostgreSQL
-- By time only.  Where no rows came, none can be materialised: behind is who has
-- newer chunks below, and whose policy has not succeeded lately.

with t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: hypertables
views as (
	select h.id, h.schema, h.name, a.raw_hypertable_id,
		_timescaledb_functions.cagg_watermark(h.id) as mark
	from hypers h
	join _timescaledb_catalog.continuous_agg a on a.mat_hypertable_id = h.id
	where h.by_time
),
sources as (
	select v.id, pg_catalog.max(c.range_end) as until, pg_catalog.min(c.range_start) as since
	from views v
	join _timescaledb_catalog.hypertable r on r.id = v.raw_hypertable_id
	join timescaledb_information.chunks c
		on c.hypertable_schema = r.schema_name
		and c.hypertable_name = r.table_name
	group by 1
),
policies as (
	select distinct on (j.hypertable_id) j.hypertable_id, j.id,
		j.schedule_interval,
		coalesce((j.config ->> 'end_offset')::pg_catalog.interval, interval '0')
			as offset_end, s.last_successful_finish as finished
	from _timescaledb_config.bgw_job j
	join views v on v.id = j.hypertable_id
	left join _timescaledb_internal.bgw_job_stat s on s.job_id = j.id
	where j.proc_name = 'policy_refresh_continuous_aggregate'
	order by j.hypertable_id, 4
),
-- A view that was never refreshed has its mark before all time.
marks as (
	select v.*, s.until, p.id as job, p.schedule_interval, p.finished,
		case when v.mark < -200000000000000000 then s.since
		else greatest(_timescaledb_functions.to_timestamp(v.mark),
			s.since) end as watermark,
		least(pg_catalog.clock_timestamp() - p.offset_end, s.until) as promised
	from views v
	join sources s on s.id = v.id
	join policies p on p.hypertable_id = v.id
),
lags as (
	select m.*, extract(epoch from m.promised - m.watermark) / greatest(
			extract(epoch from m.schedule_interval), 60) as rounds
	from marks m
	where m.finished is null
	or not pg_catalog.isfinite(m.finished)
	or m.finished < pg_catalog.clock_timestamp() - 2 * m.schedule_interval
)
select case when l.rounds >= t.critical then 'critical' else 'warning' end
		as severity,
	pg_catalog.format('%s.%s', l.schema, l.name) as object,
	l.schema,
	l.name,
	case when l.mark < -200000000000000000 then 'nothing'
	else pg_catalog.date_trunc('second', l.watermark)::pg_catalog.text end as watermark,
	pg_catalog.date_trunc('second', l.promised - l.watermark)::pg_catalog.text as lag,
	case when l.finished is null or not pg_catalog.isfinite(l.finished)
	then ', and the policy never succeeded'
	else pg_catalog.format(', and the policy last succeeded %s', pg_catalog.date_trunc('second',
		l.finished)) end as policy,
	pg_catalog.format('call %I.refresh_continuous_aggregate(%L, %L, %L)', (
			select n.nspname
			from pg_catalog.pg_extension e
			join pg_catalog.pg_namespace n on n.oid = e.extnamespace
			where e.extname = 'timescaledb'
		), pg_catalog.format('%I.%I', l.schema, l.name), l.watermark, l.promised)
		as mend,
	pg_catalog.round(l.rounds::pg_catalog.numeric, 1)::pg_catalog.float8 as value,
	case when l.rounds >= t.critical then t.critical else t.warning end
		as threshold
from lags l, t
where l.rounds >= least(t.warning, t.critical)
order by l.rounds desc, 2
