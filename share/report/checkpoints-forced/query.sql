-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		(g ->> 'checkpoints')::pg_catalog.float8 as checkpoints,
		(g ->> 'sync')::pg_catalog.float8 as sync
	from (select $1::pg_catalog.jsonb) p (g)
),
counted as (
	select b.checkpoints_timed::pg_catalog.float8 as timed,
		b.checkpoints_req::pg_catalog.float8 as requested,
		(b.checkpoints_timed + b.checkpoints_req)::pg_catalog.float8 as all,
		b.checkpoint_sync_time / 1000.0 as sync
	from pg_catalog.pg_stat_bgwriter b
)
select case when c.requested / c.all >= t.critical then 'critical'
	else 'warning' end as severity,
	'checkpoints' as object,
	pg_catalog.format('%s of %s checkpoints came before their time', c.requested,
		c.all) as text,
	pg_catalog.format('alter system set max_wal_size = %L; select pg_catalog.pg_reload_conf()',
		2 * s.setting::pg_catalog.int8 || 'MB') as mend,
	pg_catalog.format('alter system set max_wal_size = %L; select pg_catalog.pg_reload_conf()',
		s.setting || 'MB') as unmend,
	pg_catalog.round((c.requested / c.all)::pg_catalog.numeric, 3)::pg_catalog.float8 as value,
	case when c.requested / c.all >= t.critical then t.critical
	else t.warning end as threshold
from counted c
cross join t
join pg_catalog.pg_settings s on s.name = 'max_wal_size'
where c.all >= greatest(t.checkpoints, 1)
and c.requested >= least(t.warning, t.critical) * c.all
union all
select 'warning', 'sync',
	pg_catalog.format('a checkpoint waits %s s on average for the disk to take its files',
		pg_catalog.round((c.sync / c.all)::pg_catalog.numeric, 1)),
	null, null, pg_catalog.round((c.sync / c.all)::pg_catalog.numeric, 1)::pg_catalog.float8, t.sync
from counted c, t
where c.all >= greatest(t.checkpoints, 1)
and c.sync / nullif(c.all, 0) >= t.sync
