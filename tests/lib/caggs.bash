# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
# For the tests of continuous aggregates, beside timescale.bash.
#
#   cagg_lines DSN [PATTERN...]  the lines of a database's continuous aggregates, all
#                                of them or those named, with their end line
#   watermark DSN VIEW           as the type of its time column prints it; empty: none

cagg_lines() {	# DSN [PATTERN...]
	local dsn=$1
	shift
	pg-chunks -q -d "$dsn" --caggs --if-exists "$@"
}

watermark() {	# DSN VIEW
	cagg_lines "$1" |
		jq -r --arg view "$2" 'select(.view == $view) | .watermark // ""'
}
