#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-queue: work is shared by many processes, resumed after any end, done once.

load lib/common
load lib/pair

teardown() {
	local pid space
	# Of pipelines the whole group.
	while read -r pid; do
		kill -KILL "$pid" "-$pid" 2>/dev/null || :
	done < <(cat pids 2>/dev/null)
	for space in ${SPACES:-}; do ip netns del "$space" 2>/dev/null || :; done
	pair_teardown
}

# Partitions of n rows each, p1 .. pN, on both sides; rows at the source.
partitions() {	# N ROWS
	both "create table m (id int, p int, v text) partition by list (p);
		select format('create table p%s partition of m for values in (%s)', i, i)
		from generate_series(1, $1) i \\gexec"
	src "insert into m select i, p, md5(i::text) from generate_series(1, $2) i,
		generate_series(1, $1) p; analyze"
}

# Chunk lines of tables that nothing reads: line NAME [FIELDS]
line() {
	jq -cn --arg t "$1" '{chunk: ("public." + $t), schema: "public", table: $t,
		where: null} + {'"${2:-}"'}'
}
put() {	# NAME...: lines without a word of metadata
	local t
	{
		for t; do line "$t"; done
		echo "{\"end\":\"x\",\"lines\":$#}"
	} | pg-queue put -d "$DST" -q
}
work() { exits "$1" pg-queue work -d "$DST" -q "${@:2}"; }	# CODE ARGUMENT...
# A pipeline that answers every chunk: loaded, after what the words say.
# jq is told to print as it reads.
answer='jq -c --unbuffered "select(.chunk) + {status: \"loaded\"}"'
COPY='pg-copyout -d "$SRC" | pg-copyin -d "$DST"'

states() { dst 'select state, count(*) from pgpipe.queued group by 1 order by 1'; }
status_of() { pg-queue status -d "$DST" | jq -c "$1"; }
running() { [ "$(pg-queue status -d "$DST" | jq .running)" = "$1" ]; }
done_are() { [ "$(pg-queue status -d "$DST" | jq .done)" = "$1" ]; }
two_children() { [ -e children ] && [ "$(wc -l <children)" -eq 2 ]; }
cleared() { pg-queue clear -q -d "$DST" 2>/dev/null; }
gone() { ! kill -0 "$1" 2>/dev/null; }

in_background() {	# FILE COMMAND...: its code comes into FILE.code
	local file=$1
	shift
	(
		env --default-signal=INT "$@" >"$file.out" 2>"$file.err" 3>&- &
		echo $! >"$file.pid"
		echo $! >>pids
		code=0
		wait $! || code=$?
		echo $code >"$file.code"
	) 3>&- &
	wait_for test -s "$file.pid"
}
ended() {	# FILE CODE
	wait_for test -s "$1.code"
	is "$(<"$1.code")" "$2" "$(cat "$1.err")"
}

# --- the whole way -------------------------------------------------------------------------

@test "chunks are put, worked on, answered, proved and cleared" {
	partitions 6 200
	pipes '0 0' 'pg-chunks -d "$SRC" m | pg-queue put -d "$DST"'
	like "$err" 'queue "default": 6 new, 0 as they were'
	exits 0 pg-queue work -d "$DST" -j 3 -- "$COPY"
	like "$err" '6 of 6 chunks done'
	like "$err" 'done with 6 of 6 chunks, 1200 rows'
	same_table "src/$DB" "dst/$DB" m
	pipes '0 0' 'pg-queue results -d "$DST" | pg-checksum -d "$DST"'
	is "$(jq -r 'select(.chunk).status' <"$OUT" | sort | uniq -c | xargs)" '6 match'
	is "$(jq -c 'select(.end)' <"$OUT")" '{"end":"pg-checksum","lines":6}'
	exits 0 pg-queue clear -d "$DST"
	is "$(dst 'select count(*) from pgpipe.queued')$(dst 'select count(*) from pgpipe.queue')" 00
	exits 3 pg-queue status -d "$DST"
	like "$err" 'there is no queue "default"'
	like "$err" 'hint: .*put'
}

@test "all of a queue's chunks are one run, which none of the pipelines ends" {
	partitions 4 10
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	work 0 -j 2 -- "$COPY"
	is "$(dst 'select count(*), count(finished) from pgpipe.run')" '1|0'
	is "$(dst 'select count(*), count(distinct run) from pgpipe.chunk')" '4|1'
	like "$(dst 'select name from pgpipe.run')" '^queue default 20'
	like "$(dst 'select name from pgpipe.run')" "/$DB\$"
	# A new queue is a new run, and loads anew.
	pg-queue clear -q -d "$DST"
	src "update p1 set v = 'new'"
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	work 0 -- "$COPY"
	is "$(dst 'select count(*) from pgpipe.run')" 2
	same_table "src/$DB" "dst/$DB" m
}

@test "the pipeline gets one line and an end line, and its environment" {
	put a
	local tell='tee got | jq -c "select(.chunk) + {status: \"loaded\",
		run: env.PGPIPE_RUN, id: env.PGPIPE_CHUNK, own: env.OWN}"'
	OWN=mine work 0 -- "cd '$PWD'; $tell"
	is "$(<got)" "$(line a)"$'\n{"end":"pg-queue","lines":1}'
	exits 0 pg-queue results -d "$DST"
	is "$(jq -c 'select(.chunk) | [.id, .own, .run]' <"$OUT")" \
		"[\"public.a\",\"mine\",$(status_of .run)]"
	is "$(jq -c 'select(.end)' <"$OUT")" '{"end":"pg-queue","lines":1}'
}

# --- put -----------------------------------------------------------------------------------

@test "putting again changes nothing" {
	partitions 3 10
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	work 0 -- "$answer"
	pipes '0 0' 'pg-chunks -d "$SRC" m | pg-queue put -d "$DST"'
	like "$err" '0 new, 3 as they were'
	is "$(states)" 'done|3'
	# A chunk twice in one list is one row; of what is pending, the newest line counts.
	{ line x '"bytes":1'; line x '"bytes":2'; echo '{"end":"x","lines":2}'; } |
		pg-queue put -d "$DST" -q --queue other
	is "$(dst "select bytes, state from pgpipe.queued where queue = 'other'")" '2|pending'
}

@test "a wider bound renews the chunk on the boundary and brings the new ones" {
	both "create table m (at date, v int) partition by range (at);
		create table m1 partition of m for values from ('2025-01-01') to ('2025-02-01');
		create table m2 partition of m for values from ('2025-02-01') to ('2025-03-01');
		create table m3 partition of m for values from ('2025-03-01') to ('2025-04-01')"
	src "insert into m select '2025-01-01'::date + i, i from generate_series(0, 80) i"
	pg-chunks -d "$SRC" --until 2025-02-10 m | pg-queue put -d "$DST" -q
	work 0 -- "$COPY"
	is "$(dst 'select count(*), max(at) from m')" '40|2025-02-09'
	pipes '0 0' 'pg-chunks -d "$SRC" --until 2025-03-10 m | pg-queue put -d "$DST"'
	like "$err" '1 new, 1 to be done anew, 1 as they were'
	is "$(states)" $'done|1\npending|2'
	work 0 -- "$COPY"
	is "$(dst 'select count(*), max(at) from m')" '68|2025-03-09'
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	work 0 -- "$COPY"
	same_table "src/$DB" "dst/$DB" m
	is "$(dst 'select count(*) from pgpipe.queued')" 3
}

@test "a chunk that is being worked on is not waited for: its new line waits" {
	line a | pg-queue put --partial -q -d "$DST"
	in_background w pg-queue work -d "$DST" -v -- "cd '$PWD'; cat >>got; until [ -e go ]; do
		sleep 0.05; done; $answer <got"
	wait_for running 1
	SECONDS=0
	line a '"chunk":"public.a[,9)","where":"x < 9"' | pg-queue put --partial -q -d "$DST"
	[ "$SECONDS" -lt 5 ]
	is "$(status_of '[.running, .renewed]')" '[1,1]'
	is "$(pg-queue pending -d "$DST" | jq -r .chunk | head -n 1)" 'public.a[,9)'
	touch go
	ended w 0
	is "$(jq -r 'select(.chunk).chunk' <got | xargs)" 'public.a public.a[,9)'
	is "$(dst 'select chunk, state, round from pgpipe.queued')" 'public.a[,9)|done|2'
	is "$(status_of .renewed)" 0
}

@test "a list that was cut is put as far as it came, and said; so is a bad line" {
	pipes '0 4' 'line a | pg-queue put -d "$DST"'
	like "$err" 'no end line'
	pipes '0 2' '{ line b; echo "{\"table\":1}"; } | pg-queue put -d "$DST"'
	like "$err" 'is no chunk line'
	exits 2 pg-queue put -d "$DST" </dev/null
	is "$(dst 'select chunk from pgpipe.queued order by id')" $'public.a\npublic.b'
}

@test "a table that is cut in other places is refused until it is dropped" {
	slices() { local s; for s in "$@"; do
		line t '"chunk":"public.t#key:'"$s"'","slice":{"by":"key","columns":["id"],"from":["'"${s%-*}"'"],"to":["'"${s#*-}"'"]}'
	done; }
	slices 0-10 10-20 | pg-queue put --partial -q -d "$DST"
	slices 0-10 10-20 | pg-queue put --partial -q -d "$DST"
	pipes '0 3' 'slices 0-5 5-20 | pg-queue put --partial -d "$DST"'
	like "$err" '"public.t#key:0-5" may be cut in other places than its table is in the queue'
	like "$err" 'detail: the queue holds "public.t#key:0-10", which the list does not have'
	like "$err" 'hint: .*drop'
	is "$(states)" 'pending|2'
	pg-queue drop -q -d "$DST" 'public.t#key:0-10' 'public.t#key:10-20'
	slices 0-5 5-20 | pg-queue put --partial -q -d "$DST"
	is "$(states)" 'pending|2'
}

@test "a list that was cut in the middle of a table is completed by the whole of it" {
	ranges() {	# FROM TO: slices of t, and the end line
		seq "$1" "$2" | jq -c '{chunk: "public.t#key:\(.)-\(. + 1)", schema: "public", table: "t",
			where: null, slice: {by: "key", columns: ["id"], from: ["\(.)"], to: ["\(. + 1)"]}}'
		echo "{\"end\":\"x\",\"lines\":$(($2 - $1 + 1))}"
	}
	pipes '* 4' 'ranges 1 12 | head -n 5 | pg-queue put -d "$DST"'
	like "$err" '5 new, 0 as they were'
	pipes '0 0' 'ranges 1 12 | pg-queue put -d "$DST"'
	like "$err" '7 new, 5 as they were'
	# In another order, and a part of it once more.
	pipes '0 0' 'ranges 1 12 | pg-queue put --queue two --partial -d "$DST"'
	pipes '0 0 0' 'ranges 1 20 | jq -s -c "sort_by(.chunk == null, -(.slice.from[0] // 0 | tonumber))[]" |
		pg-queue put --queue two -d "$DST"'
	like "$err" '8 new, 12 as they were'
	pipes '0 0' 'ranges 3 4 | pg-queue put --queue two -d "$DST"'
	is "$(dst "select count(*), count(distinct round) from pgpipe.queued where queue = 'two'")" '20|1'
	# Half of what is there and something new: that may be another cut.  Another
	# table of that list comes in.
	pipes '* 3' '{ ranges 15 25 | head -n 11; line y; ranges 15 14; } | pg-queue put --queue two --partial -d "$DST"'
	like "$err" '"public.t#key:15-16" may be cut in other places than its table is in the queue'
	like "$err" 'detail: the queue holds "public.t#key:1-2", which the list does not have'
	is "$(dst "select count(*), count(*) filter (where chunk = 'public.y') from pgpipe.queued
		where queue = 'two'")" '21|1'
	# Killed between two transactions; and two who put one list side by side.
	local q
	for q in killed beside; do
		mkfifo "$q.pipe"
		pg-queue put -q --queue "$q" -d "$DST" <"$q.pipe" 3>&- &
		local first=$!
		echo "$first" >>pids
		exec 9>"$q.pipe"
		ranges 1 1700 | head -n 700 >&9
		wait_for pg_sql_true "dst/$DB" "select count(*) = 500 from pgpipe.queued where queue = '$q'"
		if [ "$q" = killed ]; then
			kill -KILL "$first"
			wait "$first" || :
			exec 9>&-
		fi
		pipes '0 0' "ranges 1 1700 | pg-queue put --queue $q -d \"\$DST\""
		like "$err" '1200 new, 500 as they were'
		[ "$q" = killed ] || {
			ranges 701 1700 | sed 's/"lines":1000/"lines":1700/' >&9
			exec 9>&-
			wait "$first"
		}
		is "$(dst "select count(*) from pgpipe.queued where queue = '$q'")" 1700
	done
}

@test "a queue that is cleared while a list is put does not get the rest of it" {
	mkfifo lines
	pg-queue put -d "$DST" <lines 2>said 3>&- &
	local put=$! code=0
	echo "$put" >>pids
	exec 9>lines
	seq 600 | jq -c '{chunk: "t\(.)", schema: "public", table: "t\(.)", where: null}' >&9
	wait_for pg_sql_true "dst/$DB" 'select count(*) = 500 from pgpipe.queued'
	pg-queue clear -q -d "$DST" 2>/dev/null
	echo '{"end":"x","lines":600}' >&9
	exec 9>&-
	wait "$put" || code=$?
	is "$code" 4
	like "$(<said)" 'queue "default" has been cleared meanwhile'
	is "$(dst 'select count(*) from pgpipe.queued')" 0
}

@test "20,000 chunks are put in small transactions, within default lock limits" {
	SECONDS=0
	seq 20000 | jq -c '{chunk: "public.t\(.)", schema: "public", table: "t\(.)",
		bytes: ., where: null}' >lines
	echo '{"end":"x","lines":20000}' >>lines
	SECONDS=0
	exits 0 pg-queue put -d "$DST" <lines
	[ "$SECONDS" -lt 30 ]
	is "$(states)" 'pending|20000'
	# Killed in the middle, the same list completes it.
	pg-queue clear -q -d "$DST" 2>/dev/null
	(head -n 15000 lines; sleep 60) | pg-queue put -q -d "$DST" 3>&- &
	wait_for pg_sql_true "dst/$DB" 'select count(*) > 5000 from pgpipe.queued'
	kill -KILL $!
	wait $! || :
	exits 0 pg-queue put -q -d "$DST" <lines
	is "$(states)" 'pending|20000'
}

# --- order, and what is said ---------------------------------------------------------------

@test "the largest chunk comes first, unless told otherwise" {
	local order want
	for order in largest:b,c,a,d smallest:d,a,c,b listed:a,b,c,d reversed:d,c,b,a; do
		{
			line a '"bytes":5' && line b '"bytes":500'
			line c '"bytes":50' && line d && echo '{"end":"x","lines":4}'
		} | pg-queue put -q -d "$DST" --queue "$order"
		rm -f got
		work 0 --queue "$order" --order "${order%:*}" -- "tee -a '$PWD/got' | $answer"
		want=${order#*:}
		is "$(jq -r 'select(.table).table' <got | paste -sd,)" "$want" "$order"
	done
}

@test "pending, list, results and status are lines" {
	put a b c
	work 3 --retries 0 -- "if [ \$PGPIPE_CHUNK = public.b ]; then exit 3; fi; $answer"
	exits 0 pg-queue list -d "$DST"
	is "$(jq -r 'select(.chunk) | "\(.table) \(.state) \(.tries) \(.status)"' <"$OUT")" \
		$'a done 0 loaded\nb failed 1 null\nc done 0 loaded'
	is "$(jq -c 'select(.end)' <"$OUT")" '{"end":"pg-queue","lines":3}'
	exits 0 pg-queue pending -d "$DST"
	is "$out" '{"end":"pg-queue","lines":0}'
	# A list that is not whole does not look whole.
	exits 3 pg-queue results -d "$DST"
	is "$(jq -r '.end // .table' <"$OUT" | sort | xargs)" 'a c'
	like "$err" 'is not done: 2 of 3 chunks done, 1 given up'
	exits 0 pg-queue results -d "$DST" --partial
	is "$(jq -c 'select(.end)' <"$OUT")" '{"end":"pg-queue","lines":2}'
	is "$(status_of '[.queue, .chunks, .done, .failed, .pending, .failures[0].chunk]')" \
		'["default",3,2,1,0,"public.b"]'
}

@test "results are a whole list only when nothing is left to do" {
	put a b
	in_background w pg-queue work -d "$DST" --order listed -- "cd '$PWD'; case \$PGPIPE_CHUNK in
		*a) ;; *) until [ -e go ]; do sleep 0.05; done ;; esac; $answer"
	wait_for done_are 1
	wait_for running 1
	# One is done, and one waits for the end of what it takes the place of.
	line b '"chunk":"public.b[,9)","where":"x < 9"' | pg-queue put --partial -q -d "$DST"
	is "$(status_of '[.chunks, .done, .running, .renewed]')" '[2,1,1,1]'
	exits 4 pg-queue results -d "$DST"
	is "$(jq -r '.end // .chunk' <"$OUT")" public.a
	like "$err" 'is not done: 1 of 2 chunks done, 1 being worked on, 1 with new bounds'
	# All are done, and one of them in bounds that are the old ones.
	dst "update pgpipe.queued set state = 'done', result = line where chunk = 'public.a'"
	touch go
	ended w 0
	is "$(status_of '[.done, .renewed]')" '[2,0]'
	exits 0 pg-queue results -d "$DST"
	is "$(jq -r '.end // .chunk' <"$OUT" | xargs)" 'public.a public.b[,9) pg-queue'
	dst "insert into pgpipe.queue_next select queue, piece, 'public.b', null, line, rows, bytes, stamp
		from pgpipe.queued where chunk = 'public.b[,9)'"
	exits 4 pg-queue results -d "$DST"
	like "$err" 'is not done: 2 of 2 chunks done, 1 with new bounds'
}

@test "status on a terminal is for people, and --watch ends with the work" {
	command -v script >/dev/null || skip 'needs script(1)'
	{ line a '"bytes":1000000'; line $'b\e[31m' '"bytes":10'; } |
		pg-queue put -q --partial -d "$DST"
	pg-queue work -q -d "$DST" --retries 0 -- 'exit 3' 2>/dev/null || :
	out=$(script -qec "pg-queue status -d \"$DST\" --watch" /dev/null </dev/null)
	like "$out" 'queue "default": 0 of 2 chunks done, 2 given up'
	like "$out" 'given up: public.a: the pipeline ended with exit status 3'
	like "$out" 'b\\x1b\[31m'
	# Not on a terminal: a line every interval.
	pg-queue retry -q -d "$DST"
	in_background s pg-queue status -d "$DST" --watch --interval 100ms
	wait_for test -s s.out
	work 0 -- "$answer"
	ended s 0
	is "$(tail -n 1 s.out | jq -c '[.done, .left]')" '[2,0]'
}

# --- answers -------------------------------------------------------------------------------

@test "verdicts complete a chunk; no is done, and exit 1" {
	partitions 3 50
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	work 0 -- "$COPY"
	dst "update p2 set v = 'other' where id = 7"
	pg-queue results -d "$DST" | pg-queue put -q -d "$DST" --queue verify
	work 1 --queue verify -j 2 -- 'pg-checksum -d "$DST"'
	is "$(dst "select answer, wrong, count(*) from pgpipe.queued where queue = 'verify'
		group by 1, 2 order by 1")" $'differ|t|1\nmatch|f|2'
	like "$err" 'p2.*: differ'
	# It stays so until it is asked again.
	work 1 --queue verify -- 'exit 9'
	dst 'delete from p2'
	pg-queue retry -q -d "$DST" public.m/public.p2
	work 0 -- "$COPY"
	same_table "src/$DB" "dst/$DB" m
	pg-queue retry -q -d "$DST" --queue verify --wrong
	work 0 --queue verify -- 'pg-checksum -d "$DST"'
}

@test "a digest is an answer; the line itself is none" {
	partitions 2 5
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	work 4 --retries 0 -- cat
	like "$err" 'printed no result line'
	pg-queue retry -q -d "$DST"
	work 0 -- 'pg-checksum -d "$SRC"'
	is "$(pg-queue results -d "$DST" | jq -r 'select(.chunk).digest' | cut -d: -f1,2)" \
		$'send:5\nsend:5'
}

@test "what a pipeline prints beside its answer does no harm" {
	put a
	work 0 -- "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo 'not json'; echo '{\"end\":1}'
		echo '{\"chunk\":\"public.b\",\"status\":\"failed\"}'; head -c 200000 /dev/zero >&2
		$answer; echo; echo '{'; head -c 100000 /dev/urandom"
	is "$(states)" 'done|1'
	put b
	work 4 --retries 0 -- 'echo hello; echo more'
	like "$err" 'no result line, but "hello"'
}

@test "a failure is recorded with its exit status and last words, and retried" {
	put bad good
	cat >pipe <<-'EOF'
		echo $PGPIPE_CHUNK >>order
		if [ $PGPIPE_CHUNK = public.bad ] && [ $(grep -c bad order) -lt 3 ]; then
			printf 'first\nlast words\n' >&2
			exit 7
		fi
		jq -c 'select(.chunk) + {status: "loaded"}'
	EOF
	exits 0 pg-queue work -d "$DST" --backoff 200ms --order listed -- "cd '$PWD'; . ./pipe"
	# It does not block the others.
	is "$(xargs <order)" 'public.bad public.good public.bad public.bad'
	like "$err" '"public.bad": the pipeline ended with exit status 7; it is tried again in'
	like "$err" 'detail: last words'
	is "$(states)" 'done|2'
	rm order
	put bad2
	exits 4 pg-queue work -d "$DST" --retries 2 --backoff 10ms -- \
		"echo x >>'$PWD/order'; echo reason >&2; kill -9 \$\$"
	is "$(wc -l <order)" 3
	like "$err" 'given up after 3 tries'
	is "$(pg-queue list -d "$DST" | jq -c 'select(.state == "failed") | [.error.message, .error.exit,
		.error.stderr, .tries]')" '["the pipeline was ended by signal 9",137,"reason\n",3]'
	# The state of the queue is the answer, whoever asks.
	work 4 -- true
	pg-queue drop -q -d "$DST" public.bad2
	work 0 -- true
}

@test "a failed result line says why, better than the shell" {
	partitions 2 5
	dst 'alter table m add check (id < 3)'
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	work 3 --retries 1 --backoff 10ms -- "$COPY"
	like "$(status_of '.failures[0].message')" 'violates check constraint'
	is "$(dst 'select count(*) from m')" 0
	dst 'alter table m drop constraint m_id_check'
	exits 0 pg-queue retry -d "$DST"
	like "$err" '2 chunks are pending again'
	work 0 -- "$COPY"
	same_table "src/$DB" "dst/$DB" m
}

@test "a loaded chunk whose pipeline then failed is not loaded twice" {
	partitions 2 20
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	work 0 --backoff 10ms -- "cd '$PWD'; $COPY --mode append; [ -e \"\$(basename \$PGPIPE_CHUNK)\" ] ||
		{ touch \"\$(basename \$PGPIPE_CHUNK)\"; exit 5; }"
	same_table "src/$DB" "dst/$DB" m
	is "$(pg-queue results -d "$DST" | jq -r 'select(.chunk).status' | xargs)" 'skipped skipped'
}

# --- many workers --------------------------------------------------------------------------

@test "workers of several processes share a queue; each chunk is one's" {
	partitions 24 20
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	local i
	for i in 1 2 3; do
		in_background "w$i" pg-queue work -d "$DST" -j 2 -- \
			"echo \$PGPIPE_CHUNK >>'$PWD/got$i'; $COPY --mode append"
	done
	for i in 1 2 3; do ended "w$i" 0; done
	is "$(cat got? | sort | uniq -d)" ''
	is "$(cat got? | wc -l)" 24
	same_table "src/$DB" "dst/$DB" m
	is "$(states)" 'done|24'
}

@test "a worker leaves what others work on, or waits for it with --wait" {
	put a
	in_background w pg-queue work -d "$DST" -- "cd '$PWD'; until [ -e go ]; do sleep 0.05; done; $answer"
	wait_for running 1
	exits 0 pg-queue work -d "$DST" -- false
	like "$err" '1 being worked on'
	in_background v pg-queue work -d "$DST" --wait -- false
	sleep 1
	[ ! -s v.code ]
	touch go
	ended w 0
	ended v 0
}

@test "several queues stand side by side" {
	put a
	line a | pg-queue put --partial -q -d "$DST" --queue two
	work 0 --queue two -- "$answer"
	is "$(status_of '[.done, .pending]')" '[0,1]'
	is "$(pg-queue status -d "$DST" --queue two | jq .done)" 1
	pg-queue clear -q -d "$DST" --queue two
	is "$(status_of .pending)" 1
	# And in a schema of their own.
	line a | pg-queue put --partial -q -d "$DST" --ledger-schema 'My "Q"'
	exits 0 pg-queue work -q -d "$DST" --ledger-schema 'My "Q"' -- "$answer"
	is "$(status_of .pending)" 1
}

@test "--max ends after so many chunks" {
	put a b c d e
	work 0 --max 3 -j 2 -- "$answer"
	is "$(states)" $'done|3\npending|2'
}

@test "take hands out chunks and takes their results back" {
	partitions 5 30
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	mkfifo back
	PGPIPE_RUN=$(status_of -r .run)
	export PGPIPE_RUN
	pipes '0 0 0' 'pg-queue take -d "$DST" -j 3 <back | pg-copyout -d "$SRC" |
		pg-copyin -d "$DST" >back'
	is "$(states)" $'done|3\npending|2'
	pipes '0 0 0' 'pg-queue take -d "$DST" -j 3 <back | pg-copyout -d "$SRC" |
		pg-copyin -d "$DST" >back'
	same_table "src/$DB" "dst/$DB" m
	exits 1 pg-queue take -d "$DST" </dev/null
	is "$out" '{"end":"pg-queue","lines":0}'
	# Nothing came back: pending as before.  One without a result has failed.
	pg-queue clear -q -d "$DST"
	put a b
	exits 4 pg-queue take -d "$DST" -j 2 </dev/null
	is "$(dst 'select distinct tries, state from pgpipe.queued')" '0|pending'
	pipes '0 4 0' ': | pg-queue take -d "$DST" -j 2 < <(line a "\"status\":\"loaded\"") | cat'
	is "$(dst 'select chunk, state, tries from pgpipe.queued order by id')" \
		$'public.a|done|0\npublic.b|pending|1'
}

# What the manual shows under EXAMPLES.
# shellcheck disable=SC2094 # "back" is a pipe
take_some() {
	pg-queue take -d "$DST" -j 3 <back | {
		list=$(cat)
		PGPIPE_RUN=$(printf '%s\n' "$list" | jq -r 'select(.end).run')
		export PGPIPE_RUN
		echo "$PGPIPE_RUN" >>runs
		printf '%s\n' "$list" | pg-copyout -d "$SRC" | pg-copyin -d "$DST"
	} >back
}

@test "take hands out chunks of one run, and says which: what is done anew is loaded anew" {
	partitions 3 10
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	mkfifo back
	take_some
	is "$(states)" 'done|3'
	src "update m set v = 'new'"
	pg-queue retry -q -d "$DST" public.m/public.p1
	take_some
	pg-queue retry -q -d "$DST" public.m/public.p{1,2,3}
	src "update m set v = 'newer'"
	take_some
	is "$(states)" $'done|1\npending|2'
	take_some
	is "$(states)" 'done|3'
	same_table "src/$DB" "dst/$DB" m
	is "$(sed 's/^queue default 20[^ ]*//' runs | paste -sd,)" ', #2, #3, #2'
}

@test "who was there before the queue was cleared works in its new run" {
	partitions 2 20
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	# Nothing is locked while a failed chunk's time has not come.
	in_background w pg-queue work -d "$DST" --backoff 2s --retries 9 -- "cd '$PWD'
		case \$PGPIPE_CHUNK in *p2) [ -e go ] || exit 4 ;; esac; $COPY"
	wait_for done_are 1
	wait_for cleared
	dst 'truncate m'
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	touch go
	ended w 0
	# He may have found nothing just between the two.
	work 0 -- "$COPY"
	same_table "src/$DB" "dst/$DB" m
	is "$(pg-queue results -d "$DST" | jq -r 'select(.chunk).status' | xargs)" 'loaded loaded'
	is "$(dst 'select count(*) from pgpipe.run')" 2
}

# --- signals, and whatever dies ------------------------------------------------------------

@test "the first signal finishes what is in flight, the second ends at once" {
	local signal code
	for signal in INT:130 TERM:143; do
		code=${signal#*:} signal=${signal%:*}
		rm -f go w.* begun
		pg-queue clear -q -d "$DST" 2>/dev/null || :
		put a b c d
		in_background w pg-queue work -d "$DST" -j 2 -- \
			"cd '$PWD'; echo x >>begun; until [ -e go ]; do sleep 0.05; done; $answer"
		wait_for running 2
		kill "-$signal" "$(<w.pid)"
		sleep 0.5
		is "$(status_of .running)" 2
		touch go
		ended w "$code"
		is "$(states)" $'done|2\npending|2'
		is "$(wc -l <begun)" 2
	done
	rm -f go w.* begun
	in_background w pg-queue work -d "$DST" -j 2 -- \
		"cd '$PWD'; sh -c 'echo \$\$ >>children; sleep 300' | sleep 300"
	wait_for running 2
	wait_for two_children
	kill -INT "$(<w.pid)"
	sleep 0.5
	kill -INT "$(<w.pid)"
	SECONDS=0
	ended w 137
	[ "$SECONDS" -lt 10 ]
	for pid in $(<children); do wait_for gone "$pid"; done
	is "$(states)" $'done|2\npending|2'
	is "$(dst 'select max(tries) from pgpipe.queued')" 0
}

@test "failures, an interrupt and a stop at once have exit statuses of their own" {
	put a
	work 4 --retries 0 -- 'exit 4'
	put b
	work 3 --retries 0 -- 'exit 3'
	put c
	work 2 --retries 0 -- 'exit 2'
}

@test "a killed worker's chunks are taken by the next" {
	partitions 4 50
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	in_background w pg-queue work -d "$DST" -j 2 -- "echo \$\$ >>'$PWD/pids'; sleep 300; $COPY"
	wait_for running 2
	kill -KILL "$(<w.pid)"
	wait_for running 0
	work 0 -j 2 -- "$COPY --mode append"
	same_table "src/$DB" "dst/$DB" m
}

@test "an orphaned pipeline and its successor load a chunk once" {
	partitions 2 5000
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	# The orphan is in the middle of its transaction when its worker dies: a lock
	# that the test holds keeps it from committing.
	dst "create table gate (); create function wait_gate() returns trigger language plpgsql as
		\$\$ begin perform from public.gate; return null; end \$\$;
		create trigger gate after insert on p1 for each statement execute function wait_gate();
		create trigger gate after insert on p2 for each statement execute function wait_gate();"
	psql -Xq -d "$DST" -c 'begin' -c 'lock gate' -c "select pg_sleep(300)" >/dev/null 3>&- &
	local holder=$!
	echo $holder >>pids
	wait_for pg_sql_true "dst/$DB" "select exists (select from pg_locks where relation = 'gate'::regclass)"
	in_background w pg-queue work -d "$DST" -j 2 -- "$COPY --mode append"
	wait_for pg_sql_true "dst/$DB" "select count(*) = 2 from pg_locks where relation = 'gate'::regclass and not granted"
	kill -KILL "$(<w.pid)"
	wait_for running 0
	in_background v pg-queue work -d "$DST" -j 2 -- "$COPY --mode append"
	wait_for running 2
	wait_for pg_sql_true "dst/$DB" "select count(*) = 2 from pg_stat_activity where datname = '$DB'
		and wait_event = 'advisory' and query like '%pgpipe piece%'"
	dst "select pg_terminate_backend(pid) from pg_locks where relation = 'gate'::regclass and granted" >/dev/null
	ended v 0
	same_table "src/$DB" "dst/$DB" m
	is "$(pg-queue results -d "$DST" | jq -r 'select(.chunk).status' | xargs)" 'skipped skipped'
}

@test "an orphan and a chunk with wider bounds do not double rows" {
	both "create table m (at date, v int) partition by range (at);
		create table m1 partition of m for values from ('2025-01-01') to ('2025-02-01')"
	src "insert into m select '2025-01-01'::date + i, i from generate_series(0, 30) i"
	dst "create table gate (); create function wait_gate() returns trigger language plpgsql as
		\$\$ begin perform from public.gate; return null; end \$\$;
		create trigger gate after insert on m1 for each statement execute function wait_gate()"
	pg-chunks -d "$SRC" --until 2025-01-10 m | pg-queue put -d "$DST" -q
	psql -Xq -d "$DST" -c 'begin' -c 'lock gate' -c "select pg_sleep(300)" >/dev/null 3>&- &
	echo $! >>pids
	wait_for pg_sql_true "dst/$DB" "select exists (select from pg_locks where relation = 'gate'::regclass)"
	in_background w pg-queue work -d "$DST" -- "$COPY"
	wait_for pg_sql_true "dst/$DB" "select count(*) = 1 from pg_locks where relation = 'gate'::regclass and not granted"
	kill -KILL "$(<w.pid)"
	wait_for running 0
	pg-chunks -d "$SRC" --until 2025-01-20 m | pg-queue put -d "$DST" -q
	in_background v pg-queue work -d "$DST" -- "$COPY"
	wait_for pg_sql_true "dst/$DB" "select exists (select from pg_stat_activity where datname = '$DB'
		and wait_event = 'advisory' and query like '%pgpipe piece%')"
	dst "select pg_terminate_backend(pid) from pg_locks where relation = 'gate'::regclass and granted" >/dev/null
	ended v 0
	is "$(dst 'select count(*), count(distinct at), max(at) from m')" '19|19|2025-01-19'
}

@test "pipelines with --restart begin the shared run anew once" {
	partitions 4 10
	# What is there is another source's, and is not cleared without being told.
	pg_sql src "create database other_$DB"
	pg_sql "src/other_$DB" "create table m (id int, p int, v text) partition by list (p);
		create table p1 partition of m for values in (1); insert into m values (1, 1, 'x')"
	pipes '0 0 0' "pg-chunks -d '$(pg_dsn "src/other_$DB")' m | pg-copyout -d '$(pg_dsn "src/other_$DB")' | pg-copyin -d '$DST'"
	pg_sql src "drop database other_$DB"
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	work 3 -j 2 --retries 0 -- "$COPY"
	like "$err" 'cannot clear'
	pg-queue clear -q -d "$DST" 2>/dev/null
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	work 0 -j 2 -- "$COPY --restart"
	same_table "src/$DB" "dst/$DB" m
	is "$(dst "select count(*) from pgpipe.run where restarted and name like 'queue default%'")" 1
}

@test "a terminated session takes its row again, and the work goes on" {
	put a b
	in_background w pg-queue work -d "$DST" -j 2 -- \
		"cd '$PWD'; echo x >>begun; until [ -e go ]; do sleep 0.05; done; $answer"
	wait_for running 2
	dst "select pg_terminate_backend(pid) from pg_stat_activity
		where application_name = 'pg-queue' and state = 'idle in transaction'" >/dev/null
	wait_for grep -q 'the connection was lost' w.err
	wait_for running 2
	touch go
	ended w 0
	is "$(states)" 'done|2'
	is "$(wc -l <begun)" 2
}

@test "a row that somebody else took after a lost connection is his" {
	put a
	in_background w pg-queue work -d "$DST" -- "echo \$\$ >'$PWD/child'; sleep 300"
	wait_for running 1
	# As from another host: the row's lock is free only for who is there first.
	psql -XAtq -d "$DST" -c 'begin' -c "select pg_terminate_backend(pid) from pg_stat_activity
		where application_name = 'pg-queue' and state = 'idle in transaction'" \
		-c "select from pgpipe.queued for no key update" \
		-c "update pgpipe.queued set state = 'done', result = '{}'" -c "select pg_sleep(3)" \
		-c 'commit' >/dev/null
	ended w 0
	like "$(<w.err)" 'somebody else'
	gone "$(<child)"
	is "$(states)" 'done|1'
}

@test "a server that restarts under the workers costs nothing that was done" {
	partitions 12 200
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	in_background w pg-queue work -d "$DST" -j 2 --backoff 100ms --retries 20 -- \
		"sleep 0.2; $COPY --mode append"
	wait_for done_are 2
	pg_restart dst
	ended w 0
	same_table "src/$DB" "dst/$DB" m
	is "$(states)" 'done|12'
}

@test "a server that stays away is exit 4, and nothing is lost" {
	pg_start far
	local far
	far=$(pg_dsn far)
	line a | pg-queue put --partial -q -d "$far"
	in_background w pg-queue work -d "$far connect_timeout=2" -- 'sleep 300'
	wait_for [ "$(psql -XAtqd "$far" -c 'select count(*) from pgpipe.queued')" = 1 ]
	sleep 1
	pg_stop far immediate
	kill -TERM "$(<w.pid)" 2>/dev/null || :
	wait_for -t 90 test -s w.code
	like "$(<w.code)" '^(4|143)$'
	pg_start far
	is "$(pg_sql far 'select state from pgpipe.queued')" pending
}

# --- slices --------------------------------------------------------------------------------

# A table of 5 MB, and a snapshot of the source that is held, as $ID.
sliced_table() {
	both 'create table t (id int primary key, v text)'
	src "insert into t select i, repeat('x', 200) from generate_series(1, 20000) i; analyze"
	psql -XAtq -d "$SRC" >snapshot 3>&- <<-'SQL' &
		begin isolation level repeatable read;
		select pg_export_snapshot();
		select pg_sleep(300);
	SQL
	echo $! >>pids
	wait_for grep -q . snapshot
	ID=$(head -n 1 snapshot)
}
put_slices() {	# SIZE
	pg-chunks -d "$SRC" --snapshot "$ID" --split "$1" --by ctid t | pg-queue put -q -d "$DST"
}
t_is_whole() {
	is "$(dst "select count(*), count(distinct id), sum(length(v)) from t")" '20000|20000|4000000'
	is "$(dst "select count(*) from pg_index where indrelid = 't'::regclass")" 1
}

@test "slices by ctid are taken only under a snapshot that is held" {
	sliced_table
	local id=$ID
	pg-chunks -d "$SRC" --snapshot "$id" --split 1MB --by ctid t >list
	[ "$(grep -c ctid list)" -ge 3 ]
	pg-queue put -q -d "$DST" <list
	exits 2 pg-queue work -d "$DST" -- "$COPY"
	like "$err" 'slices by ctid'
	like "$err" 'hint: .*--snapshot'
	src "update t set v = 'later'; insert into t values (0, 'later')"
	exits 0 pg-queue work -d "$DST" --snapshot "$id" -j 2 -- "$COPY"
	is "$(dst "select count(*), sum(length(v)) from t")" '20000|4000000'
	# Under another one the slices that were done are done again, together.
	is "$(dst "select count(distinct snapshot) from pgpipe.queued")" 1
	dst "update pgpipe.queued set state = 'pending' where id = (select min(id) from pgpipe.queued)"
	exits 4 pg-queue work -q -d "$DST" --snapshot other --max 1 --retries 0 -- false
	is "$(dst "select count(*) from pgpipe.queued where state = 'done'")" 0
}

@test "slices by ctid that were dropped are done anew, however the table is cut then" {
	sliced_table
	put_slices 2MB
	work 0 --snapshot "$ID" --max 1 -- "$COPY"
	is "$(states)" $'done|1\npending|2'
	pipes '0 3' 'pg-chunks -d "$SRC" --snapshot "$ID" --split 1MB --by ctid t | pg-queue put -d "$DST"'
	like "$err" 'hint: .*drop its chunks first'
	dst 'select chunk from pgpipe.queued' | xargs pg-queue drop -q -d "$DST"
	put_slices 1MB
	is "$(dst 'select distinct round from pgpipe.queued')" 2
	work 0 --snapshot "$ID" -j 2 -- "$COPY"
	t_is_whole
	# One of them: the rest of the table is done anew, too, and it with them when
	# it comes again.
	exits 0 pg-queue drop -d "$DST" "$(dst 'select max(chunk) from pgpipe.queued')"
	like "$err" '1 chunk is dropped, and [0-9]+ other slices by ctid of the same table are done anew'
	is "$(dst 'select distinct round, state from pgpipe.queued')" '3|pending'
	put_slices 1MB
	is "$(dst 'select distinct round, state from pgpipe.queued')" '3|pending'
	work 0 --snapshot "$ID" -j 2 -- "$COPY"
	t_is_whole
	# What was not done has left nothing.
	line x | pg-queue put --partial -q -d "$DST"
	pg-queue drop -q -d "$DST" public.x
	is "$(dst 'select count(*), min(round) from pgpipe.queue_round')" '1|3'
	pg-queue clear -q -d "$DST"
	is "$(dst 'select count(*) from pgpipe.queue_round')" 0
}

@test "a slice that overlaps others of its snapshot is refused, not loaded beside them" {
	sliced_table
	put_slices 2MB
	work 0 --snapshot "$ID" --max 1 -- "$COPY"
	local before
	before=$(dst 'select count(*) from t')
	dst 'delete from pgpipe.queued'
	put_slices 1MB
	work 3 --snapshot "$ID" --retries 0 --order listed -j 2 -- "$COPY"
	like "$err" 'public.t has slices of the same snapshot .*overlaps them'
	is "$(dst 'select count(*) = count(distinct id), count(*) >= '"$before"' from t')" 't|t'
	# Each of the others is a slice of its own.
	is "$(dst "select count(*) from pgpipe.queued where state = 'failed'")" 2
	like "$err" 'hint: .*out of the queue with pg-queue drop'
	dst 'select chunk from pgpipe.queued' | xargs pg-queue drop -q -d "$DST"
	put_slices 1MB
	work 0 --snapshot "$ID" -j 2 -- "$COPY"
	t_is_whole
	# A queue of an earlier pgpipe.
	dst 'drop table pgpipe.queue_round'
	work 0 -- "$answer"
	is "$(dst "select count(*) from pg_tables where tablename = 'queue_round'")" 1
}

@test "slices by ctid are done anew all together, or none of them" {
	sliced_table
	put_slices 1MB
	local n first verb words
	n=$(dst 'select count(*) from pgpipe.queued')
	first=$(dst 'select chunk from pgpipe.queued order by id limit 1')
	work 0 --snapshot "$ID" -j 2 --max $((n - 1)) --order listed -- "$COPY"
	in_background w pg-queue work -d "$DST" --snapshot "$ID" -- \
		"until [ -e '$PWD/go' ]; do sleep 0.05; done; $COPY"
	wait_for running 1
	dst "update pgpipe.queued set wrong = true where chunk = '$first'"
	for verb in 'retry --wrong' "retry $first" "drop $first"; do
		read -ra words <<<"$verb"
		exits 4 pg-queue "${words[@]}" -d "$DST"
		like "$err" '0 chunks are (pending again|dropped)'
		like "$err" 'slices? by ctid of queue "default" (was|were) left alone: others of the table are being worked on'
		is "$(states)" "done|$((n - 1))"$'\npending|1'
		is "$(dst 'select distinct round from pgpipe.queued')" 1
	done
	dst 'update pgpipe.queued set wrong = false where wrong'
	touch go
	ended w 0
	t_is_whole
	src "update t set v = 'later'"
	exits 0 pg-queue retry -d "$DST" "$first"
	like "$err" "$n chunks are pending again"
	is "$(dst 'select distinct round from pgpipe.queued')" 2
	work 0 --snapshot "$ID" -j 2 -- "$COPY"
	t_is_whole
	is "$(pg-queue results -d "$DST" | jq -r 'select(.chunk).status' | sort -u)" loaded
}

@test "slices by key are ranges, each under a snapshot of its own" {
	both 'create table t (id int primary key, v text)'
	src "insert into t select i, repeat('x', 200) from generate_series(1, 20000) i; analyze"
	pg-chunks -d "$SRC" --split 1MB --by key t | pg-queue put -q -d "$DST"
	[ "$(dst 'select count(*) from pgpipe.queued')" -ge 3 ]
	work 0 -j 2 -- "$COPY"
	same_table "src/$DB" "dst/$DB" t
	pipes '0 0' 'pg-queue results -d "$DST" | pg-checksum -d "$DST"'
}

# --- retry, drop, clear --------------------------------------------------------------------

@test "a chunk that is done is done anew when its retry is asked for" {
	partitions 2 20
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	work 0 -- "$COPY"
	src "update p1 set v = 'new'"
	pg-queue retry -q -d "$DST" public.m/public.p1
	work 0 -- "$COPY"
	is "$(dst "select count(*) from p1 where v = 'new'")" 20
	same_table "src/$DB" "dst/$DB" m
	exits 2 pg-queue retry -d "$DST" nosuch
	like "$err" 'there is no chunk "nosuch"'
}

@test "drop and clear leave alone what is being worked on" {
	put a b
	in_background w pg-queue work -d "$DST" --order listed -- \
		"cd '$PWD'; until [ -e go ]; do sleep 0.05; done; $answer"
	wait_for running 1
	exits 4 pg-queue clear -d "$DST"
	like "$err" '1 chunk of queue "default" is being worked on and was not removed'
	exits 4 pg-queue drop -d "$DST" public.a public.b
	like "$err" '1 chunk is dropped'
	is "$(dst 'select chunk from pgpipe.queued')" public.a
	touch go
	ended w 0
	exits 0 pg-queue clear -d "$DST"
}

# --- requests, and hostile names -----------------------------------------------------------

@test "what is not understood is exit 2" {
	exits 2 pg-queue
	like "$err" 'a verb is missing'
	exits 2 pg-queue dance
	exits 2 pg-queue work -d "$DST"
	exits 2 pg-queue work -d "$DST" -- a b
	exits 2 pg-queue put -d "$DST" x </dev/null
	exits 2 pg-queue put -d "$DST" -j 2 </dev/null
	like "$err" -- '--jobs does not go with "put"'
	exits 2 pg-queue drop -d "$DST"
	exits 2 pg-queue status -d "$DST" --queue ''
	exits 3 pg-queue work -d "$DST" -- true
	like "$err" 'there is no queue'
}

@test "hostile names go through" {
	local name=$'a"b\'c\\d $(touch hit) é\t'
	line "$name" | pg-queue put --partial -q -d "$DST" --queue "q'\"\\"
	exits 0 pg-queue work -q -d "$DST" --queue "q'\"\\" -- "$answer"
	exits 0 pg-queue list -d "$DST" --queue "q'\"\\"
	is "$(jq -r 'select(.table).table' <"$OUT")" "$name"
	[ ! -e hit ]
	exits 0 pg-queue retry -q -d "$DST" --queue "q'\"\\" "public.$name"
	exits 0 pg-queue drop -q -d "$DST" --queue "q'\"\\" "public.$name"
}

@test "tables that strangers own are not trusted, and no superuser is needed" {
	dst "create role stranger_$DB; create role worker_$DB login;
		grant create on database $DB to worker_$DB, stranger_$DB;
		set role stranger_$DB; create schema pgpipe"
	pipes '* 3' 'line a | pg-queue put --partial -d "$DST user=worker_$DB"'
	like "$err" 'cannot trust the queue in schema "pgpipe"'
	dst 'drop schema pgpipe'
	line a | pg-queue put --partial -q -d "$DST user=worker_$DB"
	exits 0 pg-queue work -q -d "$DST user=worker_$DB" -- "$answer"
	is "$(states)" 'done|1'
	exits 3 pg-queue pause-jobs -d "$DST user=worker_$DB"
	like "$err" 'has no TimescaleDB'
	dst "drop owned by worker_$DB, stranger_$DB; drop role worker_$DB, stranger_$DB"
}

@test "pgpipe init makes the queue's tables, too" {
	exits 0 pgpipe init -d "$DST"
	exits 0 pgpipe init -n
	like "$out" '"pgpipe".queued'
	is "$(dst "select count(*) from pg_tables where schemaname = 'pgpipe' and tablename like 'queue%'")" 6
}

# --- examples ------------------------------------------------------------------------------

# A network namespace stands for a host: its own addresses, and a cable to ours.
namespace() {	# NAME NETWORK: .1 is ours, .2 is its
	ip netns add "$1" || skip 'may not make network namespaces'
	SPACES="${SPACES:-} $1"
	ip link add "$1" type veth peer name eth0 netns "$1"
	ip addr add "$2.1/30" dev "$1"
	ip link set "$1" up
	ip -n "$1" addr add "$2.2/30" dev eth0
	ip -n "$1" link set lo up
	ip -n "$1" link set eth0 up
	ip -n "$1" route add default via "$2.1"
}

@test "GNU parallel works on one queue from two hosts" {
	require_root 'to make network namespaces'
	command -v ip >/dev/null || skip 'needs ip(8)'
	parallel --version 2>/dev/null | grep -q '^GNU parallel' || skip 'needs GNU parallel'
	local net=198.18.$((RANDOM % 256)) a=pgqa$$ b=pgqb$$ name
	namespace "$a" "$net"
	namespace "$b" "198.19.$((RANDOM % 256))"
	for name in src dst; do
		pg_restart "$name" "listen_addresses = '*'"
		pg_hba "$name" 'local all all trust' 'host all all 198.18.0.0/15 trust'
	done
	partitions 12 100
	SRC="host=$net.1 port=$(pg_port src) user=postgres dbname=$DB"
	DST="host=$net.1 port=$(pg_port dst) user=postgres dbname=$DB"
	# What ssh and sshd do between hosts.
	cat >ssh <<-'EOF'
		#!/bin/sh
		SHELL=/bin/sh
		export SHELL
		while [ "${1#-}" != "$1" ]; do
			case $1 in -l | -p | -o) shift ;; esac
			shift
		done
		host=$1
		shift
		[ "$1" != -- ] || shift
		exec ip netns exec "$host" sh -c "$*"
	EOF
	chmod +x ssh
	# Each worker takes long enough for the other to get its share.
	mkdir tools
	cat >tools/pg-copyout <<-EOF
		#!/bin/sh
		ip -br addr show eth0 | awk '{ print \$3 }' >>'$PWD/places'
		sleep 0.3
		exec '$BUILD/bin/pg-copyout' "\$@"
	EOF
	chmod +x tools/pg-copyout
	HOME=$PWD PARALLEL_SSH=$PWD/ssh PATH=$PWD/tools:$PATH exits 0 \
		"$TREE/examples/queue-parallel.sh" "$a,$b" m
	is "$(jq -r 'select(.status).status' <(grep '^{' "$OUT") | sort | uniq -c | xargs)" '12 match'
	like "$err" "^$a.*pg-queue: queue"
	like "$err" "^$b.*pg-queue: queue"
	is "$(sort -u places | wc -l)" 2 'both hosts had a share'
	is "$(wc -l <places)" 12
	same_table "src/$DB" "dst/$DB" m
	# Cleared at the end.
	is "$(dst 'select count(*) from pgpipe.queued')" 0
}

@test "the other examples are what their schedulers read" {
	sh -n "$TREE/examples/queue-slurm.sh"
	like "$(grep '^#SBATCH' "$TREE/examples/queue-slurm.sh")" '--array=[0-9]'
	# Its command is one that works, as a task would run it.
	partitions 2 10
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	SLURM_CPUS_PER_TASK=2 exits 0 "$TREE/examples/queue-slurm.sh"
	same_table "src/$DB" "dst/$DB" m
	# The manifest, with a reader of YAML that may be there.
	command -v python3 >/dev/null && python3 -c 'import yaml' 2>/dev/null || skip 'needs a YAML reader'
	python3 - "$TREE/examples/queue-kubernetes.yaml" >job <<-'EOF'
		import json, sys, yaml
		print(json.dumps(yaml.safe_load(open(sys.argv[1]))))
	EOF
	is "$(jq -r '[.apiVersion, .kind] | join(" ")' <job)" 'batch/v1 Job'
	mapfile -t words < <(jq -r '.spec.template.spec.containers[0] | (.command + .args)[]' <job |
		sed "s|^\\\$(DST)\$|$DST|")
	is "${words[0]} ${words[1]}" 'pg-queue work'
	pg-queue clear -q -d "$DST"
	pg-chunks -d "$SRC" m | pg-queue put -d "$DST" -q
	exits 0 "${words[@]}"
	like "$err" '2 of 2 chunks done'
}
