-- SPDX-License-Identifier: PostgreSQL
-- In place of chunks-hypertables.sql where there is no TimescaleDB.

, hyper (relid, view, below) as (
	select null::pg_catalog.oid, null::pg_catalog.oid, null::pg_catalog.oid
	where false
),
chunk (relid, hypertable) as (
	select null::pg_catalog.oid, null::pg_catalog.oid
	where false
),
internal (oid) as (
	select null::pg_catalog.oid
	where false
)
