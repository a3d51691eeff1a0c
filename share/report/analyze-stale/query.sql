-- SPDX-License-Identifier: PostgreSQL
with recursive t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		(g ->> 'never')::pg_catalog.float8 as never,
		(g ->> 'limit')::pg_catalog.int8 as most
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: roots
options (oid, threshold, scale) as (
	select c.oid,
		pg_catalog.max(o.option_value) filter (
			where o.option_name = 'autovacuum_analyze_threshold'),
		pg_catalog.max(o.option_value) filter (
			where o.option_name = 'autovacuum_analyze_scale_factor')
	from pg_catalog.pg_class c
	cross join lateral pg_catalog.pg_options_to_table(c.reloptions) o
	where c.reloptions::pg_catalog.text like '%autovacuum_analyze_%'
	group by c.oid
),
tables (root, changed, stale, never) as (
	select r.root, s.n_mod_since_analyze::pg_catalog.float8,
		s.n_mod_since_analyze >
			coalesce(o.threshold, pg_catalog.current_setting(
				'autovacuum_analyze_threshold'))::pg_catalog.float8
			+ coalesce(o.scale, pg_catalog.current_setting(
				'autovacuum_analyze_scale_factor'))::pg_catalog.float8
			* greatest(c.reltuples, 0),
		coalesce(s.last_analyze, s.last_autoanalyze) is null
		and s.n_tup_ins + s.n_tup_upd + s.n_tup_del > t.never
		-- Statistics that were brought along are statistics.
		and not exists (
			select
			from pg_catalog.pg_stats p
			where p.schemaname = n.nspname
			and p.tablename = c.relname
		)
	from roots r
	join pg_catalog.pg_class c on c.oid = r.oid
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	join pg_catalog.pg_stat_all_tables s on s.relid = r.oid
	left join options o on o.oid = r.oid
	cross join t
	where s.n_mod_since_analyze > least(t.warning, t.critical, t.never)
),
judged as (
	select c.root, pg_catalog.sum(c.changed) as changed,
		pg_catalog.bool_or(c.stale and c.changed >= t.critical) as critical,
		pg_catalog.bool_or(c.stale and c.changed >= t.warning) as warning,
		pg_catalog.bool_or(c.never) as never
	from tables c, t
	group by c.root
)
select case when j.critical then 'critical' else 'warning' end as severity,
	pg_catalog.format('%s.%s', n.nspname, c.relname) as object,
	n.nspname as schema,
	c.relname as table,
	pg_catalog.format(case when j.never then '%s.%s was never analyzed, and %s rows of it were written'
		else '%s.%s was not analyzed since %s rows of it changed' end,
		n.nspname, c.relname, pg_catalog.to_char(j.changed, 'FM999,999,999,999'))
		as text,
	j.changed as value,
	case when j.critical then t.critical when j.warning then t.warning
	else t.never end as threshold
from judged j
cross join t
join pg_catalog.pg_class c on c.oid = j.root
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where j.critical or j.warning or j.never
order by j.changed desc, 2
limit (select t.most from t)
