-- SPDX-License-Identifier: PostgreSQL
-- Where each chunk stands by the lower end of its range: as a number where
-- its type has one, else as text.  Of ranges of the first column the
-- narrowest counts that has an end; none at all is before everything.  A
-- default partition may hold anything.  Follows chunks-list.sql.

left join lateral (
	select case
		when r.value ->> 'from' is null then
			'-infinity'::pg_catalog.float8
		when r.value ->> 'type' in ('smallint', 'integer', 'bigint',
			'numeric', 'real', 'double precision') then
			(r.value ->> 'from')::pg_catalog.float8
		when r.value ->> 'type' in ('date',
			'timestamp without time zone',
			'timestamp with time zone') then
			pg_catalog.date_part('epoch',
				(r.value ->> 'from')::pg_catalog.timestamptz)
		end,
		r.value ->> 'from'
	from pg_catalog.jsonb_array_elements(b.range)
		with ordinality r (value, n)
	where r.value ->> 'column' = b.range -> 0 ->> 'column'
	and (r.value ->> 'nulls')::pg_catalog.bool is not true
	order by r.value ->> 'from' is null, r.n desc
	limit 1
) o (number, text) on true
