-- Who takes WAL from this server, and from whom it takes its own if it is a standby.
-- Lags are null while nothing happens, which is as good as zero.
select 'to' as direction, r.application_name as name,
	coalesce(pg_catalog.host(r.client_addr), 'local socket') as client,
	r.usename as role, r.state, r.sync_state as synchronous,
	s.slot_name as slot, r.sent_lsn::pg_catalog.text as sent,
	r.replay_lsn::pg_catalog.text as replayed,
	pg_catalog.pg_wal_lsn_diff(l.lsn, r.replay_lsn)::pg_catalog.int8
		as behind_bytes,
	pg_catalog.date_part('epoch', r.write_lag) as write_lag,
	pg_catalog.date_part('epoch', r.flush_lag) as flush_lag,
	pg_catalog.date_part('epoch', r.replay_lag) as replay_lag,
	r.reply_time as last_word
from pg_catalog.pg_stat_replication r
left join pg_catalog.pg_replication_slots s on s.active_pid = r.pid
cross join (
	select case when pg_catalog.pg_is_in_recovery()
	then coalesce(pg_catalog.pg_last_wal_receive_lsn(),
		pg_catalog.pg_last_wal_replay_lsn())
	else pg_catalog.pg_current_wal_lsn() end
) l(lsn)
union all
select 'from', null, coalesce(w.sender_host || ':' || w.sender_port,
		'(archive)'),
	null, coalesce(w.status, 'no receiver'), null, w.slot_name,
	pg_catalog.pg_last_wal_receive_lsn()::pg_catalog.text,
	pg_catalog.pg_last_wal_replay_lsn()::pg_catalog.text,
	pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_last_wal_receive_lsn(),
		pg_catalog.pg_last_wal_replay_lsn())::pg_catalog.int8,
	null, null,
	case when pg_catalog.pg_last_wal_receive_lsn()
		= pg_catalog.pg_last_wal_replay_lsn() then 0
	else pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
		- pg_catalog.pg_last_xact_replay_timestamp()) end,
	w.last_msg_receipt_time
from (select pg_catalog.pg_is_in_recovery()) r(standby)
left join pg_catalog.pg_stat_wal_receiver w on true
where r.standby
order by 1, 2, 3
