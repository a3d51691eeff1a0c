-- SPDX-License-Identifier: PostgreSQL
-- A table waits when it has more dead rows than its own trigger, and no vacuum
-- has been there for long.  A table that nobody changes has no dead rows, and
-- may go without vacuum for ever.

with recursive t as (
	select (g ->> 'hours')::pg_catalog.float8 as hours,
		(g ->> 'queue')::pg_catalog.float8 * s.setting::pg_catalog.float8 as queue,
		(g ->> 'limit')::pg_catalog.int8 as most
	from (select $1::pg_catalog.jsonb) p (g)
	join pg_catalog.pg_settings s on s.name = 'autovacuum_max_workers'
),
-- part: since
-- part: roots
options (oid, threshold, scale, most) as (
	select c.oid,
		pg_catalog.max(o.option_value) filter (
			where o.option_name = 'autovacuum_vacuum_threshold'),
		pg_catalog.max(o.option_value) filter (
			where o.option_name = 'autovacuum_vacuum_scale_factor'),
		pg_catalog.max(o.option_value) filter (
			where o.option_name = 'autovacuum_vacuum_max_threshold')
	from pg_catalog.pg_class c
	cross join lateral pg_catalog.pg_options_to_table(c.reloptions) o
	where c.reloptions::pg_catalog.text like '%autovacuum_vacuum_%'
	group by c.oid
),
tables (oid, root, dead, trigger, last) as (
	select r.oid, r.root, s.n_dead_tup::pg_catalog.float8,
		least(
			coalesce(o.threshold, pg_catalog.current_setting(
				'autovacuum_vacuum_threshold'))::pg_catalog.float8
			+ coalesce(o.scale, pg_catalog.current_setting(
				'autovacuum_vacuum_scale_factor'))::pg_catalog.float8
			* greatest(c.reltuples, 0),
			-- New in version 18; -1 is none.
			nullif(coalesce(o.most, pg_catalog.current_setting(
				'autovacuum_vacuum_max_threshold', true),
				'-1')::pg_catalog.float8, -1)),
		-- For a table where no vacuum ever was, the statistics'
		-- age is all that is known.  An analyze takes no row away.
		coalesce(greatest(s.last_vacuum, s.last_autovacuum),
			(
				select d.began
				from since d
				where d.datname = pg_catalog.current_database()
			))
	from roots r
	join pg_catalog.pg_class c on c.oid = r.oid
	join pg_catalog.pg_stat_all_tables s on s.relid = r.oid
	left join options o on o.oid = r.oid
	where s.n_dead_tup > 0
	and not exists (
		select
		from pg_catalog.pg_stat_progress_vacuum v
		where v.relid = r.oid
	)
),
waiting as (
	select w.root, pg_catalog.count(*) as tables, pg_catalog.sum(w.dead) as dead,
		pg_catalog.sum(w.trigger) as trigger, pg_catalog.min(w.last) as last
	from tables w, t
	where w.dead > w.trigger
	and w.last < pg_catalog.clock_timestamp() - t.hours * interval '1 hour'
	group by w.root
),
listed as (
	select 'warning' as severity,
		pg_catalog.format('%s.%s', n.nspname, c.relname) as object,
		pg_catalog.format('%s.%s%s has %s dead rows, more than the %s that call for a vacuum, and none has been there since %s',
			n.nspname, c.relname,
			case when w.tables > 1
			then pg_catalog.format(' (%s of its partitions)', w.tables)
			else '' end, w.dead, pg_catalog.round(w.trigger),
			pg_catalog.date_trunc('minute', w.last)) as text,
		pg_catalog.format('vacuum %I.%I', n.nspname, c.relname) as mend,
		w.dead as value, pg_catalog.round(w.trigger) as threshold
	from waiting w
	join pg_catalog.pg_class c on c.oid = w.root
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	order by w.dead desc
	limit (select t.most from t)
)
select l.severity, l.object, l.text, l.mend, l.value, l.threshold
from listed l
union all
select 'critical', 'queue',
	pg_catalog.format('%s tables wait for a vacuum, more than %s autovacuum workers get to',
		q.tables, pg_catalog.current_setting('autovacuum_max_workers')),
	null, q.tables, t.queue
from t, (select coalesce(pg_catalog.sum(w.tables), 0) as tables from waiting w) q
where q.tables > t.queue
