#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-chart on real servers and on standard input.

load lib/common

setup_file() {
	common_setup_file
	pg_start a
	pg_sql a <<-'SQL' >/dev/null
		create table meteo_metrics (time timestamptz not null, station text,
			temperature float8, note text);
		create index on meteo_metrics (time);
		insert into meteo_metrics select '2026-01-01'::timestamptz + i * interval '1 min',
			s, 10 + length(s) + 5 * sin(i / 230.0), 'n' from generate_series(0, 2880) i,
			unnest(array['north', 'south']) s
			where not (s = 'north' and i between 2000 and 2200);
		create table power_metrics (time timestamp, service text, channel int, power numeric);
		insert into power_metrics select '2026-01-01'::timestamp + i * interval '1 min', s, c, c * 10
			from generate_series(0, 600) i, unnest(array['web', 'db']) s, generate_series(1, 3) c;
		create table counts (n bigint, v int);
		insert into counts select i, i % 10 from generate_series(-500, 500) i;
		create schema elsewhere;
		create table elsewhere."My Table" (at date, "the Value" numeric, ok bool, took interval);
		insert into elsewhere."My Table" select '2026-01-01'::date + i, i, i % 2 = 0,
			i * interval '1 s' from generate_series(0, 30) i;
		create table none (time timestamptz, v float8);
	SQL
}

setup() {
	common_setup
	DB=$(pg_dsn a)
	export DB
}

well_formed() {	# FILE...: SVG that stands alone
	local file
	for file; do
		xmllint --noout --nonet "$file" || return
		grep -q 'role="img"' "$file" && grep -q '<title id=' "$file" &&
			grep -q '<desc id=' "$file" || return
		# Nothing runs, nothing is fetched.
		! grep -qE '<script|<image|href=|@import|url\([^#]' "$file" ||
			return
	done
}

sheet() {	# FILE.xlsx: its parts in ./parts, each well-formed
	rm -rf parts
	mkdir parts
	unzip -qo "$1" -d parts || return
	find parts -type f -print0 | xargs -0 xmllint --noout --nonet
}

# Cells that hold a number.
numbers() {
	grep -oE '<c r="[A-Z]+[0-9]+"( s="[0-9]+")?><v>' parts/xl/worksheets/sheet1.xml | wc -l
}

@test "a table as SVG: two stations, a gap, a legend, units, the same bytes twice" {
	exits 0 pg-chart -d "$DB" --table meteo_metrics --value temperature --by station \
		--unit °C --window 24h -o t.svg
	is "$out$err" ''
	well_formed t.svg
	like "$(<t.svg)" '>north</text>'
	like "$(<t.svg)" '>south</text>'
	like "$(<t.svg)" '>°C</text>'
	like "$(<t.svg)" 'mean of 5 min'
	like "$(<t.svg)" '2026-01-02 00:00|2026-01-02 – 2026-01-03'
	like "$(<t.svg)" 'prefers-color-scheme:dark'
	# North is drawn in two runs, south in one.
	is "$(grep 'pgd-line pgd-c0" d="[^"]*L' t.svg | grep -o M | wc -l)" 2
	is "$(grep 'pgd-line pgd-c1" d="[^"]*L' t.svg | grep -o M | wc -l)" 1
	exits 0 env TZ=Asia/Tokyo LC_ALL=C pg-chart -d "$DB" --table meteo_metrics \
		--value temperature --by station --unit °C --window 24h -o again.svg
	cmp t.svg again.svg
	is "$(find . -name '*.tmp' -o -name 't.svg.*')" ''
}

@test "presets are metrics, any of their options is settable" {
	exits 0 pg-chart -d "$DB" --metric temperature -o t.svg
	well_formed t.svg
	like "$(<t.svg)" '>Temperature by station</text>'
	exits 0 pg-chart -d "$DB" --metric power -o p.svg
	well_formed p.svg
	is "$(grep -c 'pgd-fill pgd-edge' p.svg)" 6
	like "$(<p.svg)" '>web / 3</text>'
	pg_sql a 'create table h (t timestamptz, svc text, cat text, pct int);
		insert into h select $$2026-01-01$$::timestamptz + i * interval $$1 min$$, $$s$$, $$c$$, i from generate_series(0, 100) i' >/dev/null
	exits 0 pg-chart -d "$DB" --metric health --table h --value pct --by svc --by cat -o h.svg
	like "$(<h.svg)" '>s / c</text>|of s / c'
	like "$(<h.svg)" '>100</text>'
	exits 2 pg-chart -d "$DB" --metric humidity -o x.svg
	like "$err" 'error: there is no metric "humidity"'
	like "$err" 'detail: metrics are health, power, temperature'
	[ ! -e x.svg ]
	exits 2 pg-chart -d "$DB" --metric health -o x.svg
	like "$err" 'has no table "health_metrics_1min_cagg"'
	like "$err" 'hint: --table'
}

@test "a user's preset is found on the plug-in path, hides ours, and is shown" {
	mkdir -p mine/chart
	printf 'api: 1\ntable: counts\ntime: n\nvalue: v\nagg: max\nkind: bar\nmin: 0\nmax: 20\n' >mine/chart/load.yaml
	printf 'api: 1\ntable: counts\ntime: n\ntitle: mine\n' >mine/chart/power.yaml
	export PGPIPE_PLUGIN_PATH=$PWD/mine
	exits 0 pg-chart -d "$DB" --metric load -o l.svg
	well_formed l.svg
	like "$(<l.svg)" 'greatest of 20'
	exits 0 pg-chart -d "$DB" --metric power -o p.svg
	like "$(<p.svg)" '>mine</text>'
	exits 0 pgpipe plugins
	like "$out" "^chart +load +yours +$PWD/mine/chart/load.yaml$"
	like "$out" '^chart +power +hidden +.*share.*power.yaml \(by '
	like "$out" '^chart +health +ours '
	printf 'api: 1\ntable: counts\nvalues: v\n' >mine/chart/bad.yaml
	exits 2 pg-chart -d "$DB" --metric bad -o x.svg
	like "$err" 'bad.yaml", line 3: .*values'
	printf 'api: 2\ntable: counts\n' >mine/chart/bad.yaml
	exits 2 pg-chart -d "$DB" --metric bad -o x.svg
	like "$err" 'line 1: .*api 1'
	printf 'api: 1\ntable: x\nquery: y\n' >mine/chart/bad.yaml
	exits 2 pg-chart -d "$DB" --metric bad -o x.svg
	printf 'api: 1\nkind: pie\n' >mine/chart/bad.yaml
	exits 2 pg-chart -d "$DB" --metric bad -o x.svg
	like "$err" 'line 2: '
}

@test "an empty window names the range that there is, exit 1, and writes nothing" {
	exits 1 pg-chart -d "$DB" --table meteo_metrics --value temperature --window 1h \
		--until 2020-01-01 -o x.svg
	like "$err" 'error: table "meteo_metrics"|error: table "public.meteo_metrics"'
	like "$err" 'detail: its rows are from 2026-01-01 UTC to 2026-01-03 UTC'
	[ ! -e x.svg ]
	exits 1 pg-chart -d "$DB" --table none -o x.svg
	like "$err" 'table "public.none" has no rows'
	exits 1 pg-chart -d "$DB" --table meteo_metrics --until 2020-01-01 --bucket 1h \
		--value temperature -o x.svg
	like "$err" 'its rows are from 2026-01-01'
	printf 'time,v\n2026-01-01,5\n' >one.csv
	pipes '0 1' 'cat one.csv | pg-chart --until 2025-01-01 -o x.svg'
	like "$err" 'its rows are from 2026-01-01 UTC to 2026-01-01 UTC'
	pipes '0 1' 'echo time,v | pg-chart -o x.svg'
	like "$err" 'standard input has no rows'
	[ ! -e x.svg ]
}

@test "unknown columns and tables are named with those that there are" {
	exits 2 pg-chart -d "$DB" --table meteo_metrics --value temp -o x.svg
	like "$err" 'error: table "public.meteo_metrics" has no column "temp"'
	like "$err" 'detail: its columns are "time", "station", "temperature", "note"'
	exits 2 pg-chart -d "$DB" --table meteo_metrics --by where -o x.svg
	like "$err" 'no column "where"'
	exits 2 pg-chart -d "$DB" --table meteo_metrics --time when -o x.svg
	like "$err" 'no column "when"'
	exits 2 pg-chart -d "$DB" --table meteo_metrics --value note -o x.svg
	like "$err" 'column "note" of table "public.meteo_metrics" is no number'
	like "$err" 'columns of numbers are "temperature"'
	exits 2 pg-chart -d "$DB" --table meteo_metrics --time station -o x.svg
	like "$err" 'neither a time nor a number'
	exits 2 pg-chart -d "$DB" --table counts -o x.svg
	like "$err" 'no column with a time'
	exits 2 pg-chart -d "$DB" --table nowhere -o x.svg
	like "$err" 'has no table "nowhere"'
	pg_sql a 'create schema other; create table elsewhere.t2 (time timestamptz, v int); create table other.t2 (time timestamptz, v int)' >/dev/null
	exits 2 pg-chart -d "$DB" --table t2 -o x.svg
	like "$err" 'elsewhere.t2, other.t2'
	pipes '0 2' 'printf "time,v\n2026-01-01,5\n" | pg-chart --value w -o x.svg'
	like "$err" 'its columns are "time", "v"'
}

@test "usage" {
	exits 2 pg-chart -d "$DB" -o x.svg
	like "$err" '--table, --query and --metric'
	exits 2 pg-chart -d "$DB" --table a --query b
	exits 2 pg-chart -d "$DB" --table counts -o x.gif
	like "$err" 'does not say what to write'
	like "$err" 'hint: .*\.svg, \.png, \.xlsx'
	exits 2 pg-chart -d "$DB" --table counts --window soon
	exits 2 pg-chart -d "$DB" --table counts --bucket often
	exits 2 pg-chart -d "$DB" --table counts --kind pie
	exits 2 pg-chart -d "$DB" --table counts --top 0
	exits 2 pg-chart -d "$DB" --table counts --min 5 --max 5
	exits 2 pg-chart -d "$DB" --table meteo_metrics --value temperature --until yesterday
	like "$err" '--until "yesterday" is no time'
	exits 2 pg-chart -d "$DB" --table counts --time n --window 1h
	like "$err" 'hint: where time is a number'
	exits 2 pg-chart </dev/null
	like "$err" 'standard input is empty'
	exits 2 pg-chart <<<'[{"time":1}]'
	like "$err" "jq -c '.\[\]'"
	exits 3 pg-chart -d "$DB" --query 'delete from counts returning now() as time, 1 as v'
	exits 3 pg-chart -d "$DB" --query 'select 1) q; drop table counts; --'
	is "$(pg_sql a 'select count(*) from counts')" 1001
}

@test "names with quotes, dates, flags, intervals, integer and numeric times" {
	exits 0 pg-chart -d "$DB" --table 'elsewhere."My Table"' --value 'the Value' -o q.svg
	well_formed q.svg
	exits 0 pg-chart -d "$DB" --table 'My Table' --value ok --value took --agg sum -o q.svg
	like "$(<q.svg)" '>took</text>'
	exits 0 pg-chart -d "$DB" --table counts --time n --bucket 100 --agg sum --format svg
	like "$out" 'sum of 100'
	like "$out" 'smallest value -450, greatest 450'
	# Buckets below zero begin where they should.
	exits 0 pg-chart -d "$DB" --table counts --time n --bucket 7 --agg count --window 20 --until -400 --format xlsx -o c.xlsx
	sheet c.xlsx
	like "$(<parts/xl/worksheets/sheet1.xml)" '<v>-420</v>'
	exits 0 pg-chart -d "$DB" --query 'select n / 2.5 as x, v from counts' --time x --bucket 0.5 -o n.svg
	well_formed n.svg
}

@test "kinds and aggregates" {
	local kind agg
	for kind in line area bar stacked percent heatmap; do
		exits 0 pg-chart -d "$DB" --metric power --kind $kind --top 4 -q -o $kind.svg
		well_formed $kind.svg
	done
	like "$(<stacked.svg)" '>others</text>'
	like "$(<percent.svg)" '>100</text>'
	unlike "$(<bar.svg)" 'others'
	for agg in avg min max sum count first last median p95; do
		exits 0 pg-chart -d "$DB" --table counts --time n --bucket 1000 --until 499 --window 400 \
			--agg $agg --format xlsx -o $agg.xlsx
		sheet $agg.xlsx
		grep -oE 'r="B2"><v>[^<]*' parts/xl/worksheets/sheet1.xml | sed 's/.*>//' >>values
		pg_sql a "copy (select n, v from counts order by random()) to stdout csv header" |
			pg-chart --time n --value v --bucket 1000 --until 499 --window 400 --agg $agg --format xlsx >s.xlsx
		sheet s.xlsx
		grep -oE 'r="B2"><v>[^<]*' parts/xl/worksheets/sheet1.xml | sed 's/.*>//' >>same
	done
	# The window begins at a whole bucket, 0; the rows are 0..498.
	is "$(xargs <values)" '4.490982 0 9 2241 499 0 8 4 9' ||
		is "$(cut -c 1-4 values | xargs)" '4.49 0 9 2241 499 0 8 4 9'
	is "$(<same)" "$(<values)" 'server and standard input disagree'
}

@test "NaN, Infinity, infinite and ancient times, huge numbers, one point" {
	pg_sql a "create table odd (time timestamptz, v float8);
		insert into odd values ('infinity', 1), ('-infinity', 1), (null, 1),
		('2026-01-01', 'NaN'), ('2026-01-01', 5), ('2026-01-01 00:01', 'Infinity'), ('2026-01-01 00:02', 7)" >/dev/null
	exits 0 pg-chart -d "$DB" --table odd --bucket 1min --format svg
	like "$out" 'smallest value 5, greatest 7'
	exits 0 pg-chart -d "$DB" --table odd --format svg
	like "$out" 'smallest value 5, greatest 7'
	exits 0 pg-chart -d "$DB" --table odd --bucket none --format svg
	like "$out" 'smallest value 5, greatest 7'
	pg_sql a "create table old (time timestamp, v numeric);
		insert into old values ('4713-01-01 BC', 1), ('0001-06-01', 2), ('2026-01-01', 3), ('290000-01-01', 4)" >/dev/null
	exits 0 pg-chart -d "$DB" --table old -o old.svg
	well_formed old.svg
	like "$(<old.svg)" 'BC'
	exits 0 pg-chart -d "$DB" --table old -o old.xlsx
	sheet old.xlsx
	exits 0 pg-chart -d "$DB" --query "select now() as time, ('1' || repeat('0', 400))::numeric as v" -o h.svg
	well_formed h.svg
	exits 0 pg-chart -d "$DB" --query "select timestamptz '2026-01-01' as time, 5 as v" -o one.svg
	well_formed one.svg
	like "$(<one.svg)" '<circle'
	exits 1 pg-chart -d "$DB" --query "select now() as time, 'NaN'::float8 as v" -o x.svg
	pg_sql a "create table big (time bigint, v bigint);
		insert into big values (-9223372036854775808, 1), (0, 9223372036854775807), (9223372036854775807, -9223372036854775808)" >/dev/null
	exits 0 pg-chart -d "$DB" --table big --time time -o b.svg
	well_formed b.svg
	exits 0 pg-chart -d "$DB" --table big --time time --bucket none -o b.svg
	well_formed b.svg
}

@test "rows that come as often as buckets, or less, are drawn as they come" {
	pg_sql a "create table monthly as select t as time, 100 as v
			from generate_series('2021-01-01'::timestamptz, '2024-12-01', '1 month') t;
		create table sevens as select '2026-01-01'::timestamptz + i * interval '7 min' as time, 1 as v
			from generate_series(0, 70) i;
		create table apart as select '2026-01-01'::timestamptz + (i * 7 + s) * interval '1 min' as time, s, 1 as v
			from generate_series(0, 100) i, generate_series(0, 5) s" >/dev/null
	for name in monthly sevens; do
		pg_sql a "copy $name to stdout csv header" >rows.csv
		for from in "-d '$DB' --table $name" '<rows.csv'; do
			eval "exits 0 pg-chart --agg sum --kind bar -o b.svg $from"
			is "$(grep -o '<title>[^<]*' b.svg | sed 1d | sed 's/.*: //' | sort -u | wc -l)" 1 "$name $from"
			is "$(grep -c '<rect class="pgd-fill' b.svg)" "$(pg_sql a "select count(*) from $name")"
			eval "exits 0 pg-chart --agg sum -o l.svg $from"
			unlike "$(<l.svg)" '<circle|sum of'
		done
	done
	eval "exits 0 pg-chart --kind bar -o b.svg -d '$DB' --table monthly"
	is "$(grep -c '<title>.*2024-03-01' b.svg)" 1
	# Each of the series has its own times; stacked they need buckets.
	exits 0 pg-chart -d "$DB" --table apart --value v --by s -o l.svg
	unlike "$(<l.svg)" '<circle|mean of'
	exits 0 pg-chart -d "$DB" --table apart --value v --by s --kind stacked -o s.svg
	like "$(<s.svg)" 'mean of'
}

@test "more points than pixels are one line, and a gap in them is a gap" {
	pg_sql a "copy (select '2026-01-01'::timestamptz + i * interval '1 s' as time, i * 37 % 101 as v
		from generate_series(0, 86399) i where i not between 40000 and 44000) to stdout csv header" >dense.csv
	for bucket in none 1s 10s; do
		exits 0 pg-chart --bucket $bucket --kind area -o d.svg <dense.csv
		is "$(grep -c '<circle' d.svg)" 0
		is "$(grep -o 'pgd-line[^>]*' d.svg | tr -cd M | wc -c)" 2
		is "$(grep -c 'class="pgd-area' d.svg)" 2
	done
}

@test "hostile names reach no markup, no formula, no terminal" {
	local evil
	pg_sql a "create table evil (time timestamptz, s text, v float8);
		insert into evil select '2026-01-01'::timestamptz + i * interval '1 min', s, i from generate_series(1, 9) i,
		unnest(array['<script>alert(1)</script>', '=1+1', '@SUM(A1)', '+cmd', '-x', E'\\x1b[31mred\\x1b[0m', E'a\\nb',
			'\"&''', E'\\u202Egnp.exe', '](x)', 'ä漢字🙂', '']) s;
		insert into evil values ('2026-01-01 00:02', null, 3)" >/dev/null
	exits 0 pg-chart -d "$DB" --table evil --by s --top 20 --title '</svg><script>' -o e.svg
	well_formed e.svg
	like "$(<e.svg)" '&lt;script&gt;alert'
	exits 0 pg-chart -d "$DB" --table evil --by s --top 20 --title "[x]:*?/\\'" -o e.xlsx
	sheet e.xlsx
	unlike "$(<parts/xl/worksheets/sheet1.xml)" '<f>'
	like "$(<parts/xl/worksheets/sheet1.xml)" '<t[^>]*>=1\+1</t>'
	exits 0 pg-chart -d "$DB" --table evil --by s --top 20 -o -
	is "$(tr -cd '\33' <"$OUT" | wc -c)" 0 'an escape reached the terminal'
	like "$out" '\(null\)'
	exits 0 env LC_ALL=C pg-chart -d "$DB" --table evil --by s --top 20 -o -
	is "$(LC_ALL=C tr -d '\n -~' <"$OUT" | wc -c)" 0 'not ASCII'
	for evil in '<x>' $'\e[31m' "a' || 'b" 'a"b'; do
		exits 2 pg-chart -d "$DB" --table "$evil" -o -
		exits 2 pg-chart -d "$DB" --table evil --value "$evil" -o -
		unlike "$err" $'\e'
	done
}

@test "many series: the greatest are shown, and how many there are is said" {
	pg_sql a "create table many as select '2026-01-01'::timestamptz + j * interval '1 min' as time, i as s, i + j as v
		from generate_series(1, 100000) i, generate_series(0, 2) j" >/dev/null
	exits 0 pg-chart -d "$DB" --table many --value v --by s --top 3 -o m.svg
	like "$err" '3 greatest of 100000 series'
	like "$(<m.svg)" '>100000</text>'
	like "$(<m.svg)" '>99998</text>'
	unlike "$(<m.svg)" '>99997</text>'
	exits 0 pg-chart -d "$DB" --table many --value v --by s --kind percent --top 2 -q -o p.svg
	well_formed p.svg
	like "$(<p.svg)" '>others</text>'
	pg_sql a 'copy many to stdout csv header' >many.csv
	pipes '0 0' 'cat many.csv | pg-chart --value v --by s --top 3 --format svg'
	like "$err" '3 greatest of 100000 series'
	like "$out" '>99998</text>'
	unlike "$out" '>99997</text>'
}

@test "JSON lines and CSV say the same as the table" {
	psql -X -d "$DB" --csv -c 'select time, station, temperature from meteo_metrics' >m.csv
	jq -Rnc '[inputs] | .[0] as $h | .[1:][] | split(",") | {time: .[0], station: .[1], temperature: (.[2] | tonumber)}' \
		<m.csv >m.jsonl
	tr , ';' <m.csv | sed 's/$/\r/' >m.ssv
	opts='--value temperature --by station --window 24h --title T --format svg'
	eval "pg-chart -d \"\$DB\" --table meteo_metrics $opts" | sed 's/ d="[^"]*"//' >want
	for file in m.csv m.jsonl m.ssv; do
		pipes '0 0' "cat $file | pg-chart $opts"
		is "$(sed 's/ d="[^"]*"//' <"$OUT")" "$(<want)" "$file"
	done
}

@test "faults of standard input are named with their line" {
	pipes '0 2' "printf 'time,v\n2026-01-01,1\n2026-01-02\n' | pg-chart"
	like "$err" 'line 3 of standard input has 1 fields'
	pipes '0 2' "printf 'time,v\n2026-01-01,\"1\n' | pg-chart"
	like "$err" 'line 2 .*quote is not closed'
	pipes '0 2' "printf '{\"time\":1\n' | pg-chart"
	pipes '0 2' "printf '{\"time\":\"2026-01-01\",\"v\":1}' | pg-chart"
	{
		echo time,v
		for i in $(seq 1 200); do echo "2026-01-01,$i"; done
		echo 2026-01-01,many
	} >late.csv
	pipes '0 2' 'cat late.csv | pg-chart'
	like "$err" 'line 202 of standard input: "many" in column "v" is no number'
	pipes '0 2' "printf 'time,v\0\n' | pg-chart"
	like "$err" 'null byte'
	# Duplicate times, no order, blank lines, nulls, a byte order mark.
	pipes '0 0' "printf '\357\273\277time,v\n2026-01-02,3\n\n2026-01-01,1\n2026-01-01,2\n2026-01-03,\n' | pg-chart --bucket none --format svg"
	like "$out" 'smallest value 2, greatest 3'
}

@test "XLSX: typed cells, a native chart, and LibreOffice opens it" {
	exits 0 pg-chart -d "$DB" --metric temperature -o t.xlsx
	sheet t.xlsx
	[ "$(numbers)" -gt 500 ]
	like "$(<parts/xl/charts/chart1.xml)" '<c:scatterChart>'
	like "$(<parts/xl/styles.xml)" 'yyyy-mm-dd'
	like "$(<parts/xl/workbook.xml)" 'sheet name="Temperature by station"'
	exits 0 pg-chart -d "$DB" --metric power -o p.xlsx
	sheet p.xlsx
	like "$(<parts/xl/charts/chart1.xml)" '<c:grouping val="stacked"/>'
	exits 0 pg-chart -d "$DB" --metric power --kind heatmap -o h.xlsx
	sheet h.xlsx
	like "$(<parts/xl/worksheets/sheet1.xml)" 'colorScale'
	command -v soffice >/dev/null || skip 'the rest needs LibreOffice'
	HOME=$PWD timeout 120 soffice --headless --convert-to fods t.xlsx >/dev/null 2>&1
	like "$(grep -c '<chart:series' t.fods)" '^2$'
	like "$(<t.fods)" 'office:value-type="date"'
}

@test "rows beyond a sheet go to the next one" {
	exits 0 pg-chart -d "$DB" --query "select timestamptz '2026-01-01' + i * interval '1 s' as time, 1 as v
		from generate_series(1, 1048577) i" --bucket none --title long -o l.xlsx
	rm -rf parts && mkdir parts && unzip -qo l.xlsx -d parts
	[ -e parts/xl/worksheets/sheet2.xml ] && [ ! -e parts/xl/worksheets/sheet3.xml ]
	like "$(<parts/xl/workbook.xml)" 'sheet name="long \(2\)"'
	is "$(grep -o '<row ' parts/xl/worksheets/sheet1.xml | wc -l)" 1048576
	is "$(grep -o '<row ' parts/xl/worksheets/sheet2.xml | wc -l)" 3
}

@test "PNG, and a file is replaced only by a whole one" {
	# What fontconfig has read of the fonts it keeps to the end.
	ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" \
		exits 0 pg-chart -d "$DB" --metric temperature -o t.png
	is "$(head -c 8 t.png | od -An -tx1 | tr -d ' ')" 89504e470d0a1a0a
	is "$(od -An -tu1 -j16 -N8 t.png | xargs)" '0 0 7 8 0 0 3 72'
	echo old >x.svg
	exits 1 pg-chart -d "$DB" --metric temperature --until 2020-01-01 -o x.svg
	is "$(<x.svg)" old
	exits 3 pg-chart -d "$DB" --metric temperature -o /dev/full --format svg
	exits 3 pg-chart -d "$DB" --metric temperature -o nowhere/x.svg
	pipes 3 'pg-chart -d "$DB" --metric temperature --format svg >/dev/full'
	exits 0 pg-chart -d "$DB" --metric temperature -o x.svg
	well_formed x.svg
	is "$(find . -name '*.tmp')" ''
}

@test "the terminal: braille where the locale has it, ASCII where not" {
	exits 0 pg-chart -d "$DB" --table counts --time n -o -
	like "$out" '⠒|⣀|⡇'
	[ "$(wc -L <"$OUT")" -le 80 ]
	exits 0 env LC_ALL=C pg-chart -d "$DB" --table counts --time n
	is "$(LC_ALL=C tr -d '\n -~' <"$OUT" | wc -c)" 0
	like "$out" '\*'
	exits 0 pg-chart -d "$DB" --table counts --time n -o c.txt
	like "$(<c.txt)" '┤'
}

@test "a server that is not there, a standby, a role that may only read" {
	exits 4 timeout 60 pg-chart -d "host=$PG_ROOT/nowhere" --table x
	pg_sql a 'create role reader login; grant select on meteo_metrics to reader' >/dev/null
	exits 0 pg-chart -d "${DB/user=postgres/user=reader}" --metric temperature --format svg
	exits 3 pg-chart -d "${DB/user=postgres/user=reader}" --metric power --format svg
	like "$err" 'permission denied'
	pg_standby b a
	pg_caught_up b a
	exits 0 pg-chart -d "$(pg_dsn b)" --metric temperature --format svg
}
