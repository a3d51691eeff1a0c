-- SPDX-License-Identifier: PostgreSQL
-- Fields that came with later versions are asked for by name: what is absent
-- reads as null.

with t as (
	select (g ->> 'warning_bytes')::pg_catalog.float8 as warning,
		(g ->> 'critical_share')::pg_catalog.float8 as share,
		(
			select nullif(s.setting, '-1')::pg_catalog.float8 * 1048576
			from pg_catalog.pg_settings s
			where s.name = 'max_slot_wal_keep_size'
		) as keep,
		case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
		else pg_catalog.pg_current_wal_lsn() end as lsn
	from (select $1::pg_catalog.jsonb) p (g)
),
slots as (
	select s.slot_name, s.slot_type, s.plugin, s.database, s.active,
		s.wal_status,
		pg_catalog.pg_wal_lsn_diff(t.lsn, s.restart_lsn)::pg_catalog.float8 as bytes,
		pg_catalog.to_jsonb(s) ->> 'invalidation_reason' as invalid,
		(pg_catalog.to_jsonb(s) ->> 'inactive_since')::pg_catalog.timestamptz as since
	from pg_catalog.pg_replication_slots s, t
	where not s.temporary
	-- A copy of a slot of the primary is never in use on a standby.
	and coalesce(pg_catalog.to_jsonb(s) ->> 'synced', 'false') = 'false'
),
judged as (
	select s.*, case
		when s.invalid is not null or s.wal_status in ('unreserved', 'lost')
			or s.bytes > t.share * t.keep then 'critical'
		when s.wal_status = 'extended' or s.bytes > t.warning
			then 'warning'
		when not s.active then 'notice'
		end as severity
	from slots s, t
)
select j.severity,
	j.slot_name::pg_catalog.text as object,
	j.slot_name as slot,
	j.slot_type as kind,
	coalesce(' in ' || j.database, '') as database,
	case
	when j.invalid is not null then pg_catalog.format('is invalid: %s', j.invalid)
	when j.wal_status = 'lost' then 'has lost WAL that it needed'
	else pg_catalog.format('keeps %s of WAL (%s) and is %s',
		pg_catalog.pg_size_pretty(coalesce(j.bytes, 0)::pg_catalog.int8),
		coalesce(j.wal_status, 'none reserved'),
		case when j.active then 'in use'
		else pg_catalog.concat('not in use', ' since '
			|| pg_catalog.date_trunc('second', j.since)::pg_catalog.text)
		end)
	end as text,
	j.active,
	case
	when j.slot_type = 'logical' then pg_catalog.format(
		'select pg_catalog.pg_create_logical_replication_slot(%L, %L)',
		j.slot_name, j.plugin)
	else pg_catalog.format(
		'select pg_catalog.pg_create_physical_replication_slot(%L)',
		j.slot_name)
	end as again,
	j.bytes as value,
	case j.severity
	when 'critical' then t.share * t.keep
	when 'warning' then t.warning
	end as threshold
from judged j, t
where j.severity is not null
order by j.bytes desc nulls last, 2
