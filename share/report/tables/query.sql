-- Every table and view of the database: what it is made of, what it points to
-- and what points to it.  One pass over each catalog, joined by hash: nothing is
-- asked per table.  Partitions and chunks are counted into their root.
--
-- To write out an expression the server opens its table, so that what another
-- session has locked for itself (ACCESS EXCLUSIVE) would hold us up: such a table
-- comes with "locked", its sizes estimated and its expressions left out.
with recursive
owned as materialized (
	select d.classid, d.objid
	from pg_catalog.pg_depend d
	where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
	and d.deptype = 'e'
),
space as materialized (
	select n.oid, n.nspname
	from pg_catalog.pg_namespace n
	where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
	and not exists (
		select from owned o
		where o.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
		and o.objid = n.oid)
),
lock as materialized (
	select distinct l.relation as oid
	from pg_catalog.pg_locks l
	where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
	and l.pid is distinct from pg_catalog.pg_backend_pid()
	and l.database = (
		select d.oid from pg_catalog.pg_database d
		where d.datname = pg_catalog.current_database())
),
-- TimescaleDB's catalog is there or is not, and a query that names it would not
-- parse without it; ts_stat() runs one that is text.  A row: a hypertable, the view
-- that stands for it if it holds a continuous aggregate, and what lies compressed.
scale as materialized (
	select (w.word::pg_catalog.json->>'oid')::pg_catalog.oid as oid,
		(w.word::pg_catalog.json->>'view')::pg_catalog.oid as view,
		(w.word::pg_catalog.json->>'query')::pg_catalog.oid as query,
		w.word::pg_catalog.json->>'by' as by,
		(w.word::pg_catalog.json->>'rows')::pg_catalog.int8 as rows,
		(w.word::pg_catalog.json->>'heap')::pg_catalog.int8 as heap,
		(w.word::pg_catalog.json->>'toast')::pg_catalog.int8 as toast,
		(w.word::pg_catalog.json->>'index')::pg_catalog.int8 as index
	from pg_catalog.ts_stat(case when pg_catalog.to_regclass(
		'_timescaledb_catalog.compression_chunk_size') is null
	then 'select null::pg_catalog.tsvector'
	else $ts$
	select pg_catalog.array_to_tsvector(array[pg_catalog.jsonb_build_object(
		'oid', r.oid::pg_catalog.int8,
		'view', v.oid::pg_catalog.int8, 'query', q.oid::pg_catalog.int8,
		'by', (
			select pg_catalog.string_agg(pg_catalog.format(
				case when d.num_slices is null then '%I' else '%I (hash, %s)' end,
				d.column_name, d.num_slices), ', ' order by d.id)
			from _timescaledb_catalog.dimension d
			where d.hypertable_id = h.id),
		'rows', s.rows, 'heap', s.heap, 'toast', s.toast,
		'index', s.index)::pg_catalog.text])
	from _timescaledb_catalog.hypertable h
	join pg_catalog.pg_namespace n on n.nspname = h.schema_name
	join pg_catalog.pg_class r on r.relnamespace = n.oid
		and r.relname = h.table_name
	left join _timescaledb_catalog.continuous_agg a
		on a.mat_hypertable_id = h.id
	left join pg_catalog.pg_namespace vn on vn.nspname = a.user_view_schema
	left join pg_catalog.pg_class v on v.relnamespace = vn.oid
		and v.relname = a.user_view_name
	left join pg_catalog.pg_namespace qn on qn.nspname = a.direct_view_schema
	left join pg_catalog.pg_class q on q.relnamespace = qn.oid
		and q.relname = a.direct_view_name
	left join (
		select c.hypertable_id,
			pg_catalog.sum(z.numrows_pre_compression) as rows,
			pg_catalog.sum(z.compressed_heap_size) as heap,
			pg_catalog.sum(z.compressed_toast_size) as toast,
			pg_catalog.sum(z.compressed_index_size) as index
		from _timescaledb_catalog.compression_chunk_size z
		join _timescaledb_catalog.chunk c on c.id = z.chunk_id
		where c.compressed_chunk_id is not null
		group by 1) s on s.hypertable_id = h.id
	where h.compression_state <> 2
	$ts$ end) w
),
-- Who belongs to whom: partitions to the root of their tree (and so the indexes of
-- partitions), chunks to their hypertable or to the view that stands for it.
below(root, oid, chunk) as (
	select coalesce(s.view, i.inhparent), i.inhrelid, s.oid is not null
	from pg_catalog.pg_inherits i
	join pg_catalog.pg_class p on p.oid = i.inhparent
	join pg_catalog.pg_class c on c.oid = i.inhrelid
	left join scale s on s.oid = i.inhparent
	where s.oid is not null or (c.relispartition and not p.relispartition)
	union all
	select b.root, i.inhrelid, b.chunk
	from below b
	join pg_catalog.pg_inherits i on i.inhparent = b.oid
	where not b.chunk
),
rel as materialized (
	select c.oid, c.relnamespace, n.nspname, c.relname, c.relkind, c.relowner,
		c.relpersistence, c.reltablespace, c.reloptions, c.relacl,
		c.relrowsecurity, c.relforcerowsecurity,
		s.oid as hypertable, coalesce(s.by, a.by) as by,
		a.oid as storage, a.query
	from pg_catalog.pg_class c
	join space n on n.oid = c.relnamespace
	left join scale s on s.oid = c.oid and s.view is null
	left join scale a on a.view = c.oid
	where c.relkind in ('r', 'p', 'f', 'v', 'm')
	and c.relpersistence <> 't'
	and not exists (select from below b where b.oid = c.oid)
	and not exists (
		select from owned o
		where o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and o.objid = c.oid)
),
-- A root and all that holds its rows.
member as materialized (
	select r.oid as root, r.oid, false as part, false as chunk from rel r
	union all
	select b.root, b.oid, true, b.chunk from below b join rel r on r.oid = b.root
),
-- What a view is made of; a continuous aggregate's query stands in another view.
rests as materialized (
	select distinct r.oid, d.refobjid
	from rel r
	join pg_catalog.pg_rewrite w on w.ev_class = coalesce(r.query, r.oid)
	join pg_catalog.pg_depend d on d.objid = w.oid
		and d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
		and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and d.refobjid <> w.ev_class
	where r.relkind in ('v', 'm')
),
shut as materialized (
	select l.oid from lock l
	union
	select s.oid from rests s join lock l on l.oid = s.refobjid
),
unit as materialized (
	select pg_catalog.current_setting('block_size')::pg_catalog.int8 as page,
		(select pg_catalog.count(*) <= 500 from member) as few
),
-- Sizes come from the file system.  To open every index and TOAST table takes longer
-- than all else, though: where tables are many the catalog is believed, which the
-- last vacuum or analyze has written, if what it says of the table itself is so, and
-- TOAST is asked for where there was ever any.
heap as materialized (
	select h.*, h.bytes > 0 and (h.few or h.bytes / h.page
		not between h.relpages * 0.9 - 8 and h.relpages * 1.1 + 8) as measure
	from (
		select m.root, m.oid, m.part, c.relkind, c.reltuples, c.relpages,
			c.reltoastrelid, l.oid is not null as locked, u.page, u.few,
			case when c.relkind not in ('r', 'm') then 0
			when l.oid is not null then c.relpages * u.page
			else pg_catalog.pg_relation_size(c.oid) end as bytes
		from member m
		join pg_catalog.pg_class c on c.oid = m.oid
		left join lock l on l.oid = c.oid
		cross join unit u
		offset 0
	) h
),
size as materialized (
	select h.root, pg_catalog.sum(h.bytes)::pg_catalog.int8 as heap,
		pg_catalog.sum(case when t.oid is null or h.bytes = 0 then 0
			when h.locked then t.relpages * h.page
			when h.measure or t.relpages > 0
			or pg_catalog.pg_stat_get_tuples_inserted(t.oid) > 0
			then pg_catalog.pg_total_relation_size(t.oid)
			else h.page end)::pg_catalog.int8 as toast,
		-- Not yet counted: -1, and 0 without a page before version 14.
		pg_catalog.sum(case
			when h.relkind not in ('r', 'm', 'f') or h.reltuples < 0
			or (h.reltuples = 0 and h.relpages = 0) then null
			else h.reltuples end)::pg_catalog.int8 as rows,
		pg_catalog.count(*) filter (where h.part and h.relkind <> 'p') as parts,
		pg_catalog.bool_or(h.locked) as locked
	from heap h
	left join pg_catalog.pg_class t on t.oid = h.reltoastrelid
	group by 1
),
idx as materialized (
	select h.root, h.part, i.indexrelid, i.indrelid, i.indisprimary,
		i.indisunique, i.indisvalid and i.indisready as valid,
		i.indkey, i.indnkeyatts, c.relname, m.amname,
		coalesce(b.root, c.oid) as top,
		case when c.relkind = 'I' then 0
		when h.measure and not h.locked and l.oid is null
		then pg_catalog.pg_relation_size(c.oid)
		else c.relpages * h.page end as bytes,
		case when c.relkind = 'i'
		then pg_catalog.pg_stat_get_numscans(c.oid) end as scans
	from heap h
	join pg_catalog.pg_index i on i.indrelid = h.oid
	join pg_catalog.pg_class c on c.oid = i.indexrelid
	join pg_catalog.pg_am m on m.oid = c.relam
	left join lock l on l.oid = c.oid
	left join below b on b.oid = c.oid
),
-- The indexes of partitions are counted into the index that they are a part of.
tree as materialized (
	select i.top, pg_catalog.sum(i.bytes)::pg_catalog.int8 as bytes,
		pg_catalog.sum(i.scans)::pg_catalog.int8 as scans
	from idx i
	group by 1
),
note as materialized (
	select d.classoid, d.objoid, d.objsubid, d.description
	from pg_catalog.pg_description d
	where d.classoid in ('pg_catalog.pg_class'::pg_catalog.regclass,
		'pg_catalog.pg_constraint'::pg_catalog.regclass)
),
-- Chunks repeat what their hypertable has.
con as materialized (
	select c.oid, c.conname, c.contype, c.conrelid, c.confrelid, c.conkey,
		c.confkey, c.convalidated, c.confupdtype, c.confdeltype,
		c.connoinherit, n.description, m.root
	from pg_catalog.pg_constraint c
	join member m on m.oid = c.conrelid and not m.chunk
	left join note n on n.objoid = c.oid
		and n.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
	where c.conparentid = 0
),
-- The columns' names by their numbers; a dropped column keeps its number.
names as materialized (
	select a.attrelid, pg_catalog.array_agg(a.attname order by a.attnum) as list
	from pg_catalog.pg_attribute a
	where a.attnum > 0 and a.attrelid in (
		select r.oid from rel r
		union all
		select c.conrelid from con c where c.contype = 'f'
		union all
		select c.confrelid from con c where c.contype = 'f')
	group by 1
),
columns as materialized (
	select a.attrelid, pg_catalog.json_agg(y order by y.position) as list
	from rel r
	join pg_catalog.pg_attribute a on a.attrelid = r.oid
	left join pg_catalog.pg_type t on t.oid = a.atttypid
	left join pg_catalog.pg_collation l on l.oid = a.attcollation
		and a.attcollation <> t.typcollation
	left join pg_catalog.pg_attrdef f on f.adrelid = a.attrelid
		and f.adnum = a.attnum
	left join note n on n.objoid = a.attrelid and n.objsubid = a.attnum
		and n.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
	left join shut x on x.oid = a.attrelid
	left join con p on p.conrelid = a.attrelid and p.contype = 'p'
		and a.attnum = any (p.conkey)
	cross join lateral (
		select a.attnum as position, a.attname as name,
			pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
			a.attnotnull as not_null,
			case when x.oid is null
			then pg_catalog.pg_get_expr(f.adbin, f.adrelid) end as default,
			case a.attidentity when 'a' then 'always'
			when 'd' then 'by default' end as identity,
			case a.attgenerated when 's' then 'stored'
			when 'v' then 'virtual' end as generated,
			l.collname as collation, n.description as comment,
			p.conkey is not null as primary_key
	) y
	where a.attnum > 0 and not a.attisdropped
	group by 1
),
-- That a column is not null stands with the column; as a constraint (from 18) it
-- is listed where it says more than that.
constraints as materialized (
	select c.conrelid, pg_catalog.json_agg(pg_catalog.json_build_object(
		'name', c.conname,
		'kind', case c.contype when 'p' then 'primary key' when 'u' then 'unique'
			when 'c' then 'check' when 'x' then 'exclusion'
			when 'n' then 'not null' end,
		'definition', case when x.oid is null
			then pg_catalog.pg_get_constraintdef(c.oid, true) end,
		'columns', pg_catalog.to_json(array(
			select k.list[u.attnum]
			from pg_catalog.unnest(c.conkey) u(attnum))),
		'valid', c.convalidated,
		'comment', c.description)
		order by c.contype = 'p' desc, c.conname) as list
	from con c
	join rel r on r.oid = c.conrelid
	join names k on k.attrelid = c.conrelid
	left join shut x on x.oid = c.conrelid
	where c.contype in ('p', 'u', 'c', 'x') or (c.contype = 'n'
		and (c.connoinherit or not c.convalidated or c.description is not null
		or c.conname !~ '_not_null[0-9]*$'))
	group by 1
),
indexes as materialized (
	select i.indrelid, pg_catalog.json_agg(y order by y.primary desc, y.name)
		as list
	from idx i
	join tree t on t.top = i.indexrelid
	left join shut x on x.oid = i.indrelid
	left join note n on n.objoid = i.indexrelid and n.objsubid = 0
		and n.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
	join names k on k.attrelid = i.indrelid
	cross join lateral (
		select i.relname as name,
			case when x.oid is null
			then pg_catalog.pg_get_indexdef(i.indexrelid) end as definition,
			pg_catalog.to_json(array(
				select case when u.attnum <> 0
				then k.list[u.attnum]::pg_catalog.text
				when x.oid is null
				then pg_catalog.pg_get_indexdef(i.indexrelid,
					u.n::pg_catalog.int4, true) end
				from pg_catalog.unnest(i.indkey::pg_catalog.int2[])
					with ordinality u(attnum, n)
				where u.n <= i.indnkeyatts)) as columns,
			t.bytes, t.scans, i.indisprimary as primary,
			i.indisunique as unique, i.valid, i.amname as method,
			n.description as comment
	) y
	where not i.part
	group by 1
),
-- A key from or to a partition is one of its root.
links as materialized (
	select c.conname, pg_catalog.to_json(array(
			select k.list[u.attnum]
			from pg_catalog.unnest(c.conkey) u(attnum))) as near,
		pg_catalog.to_json(array(
			select f.list[u.attnum]
			from pg_catalog.unnest(c.confkey) u(attnum))) as far,
		c.convalidated, c.confupdtype, c.confdeltype, c.root as here,
		coalesce(o.root, c.confrelid) as there
	from con c
	join names k on k.attrelid = c.conrelid
	join names f on f.attrelid = c.confrelid
	left join member o on o.oid = c.confrelid
	where c.contype = 'f' and o.chunk is not true
),
refs as materialized (
	select l.here, pg_catalog.json_agg(pg_catalog.json_build_object(
		'name', l.conname, 'columns', l.near,
		'schema', n.nspname, 'table', c.relname, 'target_columns', l.far,
		'on_update', u.act, 'on_delete', d.act, 'valid', l.convalidated)
		order by l.conname, n.nspname, c.relname) as list
	from links l
	join pg_catalog.pg_class c on c.oid = l.there
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	join (values ('a', 'no action'), ('r', 'restrict'), ('c', 'cascade'),
		('n', 'set null'), ('d', 'set default')) u(code, act)
		on u.code = l.confupdtype::pg_catalog.text
	join (values ('a', 'no action'), ('r', 'restrict'), ('c', 'cascade'),
		('n', 'set null'), ('d', 'set default')) d(code, act)
		on d.code = l.confdeltype::pg_catalog.text
	group by 1
),
back as materialized (
	select l.there, pg_catalog.json_agg(pg_catalog.json_build_object(
		'name', l.conname, 'schema', r.nspname, 'table', r.relname,
		'columns', l.near, 'target_columns', l.far)
		order by r.nspname, r.relname, l.conname) as list
	from links l
	join rel r on r.oid = l.here
	group by 1
),
triggers as materialized (
	select t.tgrelid, pg_catalog.json_agg(pg_catalog.json_build_object(
		'name', t.tgname,
		'definition', case when x.oid is null
			then pg_catalog.pg_get_triggerdef(t.oid, true) end,
		'enabled', case t.tgenabled when 'O' then 'yes' when 'D' then 'no'
			when 'R' then 'replica' when 'A' then 'always' end)
		order by t.tgname) as list
	from pg_catalog.pg_trigger t
	join rel r on r.oid = t.tgrelid
	left join pg_catalog.pg_proc p on p.oid = t.tgfoid
	left join shut x on x.oid = t.tgrelid
	where not t.tgisinternal
	-- An extension's own, in a schema of its own (ts_insert_blocker).
	and not exists (
		select from owned o
		where o.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
		and o.objid = p.pronamespace)
	group by 1
),
rules as materialized (
	select w.ev_class, pg_catalog.json_agg(pg_catalog.json_build_object(
		'name', w.rulename,
		'definition', case when x.oid is null
			then pg_catalog.pg_get_ruledef(w.oid, true) end)
		order by w.rulename) as list
	from pg_catalog.pg_rewrite w
	join rel r on r.oid = w.ev_class
	left join shut x on x.oid = w.ev_class
	where w.rulename <> '_RETURN'
	group by 1
),
policies as materialized (
	select p.polrelid, pg_catalog.json_agg(pg_catalog.json_build_object(
		'name', p.polname,
		'command', case p.polcmd when '*' then 'all' when 'r' then 'select'
			when 'a' then 'insert' when 'w' then 'update'
			when 'd' then 'delete' end,
		'roles', (
			select pg_catalog.json_agg(coalesce(a.rolname, 'public')
				order by a.rolname)
			from pg_catalog.unnest(p.polroles) u(oid)
			left join pg_catalog.pg_roles a on a.oid = u.oid),
		'using', case when x.oid is null
			then pg_catalog.pg_get_expr(p.polqual, p.polrelid) end,
		'check', case when x.oid is null
			then pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) end,
		'permissive', p.polpermissive) order by p.polname) as list
	from pg_catalog.pg_policy p
	join rel r on r.oid = p.polrelid
	left join shut x on x.oid = p.polrelid
	group by 1
),
-- What others than the owner may do; a column's privilege with its columns.
granted as materialized (
	select g.oid, g.grantee, pg_catalog.concat(g.privilege_type,
		case when g.is_grantable then ' with grant option' end) as what
	from (
		select r.oid, r.relowner, (pg_catalog.aclexplode(r.relacl)).*
		from rel r
		where r.relacl is not null
	) g
	where g.grantee <> g.relowner
	union all
	select g.oid, g.grantee, pg_catalog.concat(g.privilege_type, ' (',
		pg_catalog.string_agg(pg_catalog.quote_ident(g.attname), ', '
			order by g.attnum), ')',
		case when g.is_grantable then ' with grant option' end)
	from (
		select r.oid, r.relowner, a.attname, a.attnum,
			(pg_catalog.aclexplode(a.attacl)).*
		from rel r
		join pg_catalog.pg_attribute a on a.attrelid = r.oid
		where a.attacl is not null and not a.attisdropped
	) g
	where g.grantee <> g.relowner
	group by g.oid, g.grantee, g.privilege_type, g.is_grantable
),
grants as materialized (
	select g.oid, pg_catalog.json_agg(pg_catalog.json_build_object(
		'grantee', g.grantee, 'privileges', g.list)
		order by g.grantee) as list
	from (
		select g.oid, coalesce(a.rolname, 'public') as grantee,
			pg_catalog.json_agg(g.what order by g.what) as list
		from granted g
		left join pg_catalog.pg_roles a on a.oid = g.grantee
		group by 1, 2
	) g
	group by 1
),
parents as materialized (
	select i.inhrelid, pg_catalog.json_agg(pg_catalog.json_build_object(
		'schema', n.nspname, 'table', c.relname) order by i.inhseqno) as list
	from pg_catalog.pg_inherits i
	join rel r on r.oid = i.inhrelid
	join pg_catalog.pg_class c on c.oid = i.inhparent
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	group by 1
),
views as materialized (
	select s.oid, pg_catalog.json_agg(pg_catalog.json_build_object(
		'schema', n.nspname, 'name', c.relname,
		'kind', case when exists (
				select from scale h where h.oid = c.oid) then 'hypertable'
			when exists (
				select from scale h where h.view = c.oid)
			then 'continuous aggregate'
			else case c.relkind when 'r' then 'table' when 'p' then 'partitioned'
			when 'f' then 'foreign' when 'v' then 'view'
			when 'm' then 'materialized view' when 'S' then 'sequence'
			else c.relkind::pg_catalog.text end end)
		order by n.nspname, c.relname) as list
	from rests s
	join pg_catalog.pg_class c on c.oid = s.refobjid
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	group by 1
)
select r.nspname as schema, r.relname as table,
	case when r.hypertable is not null then 'hypertable'
	when r.storage is not null then 'continuous aggregate'
	else case r.relkind when 'r' then 'table' when 'p' then 'partitioned'
	when 'f' then 'foreign' when 'v' then 'view' when 'm' then 'materialized view'
	end end as kind,
	d.description as comment,
	pg_catalog.pg_get_userbyid(r.relowner) as owner,
	case when c.rows is not null then c.rows + coalesce(z.rows, 0)
	else z.rows end as rows,
	case when r.relkind in ('r', 'p', 'm') or r.storage is not null
	then z.heap + z.toast + coalesce(w.bytes, 0)
	+ coalesce(c.heap + c.toast + c.index, 0) end as bytes,
	case when r.relkind in ('r', 'p', 'm') or r.storage is not null
	then z.heap + coalesce(c.heap, 0) end as heap_bytes,
	case when r.relkind in ('r', 'p', 'm') or r.storage is not null
	then coalesce(w.bytes, 0) + coalesce(c.index, 0) end as index_bytes,
	case when r.relkind in ('r', 'p', 'm') or r.storage is not null
	then z.toast + coalesce(c.toast, 0) end as toast_bytes,
	t.spcname as tablespace,
	case r.relpersistence when 'u' then 'unlogged' else 'permanent' end
		as persistence,
	pg_catalog.to_json(r.reloptions) as options,
	coalesce(r.by, case when r.relkind = 'p' and x.oid is null
		then pg_catalog.pg_get_partkeydef(r.oid) end) as partitioning,
	case when r.relkind = 'p' or r.hypertable is not null
	or r.storage is not null then z.parts end as partitions,
	case when x.oid is not null or z.locked then true else false end as locked,
	coalesce(h.list, '[]') as inherits,
	coalesce(col.list, '[]') as columns,
	coalesce(con.list, '[]') as constraints,
	coalesce(idx.list, '[]') as indexes,
	coalesce(ref.list, '[]') as references,
	coalesce(bak.list, '[]') as referenced_by,
	coalesce(trg.list, '[]') as triggers,
	case when r.relforcerowsecurity then 'forced'
	when r.relrowsecurity then 'enabled' end as row_security,
	coalesce(pol.list, '[]') as policies,
	coalesce(rul.list, '[]') as rules,
	coalesce(gra.list, '[]') as grants,
	coalesce(vie.list, '[]') as rests_on,
	case when r.relkind in ('v', 'm') and x.oid is null
	then pg_catalog.pg_get_viewdef(coalesce(r.query, r.oid), true) end
		as definition
from rel r
left join size z on z.root = r.oid
left join scale c on c.oid = coalesce(r.hypertable, r.storage)
left join (
	select i.root, pg_catalog.sum(i.bytes)::pg_catalog.int8 as bytes
	from idx i group by 1
) w on w.root = r.oid
left join note d on d.objoid = r.oid and d.objsubid = 0
	and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
left join pg_catalog.pg_tablespace t on t.oid = r.reltablespace
left join shut x on x.oid = r.oid
left join parents h on h.inhrelid = r.oid
left join columns col on col.attrelid = r.oid
left join constraints con on con.conrelid = r.oid
left join indexes idx on idx.indrelid = r.oid
left join refs ref on ref.here = r.oid
left join back bak on bak.there = r.oid
left join triggers trg on trg.tgrelid = r.oid
left join policies pol on pol.polrelid = r.oid
left join rules rul on rul.ev_class = r.oid
left join grants gra on gra.oid = r.oid
left join views vie on vie.oid = r.oid
order by r.nspname, r.relname
