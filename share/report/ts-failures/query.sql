-- The last 200 failures of jobs, newest first.
select e.start_time as began, e.job_id as job,
	pg_catalog.concat(e.proc_schema, '.', e.proc_name) as procedure,
	case when pg_catalog.isfinite(e.finish_time)
	then pg_catalog.date_part('epoch', e.finish_time - e.start_time)
	end as took,
	e.sqlerrcode as code, e.err_message as message
from timescaledb_information.job_errors e
order by e.start_time desc nulls last, e.job_id
limit 200
