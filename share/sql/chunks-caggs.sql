-- SPDX-License-Identifier: PostgreSQL
-- The continuous aggregates that were asked for, lower levels first.  Follows
-- chunks-chosen.sql.
--
-- The watermark is what is materialized up to, as text of the type of the
-- aggregate's time; one that has never been refreshed has the type's least
-- value, which is null here.  A width of buckets that is fixed was a number
-- before TimescaleDB 2.15, and later all are "finalized" and do not say so.

, hierarchy (view, level, below, base) as (
	select h.view, 0, h.below, h.below
	from hyper h
	where h.view is not null
	and h.below not in (
		select o.relid
		from hyper o
		where o.view is not null
	)
	union all
	select h.view, y.level + 1, y.view, y.base
	from (
		select y.view, y.level, y.base, o.relid
		from hierarchy y
		join hyper o on o.view = y.view
	) y
	join hyper h on h.below = y.relid
),
cagg (view, id, data) as (
	select v.oid, a.mat_hypertable_id, pg_catalog.to_jsonb(a)
	from _timescaledb_catalog.continuous_agg a
	cross join lateral (
		select c.oid
		from pg_catalog.pg_class c
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where c.relname = a.user_view_name
		and n.nspname = a.user_view_schema
		offset 0
	) v
)
select v.nspname as schema,
	v.relname as view,
	b.nspname as hypertable_schema,
	b.relname as hypertable_table,
	p.nspname as parent_schema,
	p.relname as parent_table,
	y.level,
	pg_catalog.format_type(d.column_type, null) as type,
	case
	when d.column_type in ('pg_catalog.timestamptz'::pg_catalog.regtype,
		'pg_catalog.timestamp'::pg_catalog.regtype,
		'pg_catalog.date'::pg_catalog.regtype) then
		case
		when m.watermark <= -210866803200000000 then null
		when d.column_type =
			'pg_catalog.timestamptz'::pg_catalog.regtype then
			_timescaledb_functions.to_timestamp(
				m.watermark)::pg_catalog.text
		when d.column_type =
			'pg_catalog.timestamp'::pg_catalog.regtype then
			_timescaledb_functions.to_timestamp_without_timezone(
				m.watermark)::pg_catalog.text
		else _timescaledb_functions.to_date(
			m.watermark)::pg_catalog.text
		end
	when m.watermark > case d.column_type
		when 'pg_catalog.int2'::pg_catalog.regtype then -32768
		when 'pg_catalog.int4'::pg_catalog.regtype then -2147483648
		else -9223372036854775808
		end then m.watermark::pg_catalog.text
	end as watermark,
	coalesce((
		select pg_catalog.to_jsonb(f) ->> 'bucket_width'
		from _timescaledb_catalog.continuous_aggs_bucket_function f
		where f.mat_hypertable_id = a.id
	), case
		when d.column_type in ('pg_catalog.int2'::pg_catalog.regtype,
			'pg_catalog.int4'::pg_catalog.regtype,
			'pg_catalog.int8'::pg_catalog.regtype) then
			a.data ->> 'bucket_width'
		else _timescaledb_functions.to_interval((
			a.data ->> 'bucket_width'
			)::pg_catalog.int8)::pg_catalog.text
		end) as bucket_width,
	coalesce((a.data ->> 'finalized')::pg_catalog.bool, true) as finalized,
	(a.data ->> 'materialized_only')::pg_catalog.bool as materialized_only
from hierarchy y
join cagg a on a.view = y.view
join hyper h on h.view = y.view
join named w on w.relid = h.relid
left join _timescaledb_catalog.continuous_aggs_watermark m
	on m.mat_hypertable_id = a.id
cross join lateral (
	select d.column_type
	from _timescaledb_catalog.dimension d
	where d.hypertable_id = a.id
	order by d.id
	limit 1
) d
cross join lateral (
	select c.relname, n.nspname
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where c.oid = y.view
	offset 0
) v
cross join lateral (
	select c.relname, n.nspname
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where c.oid = y.base
	offset 0
) b
cross join lateral (
	select c.relname, n.nspname
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where c.oid = y.below
	offset 0
) p
order by y.level, v.nspname collate "C", v.relname collate "C"
