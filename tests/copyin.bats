#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-copyin: an archive is loaded one transaction a chunk, exactly once.
# shellcheck disable=SC2086 # $LIST and its like are words

load lib/common
load lib/pair

setup_file() {
	common_setup_file
	pg_start src max_prepared_transactions=2
	pg_start dst log_statement=all wal_level=logical
}

setup() {
	pair_setup
	LIST='' OUT_OPT='' IN_OPT=''
}

# The pipeline, with the words in $LIST, $OUT_OPT and $IN_OPT; "CODES" of its stages.
copy() {	# "CODES"
	pipes "$1" "pg-chunks -d \"\$SRC\" $LIST | pg-copyout -d \"\$SRC\" $OUT_OPT |
		pg-copyin -d \"\$DST\" $IN_OPT"
}
saved() {	# FILE: an archive of what $LIST says
	pipes '0 0' "pg-chunks -d \"\$SRC\" $LIST | pg-copyout -d \"\$SRC\" $OUT_OPT -o $1"
}
took() {	# what became of the chunks of the last copy, one a line, sorted
	jq -r 'select(.chunk) | .chunk + " " + .status' <"$OUT" | sort
}
# Only what the last statement of a test wrote to the target's log.
mark() { LOG_FROM=$(wc -c <"$(pg_log dst)"); }
logged() { tail -c "+$((LOG_FROM + 1))" "$(pg_log dst)"; }

# --- one transaction a chunk ------------------------------------------------------------

@test "a chunk is answered with its line, its target, exact counts and its run" {
	both 'create table t (id int primary key, v text); create table e (a int)'
	src "insert into t select i, md5(i::text) from generate_series(1, 1000) i"
	copy '0 0 0'
	is "$(took)" $'public.e loaded\npublic.t loaded'
	is "$(jq -c 'select(.chunk == "public.t") | [.rows, .target, .run, .status]' <"$OUT")" \
		"[1000,{\"schema\":\"public\",\"table\":\"t\"},$(jq -c 'select(.chunk) | .system + "/" + .database' <"$OUT" | head -n 1),\"loaded\"]"
	is "$(jq -r 'select(.chunk == "public.t") | .digest' <"$OUT" | cut -d: -f1,2)" send:1000
	is "$(jq -c 'select(.end)' <"$OUT")" '{"end":"pg-copyin","lines":2}'
	is "$(jq -r 'select(.chunk) | .snapshot, .pg_snapshot, .lsn' <"$OUT" | grep -c null)" 0
	same t e
	# What the ledger says is what the line says.
	is "$(dst "select rows, bytes, digest from pgpipe.chunk where chunk = 'public.t'")" \
		"$(jq -r 'select(.chunk == "public.t") | "\(.rows)|\(.bytes)|\(.digest)"' <"$OUT")"
}

@test "the result line comes after the commit" {
	both 'create table t (id int primary key, v text)'
	src 'insert into t select i, i from generate_series(1, 10) i'
	# A commit that waits for a standby that is not there.
	saved a
	dst "alter system set synchronous_standby_names = 'nobody'"
	pg_reload dst
	pg-copyin -d "$DST" --no-ledger <a >lines 2>err &
	wait_for pg_sql_true "dst/$DB" "select exists (select from pg_stat_activity
		where wait_event = 'SyncRep' and application_name = 'pg-copyin')"
	is "$(wc -c <lines)" 0
	dst "alter system reset synchronous_standby_names"
	pg_reload dst
	wait $!
	is "$(jq -r '.status' <lines | head -n 1)" loaded
}

@test "a commit whose answer is lost is looked up" {
	both 'create table t (id int primary key, v text)'
	src 'insert into t select i, i from generate_series(1, 10) i'
	saved a
	local mode
	for mode in '' --no-ledger; do
		# Committed: the server dies for us while it waits for a standby.
		[ -n "$mode" ] || pgpipe init -d "$DST"
		dst "alter system set synchronous_standby_names = 'nobody'"
		pg_reload dst
		pg-copyin -d "$DST" $mode --mode append <a >lines 2>err &
		# With a ledger, beginning the run is a commit that waits, too.
		while kill -0 $! 2>/dev/null; do
			dst "select pg_cancel_backend(pid) from pg_stat_activity where
				wait_event = 'SyncRep' and application_name = 'pg-copyin'
				and query = 'commit' and not exists (select from pg_locks l
				where l.pid = pg_stat_activity.pid and l.relation = 't'::regclass)" >/dev/null
			if pg_sql_true "dst/$DB" "select exists (select from pg_locks l
				join pg_stat_activity a using (pid) where l.relation = 't'::regclass
				and wait_event = 'SyncRep')"; then
				dst "alter system reset synchronous_standby_names"
				dst "select pg_terminate_backend(pid) from pg_locks
					where relation = 't'::regclass" >/dev/null
				pg_reload dst
			fi
			sleep 0.1
		done
		wait $! || { cat err; false; }
		is "$(jq -r '.status' <lines | head -n 1)" loaded
		like "$(cat err)" 'the connection was lost while "public.t" was committed'
		is "$(dst 'select count(*) from t')" 10
		dst 'truncate t'
	done
	# Not committed: a deferred trigger kills the session that commits.
	dst "create function die() returns trigger language plpgsql as
		\$\$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end \$\$;
		create constraint trigger die after insert on t deferrable initially deferred
		for each row execute function die()"
	for mode in '--run other' --no-ledger; do
		exits 4 bash -c "pg-copyin -d '$DST' $mode --mode append <a"
		is "$(took)" 'public.t failed'
		is "$(dst 'select count(*) from t')" 0
	done
}

@test "whole tables are truncated and loaded frozen, in one transaction" {
	both 'create table t (id int, v text)'
	src 'insert into t select i, i from generate_series(1, 10) i'
	dst 'insert into t select i from generate_series(1, 99) i'
	mark
	copy '0 0 0'
	same t
	like "$(logged)" 'truncate only "public"."t"'
	like "$(logged)" 'copy "public"."t" .*freeze'
	unlike "$(logged)" 'delete from only "public"."t"'
}

@test "nothing is cleared that is empty, and what is truncated for speed tells nobody" {
	both 'create table t (id int); create table u (id int)'
	src 'insert into t values (1); insert into u values (1)'
	dst "create table log (what text);
		create function note() returns trigger language plpgsql as
		\$\$ begin insert into public.log values (tg_op); return null; end \$\$;
		create trigger note before truncate on t execute function note();
		create trigger note before delete on u execute function note()"
	copy '0 0 0'
	same t u
	is "$(dst 'select count(*) from log')" 0
	IN_OPT=--restart
	copy '0 0 0'
	is "$(dst 'select * from log')" TRUNCATE
}

@test "a range is cleared by its predicate, and nothing else" {
	both 'create table t (day date, v int)'
	src "insert into t select date '2025-01-01' + i, i from generate_series(0, 99) i"
	dst "insert into t select date '2025-01-01' + i, -1 from generate_series(0, 99) i"
	LIST='--time-column day --from 2025-02-01 --until 2025-03-01 t'
	mark
	copy '0 0 0'
	is "$(dst "select count(*) from t where v = -1")" 72
	is "$(dst "select count(*) from t where v >= 0 and day >= '2025-02-01' and day < '2025-03-01'")" 28
	unlike "$(logged)" 'truncate'
}

@test "a table that others refer to is refused if it has rows, loaded if it has none" {
	both 'create table p (id int primary key); create table c (id int references p on delete cascade)'
	src 'insert into p values (1), (2)'
	LIST=p
	copy '0 0 0'
	same p
	dst 'insert into c values (1)'
	copy '0 0 3'
	like "$err" 'cannot clear public.p: it has rows, and others refer to it by foreign key: "c_id_fkey" of "public.c"'
	is "$(dst 'select count(*) from c')" 1
	is "$(dst 'select count(*) from p')" 2
	src 'insert into p values (3)'
	IN_OPT=--disable-triggers
	copy '0 0 0'
	same p
	is "$(dst 'select count(*) from c')" 1 'clearing never cascades'
	# By range it is the same.
	LIST='--time-column id --from 2 p' IN_OPT=
	copy '0 0 3'
	like "$err" 'foreign key: "c_id_fkey"'
	is "$(dst 'select count(*) from c')" 1
}

@test "clearing a range does not cascade to the table's own rows outside of it" {
	both 'create table t (id int primary key, up int references t on delete cascade, day date)'
	src "insert into t values (1, null, '2025-02-02')"
	dst "insert into t values (2, null, '2024-01-01'), (1, null, '2025-02-01'), (3, 1, '2024-01-01')"
	LIST='--time-column day --from 2025-01-01 t'
	copy '0 0 3'
	like "$err" 'cannot clear a part of public.t: it has rows, and others of its own that refer to them would be deleted or changed: "t_up_fkey"'
	is "$(dst 'select count(*) from t')" 3
	IN_OPT=--disable-triggers
	copy '0 0 0'
	is "$(dst 'select id, day from t order by id')" $'1|2025-02-02\n2|2024-01-01\n3|2024-01-01'
	# The whole table goes at once, and what refers to it with it.
	LIST=t IN_OPT=
	copy '0 0 0'
	same t
}

@test "--disable-triggers is refused where the user may not" {
	both 'create table t (id int)'
	dst 'create role mere login; grant all on t to mere; grant create on database '"$DB"' to mere'
	saved a
	exits 3 bash -c "pg-copyin -d '${DST/user=postgres/user=mere}' --disable-triggers <a"
	like "$err" 'could not disable triggers'
	dst "drop owned by mere; drop role mere"
}

@test "append does not clear, and loads once" {
	both 'create table t (id int)'
	src 'insert into t select generate_series(1, 10)'
	dst 'insert into t select generate_series(101, 105)'
	saved a
	exits 0 bash -c "pg-copyin -d '$DST' --mode append --run x <a"
	is "$(dst 'select count(*) from t')" 15
	dst "update pgpipe.run set finished = null"
	exits 0 bash -c "pg-copyin -d '$DST' --mode append --run x <a"
	is "$(took)" 'public.t skipped'
	is "$(dst 'select count(*) from t')" 15
}

@test "upsert merges by primary key or by --key" {
	both 'create table t (id int generated always as identity primary key, k text unique, v text,
		w int generated always as (id * 2) stored)'
	src "insert into t (id, k, v) overriding system value
		select i, 'k' || i, 'new' from generate_series(1, 10) i"
	dst "insert into t (id, k, v) overriding system value
		select i, 'k' || i, 'old' from generate_series(6, 15) i"
	IN_OPT='--mode upsert'
	copy '0 0 0'
	is "$(jq -r 'select(.chunk).rows' <"$OUT")" 10
	is "$(dst "select v, count(*), min(id), max(id) from t group by v order by v")" \
		$'new|10|1|10\nold|5|11|15'
	dst "truncate t; insert into t (id, k, v) overriding system value values (77, 'k1', 'old')"
	IN_OPT='--mode upsert --key k'
	copy '0 0 3'
	like "$err" 'its column "id" is generated always as identity, and is not in the key'
	dst 'alter table t alter id set generated by default'
	copy '0 0 0'
	is "$(dst "select id, v from t where k = 'k1'")" '1|new'
	IN_OPT='--mode upsert --key v'
	copy '0 0 3'
	like "$err" 'cannot merge into public.t: --key is no unique key of it'
	exits 2 pg-copyin --mode append --key a -d "$DST" </dev/null
}

@test "upsert by a key that may hold nulls takes no rows that would come again and again" {
	both 'create table t ("the code" text, part int default 1 not null, v text, unique ("the code", part))'
	src "insert into t values ('k', 1, 'b'), ('l', 1, 'c'); create table n (like t); insert into n values (null, 1, 'a'), (null, 1, 'b')"
	LIST=t IN_OPT="--mode upsert --key '\"the code\",part'"
	copy '0 0 0'
	same t
	src 'insert into t select * from n'
	IN_OPT="--run two $IN_OPT"
	for OUT_OPT in '' '--format text'; do
		copy '0 0 3'
		like "$err" 'cannot merge into public.t: 2 of the rows have no value in a column of the key \("the code"\)'
		like "$err" 'hint: Merge by a key whose columns are not null'
		is "$(dst 'select count(*) from t')" 2
	done
	[ "$PG_MAJOR" -ge 15 ] || return 0
	src 'delete from t where v = '"'a'"
	dst 'create unique index on t ("the code", part) nulls not distinct'
	copy '0 0 0'
	IN_OPT="${IN_OPT/two/three}"
	copy '0 0 0'
	same t
}

@test "upsert where all columns are the key, and where there is none" {
	both 'create table a (x int, y int, primary key (y, x)); create table n (x int)'
	src 'insert into a values (1, 2), (3, 4); insert into n values (1)'
	dst 'insert into a values (1, 2)'
	LIST=a IN_OPT='--mode upsert'
	copy '0 0 0'
	same a
	LIST=n
	copy '0 0 3'
	like "$err" 'cannot merge into public.n: it has no primary key'
}

# --- runs and the ledger ---------------------------------------------------------------------

@test "the first message counts what is there, and one line sums up" {
	both 'create table a (x int); create table b (x int); create table c (x int)'
	src 'insert into a values (1); insert into b values (1); insert into c values (1)'
	dst 'alter table c add check (x <> 1)'
	IN_OPT='--run one --keep-going'
	copy '0 0 3'
	is "$(grep -c '^pg-copyin: [0-9l]' <<<"$err")" 1 "$err"
	like "$err" '^pg-copyin: loaded 2 chunks, .*; 1 failed$'
	# Another run replaces one of the two.
	src 'insert into a values (2)'
	LIST=a IN_OPT='--run two'
	copy '0 0 0'
	LIST=b IN_OPT='--run one --keep-going'
	copy '0 0 0'
	like "$err" 'continues run "one": 1 chunk is loaded already'
	is "$(grep -c '^pg-copyin: [0-9l]' <<<"$err")" 1 "$err"
	like "$err" '^pg-copyin: loaded 0 chunks, .*; 1 skipped: loaded before$'
	LIST=b IN_OPT='--run one --progress=none'
	src 'drop table c'
	copy '0 0 0'
}

@test "a finished run begins anew, an unfinished one goes on" {
	both 'create table a (x int); create table b (x int)'
	src 'insert into a values (1); insert into b values (1)'
	copy '0 0 0'
	like "$(grep -m 1 ^pg-copyin <<<"$err")" '^pg-copyin: begins run "[0-9]+/'"$DB"'"'
	copy '0 0 0'
	like "$err" 'begins run'
	is "$(took)" $'public.a loaded\npublic.b loaded'
	dst 'alter table b rename to c'
	copy '0 0 3'
	is "$(took | grep failed)" 'public.b failed'
	dst 'alter table c rename to b'
	src 'insert into a values (2)'
	copy '0 0 0'
	like "$err" 'continues run "[0-9]+/'"$DB"'": 1 chunk is loaded already'
	is "$(took)" $'public.a skipped\npublic.b loaded'
	like "$err" 'come from 2 different snapshots'
	like "$err" 'hint: --restart'
	is "$(dst 'select count(*) from a')" 1
	IN_OPT=--restart
	copy '0 0 0'
	like "$err" 'begins run'
	same a b
	unlike "$err" 'different snapshots'
}

@test "a skipped chunk is answered as it was loaded, and its rows are not sent" {
	both 'create table a (x int); create table b (x int)'
	src 'insert into a select generate_series(1, 1000)'
	dst 'drop table b'
	IN_OPT=--keep-going
	copy '0 0 3'
	jq -c 'select(.chunk == "public.a") | [.rows, .bytes, .digest, .snapshot, .pg_snapshot, .lsn]' <"$OUT" >first
	src 'delete from a where x > 10'
	dst 'create table b (x int)'
	mark
	copy '0 0 0'
	is "$(jq -c 'select(.chunk == "public.a") | [.rows, .bytes, .digest, .snapshot, .pg_snapshot, .lsn]' <"$OUT")" \
		"$(cat first)"
	unlike "$(logged)" 'copy "public"."a"'
}

@test "--run names a run; another source may not go on in it" {
	both 'create table a (x int); create table gone (x int)'
	src 'insert into a values (1)'
	dst 'drop table gone'
	saved a
	exits 3 bash -c "pg-copyin --run mine -d '$DST' <a"
	like "$err" 'begins run "mine"'
	dst "update pgpipe.run set system = '1'"
	exits 3 bash -c "pg-copyin --run mine -d '$DST' <a"
	like "$err" 'run "mine" is not finished, and its source is another one'
	exits 0 bash -c "pg-copyin --run mine --restart --map public.gone=public.a --mode append -d '$DST' <a"
}

@test "loading failed chunks again finishes the run, fewer do not" {
	both 'create table a (x int); create table b (x int); create table c (x int)'
	src 'insert into a values (1); insert into b values (2); insert into c values (3)'
	dst 'alter table b rename to bb; alter table c rename to cc'
	IN_OPT=--keep-going
	copy '0 0 3'
	cp "$OUT" lines
	dst 'alter table bb rename to b; alter table cc rename to c'
	is "$(dst 'select finished is null, listed is not null from pgpipe.run')" 't|t'
	local again='jq -c "select(.status == \"failed\")" lines | head -n $N |
		pg-copyout --partial -d "$SRC" | pg-copyin -d "$DST"'
	export N=1
	pipes '0 0 0 0' "$again"
	like "$err" 'is not finished: 1 chunk failed'
	is "$(dst 'select finished is null from pgpipe.run')" t
	N=2
	pipes '0 0 0 0' "$again"
	is "$(took)" $'public.b skipped\npublic.c loaded'
	is "$(dst 'select finished is not null from pgpipe.run')" t
	same a b c
}

@test "a partial list that begins a run finishes it; one that continues a cut one does not" {
	both 'create table a (x int); create table b (x int)'
	pipes '0 0 0 0' 'pg-chunks -d "$SRC" | sed -n 1p | pg-copyout --partial -d "$SRC" | pg-copyin -d "$DST"'
	is "$(dst 'select finished is not null from pgpipe.run')" t
	# Here the list was cut.
	pipes '0 0 4 4' 'pg-chunks -d "$SRC" | sed -n 1p | pg-copyout -d "$SRC" | pg-copyin -d "$DST"'
	unlike "$out" '"end"'
	pipes '0 0 0 0' 'pg-chunks -d "$SRC" | sed -n 2p | pg-copyout --partial -d "$SRC" | pg-copyin -d "$DST"'
	is "$(dst 'select count(*) from pgpipe.run where finished is null')" 1
	copy '0 0 0'
	is "$(took)" $'public.a skipped\npublic.b skipped'
	is "$(dst 'select count(*) from pgpipe.run where finished is null')" 0
}

@test "without a ledger nothing is remembered, and nothing is left" {
	both 'create table a (x int)'
	src 'insert into a values (1)'
	IN_OPT=--no-ledger
	copy '0 0 0'
	copy '0 0 0'
	is "$(took)" 'public.a loaded'
	same a
	is "$(dst "select count(*) from pg_namespace where nspname = 'pgpipe'")" 0
	exits 2 pg-copyin --no-ledger --run x -d "$DST" </dev/null
}

@test "a ledger that somebody else owns is not trusted" {
	both 'create table a (x int)'
	saved a
	dst 'create role evil; create schema pgpipe authorization evil'
	exits 3 bash -c "pg-copyin -d '$DST' <a"
	like "$err" 'cannot trust the ledger in schema "pgpipe": its schema "pgpipe" belongs to "evil"'
	exits 0 bash -c "pg-copyin -d '$DST' --ledger-schema \"My Ledger\" <a"
	dst 'alter table "My Ledger".chunk owner to evil'
	exits 3 bash -c "pg-copyin -d '$DST' --ledger-schema \"My Ledger\" <a"
	like "$err" 'its table "chunk" belongs to "evil"'
	dst 'drop owned by evil cascade; drop role evil'
	# Nor is what only looks like one.
	dst 'create schema views; create view views.run as select 1 as id'
	exits 3 bash -c "pg-copyin -d '$DST' --ledger-schema views </dev/null"
	like "$err" 'cannot use the ledger in schema "views": its "run" is no table'
}

@test "many may make the ledger at once" {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		pgpipe init -d "$DST" 2>"err$i" &
	done
	for i in $(jobs -p); do
		wait "$i"
	done
	is "$(dst "select count(*) from pg_tables where schemaname = 'pgpipe'
		and tablename not like 'queue%'")" 8
}

@test "a ledger of an older format gets what it lacks, one of a newer is left alone" {
	both 'create table a (x int)'
	saved a
	pgpipe init -q -d "$DST"
	dst 'alter table pgpipe.chunk drop column slices; update pgpipe.format set format = 1'
	exits 0 bash -c "pg-copyin -d '$DST' --run one <a"
	is "$(dst 'select count(*), count(slices) from pgpipe.chunk')" '1|0'
	is "$(dst 'select format from pgpipe.format')" 2
	dst 'update pgpipe.format set format = 99'
	exits 3 bash -c "pg-copyin -d '$DST' --run two <a"
	like "$err" 'the ledger in schema "pgpipe" was made by a newer pgpipe'
	is "$(dst 'select count(*) from pgpipe.chunk')" 1
}

@test "a user without the right to make it is told what to do" {
	both 'create table a (x int)'
	saved a
	dst 'create role mere login; grant all on a to mere'
	exits 3 bash -c "pg-copyin -d '${DST/user=postgres/user=mere}' <a"
	like "$err" 'could not make the ledger in schema "pgpipe": permission denied'
	like "$err" 'hint: .*pgpipe init.*--no-ledger'
	exits 0 bash -c "pg-copyin -d '${DST/user=postgres/user=mere}' --no-ledger <a"
	dst 'drop owned by mere; drop role mere'
}

@test "rows of another source are not cleared without --restart" {
	both 'create table a (x int)'
	src 'insert into a values (1)'
	copy '0 0 0'
	pg_sql src "create database ${DB}x"
	pg_sql "src/${DB}x" 'create table a (x int); insert into a values (2), (3)'
	other="pg-chunks -d \"$(pg_dsn "src/${DB}x")\" | pg-copyout -d \"$(pg_dsn "src/${DB}x")\" | pg-copyin -d \"\$DST\""
	pipes '0 0 3' "$other"
	like "$err" "cannot clear public.a for database \"${DB}x\" of system [0-9]+: its rows are those of \"public.a\" in database \"$DB\" of system"
	is "$(dst 'select count(*) from a')" 1
	pipes '0 0 0' "$other --restart"
	is "$(dst 'select count(*) from a')" 2
	pipes '0 0 0' "$other"
	copy '0 0 3'
	pg_sql src "drop database ${DB}x"
}

@test "a table is not loaded into itself" {
	src 'create table a (x int); insert into a values (1); create schema s; create table s.a (x int)'
	pipes '0 0 3' 'pg-chunks -d "$SRC" a | pg-copyout -d "$SRC" | pg-copyin --no-ledger -d "$SRC"'
	like "$err" 'cannot load a table into itself'
	is "$(src 'select count(*) from a')" 1
	# Neither is one whose snapshot is gone before anybody asks for it, but
	# an archive may go back to where it was taken.
	pipes '0 0 0 3' 'pg-chunks -d "$SRC" public.a | pg-copyout -d "$SRC" | (cat >archive; cat archive) | pg-copyin --no-ledger -d "$SRC"'
	like "$err" 'cannot load a table into itself'
	src 'truncate a'
	pipes '0' 'pg-copyin --no-ledger -d "$SRC" <archive'
	is "$(src 'select count(*) from a')" 1
	sleep 1.1
	pipes '0 0' 'cat archive | pg-copyin --no-ledger -d "$SRC"'
	is "$(src 'select count(*) from a')" 1
	pipes '0 0 0' 'pg-chunks -d "$SRC" public.a | pg-copyout -d "$SRC" | pg-copyin --no-ledger --map public=s -d "$SRC"'
	is "$(src 'select count(*) from s.a')" 1
}

@test "a table is not loaded into itself where the system may not be asked, either" {
	src "create role itself$BATS_TEST_NUMBER login; create table a (x int); insert into a values (1);
		alter table a owner to itself$BATS_TEST_NUMBER; grant usage on schema public to public;
		revoke execute on function pg_control_system() from public"
	MINE=${SRC/user=postgres/user=itself$BATS_TEST_NUMBER}
	export MINE
	pipes '0 0 3' 'pg-chunks -d "$MINE" public.a | pg-copyout -d "$MINE" | pg-copyin --no-ledger -d "$MINE"'
	is "$(jq -r 'select(.chunk) | .system' <"$OUT")" null
	like "$err" 'cannot load a table into itself'
}

@test "a target that was made anew is loaded anew" {
	both 'create table a (x int); create table b (x int)'
	src 'insert into a values (1)'
	dst 'drop table b'
	copy '0 0 3'
	dst 'drop table a; create table a (x int); create table b (x int)'
	copy '0 0 0'
	is "$(took)" $'public.a loaded\npublic.b loaded'
	same a
}

# --- where rows go -------------------------------------------------------------------------------

@test "--map sends a schema or a table elsewhere" {
	src 'create schema s; create table s.a (x int); create table s.b (x int);
		insert into s.a values (1); insert into s.b values (2)'
	dst 'create schema "New"; create table "New".a (x int); create schema z; create table z."B" (x int)'
	LIST='s.*' IN_OPT='--map s=\"New\" --map s.b=z.\"B\"'
	copy '0 0 0'
	is "$(dst 'select x from "New".a')" 1
	is "$(dst 'select x from z."B"')" 2
	is "$(jq -c 'select(.chunk == "s.b").target' <"$OUT")" '{"schema":"z","table":"B"}'
	local bad
	for bad in x 'a=' 'a.b=c' 'a=b.c' '=x' 'a.b.c=d.e.f' '"a=b'; do
		exits 2 pg-copyin -d "$DST" --map "$bad" </dev/null
		like "$err" 'cannot understand --map'
	done
	exits 2 pg-copyin -d "$DST" --map a=b --map a=c </dev/null
}

@test "two tables cannot replace one; appended they can" {
	src 'create table a (x int); create table b (x int);
		insert into a values (1); insert into b values (2)'
	dst 'create table c (x int)'
	IN_OPT='--map public.a=public.c --map public.b=public.c'
	copy '0 0 3'
	like "$err" 'cannot clear public.c for "public.b": another relation of this archive is loaded into it'
	is "$(dst 'select count(*) from c')" 1
	# In two archives of one run, too.
	LIST=public.b
	copy '0 0 3'
	like "$err" 'cannot clear public.c for "public.b": it holds "public.a", loaded in the same run'
	LIST=''
	dst 'truncate c'
	IN_OPT="$IN_OPT --mode append --restart"
	copy '0 0 0'
	is "$(dst 'select sum(x) from c')" 3
	# Without a ledger it is the same.
	IN_OPT='--map public.a=public.c --map public.b=public.c --no-ledger --keep-going'
	copy '0 0 3'
	like "$err" 'cannot clear public.c for "public.b": another relation of this archive is loaded into it'
	is "$(dst 'select sum(x) from c')" 1
	IN_OPT="$IN_OPT --mode append"
	copy '0 0 0'
	is "$(dst 'select sum(x) from c')" 4
}

@test "a missing partition is loaded, then attached" {
	both "create table m (id int generated always as identity, day date not null, v text default 'x', w int generated always as (id + 1) stored,
		check (id > 0)) partition by range (day);
		create index on m (v); create unique index on m (day, id) include (v);
		alter table m add primary key (id, day)"
	src "create table m_1 partition of m for values from ('2025-01-01') to ('2025-02-01');
		create table m_2 partition of m for values from ('2025-02-01') to ('2025-03-01') partition by hash (id);
		create table m_2a partition of m_2 for values with (modulus 2, remainder 0);
		create table m_2b partition of m_2 for values with (modulus 2, remainder 1);
		insert into m overriding system value
		select i, date '2025-01-01' + i % 59, md5(i::text) from generate_series(1, 5000) i"
	LIST=m
	copy '0 0 3'
	like "$err" 'the target has neither public.m_2[ab] nor its parent "public.m_2"'
	is "$(dst "select count(*) from pg_class where relname like 'm\\_2_'")" 0
	dst "create table m_2 partition of m for values from ('2025-02-01') to ('2025-03-01') partition by hash (id)"
	mark
	copy '0 0 0'
	same m
	is "$(dst "select count(*) from pg_partition_tree('m') where isleaf")" 3
	like "$(logged)" 'copy "public"."m_2a" .*freeze'
	# Nothing is left to the parent: the same indexes, valid, as everywhere.
	is "$(dst "select c.relname, count(*), bool_and(i.indisvalid), bool_and(x.relispartition)
		from pg_index i join pg_class c on c.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
		where c.relname in ('m_1', 'm_2a', 'm_2b') group by 1 order by 1")" \
		$'m_1|3|t|t\nm_2a|3|t|t\nm_2b|3|t|t'
	is "$(dst "select count(*) from pg_index i join pg_class c on c.oid = i.indrelid
		where c.relname = 'm' and i.indisvalid")" 3
}

@test "the parent's index of every kind is the new partition's" {
	both "create table m (id int, v text, r int4range) partition by list (id);
		create index odd on m using gin (to_tsvector('simple', v)) where id > 0;
		create index \"on ONLY \"\" USING\" on m (lower(v) desc nulls last, id) with (fillfactor = 50);
		create index on m using brin (id)"
	src "create table m_1 partition of m for values in (1);
		create table m_rest partition of m default;
		insert into m values (1, 'a', '[1,2)'), (null, 'b', null), (7, 'c', 'empty')"
	copy '0 0 0'
	same m
	src "select regexp_replace(pg_get_indexdef(indexrelid), 'INDEX .* ON', 'ON') from pg_index
		where indrelid::regclass::text ~ 'm_' order by 1" >want
	is "$(dst "select regexp_replace(pg_get_indexdef(indexrelid), 'INDEX .* ON', 'ON') from pg_index
		where indrelid::regclass::text ~ 'm_' order by 1")" "$(cat want)"
}

@test "a partition that holds more in the target is not replaced silently" {
	both 'create table p (id int, v text) partition by range (id)'
	src "create table p_1 partition of p for values from (0) to (10); insert into p values (1, 'new')"
	dst "create table p_1 partition of p for values from (0) to (100); insert into p values (50, 'old')"
	copy '0 0 0'
	like "$err" 'warning: all rows of public.p_1 are replaced, and it is a partition FOR VALUES FROM \(0\) TO \(100\), where the source.s is FOR VALUES FROM \(0\) TO \(10\)'
	is "$(dst 'select v from p')" new
	dst 'alter table p detach partition p_1; alter table p attach partition p_1 for values from (0) to (10)'
	copy '0 0 0'
	unlike "$err" 'warning'
}

@test "a new partition belongs to its parent's owner" {
	both 'create table m (id int) partition by list (id)'
	src 'create table m_1 partition of m for values in (1); insert into m values (1)'
	dst 'create role app; alter table m owner to app'
	copy '0 0 0'
	is "$(dst "select relowner::regrole from pg_class where relname = 'm_1'")" app
	dst 'drop owned by app cascade; drop role app'
}

@test "a bound that overlaps what is there is refused, and nothing stays" {
	both 'create table m (id int) partition by range (id)'
	src 'create table m_1 partition of m for values from (0) to (10); insert into m values (1)'
	dst 'create table m_x partition of m for values from (5) to (15)'
	copy '0 0 3'
	like "$err" 'would overlap partition "m_x"'
	is "$(dst "select to_regclass('m_1') is null")" t
	dst 'drop table m_x; create table m_x partition of m for values from (0) to (10)'
	IN_OPT='--map public.m_1=public.m_x'
	copy '0 0 0'
	same m
}

@test "a partition whose rows are in the default one is refused" {
	both 'create table m (id int) partition by list (id)'
	src 'create table m_1 partition of m for values in (1); insert into m values (1)'
	dst 'create table m_rest partition of m default; insert into m values (1)'
	copy '0 0 3'
	like "$err" 'could not attach public.m_1'
	is "$(dst "select to_regclass('m_1') is null")" t
	is "$(dst 'select count(*) from m')" 1
}

@test "partitions do not fall into a plain table of the root's name unasked" {
	src 'create table m (id int) partition by list (id);
		create table m_1 partition of m for values in (1); create table m_2 partition of m for values in (2);
		insert into m values (1), (2)'
	dst 'create table m (id int)'
	copy '0 0 3'
	like "$err" 'its parent "public.m" is not partitioned there'
	like "$err" 'hint: .*--mode append --map public.m_[12]=public.m'
	IN_OPT='--mode append --map public.m_1=public.m --map public.m_2=public.m --restart'
	copy '0 0 0'
	same m
}

@test "a table that stands beside the parent is not taken for its partition" {
	src 'create table m (id int) partition by list (id);
		create table m_1 partition of m for values in (1); create table m_2 partition of m for values in (2);
		insert into m values (1), (2)'
	dst 'create table m (id int) partition by list (id);
		create table m_1 partition of m for values in (1); create table m_2 (id int); insert into m_2 values (7)'
	IN_OPT=--keep-going
	copy '0 0 3'
	like "$err" 'public.m_2 is no partition of "public.m" in the target'
	is "$(took | xargs)" 'public.m/public.m_1 loaded public.m/public.m_2 failed'
	is "$(dst 'select id from m_2')" 7
	IN_OPT='--map public.m_2=public.m_2'
	copy '0 0 0'
	is "$(dst 'select id from m') $(dst 'select id from m_2')" '1 2'
	dst 'drop table m_2'
	IN_OPT=
	copy '0 0 0'
	is "$(dst 'select id from m order by id' | xargs)" '1 2'
	# Where there is no such parent, tables may stand alone.
	dst 'drop table m; create table m_1 (id int); create table m_2 (id int)'
	copy '0 0 0'
	is "$(dst 'select id from m_1') $(dst 'select id from m_2')" '1 2'
}

@test "a partition that belongs to another parent in the target is neither cleared nor loaded" {
	src 'create table ev (y int) partition by list (y); create table ev_24 partition of ev for values in (24);
		create table ev_25 partition of ev for values in (25) partition by hash (y);
		create table ev_25_0 partition of ev_25 for values with (modulus 1, remainder 0); insert into ev values (24), (25)'
	dst 'create table ev (y int) partition by list (y); create table ev_archive (y int) partition by list (y);
		create table ev_24 partition of ev_archive for values in (24);
		create table ev_25_0 partition of ev for values in (25); insert into ev_archive values (24), (24)'
	IN_OPT=--keep-going
	copy '0 0 3'
	like "$err" 'public.ev_24 is no partition of "public.ev" in the target'
	like "$err" 'hint: There it is one of public.ev_archive'
	is "$(dst 'select count(*) from ev_archive') $(dst 'select y from ev')" '2 25'
	# Unless it is asked for: by name, or as the parent's place.
	IN_OPT='--map public.ev_24=public.ev_24'
	copy '0 0 0'
	is "$(dst 'select count(*) from ev_archive')" 1
	IN_OPT='--restart --map public.ev=public.ev_archive'
	copy '0 0 0'
}

@test "a plain table goes into a partitioned one" {
	src 'create table m (id int); insert into m select generate_series(1, 100)'
	dst 'create table m (id int) partition by hash (id);
		create table m_1 partition of m for values with (modulus 2, remainder 0);
		create table m_2 partition of m for values with (modulus 2, remainder 1);
		insert into m values (1000)'
	copy '0 0 0'
	same m
}

@test "an inheritance parent keeps its children's rows" {
	both 'create table p (id int); create table c (x int) inherits (p)'
	src 'insert into p values (1); insert into c values (2, 2)'
	dst 'insert into p values (9); insert into c values (9, 9)'
	LIST=public.p
	IN_OPT=--mode\ replace
	pipes '0 0 0 0' 'pg-chunks -d "$SRC" p | grep -v public.c | pg-copyout --partial -d "$SRC" | pg-copyin -d "$DST"'
	is "$(dst 'select id from p order by 1')" $'1\n9'
}

# --- columns ---------------------------------------------------------------------------------

@test "columns match by name; the target may have more" {
	src 'create table t (a int, "B" text, c int); insert into t values (1, 2, 3)'
	dst "create table t (more int default 7, c int, null_ok text, \"B\" text, a int,
		id int generated always as identity)"
	copy '0 0 0'
	is "$(dst 'select * from t')" '7|3||2|1|1'
}

@test "columns that do not fit are refused before a row moves, naming both sides" {
	refused() {	# SOURCE TARGET MESSAGE
		src "drop table if exists t; create table t (x int, $1); insert into t (x) values (1)"
		dst "drop table if exists t; create table t (x int, $2); insert into t (x) values (77)"
		mark
		copy '0 0 3'
		like "$err" "$3"
		unlike "$(logged)" 'copy "public"."t"'
		is "$(dst 'select x from t')" 77
	}
	refused 'a int' 'b int' 'column "a" of "public.t" of the source is missing in public.t of the target'
	refused 'a int' 'a int generated always as (x) stored' 'column "a" is generated in public.t of the target'
	refused 'a int8' 'a float8' 'column "a" is bigint in "public.t" of the source, and double precision in public.t'
	refused 'a date' 'a int' 'date in "public.t"'
	refused 'a timestamp' 'a timestamptz' 'timestamp without time zone in "public.t"'
	like "$err" 'hint: .*--format text'
	refused 'a varchar(20)' 'a varchar(10)' 'character varying\(20\) in .* character varying\(10\) in'
	refused 'a varchar' 'a varchar(10)' 'character varying in'
	refused 'a numeric' 'a numeric(10,2)' 'numeric in'
	refused 'a numeric(10,4)' 'a numeric(10,2)' 'numeric\(10,4\)'
	refused 'a numeric(10,2)' 'a numeric(10,4)' 'numeric\(10,2\)'
	refused 'a char(5)' 'a char(4)' 'character\(5\)'
	refused 'a timestamp' 'a timestamp(0)' 'timestamp\(0\)'
	refused 'a bit(5)' 'a bit(4)' 'bit\(5\)'
	refused 'a interval' 'a interval day to second' 'interval'
	like "$err" 'hint: --lossy'
	dst 'drop table t; create table t (x int, y int not null)'
	src 'drop table t; create table t (x int)'
	copy '0 0 3'
	like "$err" 'column "y" of public.t of the target is not null, has no default, and is not in "public.t"'
}

@test "a domain of the same name that is made of another type is refused in binary" {
	src "create domain d as int8; create domain dd as d; create table t (a d); insert into t values (5);
		create table u (a dd[]); insert into u values ('{6,7}')"
	dst 'create domain d as float8; create domain dd as d; create table t (a d); create table u (a dd[])'
	IN_OPT=--keep-going
	copy '0 0 3'
	like "$err" 'column "a" is public.d on both sides, which in the target is made of another type: pg_catalog.float8'
	like "$err" 'column "a" is public.dd\[\] on both sides'
	is "$(dst 'select count(*) from t') $(dst 'select count(*) from u')" '0 0'
	OUT_OPT='--format text'
	copy '0 0 3'
	like "$err" 'column "a" is public.d, which is made of bigint in "public.t" of the source, and of double precision in public.t'
	IN_OPT=--lossy
	copy '0 0 0'
	is "$(dst 'select * from t') $(dst 'select * from u')" '5 {6,7}'
}

@test "a modifier that is narrower inside of a domain or a composite needs --lossy, too" {
	local make='create table t (a price); create table u (a steep[]); create table v (p pair); create table w (c crate[])'
	types() {	# MODIFIERS of numeric, of varchar
		echo "create domain price as numeric$1; create domain steep as price;
			create type pair as (x int, y numeric$1); create type crate as (s varchar$2, p steep, q pair[]);"
	}
	src "$(types '(12,4)' '(9)')$make; insert into t values (1.2345); insert into u values ('{6.789}');
		insert into v values ('(1,2.3456)'); insert into w values (array[('nine', 3.4567, array[(1, 4.5678)::pair])::crate])"
	# Arrays of domains go in binary since version 14.
	local ways=('' '--format text')
	[ "$PG_MAJOR" -ge 14 ] || ways=('--format text')
	fares() {	# "CODES" MODIFIERS STATUSES
		dst "drop table if exists t, u, v, w; drop type if exists crate, pair; drop domain if exists steep, price; $(types "$2" "$3")$make"
		for OUT_OPT in "${ways[@]}"; do
			IN_OPT='--restart --keep-going'
			copy "$1"
			is "$(took | cut -d' ' -f2 | xargs)" "$4" "$2 $3"
		done
	}
	fares '0 0 3' '(12,2)' '(9)' 'failed failed failed failed'
	like "$err" 'column "a" is public.price, which is made of numeric\(12,4\) in "public.t" of the source, and of numeric\(12,2\) in public.t'
	like "$err" 'column "a" is public.steep\[\], which is made of numeric\(12,4\)'
	like "$err" 'hint: --lossy'
	fares '0 0 3' '(12,4)' '(8)' 'loaded loaded loaded failed'
	like "$err" 'column "c" is public.crate\[\], which is made of character varying\(9\) in .*, and of character varying\(8\)'
	fares '0 0 0' '(13,4)' '' 'loaded loaded loaded loaded'
	is "$(dst "select * from t, u, v, w" | md5sum)" "$(src "select * from t, u, v, w" | md5sum)"
	dst "drop table t, u, v, w; drop type crate, pair; drop domain steep, price; $(types '(12,2)' '(9)')$make"
	IN_OPT='--lossy --restart'
	copy '0 0 0'
	is "$(dst 'select * from t')" 1.23
}

@test "composite types whose fields stand in another order are refused" {
	src "create type pair as (x int, y int); create domain couple as pair; create type crate as (a pair, b couple[]);
		create table t (p pair); insert into t values ('(1,2)'); create table u (b crate[]); insert into u values (array['(\"(1,2)\",)'::crate])"
	dst 'create type pair as (y int, x int); create domain couple as pair; create type crate as (a pair, b couple[]);
		create table t (p pair); create table u (b crate[])'
	IN_OPT=--keep-going
	for OUT_OPT in '' '--format text'; do
		copy '0 0 3'
		like "$err" 'column "p" is made of pair\(x, y\) in "public.t" of the source, and of pair\(y, x\) in public.t of the target'
		like "$err" 'column "b" is made of crate\(a, b\), pair\(x, y\)'
		is "$(dst 'select count(*) from t') $(dst 'select count(*) from u')" '0 0'
	done
	IN_OPT=--lossy
	copy '0 0 0'
	is "$(dst 'select (p).y, (p).x from t')" '1|2'
	dst 'drop table t, u; drop type pair cascade; drop type crate cascade; create type pair as (x int, y int);
		create domain couple as pair; create type crate as (a pair, b couple[]); create table t (p pair); create table u (b crate[])'
	OUT_OPT='' IN_OPT=--restart
	copy '0 0 0'
	same t u
}

@test "a modifier that grows is taken, a narrower one with --lossy" {
	local negative=5 # a scale below zero, where there is one
	[ "$PG_MAJOR" -lt 15 ] || negative=5,-2
	src "create table t (a varchar(10), b numeric(10,2), c timestamp(0), d char(4), e varbit(3), f numeric($negative));
		insert into t values ('a', 1.5, now(), 'x', b'101', 1200)"
	dst 'create table t (a varchar(20), b numeric(14,4), c timestamp, d char(4), e varbit, f numeric)'
	copy '0 0 0'
	is "$(dst 'select a, b, d, e, f from t')" 'a|1.5000|x   |101|1200'
	dst "drop table t; create table t (a varchar(5), b numeric(10,1), c timestamp(0), d char(4), e varbit(3), f numeric($negative))"
	src "update t set b = 1.25"
	copy '0 0 3'
	IN_OPT=--lossy
	copy '0 0 0'
	is "$(dst 'select a, b from t')" 'a|1.3'
	src "update t set a = 'longer'"
	copy '0 0 3'
	like "$err" 'value too long'
}

@test "text streams may grow types, and change them with --lossy" {
	src "create table t (a int2, b int4, c int8, d varchar(5), e text);
		insert into t values (1, 2, 3, 'd', '5')"
	dst 'create table t (a int4, b int8, c numeric, d text, e varchar)'
	OUT_OPT='--format text'
	copy '0 0 0'
	is "$(dst 'select * from t')" '1|2|3|d|5'
	dst 'drop table t; create table t (a int4, b int8, c numeric, d text, e int)'
	copy '0 0 3'
	IN_OPT=--lossy
	copy '0 0 0'
	is "$(dst 'select e from t')" 5
	OUT_OPT='--format csv'
	copy '0 0 0'
}

@test "enums and domains keep their names, also in a schema that is mapped" {
	src "create schema s; create type s.mood as enum ('a', 'b'); create domain s.pos as int check (value > 0);
		create table s.t (m s.mood, p s.pos, ms s.mood[]); insert into s.t values ('a', 1, '{a,b}')"
	dst "create schema z; create type z.mood as enum ('b', 'a'); create domain z.pos as int check (value > 0);
		create table z.t (m z.mood, p z.pos, ms z.mood[])"
	LIST='s.*' IN_OPT='--map s=z'
	if [ "$PG_MAJOR" -lt 14 ]; then
		copy '0 0 3'
		like "$err" 'cannot take in binary'
		like "$err" 'hint: .*--format text'
		OUT_OPT='--format text'
	fi
	copy '0 0 0'
	is "$(dst 'select * from z.t')" 'a|1|{a,b}'
}

@test "views, foreign tables and the ledger itself are refused" {
	src 'create table v (x int); create table m (x int); create table f (x int);
		create schema pgpipe; create table pgpipe.run (x int)'
	dst "create view v as select 1 as x; create materialized view m as select 1 as x"
	LIST=public.v copy '0 0 3'
	like "$err" 'cannot load into public.v: it is a view'
	LIST=public.m
	copy '0 0 3'
	like "$err" 'it is a materialized view'
	LIST=pgpipe.run
	copy '0 0 3'
	like "$err" 'cannot load into pgpipe.run: it is the ledger'
}

# --- what a target does to rows -----------------------------------------------------------------

@test "a trigger that drops or changes rows is noticed" {
	both 'create table t (x int)'
	src 'insert into t select generate_series(1, 10)'
	dst "create function drop_one() returns trigger language plpgsql as
		\$\$ begin if new.x = 5 then return null; end if; return new; end \$\$;
		create trigger \"Drop\" before insert on t for each row execute function drop_one()"
	copy '0 0 3'
	like "$err" 'warning: triggers of public.t fire .*: "Drop"'
	like "$err" '9 rows were loaded where the source sent 10'
	is "$(dst 'select count(*) from t')" 0
	IN_OPT=--disable-triggers
	copy '0 0 0'
	same t
	unlike "$err" 'triggers of public.t'
	dst 'truncate t; alter table t add primary key (x)'
	IN_OPT='--mode upsert'
	src 'alter table t add v int'
	dst 'alter table t add v int'
	copy '0 0 3'
	like "$err" '10 rows came for public.t and 9 were merged'
}

@test "rules and row security are noticed" {
	both 'create table t (x int); create table s (x int)'
	src 'insert into t values (1); insert into s values (1)'
	dst 'create rule "No" as on insert to t do instead nothing'
	LIST=t
	copy '0 0 0'
	like "$err" 'warning: rules of public.t are not applied .*: "No"'
	same t
	dst "create role mere login; alter table s enable row level security;
		create policy p on s using (x > 0); grant all on s to mere; grant create on database $DB to mere"
	LIST=s
	saved a
	exits 3 bash -c "pg-copyin -d '${DST/user=postgres/user=mere}' --no-ledger <a"
	like "$err" 'cannot load into public.s: its row security holds for user "mere"'
	like "$err" 'hint: Connect as its owner'
	dst 'alter table s owner to mere; alter table s force row level security'
	exits 3 bash -c "pg-copyin -d '${DST/user=postgres/user=mere}' --no-ledger <a"
	like "$err" 'hint: It is forced on its owner, too'
	dst 'alter table s no force row level security'
	exits 0 bash -c "pg-copyin -d '${DST/user=postgres/user=mere}' --no-ledger <a"
	dst 'drop owned by mere; drop role mere'
}

@test "a trigger or a rule that keeps rows from being deleted is noticed" {
	both 'create table t (x int)'
	src 'insert into t values (1)'
	dst "insert into t values (1); create rule keep as on delete to t do instead nothing"
	LIST='--time-column x --from 0 t'
	copy '0 0 3'
	like "$err" 'could not clear public.t: a trigger or a rule keeps rows'
	is "$(dst 'select count(*) from t')" 1
}

@test "rows whose references have not come fail for now, and hold up nobody" {
	both 'create table p (id int primary key); create table c (id int references p)'
	src 'insert into p values (1); insert into c select 1 from generate_series(1, 1000)'
	LIST='--order name' OUT_OPT='-j 1'
	copy '0 0 4'
	is "$(took)" $'public.c failed\npublic.p loaded'
	is "$(jq -r 'select(.status == "failed").error | "\(.class) \(.sqlstate)"' <"$OUT")" '4 23503'
	like "$err" 'hint: If the rows that it refers to come later, running the pipeline again'
	copy '0 0 0'
	is "$(took)" $'public.c loaded\npublic.p skipped'
	same p c
}

@test "a failed chunk rolls back alone, and stops what has not begun unless told otherwise" {
	both 'create table a (x int); create table b (x int check (x < 5)); create table c (x int)'
	src 'alter table b drop constraint b_x_check;
		insert into a values (1); insert into b values (7); insert into c values (3)'
	LIST='--order name'
	copy '0 0 3'
	is "$(took)" $'public.a loaded\npublic.b failed\npublic.c failed'
	is "$(jq -r 'select(.chunk == "public.c").error | "\(.class) \(.message)"' <"$OUT")" \
		'4 not tried: an earlier chunk failed'
	like "$(tail -n 1 "$OUT")" '"end":"pg-copyin","lines":3'
	IN_OPT=--keep-going
	copy '0 0 3'
	is "$(took)" $'public.a skipped\npublic.b failed\npublic.c loaded'
	is "$(jq -r 'select(.chunk == "public.b").error.sqlstate' <"$OUT")" 23514
}

@test "what failed at the source is answered, and the rest goes on" {
	both 'create table a (x int); create table b (x int)'
	src 'insert into b values (1)'
	pg-chunks -d "$SRC" --order name >list
	src 'drop table a'
	pipes '3 3' 'pg-copyout -d "$SRC" <list | pg-copyin -d "$DST"'
	is "$(took)" $'public.a failed\npublic.b loaded'
	is "$(dst 'select finished is null from pgpipe.run')" t
}

# --- relations in slices -------------------------------------------------------------------------

# 1,000 blocks and more in slices of 1 MB.
big() {
	both 'create table big (id int primary key, v text, k int); create index on big (k)'
	src "insert into big select i, repeat(md5(i::text), 8), i % 100 from generate_series(1, ${1:-20000}) i"
	LIST='--split 1MB big'
}
slices() { jq -r 'select(.slice) | .chunk' <"$OUT" | wc -l; }

@test "a relation in slices is cleared once, recorded, and gets its indexes back" {
	big
	dst 'insert into big select i from generate_series(1, 1000) i'
	IN_OPT=-j\ 2
	mark
	copy '0 0 0'
	same big
	[ "$(slices)" -gt 4 ]
	is "$(logged | grep -c 'truncate only "public"."big"')" 1
	is "$(dst "select count(*) from pgpipe.sliced where completed is not null and target_table = 'big'")" 1
	is "$(dst "select count(*) from pg_index where indrelid = 'big'::regclass")" 2
	is "$(dst 'select count(*) from pgpipe.deferred')" 0
	is "$(dst 'select count(*) from pgpipe.chunk')" "$(slices)"
}

# Stop a pipeline by killing pg-copyin when a first slice is loaded.
kill_midway() {
	local pid
	pg-chunks -d "$SRC" $LIST >list
	mkfifo pipe
	pg-copyout -d "$SRC" <list 2>/dev/null >pipe &
	# What stops in the middle: a reader that passes on half of the archive.
	head -c 2500000 pipe | { cat; sleep 30; } |
		pg-copyin -d "$DST" $IN_OPT >first 2>err1 &
	pid=$!
	wait_for test -s first
	kill -9 $pid
	rm -f pipe
}

@test "slices of another snapshot never join: an unfinished relation is begun anew" {
	big
	kill_midway
	is "$(dst 'select count(*) from pgpipe.sliced where completed is null')" 1
	[ "$(dst 'select count(*) from pgpipe.deferred')" = 2 ]
	[ "$(dst 'select count(*) from big')" -gt 0 ]
	src "update big set v = 'new' || id where id % 3 = 0;
		insert into big select i, repeat(md5(i::text), 8), i % 100 from generate_series(20001, 30000) i"
	src 'create index byk on big (k)'
	src 'cluster big using byk'
	copy '0 0 0'
	same big
	is "$(took | sed 's/.* //' | sort | uniq -c | xargs)" "$(slices) loaded"
	is "$(jq -r 'select(.chunk).snapshot' <"$OUT" | sort -u | wc -l)" 1
	unlike "$err" 'different snapshots'
	is "$(dst "select count(*) from pg_index where indrelid = 'big'::regclass")" 2
	is "$(dst 'select count(*) from pgpipe.deferred')" 0
}

@test "the same archive goes on where it was broken off" {
	big
	saved a
	{ head -c 2500000 a; sleep 30; } | pg-copyin -d "$DST" >first 2>err1 &
	wait_for test -s first
	kill -9 $!
	exits 0 bash -c "pg-copyin -d '$DST' <a"
	same big
	[ "$(took | grep -c skipped)" -ge 1 ]
	[ "$(took | grep -c loaded)" -ge 1 ]
	is "$(dst "select count(*) from pg_index where indrelid = 'big'::regclass")" 2
}

@test "a finished relation is skipped, however it is cut by then, and adds up" {
	big
	both 'create table gone (x int)'
	dst 'drop table gone'
	LIST='--split 1MB' IN_OPT=--keep-going
	copy '0 0 3'
	same big
	add() {	# all digests, in two halves
		local hi=0 lo=0 n
		while IFS=: read -r _ _ n; do
			n=$(bc <<<"ibase=16; (${hi^^} * 10000000000000000 + ${lo^^} + ${n^^}) % 100000000000000000000000000000000")
			n=$(BC_LINE_LENGTH=0 bc <<<"obase=16; $n")
			n=$(printf '%32s' "$n" | tr ' ' 0)
			hi=${n:0:16} lo=${n:16}
		done < <(jq -r 'select(.slice).digest' <"$OUT")
		tr A-F a-f <<<"$hi$lo"
	}
	local whole before old
	whole=$(add)
	before=$(jq -r 'select(.slice).snapshot' <"$OUT" | sort -u)
	old=$(dst 'select count(*) from big')
	src "insert into big select i, repeat(md5(i::text), 8), i % 100 from generate_series(20001, 40000) i"
	mark
	copy '0 0 3'
	unlike "$(logged)" 'copy "public"."big"'
	unlike "$(took | grep big)" 'loaded'
	# Blocks have an order that both cuts share; of keys, only equal slices are known.
	if [ "$PG_MAJOR" -ge 14 ]; then
		is "$(add)" "$whole"
		is "$(jq -r 'select(.slice).rows' <"$OUT" | paste -sd+ | bc)" "$old"
	fi
	is "$(jq -r 'select(.slice).snapshot' <"$OUT" | sort -u)" "$before"
	# Fewer and larger slices, and none at all.
	LIST='--split 4MB'
	copy '0 0 3'
	[ "$PG_MAJOR" -lt 14 ] || is "$(add)" "$whole"
	is "$(took | grep big | grep -c loaded)" 0
	LIST='--split 0'
	copy '0 0 3'
	is "$(jq -c 'select(.chunk == "public.big") | [.status, .rows]' <"$OUT")" "[\"skipped\",$old]"
	is "$(jq -r 'select(.chunk == "public.big").digest' <"$OUT")" "send:$old:$whole"
}

@test "a relation that came by key or by time is skipped by blocks, and adds up" {
	require_version 14
	local way old
	for way in key 'time --time-column k'; do
		both 'drop table if exists big, gone; create table gone (x int)'
		big
		dst 'drop table gone'
		LIST="--split 1MB --by $way" IN_OPT='--keep-going --restart'
		copy '0 0 3'
		same big
		old=$(dst 'select count(*) from big')
		src 'update big set k = k + 1 where id % 3 = 0'
		LIST='--split 1MB' IN_OPT=--keep-going
		copy '0 0 3'
		is "$(took | grep -c 'big.*skipped')" "$(slices)"
		is "$(jq -r 'select(.slice).rows' <"$OUT" | paste -sd+ | bc)" "$old"
		cp "$OUT" lines
		pipes '1' 'pg-checksum -d "$DST" <lines'
		is "$(jq -r 'select(.slice).status' <"$OUT" | sort | uniq -c | xargs)" "$(slices) match"
	done
}

@test "a relation that was whole and has grown into slices is skipped, too" {
	both 'create table big (id int primary key); create table gone (x int)'
	dst 'drop table gone'
	src 'insert into big select generate_series(1, 100)'
	LIST='--split 1MB' IN_OPT=--keep-going
	copy '0 0 3'
	is "$(took | grep big)" 'public.big loaded'
	local was
	was=$(jq -r 'select(.chunk == "public.big").digest' <"$OUT")
	src 'insert into big select generate_series(101, 100000)'
	copy '0 0 3'
	[ "$(slices)" -gt 1 ]
	is "$(took | grep -c 'big.*loaded')" 0
	[ "$PG_MAJOR" -lt 14 ] ||
		is "$(jq -r 'select(.slice).digest' <"$OUT" | grep -v ':0:')" "$was"
	is "$(dst 'select count(*) from big')" 100
	IN_OPT='--restart --keep-going'
	copy '0 0 3'
	same big
}

@test "unfinished slices are cleared when the relation comes whole or in other bounds" {
	big
	kill_midway
	src 'delete from big where id > 100'
	src 'vacuum full big'
	LIST='--split 0 big'
	copy '0 0 0'
	same big
	is "$(dst "select count(*) from pg_index where indrelid = 'big'::regclass")" 2
	is "$(dst 'select count(*) from pgpipe.sliced')" 0
	# Bounds that differ from those of the unfinished slices: nothing of those stays.
	src "insert into big select i, repeat(md5(i::text), 8), i % 100 from generate_series(101, 30000) i"
	dst 'truncate big'
	LIST='--split 1MB --time-column id --until 25000 big' IN_OPT=--restart
	rm -f first
	kill_midway
	LIST='--split 1MB --time-column id --until 20000 big' IN_OPT=
	copy '0 0 0'
	is "$(dst 'select count(*), min(id), max(id) from big')" '19999|1|19999'
}

@test "slices by key and by time are one piece of work, too" {
	big
	LIST='--split 1MB --by key big'
	copy '0 0 0'
	same big
	kill_midway
	src 'update big set k = -1 where id % 2 = 0'
	copy '0 0 0'
	same big
	LIST='--split 1MB --by time --time-column k big'
	copy '0 0 0'
	same big
}

@test "other boundaries in the next list neither lose nor double rows" {
	local way ids
	for way in '--by key' '--by time --time-column k'; do
		both 'drop table if exists big, gone; create table gone (x int)'
		big
		dst 'drop table gone'
		src 'analyze big'
		# Broken off in the middle; then other statistics, and other rows.
		LIST="--split 1MB $way" IN_OPT=--keep-going
		rm -f first
		kill_midway
		ids=$(jq -r 'select(.slice).chunk' list | sort)
		[ "$(dst 'select count(*) from big')" -gt 0 ]
		src "insert into big select i, repeat(md5(i::text), 8), -i from generate_series(-9000, 0) i;
			update big set k = k + 1000 where id % 3 = 0; delete from big where id % 5 = 0; analyze big"
		pipes '0 0 0 3' "pg-chunks -d \"\$SRC\" $LIST | tee list | pg-copyout -d \"\$SRC\" | pg-copyin -d \"\$DST\" $IN_OPT"
		same big
		is "$(comm -12 <(jq -r 'select(.slice).chunk' list | sort) <(echo "$ids"))" '' 'boundaries that are the same'
		# Whole by now: whatever cut comes, it is skipped, under its one snapshot.
		local was
		was=$(dst 'select count(*), sum(id), sum(k) from big')
		src 'update big set k = -k; insert into big select i from generate_series(50000, 60000) i; analyze big'
		copy '0 0 3'
		is "$(took | grep -c 'big.*loaded')" 0
		is "$(dst 'select count(*), sum(id), sum(k) from big')" "$was"
		IN_OPT='--keep-going --restart'
		copy '0 0 3'
		same big
	done
}

@test "slices in other boundaries under one snapshot are no whole, and --restart is" {
	require_version 14
	local way said
	both 'create table big (id int, v text, k int)'
	src "insert into big select i, repeat(md5(i::text), 8), i from generate_series(1, 20000) i;
		analyze big"
	mkfifo hold
	psql -XAtqd "$SRC" <hold >held 2>&1 &
	local holder=$!
	exec 8>hold
	echo 'begin isolation level repeatable read; select pg_export_snapshot();' >&8
	wait_for test -s held
	OUT_OPT="--snapshot $(<held)" IN_OPT='--run r'
	for way in '--split 2MB' '--split 1MB --by time --time-column k'; do
		LIST="--split 1MB big"
		said='public.big has slices of the same snapshot .*the slice overlaps them'
		[ "$way" = '--split 2MB' ] || {
			LIST="--split 2MB --by time --time-column k big"
			said='the slices of 1 table do not make a whole'
		}
		saved a
		dst 'truncate big'
		rm -f first
		{ head -c 2500000 a; sleep 30; } 8>&- |
			pg-copyin -d "$DST" --run r --restart >first 2>err1 &
		wait_for test -s first
		kill -9 $!
		LIST="$way big"
		copy '0 0 3'
		like "$err" "$said"
		like "$err" 'hint: .*--restart'
		is "$(dst 'select count(*) from pgpipe.sliced where completed is not null')" 0
		is "$(dst 'select count(*) from pgpipe.run where finished is not null')" 0
		IN_OPT='--run r --restart'
		copy '0 0 0'
		same big
		dst 'delete from pgpipe.run; delete from pgpipe.sliced; delete from pgpipe.chunk'
		IN_OPT='--run r'
	done
	exec 8>&-
	wait $holder
}

@test "a target that another table replaces between its slices, or between two runs" {
	local ledger at pid code
	big
	pg-chunks -d "$SRC" $LIST >a.list
	saved a
	at=$(grep -abo 'c/3/chunk.json' a | head -n 1 | cut -d: -f1)
	at=$((at / 512 * 512))
	mkfifo pipe
	for ledger in --run\ r --no-ledger; do
		pg-copyin --keep-going -d "$DST" $ledger <pipe >lines 2>err &
		pid=$! code=0
		exec 9>pipe
		head -c "$at" a >&9
		wait_for grep -qzP '\n.*\n' lines
		dst 'drop table if exists was; alter table big rename to was; create table big (like was)'
		tail -c "+$((at + 1))" a >&9
		exec 9>&-
		wait $pid || code=$?
		is $code 4
		like "$(cat err)" 'public.big was renamed or replaced while rows were loaded'
		is "$(jq -r 'select(.chunk).status' lines | sort | uniq -c | xargs)" \
			"$(($(jq 'select(.chunk)' <a.list -c | wc -l) - 2)) failed 2 loaded"
		exits 0 bash -c "pg-copyin $ledger -d '$DST' <a"
		same big
	done
	both 'create table bad (x int)'
	dst 'drop table bad'
	LIST='--split 0' IN_OPT='--run two --keep-going'
	copy '0 0 3'
	dst 'drop table was; alter table big rename to was; create table big (like was)'
	copy '0 0 3'
	like "$err" 'public.big was loaded in this run but is not the same table any more'
	same big
}

@test "rows outside of the bounds of slices stay" {
	big
	dst "insert into big values (0, 'stays'), (5, 'goes'), (100000, 'stays')"
	LIST='--split 1MB --time-column id --from 5 --until 15000 big'
	copy '0 0 0'
	is "$(dst "select count(*), count(*) filter (where v = 'stays') from big")" '14997|2'
}

@test "a missing partition in slices is attached when it is whole" {
	both 'create table m (id int, v text, primary key (id)) partition by range (id)'
	src "create table m_1 partition of m for values from (0) to (100000);
		insert into m select i, repeat(md5(i::text), 8) from generate_series(1, 20000) i"
	LIST='--split 1MB m'
	kill_midway
	is "$(dst 'select count(*) from m')" 0 'nobody sees half a partition'
	is "$(dst 'select count(*) from pgpipe.attaching')" 1
	copy '0 0 0'
	same m
	is "$(dst 'select count(*) from pgpipe.attaching')" 0
	is "$(dst "select count(*) from pg_index where indrelid = 'm_1'::regclass and indisvalid")" 1
	IN_OPT=--no-ledger
	dst 'drop table m_1'
	copy '0 0 0'
	same m
}

@test "a run goes on until what it has filled is attached" {
	both 'create table m (id int, v text) partition by range (id); create table other (x int)'
	src "create table m_1 partition of m for values from (0) to (100000);
		insert into m select i, repeat(md5(i::text), 8) from generate_series(1, 20000) i"
	dst "create table m_rest partition of m default; insert into m values (5, 'x')"
	LIST='--split 1MB m' IN_OPT='--mode append'
	copy '0 0 3'
	is "$(took | grep -vc loaded)" 0
	like "$err" 'all rows of public.m_1 are loaded, but could not attach'
	like "$err" 'is not finished: public.m_1 has all its rows and waits to be attached'
	# Another run does not put its rows on top of them, whole or in slices.
	for LIST in '--split 1MB m' '--split 0 m'; do
		IN_OPT='--mode append --run two'
		copy '0 0 3'
		like "$err" 'public.m_1 is in the middle of another load: it waits to be attached'
	done
	dst 'delete from m_rest'
	LIST='--split 1MB m' IN_OPT='--mode append'
	copy '0 0 0'
	is "$(took | grep -vc skipped)" 0
	same m
	is "$(dst "select finished is not null from pgpipe.run where name <> 'two'")" t
	# What was attached by hand waits no more; a list without it will do, too.
	dst "drop table m_1; insert into m values (5, 'x')"
	IN_OPT=--restart
	copy '0 0 3'
	dst 'delete from m_rest'
	LIST=other IN_OPT=
	copy '0 0 0'
	same m
	dst "drop table m_1; insert into m values (5, 'x')"
	LIST='--split 1MB m'
	copy '0 0 3'
	dst 'delete from m_rest; alter table m attach partition m_1 for values from (0) to (100000)'
	LIST=other
	copy '0 0 0'
	same m
	is "$(dst "select count(*) from pgpipe.run where finished is null and abandoned is null and name <> 'two'")" 0
}

@test "slices are appended and merged without clearing" {
	big
	dst "insert into big values (-1, 'old')"
	IN_OPT='--mode append'
	copy '0 0 0'
	is "$(dst 'select count(*) from big')" 20001
	dst 'delete from big where id between 1 and 20000'
	kill_midway
	copy '0 0 3'
	like "$err" 'was filled in part under another snapshot, and --mode append cannot begin it anew'
	IN_OPT='--mode upsert'
	copy '0 0 0'
	is "$(dst 'select count(*) from big')" 20001
	src "update big set v = 'newer'"
	copy '0 0 0'
	is "$(dst "select v, count(*) from big group by v order by 2")" $'old|1\nnewer|20000'
}

# The table big, unlogged in the target, and one more that cannot be loaded yet.
unlogged_big() {
	big
	dst 'alter table big set unlogged'
	both 'create table gone (x int); create unlogged table u (a int)'
	src 'insert into u select generate_series(1, 100)'
	dst 'drop table gone'
	LIST='--split 1MB' IN_OPT=--keep-going
}
crash() {
	pg_kill dst
	pg_start dst
}

@test "slices of an unlogged table that a crash has emptied are loaded again" {
	unlogged_big
	copy '0 0 3'
	same big u
	# What is there is not loaded again.
	copy '0 0 3'
	is "$(took | grep -c ' loaded')" 0
	crash
	is "$(dst 'select count(*) from big')" 0
	copy '0 0 3'
	is "$(took | grep -c 'big.* loaded')" "$(slices)"
	same big u
	# It is logged since, but only since.
	crash
	dst 'alter table big set logged'
	copy '0 0 3'
	same big u
	# Whole, in place of slices; and slices, in place of the whole.
	dst 'alter table big set unlogged'
	IN_OPT='--keep-going --restart'
	copy '0 0 3'
	crash
	LIST='--split 0' IN_OPT=--keep-going
	copy '0 0 3'
	same big u
	crash
	LIST='--split 1MB'
	copy '0 0 3'
	same big u
	# A list that does not hold it is told.
	crash
	dst 'create table gone (x int)'
	LIST=gone
	copy '0 0 0'
	like "$err" 'a crash of the target has emptied public.(big|u), which is unlogged'
}

@test "an unlogged table is appended again when a crash has emptied it" {
	unlogged_big
	dst 'alter table big drop constraint big_pkey'
	IN_OPT='--keep-going --mode append'
	copy '0 0 3'
	same big u
	crash
	copy '0 0 3'
	same big u
	copy '0 0 3'
	same big u
	is "$(took | grep -c ' loaded')" 0
	# Half of it.
	dst 'truncate big, u'
	IN_OPT='--keep-going --mode append --restart'
	rm -f first
	kill_midway
	crash
	IN_OPT='--keep-going --mode append'
	copy '0 0 3'
	same big u
}

@test "slices that a crash has taken are not joined by the rest of them" {
	unlogged_big
	saved a
	{ head -c 2500000 a; sleep 30; } | pg-copyin -d "$DST" >first 2>err1 &
	wait_for test -s first
	kill -9 $!
	crash
	exits 3 bash -c "pg-copyin --keep-going -d '$DST' <a"
	is "$(took | grep -c 'big.* loaded')" "$(jq -r 'select(.slice).chunk' <"$OUT" | wc -l)"
	same big
	# And in one process, whose connections come back.
	mkfifo pipe
	IN_OPT='--keep-going --restart'
	pg-copyin --keep-going --restart -d "$DST" <pipe >lines 2>err &
	local pid=$!
	exec 9>pipe
	head -c 2500000 a >&9
	wait_for test -s lines
	crash
	tail -c +2500001 a >&9
	exec 9>&-
	wait $pid || :
	unlike "$(cat lines)" '"end"'
	exits 3 bash -c "pg-copyin --keep-going -d '$DST' <a"
	same big
	is "$(dst "select count(*) from pg_index where indrelid = 'big'::regclass")" 2
}

@test "a partitioned target with unlogged partitions" {
	both 'create table s (id int, v text); create table gone (x int)'
	src "insert into s select i, repeat(md5(i::text), 8) from generate_series(1, 20000) i"
	dst 'drop table s; create table s (id int, v text) partition by range (id);
		create table s_1 partition of s for values from (0) to (100);
		create unlogged table s_2 partition of s default; drop table gone'
	LIST='--split 1MB' IN_OPT=--keep-going
	copy '0 0 3'
	same s
	crash
	is "$(dst 'select count(*) from s')" 99
	copy '0 0 3'
	same s
}

@test "a table that stays half filled is named, and gets its indexes" {
	big
	both 'create table other (x int)'
	local mode
	for mode in replace append; do
		dst 'truncate big'
		LIST='--split 1MB big' IN_OPT='--run r'
		rm -f first
		kill_midway
		is "$(dst 'select count(*) from pgpipe.deferred')" 2
		# While the run is open it says what it lacks.
		LIST=gone_$mode
		both "create table gone_$mode (x int)"
		dst "drop table gone_$mode"
		IN_OPT="--run r --mode $mode"
		copy '0 0 3'
		like "$err" 'run "r" is not finished: public.big lacks slices, and 2 indexes wait to be built then'
		LIST=other
		copy '0 0 0'
		like "$err" 'public.big holds only a part of its rows: an earlier pipeline of run "r" began it'
		like "$err" 'built 2 indexes of public.big'
		[ $mode = replace ] || like "$err" 'hint: Delete those rows before it is appended'
		is "$(dst "select count(*) from pg_index where indrelid = 'big'::regclass")" 2
		is "$(dst 'select count(*) from pgpipe.deferred')" 0
	done
	LIST='--split 1MB big' IN_OPT='--run r'
	copy '0 0 0'
	unlike "$err" 'holds only a part'
	same big
	# --restart leaves nothing behind, either.
	rm -f first
	kill_midway
	LIST=other IN_OPT='--run r --restart'
	copy '0 0 0'
	is "$(dst "select count(*) from pg_index where indrelid = 'big'::regclass")" 2
	LIST='--split 1MB big' IN_OPT='--run r'
	copy '0 0 0'
	same big
}

@test "--restart is no hint where it would load a table twice" {
	both 'create table a (x int); create table b (x int)'
	src 'insert into a values (1); insert into b values (1)'
	dst 'alter table b rename to bb'
	IN_OPT='--mode append --keep-going'
	copy '0 0 3'
	dst 'alter table bb rename to b'
	src 'insert into b values (2)'
	copy '0 0 0'
	like "$err" 'come from 2 different snapshots'
	like "$err" 'hint: .*delete these rows and load'
}

@test "what slices that broke off have cleared is loaded again, whoever had brought it" {
	big
	both 'create table gone (x int)'
	dst 'drop table gone'
	local first second
	# Chunk or slices; then slices of a part, or of everything; both ways in one
	# run and in two.
	for second in one two; do
		for first in '--split 0' '--split 1MB'; do
			LIST=$first IN_OPT='--run one --keep-going --restart'
			copy '0 0 3'
			same big
			LIST='--split 1MB --time-column id --from 2000 --until 18000 big' IN_OPT="--run $second"
			rm -f first
			kill_midway
			[ "$(dst 'select count(*) from big')" -lt 20000 ]
			LIST=$first IN_OPT='--run one --keep-going'
			copy '0 0 3'
			same big
		done
		dst 'delete from pgpipe.run; delete from pgpipe.chunk; delete from pgpipe.sliced'
	done
	# Slices of everything take the place of a part that was loaded as one.
	LIST='--split 0 --time-column id --from 2000 --until 18000 big' IN_OPT='--run one'
	saved part
	# All of it but the end.
	head -c "$(($(grep -abo pgpipe-end.json part | head -n 1 | cut -d: -f1) / 512 * 512))" part >short
	exits 2 bash -c "pg-copyin -d '$DST' --run one <short"
	is "$(took)" "$(jq -r 'select(.chunk) | .chunk + " loaded"' <"$OUT")"
	LIST='--split 1MB big'
	rm -f first
	kill_midway
	exits 0 bash -c "pg-copyin -d '$DST' --run one <part"
	is "$(jq -r 'select(.chunk).status' <"$OUT")" loaded
	is "$(dst 'select count(*) from big where id between 2000 and 17999')" 16000
}

@test "one list must not bring a relation in two ways" {
	big
	pg-chunks -d "$SRC" --split 1MB big | grep -v '"end"' >slices
	pg-chunks -d "$SRC" --split 0 big | grep -v '"end"' >whole
	{ head -n 2 slices; cat whole; tail -n +3 slices; } >list
	IN_OPT=--keep-going
	pipes '0 3' 'pg-copyout --partial -d "$SRC" <list | pg-copyin --keep-going -d "$DST"'
	like "$err" 'public.big comes in more than one way under one snapshot'
	is "$(took | grep failed)" 'public.big failed'
	is "$(dst 'select count(*) from big')" 20000
	cat whole slices >list
	pipes '0 0' 'pg-copyout --partial -d "$SRC" <list | pg-copyin --restart -d "$DST"'
	same big
	{ head -n 2 slices; cat whole; tail -n +3 slices; } >list
	pipes '0 3' 'pg-copyout --partial -d "$SRC" <list | pg-copyin --keep-going --no-ledger -d "$DST"'
	like "$err" 'public.big comes in more than one way in this archive'
	same big
	# Slices that overlap never make a whole.
	{ sed 2d slices; pg-chunks -d "$SRC" --split 2MB big | grep -v '"end"'; } >list
	echo "{\"end\":\"pg-chunks\",\"lines\":$(wc -l <list)}" >>list
	pipes '0 3' 'pg-copyout -d "$SRC" <list | pg-copyin --restart -d "$DST"'
	like "$err" 'cut in other places, and the slice overlaps them'
	is "$(dst 'select count(*) = count(distinct id) from big')" t
}

# --- indexes ------------------------------------------------------------------------------------

all_about() {	# NAME: every word about the indexes of t
	pg_sql "$1" "select x.relname, pg_get_indexdef(x.oid), i.indisclustered, i.indisreplident,
			i.indisvalid, pg_get_constraintdef(c.oid), c.conname, c.condeferrable, c.condeferred,
			obj_description(x.oid), obj_description(c.oid), x.reloptions,
			array(select attstattarget from pg_attribute where attrelid = x.oid order by attnum)
		from pg_index i join pg_class x on x.oid = i.indexrelid
		left join pg_constraint c on c.conindid = x.oid and c.conrelid = i.indrelid
		where i.indrelid = 't'::regclass order by 1"
}

@test "indexes come back with everything that was said about them" {
	both "create extension if not exists btree_gist" 2>/dev/null || :
	both "create table t (id int, a int, b text, r int4range, c int not null, big text);
		alter table t add constraint \"The Key\" primary key (id) deferrable initially deferred;
		alter table t add constraint u unique (a, b) include (c) with (fillfactor = 70);
		alter table t add constraint no_overlap exclude using gist (r with &&) where (id > 0);
		create unique index replica on t (c);
		create index \"Odd \"\"Name\" on t (lower(b) collate \"C\" text_pattern_ops desc nulls last) where a is not null;
		create index expr on t ((a + 1), (a * 2)) with (fillfactor = 60);
		create index brin on t using brin (a);
		alter index expr alter column 2 set statistics 500;
		alter table t cluster on u;
		alter table t replica identity using index replica;
		comment on index expr is e'two\\nlines ''quoted''';
		comment on constraint u on t is 'a \\ constraint'; comment on index u is 'its index'"
	src "insert into t select i, i, md5(i::text), int4range(i * 2, i * 2 + 1), i, repeat(md5(i::text), 5)
		from generate_series(1, 15000) i"
	all_about "dst/$DB" >want
	mark
	copy '0 0 0'
	same t
	like "$(logged)" 'drop constraint "The Key"'
	like "$(logged)" 'drop index public."Odd ""Name"'
	is "$(all_about "dst/$DB")" "$(cat want)"
	LIST='--split 1MB'
	copy '0 0 0'
	[ "$(slices)" -gt 1 ]
	same t
	is "$(all_about "dst/$DB")" "$(cat want)"
	IN_OPT=--keep-indexes
	mark
	copy '0 0 0'
	unlike "$(logged)" 'drop (index|constraint)'
	is "$(all_about "dst/$DB")" "$(cat want)"
}

@test "an index in a tablespace comes back there" {
	dst "select 1" >/dev/null
	mkdir -p "$PG_ROOT/space$DB"
	[ "$(id -u)" -ne 0 ] || chown "$(pg_user)" "$PG_ROOT/space$DB"
	pg_sql dst "create tablespace space$DB location '$PG_ROOT/space$DB'"
	both 'create table t (id int, v text)'
	dst "create index i on t (id) tablespace space$DB; create index j on t (v);
		alter table t add primary key (id) using index tablespace space$DB"
	src "insert into t select i, repeat(md5(i::text), 5) from generate_series(1, 15000) i"
	local where="select relname, coalesce(spcname, '') from pg_class c
		left join pg_tablespace s on s.oid = c.reltablespace where relname in ('i', 'j', 't_pkey') order by 1"
	dst "$where" >want
	for LIST in '--split 0' '--split 1MB'; do
		copy '0 0 0'
		is "$(dst "$where")" "$(cat want)"
	done
	dst 'drop table t'
	pg_sql dst "drop tablespace space$DB"
}

@test "an index that others need stays" {
	both "create table t (id int primary key, k int unique, w int, v text);
		create view grouped as select id, v from t group by id;
		create table ref (k int references t (k));
		create index free on t (w)"
	src "insert into t select i, i, i, repeat(md5(i::text), 5) from generate_series(1, 15000) i"
	LIST=t
	mark
	copy '0 0 0'
	same t
	unlike "$(logged)" 'drop constraint (t_pkey|t_k_key)'
	dst 'drop table ref'
	mark
	copy '0 0 0'
	unlike "$(logged)" 'drop constraint t_pkey'
	like "$(logged)" 'drop constraint t_k_key'
	like "$(logged)" 'drop index public.free'
	# The replica identity of a published table, too.
	dst 'drop view grouped; create publication p for table t'
	mark
	copy '0 0 0'
	unlike "$(logged)" 'drop constraint t_pkey'
	same t
}

@test "an index that cannot be built again is named, and is built by the next run" {
	big
	dst 'alter table big add x int default 0; create unique index extra on big (x)'
	# Equal values: the rows are right and the index cannot be.
	IN_OPT='-j 2'
	copy '0 0 3'
	is "$(took | grep -vc loaded)" 0
	like "$err" 'all rows of public.big are loaded, but could not build index "extra" again'
	like "$err" 'detail: .*its definition: CREATE UNIQUE INDEX extra ON public.big'
	like "$err" 'is not finished: public.big has all its rows and waits to be attached, or for its indexes'
	is "$(dst "select name from pgpipe.deferred")" extra
	is "$(dst 'select count(*) from pgpipe.run where finished is null')" 1
	# Lists without it, whole and not, do not finish the run, either.
	both 'create table other (x int)'
	LIST=other
	copy '0 0 3'
	is "$(took)" 'public.other loaded'
	like "$err" 'all rows of public.big are loaded, but could not build index "extra" again'
	pipes '0 0 3' 'pg-chunks -d "$SRC" other | pg-copyout --partial -d "$SRC" | pg-copyin -d "$DST"'
	is "$(dst 'select count(*) from pgpipe.run where finished is null')" 1
	LIST='--split 1MB big'
	dst 'update big set x = id'
	copy '0 0 0'
	is "$(took | grep -vc skipped)" 0
	is "$(dst "select indisunique from pg_index where indexrelid = 'extra'::regclass")" t
	is "$(dst 'select count(*) from pgpipe.deferred')" 0
	is "$(dst 'select count(*), count(finished) from pgpipe.run')" '1|1'
}

@test "a small table keeps its indexes, row by row" {
	both 'create table t (id int primary key)'
	src 'insert into t select generate_series(1, 100)'
	mark
	copy '0 0 0'
	unlike "$(logged)" 'drop constraint'
	same t
}

@test "a unique violation fails the chunk, and everything is as it was" {
	both 'create table t (id int, v text)'
	dst 'alter table t add primary key (id); insert into t values (1)'
	src "insert into t select i % 10000, repeat(md5(i::text), 5) from generate_series(1, 15000) i"
	copy '0 0 3'
	like "$err" 'could not build index "t_pkey" again: could not create unique index'
	is "$(dst 'select id from t')" 1
	is "$(dst "select count(*) from pg_index where indrelid = 't'::regclass")" 1
}

# --- sequences -----------------------------------------------------------------------------------

@test "--sequences sets each to the farther of both sides in its own direction" {
	both 'create table a (id serial, n int generated always as identity (increment -1));
		create table b (id bigserial); create table c (id int)'
	src "insert into a (id) select nextval('a_id_seq') from generate_series(1, 10);
		insert into b select nextval('b_id_seq') from generate_series(1, 10); insert into c values (1)"
	dst "alter sequence a_id_seq rename to other; select setval('b_id_seq', 100);
		create sequence mine; alter sequence mine owned by c.id" >/dev/null
	copy '0 0 0'
	is "$(dst "select last_value, is_called from other")" '1|f'
	IN_OPT=--sequences
	copy '0 0 0'
	is "$(dst "select last_value, is_called from other")" '10|t'
	is "$(dst "select last_value, is_called from a_n_seq")" '-10|t'
	is "$(dst "select last_value, is_called from b_id_seq")" '100|t'
	# Skipped chunks included.
	dst "update pgpipe.run set finished = null where finished = (select max(finished) from pgpipe.run)"
	dst "select setval('other', 3, false), setval('a_n_seq', -50)" >/dev/null
	copy '0 0 0'
	is "$(took | grep -vc skipped)" 0
	is "$(dst "select last_value, is_called from other")" '10|t'
	is "$(dst "select last_value, is_called from a_n_seq")" '-50|t'
}

@test "a sequence that cannot take the value fails, one that is missing is said" {
	src "create table a (id bigserial); insert into a values (5000000000); select setval('a_id_seq', 5000000000);
		create table b (id serial); insert into b values (1)" >/dev/null
	dst 'create table a (id bigint); create sequence s as int owned by a.id; create table b (id int)'
	IN_OPT=--sequences
	copy '0 0 3'
	like "$err" 'could not set the sequence of public.a.id to 5000000000'
	like "$err" 'warning: public.b.id owns no sequence in the target'
	dst 'drop sequence s; create sequence s owned by a.id'
	copy '0 0 0'
	is "$(dst 'select last_value from s')" 5000000000
}

# --- streams ---------------------------------------------------------------------------------------

@test "what is open in an archive that breaks off is rolled back" {
	both 'create table a (x int); create table t (id int, v text)'
	src "insert into a values (1); insert into t select i, repeat(md5(i::text), 8) from generate_series(1, 20000) i"
	dst "insert into t values (-7)"
	LIST='--order name'
	saved a
	local size
	size=$(stat -c %s a)
	exits 2 bash -c "head -c $((size / 2)) a | pg-copyin -d '$DST'"
	is "$(took)" $'public.a loaded\npublic.t failed'
	is "$(jq -r 'select(.status == "failed").error | "\(.class) \(.message)"' <"$OUT")" \
		'4 the archive broke off before its end'
	unlike "$out" '"end"'
	is "$(dst 'select id from t')" -7
	same a
	# Damaged: the same.
	cp a b
	flip b $((size / 2))
	exits 2 bash -c "pg-copyin -d '$DST' <b"
	is "$(dst 'select id from t')" -7
	exits 0 bash -c "pg-copyin -d '$DST' <a"
	is "$(took)" $'public.a skipped\npublic.t loaded'
	same t
}

@test "archives one after the other" {
	both 'create table a (x int); create table b (x int)'
	src 'insert into a values (1); insert into b values (2)'
	LIST=a
	saved one
	LIST=b
	saved two
	exits 0 bash -c "cat one two | pg-copyin -d '$DST'"
	is "$(tail -n 1 "$OUT")" '{"end":"pg-copyin","lines":2}'
	same a b
	is "$(dst 'select count(*) from pgpipe.run where finished is not null')" 2
}

@test "an archive that was ended early is loaded as far as it goes, and is no whole" {
	big 60000
	pg-chunks -d "$SRC" $LIST >list
	mkfifo pipe
	pg-copyout -d "$SRC" <list 2>/dev/null >pipe &
	local pid=$!
	exits 4 bash -c "{ head -c 3000000; kill -TERM $pid; cat; } <pipe | pg-copyin -d '$DST'"
	like "$err" 'the archive was ended before all chunks were read'
	unlike "$out" '"end"'
	is "$(took | grep -vc loaded)" 0
	copy '0 0 0'
	same big
}

@test "a signal to pg-copyin alone lets open chunks end and loads no more" {
	both 'create table a (x int); create table b (x int)'
	src 'insert into a values (1); insert into b values (2)'
	LIST='--order name'
	saved a
	# Until the end of chunk a; then the signal; then the rest.
	local at
	at=$(grep -abo 'c/2/chunk.json' a | head -n 1 | cut -d: -f1)
	at=$((at / 512 * 512))
	mkfifo pipe
	pg-copyin -d "$DST" <pipe >lines 2>err &
	local pid=$!
	exec 9>pipe
	head -c "$at" a >&9
	wait_for test -s lines
	kill -TERM $pid
	sleep 0.3
	tail -c "+$((at + 1))" a >&9
	exec 9>&-
	local code=0
	wait $pid || code=$?
	is $code 143
	is "$(jq -r 'select(.chunk) | .chunk + " " + .status + " " + (.error.message // "")' lines)" \
		$'public.a loaded \npublic.b failed interrupted'
	unlike "$(cat lines)" '"end"'
}

@test "after a signal a chunk waits for a lock no more, and what is loading ends" {
	both 'create table a (x int); create table b (x int); create table aa (id int, v text)'
	src "insert into b values (2); insert into a values (1);
		insert into aa select i, repeat(md5(i::text), 8) from generate_series(1, 8000) i"
	local victim
	pg-chunks -d "$SRC" --order name a b >list
	for victim in whole slice; do
		[ $victim = whole ] || pg-chunks -d "$SRC" --split 1MB --order name aa b >list
		pg-copyout -d "$SRC" -o arc <list
		local table=a code=0
		[ $victim = whole ] || table=aa
		psql -qXd "$DST" -c "begin; lock table $table; select pg_sleep(30)" >/dev/null 2>&1 &
		local holder=$!
		wait_for pg_sql_true "dst/$DB" "select exists (select from pg_locks where mode = 'AccessExclusiveLock' and relation = '$table'::regclass)"
		# The last byte of table b comes after the signal.
		mkfifo pipe
		pg-copyin -j 5 -d "$DST" --keep-going --run $victim <pipe >lines 2>err &
		local pid=$!
		exec 9>pipe
		head -c "$(($(grep -abo 'c/[0-9]*/done.json' arc | tail -n 1 | cut -d: -f1) / 512 * 512))" arc >&9
		wait_for pg_sql_true "dst/$DB" "select exists (select from pg_locks where not granted)
			and exists (select from pg_stat_activity where query ~* '^copy .*\"b\"')"
		SECONDS=0
		kill -TERM $pid
		wait_for grep -q '"failed"' lines
		[ $SECONDS -lt 10 ]
		tail -c "+$(($(grep -abo 'c/[0-9]*/done.json' arc | tail -n 1 | cut -d: -f1) / 512 * 512 + 1))" arc >&9
		exec 9>&-
		wait $pid || code=$?
		is $code 143
		is "$(jq -r 'select(.table == "b") | .status' lines)" loaded
		is "$(jq -c "select(.table == \"$table\") | [.status, .error.class, .error.message]" lines | sort -u)" '["failed",4,"interrupted"]'
		dst "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'" >/dev/null
		wait $holder || :
		rm pipe
		dst 'truncate b'
	done
}

@test "the second signal ends it at once, and what is open is rolled back" {
	both 'create table t (id int, v text)'
	src "insert into t select i, repeat(md5(i::text), 8) from generate_series(1, 20000) i"
	saved a
	mkfifo pipe
	pg-copyin -d "$DST" <pipe >lines 2>err &
	local pid=$! code=0
	exec 9>pipe
	head -c 2000000 a >&9
	wait_for pg_sql_true "dst/$DB" "select exists (select from pg_stat_activity where query ~* '^copy')"
	kill -TERM $pid
	sleep 0.5
	kill -TERM $pid
	SECONDS=0
	wait $pid || code=$?
	exec 9>&-
	is $code 143
	[ $SECONDS -lt 10 ]
	is "$(dst 'select count(*) from t')" 0
	wait_for pg_sql_true "dst/$DB" "select not exists (select from pg_stat_activity where application_name = 'pg-copyin')"
}

@test "stdout that is full or closed stops it; what is loaded stays" {
	local i
	for i in 1 2 3 4 5; do
		both "create table t$i (x int)"
		src "insert into t$i values ($i)"
	done
	saved a
	exits 3 bash -c "pg-copyin -d '$DST' <a >/dev/full"
	exits 3 bash -c "pg-copyin -d '$DST' <a >&-"
	[ "$(dst 'select count(*) from pgpipe.chunk')" -ge 1 ]
	exits 0 bash -c "pg-copyin -d '$DST' <a"
	same t1 t2 t3 t4 t5
	[ "$(took | grep -c skipped)" -ge 1 ]
}

@test "every connection is there before anything is loaded" {
	both 'create table a (x int); create table b (x int); create table c (x int)'
	src 'insert into a values (1)'
	OUT_OPT='-j 3'
	saved a
	dst 'create role few login connection limit 3; grant all on all tables in schema public to few'
	exits 4 env PGCONNECT_TIMEOUT=1 bash -c "pg-copyin --no-ledger -d '${DST/user=postgres/user=few} connect_timeout=1' <a"
	like "$err" 'too many connections'
	is "$(dst 'select count(*) from a')" 0
	is "$(wc -c <"$OUT")" 0
	dst 'alter role few connection limit 4'
	exits 0 bash -c "pg-copyin --no-ledger -d '${DST/user=postgres/user=few}' <a"
	same a b c
	dst 'drop owned by few; drop role few'
}

@test "a lock on the target is waited for, but not for ever" {
	both 'create table t (x int)'
	src 'insert into t values (1)'
	saved a
	psql -qXd "$DST" -c 'begin; lock table t; select pg_sleep(5)' >/dev/null &
	wait_for pg_sql_true "dst/$DB" "select exists (select from pg_locks where mode = 'AccessExclusiveLock' and relation = 't'::regclass)"
	exits 4 bash -c "pg-copyin -d '$DST' --lock-timeout 200ms <a"
	like "$err" 'could not lock public.t: canceling statement due to lock timeout'
	like "$err" 'hint: .*--lock-timeout'
	exits 0 bash -c "pg-copyin -d '$DST' <a"
	same t
	wait
}

@test "a table that is altered while it is waited for is judged anew" {
	local mode
	both 'create table t (id int primary key, v int8)'
	src 'insert into t select i, i from generate_series(1, 20000) i; analyze t'
	alters() {	# STATEMENTS "CODES" SPLIT: while the pipeline waits for the table
		local waits="exists (select from pg_locks where relation = 't'::regclass and"
		psql -qXd "$DST" -c "begin; $1; do \$\$ begin
			while not $waits not granted) loop perform pg_sleep(0.02); end loop; end \$\$; commit" &
		wait_for pg_sql_true "dst/$DB" "select $waits mode = 'AccessExclusiveLock')"
		LIST="--split $3" IN_OPT="--run $((++runs)) --mode $mode"
		copy "$2"
		wait $!
	}
	local runs=0 way
	for way in 'replace 0' 'replace 200kB' 'append 0' 'upsert 200kB'; do
		mode=${way% *}
		dst 'drop table t; create table t (id int primary key, v int8); insert into t values (-1, 77)'
		alters 'alter table t alter v type float8' '0 0 3' "${way#* }"
		like "$err" 'column "v" is bigint in "public.t" of the source, and double precision in public.t'
		is "$(dst 'select * from t')" '-1|77' "$way"
		dst 'alter table t alter v type int8'
		alters 'alter table t drop v, add v int8, add w int default 3' '0 0 0' "${way#* }"
		is "$(dst 'select count(*), sum(v), sum(w) from t where id > 0')" '20000|200010000|60000'
	done
	# Who may only write to columns cannot lock it, and needs not.
	dst 'drop table t; create table t (id int, v int8); create role few login; grant insert (id, v) on t to few'
	LIST=''
	saved a
	exits 0 bash -c "pg-copyin --no-ledger --mode append -d '${DST/user=postgres/user=few}' <a"
	is "$(dst 'select count(*) from t')" 20000
	dst 'drop owned by few; drop role few'
}

@test "a server that dies and comes back: running again finishes the job" {
	big
	both 'create table other (x int)'
	src 'insert into other select generate_series(1, 1000)'
	LIST='--split 1MB'
	pg-chunks -d "$SRC" $LIST >list
	local try
	for try in 1 2 3; do
		pg-copyout -d "$SRC" <list 2>/dev/null |
			{ head -c $((try * 1000000)); sleep 1.5; cat; } | pg-copyin -d "$DST" >lines 2>err &
		sleep 0.8
		pg_kill dst
		sleep 0.3
		pg_start dst
		local code=0
		wait $! || code=$?
		[ $code = 4 ] || { cat err; false; }
	done
	copy '0 0 0'
	same big other
	is "$(dst "select count(*) from pg_index where indrelid = 'big'::regclass")" 2
}

@test "rows that another run has replaced are not taken for this one's" {
	big
	both 'create table gone (x int)'
	dst 'drop table gone'
	LIST='--split 1MB' IN_OPT='--run one --keep-going'
	copy '0 0 3'
	is "$(took | grep -c 'big.*loaded')" "$(slices)"
	src 'delete from big where id > 10000'
	LIST='--split 0 big' IN_OPT='--run two'
	copy '0 0 0'
	same big
	src 'delete from big where id > 5000'
	LIST='--split 1MB' IN_OPT='--run one --keep-going'
	copy '0 0 3'
	is "$(took | grep -c 'big.*skipped')" 0
	same big
}

@test "two processes of one run: every chunk once" {
	local i
	for i in $(seq 1 20); do
		both "create table t$i (x int)"
		src "insert into t$i select generate_series(1, $i * 100)"
	done
	pg-chunks -d "$SRC" >list
	saved a
	pg-copyin -d "$DST" <a >one 2>err1 &
	exits 0 bash -c "pg-copyout -j 2 -d '$SRC' <list | pg-copyin -j 2 -d '$DST'"
	wait $!
	is "$(cat one "$OUT" | jq -r 'select(.chunk).status' | sort | uniq -c | xargs)" '20 loaded 20 skipped' ||
		is "$(dst 'select count(*) from pgpipe.run where finished is not null')" 2
	for i in $(seq 1 20); do
		same t$i
	done
}

@test "two processes with two snapshots of one sliced relation: the second fails for now" {
	big
	saved a
	mkfifo pipe
	pg-copyin -d "$DST" <pipe >one 2>err1 &
	exec 9>pipe
	head -c 2000000 a >&9
	wait_for test -s one
	src 'delete from big where id % 2 = 0'
	IN_OPT='--lock-timeout 500ms'
	copy '0 0 4'
	like "$err" 'another process has public.big in its hands'
	tail -c +2000001 a >&9
	exec 9>&-
	wait $!
	is "$(dst 'select count(*) from big')" 20000
	copy '0 0 0'
	same big || is "$(took | grep -vc skipped)" 0
}

# One process is in the middle of an archive; what comes of another one then?
overlap() {	# CODE RUN ARCHIVE RUN ARCHIVE, with $HOW and $OTHER; no shared run: ''
	local first
	rm -f pipe
	mkfifo pipe
	PGPIPE_RUN=$2 pg-copyin -d "$DST" $HOW <pipe >one 2>err1 &
	first=$!
	exec 9>pipe
	head -c 1000000 "$3" >&9
	wait_for pg_sql_true "dst/$DB" "select exists (select from pg_locks where mode = 'RowExclusiveLock'
		and relation = 'big'::regclass)"
	exits "$1" bash -c "PGPIPE_RUN='$4' pg-copyin -d '$DST' --lock-timeout 200ms $OTHER <'$5' 9>&-"
	[ "$1" = 0 ] || like "$err" 'another process has public.big in its hands'
	tail -c +1000001 "$3" >&9
	exec 9>&-
	wait $first || { cat err1; return 1; }
}

@test "parts of a table that two processes replace at once are not there twice" {
	big
	# With a key they would wait for each other as it is.
	dst 'alter table big drop constraint big_pkey'
	local window='--split 0 --time-column id' sliced='--split 1MB --time-column id --from 1 --until 20001 big'
	LIST="$window --from 1 --until 20001 big"
	saved a
	LIST="$window --from 2000 --until 20001 big"
	saved b
	LIST='--split 1MB big'
	saved slices
	LIST=$sliced
	saved within
	# A later window of the same run; the same one in two runs; no ledger.
	HOW='' OTHER=''
	overlap 4 '' a '' b
	exits 0 bash -c "pg-copyin -d '$DST' <b"
	same big
	HOW='--run one' OTHER='--run two'
	overlap 4 '' a '' a
	same big
	HOW=--no-ledger OTHER=--no-ledger
	overlap 4 '' a '' a
	overlap 4 '' slices '' slices
	same big
	# With a ledger and without; slices that are begun beside a part.
	HOW=--no-ledger OTHER=''
	overlap 4 '' slices '' b
	HOW='--run three' OTHER=''
	overlap 4 '' a '' within
	same big
	exits 0 bash -c "pg-copyin -d '$DST' <within"
	same big
	# What is handed out does not overlap, and goes on side by side.
	LIST="$window --from 1 --until 10001 big"
	saved c
	LIST="$window --from 10001 --until 20001 big"
	saved d
	HOW='' OTHER=''
	overlap 0 q c 'q #2' d
	same big
	overlap 4 r c '' d
	overlap 4 u c s d
	HOW=--no-ledger OTHER=--no-ledger
	overlap 0 q c q d
	same big
	# Who waits long enough loads it.
	mkfifo go
	{ head -c 1000000 a; cat go >/dev/null; tail -c +1000001 a; } | pg-copyin -d "$DST" --no-ledger >one 2>err1 &
	local first=$!
	wait_for pg_sql_true "dst/$DB" "select exists (select from pg_locks where mode = 'RowExclusiveLock'
		and relation = 'big'::regclass)"
	pg-copyin -d "$DST" --run four <b >two 2>err2 &
	wait_for pg_sql_true "dst/$DB" "select exists (select from pg_stat_activity where datname = '$DB'
		and state = 'idle in transaction' and query like '%insert into%chunk%')"
	echo >go
	wait $first
	wait $!
	same big
}

@test "a table that is complete is in nobody's hands, while its loader goes on with others" {
	big
	both 'create table z (x int)'
	src 'insert into z values (1)'
	LIST='--split 1MB --order name big z'
	saved a
	mkfifo pipe
	pg-copyin -d "$DST" <pipe >one 2>err1 &
	exec 9>pipe
	local first=$! size
	size=$(grep -abo '"chunk":"public.z' a | head -n 1 | cut -d: -f1)
	head -c "$size" a >&9
	wait_for grep -qs public.big one
	wait_for pg_sql_true "dst/$DB" 'select exists (select from pgpipe.sliced where completed is not null)'
	# Skipped in the same run, begun in another.
	LIST='--split 1MB big' IN_OPT='--lock-timeout 5s'
	copy '0 0 0'
	is "$(took | grep -vc skipped)" 0
	like "$err" 'goes on: another process is loading in it'
	IN_OPT='--lock-timeout 5s --run two'
	copy '0 0 0'
	is "$(took | grep -vc loaded)" 0
	tail -c "+$((size + 1))" a >&9
	exec 9>&-
	wait $first || { cat err1; false; }
	same big z
}

@test "--restart while another process is in the run is refused" {
	both 'create table a (x int); create table t (id int, v text)'
	src "insert into a values (1); insert into t select i, repeat(md5(i::text), 8) from generate_series(1, 20000) i"
	LIST='--order name'
	saved a
	mkfifo pipe
	pg-copyin -d "$DST" <pipe >one 2>err1 &
	exec 9>pipe
	head -c 2000000 a >&9
	wait_for test -s one
	exits 4 bash -c "pg-copyin -d '$DST' --restart --lock-timeout 300ms <a"
	like "$err" 'cannot restart run .*: another process is loading in it'
	tail -c +2000001 a >&9
	exec 9>&-
	wait $!
	same a t
}

@test "the same chunk twice in one archive is loaded once" {
	both 'create table a (x int)'
	src 'insert into a values (1)'
	pg-chunks -d "$SRC" >list
	{ head -n 1 list; cat list; } >twice
	pipes '* *' 'pg-copyout -d "$SRC" <twice | pg-copyin --mode append --no-ledger -d "$DST"'
	is "$(dst 'select count(*) from a')" 1
}

@test "killed at any moment and run again, until it is done" {
	both 'create table big (id int primary key, v text, k int); create index on big (k);
		create table small (id int primary key, v text); create table p (id int, v text, primary key (id)) partition by range (id);
		create table p_1 partition of p for values from (0) to (100)'
	src "create table p_2 partition of p for values from (100) to (100000);
		insert into big select i, repeat(md5(i::text), 8), i % 100 from generate_series(1, 15000) i;
		insert into small select i, i from generate_series(1, 100) i;
		insert into p select i, repeat(md5(i::text), 8) from generate_series(1, 9000) i;
		create index byk on big (k)"
	local round wait
	for round in $(seq 1 12); do
		# Blocks, then keys: what was begun one way goes on the other, too.
		LIST='--split 1MB'
		[ $((round / 2 % 2)) = 0 ] || LIST='--split 1MB --by key'
		[ $((round % 4)) != 1 ] || src 'analyze'
		src "update big set k = k + 1 where id % 7 = $round % 7; update small set v = v || 'x';
			insert into big select 100000 * $round + i, repeat(md5(i::text), 8), i from generate_series(1, 500) i"
		[ $((round % 3)) != 0 ] || src 'cluster big using byk'
		wait=0.$((RANDOM % 7 + 1))
		pg-chunks -d "$SRC" $LIST >list
		mkfifo pipe$round
		pg-copyout -j 2 -d "$SRC" <list >pipe$round 2>/dev/null &
		local out_pid=$!
		pg-copyin -j 2 -d "$DST" <pipe$round >lines$round 2>err$round &
		local in_pid=$!
		sleep $wait
		case $((RANDOM % 3)) in
		0) kill -9 $in_pid 2>/dev/null || : ;;
		1) kill -9 $out_pid 2>/dev/null || : ;;
		2) pg_kill dst; pg_start dst ;;
		esac
		wait $in_pid || :
		wait $out_pid || :
	done
	pipes '0 0 0 *' 'pg-chunks -d "$SRC" $LIST | pg-copyout -j 2 -d "$SRC" | pg-copyin -j 2 -d "$DST" | pg-checksum -d "$DST"'
	unlike "$out" '"status":"(differ|missing|failed)"'
	LIST='--split 1MB --by key' IN_OPT=--restart
	copy '0 0 0'
	same big small p
	is "$(dst "select count(*) from pg_index where indrelid = 'big'::regclass and indisvalid")" 2
	is "$(dst 'select count(*) from pgpipe.deferred')$(dst 'select count(*) from pgpipe.attaching')" 00
}

@test "memory stays within bounds" {
	no_sanitizer 'it reserves terabytes'
	both 'create table t (id int, v text)'
	src "insert into t select i, repeat(md5(i::text), 4) from generate_series(1, 400000) i"
	LIST='--split 4MB'
	OUT_OPT='-j 2'
	saved a
	exits 0 bash -c "ulimit -v $((64 * 1024 + 2 * 16 * 1024)); pg-copyin -d '$DST' -j 2 <a"
	same t
}

@test "absurd options" {
	local o
	for o in '-j 0' '-j 1000' '-j x' '--mode both' '--lock-timeout soon' '--key a' '--run=' 'file'; do
		exits 2 pg-copyin -d "$DST" $o </dev/null
		like "$err" 'pg-copyin: error:'
	done
	like "$err" 'hint: it reads an archive'
}

# --- together ------------------------------------------------------------------------------------

@test "two processes fill one relation together, under one snapshot" {
	big 40000
	# Somebody holds the snapshot that both read under.
	mkfifo hold
	psql -XAtqd "$SRC" <hold >id &
	local holder=$!
	exec 8>hold
	echo 'begin isolation level repeatable read; select pg_export_snapshot();' >&8
	wait_for test -s id
	local id
	id=$(cat id)
	export id
	pg-chunks --snapshot "$id" -d "$SRC" $LIST | grep -v '"end"' >list
	sed -n 'p;n' list >odd
	sed -n 'n;p' list >even
	pg-copyout --snapshot "$id" --partial -d "$SRC" <odd 2>/dev/null | pg-copyin -d "$DST" >one 2>err1 &
	local first=$!
	exits 0 bash -c "pg-copyout --snapshot '$id' --partial -d '$SRC' <even | pg-copyin -d '$DST'"
	wait $first || { cat err1; false; }
	exec 8>&-
	wait $holder
	same big
	is "$(cat one "$OUT" | jq -r 'select(.chunk).status' | sort | uniq -c | xargs)" "$(wc -l <list) loaded"
	is "$(dst 'select count(*) from pgpipe.sliced where completed is not null')" 1
	is "$(dst "select count(*) from pg_index where indrelid = 'big'::regclass")" 2
	is "$(dst 'select finished is not null from pgpipe.run')" t
	dst 'update pgpipe.run set finished = null'
	copy '0 0 0'
	is "$(took | grep -vc skipped)" 0
}

@test "who joins a relation that is completed just then leaves its indexes to the other" {
	big
	both "create function held(int) returns int language plpgsql immutable as
		'begin perform pg_catalog.pg_advisory_lock_shared(7);
		perform pg_catalog.pg_advisory_unlock_shared(7); return \$1; end'"
	both 'create index on big (held(id))'
	saved a
	mkfifo go orders
	{ head -c 2500000 a; cat go >/dev/null; tail -c +2500001 a; } |
		pg-copyin -d "$DST" >one 2>err1 &
	local first=$! second
	wait_for test -s one
	# The first has loaded all and waits to say so; then the second begins.
	psql -XAtqd "$DST" <orders &
	exec 8>orders
	echo 'begin; select from pgpipe.sliced for no key update;
		select pg_advisory_lock(7)' ';' >&8
	wait_for pg_sql_true "dst/$DB" "select exists (select from pg_locks where locktype = 'advisory' and objid = 7)"
	echo >go
	blocked() { echo "select count(*) = $1 from pg_stat_activity where datname = '$DB'
		and application_name = 'pg-copyin' and wait_event_type = 'Lock'"; }
	wait_for pg_sql_true "dst/$DB" "$(blocked 1)"
	pg-copyin -d "$DST" <a >two 2>err2 &
	second=$!
	wait_for pg_sql_true "dst/$DB" "$(blocked 2)"
	echo 'commit;' >&8
	wait_for grep -q '"end"' two
	wait $second || { cat err2; false; }
	# So does who comes while it builds them.
	exits 0 bash -c "pg-copyin -d '$DST' --lock-timeout 2s <a"
	is "$(took | grep -vc skipped)" 0
	exec 8>&-
	wait $first || { cat err1; false; }
	is "$(jq -r 'select(.chunk).status' two | sort -u)" skipped
	is "$(dst "select count(*) from pg_index where indrelid = 'big'::regclass")" 3
	is "$(dst 'select count(*) from pgpipe.deferred')" 0
	same big
}

@test "a run begun by a partial list is finished by whichever process ends last" {
	both 'create table a (x int); create table b (x int)'
	local last begun joined n=0
	for last in begun joined; do
		src "insert into a values ($((n += 1))); insert into b values ($n)"
		pipes '0 0' 'pg-chunks -d "$SRC" a | pg-copyout --partial -d "$SRC" -o a'
		pipes '0 0' 'pg-chunks -d "$SRC" b | pg-copyout --partial -d "$SRC" -o b'
		mkfifo a$n b$n
		pg-copyin -d "$DST" <a$n >lines 2>begun &
		begun=$!
		exec 8>a$n
		head -c 2000 a >&8
		wait_for grep -qs 'begins run' begun
		pg-copyin -d "$DST" <b$n >lines 2>joined 8>&- &
		joined=$!
		exec 9>b$n
		head -c 2000 b >&9
		wait_for grep -qs 'continues run' joined
		if [ "$last" = begun ]; then
			tail -c +2001 b >&9
			exec 9>&-
			wait $joined
			like "$(<joined)" 'goes on: another process is loading in it'
			tail -c +2001 a >&8
			exec 8>&-
			wait $begun
		else
			tail -c +2001 a >&8
			exec 8>&-
			wait $begun
			like "$(<begun)" 'goes on: another process is loading in it'
			tail -c +2001 b >&9
			exec 9>&-
			wait $joined
		fi
		is "$(dst 'select count(*), count(finished) from pgpipe.run')" "$n|$n"
		same a b
	done
}

@test "new partitions beside a default one, several at once" {
	both 'create table m (id int, v text, primary key (id)) partition by range (id);
		create table m_rest partition of m default'
	src "create table m_1 partition of m for values from (0) to (1000);
		create table m_2 partition of m for values from (1000) to (2000);
		create table m_3 partition of m for values from (2000) to (3000);
		create table m_4 partition of m for values from (3000) to (4000);
		insert into m select i, md5(i::text) from generate_series(0, 5000) i"
	OUT_OPT='-j 3' IN_OPT='-j 5 --lock-timeout 10s'
	copy '0 0 0' || copy '0 0 0'
	same m
	is "$(dst "select count(*) from pg_partition_tree('m') where isleaf")" 5
}

@test "part of a missing partition makes it, too" {
	both 'create table m (day date, v int) partition by range (day)'
	src "create table m_1 partition of m for values from ('2025-01-01') to ('2025-02-01');
		insert into m select date '2025-01-01' + i, i from generate_series(0, 30) i"
	LIST='--from 2025-01-11 --until 2025-01-21 m'
	copy '0 0 0'
	is "$(dst 'select count(*), min(v), max(v) from m')" '10|10|19'
	LIST='--from 2025-01-16 --until 2025-01-26 m'
	copy '0 0 0'
	is "$(dst 'select count(*), min(v), max(v) from m')" '15|10|24'
}

@test "a connection that was lost before a chunk's first row is made again" {
	both 'create table a (x int)'
	src 'insert into a values (1)'
	saved a
	# The first member only.
	local at
	at=$(grep -abo 'c/1/chunk.json' a | head -n 1 | cut -d: -f1)
	at=$((at / 512 * 512))
	mkfifo pipe
	pg-copyin -d "$DST" <pipe >lines 2>err &
	local pid=$!
	exec 9>pipe
	head -c $at a >&9
	wait_for pg_sql_true "dst/$DB" "select exists (select from pg_stat_activity
		where application_name = 'pg-copyin' and query ~ 'maintenance_work_mem' and state = 'idle')"
	dst "select pg_terminate_backend(pid) from pg_stat_activity
		where application_name = 'pg-copyin' and query ~ 'maintenance_work_mem'" >/dev/null
	tail -c +$((at + 1)) a >&9
	exec 9>&-
	wait $pid || { cat err; false; }
	same a
}

@test "a connection that dies under its rows fails its chunk for now; the next has a new one" {
	both 'create table a (x int, v text); create table b (x int)'
	src "insert into a select i, repeat(md5(i::text), 8) from generate_series(1, 20000) i; insert into b values (2)"
	LIST='--order name'
	saved a
	mkfifo pipe
	pg-copyin --keep-going -d "$DST" <pipe >lines 2>err &
	local pid=$! code=0
	exec 9>pipe
	head -c 2000000 a >&9
	wait_for pg_sql_true "dst/$DB" "select exists (select from pg_stat_activity where query ~* '^copy')"
	dst "select pg_terminate_backend(pid) from pg_stat_activity where query ~* '^copy'" >/dev/null
	tail -c +2000001 a >&9
	exec 9>&-
	wait $pid || code=$?
	is $code 4
	is "$(jq -r 'select(.chunk) | .chunk + " " + .status' lines | sort)" $'public.a failed\npublic.b loaded'
	exits 0 bash -c "pg-copyin -d '$DST' <a"
	is "$(took)" $'public.a loaded\npublic.b skipped'
	same a b
}

@test "the same id with another predicate or target is no skip" {
	both 'create table a (x int); create table b (x int); create table gone (x int)'
	src 'insert into a values (1)'
	dst 'drop table gone'
	IN_OPT=--keep-going
	copy '0 0 3'
	dst "update pgpipe.chunk set predicate = 'x > 5' where chunk = 'public.a'"
	copy '0 0 3'
	like "$err" 'chunk "public.a" was loaded in run ".*" with another predicate or slice'
	like "$err" 'hint: Begin anew with --restart'
	dst "update pgpipe.chunk set predicate = null where chunk = 'public.a'"
	IN_OPT='--keep-going --map public.a=public.b'
	copy '0 0 3'
	like "$err" 'chunk "public.a" was loaded in run ".*" into "public.a"'
}

@test "a constraint that is checked at the commit fails the chunk" {
	both 'create table p (id int primary key)'
	src 'create table c (id int); insert into c values (7)'
	dst 'create table c (id int references p deferrable initially deferred)'
	copy '0 0 4'
	is "$(took)" $'public.c failed\npublic.p loaded'
	is "$(dst 'select count(*) from c')" 0
	src 'insert into p values (7)'
	IN_OPT=--restart
	copy '0 0 4' || :
	IN_OPT=''
	copy '0 0 0'
	same c
}

@test "tables without columns, and rows of many megabytes" {
	no_sanitizer 'it reserves terabytes'
	both 'create table nothing (); create table wide (id int, v text, b bytea)'
	src "insert into nothing default values; insert into nothing default values;
		alter table wide alter v set storage external, alter b set storage external;
		insert into wide select i, repeat('x', 40000000), decode(repeat('00ff', 10000000), 'hex') from generate_series(1, 3) i"
	saved a
	exits 0 bash -c "ulimit -v $((64 * 1024 + 16 * 1024 + 2 * 60 * 1024)); pg-copyin -d '$DST' <a"
	same wide
	is "$(dst 'select count(*) from nothing')" 2
}

@test "a standby is no target; a database that is read-only by default is one" {
	both 'create table a (x int)'
	src 'insert into a values (1)'
	saved a
	dst "alter database $DB set default_transaction_read_only = on"
	exits 0 bash -c "pg-copyin -d '$DST' <a"
	same a
	pg_standby sb dst
	wait_for pg_sql_true "sb/$DB" 'select true'
	exits 3 bash -c "pg-copyin -d '$(pg_dsn "sb/$DB")' --run x <a"
	like "$err" 'could not begin run "x": .*recovery'
	pg_stop sb immediate
}

@test "what a user sets for himself changes nothing" {
	both 'create table t (d date, i interval, f float8, ts timestamptz, b bytea)'
	src "insert into t values ('2025-02-01', '-1 day 2 hours', 0.1, '2025-02-01 00:00+05', '\\x00')"
	dst "create role odd login superuser; alter role odd set datestyle = 'SQL, DMY';
		alter role odd set intervalstyle = 'sql_standard'; alter role odd set statement_timeout = '1ms';
		alter role odd set timezone = 'Asia/Tokyo'; alter role odd set bytea_output = 'escape';
		alter role odd set search_path = pg_temp; alter role odd set lock_timeout = 1;
		alter role odd set session_replication_role = replica;
		alter role odd set default_transaction_isolation = 'serializable'"
	OUT_OPT='--format text'
	saved a
	exits 0 bash -c "pg-copyin -d '${DST/user=postgres/user=odd}' <a"
	same t
	dst 'drop owned by odd cascade; drop role odd' || dst 'reassign owned by odd to postgres; drop role odd'
}

@test "the examples of the manual page run" {
	both 'create schema restored; create table a (x int); create table b (x int); create table restored.a (x int)'
	src 'drop table restored.a; insert into a values (1); insert into b values (2)'
	dst 'alter table b rename to bb'
	pipes '0 0 3 0 1' 'pg-chunks -d "$SRC" "public.*" | pg-copyout -d "$SRC" -j 2 |
		pg-copyin -d "$DST" -j 2 | tee lines | pg-checksum -d "$DST"'
	dst 'alter table bb rename to b'
	pipes '0 0 0' "jq -c 'select(.status == \"failed\")' lines |
		pg-copyout --partial -d \"\$SRC\" | pg-copyin -d \"\$DST\""
	same a b
	LIST=public.a
	saved t.tar
	zstd -q t.tar -o t.tar.zst
	pipes '0 0' 'zstd -dc t.tar.zst | pg-copyin -d "$DST" --map public=restored'
	is "$(dst 'select x from restored.a')" 1
	both 'create table c (id int primary key, v text, unique (v, id))'
	src "insert into c select i, repeat(md5(i::text), 8) from generate_series(1, 20000) i"
	LIST='--split 1MB c' IN_OPT='--run c'
	kill_midway
	is "$(dst 'select count(*) from pgpipe.deferred')" 2
	pipes '0 0' "echo 'select definition, constraint_definition
		from pgpipe.deferred order by id \\gexec' | psql -Xqd \"\$DST\""
	is "$(dst "select count(*) from pg_constraint where conrelid = 'c'::regclass and contype <> 'n'")" 2
	copy '0 0 0'
	same c
	is "$(dst "select count(*) from pg_constraint where conrelid = 'c'::regclass and contype <> 'n'")" 2
}
