-- SPDX-License-Identifier: PostgreSQL
-- Over how many days each database's counters have counted.  One that was
-- never reset has counted as long as the server's own counters have.
since as (
	select d.*, greatest(extract(epoch from pg_catalog.clock_timestamp() - coalesce(
		d.stats_reset, least(b.stats_reset, a.stats_reset,
		pg_catalog.pg_postmaster_start_time()))) / 86400, 1.0 / 24)::pg_catalog.float8 as days
	from pg_catalog.pg_stat_database d, pg_stat_bgwriter b, pg_stat_archiver a
),
