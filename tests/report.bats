#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-report: what is asked, what is judged, and what happens when it fails.  The
# sections and checks here are the tests' own; ours have files of theirs.

load lib/common
load lib/report

setup_file() {
	common_setup_file
	pg_start a
	pg_sql a "create role nobody login;
		create database app;
		create database other;
		create database closed;
		revoke connect on database closed from public;
		create role app_owner login; grant connect on database closed to app_owner"
	pg_sql a/app "create table t (id int primary key, v text);
		create table locked (id int);
		create schema hidden; create table hidden.s (id int);
		create table \"<script>\" (\"a\"\"b\" int)"
}

setup() {
	common_setup
	own_folders
	DB=$(pg_dsn a/app)
	PLAIN="${DB/user=postgres/user=nobody}"
	export DB PLAIN
}

teardown() {
	local pid
	while read -r pid; do kill "$pid" 2>/dev/null || :; done < <(cat pids 2>/dev/null)
}

collect() { exits "$1" pg-report collect -q -d "$DB" -o c.json "${@:2}"; }	# CODE ARGUMENT...
of() { jq -c "$1" c.json; }
section_of() { jq -c --arg id "$1" '[.databases[].sections[], .server.sections[]][] |
	select(.id == $id)' c.json; }
check_of() { jq -c --arg id "$1" '[.databases[].checks[], .server.checks[]][] |
	select(.id == $id)' c.json; }
outcome() { check_of "$1" | jq -r '.status + ": " + (.reason // "")'; }
asleep() { pg_sql_true "$1" "select count(*) > 0 from pg_stat_activity where query ~ 'pg_sleep'
	and pid <> pg_backend_pid()"; }	# SERVER
nothing_left() { is "$(find . -name 'c.json*' -o -name 'r.*' -o -name '*.tmp')" ''; }

# --- collections ---------------------------------------------------------------------------

@test "a collection holds what sections and checks found, and keeps its schema" {
	section facts 'layout: facts
key: [b]
volatile: [i]
show: [{column: b, title: B, format: flag}]' "select true as b, 7::int2 as i, 9007199254740993 as big,
		1.50::numeric as n, 12345678901234567.25 as long, 'NaN'::float8 as nan,
		0.1::float8 as real, '{\"a\": [1, null]}'::jsonb as j, null as none,
		timestamptz '2026-01-02 03:04:05.5+02' as at, 'infinity'::timestamptz as never,
		array['x'] as list;"
	section whole 'scope: server' 'select 1 as one where false'
	check sick 'thresholds: {warning: 0.5, word: x}
message: "{object} has {value:percent} of {size:bytes}, {rest}"' "select 'warning' as severity,
		'public.t' as object, 0.75 as value, (\$1::jsonb->>'warning')::float8 as threshold,
		1536 as size, null as rest"
	check well '' 'select 1 where false'
	check cluster 'scope: server
category: config'
	collect 0 --title 'Our app'
	explains_itself c.json
	is "$(of '[.format, .version, .complete, .title, (.databases | length)]')" \
		'["pgpipe-collection",1,true,"Our app",1]'
	like "$(of '.server | [.standby, .user, .system, .where]')" '^\[false,"postgres","[0-9]+","host='
	is "$(of '.databases[0] | [.database, .encoding, .extensions.plpgsql, .status]')" \
		'["app","UTF8","1.0","ok"]'
	is "$(section_of facts | jq -c '.rows[0]')" \
		'{"b":true,"i":7,"big":"9007199254740993","n":1.5,"long":"12345678901234567.25","nan":"NaN","real":0.1,"j":{"a":[1,null]},"none":null,"at":"2026-01-02T01:04:05.5Z","never":"infinity","list":"{x}"}'
	is "$(section_of facts | jq -c '[.layout, .key, .volatile, .show[0].format, .total, .columns[1]]')" \
		'["facts",["b"],["i"],"flag",1,{"name":"i","type":"smallint"}]'
	is "$(section_of whole | jq -c '[.columns, .rows, .total]')" '[[{"name":"one","type":"integer"}],[],0]'
	is "$(of '[.server.sections[0].id, .server.checks[0].id]')" '["whole","cluster"]'
	is "$(check_of sick | jq -c '.findings')" \
		'[{"key":"sick:public.t","object":"public.t","severity":"warning","message":"public.t has 75 % of 1.5 kB, unknown","do":null,"undo":null,"values":{"value":0.75,"threshold":0.5,"size":1536,"rest":null}}]'
	is "$(check_of well | jq -c '[.status, .findings, .total]')" '["ok",[],0]'
	# The schema itself is no rubber stamp.
	jq '.server.standby = 1 | .databases[0].checks[0].status = "fine" | .more = 1 |
		del(.score.total)' c.json >bad.json
	if explains_itself bad.json >faults; then return 1; fi
	for fault in 'it has more' 'it.server.standby is integer' 'it.score has no total' \
		'checks\[0\].status is fine'; do
		like "$(<faults)" "$fault"
	done
}

@test "values of any shape make a collection that can be read again" {
	section odd '' "select (repeat('[', 60) || repeat(']', 60))::jsonb as deep,
		'{\"a\": 1, \"a\": 2}'::json as twice, '[1e400]'::jsonb as large, '\"\\u0000\"'::json as null_byte,
		('{\"s\": \"' || repeat('[', 60) || '\"}')::json as brackets, E'\\001\\n\\u202e' as control, ''::text as empty, -0.0::float8 as zero,
		'{\"n\": 9007199254740993, \"s\": \"\\ud83d\\ude00\"}'::json as inner"
	collect 0
	explains_itself c.json
	exits 0 pg-report render --format json c.json
	is "$(section_of odd | jq -c '.rows[0] | [(.deep | type), .twice, (.large | type), .null_byte, .empty, .inner.s, (.brackets.s | length)]')" \
		'["string","{\"a\": 1, \"a\": 2}","string","\"\\u0000\"","","😀",60]'
}

@test "sessions only read, and schema sections see one snapshot" {
	local columns="select current_setting('transaction_read_only') as ro,
		current_setting('transaction_isolation') as level,
		current_setting('lock_timeout') as lock,
		current_setting('statement_timeout') as statement,
		current_setting('search_path') as path,
		txid_current_snapshot()::text as snapshot"
	section first 'group: schema' "$columns"
	section second 'group: schema' "$columns, pg_advisory_lock(0)"
	section third 'group: statistics' "$columns"
	section writes 'group: schema' 'create table made (id int)'
	section writes-too 'group: statistics' 'create table made (id int)'
	collect 0 --timeout 2500ms
	is "$(section_of first | jq -c '.rows[0] | [.ro, .level, .lock, .statement, .path]')" \
		'["on","repeatable read","1s","2500ms","\"\""]'
	is "$(section_of third | jq -c '.rows[0] | [.ro, .level]')" '["on","read committed"]'
	is "$(section_of first | jq .rows[0].snapshot)" "$(section_of second | jq .rows[0].snapshot)"
	for s in writes writes-too; do
		like "$(section_of $s | jq -r '.status + ": " + .reason')" '^error: .*read-only'
	done
}

@test "the query is that of the server's version; others are skipped with the reason" {
	section versions '' "select 'any' as q"
	echo "select 'old' as q" >share/report/versions/query.pg11.sql
	echo "select 'mine' as q" >"share/report/versions/query.pg$PG_MAJOR.sql"
	echo "select 'new' as q" >share/report/versions/query.pg98.sql
	section too-new 'min_pg: 98'
	section too-old 'max_pg: 12'
	section with-extension 'extension: nothing_has_it'
	check future 'min_pg: 98'
	check of-extension 'extension: nothing_has_it'
	check standing '' 'select 1 where false'
	collect 0
	is "$(section_of versions | jq -c .rows)" '[{"q":"mine"}]'
	is "$(section_of too-new | jq -r '.status, .reason')" $'skipped\nneeds PostgreSQL 98 or later, this is '"$PG_MAJOR"
	is "$(section_of too-old | jq -r '.status, .reason')" $'skipped\nis for PostgreSQL up to 12, this is '"$PG_MAJOR"
	is "$(section_of with-extension)" ''
	is "$(outcome of-extension)" 'skipped: the extension nothing_has_it is not installed here'
	# What cannot apply is not counted.
	is "$(of '.score | [.evaluated, .total, .skipped, .score]')" '[1,1,0,100]'
}

@test "reasons to skip: when.sql, statistics that are too young, heavy queries" {
	check when-not '' ; echo "select 'because of ' || 1" >share/report/when-not/when.sql
	check when-so ''; echo 'select null::text;' >share/report/when-so/when.sql
	check when-broken ''; echo 'select nothing' >share/report/when-broken/when.sql
	check young 'stats_days: 7'
	check young-too 'stats_days: 7'
	check says-so '' "select 'skipped' as severity, null as object, 'no view' as reason"
	section big 'cost: heavy'
	echo 'stats_days: {young-too: 0}' >config.yaml
	collect 0 --config config.yaml
	is "$(outcome when-not)" 'skipped: because of 1'
	is "$(outcome when-so)" 'warning: '
	like "$(outcome when-broken)" '^error: column "nothing" does not exist'
	like "$(outcome young)" '^skipped: statistics are [0-9]+ (min|h) old, 7 d are needed'
	is "$(outcome young-too)" 'warning: '
	is "$(outcome says-so)" 'skipped: no view'
	is "$(section_of big | jq -r .status)" ok
	is "$(of '.score | [.evaluated, .total, .skipped, .errors, .score]')" '[2,6,3,1,null]'
}

# --- who may ask what -------------------------------------------------------------------------

@test "a role that can only connect gets all that it may, and reasons for the rest" {
	section public '' 'select relname from pg_catalog.pg_class limit 1'
	section hidden '' 'select * from hidden.s'
	section hidden-too 'group: schema' 'select * from hidden.s'
	section after 'group: schema'
	check monitor 'privilege: [pg_read_all_stats]'
	check root 'privilege: [superuser]'
	check files 'privilege: ["execute pg_catalog.pg_ls_waldir()"]'
	check nowhere 'privilege: [no_such_role]'
	check fine '' 'select 1 where false'
	DB=$PLAIN collect 0
	explains_itself c.json
	is "$(section_of public | jq -c '[.status, .total]')" '["ok",1]'
	for s in hidden hidden-too; do
		is "$(section_of $s | jq -r '.status + ": " + .reason')" \
			'skipped: lacks a privilege: permission denied for schema hidden'
	done
	is "$(section_of after | jq -r .status)" ok
	is "$(outcome monitor)" 'skipped: needs the role pg_read_all_stats, which pg_monitor has'
	is "$(outcome root)" 'skipped: needs a superuser'
	is "$(outcome files)" 'skipped: needs the right to execute pg_catalog.pg_ls_waldir()'
	is "$(outcome nowhere)" 'skipped: needs the role no_such_role'
	is "$(outcome fine)" 'ok: '
	# One of five says little about health.
	is "$(of '.score | [.evaluated, .total, .skipped, .score, .grade]')" '[1,5,4,null,null]'
	collect 0
	is "$(check_of monitor | jq -r .status)$(check_of files | jq -r .status)" warningwarning
}

@test "a hot standby is asked as well, but for what is a primary's" {
	pg_standby b a
	section mine 'group: schema' 'select pg_is_in_recovery() as standby'
	check primaries 'primary: true'
	check both '' 'select 1 where false'
	DB=$(pg_dsn b/postgres) collect 0
	is "$(of .server.standby)$(section_of mine | jq -c .rows)" 'true[{"standby":true}]'
	is "$(outcome primaries)" 'skipped: is for a primary, this is a standby'
	is "$(of '.score | [.evaluated, .total]')" '[1,1]'
	pg_stop b
}

# --- failures -------------------------------------------------------------------------------

@test "a section that fails costs itself alone: locks, time-outs, nonsense" {
	section locked '' 'select count(*) from public.locked'
	section locked-too 'group: schema' 'select count(*) from public.locked'
	section slow '' 'select pg_catalog.pg_sleep(20)'
	section broken '' 'selekt 1'
	section broken-too 'group: schema' 'select 1/0'
	section two '' 'select 1; select 2'
	section good 'group: schema'
	section good-too ''
	check wrong '' "select 'terrible' as severity, 'x' as object"
	check empty '' "select 'warning' as severity"
	check template 'message: "{object} {lacking}"'
	check failing '' 'select 1/0'
	psql -XAtq -d "$DB" <<<"begin; lock table locked in access exclusive mode;
		select 'held'; select pg_sleep(60)" >held 3>&- &
	echo $! >pids
	wait_for grep -q held held
	collect 0 --timeout 1500ms
	kill "$(<pids)"
	for s in locked locked-too; do
		like "$(section_of $s | jq -r '.status + ": " + .reason')" '^error: waited longer than 1.*s for a lock: canceling'
	done
	like "$(section_of slow | jq -r '.status + ": " + .reason')" '^error: took longer than 1.5 s \(--timeout\): canceling'
	like "$(section_of broken | jq -r .reason)" 'syntax error'
	like "$(section_of broken-too | jq -r .reason)" '^division by zero'
	like "$(section_of two | jq -r .reason)" 'cannot insert multiple commands'
	is "$(section_of good | jq -c .rows)$(section_of good-too | jq -c .rows)" '[{"one":1}][{"one":1}]'
	is "$(outcome wrong)" 'error: the query gives the severity "terrible"'
	is "$(outcome empty)" 'error: the query gives a row without object'
	is "$(outcome template)" 'error: "message" names the column "lacking", which the query does not give'
	is "$(outcome failing)" 'error: division by zero'
	explains_itself c.json
	exits 0 pg-report check -q c.json
	is "$(jq -r 'select(.severity == "error").check' <<<"$out" | xargs)" 'empty failing template wrong'
}

@test "a server that is lost is exit 4, and leaves no half of a report" {
	pg_start killed
	section slow '' 'select pg_catalog.pg_sleep(60)'
	echo before >kept.json
	for verb in 'collect -o c.json' 'collect -o kept.json' '-o r.html'; do
		# shellcheck disable=SC2086 # words
		pg-report $verb -q -d "$(pg_dsn killed)" >out 2>err 3>&- &
		pid=$!
		wait_for asleep killed
		pg_kill killed
		code=0
		wait $pid || code=$?
		is "$code" 4 "$verb: $(cat err)"
		is "$(<out)" ''
		like "$(<err)" 'error: the connection to the server was lost'
		pg_start killed
	done
	nothing_left
	is "$(<kept.json)" before
}

@test "a check whose session is ended says so with exit 4, and prints no line" {
	check slow '' "select 'warning' as severity, pg_catalog.pg_sleep(60)::text as object"
	pg-report check -q -d "$DB" >out 2>err 3>&- &
	pid=$!
	wait_for pg_sql_true a "select count(pg_terminate_backend(pid)) > 0 from pg_stat_activity
		where query ~ 'pg_sleep' and pid <> pg_backend_pid()"
	code=0
	wait $pid || code=$?
	is "$code" 4 "$(cat err)"
	is "$(<out)" ''
	exits 4 pg-report check -d "host=$PWD port=1"
	is "$out" ''
}

@test "an interrupt ends the question that is asked, and nothing is written" {
	section slow '' 'select pg_catalog.pg_sleep(60)'
	env --default-signal=INT pg-report collect -q -d "$DB" -o c.json >out 2>err 3>&- &
	pid=$!
	wait_for asleep a
	kill -INT $pid
	code=0
	wait $pid || code=$?
	is "$code" 130 "$(cat err)"
	nothing_left
}

@test "a full disk is a failure, for a file and for stdout, and leaves no file" {
	section large '' "select repeat('x', 200000) as x from generate_series(1, 10)"
	tmpfs "$PG_ROOT/small" 1M
	exits 3 pg-report collect -q -d "$DB" -o "$PG_ROOT/small/c.json"
	like "$err" 'error: could not write to ".*small/c.json": No space left'
	is "$(ls -A "$PG_ROOT/small")" ''
	pipes 3 'pg-report collect -q -d "$DB" >/dev/full'
	like "$err" 'No space left'
	collect 0
	pipes 3 'pg-report render --format json c.json >/dev/full'
	pipes 3 'pg-report check -q -d "$DB" >/dev/full'
	pipes 3 'pg-report explain >/dev/full'
	exits 3 pg-report render --format json c.json -o /dev/full
	exits 3 pg-report collect -q -d "$DB" -o nowhere/c.json
	like "$err" 'error: could not create ".*nowhere/c.json": No such file'
}

@test "-o keeps an older report until the new one is whole, and takes its place then" {
	section one ''
	echo old >c.json
	collect 0
	is "$(of .complete)" true
	is "$(find . -name '*.tmp')" ''
	exits 2 pg-report -q -d "$DB" -o report.xyz
	like "$err" 'does not tell a format: use --format'
	exits 0 pg-report -q -d "$DB" -o report.xyz --format json
	is "$(jq .complete report.xyz)" true
	exits 0 pg-report collect -q -d "$DB" -o -
	is "$(jq .complete <<<"$out")" true
}

# --- names from a database ----------------------------------------------------------------------

@test "whatever names hold, SQL that is proposed means just them" {
	local hostile="';drop table t;--"
	pg_sql a "create database hostile"
	pg_sql a/hostile "create schema \"S.\"\"s\"; create table \"S.\"\"s\".\"$hostile\" (i int);
		create table \"{x}\" (i int); create table \"line
break\" (i int); create table plain (i int); create table \"order\" (i int);
		comment on table plain is E'it''s \\\\ \"so\"'"
	check names 'message: "table {table} of {schema} {{x}}"
do: "comment on table {schema}.{table} is {name:literal};"
undo: "comment on table {rel:raw} is null;"' "select 'notice' as severity, n.nspname || '.' || c.relname as object,
		n.nspname as schema, c.relname as table, c.relname as name, c.oid::pg_catalog.regclass::text as rel,
		null as nothing
		from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')"
	check no-do 'do: "drop {nothing};"' "select 'notice' as severity, 'x' as object, null as nothing"
	DB=$(pg_dsn a/hostile)
	exits 0 pg-report check -q -d "$DB"
	is "$(jq -r 'select(.object == "public.{x}").message' <<<"$out")" 'table {x} of public {x}'
	is "$(jq -r 'select(.object == "public.plain").do' <<<"$out")" "comment on table public.plain is 'plain';"
	is "$(jq -r 'select(.object == "public.order").do' <<<"$out")" "comment on table public.\"order\" is 'order';"
	is "$(jq -c 'select(.check == "no-do").do' <<<"$out")" null
	is "$(wc -l <"$OUT")" 7
	# Run what is proposed: every table gets its name as a comment, nothing else happens.
	jq -r 'select(.check == "names").do' "$OUT" | pg_sql a/hostile
	is "$(pg_sql a/hostile "select count(*), bool_and(obj_description(oid, 'pg_class') = relname) from pg_class
		where relkind = 'r' and relnamespace in ('public'::regnamespace, '\"S.\"\"s\"'::regnamespace)")" '5|t'
	jq -r 'select(.check == "names").undo' "$OUT" | pg_sql a/hostile
	is "$(pg_sql a/hostile "select count(obj_description(oid, 'pg_class')) from pg_class where relnamespace = 'public'::regnamespace")" 0
	pg_sql a 'drop database hostile'
}

# --- lines ---------------------------------------------------------------------------------------

@test "check prints a line for each finding, worst first, and says by exit 1 what is unhealthy" {
	check a-notice 'category: index' "select 'notice' as severity, 'n' as object"
	check b-critical 'category: index
do: "select 1;"' "select * from (values ('warning', 'w', 1, 2), ('critical', 'c2', 3, 4), ('critical', 'c1', 5, 6),
		('critical', 'w', 7, 8)) v(severity, object, value, threshold)"
	check skips 'privilege: [no_such_role]'
	check fine '' 'select 1 where false'
	section never '' 'select 1/0'
	exits 1 pg-report check -d "$DB"
	is "$(jq -r 'select(.check) | "\(.severity) \(.check) \(.object)"' <<<"$out")" "critical b-critical c1
critical b-critical c2
critical b-critical w
notice a-notice n
skipped skips null"
	is "$(sed -n 1p <<<"$out")" '{"check":"b-critical","severity":"critical","category":"index","database":"app","object":"c1","message":"c1 is not well","value":5,"threshold":6,"do":"select 1;","undo":null,"key":"b-critical:c1"}'
	is "$(sed -n 5p <<<"$out" | jq -c '[.database, .message, .key]')" '["app","needs the role no_such_role",null]'
	is "$(tail -n 1 <<<"$out")" '{"end":"pg-report","lines":5,"score":69}'
	like "$err" 'score 69 \(D\), 3 of 4 checks evaluated; 3 critical, 0 warnings, 1 notices'
	exits 1 pg-report check -q -d "$DB" --only a-notice --fail-on notice
	exits 0 pg-report check -q -d "$DB" --only a-notice --fail-on warning
	exits 0 pg-report check -q -d "$DB" --ignore b-critical
	exits 0 pg-report check -q -d "$DB" --only risk
	is "$(jq -r .check <<<"$out" | xargs)" 'skips null'
	# Of a collection the same; collect itself judges when asked.
	collect 0
	exits 1 pg-report check -q c.json
	is "$(wc -l <"$OUT")" 6
	rm c.json
	collect 1 --fail-on critical
	is "$(of .complete)" true
	exits 1 pg-report -q -d "$DB" --fail-on notice -o c.json
}

@test "--only, --ignore and --sections choose by id, category and group; what is not there is said" {
	section one 'group: schema'
	section two 'group: sizes'
	section three 'group: sizes'
	check c1 'category: index'
	check c2 'category: docs'
	chosen() { collect 0 "$@"; of '[.databases[0] | (.sections, .checks)[].id] | sort | join(" ")'; }
	is "$(chosen --only sizes,c1)" '"c1 three two"'
	is "$(chosen --ignore sizes --ignore docs)" '"c1 one"'
	is "$(chosen --sections one)" '"c1 c2 one"'
	is "$(chosen --sections none)" '"c1 c2"'
	is "$(chosen --sections sizes --ignore two)" '"c1 c2 three"'
	exits 2 pg-report collect -d "$DB" --only one,nonsense
	like "$err" 'error: there is no check, section, category or group "nonsense"'
	exits 2 pg-report collect -d "$DB" --sections c1
	like "$err" 'error: there is no section and no group "c1"'
	exits 2 pg-report collect -d "$DB" --ignore ,
}

# --- the score --------------------------------------------------------------------------------------

@test "the score: weights, saturation, caps, coverage; the same input gives the same" {
	score() { collect 0 --sections none; of '.score | [.score, .grade, .cap]'; }
	check r1 'category: risk' 'select 1 where false'
	check m1 'category: maintenance' 'select 1 where false'
	is "$(score)" '[100,"A",null]'
	# One warning of 1: 4/2 of 10; risk 30 and maintenance 20: 100 - 20 * 30 / 50.
	check r1 'category: risk'
	is "$(score)" '[88,"B",null]'
	# 500 of them: 4 of 10, no more.
	check r1 'category: risk' "select 'warning' as severity, i::text as object from generate_series(1, 500) i"
	is "$(score)" '[76,"C",null]'
	is "$(check_of r1 | jq '.findings | length')" 500
	# A weight counts beside others of the category alone.
	check r2 'category: risk
weight: 3' 'select 1 where false'
	is "$(score)" '[94,"A",null]'
	check m1 'category: maintenance' "select 'critical' as severity, 'm' as object"
	is "$(score)" '[69,"D",{"at":69,"check":"m1"}]'
	check r2 'category: risk' "select 'critical' as severity, 'r' as object"
	is "$(score)" '[49,"F",{"at":49,"check":"r2"}]'
	# No cap where it limits nothing.
	check r3 'category: risk' "select 'critical' as severity, i::text as object from generate_series(1, 50) i"
	check m1 'category: maintenance' "select 'critical' as severity, i::text as object from generate_series(1, 50) i"
	rm -r share/report/r1 share/report/r2
	is "$(score)" '[0,"F",null]'
	cp c.json first.json
	collect 0 --sections none
	is "$(jq -cS '[.score, .databases[].checks[].findings]' c.json)" "$(jq -cS '[.score, .databases[].checks[].findings]' first.json)"
	# A check of several databases is one check.
	for i in 1 2 3; do check s$i 'privilege: [no_such_role]'; done
	is "$(score)" '[null,null,null]'
	is "$(of '.score | [.evaluated, .total, .skipped]')" '[2,5,3]'
	rm -r share/report/s3
	collect 0 --all-databases --sections none
	is "$(of '.score | [.evaluated, .total, .skipped]')" '[2,4,2]'
}

# --- configuration --------------------------------------------------------------------------------------

@test "a configuration, YAML or JSON, sets thresholds, purposes, connection and choice" {
	section tables 'key: [schema, table]' "select n.nspname as schema, c.relname as table from pg_catalog.pg_class c
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relname in ('t', 'locked') order by 2"
	section long '' 'select generate_series(1, 100) as i'
	check limit 'thresholds: {warning: 5, name: x}' "select 'warning' as severity, (\$1::jsonb->>'name') as object,
		(\$1::jsonb->>'warning')::float8 as value"
	cat >config.yaml <<-YAML
		# Comments are allowed
		title: &t "Title: 1"
		connection: "$DB"
		timeout: 5s
		collect_limit: 10
		fail_on: warning
		ignore: [docs-of-none]
		thresholds:
		  limit: {warning: 7.5}
		purposes:
		  public.t: |
		    what is
		    in it
		  app: {public.locked: locked away}
		  elsewhere: {public.locked: not here}
	YAML
	exits 2 pg-report collect --config config.yaml
	like "$err" 'there is no check, section, category or group "docs-of-none"'
	sed -i '/^ignore/d' config.yaml
	exits 1 pg-report collect -q --config config.yaml -o c.json
	explains_itself c.json
	is "$(of '[.title, .databases[0].database]')" '["Title: 1","app"]'
	is "$(check_of limit | jq -c '[.thresholds, .findings[0].object, .findings[0].values.value]')" '[{"warning":7.5,"name":"x"},"x",7.5]'
	is "$(section_of tables | jq -c '[.rows[].purpose]')" '["locked away","what is\nin it\n"]'
	is "$(of '.databases[0].purposes')" '{"public.t":"what is\nin it\n","public.locked":"locked away"}'
	is "$(section_of long | jq -c '[(.rows | length), .total]')" '[10,100]'
	echo '{"title": "\ud83d\udc18", "thresholds": {"limit": {"name": "y"}}, "sections": ["none"]}' >config.json
	collect 0 --config config.json
	is "$(of '[.title, (.databases[0].sections | length)]')$(check_of limit | jq -c .findings[0].object)" '["🐘",0]"y"'
	collect 0 --config config.json --title mine --sections long
	is "$(of '[.title, .databases[0].sections[0].id]')" '["mine","long"]'
	: >empty.yaml
	collect 0 --config empty.yaml
}

@test "what is wrong in a configuration is told with file and line, before any server is asked" {
	check limit 'thresholds: {warning: 5}'
	wrong() {	# YAML MESSAGE
		printf '%s\n' "$1" >config.yaml
		exits 2 pg-report collect -d "host=$PWD port=1" --config config.yaml
		like "$err" "$2" && is "$out" '' && unlike "$err" 'could not connect'
	}
	wrong $'title: x\ntitel: y' '^pg-report: error: "config.yaml", line 2: there is no key "titel"$'
	like "$err" 'hint: keys here are title, connection'
	wrong $'a: [1\nb: 2' '"config.yaml", line 2: it is no YAML: did not find expected'
	wrong $'title: x\n\n  title2: y' 'line 3: it is no YAML'
	wrong $'title: x\ntitle: y' 'line 2: the key "title" is there twice'
	wrong 'title: 5' 'line 1: "title" must be a text'
	wrong $'jobs: 2\nheavy: yes' 'line 2: "heavy" must be true or false'
	wrong 'fail_on: terrible' '"fail_on" must be one of notice, warning, critical'
	wrong 'timeout: soon' '"timeout" must be a duration as in 30s'
	wrong 'only: [1]' '"only" must be a list of texts'
	wrong $'thresholds:\n  limit:\n    warnin: 3' 'line 3: the check "limit" has no threshold "warnin"'
	wrong $'thresholds:\n  limit:\n    warning: much' 'line 3: "thresholds.limit.warning" must be a number'
	wrong $'thresholds:\n  nothing: {warning: 1}' 'line 2: there is no check "nothing"'
	like "$err" 'hint: pg-report explain lists them'
	wrong $'waivers:\n- {key: "limit:x", reason: so}' 'line 2: "waivers\[0\].until" is missing'
	wrong $'waivers:\n- key: "limit:x"\n  reason: so\n  until: 2026-02-30' 'line 4: "waivers\[0\].until" must be a day'
	wrong $'waivers:\n- {key: limit, reason: so, until: 2026-02-03}' 'must be "CHECK:OBJECT" or "CHECK:\*"'
	wrong $'waivers:\n- {key: "lmit:x", reason: so, until: 2026-02-03}' 'line 2: there is no check "lmit"'
	wrong $'purposes: {public.t: 3}' '"purposes.public.t" must be a text'
	wrong '- a list' 'it must be a map'
	wrong '!!python/object:os.system {}' 'tags are not known here'
	wrong $'a: &a [1]\nb: *c' 'an alias has no anchor before it'
	wrong $'title: a\n---\ntitle: b' 'line 2: a second document begins here'
	wrong $'title: "a\\0b"' 'it holds a null byte'
	wrong "$(printf '[%.0s' {1..100})" 'nested too deeply'
	wrong "$(echo 'a: &a0 [x,x,x,x,x,x,x,x,x,x]'; for i in {1..8}; do
		echo "b$i: &a$i [*a$((i - 1)),*a$((i - 1)),*a$((i - 1)),*a$((i - 1)),*a$((i - 1)),*a$((i - 1)),*a$((i - 1)),*a$((i - 1))]"; done)" \
		'too many values'
	exits 3 pg-report collect -d "host=$PWD port=1" --config nowhere.yaml
	like "$err" 'could not open "nowhere.yaml"'
}

@test "waivers: what they cover does not count, until the day they end" {
	check sick '' "select 'critical' as severity, o as object from unnest(array['a', 'b']) o"
	check ill 'category: index' "select 'critical' as severity, o as object from unnest(array['a', 'b']) o"
	cat >config.yaml <<-'YAML'
		waivers:
		  - {key: "sick:a", reason: known, until: 2999-12-31}
		  - {key: "ill:*", reason: all of them, until: 2999-12-31, database: app}
		  - {key: "sick:b", reason: no more, until: 2020-01-31}
	YAML
	exits 1 pg-report check -d "$DB" --config config.yaml
	like "$err" 'warning: the waiver of "sick:b" has ended on 2020-01-31'
	is "$(jq -c 'select(.check) | [.key, .waived.reason]' <<<"$out" | xargs)" \
		'[sick:a,known] [sick:b,null] [ill:a,all of them] [ill:b,all of them]'
	sed -i s/2020/2998/ config.yaml
	exits 0 pg-report check -q -d "$DB" --config config.yaml
	is "$(tail -n 1 <<<"$out" | jq .score)" 100
	collect 0 --config config.yaml
	explains_itself c.json
	is "$(of '[.waivers[].expired]')$(check_of sick | jq -c '[.status, .total]')" '[false,false,false]["ok",2]'
	# Of another database it is none.
	exits 1 pg-report check -q -d "$(pg_dsn a/other)" --config config.yaml
}

# --- several databases ------------------------------------------------------------------------------------

@test "--all-databases asks each, some side by side; those that are closed are told" {
	section here '' 'select current_database() as db'
	section once 'scope: server' 'select 1 as one'
	check each '' "select 'notice' as severity, 'x' as object"
	DB=$(pg_dsn a) collect 0 --all-databases -j 3
	is "$(of '[.databases[] | [.database, .sections[0].rows[0].db]]')" \
		'[["app","app"],["closed","closed"],["other","other"],["postgres","postgres"]]'
	is "$(of '.server.sections | length')" 1
	DB=${PLAIN/dbname=app/dbname=postgres} collect 0 --all-databases -j 2
	like "$err" 'warning: the database "closed" is not asked: it is closed to this user'
	explains_itself c.json
	is "$(of '[.databases[] | [.database, .status, .reason]]')" \
		'[["app","ok",null],["closed","skipped","is closed to this user"],["other","ok",null],["postgres","ok",null]]'
	exits 0 pg-report check -q -d "$(pg_dsn a)" --all-databases
	is "$(jq -r 'select(.check).database' <<<"$out" | xargs)" 'app closed other postgres'
	# By name, from a configuration; one is not there.
	echo 'databases: [other, missing=app, app]' >config.yaml
	DB=$(pg_dsn a) collect 3 --config config.yaml
	is "$(of '[.databases[] | [.database, .status]]')" '[["other","ok"],["missing=app","error"],["app","ok"]]'
	like "$err" 'database "missing=app" does not exist'
}

@test "a large database is asked in two sessions, or in one where no more may be had" {
	pg_sql a 'create role single login connection limit 1; create database large'
	pg_sql a/large "select format('create table t%s (id int)', i) from generate_series(1, 1000) i \\gexec"
	section schema 'group: schema' 'select pg_catalog.pg_backend_pid() as pid, pg_catalog.pg_sleep(0.3)::text as s'
	section rest '' 'select pg_catalog.pg_backend_pid() as pid'
	sessions() { jq '[.databases[0].sections[].rows[0].pid] | unique | length' c.json; }
	DB=$(pg_dsn a/large) collect 0
	is "$(sessions)" 2
	is "$(of '[.databases[0].sections[].id]')" '["rest","schema"]'
	DB=$(pg_dsn a/large) collect 0 -j 1
	is "$(sessions)" 1
	DB="${DB/user=postgres dbname=app/user=single dbname=large}"
	exits 0 pg-report collect -d "$DB" -o c.json
	is "$(sessions)" 1
	like "$err" 'is asked in one session, then'
	# Either of the two may be lost.
	DB=$(pg_dsn a/large)
	for group in schema other; do
		section schema 'group: schema'
		section rest ''
		section slow "group: $group" 'select pg_catalog.pg_sleep(60)'
		pg-report collect -q -d "$DB" -o lost.json >out 2>err 3>&- &
		pid=$!
		wait_for pg_sql_true a "select count(pg_terminate_backend(pid)) > 0 from pg_stat_activity
			where query ~ 'pg_sleep.60' and pid <> pg_backend_pid()"
		code=0
		wait $pid || code=$?
		is "$code" 4 "$(cat err)"
		[ ! -e lost.json ]
	done
	pg_sql a 'drop database large with (force)'
	pg_sql a 'drop role single'
}

# --- collections as files ----------------------------------------------------------------------------------

@test "what is no whole collection is refused, with what is wrong" {
	section one ''
	check sick ''
	collect 0
	refused() {	# MESSAGE
		local verb
		for verb in 'render --format json' check; do
			# shellcheck disable=SC2086 # words
			exits 2 pg-report $verb bad.json && is "$out" '' && like "$err" "$1" || return
		done
		exits 2 pg-report diff bad.json c.json && like "$err" "$1" &&
			exits 2 pg-report diff c.json bad.json && like "$err" "$1" &&
			is "$out" ''
	}
	head -c -100 c.json >bad.json
	refused '"bad.json" is cut or damaged'
	head -c 0 c.json >bad.json
	refused 'bad.json is empty'
	echo hello >bad.json
	refused 'is no collection of pg-report'
	jq -c .server c.json >bad.json
	refused 'is no collection of pg-report'
	jq -c '.version = 2' c.json >bad.json
	refused 'is of version 2, and this pg-report reads version 1'
	jq -c 'del(.complete)' c.json >bad.json
	refused 'is damaged: it has no end'
	jq -c '.databases = 3' c.json >bad.json
	refused 'databases'
	jq -c '.databases[0].sections[0].rows = {}' c.json >bad.json
	refused 'rows'
	jq -c '.databases[0].checks = [7]' c.json >bad.json
	refused 'checks'
	tr '{' '\000' <c.json >bad.json
	refused 'is no collection'
	pipes '0 2' 'head -c 50 c.json | pg-report render --format md'
	pipes 2 'pg-report render --format md </dev/null'
	like "$err" 'standard input is empty'
	pipes '0 0' 'cat c.json | pg-report render --format json'
	is "$(jq -S . <<<"$out")" "$(jq -S . c.json)"
}

@test "diff tells what came, went and changed, by keys, and growth apart" {
	section tables 'key: [schema, table]
volatile: [bytes]' "select 'public' as schema, 'kept' as table, 1 as bytes, 'text' as type,
		'[{\"name\": \"id\", \"type\": \"int\", \"bytes\": 1}, {\"name\": \"old\"}]'::jsonb as columns
		union all select 'public', 'gone', 1, 'text', '[]'"
	section same 'key: [one]'
	section keyless '' "select 'a' as a union all select 'b'"
	check sick '' "select * from (values ('warning', 'x'), ('notice', 'y'), ('warning', 'z')) v(severity, object)"
	check sometimes ''
	check cluster 'scope: server
category: docs'
	collect 0
	cp c.json monday.json
	section tables 'key: [schema, table]
volatile: [bytes]' "select 'public' as schema, 'kept' as table, 5 as bytes, 'json' as type,
		'[{\"name\": \"new\"}, {\"name\": \"id\", \"type\": \"bigint\", \"bytes\": 9}]'::jsonb as columns
		union all select 'public', 'come', 1, 'text', '[]'"
	section keyless '' "select 'b' as a union all select 'c'"
	check sick '' "select * from (values ('critical', 'x'), ('notice', 'y'), ('notice', 'n')) v(severity, object)"
	check sometimes 'privilege: [no_such_role]'
	check cluster 'scope: server
category: docs' 'select 1 where false'
	collect 0
	mv c.json friday.json
	exits 1 pg-report diff monday.json friday.json
	is "$err" ''
	cp "$OUT" d.json
	is "$(jq -c '[.format, .version, .comparable, .reason, .complete]' d.json)" '["pgpipe-diff",1,true,null,true]'
	is "$(jq -c '.databases[1] | [.database, .status]' d.json)" '["app","both"]'
	is "$(jq -c '.databases[1].sections[] | [.id, .added, .removed]' d.json)" \
		'["keyless",[{"a":"c"}],[{"a":"a"}]]
["tables",[{"schema":"public","table":"come","bytes":1,"type":"text","columns":[]}],[{"schema":"public","table":"gone","bytes":1,"type":"text","columns":[]}]]'
	is "$(jq -c '.databases[1].sections[1].changed' d.json)" \
		'[{"key":{"schema":"public","table":"kept"},"fields":[{"column":"type","from":"text","to":"json"},{"column":"columns[id].type","from":"int","to":"bigint"},{"column":"columns[old]","from":{"name":"old"},"to":null},{"column":"columns[new]","from":null,"to":{"name":"new"}}]}]'
	is "$(jq -c '.databases[1].sections[1].grown[0].fields' d.json)" \
		'[{"column":"bytes","from":1,"to":5},{"column":"columns[id].bytes","from":1,"to":9}]'
	# What one of the two could not evaluate is neither new nor fixed.
	is "$(jq -c '.databases[1].checks | [(.new, .fixed, .worse, .better)[] | [.key, .severity, .was]]' d.json)" \
		'[["sick:n","notice",null],["sick:z","warning",null],["sick:x","critical","warning"]]'
	is "$(jq -c '.databases[0] | [.database, .checks.fixed[0].key]' d.json)" '["(server)","cluster:it"]'
	exits 0 pg-report diff monday.json monday.json
	is "$(jq -c '[.databases[].sections[]]' <<<"$out")" '[]'
	pipes '0 1' 'cat friday.json | pg-report diff monday.json -'
	exits 1 pg-report diff monday.json friday.json -o d2.json
	cmp d.json d2.json
	exits 2 pg-report diff d.json monday.json
	like "$err" 'is a difference, not a collection'
	exits 2 pg-report diff monday.json
	exits 0 pg-report render --format json d.json
}

@test "diff does not call fixed or new what the other side may only have left out" {
	local thresholds=$'thresholds:\n  limit: 2' all='union all select $$skipped$$, null, $$it saw half$$'
	finds() {	# OBJECT...
		printf "select severity, object, reason from (select \$1::jsonb as t) p, (select 'warning' as severity,
			unnest('{%s}'::text[]) as object, null as reason) f\n" "$(IFS=,; echo "$*")"
	}
	check listed "$thresholds" "$(finds a b)"
	check partly '' "$(finds a b) $all"
	check whole '' "$(finds a b)"
	collect 0
	cp c.json cut.json
	check listed "$thresholds" "$(finds c)"
	check partly '' "$(finds c)"
	check whole '' "$(finds c)"
	collect 0
	of_checks() { jq -c ".databases[0].checks | [.$1[] | ${2:-.key}]" <<<"$out"; }
	# Before is cut: what is gone is gone, what came may have been there.
	exits 1 pg-report diff cut.json c.json
	is "$(of_checks fixed)" '["listed:a","listed:b","partly:a","partly:b","whole:a","whole:b"]'
	is "$(of_checks new)" '["whole:c"]'
	is "$(of_checks unknown '[.check, .list, .findings, .reason]')" \
		'[["listed","new",1,"it lists 2 at most"],["partly","new",1,"it saw half"]]'
	# And the other way.
	exits 1 pg-report diff c.json cut.json
	is "$(of_checks fixed)" '["whole:c"]'
	is "$(of_checks new)" '["listed:a","listed:b","partly:a","partly:b","whole:a","whole:b"]'
	is "$(of_checks unknown '[.check, .list, .findings]')" '[["listed","fixed",1],["partly","fixed",1]]'
	pg-report render --format md <<<"$out" >d.md
	grep -qF 'The listed: 1 that is not listed after: it lists 2 at most' d.md
	pg-report render --format html <<<"$out" >d.html
	grep -qF '<li>The partly: 1 that is not listed after: it saw half</li>' d.html
	is "$(pg-report render --format jsonl <<<"$out" | jq -c 'select(.line == "unknown") | [.check, .list, .findings]')" \
		$'["listed","fixed",1]\n["partly","fixed",1]'
	# That alone is no change, but it is said.
	jq '(.databases[].checks[] | select(.id == "whole" or .id == "partly")) .findings = []' cut.json >few.json
	jq '(.databases[].checks[] | select(.id == "listed")) |= (.total = 1500 | .findings = [])
		| (.databases[].checks[] | select(.id != "listed")) .findings = []' c.json >many.json
	exits 0 pg-report diff few.json many.json
	is "$(of_checks unknown '[.check, .findings, .reason]')" '[["listed",2,"only 0 of 1500 findings were kept"]]'
	pg-report render --format md <<<"$out" | grep -q 'listed: 2 that are not listed after'
}

@test "diff of two systems compares what is alike, and says what is not" {
	section tables 'key: [table]
volatile: [bytes]' "select relname as table, pg_catalog.pg_relation_size(oid) as bytes from pg_catalog.pg_class
		where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1"
	pg_start elsewhere
	pg_sql elsewhere 'create table t (id int); insert into t values (1); create table unknown (id int)'
	collect 0
	exits 0 pg-report collect -q -d "$(pg_dsn elsewhere)" -o e.json
	pg_stop elsewhere
	exits 1 pg-report diff c.json e.json
	like "$err" 'warning: sizes and counters are not compared: they are of different systems'
	is "$(jq -c '[.comparable, .reason]' <<<"$out")" '[false,"they are of different systems"]'
	is "$(jq -c '.databases[0] | [.database, .was, [.sections[0].added[].table], [.sections[0].removed[].table],
		.sections[0].grown]' <<<"$out")" '["postgres","app",["unknown"],["<script>","locked"],[]]'
	# A database that only one of them has.
	DB=$(pg_dsn a) collect 0 --all-databases
	jq 'del(.databases[0])' c.json >fewer.json
	exits 1 pg-report diff c.json fewer.json
	is "$(jq -c '[.databases[] | select(.status != "both") | [.database, .status]]' <<<"$out")" '[["app","removed"]]'
}

# --- folders -------------------------------------------------------------------------------------------------

@test "a folder that is none is told with file and line, left out, and exit 2" {
	section good ''
	flawed() {	# MESSAGE
		exits 2 pg-report collect -q -d "$DB" -o c.json
		like "$err" "$1" && is "$(of '[.databases[0].sections[].id]')" '["good"]'
		rm -rf share/report/bad
	}
	section bad 'wight: 3'; flawed 'bad/about.yaml", line 5: there is no key "wight"'
	section bad 'min_pg: high'; flawed 'line 5: "min_pg" must be a whole number'
	section bad 'layout: round'; flawed '"layout" must be one of table, facts, cards, chart'
	section bad 'layout: cards'; flawed 'the layout cards needs "name"'
	section bad 'show: [{column: a, format: loud}]'; flawed '"show\[0\].format" must be one of text'
	section bad 'show: [{column: a, show: [{column: b, show: []}]}]'; flawed 'one level too deep'
	section bad ''; sed -i '/^title/d' share/report/bad/about.yaml; flawed '"title" is missing'
	section bad ''; sed -i 's/api: 1/api: 2/' share/report/bad/about.yaml; flawed 'for another version of pg-report'
	section bad '' ' '; flawed 'bad/query.sql": it is empty'
	section bad ''; rm share/report/bad/query.sql; flawed 'bad": it has no query.sql'
	section bad '' $'with\n-- part: nowhere\nselect 1'; flawed 'bad/query.sql": there is no part "nowhere"'
	section bad ''; touch share/report/bad/query.ts2.sql; flawed 'queries are query.sql and query.pgNN.sql'
	check bad 'category: luck'; flawed '"category" must be one of risk'
	check bad 'message: "{a"'; flawed '"message": a { begins no \{column\}'
	check bad 'message: "{a:literal}"'; flawed 'there is no format "literal" here'
	check bad 'do: "drop {a:bytes}"'; flawed 'there is no format "bytes" here'
	check bad 'undo: "x"'; flawed 'there is an undo without a do'
	check bad 'thresholds: {a: [1]}'; flawed '"thresholds.a" must be a number or a text'
	check bad ''; rm share/report/bad/explain.md; flawed 'a check needs its explain.md'
	section BAD ''; mv share/report/BAD share/report/B_D; flawed 'lower-case letters, digits and hyphens'
	rm -r share/report/B_D
	rm -r share/report/good
	exits 3 pg-report collect -d "$DB"
	like "$err" 'there is no section and no check in ".*share/report"'
}

@test "a folder of the plug-in path adds to ours or hides one; pgpipe plugins shows it" {
	section mine '' "select 'ours' as whose"
	check old ''
	mkdir -p plug/report
	mv share/report ours
	mkdir share/report
	section mine '' "select 'yours' as whose"
	section more ''
	mv share/report/* plug/report/
	rmdir share/report
	mv ours share/report
	export PGPIPE_PLUGIN_PATH=$PWD/plug
	collect 0
	is "$(section_of mine | jq -c .rows)$(section_of more | jq -c .rows)" '[{"whose":"yours"}][{"one":1}]'
	exits 0 pgpipe plugins
	like "$out" "^report +mine +yours +$PWD/plug/report/mine\$"
	like "$out" "^report +mine +hidden +$PWD/share/report/mine \\(by $PWD/plug/report/mine\\)\$"
	like "$out" "^report +old +ours +$PWD/share/report/old\$"
}

@test "explain lists what there is, and tells of one what, why and how" {
	section facts 'group: schema'
	check sick 'category: index
thresholds: {warning: 0.5}
min_pg: 14
privilege: [pg_monitor]
stats_days: 7
do: "drop index {index};"
undo: "{definition:raw};"'
	exits 0 pg-report explain
	like "$out" '^section facts +schema +The facts$'
	like "$out" '^check   sick +index +The sick$'
	exits 0 pg-report explain sick
	for line in '^# The sick$' '^`sick`, a check of index, weight 1$' '^Why sick matters\.$' \
		'^- warning: 0\.5$' '^- PostgreSQL 14 or later$' '^- the privilege pg_monitor$' \
		'^- statistics of 7 days$' '^    drop index \{index\};$' '^    \{definition:raw\};$' \
		'report/sick$'; do
		like "$out" "$line"
	done
	echo 'thresholds: {sick: {warning: 0.25}}' >config.yaml
	exits 0 pg-report explain sick --config config.yaml
	like "$out" '^- warning: 0\.25$'
	exits 2 pg-report explain nothing
	like "$err" 'error: there is no check and no section "nothing"'
}

# --- options --------------------------------------------------------------------------------------------------

@test "options that a verb does not know, and too many operands, are refused" {
	section one ''
	for words in 'frobnicate' 'collect extra' 'collect --format md' 'render -d x c.json' \
		'check -d x c.json' 'check --only one c.json' 'check -o x' 'diff a' 'diff a b c' \
		'diff - -' 'explain a b' 'explain -d x --jobs 3' 'render --fail-on critical' \
		'--fail-on bad' '--jobs 0'; do
		# shellcheck disable=SC2086 # words
		exits 2 pg-report $words </dev/null
		is "$out" ''
	done
}

@test "-v shows each query and how long it took; -q says nothing" {
	section shown '' $'select 1 as one,\n\t2 as two'
	check seen ''
	exits 0 pg-report collect -v -d "$DB" -o c.json
	like "$err" 'pg-report: +select 1 as one,$'
	like "$err" 'pg-report: +2 as two$'
	like "$err" 'section "shown" of "app": ok, 1 rows, [0-9.]+ s'
	like "$err" 'check "seen" of "app": warning, 1 findings, [0-9.]+ s'
	exits 0 pg-report collect -d "$DB" -o c.json
	like "$err" 'asked 2 of 2 questions'
	like "$err" 'score 80 \(B\), 1 of 1 checks evaluated; 0 critical, 1 warnings, 0 notices'
	exits 0 pg-report collect -q -d "$DB" -o c.json
	is "$err" ''
}

# --- the manual ------------------------------------------------------------------------------------------------

# The commands of a manual page's EXAMPLES, as a reader types them.
examples_of() {	# PAGE
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$TREE/man/$1" | awk '
		/^\.Bd/ { block = 1; next }
		/^\.Ed/ { block = 0; next }
		sub(/^\.Dl /, "") || block' | sed 's/\\(dq/"/g; s/\\-/-/g; s/\\e/\\/g'
}

@test "what the manual page shows works, with the sections and checks that come with pgpipe" {
	unset PGPIPE_SHARE
	pg-report collect -q -d "$DB" >friday.json
	examples_of pg-report.1 >examples
	is "$(grep -c pg-report examples)" 6
	exits 0 bash -o pipefail -c 'set -x; '"$(grep -vE 'pg-report (check|diff)' examples)"
	like "$out" '^public	t	[0-9]+$'
	grep -q '</html>' report.html
	grep -q '&lt;script&gt;' report.html
	pipes '1 0' "$(grep 'pg-report check' examples | head -n 1)"
	like "$out" 'fsync'
	pipes '0 0' 'pg-report collect -q -d "$DB" | jq -c .format'
	pipes '* 0' "$(grep 'pg-report diff' examples)"
	grep -q '</html>' week.html
	exits 1 pg-report check -q -d "$DB" --config report.yaml
}

@test "a part of queries is text that they share, and a user's comes first" {
	echo "numbers as (select 7 as n)" >share/report/numbers.sql
	check one '' $'with\n-- part: numbers\nselect \'warning\' as severity, n::text as object from numbers'
	exits 0 pg-report check -q -d "$DB" --only one
	is "$(head -n 1 <<<"$out" | jq -r .object)" 7
	mkdir -p mine/report
	echo "numbers as (select 8 as n)" >mine/report/numbers.sql
	PGPIPE_PLUGIN_PATH=$PWD/mine exits 0 pg-report check -q -d "$DB" --only one
	is "$(head -n 1 <<<"$out" | jq -r .object)" 8
	PGPIPE_PLUGIN_PATH=$PWD/mine exits 0 pgpipe plugins
	like "$out" 'part.*numbers.*mine/report/numbers.sql'
	# Parts name parts, and whichever is named twice is there once, before its users.
	echo $'-- part: numbers\nmore as (select n + 1 as n from numbers),' >share/report/more.sql
	echo $'-- part: more\n-- part: numbers\n-- part: most\nmost as (select n + 1 as n from more)' \
		>share/report/most.sql
	echo 'numbers as (select 7 as n),' >share/report/numbers.sql
	check one '' $'with\n-- part: most\n-- part: numbers\nselect \'warning\' as severity, n::text as object from most'
	exits 0 pg-report check -q -d "$DB" --only one
	is "$(head -n 1 <<<"$out" | jq -r .object)" 9
	echo '-- part: nothing' >share/report/numbers.sql
	exits 2 pg-report check -q -d "$DB" --only one
	like "$err" 'there is no part "nothing"'
	for i in {1..20}; do echo "-- part: p$((i + 1))" >"share/report/p$i.sql"; done
	echo 'select' >share/report/p21.sql
	check one '' $'with\n-- part: p1'
	exits 2 pg-report check -q -d "$DB" --only one
	like "$err" 'parts that name parts, more than 16 deep'
}

@test "the check that the manual page shows is one" {
	pg_sql a/app "create table orders (id int, ordered timestamptz, packed timestamptz);
		insert into orders select i, now() - interval '3 days', null from generate_series(1, 5) i"
	mkdir -p share/report/late-orders
	examples_of pgpipe-plugins.7 | sed -n '/^api: 1/,/^message/p' >share/report/late-orders/about.yaml
	examples_of pgpipe-plugins.7 | sed -n "/^select 'warning'/,/^having/p" >share/report/late-orders/query.sql
	echo 'Because.' >share/report/late-orders/explain.md
	exits 0 pg-report check -q -d "$DB"
	is "$(head -n 1 <<<"$out" | jq -r .message)" '5 orders of public.orders wait for more than 2 days'
	pg_sql a/app 'update orders set packed = now()'
	exits 0 pg-report check -q -d "$DB"
	is "$(wc -l <"$OUT")" 1
	pg_sql a/app 'drop table orders'
}
