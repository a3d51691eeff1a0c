-- SPDX-License-Identifier: PostgreSQL
-- On a primary (or a standby that feeds others) each receiver, on a standby its
-- own replay.  A receiver with nothing to replay has no lag, whatever its clock.

with t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		(g ->> 'warning_bytes')::pg_catalog.float8 as warning_bytes,
		(g ->> 'critical_bytes')::pg_catalog.float8 as critical_bytes,
		pg_catalog.pg_is_in_recovery() as standby
	from (select $1::pg_catalog.jsonb) p (g)
),
lags (object, who, seconds, bytes, mend, unmend) as (
	select pg_catalog.format('receiver %s', coalesce(nullif(r.application_name, ''),
			r.pid::pg_catalog.text)),
		pg_catalog.format('the receiver "%s" (%s, %s)', r.application_name,
			coalesce(pg_catalog.host(r.client_addr), 'local'), r.state),
		extract(epoch from r.replay_lag)::pg_catalog.float8,
		pg_catalog.pg_wal_lsn_diff(case
			when t.standby then pg_catalog.pg_last_wal_replay_lsn()
			else pg_catalog.pg_current_wal_lsn()
			end, r.replay_lsn)::pg_catalog.float8,
		null, null
	from pg_catalog.pg_stat_replication r, t
	where r.state in ('streaming', 'catchup')
	union all
	select 'replay', 'this standby', case
		when pg_catalog.pg_last_wal_receive_lsn() > pg_catalog.pg_last_wal_replay_lsn() then
			extract(epoch from pg_catalog.clock_timestamp()
			- pg_catalog.pg_last_xact_replay_timestamp())::pg_catalog.float8
		end,
		pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_last_wal_receive_lsn(),
			pg_catalog.pg_last_wal_replay_lsn())::pg_catalog.float8,
		case when p.paused then 'select pg_catalog.pg_wal_replay_resume()' end,
		case when p.paused then 'select pg_catalog.pg_wal_replay_pause()' end
	from t
	cross join lateral (
		select case when t.standby then pg_catalog.pg_is_wal_replay_paused() end
	) p (paused)
	where t.standby
),
judged as (
	select l.*, case
		when l.seconds >= t.critical or l.bytes >= t.critical_bytes
			then 'critical'
		when l.seconds >= t.warning or l.bytes >= t.warning_bytes
			then 'warning'
		end as severity,
		-- Several receivers may have one name.
		pg_catalog.row_number() over (partition by l.object order by l.bytes desc)
			as number
	from lags l, t
)
select j.severity,
	j.object || case when j.number > 1 then pg_catalog.format(' (%s)', j.number)
		else '' end as object,
	pg_catalog.format('%s is %s behind%s', j.who,
		pg_catalog.pg_size_pretty(greatest(coalesce(j.bytes, 0), 0)::pg_catalog.int8),
		', ' || pg_catalog.date_trunc('second', j.seconds * interval '1 second')
			::pg_catalog.text) as text,
	j.seconds,
	j.bytes,
	j.mend,
	j.unmend,
	case when j.seconds >= t.warning then j.seconds else j.bytes end
		as value,
	case
	when j.seconds >= t.critical then t.critical
	when j.seconds >= t.warning then t.warning
	when j.bytes >= t.critical_bytes then t.critical_bytes
	else t.warning_bytes
	end as threshold
from judged j, t
where j.severity is not null
union all
select 'warning', 'wal receiver',
	'this standby has a primary_conninfo, yet receives nothing from it',
	null, null, null, null, null, null
from t
where t.standby
and not exists (select from pg_catalog.pg_stat_wal_receiver)
and exists (
	select
	from pg_catalog.pg_settings s
	where s.name = 'primary_conninfo'
	and s.setting <> ''
)
