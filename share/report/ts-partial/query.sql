-- SPDX-License-Identifier: PostgreSQL
-- The policy compresses such rows at its next round, so only those count that
-- it has not been at.

with t as (
	select (g ->> 'hours')::pg_catalog.float8 * interval '1 hour' as grace
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: hypertables
policies as (
	select j.hypertable_id, pg_catalog.max(s.last_successful_finish) as finished
	from _timescaledb_config.bgw_job j
	left join _timescaledb_internal.bgw_job_stat s on s.job_id = j.id
	where j.proc_name in ('policy_compression', 'policy_columnstore')
	and j.scheduled
	group by 1
),
partial as (
	select h.schema, h.name, p.hypertable_id is not null as policy,
		pg_catalog.count(*) as chunks,
		pg_catalog.string_agg(pg_catalog.format('select %I.compress_chunk(%L)', (
				select n.nspname
				from pg_catalog.pg_extension e
				join pg_catalog.pg_namespace n on n.oid = e.extnamespace
				where e.extname = 'timescaledb'
			), pg_catalog.format('%I.%I', c.schema_name, c.table_name)), '; '
			order by c.id) as mend
	from hypers h
	cross join t
	join _timescaledb_catalog.chunk c on c.hypertable_id = h.id
	join timescaledb_information.chunks r
		on r.chunk_schema = c.schema_name
		and r.chunk_name = c.table_name
	left join policies p on p.hypertable_id = h.id
	where c.status & 9 = 9
	and (r.range_end is null or r.range_end < pg_catalog.clock_timestamp() - t.grace)
	and (p.hypertable_id is null or p.finished is null
		or p.finished < pg_catalog.clock_timestamp() - t.grace)
	group by 1, 2, 3
)
select 'warning' as severity,
	pg_catalog.format('%s.%s', p.schema, p.name) as object,
	p.schema,
	p.name,
	p.chunks,
	case when p.policy
	then ', and the policy has not come by'
	else ', and no policy compresses them' end as policy,
	p.mend,
	p.chunks as value,
	0 as threshold
from partial p
order by p.chunks desc, 2
