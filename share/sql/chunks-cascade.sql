-- SPDX-License-Identifier: PostgreSQL
-- Hypertables and continuous aggregates, with the aggregates that are made from
-- them (up) and with what those that were asked for are made from (down).
-- Follows chunks-named.sql, and the parameters
--	cascade (up, down)

, risen (relid) as (
	select h.relid
	from asked a
	join hyper h on h.relid = a.relid
	where (select c.up from cascade c)
	and (h.view is null or a.by_view)
	union
	select h.relid
	from risen r
	join hyper h on h.below = r.relid
),
sunk (relid) as (
	select h.relid
	from asked a
	join hyper h on h.relid = a.relid
	where (select c.down from cascade c)
	and (h.view is null or a.by_view)
	union
	select h.below
	from sunk s
	join hyper h on h.relid = s.relid
	where h.below is not null
),
wanted (relid, schema_named, table_named, by_view) as (
	select a.relid, pg_catalog.bool_or(a.schema_named),
		pg_catalog.bool_or(a.table_named), pg_catalog.bool_or(a.by_view)
	from (
		select a.relid, a.schema_named, a.table_named, a.by_view
		from asked a
		union all
		select r.relid, false, false, true
		from risen r
		union all
		select s.relid, false, false, true
		from sunk s
	) a
	group by a.relid
)
