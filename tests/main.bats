#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# The main job: tables of every kind from one server to another through one pipe,
# and the copy proved.  Also what other tools are known to get wrong.

load lib/common
load lib/pair

main_job='pg-chunks -d "$SRC" $CHUNKS | pg-copyout -d "$SRC" -j 2 |
	pg-copyin -d "$DST" -j 2 | pg-checksum -d "$DST"'

copied() {	# TABLE...
	pipes '0 0 0 0' "$main_job"
	unlike "$out" '"status":"(differ|missing|unproved|failed)"'
	like "$(tail -n 1 <<<"$out")" '^\{"end":"pg-checksum"'
	same "$@"
}

@test "the main job copies tables of every kind, and proves the copy" {
	both "
		create type mood as enum ('sad', 'ok', 'it''s \"fine\"');
		create domain positive as int check (value > 0);
		create schema \"My Schema\";
		create table plain (id int primary key, t text);
		create table \"My Schema\".\"Select\" (\"From\" int, \"a\"\"b\" text, \"ü\" text);
		create table types (b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8,
			n numeric, m money, t text, v varchar(20), c char(9), q \"char\", na name,
			by bytea, d date, ti time, tz timetz, ts timestamp, tt timestamptz,
			iv interval, u uuid, j json, jb jsonb, x xml, ip inet, ci cidr,
			ma macaddr, bi bit(5), vb varbit, p point, po polygon, r int4range,
			tsv tsvector, ia int[], ta text[], mo mood, po2 positive,
			lsn pg_lsn);
		create table regs (o oid, c regclass, ty regtype);
		create table identity (id int generated always as identity, v int,
			twice int generated always as (v * 2) stored);
		create unlogged table unlogged (a int);
		create table parent (a int); create table child (b int) inherits (parent);
		create table parts (a int, b text) partition by list (a);
		create table parts_1 partition of parts for values in (1, 2)
			partition by hash (b);
		create table parts_1_a partition of parts_1
			for values with (modulus 2, remainder 0);
		create table parts_1_b partition of parts_1
			for values with (modulus 2, remainder 1);
		create table parts_rest partition of parts default;
		create table nothing ();
		create table dropped (a int, b int, c text);
		alter table dropped drop column b;
		create table empty (a int);"
	pg_sql "src/$DB" "
		insert into plain select i, 'row ' || i from generate_series(1, 5000) i;
		insert into \"My Schema\".\"Select\" values (1, e'a\\tb\\nc\\\\\"', 'é'), (null, '', null);
		insert into types (b) values (true), (null);
		insert into types values (false, -1, -2147483648, 9223372036854775807,
			'-0', 'nan', 'nan', 12.5, e'\\t\\n\\\\.', 'é', 'c', 'q', 'name',
			'\\x00ff', '-infinity', '24:00', '12:00+05', 'infinity',
			'2025-01-01 00:00:00.000001+00', '-1 mon 2 days -3 us', gen_random_uuid(),
			'{\"a\" : 1}', '{\"a\": [1, null]}', '<a/>', '::1/64', '10.0.0.0/8',
			'08:00:2b:01:02:03', '10101', '1', '(1,-0)', '((0,0),(1,1),(1,0))',
			'[1,5)', 'a:1A b', '{{1,null},{3,4}}', '{\"\",null,\"a b\"}', 'ok',
			7, '16/B374D848');
		insert into regs values (1, 'pg_class', 'int4');
		insert into identity (v) select i from generate_series(1, 100) i;
		insert into unlogged values (1);
		insert into parent values (1); insert into child values (2, 3);
		insert into parts select i % 5, i::text from generate_series(1, 1000) i;
		insert into nothing default values; insert into nothing default values;
		insert into dropped values (1, 'x');"
	CHUNKS='' copied plain '"My Schema"."Select"' types regs identity unlogged \
		'only parent' 'only child' parts_1_a parts_1_b parts_rest nothing dropped empty
	is "$(jq -rs 'map(select(.table=="types"))[0].digest[0:5]' <<<"$out")" send:
	is "$(jq -rs 'map(select(.table=="regs"))[0].digest[0:5]' <<<"$out")" text:
	# Afterwards the same pipeline copies anew, and is right again.
	pg_sql "src/$DB" "delete from plain where id % 2 = 0; insert into empty values (1)"
	CHUNKS='' copied plain empty
}

# A server before version 14 takes such arrays in binary from itself alone.
@test "arrays of enums and of domains" {
	local main_job=$main_job mood positive
	mood="create type mood as enum ('sad', 'it''s \"fine\"');"
	positive='create domain positive as int check (value > 0);'
	pg_sql "src/$DB" "$mood $positive create table types (m mood[], p positive[]);
		insert into types values (null, null), ('{}', '{}'),
			('{sad,null,\"it''s \\\"fine\\\"\"}', '{{1,2},{3,null}}')"
	# Here the types and the columns have other numbers.
	pg_sql "dst/$DB" "$positive $mood create table types (p positive[], m mood[])"
	if [ "$PG_MAJOR" -lt 14 ]; then
		CHUNKS='' pipes '0 * 3 1' "$main_job"
		like "$err" 'column "m" of public.types .*older than PostgreSQL 14'
		like "$err" 'hint: .*--format text'
		is "$(pg_sql "dst/$DB" 'select count(*) from types')" 0
		main_job=${main_job/pg-copyout/pg-copyout --format text}
	fi
	CHUNKS='' copied
	is "$(pg_sql "dst/$DB" 'select m, p from types order by m')" \
		"$(pg_sql "src/$DB" 'select m, p from types order by m')"
}

@test "what came with newer servers, in tables and in partitions that the target lacks" {
	local columns='id int not null, v int' kinds='' table
	[ "$PG_MAJOR" -lt 14 ] || columns+=", m int4multirange, z text compression pglz"
	[ "$PG_MAJOR" -lt 15 ] || kinds+=', unique nulls not distinct (id, v)'
	[ "$PG_MAJOR" -lt 17 ] || columns+=', i int generated always as identity'
	[ "$PG_MAJOR" -lt 18 ] || {
		columns+=', g int generated always as (v * 2) virtual,
			w int constraint w_named not null'
		kinds+=', constraint lax check (v > 100) not enforced'
	}
	columns+=', s int generated always as (v * 3) stored'
	for table in 'plain ()' 'parts () partition by range (id)'; do
		both "create table ${table/()/($columns, primary key (id)$kinds)}"
	done
	pg_sql "src/$DB" 'create table p1 partition of parts for values from (0) to (100);
		create table p2 partition of parts default'
	[ "$PG_MAJOR" -lt 18 ] || {
		both 'create extension btree_gist;
			create table periods (id int, t daterange,
				primary key (id, t without overlaps));
			create table late (a int, b int); alter table late add
				constraint late_b not null b not valid'
		pg_sql "src/$DB" "insert into periods values (1, '[2025-01-01,2025-02-01)'),
			(1, '[2025-02-01,)'); insert into late values (1, 2)"
	}
	local names='id, v' values="i, case when i % 3 > 0 then i end"
	[ "$PG_MAJOR" -lt 14 ] || {
		names+=', m, z'
		values+=", int4multirange(int4range(i, i + 1), int4range(i + 5, null)), 'z' || i"
	}
	[ "$PG_MAJOR" -lt 18 ] || names+=', w' values+=', -i'
	for table in plain parts; do
		pg_sql "src/$DB" "insert into $table ($names)
			select $values from generate_series(1, 200) i"
	done
	CHUNKS='' copied plain parts p1 p2
	is "$(pg_sql "dst/$DB" "select count(*) from pg_inherits
		where inhparent = 'parts'::regclass")" 2
	# All that the tables have besides rows is the same, too.
	local catalog="with c as (select oid, oid::regclass::text as name from pg_class
			where relnamespace = 'public'::regnamespace and relkind in ('r', 'p'))
		select name, contype, conislocal, coninhcount, convalidated,
			pg_get_constraintdef(k.oid) as what
		from c join pg_constraint k on conrelid = c.oid
		union all select name, 'i', false, 0, indisvalid,
			regexp_replace(pg_get_indexdef(indexrelid), 'INDEX \\S+', '')
		from c join pg_index on indrelid = c.oid
		union all select name, 'a', attislocal, attinhcount, attnotnull,
			concat(attname, atthasdef, attidentity, attgenerated, attcompression)
		from c join pg_attribute on attrelid = c.oid where attnum > 0
		order by name, contype, what"
	[ "$PG_MAJOR" -ge 14 ] || catalog=${catalog/, attcompression/}
	is "$(pg_sql "dst/$DB" "$catalog")" "$(pg_sql "src/$DB" "$catalog")"
}

@test "a table in slices ends as the source had it, copied twice or not" {
	both 'create table big (id int primary key, t text)'
	pg_sql "src/$DB" "insert into big select i, repeat('x', 200)
		from generate_series(1, 20000) i"
	CHUNKS='--split 512kB public.big' copied big
	[ "$(grep -c '"by":"ctid"' <<<"$out")" -ge 5 ] || [ "$PG_MAJOR" -lt 14 ]
	pg_sql "src/$DB" "update big set t = 'y' where id % 3 = 0"
	CHUNKS='--split 512kB public.big' copied big
	CHUNKS='--split 512kB --by key public.big' copied big
}

@test "key slices lose nothing where a boundary could be -1" {
	both 'create table k (id int primary key)'
	pg_sql "src/$DB" 'insert into k select generate_series(-10000, 9999);
		analyze k'
	CHUNKS='--split 64kB --by key public.k' copied k
	is "$(pg_sql "dst/$DB" 'select count(*) from k')" 20000
}

@test "a role's own settings change no value" {
	both "create table w (d date, i interval, f float8, t timestamptz, b bytea, x xml)"
	pg_sql "src/$DB" "insert into w values ('2025-03-04', '-1 day 02:03:04', 0.1,
		'2025-03-04 05:06:07+02', '\\xff', 'no document')"
	pg_sql src "alter role postgres in database $DB set datestyle = 'SQL, DMY';
		alter role postgres in database $DB set intervalstyle = 'sql_standard';
		alter role postgres in database $DB set timezone = 'Asia/Kolkata';
		alter role postgres in database $DB set extra_float_digits = -10;
		alter role postgres in database $DB set bytea_output = 'escape';
		alter role postgres in database $DB set xmloption = 'document';
		alter role postgres in database $DB set search_path = 'nowhere';
		alter role postgres in database $DB set client_encoding = 'LATIN1';
		alter role postgres in database $DB set default_transaction_isolation = 'serializable';
		alter role postgres in database $DB set default_transaction_read_only = on;
		alter role postgres in database $DB set statement_timeout = '1ms'"
	pg_sql dst "alter role postgres in database $DB set datestyle = 'German, MDY';
		alter role postgres in database $DB set timezone = 'America/New_York';
		alter role postgres in database $DB set lock_timeout = '1ms';
		alter role postgres in database $DB set synchronous_commit = off"
	local job format pinned="-c datestyle=ISO -c intervalstyle=postgres -c timezone=UTC
		-c extra_float_digits=3 -c bytea_output=hex -c client_encoding=UTF8
		-c statement_timeout=0 -c lock_timeout=0 -c search_path=public"
	pinned=${pinned//$'\n'/ }
	for format in binary text csv; do
		job=${main_job/pg-copyout/pg-copyout --format $format}
		CHUNKS='public.w' pipes '0 0 0 0' "$job"
		unlike "$out" '"status":"(differ|missing|unproved|failed)"'
		PGOPTIONS="$pinned" same_table "src/$DB" "dst/$DB" w
	done
}

@test "a source connection that dies fails its chunk, and running again finishes" {
	both 'create table t (id int primary key, t text)'
	pg_sql "src/$DB" "insert into t select i, repeat(md5(i::text), 30)
		from generate_series(1, 60000) i"
	local first='pg-chunks --split 0 -d "$SRC" | pg-copyout -d "$SRC" |
		{ sleep 1.5; cat; } | pg-copyin -d "$DST"'
	pg_killer() {
		sleep 0.7
		pg_sql src "select pg_terminate_backend(pid) from pg_stat_activity
			where application_name = 'pg-copyout' and query like 'copy%'"
	}
	pg_killer >killed &
	pipes '0 4 * 4' "$first"
	wait
	like "$(<killed)" t
	like "$out" '"status":"failed"'
	is "$(pg_sql "dst/$DB" 'select count(*) from t')" 0
	CHUNKS='' copied t
}

@test "a difference is not exit 0" {
	both 'create table t (id int primary key, v int)'
	pg_sql "src/$DB" 'insert into t select i, i from generate_series(1, 1000) i'
	CHUNKS='' copied t
	pg_sql "dst/$DB" 'update t set v = 0 where id = 77'
	pipes '0 1' 'pg-chunks -d "$SRC" | pg-checksum --source "$SRC" --target "$DST" --rows'
	like "$out" '"row":"differ"'
	like "$out" '"status":"differ"'
	is "$(jq -r 'select(.row) | .key.id' <<<"$out")" 77
}

@test "sequences end beyond what was copied" {
	both 'create table t (id int generated by default as identity, s serial, v int);
		create sequence down increment -1; create table d (n int default nextval($$down$$));
		alter sequence down owned by d.n'
	pg_sql "src/$DB" 'insert into t (v) select generate_series(1, 50);
		insert into d select from generate_series(1, 9)'
	pipes '0 0 0' 'pg-chunks -d "$SRC" | pg-copyout -d "$SRC" | pg-copyin --sequences -d "$DST"'
	is "$(pg_sql "dst/$DB" "select nextval('t_id_seq'), nextval('t_s_seq'), nextval('down')")" '51|51|-10'
}

@test "a hot standby is as good a source" {
	both 'create table t (id int primary key, v text); create unlogged table u (a int)'
	pg_sql "src/$DB" 'insert into t select i, i::text from generate_series(1, 1000) i'
	pg_standby sb src
	pg_caught_up sb src
	SRC=$(pg_dsn "sb/$DB") CHUNKS='public.t' copied t
	SRC=$(pg_dsn "sb/$DB") pipes '0 3' 'pg-chunks -d "$SRC" public.u | pg-copyout -d "$SRC" >archive'
	like "$err" 'public.u'
	pg_stop sb immediate
}

@test "databases of other encodings carry the same text" {
	pg_sql src "create database latin encoding latin1 locale 'C' template template0"
	pg_sql src/latin "set client_encoding = utf8; create table t (a text); insert into t values ('äöü')"
	pg_sql "dst/$DB" 'create table t (a text)'
	SRC=$(pg_dsn src/latin) CHUNKS='' pipes '0 0 0 0' "$main_job"
	like "$out" '"status":"match"'
	is "$(pg_sql "dst/$DB" 'select a from t')" 'äöü'
}

@test "a target of another encoding holds the same text, or says that it cannot" {
	local encoding
	pg_sql "src/$DB" "create table t (id int primary key, a text, \"ü\" varchar(5), j jsonb);
		insert into t values (1, 'äöü', 'é', '{\"ß\": \"ñ\"}'), (2, 'plain', null, '{}')"
	for encoding in latin1 euc_jis_2004 sql_ascii; do
		pg_sql dst "create database in_$encoding encoding '$encoding' locale 'C' template template0"
		pg_sql "dst/in_$encoding" 'set client_encoding = utf8;
			create table t (id int primary key, a text, "ü" varchar(5), j jsonb)'
		DST=$(pg_dsn "dst/in_$encoding") CHUNKS='' pipes '0 0 0 0' "$main_job"
		unlike "$out" '"status":"(differ|missing|unproved|failed)"'
		is "$(PGCLIENTENCODING=utf8 pg_sql "dst/in_$encoding" 'select * from t order by id')" \
			"$(pg_sql "src/$DB" 'select * from t order by id')"
	done
	pg_sql "src/$DB" "insert into t values (3, '日本', '', '{}')"
	DST=$(pg_dsn dst/in_latin1) CHUNKS='' pipes '0 0 3 1' "$main_job"
	like "$err" 'has no equivalent in encoding "LATIN1"'
	is "$(pg_sql dst/in_latin1 'select count(*) from t')" 2
	for encoding in latin1 euc_jis_2004 sql_ascii; do
		pg_sql dst "drop database in_$encoding"
	done
}

@test "two tables change places, and come back" {
	both 'create table a (id int primary key, v text); create table b (id int primary key, v text)'
	pg_sql "src/$DB" "insert into a select i, 'a' from generate_series(1, 3000) i;
		insert into b select i, 'b' from generate_series(1, 2000) i"
	local plain=$main_job split
	local main_job=$main_job
	for split in '' '--split 64kB'; do
		main_job=${plain/pg-copyin/pg-copyin --map public.a=public.b --map public.b=public.a}
		CHUNKS=$split copied
		is "$(pg_sql "dst/$DB" 'select count(*), min(v) from a')" '2000|b'
		is "$(pg_sql "dst/$DB" 'select count(*), max(v) from b')" '3000|a'
	done
	main_job=$plain CHUNKS='' copied a b
}

@test "two runs into one table at the same moment" {
	both 'create table t (id int primary key, v text); create index on t (v)'
	pg_sql "src/$DB" "insert into t select i, repeat(md5(i::text), 3) from generate_series(1, 20000) i"
	local split other
	for split in 0 512kB; do
		bash -c "pg-chunks --split $split -d '$SRC' | pg-copyout -d '$SRC' | pg-copyin --run other -d '$DST'" >other 2>&1 &
		other=$!
		pipes '0 0 0' "pg-chunks --split $split -d '$SRC' | pg-copyout -d '$SRC' | pg-copyin --run this -d '$DST'"
		wait $other
		same_table "src/$DB" "dst/$DB" t
		is "$(pg_sql "dst/$DB" "select count(*) from pg_index where indrelid = 't'::regclass and indisvalid")" 2
		is "$(pg_sql "dst/$DB" 'select count(*) from pgpipe.deferred')" 0
	done
}

@test "a column that is generated at the source only is refused, not lost" {
	pg_sql "src/$DB" 'create table g (a int, b int generated always as (a * 2) stored); insert into g values (1)'
	pg_sql "dst/$DB" 'create table g (a int, b int)'
	CHUNKS='public.g' pipes '0 0 3 1' "$main_job"
	like "$err" 'column "b" is generated in "public.g" of the source'
	is "$(pg_sql "dst/$DB" 'select count(*) from g')" 0
}

@test "an unlogged table that a crash has emptied is loaded again" {
	both 'create unlogged table u (a int); create table bad (a int)'
	pg_sql "src/$DB" 'insert into u select generate_series(1, 1000); insert into bad values (1)'
	pg_sql "dst/$DB" 'alter table bad add check (a <> 1)'
	pipes '0 0 3' 'pg-chunks -d "$SRC" | pg-copyout -d "$SRC" | pg-copyin -d "$DST" --keep-going'
	is "$(pg_sql "dst/$DB" 'select count(*) from u')" 1000
	pg_kill dst
	pg_start dst
	is "$(pg_sql "dst/$DB" 'select count(*) from u')" 0
	pg_sql "dst/$DB" 'alter table bad drop constraint bad_a_check'
	CHUNKS='' copied u bad
}
