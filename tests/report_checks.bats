#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# The checks of pg-report, each on a real server: what makes it fire, what leaves
# it silent, and that the SQL it proposes mends what it found.

load lib/common
load lib/checks

setup_file() {
	common_setup_file
	pg_start a 'max_prepared_transactions = 10' 'wal_level = logical' \
		"listen_addresses = '0.0.0.0'" "deadlock_timeout = '20ms'" \
		'autovacuum = on' "autovacuum_naptime = '1h'"
	pg_sql a 'create role nobody login'
}

setup() { common_setup; }

teardown() {
	local pid
	while read -r pid; do
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done < <(cat pids 2>/dev/null)
	[ ! -e pids ] || pg_sql a "select pg_terminate_backend(pid) from pg_stat_activity
		where backend_type = 'client backend' and pid <> pg_backend_pid()" >/dev/null
}

database() {	# NAME: made anew
	pg_sql a "drop database if exists $1 with (force)" 2>/dev/null
	pg_sql a "create database $1"
}

# A session that stays: its commands, then it waits.
session() {	# SERVER/DB SQL
	psql -XAtq -d "$(pg_dsn "$1")" -c "$2" -c 'select pg_sleep(600)' \
		>session.out 2>&1 3>&- &
	echo $! >>pids
}

# One that ran its statements in a transaction and does nothing more.
idle_session() {	# SERVER/DB APPLICATION SQL
	mkfifo "idle.$2"
	PGAPPNAME=$2 psql -XAtq -d "$(pg_dsn "$1")" <"idle.$2" >idle.out 2>&1 3>&- &
	echo $! >>pids
	exec 8>"idle.$2"
	echo "$3" >&8
	wait_for pg_sql_true "$1" "select count(*) = 1 from pg_stat_activity
		where application_name = '$2' and state like 'idle%'"
}

# --- schema --------------------------------------------------------------------------------

@test "keys: missing, doubled, of another type, not validated, without an index" {
	database keys
	pg_sql a/keys <<-'SQL'
		create schema "My ""shop""";
		set search_path = "My ""shop""";
		create table part (id bigint primary key);
		create table "no; key" (a int);
		create table nearly (a int not null unique);
		create table line (id bigint primary key, part bigint, other int,
			constraint one foreign key (part) references part,
			constraint "two; drop" foreign key (part) references part,
			constraint narrow foreign key (other) references part);
		create index on line (part);
		insert into line select g from generate_series(1, 20) g;
		alter table line add constraint late check (id > 0) not valid;
		create domain word as text;
		alter domain word add constraint filled check (value <> '') not valid;
		create table covered (id bigint primary key, a bigint references part, b bigint references part);
		create index on covered (a, b);
		create index on covered (b) where b is not null;
		-- Partitions speak through their root, and children by inheritance for themselves.
		create table parted (id bigint, at date, part bigint references part) partition by range (at);
		create table parted_1 partition of parted for values from ('2025-01-01') to ('2026-01-01');
		create table parted_2 partition of parted for values from ('2026-01-01') to ('2027-01-01')
			partition by range (at);
		create table parted_3 partition of parted_2 for values from ('2026-01-01') to ('2026-02-01');
		create table child () inherits (nearly);
		create temporary table temporary_one (a int);
	SQL
	pg_sql a/keys 'analyze'
	counted
	judge a/keys no-pk,dup-fk,fk-type-mismatch,not-valid,fk-noindex
	fires no-pk 'My "shop".no; key' warning 'My "shop".no; key has no primary key$'
	fires no-pk 'My "shop".nearly' notice 'only a unique index'
	fires no-pk 'My "shop".child' warning
	fires no-pk 'My "shop".parted' warning
	is "$(lines_of no-pk | wc -l)" 4
	fires dup-fk 'My "shop".line.two; drop' warning 'says the same as one$'
	is "$(lines_of dup-fk | wc -l)" 1
	fires fk-type-mismatch 'My "shop".line.narrow.other' warning 'other is integer, while .*part.id, .* is bigint'
	is "$(lines_of fk-type-mismatch | wc -l)" 1
	fires not-valid 'My "shop".line.late' warning
	fires not-valid 'My "shop".word.filled' warning 'domain'
	fires fk-noindex 'My "shop".line.narrow' notice '\(other, about 20 rows\)'
	fires fk-noindex 'My "shop".parted.parted_part_fkey' notice
	is "$(lines_of fk-noindex | wc -l)" 2

	mend dup-fk 'My "shop".line.two; drop'
	mend fk-type-mismatch 'My "shop".line.narrow.other'
	mend not-valid 'My "shop".line.late'
	mend not-valid 'My "shop".word.filled'
	mend fk-noindex 'My "shop".line.narrow'
	mend fk-noindex 'My "shop".parted.parted_part_fkey'
	judge a/keys no-pk,dup-fk,fk-type-mismatch,not-valid,fk-noindex
	for id in dup-fk fk-type-mismatch not-valid fk-noindex; do silent "$id"; done
	silent no-pk 'My "shop".line'
	for key in 'fk-noindex|My "shop".line.narrow' 'fk-noindex|My "shop".parted.parted_part_fkey' \
		'not-valid|My "shop".word.filled' 'not-valid|My "shop".line.late' \
		'fk-type-mismatch|My "shop".line.narrow.other' 'dup-fk|My "shop".line.two; drop'; do
		unmend "${key%%|*}" "${key#*|}"
	done
	judge a/keys dup-fk,fk-type-mismatch,not-valid,fk-noindex '{"fk-noindex": {"rows": 10}}'
	fires dup-fk 'My "shop".line.two; drop' warning
	fires fk-type-mismatch 'My "shop".line.narrow.other' warning
	fires not-valid 'My "shop".line.late' warning
	fires not-valid 'My "shop".word.filled' warning
	fires fk-noindex 'My "shop".line.narrow' warning
}

@test "foreign keys over the same columns with other actions are told, and none is dropped" {
	database actions
	pg_sql a/actions <<-'SQL'
		create table part (id int primary key, no int, unique (id, no));
		create table line (id int primary key, part int, no int);
		alter table line add constraint kept foreign key (part) references part on delete restrict not valid;
		alter table line add constraint lost foreign key (part) references part on delete cascade;
		create table late (part int references part, constraint at_end foreign key (part)
			references part deferrable initially deferred);
		create table moved (part int references part, constraint moves foreign key (part)
			references part on update cascade);
		-- The columns' order does not make another one of it.
		create table turned (part int, no int, constraint turned_1 foreign key (part, no) references part (id, no),
			constraint turned_2 foreign key (no, part) references part (no, id));
		create table whole (part int, no int, foreign key (part, no) references part (id, no),
			constraint matches foreign key (part, no) references part (id, no) match full);
		-- Of three the one that says the same is named.
		create table three (part int references part on delete cascade, constraint three_2
			foreign key (part) references part, constraint three_3 foreign key (part) references part);
	SQL
	[ "$PG_MAJOR" -lt 15 ] || pg_sql a/actions "create table sets (part int, no int,
		foreign key (part, no) references part (id, no) on delete set null,
		constraint one_null foreign key (part, no) references part (id, no) on delete set null (no))"
	[ "$PG_MAJOR" -lt 18 ] || pg_sql a/actions "create table lax (part int references part,
		constraint lax_2 foreign key (part) references part not enforced)"
	judge a/actions dup-fk
	fires dup-fk public.turned.turned_2 warning 'says the same as turned_1$'
	fires dup-fk public.three.three_3 warning 'says the same as three_2$'
	fires dup-fk public.line.kept warning 'same columns as lost, but with other actions: .* RESTRICT .* beside .* CASCADE'
	is "$(jq -r 'select(.check and .do != null) | .object' lines | sort | paste -sd' ')" \
		'public.three.three_3 public.turned.turned_2'
	is "$(jq -r 'select(.check and .undo == null) | .object' lines | sort | paste -sd' ')" \
		"public.late.at_end$([ "$PG_MAJOR" -lt 18 ] || echo ' public.lax.lax_2'
		) public.line.kept public.moved.moves$([ "$PG_MAJOR" -lt 15 ] || echo ' public.sets.one_null'
		) public.three.three_2 public.whole.matches"
}

@test "indexes: double, redundant, invalid, unused" {
	database indexes
	pg_sql a/indexes <<-'SQL'
		create table t (id int primary key, a int, b int, c text, d int, e int, f int references t);
		insert into t select g, g, g, 'x' || g, 1, g, null from generate_series(1, 5000) g;
		create index "double; 1" on t (a desc, lower(c)) where b > 0;
		create index "double; 2" on t (a desc, lower(c)) where b > 0;
		create index not_the_same on t (a, lower(c)) where b > 0;
		create index pk_again on t (id);
		create unique index keeps on t (b);
		create unique index pair on t (b, a);
		create index short on t (e);
		create index long on t (e, d);
		create index other_order on t (e desc);
		create index supports on t (f);
		create table parted (id int, a int, primary key (id)) partition by range (id);
		create table parted_1 partition of parted for values from (0) to (4000);
		create table parted_2 partition of parted for values from (4000) to (9000);
		insert into parted select g, g from generate_series(1, 8000) g;
		create index root_unused on parted (a);
		create index root_used on parted (a, id);
		create table identified (a int not null);
		create unique index identity_of on identified (a);
		alter table identified replica identity using index identity_of;
		analyze;
	SQL
	pg_sql a/indexes 'create unique index concurrently broken on t (d)' 2>/dev/null || :
	# One partition alone is read, by its copy of an index: that is use of the root's.
	pg_sql a/indexes 'set enable_seqscan = off; set enable_bitmapscan = off;
		select count(*) from t where e = 5; drop index if exists nothing;
		select a, id from parted where a = 5000 and id = 5000 and id >= 4000' >/dev/null 2>&1
	counted
	used=$(pg_sql a/indexes "select indexrelname from pg_stat_user_indexes where idx_scan > 0 and relname = 'parted_2'")
	judge a/indexes idx-duplicate,idx-redundant,idx-invalid,idx-unused
	fires idx-duplicate 'public.double; 2' warning 'is the same as double; 1$'
	fires idx-duplicate public.pk_again warning 'is the same as t_pkey$'
	is "$(lines_of idx-duplicate | wc -l)" 2
	fires idx-redundant public.short notice 'is the beginning of long$'
	fires idx-redundant public.root_unused notice 'is the beginning of root_used$'
	is "$(lines_of idx-redundant | wc -l)" 2
	fires idx-invalid public.broken critical
	fires idx-unused 'public.double; 1' notice 'was not used in [0-9.]+ days$'
	fires idx-unused public.root_unused notice
	case $used in
	*_a_id_idx*) silent idx-unused public.root_used ;;
	esac
	for index in t_pkey keeps pair supports identity_of; do silent idx-unused "public.$index"; done

	for key in 'idx-duplicate|public.double; 2' 'idx-duplicate|public.pk_again' \
		'idx-redundant|public.root_unused' 'idx-unused|public.not_the_same'; do
		[[ $key != idx-unused* ]] || fires "${key%%|*}" "${key#*|}" notice
		mend "${key%%|*}" "${key#*|}"
	done
	mend idx-redundant public.short
	pg_sql a/indexes 'update t set d = id'
	mend idx-invalid public.broken
	judge a/indexes idx-duplicate,idx-redundant,idx-invalid,idx-unused
	for id in idx-duplicate idx-redundant idx-invalid; do silent "$id"; done
	silent idx-unused public.not_the_same
	for key in 'idx-duplicate|public.double; 2' 'idx-duplicate|public.pk_again' \
		'idx-redundant|public.root_unused' 'idx-redundant|public.short' \
		'idx-unused|public.not_the_same'; do
		unmend "${key%%|*}" "${key#*|}"
	done
	judge a/indexes idx-duplicate,idx-redundant,idx-invalid,idx-unused \
		'{"idx-redundant": {"warning_bytes": 1}, "idx-unused": {"warning_bytes": 40000,
			"critical_bytes": 1, "critical_share": 0.001}}'
	fires idx-duplicate 'public.double; 2' warning
	fires idx-redundant public.short warning
	fires idx-redundant public.root_unused warning
	fires idx-unused public.not_the_same warning
	fires idx-unused 'all unused indexes' critical '% of the database'
	# The index that is being built is not invalid.
	pg_sql a/indexes 'create index broken_ccnew on t (d)'
	pg_sql a/indexes "update pg_index set indisvalid = false where indexrelid = 'broken_ccnew'::regclass"
	judge a/indexes idx-invalid
	fires idx-invalid public.broken_ccnew critical
	idle_session a/indexes builder 'begin; lock table t in share update exclusive mode;'
	judge a/indexes idx-invalid
	silent idx-invalid
	pg_sql a/indexes "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'builder'" >/dev/null
	wait_for judged a/indexes idx-invalid '{}' fires idx-invalid public.broken_ccnew critical
	mend idx-invalid public.broken_ccnew
	is "$(pg_sql a/indexes "select to_regclass('broken_ccnew')")" ''
}

@test "what is proposed of indexes can be done together, and undone" {
	database together
	pg_directory "$PG_ROOT/space"
	pg_sql a "create tablespace \"other; disk\" location '$PG_ROOT/space'"
	pg_sql a/together <<-'SQL'
		create table p (id int primary key);
		create table c (id int primary key, pid int references p, b int, late int references p,
			many int references p, part int references p, x int, y int, z int, w text);
		insert into p select generate_series(1, 3000);
		insert into c select g, g, g, g, g, g, g, g, g, 'w' from generate_series(1, 3000) g;
		create index pid_1 on c (pid);
		create index pid_2 on c (pid, b);
		create index late_1 on c (late);
		create index late_2 on c (late);
		create index many_wide on c (many, b, w);
		create index many_small on c (many, x);
		create index part_all on c (part, w, b);
		create index part_some on c (part, b) where part is not null;
		create index part_odd on c (part) where b > 5;
		-- The beginning is used, and so is the younger of two.
		create index x_1 on c (x);
		create index x_2 on c (x, b);
		create index y_1 on c (y);
		create index y_2 on c (y);
		create index moved on c (z, w) tablespace "other; disk" where w <> ' WHERE ''x' and z > 0;
		create index sorted on c (w);
		create index sorted_too on c (w);
		cluster c using sorted;
		create table parted (id int, a int) partition by range (id);
		create table parted_1 partition of parted for values from (0) to (9000);
		insert into parted select g, g from generate_series(1, 3000) g;
		create index parted_moved on parted (a) tablespace "other; disk";
		analyze;
		update pg_index set indisvalid = false where indexrelid in ('x_2'::regclass, 'y_1'::regclass);
	SQL
	pg_sql a/together 'set enable_seqscan = off; set enable_bitmapscan = off;
		select * from c where x = 5; select * from c where y = 5' >/dev/null
	pg_sql a/together "update pg_index set indisvalid = true where not indisvalid"
	counted
	local ids=idx-duplicate,idx-redundant,idx-unused low='{"idx-unused": {"min_bytes": 0}}' key
	judge a/together $ids,fk-noindex "$low"
	silent fk-noindex
	fires idx-redundant public.pid_1 notice 'is the beginning of pid_2$'
	fires idx-duplicate public.late_2 warning
	fires idx-unused public.many_wide notice
	fires idx-unused public.part_odd notice
	fires idx-unused public.moved notice
	fires idx-unused public.parted_moved notice
	like "$(lines_of idx-unused public.moved | jq -r .undo)" ' TABLESPACE "other; disk" WHERE .*;$'
	for key in pid_2 late_1 many_small part_some x_2 y_1; do silent idx-unused "public.$key"; done
	# What the table is clustered on is kept by it alone.
	fires idx-duplicate public.sorted_too warning 'is the same as sorted$'
	for key in ${ids//,/ }; do silent "$key" public.sorted; done
	jq -r 'select(.do) | .do' lines | sort -u >all.sql
	jq -r 'select(.do) | .undo' lines | sort -u >none.sql
	psql -XAtqe -v ON_ERROR_STOP=1 -d "$(pg_dsn a/together)" -f all.sql
	judge a/together $ids,fk-noindex "$low"
	for key in idx-duplicate idx-redundant fk-noindex; do silent "$key"; done
	# The heirs were not used yet.
	is "$(lines_of idx-unused | jq -r .object | sort | paste -sd' ')" 'public.x_2 public.y_1'
	is "$(pg_sql a/together "select string_agg(indexrelname, ' ' order by indexrelname) from pg_stat_user_indexes
		where indexrelname !~ 'pkey'")" 'late_1 many_small part_some pid_2 sorted x_2 y_1'
	psql -XAtq -v ON_ERROR_STOP=1 -d "$(pg_dsn a/together)" -f none.sql
	is "$(pg_sql a/together "select string_agg(c.relname, ' ' order by c.relname) from pg_class c
		join pg_tablespace t on t.oid = c.reltablespace where c.relnamespace = 'public'::regnamespace")" 'moved parted_1_a_idx parted_moved'
	pg_sql a 'drop database together; drop tablespace "other; disk"'
}

@test "numbers that run out: sequences, integer keys" {
	database numbers
	pg_sql a/numbers <<-'SQL'
		create table serial_key (id serial primary key);
		select setval('serial_key_id_seq', 1700000000);
		create table "identity key" (id int generated always as identity primary key);
		select setval('"identity key_id_seq"', 1200000000);
		create table plain (id int primary key);
		insert into plain select 2000000000 + g from generate_series(1, 500) g;
		create sequence limited maxvalue 100;
		select setval('limited', 95);
		create sequence round_and_round maxvalue 100 cycle;
		select setval('round_and_round', 95);
		create sequence down increment -1 minvalue -10 maxvalue -1;
		select setval('down', -9);
		create sequence wide;
		create table narrow (n int default nextval('wide'));
		select setval('wide', 2000000000);
		create table roomy (id bigserial primary key);
		select setval('roomy_id_seq', 9000000000);
		create table small (id serial primary key);
		analyze;
	SQL
	judge a/numbers sequence,int4-pk
	fires int4-pk public.serial_key critical 'is integer, and 79.2 %'
	fires int4-pk 'public.identity key' warning
	fires int4-pk public.plain critical
	is "$(lines_of int4-pk | wc -l)" 3
	fires sequence public.serial_key_id_seq warning 'of serial_key.id has given out 79.2 %|of public.serial_key.id has given out 79.2 %'
	fires sequence public.limited critical
	fires sequence public.down critical
	fires sequence public.wide critical 'of .*narrow.n'
	is "$(lines_of sequence | wc -l)" 4
	for key in 'int4-pk|public.serial_key' 'int4-pk|public.identity key' 'int4-pk|public.plain' \
		'sequence|public.limited' 'sequence|public.wide'; do
		mend "${key%%|*}" "${key#*|}"
	done
	pg_sql a/numbers 'drop sequence down'
	judge a/numbers sequence,int4-pk
	silent int4-pk
	silent sequence
	for key in 'int4-pk|public.serial_key' 'int4-pk|public.identity key' 'int4-pk|public.plain' \
		'sequence|public.limited' 'sequence|public.wide'; do
		unmend "${key%%|*}" "${key#*|}"
	done
	judge a/numbers sequence,int4-pk
	fires int4-pk public.serial_key critical
	fires int4-pk 'public.identity key' warning
	fires sequence public.limited critical
	fires sequence public.wide critical
	# The sequence's own remedy: column and type together.
	mend sequence public.serial_key_id_seq
	judge a/numbers sequence,int4-pk
	silent sequence public.serial_key_id_seq
	silent int4-pk public.serial_key
	unmend sequence public.serial_key_id_seq
	judge a/numbers sequence
	fires sequence public.serial_key_id_seq warning
}

@test "documentation: comments and names" {
	database docs
	local long
	long=$(printf 'n%.0s' {1..63})
	pg_sql a/docs "create table a(); create table b(); create table c(); create table d();
		create table e(\"$long\" int)"
	judge a/docs undocumented,name-length
	fires undocumented public notice '5 of 5 tables in schema public'
	fires name-length "column public.e.$long" warning '63 bytes'
	pg_sql a/docs "comment on table a is 'a'; comment on table b is 'b'; comment on table c is 'c';
		alter table e rename \"$long\" to short"
	judge a/docs undocumented,name-length
	silent undocumented
	silent name-length
}

@test "a database in order is silent, with partitions and inheritance" {
	database healthy
	pg_sql a/healthy <<-'SQL'
		revoke create on schema public from public;
		create table customer (id bigint generated always as identity primary key, name text not null);
		comment on table customer is 'who buys';
		create table orders (id bigint, at date, customer bigint not null references customer,
			primary key (id, at)) partition by range (at);
		comment on table orders is 'what they bought';
		create index on orders (customer);
		create table orders_1 partition of orders for values from ('2025-01-01') to ('2026-01-01');
		create table orders_2 partition of orders for values from ('2026-01-01') to ('2027-01-01');
		create table log (id bigint primary key, at timestamptz, what text);
		create table log_1 (primary key (id)) inherits (log);
		create view names as select name from customer;
		create function one() returns int language sql security definer set search_path = pg_catalog as 'select 1';
		insert into customer (name) select 'n' from generate_series(1, 3000);
		insert into orders select g, '2025-01-01'::date + g % 700, g from generate_series(1, 3000) g;
		insert into log select g, now(), 'x' from generate_series(1, 2000) g;
		vacuum analyze;
	SQL
	counted
	local ids
	ids=$(grep -L '^scope: server' "$TREE"/share/report/*/about.yaml | xargs grep -l '^kind: check' |
		xargs grep -L '^extension:' | xargs -n1 dirname | xargs -n1 basename | paste -sd,)
	judge a/healthy "$ids" '{"idx-unused": {"min_bytes": 500000},
		"settings-autovacuum": {"naptime": 4000}}'
	is "$(jq -c 'select(.check) | select(.severity != "skipped" or .check != "sec-views")' lines)" ''
}

# --- rows --------------------------------------------------------------------------------------

@test "rows: dead, not vacuumed, not analyzed, without autovacuum" {
	database rows
	pg_sql a/rows <<-'SQL'
		create table dead (id int) with (autovacuum_enabled = false);
		insert into dead select generate_series(1, 3000);
		create table parted (id int) partition by range (id);
		create table parted_1 partition of parted for values from (0) to (2000) with (autovacuum_enabled = off);
		create table parted_2 partition of parted for values from (2000) to (4000);
		insert into parted select generate_series(1, 3000);
		create table still (id int);
		insert into still select generate_series(1, 5000);
	SQL
	pg_sql a/rows 'vacuum analyze dead, parted, still'
	pg_sql a/rows <<-'SQL'
		delete from dead where id % 2 = 0;
		update parted set id = id where id < 1500;
		create table never (id int);
		insert into never select generate_series(1, 2000);
	SQL
	counted
	local low='{"dead-tuples": {"rows": 1000}, "vacuum-starved": {"hours": 0},
		"analyze-stale": {"warning": 1400, "critical": 100000}, "autovac-off-table": {"rows": 1000}}'
	local ids=dead-tuples,vacuum-starved,analyze-stale,autovac-off-table
	judge a/rows $ids "$low"
	fires dead-tuples public.dead critical '1,500 dead rows, 50 %'
	fires dead-tuples public.parted warning
	is "$(lines_of dead-tuples | wc -l)" 2
	fires vacuum-starved public.dead warning 'has 1500 dead rows, more than the 650'
	fires vacuum-starved public.parted warning
	silent vacuum-starved public.still
	fires analyze-stale public.dead warning
	fires analyze-stale public.parted warning 'not analyzed since 1,499 rows'
	fires analyze-stale public.never warning 'was never analyzed, and 2,000 rows'
	fires autovac-off-table public.dead warning
	fires autovac-off-table public.parted warning '\(1 partitions\)'
	# What is listed by default is more than this.
	judge a/rows $ids
	for id in dead-tuples vacuum-starved autovac-off-table; do silent "$id"; done
	judge a/rows vacuum-starved '{"vacuum-starved": {"hours": 0, "queue": 0.1}}'
	fires vacuum-starved queue critical '2 tables wait'
	pg_sql a/rows 'alter table dead set (autovacuum_vacuum_threshold = 2000)'
	judge a/rows vacuum-starved '{"vacuum-starved": {"hours": 0}}'
	silent vacuum-starved public.dead

	mend dead-tuples public.dead
	mend vacuum-starved public.parted
	mend analyze-stale public.dead
	mend analyze-stale public.never
	mend analyze-stale public.parted
	mend autovac-off-table public.dead
	mend autovac-off-table public.parted
	counted
	judge a/rows $ids "$low"
	for id in ${ids//,/ }; do silent "$id"; done
	unmend autovac-off-table public.parted
	judge a/rows autovac-off-table "$low"
	fires autovac-off-table public.parted warning

	# Who counts the rows takes none of them away.
	pg_sql a/rows 'create table counted (id int) with (autovacuum_enabled = off);
		insert into counted select generate_series(1, 2000); delete from counted'
	counted
	pg_sql a/rows 'analyze counted'
	counted
	local half
	half=$(pg_sql a/rows "select extract(epoch from clock_timestamp() - coalesce(stats_reset,
		pg_postmaster_start_time())) / 7200 from pg_stat_database where datname = 'rows'")
	judge a/rows vacuum-starved "{\"vacuum-starved\": {\"hours\": $half}}"
	fires vacuum-starved public.counted warning 'has 2000 dead rows'
}

@test "room: bloat of tables and indexes, as estimated" {
	database bloat
	pg_sql a/bloat <<-'SQL'
		create table hollow (id int primary key, v text) with (autovacuum_enabled = false);
		insert into hollow select g, repeat('x', 100) from generate_series(1, 30000) g;
		create table full_one (id int primary key, v text, w numeric);
		insert into full_one select g, repeat('y', g % 90), g from generate_series(1, 30000) g;
		delete from hollow where id % 20 <> 0;
		vacuum analyze;
	SQL
	local low='{"table-bloat": {"min_bytes": 100000}, "idx-bloat": {"min_bytes": 100000}}'
	judge a/bloat table-bloat,idx-bloat "$low"
	fires table-bloat public.hollow critical '\(estimate\)$'
	fires idx-bloat public.hollow_pkey critical '\(estimate\)$'
	is "$(jq -r 'select(.check) | .object' lines | paste -sd' ')" 'public.hollow_pkey public.hollow'
	judge a/bloat table-bloat,idx-bloat
	silent table-bloat
	silent idx-bloat
	# Statistics that a role may not see are none.
	DSN="$(pg_dsn a/bloat) user=nobody" judge a/bloat table-bloat,idx-bloat "$low"
	skips table-bloat '2 of 2 large tables have no statistics'
	skips idx-bloat
	judge a/bloat table-bloat,idx-bloat "$low"
	fires idx-bloat public.hollow_pkey critical
	mend idx-bloat public.hollow_pkey
	fires table-bloat public.hollow critical
	mend table-bloat public.hollow
	judge a/bloat table-bloat,idx-bloat "$low"
	silent table-bloat
	silent idx-bloat
}

@test "scans, cache, temporary files, deadlocks: as rates" {
	database rates
	pg_sql a/rates <<-'SQL' >/dev/null
		create table big (id int, v text);
		insert into big select g, repeat('x', 200) from generate_series(1, 4000) g;
		create table small (id int);
		analyze;
		select count(*) from big;
		select count(*) from big;
		select count(*) from big;
		select id from small;
		set work_mem = '64kB';
		select count(*) from (select v || id from big order by v || id offset 1) s;
		create table one (id int); create table two (id int);
	SQL
	# Each takes one table, then wants the other's.
	for pair in 'one two' 'two one'; do
		# shellcheck disable=SC2086 # two words
		set -- $pair
		pg_sql a/rates "begin; lock table $1; select pg_sleep(0.3); lock table $2; commit" \
			>/dev/null 2>&1 3>&- &
	done
	wait
	counted
	wait_for pg_sql_true a/rates "select deadlocks > 0 from pg_stat_database where datname = 'rates'"
	local ids=seq-scan,cache-hit,temp-files,deadlocks
	judge a/rates $ids '{"seq-scan": {"rows": 1000, "scans": 2, "scans_a_day": 1},
		"cache-hit": {"blocks": 1, "warning": 1.1}, "temp-files": {"critical": 0.01}}'
	fires seq-scan public.big warning
	is "$(lines_of seq-scan | wc -l)" 1
	fires cache-hit rates warning
	fires temp-files rates critical 'temporary files an hour'
	fires deadlocks rates warning '1 in all'
	judge a/rates $ids '{"deadlocks": {"notice": 1000, "warning": 1000}, "temp-files": {"warning": 10000, "critical": 10000}}'
	silent deadlocks
	silent seq-scan
	silent cache-hit
	silent temp-files rates
}

@test "extensions and collations that were left behind" {
	require_extension hstore
	database left_behind
	pg_sql a/left_behind "create extension hstore version '1.4'" ||
		skip 'hstore of another version'
	judge a/left_behind extensions-outdated,collation
	fires extensions-outdated hstore warning 'is 1.4, while the server has'
	silent collation
	mend extensions-outdated hstore
	pg_sql a/left_behind <<-'SQL' || skip 'without ICU'
		create table t (id int primary key, name text collate "en-x-icu");
		create index "by; name" on t (name);
		update pg_collation set collversion = '1.0' where collname in ('en-x-icu', 'de-x-icu');
	SQL
	judge a/left_behind extensions-outdated,collation
	silent extensions-outdated
	fires collation pg_catalog.en-x-icu critical '1 indexes sort by it'
	is "$(lines_of collation | wc -l)" 1
	mend collation pg_catalog.en-x-icu
	judge a/left_behind collation
	silent collation
	require_version 15
	pg_sql a "drop database if exists icu" 2>/dev/null
	pg_sql a "create database icu template template0 locale_provider icu icu_locale 'en'"
	pg_sql a/icu "create table t (name text primary key);
		update pg_database set datcollversion = '1.0' where datname = 'icu'"
	judge a/icu collation
	fires collation 'database icu' critical '1\.0 of its collation'
	mend collation 'database icu'
	judge a/icu collation
	silent collation
}

# --- security ---------------------------------------------------------------------------------

@test "rights in a database: schemas, functions, row security, views" {
	database rights
	pg_sql a/rights <<-'SQL'
		create schema open; grant create on schema open to public;
		revoke create on schema public from public;
		create function "lends; all"(int) returns int language sql security definer as 'select 1';
		create function sets() returns int language sql security definer set search_path = '' as 'select 1';
		create procedure public.does() language plpgsql security definer as 'begin end';
		create table closed (id int primary key); alter table closed enable row level security;
		create table off (id int primary key); create policy p on off using (true);
		create table guarded (id int primary key); alter table guarded enable row level security;
		create policy p on guarded using (id > 0);
		create view "past; it" as select * from guarded;
		create table plain (id int primary key);
		create view harmless as select * from plain;
	SQL
	local ids=sec-public-create,sec-definer,sec-rls-no-policy,sec-policy-off
	[ "$PG_MAJOR" -lt 15 ] || ids+=,sec-views
	judge a/rights $ids
	fires sec-public-create open warning
	fires sec-definer 'public."lends; all"(integer)' warning 'with the rights of postgres'
	fires sec-definer 'public.does()' warning
	is "$(lines_of sec-definer | wc -l)" 2
	fires sec-rls-no-policy public.closed warning
	fires sec-policy-off public.off warning
	[ "$PG_MAJOR" -lt 15 ] || fires sec-views 'public.past; it' warning 'reads public.guarded'
	is "$(jq -r 'select(.check == "sec-views") | .object' lines | wc -l)" "$((PG_MAJOR >= 15))"
	local keys=(sec-public-create:open 'sec-definer:public."lends; all"(integer)'
		'sec-definer:public.does()' sec-policy-off:public.off)
	[ "$PG_MAJOR" -lt 15 ] || keys+=('sec-views:public.past; it')
	for key in "${keys[@]}"; do mend "${key%%:*}" "${key#*:}"; done
	pg_sql a/rights 'create policy p on closed using (true)'
	judge a/rights $ids
	for id in ${ids//,/ }; do silent "$id"; done
	for key in "${keys[@]}"; do unmend "${key%%:*}" "${key#*:}"; done
	judge a/rights $ids
	for key in "${keys[@]}"; do fires "${key%%:*}" "${key#*:}" warning; done
}

@test "roles: superusers, MD5, expiry, the server's files" {
	judge a sec-superusers,sec-md5,sec-server-access
	for id in sec-superusers sec-md5 sec-server-access; do silent "$id"; done
	judge a sec-expiry
	fires sec-expiry roles notice 'nobody, postgres'
	pg_sql a "create role \"root; 2\" superuser login;
		create role old login password 'md5c4ca4238a0b923820dcc509a6f75849b' valid until '2099-01-01';
		create role \"reads; files\" login; grant pg_read_server_files to \"reads; files\" with admin option" 2>/dev/null
	judge a sec-superusers,sec-md5,sec-server-access
	fires sec-superusers superusers warning '2 superusers can log in: postgres, root; 2'
	fires sec-md5 old warning
	both_ways a '{}' sec-server-access 'reads; files: pg_read_server_files' warning
	DSN="$(pg_dsn a) user=nobody" judge a sec-md5,sec-superusers
	skips sec-md5 'superuser'
	fires sec-superusers superusers warning
	pg_sql a "drop role \"root; 2\"; drop role old; drop role \"reads; files\";
		alter role nobody valid until '2099-01-01'; alter role postgres valid until '2099-01-01'"
	judge a sec-superusers,sec-md5,sec-server-access,sec-expiry
	for id in sec-superusers sec-md5 sec-server-access sec-expiry; do silent "$id"; done
	pg_sql a "alter role nobody valid until 'infinity'; alter role postgres valid until 'infinity'"
}

@test "ways in: pg_hba.conf, TLS, sessions without it" {
	local hba
	hba=$(pg_data a)/pg_hba.conf
	cp "$hba" hba.before
	printf '%s\n' 'local all all trust' 'host all all 127.0.0.1/32 trust' >"$hba"
	judge a sec-hba
	silent sec-hba
	printf '%s\n' 'local all all trust' 'host all all 10.0.0.0/8 trust' 'host app all 10.1.0.0/16 md5' \
		'host all all 0.0.0.0/0 scram-sha-256' 'host all all 10.0.0.0/8 nonsense' \
		'host all all 10.2.0.0/16 password' 'host all all 0.0.0.0/0 reject' \
		'hostnossl all all ::/0 reject' 'hostnossl all all ::/0 scram-sha-256' >"$hba"
	judge a sec-hba
	fires sec-hba 'line 2' critical '10.0.0.0 may be all in all without a password'
	fires sec-hba 'line 3' warning 'md5'
	fires sec-hba 'line 4' warning 'the whole world'
	fires sec-hba 'line 5' warning 'nonsense'
	fires sec-hba 'line 6' critical 'sent as they are'
	# A door that is shut.
	for line in 7 8; do silent sec-hba "line $line"; done
	fires sec-hba 'line 9' warning 'the whole world'
	echo 'host all all 10.0.0.0/8 scram-sha-256' >"$hba"
	judge a sec-hba
	fires sec-hba hostssl notice
	is "$(jq -r 'select(.check) | .object' lines)" hostssl
	cat hba.before >"$hba"
	DSN="$(pg_dsn a) user=nobody" judge a sec-hba
	skips sec-hba 'pg_hba_file_rules'

	judge a sec-ssl,sec-plain-sessions
	fires sec-ssl ssl warning 'listens on 0.0.0.0, and ssl is off'
	silent sec-plain-sessions
	DSN=$(pg_dsn_tcp a) judge a sec-plain-sessions '{"sec-plain-sessions": {"near": "10.0.0.0/8, 192.0.2.0/24"}}'
	fires sec-plain-sessions postgres@127.0.0.1 warning
}

# --- settings ---------------------------------------------------------------------------------

@test "settings: each is mended by a reload, and its UNDO brings it back" {
	judge a autovac-off,sec-password-encryption,settings-restart,settings-file
	for id in autovac-off sec-password-encryption settings-restart settings-file; do silent "$id"; done
	pg_sql a "alter system set autovacuum = off"
	pg_sql a "alter system set password_encryption = 'md5'"
	pg_sql a 'alter system set max_connections = 90'
	pg_sql a "alter system set autovacuum_naptime = '2h'"
	echo 'no_such_setting = 1' >>"$(pg_data a)/postgresql.conf"
	pg_sql a 'select pg_reload_conf()' >/dev/null
	sed -i '/^no_such_setting/d' "$(pg_data a)/postgresql.conf"
	echo 'no_such_setting = 1' >>"$(pg_data a)/postgresql.conf"
	judge a settings-file
	like "$(jq -r 'select(.check) | .severity + .message' lines)" '^warning.*/postgresql.conf, line [0-9]+: no_such_setting'
	fires settings-file "$(jq -r 'select(.check) | .object' lines)" warning
	sed -i '/^no_such_setting/d' "$(pg_data a)/postgresql.conf"
	pg_sql a 'select pg_reload_conf()' >/dev/null
	wait_for judged a settings-restart '{}' fires settings-restart max_connections warning
	both_ways a '{}' autovac-off autovacuum critical
	both_ways a '{}' sec-password-encryption password_encryption warning
	both_ways a '{}' settings-autovacuum autovacuum_naptime warning
	both_ways a '{"settings-autovacuum": {"bytes": 0}}' settings-autovacuum autovacuum_vacuum_cost_limit warning
	both_ways a '{}' settings-durability fsync critical
	both_ways a '{}' settings-durability full_page_writes critical
	both_ways a '{}' settings-idle idle_in_transaction_session_timeout notice
	both_ways a '{}' settings-observability track_io_timing notice
	fires settings-observability pg_stat_statements notice
	both_ways a '{}' sec-log-connections log_connections notice
	DSN="$(pg_dsn a) user=nobody" judge a settings-file,settings-memory
	skips settings-file
	pg_sql a 'alter system reset all'
	pg_sql a 'select pg_reload_conf()' >/dev/null
	wait_for judged a settings-restart,settings-autovacuum '{"settings-autovacuum": {"naptime": 4000}}' \
		silent settings-restart
	silent settings-autovacuum
}

@test "settings: memory, checksums, the version's end" {
	judge a settings-memory '{"settings-memory": {"ram_bytes": 100000000}}'
	fires settings-memory shared_buffers warning '64 MB'
	fires settings-memory memory warning 'may claim .* of 95 MB'
	judge a settings-memory '{"settings-memory": {"ram_bytes": 1e12, "default_buffers": 1}}'
	silent settings-memory
	DSN="$(pg_dsn a) user=nobody" judge a settings-memory '{"settings-memory": {"default_buffers": 1}}'
	skips settings-memory 'ram_bytes'
	judge a version '{"version": {"warning_days": 40000}}'
	lines_of version server | jq -e '.severity == "warning" or .severity == "critical"'
	fires version server "$(lines_of version | jq -r .severity)" "^PostgreSQL $PG_MAJOR "
	judge a version '{"version": {"warning_days": -40000}}'
	[ "$PG_MAJOR" -lt 15 ] || silent version
	judge a disk
	skips disk capacity
	judge a disk '{"disk": {"capacity": "pg_default=1MB, pg_global=1TB"}}'
	fires disk pg_default critical 'of its 1024 kB'
	judge a disk '{"disk": {"capacity": "pg_default=10TB"}}'
	silent disk
	judge a disk '{"disk": {"capacity": "nowhere=10TB"}}'
	skips disk 'no tablespace "nowhere"'
}

# --- sessions ---------------------------------------------------------------------------------

@test "sessions: long, blocking, prepared; connections, the horizon" {
	database sessions
	pg_sql a/sessions 'create table t (id int)'
	local ids=long-xact,blocking,prepared-xact,xmin-horizon,connections-used
	judge a/sessions $ids
	for id in ${ids//,/ }; do silent "$id"; done
	idle_session a/sessions idler 'begin; insert into t values (1); lock table t;'
	session a/sessions 'begin; lock table t; commit'
	session a/sessions 'select 1 from t'
	wait_for pg_sql_true a/sessions "select count(*) = 2 from pg_stat_activity where wait_event_type = 'Lock'"
	pg_sql a/sessions "begin; create table u (id int); prepare transaction 'two''s; phase'"
	pg_sql a/sessions 'do $$ begin for i in 1..60 loop begin insert into pg_temp.x values (1);
		exception when others then null; end; end loop; end $$; create table v (id int)'
	local low='{"long-xact": {"idle_warning": 0, "idle_critical": 1000}, "blocking": {"warning": 0,
		"critical": 0, "critical_sessions": 2}, "prepared-xact": {"warning": 0, "critical": 0},
		"xmin-horizon": {"notice": 0, "warning": 0, "critical": 1}, "connections-used": {"warning": 0.001, "many": 10}}'
	judge a/sessions $ids "$low"
	local pid
	pid=$(pg_sql a "select pid from pg_stat_activity where application_name = 'idler'")
	fires long-xact "process $pid" warning 'of postgres in sessions \(idler\) has been idle in transaction'
	fires blocking "process $pid" critical 'has blocked 2 session'
	is "$(lines_of blocking | wc -l)" 1
	fires prepared-xact "two's; phase" critical
	fires xmin-horizon "prepared two's; phase" warning
	fires xmin-horizon "process $pid" warning
	fires connections-used connections warning
	fires connections-used max_connections notice
	judge a/sessions blocking,long-xact '{"long-xact": {"idle_warning": 0, "ignore": "^idler"},
		"blocking": {"warning": 0, "critical_sessions": 3}}'
	fires blocking "process $pid" warning
	silent long-xact "process $pid"
	DSN="$(pg_dsn a) user=nobody" judge a $ids "$low"
	for id in long-xact blocking connections-used; do skips $id pg_read_all_stats; done
	fires prepared-xact "two's; phase" critical
	export PLACE=a/sessions
	mend prepared-xact "two's; phase"
	is "$(pg_sql a 'select count(*) from pg_prepared_xacts')" 0
	mend long-xact "process $pid"
	wait_for judged a/sessions $ids "$low" silent blocking
	silent prepared-xact
	silent long-xact "process $pid"
	silent xmin-horizon "process $pid"
}

@test "ages of transaction ids" {
	database ages
	pg_sql a/ages 'create table old (id int); insert into old values (1)'
	pg_sql a/ages 'create table burned (id int);
		do $$ begin for i in 1..2000 loop begin insert into burned values (i);
		exception when others then null; end; end loop; end $$'
	judge a/ages xid-age,xid-age-table
	silent xid-age
	silent xid-age-table
	local low='{"xid-age": {"critical": 1500}, "xid-age-table": {"critical": 1500, "limit": 1000}}'
	judge a/ages xid-age,xid-age-table "$low"
	fires xid-age ages critical 'oldest transaction id of database ages is'
	fires xid-age-table public.old critical 'oldest transaction id in public.old is'
	mend xid-age-table public.old
	judge a/ages xid-age-table "$low"
	silent xid-age-table public.old
	fires xid-age-table pg_catalog.pg_class critical
	mend xid-age ages
	judge a/ages xid-age,xid-age-table "$low"
	silent xid-age ages
	silent xid-age-table
	# A table's own limit comes before the server's.
	pg_sql a/ages 'create table own (id int) with (autovacuum_freeze_max_age = 100000)'
	judge a/ages xid-age-table '{"xid-age-table": {"warning": 0, "limit": 1000}}'
	like "$(lines_of xid-age-table public.own | jq -r .message)" 'freezes from 100,000 on'
}

# An archiver that failed sleeps for a minute, unless there is something new.
archives() {
	pg_sql c 'drop table if exists new; create table new (); select pg_switch_wal()' >/dev/null 2>&1
	pg_sql_true c 'select last_archived_time > last_failed_time from pg_stat_archiver'
}

# --- the cluster ------------------------------------------------------------------------------

@test "replication: lag and slots; all checks run on a standby" {
	pg_standby b a
	judge a repl-lag
	silent repl-lag
	pg_sql b 'select pg_wal_replay_pause()'
	pg_sql a 'create table lags as select generate_series(1, 20000)'
	wait_for judged a repl-lag '{"repl-lag": {"warning_bytes": 500000}}' fires repl-lag 'receiver walreceiver' warning
	wait_for judged b repl-lag '{"repl-lag": {"warning_bytes": 500000}}' fires repl-lag replay warning
	mend repl-lag replay
	wait_for judged b repl-lag '{"repl-lag": {"warning_bytes": 500000}}' silent repl-lag
	unmend repl-lag replay
	is "$(pg_sql b 'select pg_is_wal_replay_paused()')" t
	pg_sql b 'select pg_wal_replay_resume()'
	# A receiver that is gone.
	pg_sql b "alter system set primary_conninfo = 'host=/nonexistent'"
	pg_sql b 'select pg_reload_conf()' >/dev/null
	wait_for judged b repl-lag '{}' fires repl-lag 'wal receiver' warning

	# The pretended length of a queue, a primary's own checks: skipped, with the reason.
	judge b "$(check_ids | paste -sd,)"
	is "$(jq -c 'select(.severity == "error")' lines)" ''
	like "$(jq -r 'select(.check == "dead-tuples") | .message' lines)" 'standby'

	judge a slots-retain
	silent slots-retain
	pg_sql a "select pg_create_physical_replication_slot('\"slot', true);" 2>/dev/null || :
	pg_sql a "select pg_create_physical_replication_slot('kept', true);
		select pg_create_logical_replication_slot('decoded', 'pgoutput')" >/dev/null
	pg_sql a 'create table more as select generate_series(1, 20000)'
	judge a slots-retain
	fires slots-retain kept notice 'keeps .* and is not in use'
	judge a slots-retain '{"slots-retain": {"warning_bytes": 1000}}'
	fires slots-retain decoded warning 'logical in postgres'
	both_ways a '{"slots-retain": {"warning_bytes": -1}}' slots-retain decoded warning
	judge a slots-retain
	fires slots-retain kept notice
	mend slots-retain kept
	unmend slots-retain kept
	pg_sql a "alter system set max_slot_wal_keep_size = '1GB'"
	pg_sql a 'select pg_reload_conf(); select pg_drop_replication_slot(slot_name) from pg_replication_slots
		where not active' >/dev/null
	judge a slots-retain
	silent slots-retain
	pg_sql a 'alter system reset all; select pg_reload_conf()' >/dev/null 2>&1 || :
	pg_stop b immediate
}

@test "the archive, checkpoints, checksums" {
	pg_start c 'archive_mode = on' "archive_command = 'false'" "archive_timeout = '1h'" 'wal_keep_size = 0' "max_wal_size = '64MB'"
	local ids=archive-failures,archive-queue,checkpoints-forced,checksum-failures,settings-checksums,sec-ssl
	pg_sql c 'create table t as select generate_series(1, 5000) as id; select pg_switch_wal();
		checkpoint' >/dev/null
	wait_for pg_sql_true c 'select failed_count > 0 from pg_stat_archiver'
	judge c $ids '{"archive-queue": {"warning": 1}, "checkpoints-forced": {"checkpoints": 1}}'
	fires archive-failures archiver critical 'archiving of [0-9A-F]+ fails'
	fires archive-queue 'archive queue' warning
	fires checkpoints-forced checkpoints critical
	silent sec-ssl
	# Of a counter that has counted once a doubled setting makes no other; that it is one is seen.
	mend checkpoints-forced checkpoints
	wait_for pg_sql_true c "select current_setting('max_wal_size') = '128MB'"
	unmend checkpoints-forced checkpoints
	wait_for pg_sql_true c "select current_setting('max_wal_size') = '64MB'"
	judge c $ids
	silent archive-queue
	silent checkpoints-forced
	pg_sql c "alter system set archive_command = 'true'"
	pg_sql c 'select pg_reload_conf()' >/dev/null
	wait_for archives
	judge c archive-failures
	fires archive-failures archiver warning 'failed .* ago, and works since'
	judge c archive-failures '{"archive-failures": {"warning": 0}}'
	silent archive-failures
	# Nothing waits: the segment in use is later than the last that was archived, and
	# idle it stays that for any time.
	pg_sql c 'create role nobody login; grant connect on database postgres to nobody'
	local never='{"archive-failures": {"warning": 0, "timeouts": 0}}'
	wait_for judged c archive-failures "$never" silent archive-failures
	DSN="$(pg_dsn c) user=nobody" wait_for judged c archive-failures "$never" silent archive-failures
	pg_sql c "select pg_stat_reset_shared('archiver')" >/dev/null
	judge c archive-failures "$never"
	silent archive-failures
	DSN="$(pg_dsn c) user=nobody" judge c archive-failures "$never"
	silent archive-failures
	pg_sql c 'create table new_again (); select pg_switch_wal()' >/dev/null
	wait_for pg_sql_true c 'select last_archived_wal is not null from pg_stat_archiver'
	# One that neither fails nor succeeds.
	pg_sql c "alter system set archive_command = 'sleep 6'"
	pg_sql c "alter system set archive_timeout = '1s'"
	pg_sql c 'select pg_reload_conf()' >/dev/null
	pg_sql c 'create table newer (); select pg_switch_wal()' >/dev/null
	wait_for judged c archive-failures '{}' fires archive-failures archiver critical 'no WAL was archived for'
	DSN="$(pg_dsn c) user=nobody" judge c archive-failures
	fires archive-failures archiver critical 'no WAL was archived for'
	pg_sql c "alter system set archive_command = 'true'"

	pg_stop c
	[ -x "$PG_BINDIR/pg_checksums" ] || skip 'without pg_checksums'
	[ "$(pg_as_server "$PG_BINDIR/pg_controldata" "$(pg_data c)" | sed -n 's/^Data page checksum version: *//p')" != 0 ] ||
		pg_as_server "$PG_BINDIR/pg_checksums" --enable -D "$(pg_data c)" >/dev/null 2>&1
	pg_start c
	judge c checksum-failures,settings-checksums
	silent checksum-failures
	silent settings-checksums
	local file
	file=$(pg_data c)/$(pg_sql c "select pg_relation_filepath('t')")
	pg_stop c
	printf 'damage' | dd of="$file" bs=1 seek=4000 conv=notrunc status=none
	pg_start c
	pg_sql c 'select count(*) from t' 2>/dev/null && false || :
	counted
	judge c checksum-failures
	fires checksum-failures postgres critical '1 pages of postgres'
	judge c checksum-failures '{"checksum-failures": {"days": 0}}'
	fires checksum-failures postgres warning
	pg_stop c
	pg_as_server "$PG_BINDIR/pg_checksums" --disable -D "$(pg_data c)" >/dev/null 2>&1
	pg_start c
	judge c checksum-failures,settings-checksums
	fires settings-checksums data_checksums notice
	skips checksum-failures 'no data checksums'
}

# --- all ---------------------------------------------------------------------------------------

@test "a role that can only connect, and an empty database: no errors, reasons for what is skipped" {
	database empty
	pg_sql a "create role bare login" 2>/dev/null || :
	DSN="$(pg_dsn a/empty) user=bare" judge a/empty "$(check_ids | paste -sd,)"
	is "$(jq -c 'select(.severity == "error")' lines)" ''
	is "$(jq -c 'select(.severity == "skipped" and (.message == null or .message == ""))' lines)" ''
	for id in long-xact blocking connections-used repl-lag sec-hba sec-md5 settings-file archive-queue; do
		skips $id
	done
}

@test "young statistics skip what counts" {
	exits 1 pg-report check -q -d "$(pg_dsn a/postgres)" --only idx-unused,seq-scan,temp-files,settings-durability
	like "$out" '"skipped","category":"index".*statistics are .* old, 7 d are needed'
}

@test "a crash takes the statistics, and their age begins anew" {
	database crash
	# So that the server is some seconds older than what comes.
	wait_for pg_sql_true a "select now() > pg_postmaster_start_time() + interval '5 s'"
	session a/crash 'select 1'
	wait_for pg_sql_true a "select count(*) = 1 from pg_stat_activity where query ~ 'pg_sleep\(600'
		and datname = 'crash'"
	local pid days
	pid=$(pg_sql a "select pid from pg_stat_activity where query ~ 'pg_sleep\(600' and datname = 'crash'")
	kill -9 "$pid"
	wait_for pg_sql_true a "select not exists (select from pg_stat_activity where pid = $pid)"
	pg_sql a/crash 'create table t (id int) with (autovacuum_enabled = off);
		insert into t select generate_series(1, 2000); delete from t'
	counted
	days=$(pg_sql a 'select extract(epoch from now() - pg_postmaster_start_time()) / 86400')
	jq -n "{stats_days: {\"idx-unused\": $days}}" >config.json
	exits 0 pg-report check -q -d "$(pg_dsn a/crash)" --config config.json --only idx-unused
	like "$out" '"skipped".*"statistics are 0 min old, '
	# A table that was never vacuumed waits since then, not since the server's start.
	judge a/crash vacuum-starved "{\"vacuum-starved\": {\"hours\": $(pg_sql a 'select extract(epoch
		from now() - pg_postmaster_start_time()) / 3600')}}"
	silent vacuum-starved public.t
	judge a/crash vacuum-starved '{"vacuum-starved": {"hours": 0}}'
	fires vacuum-starved public.t warning
}

@test "each check explains itself and its thresholds, and the query knows them" {
	local dir id name
	while read -r id; do
		dir=$TREE/share/report/$id
		# Its title is in about.yaml.
		! grep -q '^# ' "$dir/explain.md" || { echo "$id: a title"; false; }
		for word in '^## Why it matters' '^## Source' '^## To mend'; do
			grep -q "$word" "$dir/explain.md" || { echo "$id: no $word"; false; }
		done
		while read -r name; do
			grep -q "^- \`$name\`: .* Default: " "$dir/explain.md" ||
				{ echo "$id: $name is not explained"; false; }
			grep -q "'$name'" "$dir/query.sql" || { echo "$id: $name is not read"; false; }
		done < <(awk '/^[a-z]/ { on = /^thresholds:/ } on && /^  / { sub(":.*", ""); print $1 }' \
			"$dir/about.yaml")
		exits 0 pg-report explain "$id"
	done < <(check_ids)
}

@test "each check has fired and has been silent above" {
	[ -z "${BATS_TEST_FILTER:-}" ] || skip 'only some of the tests ran'
	[ "$PG_MAJOR" -eq 15 ] || skip 'some need other versions'
	all_seen -v '^ts-'
}
