-- SPDX-License-Identifier: PostgreSQL
-- Tables with everything in them, and the digest in SQL, for digest.bats.

-- A column's type in the digest: domains are their base, enums are text.
create function canonical(t oid) returns oid language sql as $$
	select case when typtype = 'd' then canonical(typbasetype)
		when typtype = 'e' then 25
		when typcategory = 'A' and typelem <> 0
		then (select typarray from pg_type where oid = canonical(p.typelem))
		else oid end
	from pg_type p where oid = t $$;

create function digest_columns(rel regclass) returns json language sql as $$
	select coalesce(json_agg(json_build_object('name', attname,
			'type', c::int8, 'array', typcategory = 'A', 'element', typelem::int8)
			order by attnum), '[]')
	from pg_attribute, canonical(atttypid) c, pg_type t
	where attrelid = rel and attnum > 0 and not attisdropped and t.oid = c $$;

create function digest_server(rel regclass, kind text) returns text
language plpgsql as $$
declare
	cols text;
	answer text;
begin
	select coalesce(string_agg(case when canonical(atttypid) = atttypid
		then quote_ident(attname)
		else quote_ident(attname) || '::' || canonical(atttypid)::regtype end,
		', ' order by attname::text collate "C"), '')
	into cols from pg_attribute
	where attrelid = rel and attnum > 0 and not attisdropped;
	execute format('select count(*) || '' '' || coalesce(sum(pg_catalog.hash_array_extended(array['
		|| case kind when 'send' then 'pg_catalog.record_send(row(%s))'
			else 'pg_catalog.textsend(row(%s)::pg_catalog.text)' end
		|| '], 0))::text, '''') from only %s t', cols, rel) into answer;
	return answer;
end $$;

create type mood as enum ('sad', 'not, "so" (sad)', '');
create domain posint as int4 check (value >= 0);
create domain label as text;
create domain label2 as label;

create table types as select
	g % 3 = 0 as a_bool, g::int2 as b_int2, -g as c_int4, g::int8 << 40 as d_int8,
	g / 7::float4 as e_float4, -g / 3::float8 as f_float8,
	(g * 1234567.000100)::numeric as g_numeric,
	(g * 1e30 / 7)::numeric(60, 5) as h_numeric,
	'2000-01-01'::date + g as i_date, '00:00:01'::time + g * interval '7 us' as j_time,
	'12:00:00+01'::timetz + g * interval '1 s' as k_timetz,
	'1999-12-31'::timestamp + g * interval '1 day 1 us' as l_timestamp,
	'2037-12-31'::timestamptz - g * interval '1 month' as m_timestamptz,
	g * interval '1 mon 2 day 3.000004 s' as n_interval,
	md5(g::text)::uuid as o_uuid, decode(md5(g::text), 'hex') as p_bytea,
	('{"a": [' || g || ', null, "x\ty"]}')::json as q_json,
	('{"b": {"c": ' || g || '}}')::jsonb as r_jsonb,
	g::text::varchar(10) as s_varchar, g::text::char(8) as t_char, g::text::name as u_name,
	'x'::"char" as v_char, ('10.0.0.0'::inet + g) as w_inet, '10.0.0.0/8'::cidr as x_cidr,
	'08:00:2b:01:02:03'::macaddr as y_macaddr, '08:00:2b:01:02:03:04:05'::macaddr8 as y_macaddr8,
	g::bit(12) as z_bit, g::bit(16)::varbit as z_varbit, point(g, -g) as z_point,
	box(point(0, 0), point(g, g)) as z_box, circle(point(0, g), 2) as z_circle,
	path '((1,2),(3,4))' as z_path, polygon '((1,2),(3,4),(5,6))' as z_polygon,
	line(point(0, 0), point(1, g)) as z_line, lseg(point(0, 0), point(g, 1)) as z_lseg,
	int4range(g, g + 10) as z_range, numrange(null, g) as z_numrange,
	tstzrange('2020-01-01', null) as z_tstzrange,
	to_tsvector('simple', 'a b c ' || g) as z_tsvector, to_tsquery('simple', 'a & b') as z_tsquery,
	'1/2'::pg_lsn as z_lsn, g::text::xid8 as z_xid8, ('<a>' || g || '</a>') as z_xmltext,
	'(0,1)'::tid as z_tid, g::text::money as z_money
from generate_series(1, 500) g;
insert into types (f_float8, e_float4, g_numeric, m_timestamptz, i_date) values
	('nan', '-0', 'nan', 'infinity', '-infinity'),
	('-infinity', 'infinity', '0.000000', '-infinity', '4714-11-24 BC'),
	('1e-300', '1e-40', '-123456789012345678901234567890.5', '4713-01-02 BC', '9999-12-31');

create table nulls as
select nullif(g & 1, 0) as a, nullif(g & 2, 0)::int8 as b, nullif((g & 4)::text, '0') as c,
	case g & 8 when 0 then '{}'::int4[] end as d
from generate_series(0, 99) g;

create table arrays (e mood, es mood[], p posint, ps posint[], l2 label2, l2s label2[],
	i int4[], t text[], n numeric[], multi int8[][]);
insert into arrays values
	('sad', '{sad,NULL,"not, \"so\" (sad)",""}', 1, '{1,2,NULL}', 'x', '{"a b",NULL,"\"q\""}',
	'{1,2,3}', '{"",NULL,"NULL","a,b","\\"}', '{1.0,1.00,NaN}', '{{1,2},{3,4}}'),
	('', '{}', 0, '{}', '', '{}', '{}', '{}', '{}', '{}'),
	(null, null, null, null, null, null, null, null, null, null),
	('not, "so" (sad)', '[3:4]={sad,sad}', 7, '[0:0]={5}', ' ', '{""}', '[-1:0]={1,2}', '{NULL}',
	'{1e100}', '{{{1}},{{2}}}');

create table hostile (a text, b text);
insert into hostile select v, reverse(v) from unnest(array[
	'', ' ', 'NULL', '\N', '\\N', '\.', '\', '\\', '"', '""', '"a"', 'a"b', ',', 'a,b', '(', ')', '()',
	e'\t', e'\n', e'\r', e'\r\n', e'\v', e'\f', e'\b', e'\x01', e'\x7f', e'a\tb\nc\rd\\e', 'a b', ' a',
	'a ', 'é', '日本語', '😀', e'\u00a0', e'\u0085', e'\u2028', 'plain', 'x''y', '{}', '\x41', '\101',
	'"",""', e'"\n"', e'\\\n', e'\\\t', e'a\\', e'\x1f', repeat('\', 9), repeat('"', 9), null]) v;

create table single (a text);
insert into single values (null), (''), ('\.'), ('\N'), (e'\n'), ('"'), ('x'), (' ');

create table unordered (z int4, "B b" text, gone int8[], "Ä" int2, "a" bool, m mood, _x text);
alter table unordered drop column gone;
insert into unordered select g, 'b' || g, g, g % 2 = 0, 'sad', repeat('ü', g % 5)
from generate_series(1, 100) g;

create table nothing ();
insert into nothing select from generate_series(1, 7);
create table empty (a int4, b text);

select format('create table wide (%s)', string_agg(format('c%s int2', g), ', '))
from generate_series(1, 1600) g \gexec
select format('insert into wide values (%s)', string_agg(
	case g % 3 when 0 then 'null' else g::text end, ', ')) from generate_series(1, 1600) g
\gexec

create table large as
select g as id, repeat(e'x\ty"z\\', g * 9999) as v, repeat('plain', g * 99999) as w,
	array[repeat('é', g * 99999), null] as a
from generate_series(1, 7) g;
insert into large select 262000 + g, repeat('x', 262144 - 60 + g), null, null
from generate_series(1, 60) g;

create table narrow as
select '2025-01-01'::timestamptz + g * interval '1 s' as at, g % 100 as device,
	g * 0.25::float8 as value, 'ok' as state
from generate_series(1, 1000000) g;
