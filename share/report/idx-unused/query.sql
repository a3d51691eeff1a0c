-- SPDX-License-Identifier: PostgreSQL
-- Indexes that no query has read.  A partitioned index is used when one of its
-- partitions' is, a hypertable's when a chunk's index of the same definition
-- is, an heir when an index that it replaces is.  Left out: what is unique or backs
-- a constraint, a replica identity, what the table is clustered on, and of the
-- indexes that support a foreign key the last one.

with recursive
-- part: since
t as (
	select (g ->> 'min_bytes')::pg_catalog.float8 as min_bytes,
		(g ->> 'warning_bytes')::pg_catalog.float8 as warning_bytes,
		(g ->> 'critical_share')::pg_catalog.float8 as share,
		(g ->> 'critical_bytes')::pg_catalog.float8 as critical_bytes,
		(g ->> 'days')::pg_catalog.float8 as days,
		(g ->> 'limit')::pg_catalog.int8 as most,
		pg_catalog.current_setting('block_size')::pg_catalog.float8 as block,
		(select pg_catalog.count(*) from pg_catalog.pg_stat_replication) as receivers,
		(
			select pg_catalog.round((extract(epoch from pg_catalog.clock_timestamp()
				- d.began) / 86400)::pg_catalog.numeric, 1)
			from since d
			where d.datname = pg_catalog.current_database()
		) as counted
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: replaced
-- What goes for another's sake, and who takes over its tasks in the end.
replaced (indexrelid, heir) as (
	select d.indexrelid, d.heir
	from duplicates d
	union
	select d.indexrelid, d.heir
	from beginnings d
),
heirs (indexrelid, heir) as (
	select r.indexrelid, r.heir
	from replaced r
	union
	select h.indexrelid, r.heir
	from heirs h
	join replaced r on r.indexrelid = h.heir
),
candidates as materialized (
	select x.*, not x.indisunique and not x.indisexclusion and not x.indisreplident
			and not x.indisclustered and not x.backs as droppable
	from indexes x
	where not x.indisunique and not x.indisexclusion and not x.indisreplident
		and not x.indisclustered and not x.backs
	or x.indexrelid in (select r.indexrelid from replaced r)
),
-- A partitioned index with all its parts.
parts (indexrelid, part) as (
	select c.indexrelid, c.indexrelid
	from candidates c
	union all
	select p.indexrelid, i.inhrelid
	from parts p
	join pg_catalog.pg_inherits i on i.inhparent = p.part
),
used as (
	select p.indexrelid,
		-- When it was last is known since version 16.
		pg_catalog.bool_or(case when s.idx_scan > 0 then coalesce((pg_catalog.to_jsonb(s)
			->> 'last_idx_scan')::pg_catalog.timestamptz > pg_catalog.clock_timestamp()
			- t.days * interval '1 day', true) else false end) as used,
		pg_catalog.max(case when s.idx_scan > 0 then (pg_catalog.to_jsonb(s)
			->> 'last_idx_scan')::pg_catalog.timestamptz end) as last,
		pg_catalog.sum(k.relpages::pg_catalog.float8 * t.block) as bytes
	from parts p
	join pg_catalog.pg_class k on k.oid = p.part
	left join pg_catalog.pg_stat_all_indexes s on s.indexrelid = p.part
	cross join t
	group by p.indexrelid
),
-- Chunks have copies of their hypertable's indexes, which nothing but their
-- definition ties to them.
chunked (indrelid, definition, used, bytes) as (
	select h.indrelid,
		substring(pg_catalog.pg_get_indexdef(x.indexrelid) from ' USING (.*)$'),
		pg_catalog.bool_or(s.idx_scan > 0),
		pg_catalog.sum(k.relpages::pg_catalog.float8 * t.block)
	from (
		select distinct c.indrelid
		from candidates c
		where c.hypertable
	) h
	join pg_catalog.pg_inherits i on i.inhparent = h.indrelid
	join pg_catalog.pg_index x on x.indrelid = i.inhrelid
	join pg_catalog.pg_class k on k.oid = x.indexrelid
	join pg_catalog.pg_stat_all_indexes s on s.indexrelid = x.indexrelid
	cross join t
	group by 1, 2
),
weighed as materialized (
	select c.*, u.last, u.bytes + coalesce(h.bytes, 0) as bytes,
		coalesce(u.used, false) or coalesce(h.used, false) as used
	from candidates c
	join used u on u.indexrelid = c.indexrelid
	left join chunked h on h.indrelid = c.indrelid
		and h.definition = case when c.hypertable then
			substring(pg_catalog.pg_get_indexdef(c.indexrelid)
			from ' USING (.*)$') end
),
idle as materialized (
	select w.*
	from weighed w
	where w.droppable
	and not w.used
	and not exists (
		select
		from heirs h
		join weighed g on g.indexrelid = h.indexrelid
		where h.heir = w.indexrelid
		and g.used
	)
),
-- What supports each foreign key once all the replaced are gone.  If nothing of
-- that stays anyway, the smallest does.
supports (indexrelid) as (
	select distinct on (f.oid) case when i.indexrelid is not null
		then x.indexrelid end
	from indexes x
	join pg_catalog.pg_constraint f on f.conrelid = x.indrelid
		and f.contype = 'f'
		and x.columns[1:pg_catalog.cardinality(f.conkey)]::pg_catalog.int2[] @> f.conkey
	left join idle i on i.indexrelid = x.indexrelid
	where x.indexrelid not in (select r.indexrelid from replaced r)
	and (x.predicate is null or exists (
		select
		from pg_catalog.pg_attribute a
		where a.attrelid = f.conrelid
		and a.attnum = any (f.conkey)
		and x.predicate = pg_catalog.format('(%I IS NOT NULL)', a.attname)
	))
	order by f.oid, i.indexrelid is not null, i.bytes, x.indexrelid
),
unused as (
	select i.*
	from idle i
	where not exists (
		select
		from supports s
		where s.indexrelid = i.indexrelid
	)
),
-- Their definitions are asked for only of those that are shown.
largest as materialized (
	select u.*
	from unused u, t
	where u.bytes >= t.min_bytes
	order by u.bytes desc, u.nspname, u.index
	limit (select t.most from t)
),
doomed as (select l.indexrelid from largest l),
-- part: drops
listed as (
	select case when u.bytes >= t.warning_bytes and t.receivers = 0
			and not u.hypertable then 'warning' else 'notice'
			end as severity,
		pg_catalog.format('%s.%s', u.nspname, u.index) as object,
		u.nspname as schema,
		u.relname as table,
		u.index,
		pg_catalog.format('index %s (%s) of %s.%s %s%s', u.index,
			pg_catalog.pg_size_pretty(u.bytes::pg_catalog.int8), u.nspname, u.relname,
			case when u.last is null then pg_catalog.format(
				'was not used in %s days', t.counted)
			else pg_catalog.format('was last used %s', u.last::pg_catalog.date) end,
			case when t.receivers > 0 then pg_catalog.format(
				'; %s standby(s) were not asked', t.receivers)
			else '' end) as text,
		r.mend,
		r.unmend,
		u.bytes,
		u.bytes as value,
		t.min_bytes as threshold
	from largest u
	join drops r on r.indexrelid = u.indexrelid
	cross join t
	order by u.bytes desc, 2
)
select * from listed
union all
select 'critical', 'all unused indexes', null, null, null,
	pg_catalog.format('unused indexes take %s, %s %% of the database',
		pg_catalog.pg_size_pretty(q.bytes::pg_catalog.int8),
		pg_catalog.round((100 * q.bytes / q.all)::pg_catalog.numeric, 1)),
	null, null, q.bytes, q.bytes / q.all, t.share
from t
cross join (
	select pg_catalog.sum(u.bytes) as bytes, (
			select pg_catalog.sum(c.relpages::pg_catalog.float8
				* pg_catalog.current_setting('block_size')::pg_catalog.float8)
			from pg_catalog.pg_class c
		) as all
	from unused u
) q
where q.bytes >= t.critical_bytes
and q.bytes > t.share * q.all
and t.receivers = 0
