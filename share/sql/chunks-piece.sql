-- SPDX-License-Identifier: PostgreSQL
-- What a chunk source gave, less what was left out.  Follows
--	source (relid, root, parent, bound, range, part, predicate, rows, bytes,
--		compressed, refuse, leave, fields)

, piece as (
	select s.relid::pg_catalog.oid,
		coalesce(s.root::pg_catalog.oid, s.relid::pg_catalog.oid)
			as root,
		s.parent::pg_catalog.oid,
		s.bound::pg_catalog.text,
		s.range::pg_catalog.jsonb,
		s.part::pg_catalog.text,
		s.predicate::pg_catalog.text,
		s.rows::pg_catalog.int8,
		s.bytes::pg_catalog.int8,
		coalesce(s.compressed::pg_catalog.bool, false) as compressed,
		s.refuse::pg_catalog.text,
		s.leave::pg_catalog.text,
		s.fields::pg_catalog.jsonb
	from source s
	where not exists (select from left_out l where l.relid = s.relid::pg_catalog.oid)
)
