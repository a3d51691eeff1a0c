#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# What a collection and a difference are rendered as.  No server: documents are
# made by tests/render/collection.jq.  With PGPIPE_TEST_GOLDEN=write in the environment
# the golden files are written anew, to be looked at before they are committed.

load lib/common

FORMATS='md html jsonl json dbml mermaid dot'

setup_file() {
	export DOCUMENTS=$BATS_FILE_TMPDIR
	export PGPIPE_SHARE=$TREE/share
	local what
	for what in small shop hostile empty; do
		collection "$what" >"$DOCUMENTS/$what.json"
	done
}
teardown_file() { :; }

collection() {	# WHAT [TABLES]
	jq -n -c -f "$TREE/tests/render/collection.jq" --arg what "$1" \
		--argjson tables "${2:-0}"
}

# 10,000 tables take seconds to invent: once for all tests.
many() {
	[ -s "$DOCUMENTS/many.json" ] ||
		collection many 10000 >"$DOCUMENTS/many.json"
}

rendered() {	# WHAT FORMAT [OPTION]...
	local what=$1
	shift
	render "$@" <"$DOCUMENTS/$what.json"
}

refused() {	# REGEX DOCUMENT
	printf '%s' "$2" >document.json
	exits 2 render html <document.json
	like "$err" "$1"
	is "$out" '' 'nothing is written of what is refused'
}

main_of() {	# FILE: the part of a page that is made of the document
	sed -n '/<main/,/<\/main>/p' "$1"
}

golden() {	# FILE NAME
	local kept=$TREE/tests/render/golden/$2
	if [ "${PGPIPE_TEST_GOLDEN:-}" = write ]; then
		cp "$1" "$kept"
	fi
	cmp -s "$1" "$kept" || {
		diff -u "$kept" "$1" | head -n 40
		return 1
	}
}

@test "a small collection renders as its golden files, in every format" {
	local format
	for format in md jsonl dbml mermaid dot; do
		exits 0 rendered small "$format"
		golden "$OUT" "small.$format"
	done
	exits 0 rendered small html
	main_of "$OUT" >main.xml
	golden main.xml small.main.xml
}

@test "the same document gives the same bytes, in any locale and time zone" {
	local format what
	for what in shop hostile; do
		for format in $FORMATS; do
			rendered "$what" "$format" >one
			LC_ALL=C TZ=Asia/Kolkata rendered "$what" "$format" >two
			cmp one two
		done
	done
	# JSON is the document: it comes back whole.
	jq -S . "$DOCUMENTS/shop.json" >one
	rendered shop json | jq -S . >two
	cmp one two
	rendered shop json | render html >one
	rendered shop html >two
	cmp one two
}

@test "a page is whole: its policy names what stands in it, and its text is well-formed" {
	local what
	for what in small shop hostile empty; do
		exits 0 rendered "$what" html
		main_of "$OUT" >main.xml
		xmllint --noout main.xml
		is "$(grep -c '<script' "$OUT")" 1 'one script'
		unlike "$(sed '/^<script>/,$d' "$OUT" | grep -oE '(src|srcset|action|data|poster)="[^"]*"|@import|url\([^#)][^)]*\)' || :)" '.'
	done
	# The policy's hashes are those of the text between the tags.
	python=$(command -v python3 || :)
	[ -n "$python" ] || skip 'needs python3 to cut the page'
	exits 0 rendered hostile html
	"$python" - "$OUT" <<-'END'
		import base64, hashlib, re, sys
		page = open(sys.argv[1], encoding="utf-8").read()
		policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
		assert "default-src 'none'" in policy, policy
		assert "unsafe" not in policy, policy
		for tag in "style", "script":
		    text = re.search(r"<%s>(.*?)</%s>" % (tag, tag), page, re.S).group(1)
		    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
		    assert "%s-src 'sha256-%s'" % (tag, digest) in policy, tag
	END
}

@test "names from a database are only names: HTML" {
	exits 0 rendered hostile html
	main_of "$OUT" >main.xml
	is "$(grep -ciE '<(script|img|iframe|b>db|i>ext|x>|g>|v>|cat>|col>)' main.xml)" 0
	like "$out" '<title>&lt;/title&gt;&lt;script&gt;alert\(4\)'
	# A finding leads to its table.
	exits 0 rendered shop html
	like "$out" '<a class="object" href="#d1-tables-public.reviews"><code>public.reviews<'
	exits 0 rendered hostile html
	# A comment's link is a link, to where it says; nothing else is fetched.
	unlike "$(cat main.xml)" 'href="(javascript|data|www)'
	# No character hides or turns another.
	is "$(LC_ALL=C.UTF-8 grep -cP '[\x{200b}\x{202a}-\x{202e}\x{2066}-\x{2069}\x07]' main.xml)" 0
	like "$(cat main.xml)" '⟨U\+202E⟩right⟨U\+200B⟩to⟨U\+0007⟩left'
	# What fills the skeleton is not filled itself.
	like "$(cat main.xml)" '@\{script\}'
	is "$(grep -c 'use strict' "$OUT")" 1
}

@test "names from a database are only names: Markdown" {
	exits 0 rendered hostile md
	# Without its code, the file has no HTML but line breaks, no link and no image.
	awk '/^ *```/ { code = !code; next } !code' "$OUT" |
		sed -E 's/``+[^`].*[^`]``+//g; s/`[^`]*`//g' >text
	is "$(sed 's/<br>//g' text | grep -c '[<>]')" 0
	is "$(sed -E 's/\\.//g' text | grep -cE '\]\(|https?://|www\.')" 0
	# Every row of a table has as many cells as its head.
	awk '/^\|/ {
			line = $0
			gsub(/\\\\/, "", line); gsub(/\\\|/, "", line)
			cells = gsub(/\|/, "", line)
			if (head && cells != head) { print NR ": " $0; bad = 1 }
			head = cells
		}
		!/^\|/ { head = 0 }
		END { exit bad }' "$OUT"
	# A block of code is not ended by what is in it.
	is "$(grep -c '^```' "$OUT" | awk '{ print $1 % 2 }')" 0
}

@test "names from a database are only names: dot, mermaid, DBML, JSON lines" {
	exits 0 rendered hostile dot
	if command -v dot >/dev/null; then
		dot -Tsvg "$OUT" >out.svg
		xmllint --noout out.svg
		is "$(grep -c '<script' out.svg)" 0
		is "$(dot -Tplain "$OUT" | grep -c '^node')" 14
	fi
	exits 0 rendered hostile mermaid
	is "$(grep -vcE '^(erDiagram|%% "[^"]*"|    t[0-9]+\["[^"%\\]+"\] \{|        [A-Za-z_][A-Za-z0-9_]* [A-Za-z_][A-Za-z0-9_]*( (PK|FK|PK, FK))?( "[^"%\\]+")?|    \}|    t[0-9]+ [|}]o--\|\| t[0-9]+ : "[^"%\\]+")$' "$OUT")" 0
	exits 0 rendered hostile dbml
	# Outside of what stands between quotes there are only words of its own.
	is "$(sed -E 's/`[^`]*`//g; s/"(\\.|[^"\\])*"//g; s/'\''(\\.|[^'\''\\])*'\''//g' "$OUT" |
		grep -vcE '^[][A-Za-z0-9_ {}().,:>-]*$')" 0
	exits 0 rendered hostile jsonl
	jq -e . "$OUT" >/dev/null
	is "$(tail -n 1 "$OUT" | jq .lines)" "$(($(wc -l <"$OUT") - 1))"
	is "$(jq -r 'select(.line == "row" and .section == "tables") | .row.table' "$OUT" | sha256sum)" \
		"$(jq -r '.databases[0].sections[0].rows[].table' "$DOCUMENTS/hostile.json" | sha256sum)"
}

@test "limits keep a page small and say what they cut" {
	many
	exits 0 rendered many html bytes=700000
	[ "$(wc -c <"$OUT")" -lt 850000 ]
	like "$(cat "$OUT")" 'Cards are shown of the first [0-9,]+ of 10,000, so that the page stays small'
	like "$(cat "$OUT")" '[0-9,]+ of 50,000 rows are shown; the collection holds 20,000'
	like "$(cat "$OUT")" '200 of 40,000 findings are shown'
	main_of "$OUT" >main.xml
	xmllint --noout main.xml
	# Every link has its target, also where cards were cut.
	grep -oE 'href="#[^"]*"' "$OUT" | sed 's/.*#//; s/"$//' | sort -u >links
	grep -oE ' id="[^"]*"' "$OUT" | sed 's/ id="//; s/"$//' | sort -u >ids
	is "$(comm -23 links ids | head -n 3)" ''
	is "$(grep -oE ' id="[^"]*"' "$OUT" | sort | uniq -d | head -n 3)" ''

	exits 0 rendered shop html rows=3
	is "$(grep -c '<details class="card"' "$OUT")" 3
	like "$out" 'Cards are shown of the first 3 of 14'
	exits 0 rendered many md bytes=100000
	[ "$(wc -c <"$OUT")" -lt 200000 ]
	like "$(cat "$OUT")" 'of 10,000 rows are shown'
}

@test "a page of 10,000 tables is below 10 MB and takes no 3 s" {
	no_sanitizer 'it is about time'
	local seconds
	many
	TIMEFORMAT='%U'
	seconds=$({ time rendered many html >many.html 2>&3; } 3>&2 2>&1)
	[ "$(wc -c <many.html)" -lt 10000000 ]
	like "$(grep -c '<tr' many.html)" '^[0-9]{5}'
	awk -v s="$seconds" 'BEGIN { if (s >= 3) print s " s"; exit s >= 3 }'
}

@test "diagrams: the whole up to a size, neighbours beyond, dot where asked" {
	exits 0 rendered shop html
	like "$out" 'aria-label="Diagram of 14 tables and 19 references"'
	# A line and a box for each reference and table, in the picture of all.
	sed -n '/aria-label="Diagram of 14/,/<\/svg>/p' "$OUT" >er.xml
	is "$(grep -c '<path class="e"' er.xml)" 19
	is "$(grep -c '<g class="box' er.xml)" 14
	exits 0 rendered shop html diagram=5
	like "$out" 'A diagram of all 13 tables with references would not be readable'
	like "$out" 'Diagram of public.orders and 5 neighbours'
	# Boxes of one picture do not lie on each other.
	grep -oE '<rect x="[0-9.]+" y="[0-9.]+" width="[0-9]+" height="[0-9]+" rx' er.xml |
		tr -dc '0-9. \n' | awk '{ x[NR] = $1; y[NR] = $2; w[NR] = $3; h[NR] = $4 }
		END {
			for (i in x) for (j in x)
				if (i < j && x[i] < x[j] + w[j] && x[j] < x[i] + w[i] &&
					y[i] < y[j] + h[j] && y[j] < y[i] + h[i]) {
					print i, j; bad = 1
				}
			exit bad
		}'

	# A dot that fails, lies or talks nonsense is done without.
	rendered shop html >plain.html
	for answer in 'exit 1' 'echo graph 1 2 3' 'echo "node b99 1 1"' 'yes b0'; do
		printf '#!/bin/sh\n%s | head -n 100000\n' "$answer" >"./dot"
		chmod +x dot
		rendered shop html "dot=$PWD/dot" >other.html
		cmp plain.html other.html
	done
	is "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'pg-report.*' 2>/dev/null)" ''
	# Who asks for it where it is not is told.
	exits 0 env PATH=/nonexistent "$BUILD/bin/pg-report" render --dot "$DOCUMENTS/shop.json"
	like "$err" 'no program "dot" on PATH'
	cmp "$OUT" plain.html
	if command -v dot >/dev/null; then
		rendered shop html "dot=$(command -v dot)" >other.html
		! cmp -s plain.html other.html
		main_of other.html >main.xml
		xmllint --noout main.xml
	fi
}

@test "cycles, loops and hubs are drawn, too" {
	local shape
	for shape in '[range(9) | {from: ., to: ((. + 1) % 9)}]' \
		'[range(6) as $a | range(6) as $b | {from: $a, to: $b}]' \
		'[range(50) | {from: (. + 1), to: 0}]' \
		'[range(50) | {from: 0, to: (. + 1)}]' \
		'[range(4) | {from: 0, to: 1}]'; do
		jq -n "$shape"' as $edges | {format: "pgpipe-collection", version: 1, server: {}, databases: [{database: "d",
			sections: [{id: "x", title: "x", status: "ok", layout: "cards", key: ["n"], diagram: {edges: "to"},
			rows: [range(52) as $n | {n: "t\($n)", columns: [{name: "id", type: "int", primary_key: true}, {name: "a", type: "int"}],
				to: [$edges[] | select(.from == $n) | {n: "t\(.to)", name: "fk", columns: ["a"], target_columns: ["id"]}]}]}]}]}' >g.json
		exits 0 render html <g.json
		main_of "$OUT" >main.xml
		xmllint --noout main.xml
		is "$(sed -n '/aria-label="Diagram of 52/,/<\/svg>/p' "$OUT" | grep -c '<path class="e"')" \
			"$(jq '[.databases[0].sections[0].rows[].to | length] | add' g.json)"
		unlike "$(grep -o 'd="[^"]*"' "$OUT")" 'nan|inf'
	done
}

@test "what is no document is refused, and says why" {
	refused 'no JSON object' '[]'
	refused 'neither pgpipe-collection nor pgpipe-diff' '{"format":"x","version":1}'
	refused 'has version 2' '{"format":"pgpipe-collection","version":2}'
	refused '"databases" is not a list' '{"format":"pgpipe-collection","version":1,"databases":{}}'
	refused 'entry 1 of "sections" has no id' '{"format":"pgpipe-collection","version":1,"databases":[{"sections":[{}]}]}'
	refused 'entry 2 of "rows" is no object' '{"format":"pgpipe-collection","version":1,"server":{"sections":[{"id":"a","rows":[{},1]}]}}'
	refused 'entry 1 of "findings" is no object' '{"format":"pgpipe-collection","version":1,"server":{"checks":[{"id":"a","findings":[1]}]}}'
	refused 'entry 1 of "added" is no object' '{"format":"pgpipe-diff","version":1,"databases":[{"sections":[{"id":"a","added":[1]}]}]}'
	exits 2 rendered shop html database=nope
	like "$err" 'the collection holds no database "nope"'
	exits 0 rendered shop html database=shop
	printf '{"format":"pgpipe-diff","version":1,"databases":[]}' >diff.json
	for format in dbml mermaid dot; do
		exits 2 render "$format" <diff.json
		like "$err" "a difference has no schema to show as $format"
	done
	exits 0 render html <diff.json
	like "$out" 'Nothing changed'
	exits 0 render md <diff.json
}

# Whatever is in it: rendered or refused, never a crash, never half a page.
@test "documents with other things in their places do no harm" {
	local kind format code
	for kind in null true -1e300 '"<x>"' '[[1]]' '[{"a":1}]' '{"name":{}}'; do
		for path in 'strings' 'numbers' 'booleans' 'select(type == "array" and length < 4)' \
			'select(type == "object" and has("column"))' 'select(type == "object" and has("name"))'; do
			jq -c --argjson v "$kind" 'del(.. | select(type == "array" and length == 0)?) |
				(.server, .databases, .score) |= ((.. | '"$path"') |= $v)' \
				"$DOCUMENTS/small.json" >document.json 2>/dev/null || continue
			for format in html md jsonl dbml mermaid dot; do
				code=0
				render "$format" <document.json >"$OUT" 2>"$ERR" || code=$?
				case $code in
				0) [ "$format" != html ] || {
					main_of "$OUT" >main.xml
					xmllint --noout main.xml
				} ;;
				2) ;;
				*)
					echo "exit $code: $format, $path |= $kind"
					cat "$ERR"
					return 1
					;;
				esac
			done
		done
	done
}

@test "a difference renders: what came, went, changed, grew, and the findings" {
	jq -c '.databases[0].sections[0].rows |= (map(select(.table != "reviews")) +
			[.[0] | .table = "<returns>"] |
			map(if .table == "products" then .columns[1].type = "varchar(40)" | .bytes += 5242880 else . end)) |
		.databases[0].checks[1] |= (.findings |= .[1:] | .total = (.findings | length)) | .score.score = 75' \
		"$DOCUMENTS/shop.json" >after.json
	exits 1 pg-report diff "$DOCUMENTS/shop.json" after.json
	cp "$OUT" "$DOCUMENTS/diff.json"
	exits 0 rendered diff html
	main_of "$OUT" >main.xml
	xmllint --noout main.xml
	like "$out" '\+ Added'
	like "$out" '&lt;returns&gt;'
	like "$out" '− Removed'
	like "$out" '<del>text</del></td><td><ins>varchar\(40\)</ins>'
	like "$out" '>\+5.0 MB<'
	like "$out" 'Fixed'
	like "$out" '69</span> → <b><span>75</span></b> <span class="plus">\(\+6\)'
	exits 0 rendered diff md
	like "$out" '^- \*\*added\*\* `public.<returns>`'
	like "$out" '^- \*\*removed\*\* `public.reviews`'
	like "$out" '`text` → `varchar\(40\)`'
	exits 0 rendered diff jsonl
	is "$(jq -r 'select(.line == "fixed") | .finding.key' "$OUT")" 'idx-unused:public.products_0_idx'
}

# --- in a real browser ------------------------------------------------------------

in_browser() {	# DOCUMENT SCENARIO
	local chromium modules=$BUILD/browser/node_modules
	chromium=$(command -v chromium || command -v chromium-browser || :)
	[ -n "$chromium" ] || skip 'needs chromium (scripts/deps browser)'
	command -v node >/dev/null || skip 'needs node (scripts/deps browser)'
	[ -d "$modules/axe-core" ] ||
		skip 'needs playwright-core and axe-core (scripts/deps browser)'
	rendered "$1" html >"$1.html"
	HOME=$BATS_TEST_TMPDIR exits 0 timeout 240 node "$TREE/tests/browser/report.js" \
		"$modules" "$chromium" "$PWD/$1.html" "$2"
	unlike "$out" '^not ok'
	[ "$(grep -c '^ok' "$OUT")" -ge 5 ]
}

@test "browser: navigation, sorting, filtering, search, dark and light, keyboard, paper" {
	in_browser shop shop
}

@test "browser: everything can be read without JavaScript" {
	in_browser shop plain
}

@test "browser: hostile names run nothing, and lead nowhere else" {
	in_browser hostile hostile
}

@test "browser: a page of 10,000 tables opens and is searched" {
	many
	in_browser many many
}

@test "browser: a difference" {
	[ -e "$DOCUMENTS/diff.json" ] || {
		jq -c '.databases[0].sections[0].rows |= (.[1:] + [.[0] | .table = "new"] | map(.columns[1].type = "x"))' \
			"$DOCUMENTS/shop.json" >after.json
		exits 1 pg-report diff "$DOCUMENTS/shop.json" after.json
	cp "$OUT" "$DOCUMENTS/diff.json"
	}
	in_browser diff diff
}
