# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
# For the tests of pg-report's checks: run some of them, say what they have to
# find, and do what they propose.
#
#   judge SERVER/DB IDS [THRESHOLDS]  run them ("a,b"), whatever the statistics'
#                             age, with thresholds as {"a": {"warning": 1}}; their
#                             lines are in the file lines, those of the run before
#                             in the file before
#   fires ID OBJECT SEVERITY [REGEX]  a finding, and its message
#   silent ID [OBJECT]        no finding (of that object), and not skipped either
#   skips ID [REGEX]          skipped, and why
#   mend ID OBJECT            run its DO where judge ran
#   unmend ID OBJECT          run the UNDO that was in the lines last fired
#   both_ways SERVER/DB THRESHOLDS ID OBJECT SEVERITY
#                             it fires, is silent after its DO, and fires again
#                             after its UNDO
#
# What fired and what was silent is noted, so that a file's last test can ask
# whether each check did both: all_seen [REGEX OF IDS].

judge() {	# SERVER/DB IDS [THRESHOLDS]
	local got=0
	PLACE=$1
	[ ! -e lines ] || mv lines before
	jq -n --arg ids "$2" --argjson given "${3:-{\}}" '{thresholds: $given,
		stats_days: ($ids | split(",") | map({(.): 0}) | add)}' >config.json
	pg-report check -q -d "${DSN:-$(pg_dsn "$1")}" --config config.json \
		--only "$2" >lines 2>stderr || got=$?
	[ "$got" -le 1 ] || {
		echo "pg-report check --only $2: exit $got"
		cat stderr lines
		return 1
	}
}

lines_of() {	# ID [OBJECT]
	jq -c --arg id "$1" 'select(.check == $id)
		| select($ARGS.positional == [] or .object == $ARGS.positional[0])' \
		lines --args "${@:2}"
}

fires() {	# ID OBJECT SEVERITY [REGEX]
	local line
	line=$(lines_of "$1" "$2")
	[ "$(jq -r .severity <<<"$line")" = "$3" ] || {
		echo "not a $3 of $1 about $2; its lines:"
		lines_of "$1"
		return 1
	}
	[ -z "${4:-}" ] || like "$(jq -r .message <<<"$line")" "$4" || return
	unlike "$(jq -r .message <<<"$line")" '\bunknown\b|\{' || return
	mkdir -p remedies
	printf '%s\n' "$line" >"remedies/$1:${2//\//_}"
	echo "$1" >>"$BATS_FILE_TMPDIR/fired"
}

silent() {	# ID [OBJECT]
	is "$(lines_of "$@")" '' "$1 is not silent" || return
	is "$(jq -r --arg id "$1" 'select(.check == $id and (.severity == "skipped"
		or .severity == "error")) | .message' lines)" '' "$1 was not run" ||
		return
	echo "$1" >>"$BATS_FILE_TMPDIR/silent"
}

skips() {	# ID [REGEX]
	local line
	line=$(lines_of "$1")
	is "$(jq -r .severity <<<"$line")" skipped "of $1" || return
	[ -z "${2:-}" ] || like "$(jq -r .message <<<"$line")" "$2"
}

remedy() {	# do|undo ID OBJECT
	local sql
	sql=$(jq -r ".$1 // \"\"" "remedies/$2:${3//\//_}")
	[ -n "$sql" ] || {
		echo "no $1 of $2 for $3"
		return 1
	}
	pg_sql "$PLACE" "$sql" >/dev/null 2>remedy.err || {
		echo "$1 of $2 for $3: $sql"
		cat remedy.err
		return 1
	}
}

mend() { remedy "do" "$@"; }
unmend() { remedy undo "$@"; }

# A setting is loaded by the postmaster a moment later.
judged() { judge "$1" "$2" "$3" && "${@:4}" >judged.out; }

both_ways() {	# SERVER/DB THRESHOLDS ID OBJECT SEVERITY
	judge "$1" "$3" "$2" && fires "$3" "$4" "$5" && mend "$3" "$4" || return
	wait_for -t 20 judged "$1" "$3" "$2" silent "$3" "$4" || {
		cat judged.out
		return 1
	}
	unmend "$3" "$4" || return
	wait_for -t 20 judged "$1" "$3" "$2" fires "$3" "$4" "$5" || {
		cat judged.out
		return 1
	}
}

check_ids() {
	grep -l '^kind: check' "$TREE"/share/report/*/about.yaml |
		xargs -n1 dirname | xargs -n1 basename
}

all_seen() {	# [grep's options and a regular expression of ids]
	local what
	for what in fired silent; do
		is "$(comm -23 <(check_ids | grep -E "$@" | sort) \
			<(sort -u "$BATS_FILE_TMPDIR/$what"))" '' "never $what" ||
			return
	done
}

# Counters reach others with the end of their session, and through a process of
# its own up to version 14.
counted() {
	[ "$PG_MAJOR" -ge 15 ] || sleep 1
}
