#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# The digest that is taken from a COPY stream is the one that a server computes,
# to the bit, whatever the types and the bytes are.

load lib/common

setup_file() {
	common_setup_file
	pg_start a
	pg_sql a <"$BATS_TEST_DIRNAME/digest.sql"
}

# The stream's digest in each format, beside the server's.
agrees() {	# TABLE [FORMAT...]
	local table=$1 columns server format kind
	shift
	[ $# -gt 0 ] || set -- binary text csv
	columns=$(pg_sql a "select digest_columns('$table')")
	for format; do
		kind=text
		[ "$format" != binary ] || kind=send
		server=$(pg_sql a "select digest_server('$table', '$kind')")
		psql -XAtq -d "$(pg_dsn a)" \
			-c "copy $table to stdout (format $format)" |
			copydigest "$format" "$columns" \
				"${server%% *}" "${server#* }" || return
	done
}

@test 'every built-in type that has a send form' {
	agrees types
}

@test 'nulls' {
	agrees nulls
}

@test 'arrays, of enums and domains too' {
	agrees arrays
}

@test 'hostile text' {
	agrees hostile
}

@test 'one column, which may be null, empty, a lone \. or \N' {
	agrees single
}

@test 'columns whose order is not that of their names' {
	agrees unordered
}

@test 'no columns, and no rows' {
	agrees nothing binary text
	agrees empty
}

@test '1,600 columns' {
	agrees wide
}

@test 'rows longer than any buffer' {
	agrees large
}

@test 'a million narrow rows' {
	agrees narrow binary text
}

@test 'a digest that differs is told apart' {
	run agrees_not
	[ "$status" -eq 0 ]
}

agrees_not() {
	local columns
	columns=$(pg_sql a "select digest_columns('single')")
	! psql -XAtq -d "$(pg_dsn a)" -c 'copy single to stdout' |
		copydigest text "$columns" 8 12345
}
