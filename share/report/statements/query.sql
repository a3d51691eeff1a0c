-- The hundred statements of this database that took most time.  The view can be in
-- any schema and has other columns in other versions: so the query is text, its rows
-- come as JSON, and a row must keep within the 2,046 bytes of a lexeme.
select coalesce(r.rolname, s.row->>'userid') as role,
	pg_catalog.regexp_replace(s.row->>'query',
		'(password\s+)''[^'']*(''|$)', '\1''(hidden)''', 'gi') as query,
	(s.row->>'calls')::pg_catalog.int8 as calls,
	(s.row->>'total')::pg_catalog.float8 / 1000 as total,
	(s.row->>'share')::pg_catalog.float8 as share,
	(s.row->>'mean')::pg_catalog.float8 / 1000 as mean,
	(s.row->>'worst')::pg_catalog.float8 / 1000 as worst,
	(s.row->>'rows')::pg_catalog.int8 as rows,
	(s.row->>'hit')::pg_catalog.float8
		/ nullif((s.row->>'hit')::pg_catalog.float8
		+ (s.row->>'read')::pg_catalog.float8, 0) as hit,
	(s.row->>'read')::pg_catalog.int8 * u.page as reads,
	(s.row->>'temp')::pg_catalog.int8 * u.page as temp,
	(s.row->>'wal')::pg_catalog.int8 as wal
from (
	select w.word::pg_catalog.jsonb as row
	from pg_catalog.ts_stat((
		select pg_catalog.format($q$
		select pg_catalog.array_to_tsvector(array[case
			when pg_catalog.octet_length(t.long) <= 2046 then t.long
			else t.short end])
		from (
			select pg_catalog.jsonb_build_object('query', pg_catalog.left(
					s.row->>'query', 1000)) operator(pg_catalog.||) s.rest as long,
				pg_catalog.jsonb_build_object('query', pg_catalog.concat(
					pg_catalog.left(s.row->>'query', 160), ' ...'))
					operator(pg_catalog.||) s.rest as short
			from (
				select s.row, pg_catalog.jsonb_build_object(
					'id', s.row->>'queryid', 'userid', s.row->>'userid',
					'top', s.row->>'toplevel',
					'calls', s.row->'calls', 'rows', s.row->'rows',
					'total', s.total, 'share', s.total
						/ nullif(pg_catalog.sum(s.total) over (), 0),
					'mean', coalesce(s.row->'mean_exec_time',
						s.row->'mean_time'),
					'worst', coalesce(s.row->'max_exec_time',
						s.row->'max_time'),
					'hit', s.row->'shared_blks_hit',
					'read', s.row->'shared_blks_read',
					'temp', (s.row->>'temp_blks_read')::pg_catalog.int8
						+ (s.row->>'temp_blks_written')::pg_catalog.int8,
					'wal', s.row->'wal_bytes') as rest
				from (
					select j.row, coalesce(j.row->>'total_exec_time',
						j.row->>'total_time')::pg_catalog.float8 as total
					from %1$I.pg_stat_statements p
					cross join lateral (select pg_catalog.to_jsonb(p)) j(row)
					where p.dbid = %2$s
				) s
				order by s.total desc
				limit 100
			) s
		) b
		cross join lateral (
			select b.long::pg_catalog.text, b.short::pg_catalog.text
		) t(long, short)
		$q$, n.nspname, d.oid)
		from pg_catalog.pg_extension e
		join pg_catalog.pg_namespace n on n.oid = e.extnamespace
		join pg_catalog.pg_database d
			on d.datname = pg_catalog.current_database()
		where e.extname = 'pg_stat_statements')) w
) s
left join pg_catalog.pg_roles r
	on r.oid = (s.row->>'userid')::pg_catalog.oid
cross join (
	select pg_catalog.current_setting('block_size')::pg_catalog.int8
) u(page)
order by 4 desc, 2
