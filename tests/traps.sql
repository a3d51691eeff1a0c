-- SPDX-License-Identifier: PostgreSQL
-- Random rows of many types, and copies of them that each differ in one thing, for
-- traps.bats.  A trial is some rows; trial 0 is how they were.

create type mood as enum ('sad', 'ok', 'happy');
create domain posint as int check (value > 0);

-- A random value of a type as text; null now and then.
create function rnd(t text) returns text language sql as $$
	select case when random() < 0.15 then null
	when t = 'bool' then (random() < 0.5)::text
	when t = 'int2' then floor(random() * 65535 - 32767)::text
	when t in ('int4', 'posint') then floor(random() * 2147483646 + 1)::text
	when t = 'int8' then floor(random() * 2::float8 ^ 63)::int8::text
	when t in ('float4', 'float8') then (array[(random() * 1e9)::text, random()::text,
		'NaN', 'Infinity', '-0', '0', '1e-30'])[1 + floor(random() * 7)]
	when t = 'numeric' then (array[random()::text, '1.0', '1.00', '1', 'NaN', '-1e30',
		(random() * 1e20)::numeric::text])[1 + floor(random() * 7)]
	when t in ('text', 'varchar', 'name', '"char"') then (array['', ' ', 'NULL', 'a', 'A', 'a ', ',',
		'"', '\', e'\t', 'é', md5(random()::text)])[1 + floor(random() * 12)]
	when t = 'bpchar' then substr(md5(random()::text), 1, 8)
	when t = 'bytea' then '\x' || md5(random()::text)
	when t = 'date' then ('2000-01-01'::date + floor(random() * 20000)::int)::text
	when t in ('time', 'timetz') then ('00:00'::time + random() * interval '23 h')::text
	when t in ('timestamp', 'timestamptz') then
		('1900-01-01'::timestamp + random() * interval '200 years')::text
	when t = 'interval' then (array['24:00', '1 day', '30 days', '1 month', '1 month -30 days',
		(random() * 1e6)::text || ' s'])[1 + floor(random() * 6)]
	when t = 'uuid' then md5(random()::text)
	when t in ('json', 'jsonb') then (array['{"a": 1, "b": 2}', '{"a": 1, "b": 3}', 'null', '[]',
		'"x"', random()::text])[1 + floor(random() * 6)]
	when t = 'inet' then (array['10.0.0.1', '10.0.0.1/24', '::1', '10.0.0.' || floor(random() * 255)])[1 + floor(random() * 4)]
	when t = 'macaddr' then substr(md5(random()::text), 1, 12)
	when t = 'bit' then floor(random() * 255)::int::bit(8)::text
	when t = 'varbit' then floor(random() * 255)::int::bit(8)::varbit::text
	when t = '_int4' then (array['{}', '{1,2}', '{2,1}', '{NULL}', '{{1},{2}}', '[0:1]={1,2}'])[1 + floor(random() * 6)]
	when t = '_text' then (array['{}', '{a,b}', '{"a,b"}', '{NULL}', '{"NULL"}', '{""}'])[1 + floor(random() * 6)]
	when t = 'int4range' then (array['empty', '[1,5)', '[1,)', '(,5)', '[2,6)'])[1 + floor(random() * 5)]
	when t = 'mood' then (array['sad', 'ok', 'happy'])[1 + floor(random() * 3)]
	when t = '_mood' then (array['{sad}', '{ok}', '{sad,ok}', '{NULL}', '{}'])[1 + floor(random() * 5)]
	when t = 'point' then point(floor(random() * 9), floor(random() * 9))::text
	when t = 'money' then floor(random() * 1e6)::int8::money::text
	when t = 'tsvector' then to_tsvector('simple', md5(random()::text))::text
	when t = 'xml' then '<a>' || floor(random() * 99) || '</a>'
	when t = 'regtype' then (array['int4', 'text', 'bool'])[1 + floor(random() * 3)]
	when t = 'pg_lsn' then '0/' || floor(random() * 1e6)::int end $$;

create table types (t text);
insert into types select unnest(array['bool', 'int2', 'int4', 'posint', 'int8', 'float4', 'float8',
	'numeric', 'text', 'varchar', 'name', '"char"', 'bpchar', 'bytea', 'date', 'time', 'timetz',
	'timestamp', 'timestamptz', 'interval', 'uuid', 'json', 'jsonb', 'inet', 'macaddr', 'bit',
	'varbit', '_int4', '_text', 'int4range', 'mood', '_mood', 'point', 'money', 'tsvector', 'pg_lsn']);

-- One thing about the rows of a trial is changed, in such a way that they are not
-- the same rows any more, whatever their order; what was done is the answer.
create function mutate(rel text, n int, columns text[]) returns text language plpgsql as $$
declare
	c text := columns[1 + floor(random() * cardinality(columns))];
	t text := substr(c, 3);
	r int := floor(random() * 8);
	s int := (r + 1 + floor(random() * 7))::int % 8;
	kind int := floor(random() * 6);
	before text; after text;
begin
	if kind = 0 then
		execute format('delete from %s where trial = %s and row = %s', rel, n, r);
		return 'delete';
	elsif kind = 1 then
		execute format('insert into %s select * from %1$s where trial = %s and row = %s', rel, n, r);
		return 'duplicate';
	elsif kind = 2 then
		-- XOR takes two equal rows for none.
		execute format('insert into %s select x.* from %1$s x, generate_series(1, 2) where trial = %s and row = %s', rel, n, r);
		return 'duplicate twice';
	elsif kind = 3 then
		-- Two rows change their values of one column: every column keeps its sum.
		execute format('select (a.%I::text is distinct from b.%1$I::text and exists (select from unnest(%L::text[]) k
			where k <> %3$L and to_jsonb(a) -> k is distinct from to_jsonb(b) -> k))
			from %4$s a, %4$s b where a.trial = %5$s and b.trial = %5$s and a.row = %6$s and b.row = %7$s',
			c, columns, c, rel, n, r, s) into after;
		if after = 'true' then
			execute format('update %s x set %I = y.%2$I from %1$s y where x.trial = %3$s and y.trial = 0
				and (x.row, y.row) in ((%4$s, %5$s), (%5$s, %4$s))', rel, c, n, r, s);
			return 'swap ' || c;
		end if;
	end if;
	execute format('select %I::text from %s where trial = %s and row = %s', c, rel, n, r) into before;
	for i in 1 .. 100 loop
		after := rnd(t);
		execute format('update %s set %I = %L::%s where trial = %s and row = %s returning %2$I::text',
			rel, c, after, case t when 'bit' then 'bit(8)' else t end, n, r) into after;
		exit when after is distinct from before;
	end loop;
	if after is not distinct from before then
		raise 'no other value of type %', t;
	end if;
	return 'set ' || c;
end $$;

-- Table rel with columns c_<type>, eight rows in trial 0, and so many mutants of them.
create function mutants(rel text, columns text[], n int) returns void language plpgsql as $$
declare
	done text;
begin
	execute format('create table %s (trial int, row int, %s)', rel, (select string_agg(format('%I %s', c,
		case substr(c, 3) when 'bit' then 'bit(8)' else substr(c, 3) end), ', ') from unnest(columns) c));
	for r in 0 .. 7 loop
		execute format('insert into %s select 0, %s, %s', rel, r, (select string_agg(
			coalesce(quote_literal(rnd(substr(c, 3))), 'null') || '::' ||
			case substr(c, 3) when 'bit' then 'bit(8)' else substr(c, 3) end, ', ') from unnest(columns) c));
	end loop;
	execute format('create index on %s (trial)', rel);
	for i in 1 .. n loop
		execute format('insert into %s select %s, row, %s from %1$s where trial = 0 order by random()', rel, i,
			(select string_agg(quote_ident(c), ', ') from unnest(columns) c));
		done := mutate(rel, i, columns);
		insert into log values (rel, i, done);
	end loop;
	-- The same rows in another order are the same rows.
	execute format('insert into %s select %s, row, %s from %1$s where trial = 0 order by random()', rel, n + 1,
		(select string_agg(quote_ident(c), ', ') from unnest(columns) c));
end $$;
create table log (rel text, trial int, what text);
