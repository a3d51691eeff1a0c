-- SPDX-License-Identifier: PostgreSQL
-- The server does not tell how large a disk is: the configuration does.
-- Sizes can be asked by whoever may connect to, or read all statistics of, each
-- database; the sum of all is that of the tablespace.

with t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		g ->> 'capacity' as capacity
	from (select $1::pg_catalog.jsonb) p (g)
),
rooms (name, room) as (
	select pg_catalog.split_part(r, '=', 1), pg_catalog.pg_size_bytes(pg_catalog.split_part(r, '=', 2))
	from t
	cross join lateral pg_catalog.regexp_split_to_table(t.capacity, '[ ,]+') r
	where r like '%=_%'
),
sizes as (
	select r.name, r.room, s.oid, case
		when pg_catalog.has_tablespace_privilege(s.oid, 'create')
			or pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
			or s.oid = (
				select d.dattablespace
				from pg_catalog.pg_database d
				where d.datname = pg_catalog.current_database()
			)
		then pg_catalog.pg_tablespace_size(s.oid) end as size
	from rooms r
	left join pg_catalog.pg_tablespace s on s.spcname = r.name
)
select case when s.size >= t.critical * s.room then 'critical'
	else 'warning' end as severity,
	s.name as object,
	s.name as tablespace,
	pg_catalog.pg_size_pretty(s.size) as size,
	pg_catalog.pg_size_pretty(s.room) as room,
	pg_catalog.round(100.0 * s.size / nullif(s.room, 0), 1)::pg_catalog.float8 as percent,
	pg_catalog.round(1.0 * s.size / nullif(s.room, 0), 4)::pg_catalog.float8 as value,
	case when s.size >= t.critical * s.room then t.critical
	else t.warning end as threshold,
	null as reason
from sizes s, t
where s.size >= least(t.warning, t.critical) * s.room
union all
select 'skipped', s.name, null, null, null, null, null, null,
	case when s.oid is null
	then pg_catalog.format('there is no tablespace "%s"', s.name)
	else pg_catalog.format('the size of tablespace "%s" is not for this role', s.name)
	end
from sizes s
where s.size is null
union all
select 'skipped', 'tablespaces', null, null, null, null, null, null,
	'how much room there is is not known to the server: set the threshold capacity'
from t
where not exists (select from rooms)
