-- SPDX-License-Identifier: PostgreSQL
-- In place of chunks-keyed.sql where no column is of interest.

, keyed as (
	select p.*,
		null::pg_catalog.text as wanted,
		null::pg_catalog.text as attname,
		null::pg_catalog.oid as type_oid,
		null::pg_catalog.oid as collation_oid,
		false as may_be_null,
		false as timed
	from piece p
)
