#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# Tables that refer to each other by foreign keys, in one pipe.

load lib/common
load lib/pair

# A large table and a small one that refers to it.
family() {
	both 'create table parent (id int primary key, t text);
		create table child (id int, parent int references parent)'
	src "insert into parent select i, repeat('x', 200) from generate_series(1, 100000) i;
		insert into child select i, i from generate_series(1, 100) i"
}

pipe='pg-copyout -d "$SRC" -j 2 | pg-copyin -d "$DST" -j 2'

@test "a table's end waits for those that it refers to and that are on their way" {
	family
	pg-chunks -d "$SRC" --split 0 parent >list
	sed -i '$d' list
	pg-chunks -d "$SRC" child | jq -c 'if .end then .lines = 2 else . end' >>list
	pipes '0 0 0' "cat list | $pipe"
	same_table "src/$DB" "dst/$DB" parent
	same_table "src/$DB" "dst/$DB" child
}

@test "many that wait for one: the archive goes on, and a second run ends it" {
	family
	local i
	for i in $(seq 1 20); do
		both "create table c$i (id int references parent)"
		src "insert into c$i values ($i)"
	done
	pipes '0 0 *' 'pg-chunks -d "$SRC" --split 0 --order largest | '"$pipe"
	# Those that had to give up waiting are told so.
	while [ "$(jq -r 'select(.status == "failed") | .error.class' <"$OUT" | sort -u)" = 4 ]; do
		pipes '0 0 *' 'pg-chunks -d "$SRC" --split 0 | '"$pipe"
	done
	is "$(jq -r 'select(.status == "failed")' <"$OUT")" ''
	for i in $(seq 1 20); do
		is "$(dst "select id from c$i")" "$i"
	done
}

@test "where no connection is to be had for those that wait, none is missed" {
	family
	both 'create table other (id int references parent); create table third (id int references parent)'
	src 'insert into other values (1); insert into third values (1)'
	dst "create role few login connection limit 3; grant create on database $DB to few;
		alter table parent owner to few; alter table child owner to few;
		alter table other owner to few; alter table third owner to few"
	pipes '0 0 *' 'pg-chunks -d "$SRC" --split 0 --order largest | pg-copyout -d "$SRC" -j 2 |
		pg-copyin -d "${DST/user=postgres/user=few}" -j 2'
	unlike "$err" 'could not connect'
	while [ "$(jq -r 'select(.status == "failed") | .error.class' <"$OUT" | sort -u)" = 4 ]; do
		pipes '0 0 *' 'pg-chunks -d "$SRC" --split 0 | pg-copyout -d "$SRC" -j 2 |
			pg-copyin -d "${DST/user=postgres/user=few}" -j 2'
		unlike "$err" 'could not connect'
	done
	is "$(jq -r 'select(.status == "failed")' <"$OUT")" ''
	same_table "src/$DB" "dst/$DB" parent
	same_table "src/$DB" "dst/$DB" child
	is "$(dst 'select id from other union all select id from third')" $'1\n1'
	dst "reassign owned by few to postgres; drop owned by few; drop role few"
}

@test "tables that refer to each other do not wait for each other" {
	both 'create table a (id int primary key, b int); create table b (id int primary key, a int);'
	src "insert into a select i, i from generate_series(1, 20000) i;
		insert into b select i, i from generate_series(1, 20000) i"
	both 'alter table a add foreign key (b) references b; alter table b add foreign key (a) references a'
	pipes '0 0 4' 'timeout 60 pg-chunks -d "$SRC" a b | '"$pipe"
	like "$err" 'violates foreign key constraint'
	is "$(jq -r 'select(.status == "failed") | .error.class' <"$OUT" | sort -u)" 4
	pipes '0 0 0' 'pg-chunks -d "$SRC" a b | pg-copyout -d "$SRC" -j 2 | pg-copyin -d "$DST" -j 2 --disable-triggers'
	same_table "src/$DB" "dst/$DB" a
	same_table "src/$DB" "dst/$DB" b
}

@test "what refers to a partitioned table waits for its partitions" {
	both 'create table parent (id int primary key, t text) partition by range (id);
		create table parent_1 partition of parent for values from (0) to (50001);
		create table parent_2 partition of parent for values from (50001) to (200000);
		create table child (id int, parent int references parent) partition by hash (id);
		create table child_0 partition of child for values with (modulus 2, remainder 0)'
	src 'create table child_1 partition of child for values with (modulus 2, remainder 1)'
	src "insert into parent select i, repeat('x', 200) from generate_series(1, 100000) i;
		insert into child select i, i * 1000 from generate_series(1, 100) i"
	for t in parent child; do pg-chunks -d "$SRC" --split 0 $t; done |
		jq -c 'select(.chunk)' >list
	echo "{\"end\":\"pg-chunks\",\"lines\":4}" >>list
	pipes '0 0 0' "cat list | $pipe"
	same_table "src/$DB" "dst/$DB" parent
	same_table "src/$DB" "dst/$DB" child
}

@test "what others refer to is listed before them, whatever its size" {
	both 'create table a (id int primary key); create table b (id int primary key, a int references a);
		create table c (b int references b, a int references a, c int);
		create table self (id int primary key, up int references self);
		create table p (id int, day date, b int references b) partition by range (day);
		create table p_1 partition of p for values from ('"'2025-01-01') to ('2025-02-01'"')'
	src "insert into a values (1); insert into b values (1, 1); insert into self select i, 1 from generate_series(1, 1000) i;
		insert into c select 1, 1, i from generate_series(1, 10000) i;
		insert into p select i, '2025-01-05', 1 from generate_series(1, 5000) i"
	exits 0 pg-chunks -d "$SRC"
	is "$(jq -r 'select(.chunk) | .table' <"$OUT" | xargs)" 'self a b c p_1'
	pipes '0 0 0 0' "pg-chunks -d \"\$SRC\" | $pipe | pg-checksum -d \"\$DST\""
	# Tables that refer to each other come somehow.
	src 'alter table a add c int references b'
	exits 0 pg-chunks -d "$SRC"
	is "$(jq -r 'select(.chunk) | .table' <"$OUT" | sort | xargs)" 'a b c p_1 self'
}

@test "a table that refers to itself is not cut, because no slice could come first" {
	both 'create table tree (id int primary key, parent int references tree)'
	src 'insert into tree select i, case when i < 20000 then 20001 - i end
			from generate_series(1, 20000) i'
	for by in ctid key; do
		exits 0 pg-chunks -d "$SRC" --by $by --split 64kB -v tree
		is "$(jq -s length <"$OUT")" 2
		like "$err" 'public.tree is not split: a foreign key refers to the table itself'
	done
	pipes '0 0 0 0' 'pg-chunks -d "$SRC" --split 64kB tree | '"$pipe"' | pg-checksum -d "$DST"'
	same_table "src/$DB" "dst/$DB" tree
}
