-- SPDX-License-Identifier: PostgreSQL
-- Who holds rows back that nobody else needs: sessions, standbys that send
-- feedback, replication slots, prepared transactions.

with t as (
	select (g ->> 'notice')::pg_catalog.float8 as notice,
		(g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		pg_catalog.current_setting('autovacuum_freeze_max_age')::pg_catalog.float8 as freeze_age
	from (select $1::pg_catalog.jsonb) p (g)
),
holders (object, holder, age, ending) as (
	-- A vacuum holds nothing back, and says that it is one to everybody.
	select pg_catalog.format('process %s', a.pid),
		pg_catalog.format('%s %s (user %s, database %s, application "%s")',
			case when r.pid is null then 'session' else 'standby' end,
			a.pid, coalesce(a.usename, '?'), coalesce(a.datname, '?'),
			coalesce(a.application_name, '')),
		greatest(pg_catalog.age(a.backend_xmin), pg_catalog.age(a.backend_xid)),
		pg_catalog.format('select pg_catalog.pg_terminate_backend(%s)', a.pid)
	from pg_catalog.pg_stat_activity a
	left join pg_catalog.pg_stat_replication r on r.pid = a.pid
	where a.pid <> pg_catalog.pg_backend_pid()
	and coalesce(a.backend_type, '') <> 'autovacuum worker'
	and not exists (
		select
		from pg_catalog.pg_stat_progress_vacuum v
		where v.pid = a.pid
	)
	union all
	select pg_catalog.format('slot %s', s.slot_name),
		pg_catalog.format('replication slot "%s"', s.slot_name),
		greatest(pg_catalog.age(s.xmin), pg_catalog.age(s.catalog_xmin)),
		pg_catalog.format('select pg_catalog.pg_drop_replication_slot(%L)',
			s.slot_name)
	from pg_catalog.pg_replication_slots s
	union all
	select pg_catalog.format('prepared %s', p.gid),
		pg_catalog.format('prepared transaction "%s" (user %s, database %s)',
			p.gid, p.owner, p.database),
		pg_catalog.age(p.transaction),
		pg_catalog.format('rollback prepared %L', p.gid)
	from pg_catalog.pg_prepared_xacts p
)
select case
	when h.age >= t.critical * t.freeze_age then 'critical'
	when h.age >= t.warning * t.freeze_age then 'warning'
	else 'notice'
	end as severity,
	h.object,
	h.holder,
	pg_catalog.to_char(h.age, 'FM999,999,999,999') as age,
	h.ending as end,
	h.age as value,
	case
	when h.age >= t.critical * t.freeze_age then t.critical * t.freeze_age
	when h.age >= t.warning * t.freeze_age then t.warning * t.freeze_age
	else t.notice * t.freeze_age
	end as threshold
from holders h, t
where h.age >= least(t.notice, t.warning, t.critical) * t.freeze_age
order by h.age desc, h.object
