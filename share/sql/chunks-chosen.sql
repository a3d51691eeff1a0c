-- SPDX-License-Identifier: PostgreSQL
-- The tables that are listed, or stand for those that are.  Follows
--	wanted, kind, left_out (relid)

, named (relid, schema_named, table_named) as (
	select w.relid, w.schema_named, w.table_named
	from wanted w
	join kind k on k.relid = w.relid
	where not exists (select from left_out l where l.relid = w.relid)
	and case k.what
	when 'part of pgpipe''s ledger' then w.schema_named
	when 'part of an extension' then w.table_named
	else k.what is null
	end
)
