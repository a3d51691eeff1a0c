# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
# What the tests of pg-chunks ask of a listing, which is in $OUT.

of() { jq -c "select(.chunk) | $1" "$OUT"; }		# FILTER
ids() { jq -r 'select(.chunk).chunk' "$OUT"; }
ends() {	# LINES: the listing is whole
	is "$(tail -n 1 "$OUT")" "{\"end\":\"pg-chunks\",\"lines\":$1}" &&
		is "$(jq -s 'map(select(.chunk // .cagg)) | length' "$OUT")" "$1"
}
ends_not() { is "$(jq -c 'select(.end)' "$OUT")" ''; }

# The examples of a page are what stands between .Bd -literal and .Ed.
examples_of() {	# PAGE
	awk '/^\.Bd -literal/ { on = 1; next } /^\.Ed/ { on = 0; print "" }
		on { gsub(/\\\(dq/, "\""); gsub(/\\e$/, "\\"); print }' "$TREE/man/$1"
}
