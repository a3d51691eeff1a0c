# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
# For the tests of pg-report: `load lib/report` after lib/common.
#
#   own_folders               sections and checks of the test alone, none of ours
#   section ID YAML [SQL]     a folder of that; the YAML beside what each one needs
#   check ID YAML [SQL]       the same (severity "warning" of one object unless SQL)
#   explains_itself FILE      a collection keeps its published schema

# The tree's share/ with an empty report/: what is in the tree changes no test.
own_folders() {
	local file
	mkdir -p share/report
	for file in "$TREE"/share/*; do
		[ "${file##*/}" = report ] || ln -sfn "$file" share/
	done
	export PGPIPE_SHARE=$PWD/share
}

section() {	# ID YAML [SQL]
	mkdir -p "share/report/$1"
	printf '%s\n' 'api: 1' 'kind: section' "title: The $1" 'order: 1' \
		"${2:-}" >"share/report/$1/about.yaml"
	grep -q '^group:' "share/report/$1/about.yaml" ||
		echo 'group: other' >>"share/report/$1/about.yaml"
	printf '%s\n' "${3:-select 1 as one;}" >"share/report/$1/query.sql"
}

check() {	# ID YAML [SQL]
	mkdir -p "share/report/$1"
	printf '%s\n' 'api: 1' 'kind: check' "title: The $1" "${2:-}" \
		>"share/report/$1/about.yaml"
	grep -q '^category:' "share/report/$1/about.yaml" ||
		echo 'category: risk' >>"share/report/$1/about.yaml"
	grep -q '^message:' "share/report/$1/about.yaml" ||
		echo 'message: "{object} is not well"' >>"share/report/$1/about.yaml"
	echo "Why $1 matters." >"share/report/$1/explain.md"
	printf '%s\n' "${3:-select 'warning' as severity, 'it' as object}" \
		>"share/report/$1/query.sql"
}

# What of JSON Schema share/schema/collection-1.json uses.
explains_itself() {	# FILE
	jq -r --slurpfile schema "$TREE/share/schema/collection-1.json" '
		def kind: if type == "number" then
				if . == floor then "integer" else "number" end
			else type end;
		def fits($t): kind as $k | $k == $t or
			($t == "number" and $k == "integer");
		def faults($s; $at):
			. as $v |
			if $s["$ref"] then
				faults($schema[0]["$defs"][$s["$ref"][8:]]; $at)
			else
				(if $s.type and ([$s.type] | flatten |
					any(. as $t | $v | fits($t)) | not)
				then "\($at) is \($v | kind)" else empty end),
				(if ($s | has("const")) and $v != $s.const
				then "\($at) is \($v)" else empty end),
				(if $s.enum and ($s.enum | index([$v]) == null)
				then "\($at) is \($v)" else empty end),
				(if $s.anyOf and ($s.anyOf | any(. as $o | $v |
					[faults($o; $at)] == []) | not)
				then "\($at) is none of them" else empty end),
				(if $v | type == "object" then
					($s.required // [] | .[] | . as $r |
						select($v | has($r) | not) |
						"\($at) has no \($r)"),
					($v | to_entries[] | . as $e |
						if $s.properties[$e.key] then
							$e.value | faults($s.properties[$e.key];
								"\($at).\($e.key)")
						elif $s.additionalProperties == false then
							"\($at) has \($e.key)"
						else empty end)
				else empty end),
				(if ($v | type == "array") and $s.items then
					range($v | length) as $i | $v[$i] |
					faults($s.items; "\($at)[\($i)]")
				else empty end)
			end;
		faults($schema[0]; "it")' "$1" >schema.faults || return
	is "$(head -n 20 schema.faults)" '' "$1 does not keep its schema"
}
