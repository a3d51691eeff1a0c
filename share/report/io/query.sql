-- All reads and writes by who did them and why; rows without any are left out.
select i.backend_type as process, i.object, i.context, i.reads,
	i.read_time / 1000 as read_time, i.writes,
	i.write_time / 1000 as write_time, i.extends, i.hits,
	i.hits::pg_catalog.float8 / nullif(i.hits + i.reads, 0) as hit,
	i.evictions, i.fsyncs
from pg_catalog.pg_stat_io i
where coalesce(i.reads, 0) + coalesce(i.writes, 0) + coalesce(i.extends, 0)
	+ coalesce(i.hits, 0) > 0
order by i.backend_type, i.object, i.context
