-- The 500 tables with the most dead rows and the 500 that were frozen longest ago.
with recursive
-- part: relations
num as materialized (
	select pg_catalog.current_setting('autovacuum_vacuum_threshold')
			::pg_catalog.float8 as base,
		pg_catalog.current_setting('autovacuum_vacuum_scale_factor')
			::pg_catalog.float8 as scale,
		pg_catalog.current_setting('autovacuum_freeze_max_age')
			::pg_catalog.float8 as freeze
),
part as (
	select r.*, pg_catalog.pg_stat_get_live_tuples(r.oid) as live,
		pg_catalog.pg_stat_get_dead_tuples(r.oid) as dead,
		pg_catalog.pg_stat_get_mod_since_analyze(r.oid) as modified,
		greatest(pg_catalog.pg_stat_get_last_vacuum_time(r.oid),
			pg_catalog.pg_stat_get_last_autovacuum_time(r.oid)) as vacuumed,
		greatest(pg_catalog.pg_stat_get_last_analyze_time(r.oid),
			pg_catalog.pg_stat_get_last_autoanalyze_time(r.oid)) as analyzed,
		pg_catalog.pg_stat_get_vacuum_count(r.oid)
			+ pg_catalog.pg_stat_get_autovacuum_count(r.oid) as vacuums,
		greatest(pg_catalog.age(r.relfrozenxid),
			pg_catalog.age(t.relfrozenxid)) as age,
		greatest(pg_catalog.mxid_age(r.relminmxid),
			pg_catalog.mxid_age(t.relminmxid)) as multi,
		coalesce(o.base, num.base) + coalesce(o.scale, num.scale)
			* greatest(r.reltuples, 0) as threshold,
		least(o.freeze, num.freeze) as freeze
	from rel r
	left join pg_catalog.pg_class t on t.oid = r.reltoastrelid
	cross join num
	left join lateral (
		select pg_catalog.max(p.option_value::pg_catalog.float8) filter (
				where p.option_name = 'autovacuum_vacuum_threshold') as base,
			pg_catalog.max(p.option_value::pg_catalog.float8) filter (
				where p.option_name = 'autovacuum_vacuum_scale_factor')
				as scale,
			pg_catalog.max(p.option_value::pg_catalog.float8) filter (
				where p.option_name = 'autovacuum_freeze_max_age') as freeze
		from pg_catalog.pg_options_to_table(r.reloptions) p
		where p.option_name in ('autovacuum_vacuum_threshold',
			'autovacuum_vacuum_scale_factor', 'autovacuum_freeze_max_age')
	) o on r.reloptions is not null
),
sum as (
	select p.root, pg_catalog.count(*) filter (where p.oid <> p.root) as parts,
		pg_catalog.sum(p.live) as live, pg_catalog.sum(p.dead) as dead,
		pg_catalog.sum(p.modified) as modified,
		pg_catalog.max(p.vacuumed) as vacuumed,
		pg_catalog.max(p.analyzed) as analyzed,
		pg_catalog.sum(p.vacuums) as vacuums, pg_catalog.max(p.age) as age,
		pg_catalog.max(p.age / p.freeze) as share,
		pg_catalog.max(p.multi) as multi,
		pg_catalog.sum(p.threshold) as threshold
	from part p
	group by 1
),
chosen as (
	select s.*, pg_catalog.row_number() over (order by s.dead desc, s.root)
			as by_dead,
		pg_catalog.row_number() over (order by s.share desc, s.root) as by_age
	from sum s
)
select n.nspname as schema, c.relname as table, s.live::pg_catalog.int8 as rows,
	s.dead::pg_catalog.int8 as dead,
	(s.dead / nullif(s.live + s.dead, 0))::pg_catalog.float8 as dead_ratio,
	s.threshold::pg_catalog.int8 as threshold,
	s.modified::pg_catalog.int8 as modified, s.vacuumed, s.analyzed,
	s.vacuums::pg_catalog.int8 as vacuums, s.age as frozen_age,
	s.share as frozen_share, s.multi as multixact_age,
	(
		select pg_catalog.json_agg(o.pair order by o.pair)
		from pg_catalog.unnest(c.reloptions) o(pair)
		where o.pair ~ 'autovacuum|vacuum_') as options,
	case when s.parts > 0 then s.parts end as parts
from chosen s
join pg_catalog.pg_class c on c.oid = s.root
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where s.by_dead <= 500 or s.by_age <= 500
order by s.dead desc, s.share desc, n.nspname, c.relname
