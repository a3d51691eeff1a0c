# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
# An S3 server on loopback, lib/s3.js, with the bucket "backups".
#
#   s3_start            for a whole file
#   s3_stop
#   s3_use              in each test
#   s3_faults RULE...   what goes wrong from now on: "TIMES WHAT REGEX"
#   s3_log              what was asked since the last s3_faults: METHOD URL STATUS
#   store VERB ...      store-s3

s3_start() {
	local packages
	export S3=$BATS_FILE_TMPDIR/s3
	packages=$("$TREE/tests/s3" 2>"$S3.err") || return 0
	mkdir -p "$S3"
	node "$TREE/tests/lib/s3.js" "$packages" "$S3" >"$S3.err" 2>&1 3>&- &
	S3_PID=$!
	wait_for -t 60 test -e "$S3/port" || {
		cat "$S3.err"
		return 1
	}
	export S3_PID
}

# Whose keys, which server: in each test, which is skipped where there is none.
s3_use() {
	[ -e "$S3/port" ] || skip "no S3 server: $(tail -n 1 "$S3.err")"
	export AWS_ACCESS_KEY_ID=AKTEST AWS_SECRET_ACCESS_KEY='secret/of+the:test'
	export AWS_REGION=eu-test-1 AWS_MAX_ATTEMPTS=5 PGPIPE_S3_ALLOW_HTTP=1
	AWS_ENDPOINT_URL=http://127.0.0.1:$(<"$S3/port")
	export AWS_ENDPOINT_URL AWS_CONFIG_FILE=/dev/null
	export AWS_SHARED_CREDENTIALS_FILE=/dev/null
	unset AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_REGION AWS_CA_BUNDLE
	unset AWS_ENDPOINT_URL_S3
}

s3_stop() {
	[ -z "${S3_PID:-}" ] || kill "$S3_PID" 2>/dev/null || :
}

s3_faults() {
	: >"$S3/log"
	printf '%s\n' "$@" >"$S3/faults.new"
	mv "$S3/faults.new" "$S3/faults"
}

s3_log() { cat "$S3/log"; }

store() { "$BUILD/libexec/pgpipe/store-s3" "$@"; }
