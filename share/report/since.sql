-- SPDX-License-Identifier: PostgreSQL
-- Since when each database's counters have counted.  One that was never reset has
-- counted as long as the server's own counters have; a crash takes them all, even
-- where the server starts anew by itself, and of that nothing tells but the time of
-- theirs.  "began" is no earlier than the server's start; "days" is for rates.
since as (
	select d.*,
		coalesce(d.stats_reset, greatest(pg_catalog.pg_postmaster_start_time(),
			least(b.stats_reset, a.stats_reset))) as began,
		greatest(extract(epoch from pg_catalog.clock_timestamp() - coalesce(
			d.stats_reset, least(b.stats_reset, a.stats_reset),
			pg_catalog.pg_postmaster_start_time())) / 86400,
			1.0 / 24)::pg_catalog.float8 as days
	from pg_catalog.pg_stat_database d, pg_catalog.pg_stat_bgwriter b,
		pg_catalog.pg_stat_archiver a
),
