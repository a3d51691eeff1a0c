-- SPDX-License-Identifier: PostgreSQL
-- For each index that the query's own "doomed" names what drops it, and what brings
-- it back: its definition says nothing of its tablespace, which comes before WHERE.
drops as (
	select d.indexrelid,
		case when k.relkind = 'I' or b.hypertable then pg_catalog.format(
			'drop index %I.%I', b.nspname, k.relname)
		else pg_catalog.format('drop index concurrently %I.%I', b.nspname,
			k.relname) end as mend,
		case when s.spcname is null then f.text || f.where
		else pg_catalog.format('%s TABLESPACE %I%s', f.text, s.spcname, f.where)
		end as unmend
	from doomed d
	join pg_catalog.pg_index x on x.indexrelid = d.indexrelid
	join pg_catalog.pg_class k on k.oid = d.indexrelid
	join tables b on b.oid = x.indrelid
	left join pg_catalog.pg_tablespace s on s.oid = k.reltablespace
	-- Of a partitioned index the definition says ONLY.
	cross join lateral (
		select pg_catalog.replace(pg_catalog.pg_get_indexdef(d.indexrelid),
				pg_catalog.format('INDEX %I ON ONLY ', k.relname),
				pg_catalog.format('INDEX %I ON ', k.relname)),
			coalesce(' WHERE ' || pg_catalog.pg_get_expr(x.indpred,
				x.indrelid), '')
	) g (text, tail)
	cross join lateral (
		select pg_catalog.left(g.text, pg_catalog.length(g.text)
				- pg_catalog.length(g.tail)),
			pg_catalog.right(g.text, pg_catalog.length(g.tail))
	) f (text, "where")
),
