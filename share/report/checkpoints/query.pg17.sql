-- Checkpoints have a view of their own from version 17 on, and what backends write
-- is counted with all reads and writes.
select pg_catalog.current_setting('checkpoint_timeout') as timeout,
	pg_catalog.current_setting('max_wal_size') as max_wal_size,
	pg_catalog.current_setting('checkpoint_completion_target')
		::pg_catalog.float8 as spread,
	c.num_timed as timed, c.num_requested as requested,
	c.num_requested::pg_catalog.float8
		/ nullif(c.num_timed + c.num_requested, 0) as requested_share,
	c.restartpoints_done as restartpoints,
	c.write_time / 1000 as write_time, c.sync_time / 1000 as sync_time,
	c.buffers_written * u.page as by_checkpoints,
	b.buffers_clean * u.page as by_cleaner,
	(
		select (pg_catalog.sum(i.writes) * u.page)::pg_catalog.int8
		from pg_catalog.pg_stat_io i
		where i.backend_type in ('client backend', 'background worker')
		and i.object = 'relation') as by_backends,
	b.maxwritten_clean as cleaner_stopped, c.stats_reset
from pg_catalog.pg_stat_checkpointer c
cross join pg_catalog.pg_stat_bgwriter b
cross join (
	select pg_catalog.current_setting('block_size')::pg_catalog.int8
) u(page)
