-- SPDX-License-Identifier: PostgreSQL
with
-- part: hypertables
paused as (
	select j.*, h.schema, h.name
	from _timescaledb_config.bgw_job j
	left join hypers h on h.id = j.hypertable_id
	where not j.scheduled
	and j.id >= 1000
	and $1::pg_catalog.jsonb is not null
)
select 'notice' as severity,
	pg_catalog.format('job %s', p.id) as object,
	p.id as job,
	p.proc_name as name,
	case when p.schema is null then ''
	else pg_catalog.format(' of %s.%s', p.schema, p.name) end as of,
	(
		select pg_catalog.format('%I.alter_job', n.nspname)
		from pg_catalog.pg_extension e
		join pg_catalog.pg_namespace n on n.oid = e.extnamespace
		where e.extname = 'timescaledb'
	) as alter
from paused p
order by p.id
