-- Replication slots and what they hold back.  Columns of later versions by name.
select s.slot_name as slot, s.slot_type as kind, s.plugin, s.database, s.active,
	s.temporary, s.restart_lsn::pg_catalog.text as restart,
	s.confirmed_flush_lsn::pg_catalog.text as confirmed,
	pg_catalog.pg_wal_lsn_diff(l.lsn, s.restart_lsn)::pg_catalog.int8
		as kept_bytes,
	s.safe_wal_size as safe_bytes, s.wal_status as state,
	greatest(pg_catalog.age(s.xmin), pg_catalog.age(s.catalog_xmin))
		as snapshot,
	j.row->>'inactive_since' as inactive_since,
	coalesce(j.row->>'invalidation_reason',
		case when (j.row->>'conflicting')::pg_catalog.bool then 'conflict' end)
		as invalidated,
	(j.row->>'failover')::pg_catalog.bool as failover
from pg_catalog.pg_replication_slots s
cross join lateral (select pg_catalog.to_jsonb(s)) j(row)
cross join (
	select case when pg_catalog.pg_is_in_recovery()
	then pg_catalog.pg_last_wal_replay_lsn()
	else pg_catalog.pg_current_wal_lsn() end
) l(lsn)
order by s.slot_name
