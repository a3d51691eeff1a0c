-- SPDX-License-Identifier: PostgreSQL
-- How a column's values are spread over the rows, as the server knows it from
-- the last ANALYZE.  Follows
--	with asked (relid, name, blocks)
-- and gives
--	statistic (..., fresh): the table has not changed much since
--	point (text, weight, common)
-- weight: the share of the rows with this value (common) or with a value
--	after the point before and up to this one

, statistic (bounds, common, shares, nulls, fresh) as (
	select s.histogram_bounds::pg_catalog.text::pg_catalog.text[],
		s.most_common_vals::pg_catalog.text::pg_catalog.text[],
		s.most_common_freqs,
		s.null_frac,
		c.relpages > 0.8 * q.blocks
		and coalesce(pg_catalog.pg_stat_get_mod_since_analyze(c.oid), 0)
			<= 0.2 * c.reltuples
	from asked q
	join pg_catalog.pg_class c on c.oid = q.relid
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	join pg_catalog.pg_stats s
		on s.schemaname = n.nspname
		and s.tablename = c.relname
		and s.attname = q.name
		and not s.inherited
),
point (text, weight, common) as (
	select x.text, x.share::pg_catalog.float8, true
	from statistic s
	cross join lateral rows from (
		pg_catalog.unnest(s.common), pg_catalog.unnest(s.shares)
	) x (text, share)
	union all
	select x.text,
		case when x.n = 1 then 0 else (1 - s.nulls - coalesce((
			select pg_catalog.sum(y.share)
			from pg_catalog.unnest(s.shares) y (share)
		), 0)) / (pg_catalog.cardinality(s.bounds) - 1) end,
		false
	from statistic s
	cross join lateral pg_catalog.unnest(s.bounds) with ordinality
		x (text, n)
)
