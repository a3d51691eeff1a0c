-- SPDX-License-Identifier: PostgreSQL
-- The tables that are listed, or that stand for those that are.  Follows
--	kind, left_out (relid)

, named (relid, schema_named, table_named) as (
	select k.relid, k.schema_named, k.table_named
	from kind k
	where not exists (select from left_out l where l.relid = k.relid)
	and case k.what
	when 'part of pgpipe''s ledger' then k.schema_named
	when 'part of an extension' then k.table_named
	else k.what is null
	end
)
