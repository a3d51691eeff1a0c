-- What is sent by logical replication and what is taken; where a subscription takes
-- it from can hold a password and is not told.
select 'publication' as kind, p.pubname as name,
	pg_catalog.pg_get_userbyid(p.pubowner) as owner, true as enabled,
	(
		select pg_catalog.json_agg(o.what order by o.n)
		from (values (1, 'insert', p.pubinsert), (2, 'update', p.pubupdate),
			(3, 'delete', p.pubdelete), (4, 'truncate', p.pubtruncate))
			o(n, what, on_)
		where o.on_) as operations,
	case when p.puballtables then '["all tables"]'::pg_catalog.json
	else coalesce(t.list, '[]') end as tables,
	null::pg_catalog.json as publications, null::pg_catalog.name as slot,
	null::pg_catalog.text as received,
	null::pg_catalog.timestamptz as seen,
	pg_catalog.obj_description(p.oid, 'pg_publication') as comment
from pg_catalog.pg_publication p
left join (
	-- Not pg_publication_tables, which opens each table.
	select o.pubid, pg_catalog.json_agg(o.what order by o.what) as list
	from (
		select r.prpubid as pubid, pg_catalog.concat(n.nspname, '.', c.relname)
			as what
		from pg_catalog.pg_publication_rel r
		join pg_catalog.pg_class c on c.oid = r.prrelid
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		union all
		select s.pnpubid, pg_catalog.concat('all of ', n.nspname)
		from pg_catalog.pg_publication_namespace s
		join pg_catalog.pg_namespace n on n.oid = s.pnnspid
	) o
	group by 1
) t on t.pubid = p.oid
union all
select 'subscription', s.subname, pg_catalog.pg_get_userbyid(s.subowner),
	s.subenabled, null, t.list, pg_catalog.to_json(s.subpublications),
	s.subslotname, w.received_lsn::pg_catalog.text, w.latest_end_time,
	pg_catalog.obj_description(s.oid, 'pg_subscription')
from pg_catalog.pg_subscription s
left join pg_catalog.pg_stat_subscription w on w.subid = s.oid
	and w.relid is null and w.pid is not null
left join (
	select r.srsubid, pg_catalog.json_agg(pg_catalog.concat(n.nspname, '.',
		c.relname, case r.srsubstate when 'r' then '' when 's' then ''
		else ' (not yet)' end) order by n.nspname, c.relname) as list
	from pg_catalog.pg_subscription_rel r
	join pg_catalog.pg_class c on c.oid = r.srrelid
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	group by 1
) t on t.srsubid = s.oid
where s.subdbid = (
	select d.oid from pg_catalog.pg_database d
	where d.datname = pg_catalog.current_database())
order by 1, 2
