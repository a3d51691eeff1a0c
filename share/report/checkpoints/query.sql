-- Checkpoints as they were counted up to version 16.
select pg_catalog.current_setting('checkpoint_timeout') as timeout,
	pg_catalog.current_setting('max_wal_size') as max_wal_size,
	pg_catalog.current_setting('checkpoint_completion_target')
		::pg_catalog.float8 as spread,
	b.checkpoints_timed as timed, b.checkpoints_req as requested,
	b.checkpoints_req::pg_catalog.float8
		/ nullif(b.checkpoints_timed + b.checkpoints_req, 0)
		as requested_share,
	null::pg_catalog.int8 as restartpoints,
	b.checkpoint_write_time / 1000 as write_time,
	b.checkpoint_sync_time / 1000 as sync_time,
	b.buffers_checkpoint * u.page as by_checkpoints,
	b.buffers_clean * u.page as by_cleaner,
	b.buffers_backend * u.page as by_backends,
	b.maxwritten_clean as cleaner_stopped, b.stats_reset
from pg_catalog.pg_stat_bgwriter b
cross join (
	select pg_catalog.current_setting('block_size')::pg_catalog.int8
) u(page)
