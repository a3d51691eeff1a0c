#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# The store of S3, on a server that checks every signature.

load lib/common
load lib/backup
load lib/s3

setup_file() {
	common_setup_file
	s3_start
	[ -n "${S3_PID:-}" ] || return 0
	backup_server src
	backup_tablespace src "$PG_ROOT/space"
}

teardown_file() {
	s3_stop
	common_teardown_file
}

setup() {
	common_setup
	s3_use
	SRC=$(pg_dsn src)
	export SRC
	U="s3://backups/$BATS_TEST_NUMBER and/more"
	[ ! -e "$S3/faults" ] || s3_faults
}

# Three parts and a bit; not the same twice.
large() {
	export PGPIPE_S3_PART_SIZE=5MB
	head -c 17000000 /dev/urandom >large
}

@test "put, get, stat, list and remove" {
	exits 0 store --info
	is "$(jq -c '[.kind, .name, .api]' "$OUT")" '["store","s3",1]'
	printf 0123456789 | exits 0 store put "$U" d/o
	exits 0 store get "$U" d/o
	is "$out" 0123456789
	exits 0 store get "$U" d/o 7
	is "$out" 789
	exits 0 store get "$U" d/o 10
	is "$out" ''
	exits 0 store stat "$U" d/o
	is "$out" '{"name":"d/o","bytes":10}'
	exits 1 store stat "$U" d/p
	exits 3 store get "$U" d/p
	like "$err" 'NoSuchKey'
	exits 0 store put "$U" empty </dev/null
	exits 0 store stat "$U" empty
	is "$out" '{"name":"empty","bytes":0}'
	# More than a page of them.
	for i in 1 2 3 4 5; do exits 0 store put "$U/" "x/$i" <<<"$i"; done
	exits 0 store list "$U"
	is "$(jq -r .name "$OUT" | paste -sd,)" d/o,empty,x/1,x/2,x/3,x/4,x/5
	exits 0 store list "$U/x"
	is "$(jq -r .name "$OUT" | paste -sd,)" 1,2,3,4,5
	exits 0 store list "$U/nothing"
	is "$out" ''
	exits 0 store remove "$U" x/3
	exits 0 store remove "$U" x/3
	exits 0 store list "$U"
	is "$(jq -r .name "$OUT" | paste -sd,)" d/o,empty,x/1,x/2,x/4,x/5
	pipes 3 'store get "$U" d/o >/dev/full'
}

@test "what is no call is refused, and no name leads out of the prefix" {
	exits 2 store
	exits 2 store put
	exits 2 store dance "$U" x
	exits 2 store list s3://
	exits 2 store list 's3://a@evil.example/x'
	exits 2 store list file:///tmp
	exits 2 store get "$U" x -1
	for name in ../x a/../../x /x a//b ./a 'a b' '' 'a;b' $'a\nb' 'a%2e'; do
		exits 2 store get "$U" "$name"
		exits 2 store put "$U" "$name"
		exits 2 store remove "$U" "$name"
	done
}

@test "an object in parts, and each way in which a network fails" {
	large
	s3_faults '1 drop PUT.*partNumber=1&' '2 503 PUT.*partNumber=2&' \
		'1 spoil PUT.*partNumber=3&' '1 lose PUT.*partNumber=4&' \
		'1 500 POST.*uploads' '1 lose POST.*uploadId' '1 429 HEAD'
	exits 0 store put "$U" object <large
	is "$err" ''
	is "$(s3_log | grep -c 'PUT.*partNumber=3.* 400$')" 1
	s3_faults '3 cut GET' '1 503 GET'
	exits 0 store get "$U" object
	cmp "$OUT" large
	is "$(s3_log | grep -c '^GET.* 206$')" 3
	# The whole again, but for its beginning.
	s3_faults '2 cut GET'
	exits 0 store get "$U" object 1000001
	cmp "$OUT" <(tail -c +1000002 large)
	# It does not end: an exit that says that trying again may help.
	s3_faults '99 503 PUT'
	AWS_MAX_ATTEMPTS=3 exits 4 store put "$U" other <large
	like "$err" 'could not put "s3://.*/more/other": HTTP 503, SlowDown'
	like "$err" 'detail: 3 tries'
	is "$(grep -c 'error:' "$ERR")" 1
	exits 1 store stat "$U" other
	s3_faults '99 stall GET'
	AWS_MAX_ATTEMPTS=1 PGPIPE_S3_TIMEOUT=1 exits 4 store get "$U" object
	like "$err" 'Operation too slow'
	AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_MAX_ATTEMPTS=2 \
		exits 4 store list "$U"
	like "$err" 'connect'
}

@test "what a put has left is not sent again" {
	large
	# Its stdin does not end.
	mkfifo pipe
	exec 9<>pipe
	"$BUILD/libexec/pgpipe/store-s3" put "$U" object <pipe 2>err 3>&- 9>&- &
	local put=$!
	head -c 12000000 large >&9
	wait_for eval "s3_log | grep -q 'partNumber=2&.* 200'"
	kill "$put"
	local got=0
	wait "$put" || got=$?
	exec 9>&-
	is "$got" 143
	is "$(<err)" ''
	exits 1 store stat "$U" object
	s3_faults
	exits 0 store put "$U" object <large
	is "$(s3_log | grep -c '^PUT')" 2
	exits 0 store get "$U" object
	cmp "$OUT" large
	# Nor what differs from what is there taken for the same.
	s3_faults '99 507 PUT.*partNumber=4&'
	exits 3 store put "$U" changed <large
	like "$err" 'HTTP 507, XMinioStorageFull'
	flip large 6000000
	s3_faults
	exits 0 store put "$U" changed <large
	is "$(s3_log | grep '^PUT' | grep -o 'Number=[0-9]*' | sort | paste -sd,)" \
		Number=2,Number=4
	exits 0 store get "$U" changed
	cmp "$OUT" large
	# Removed is also what did not become an object.
	s3_faults '99 507 PUT.*partNumber=4&'
	exits 3 store put "$U" gone <large
	exits 0 store remove "$U" gone
	s3_faults
	exits 0 store put "$U" gone <large
	is "$(s3_log | grep -c '^PUT')" 4
}

@test "an object that changes while it is read" {
	large
	exits 0 store put "$U" o <large
	s3_faults '1 cut GET' '99 503 GET.*/o$'
	(wait_for eval "s3_log | grep -q 503" &&
		head -c 17000000 /dev/zero | store put "$U" o && s3_faults) 3>&- &
	AWS_MAX_ATTEMPTS=20 exits 4 store get "$U" o
	wait "$!"
	like "$err" 'has changed while it was read'
}

@test "keys, regions and buckets that are not right" {
	AWS_SECRET_ACCESS_KEY=wrong/one exits 3 store list "$U"
	like "$err" 'SignatureDoesNotMatch'
	like "$err" 'hint: AWS_SECRET_ACCESS_KEY'
	unlike "$err" 'wrong/one'
	AWS_ACCESS_KEY_ID=other exits 3 store put "$U" x <<<x
	like "$err" 'InvalidAccessKeyId'
	AWS_REGION=us-east-1 exits 3 store stat "$U" x
	like "$err" 'hint: AWS_REGION'
	AWS_SESSION_TOKEN=old exits 3 store stat "$U" x
	like "$err" 'ExpiredToken'
	AWS_SESSION_TOKEN=session exits 1 store stat "$U" x
	for verb in 'get x' 'stat x' 'put x' list; do
		# shellcheck disable=SC2086
		set -- $verb
		exits 3 store "$1" s3://nobucket ${2:+"$2"} <<<x
		like "$err" 'NoSuchBucket'
	done
	AWS_ACCESS_KEY_ID='' exits 3 store list "$U"
	like "$err" 'there is no key for'
	PGPIPE_S3_ALLOW_HTTP='' exits 2 store list "$U"
	like "$err" 'has no TLS'
	AWS_ENDPOINT_URL=ftp://x exits 2 store list "$U"
	PGPIPE_S3_PART_SIZE=4MB exits 2 store list "$U"
	PGPIPE_S3_ADDRESSING=somehow exits 2 store list "$U"
	AWS_MAX_ATTEMPTS=none exits 2 store list "$U"
	PGPIPE_S3_JOBS=0 exits 2 store list "$U"
}

@test "the settings of AWS's own tools" {
	local endpoint=$AWS_ENDPOINT_URL
	exits 0 store put "$U" x <<<x
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_ENDPOINT_URL
	export AWS_CONFIG_FILE=$PWD/config AWS_SHARED_CREDENTIALS_FILE=$PWD/creds
	cat >creds <<-'EOF'
		[default]
		aws_access_key_id = other
		aws_secret_access_key=other
		[test]
		# aws_access_key_id = commented
		aws_access_key_id = AKTEST
		aws_secret_access_key = secret/of+the:test
	EOF
	cat >config <<-EOF
		[default]
		region = us-east-1
		[profile test]
		region = eu-test-1
		endpoint_url = ${endpoint/127.0.0.1/localhost}
		s3 =
		  addressing_style = virtual
	EOF
	AWS_PROFILE='test' exits 0 store stat "$U" x
	# The bucket was in the host's name.
	s3_log | tail -n 1 | grep -q '^HEAD /[0-9]'
	AWS_ENDPOINT_URL_S3=$endpoint AWS_REGION=eu-test-1 exits 3 store stat "$U" x
	like "$err" 'InvalidAccessKeyId'
	AWS_PROFILE=none AWS_ENDPOINT_URL=$endpoint exits 3 store stat "$U" x
	like "$err" 'there is no key'
}

@test "no secret is in a command line or a message" {
	large
	s3_faults '99 stall PUT'
	"$BUILD/libexec/pgpipe/store-s3" put "$U" x <large 2>err 3>&- &
	wait_for eval 's3_log | grep -q .'
	tr '\0' ' ' <"/proc/$!/cmdline" >cmdline
	like "$(<cmdline)" 'put s3:'
	unlike "$(<cmdline)" 'secret'
	kill "$!"
	wait "$!" || :
	unlike "$(<err)" 'secret'
}

# The bytes of a server's answer are somebody else's.
@test "answers that are none" {
	for answer in '' '<' '<ListBucketResult>' '<ListBucketResult' \
		'<Contents><Key>a</Key><Size>1</Size></Contents>'; do
		printf 'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s' \
			${#answer} "$answer" >answer
		python3 -c 'import socket,sys
s = socket.create_server(("127.0.0.1", 0)); open("port","w").write(str(s.getsockname()[1]))
c, _ = s.accept(); c.recv(65536); c.sendall(open("answer","rb").read()); c.close()' 3>&- &
		wait_for test -s port
		AWS_ENDPOINT_URL=http://127.0.0.1:$(<port) AWS_MAX_ATTEMPTS=1 \
			exits 3 store list "$U"
		wait "$!"
		rm port
	done
}

# --- backups ------------------------------------------------------------------------

objects() {	# URL: of it, without those that are whole backups' own
	store list "$1" | jq -r .name
}

@test "a backup goes there, is proved there and restored from there" {
	export PGPIPE_S3_PART_SIZE=5MB
	s3_faults '2 drop PUT.*partNumber=2&' '1 503 PUT.*base' '1 lose PUT.*pg_wal'
	exits 0 backup -Z none -o "$U" -l first
	backup=$out
	is "$(objects "$U" | sed 's/.*T.*Z.//; s/^[0-9]*.tar/N.tar/' | paste -sd,)" \
		N.tar,backup.json,backup_manifest,base.tar,pg_wal.tar
	s3_faults '2 cut GET.*base'
	exits 0 pg-basebackup-wrap verify --json "$backup"
	is "$(jq -r 'select(.verdict) | .verdict + .wal' "$OUT")" goodwhole
	exits 0 backup -o "$U" -l second
	exits 0 pg-basebackup-wrap list "$U"
	is "$(sed 's/.* //' "$OUT" | paste -sd,)" first,second
	exits 0 pg-basebackup-wrap info --json "$backup"
	is "$(jq -r .label "$OUT")" first
	s3_faults '3 cut GET.*base'
	exits 0 pg-restore-local -D data --tablespaces-in "$PWD/spaces" \
		--owner "$(pg_user)" --server-version "$PG_MAJOR" "$backup"
	[ -e data/global/pg_control ]
	# It breaks off for good: that is nothing that the backup lacks.
	s3_faults '1 cut GET.*base' '99 503 GET.*base'
	AWS_MAX_ATTEMPTS=2 exits 4 pg-basebackup-wrap verify "$backup"
	AWS_MAX_ATTEMPTS=2 exits 4 pg-restore-local -D data2 \
		--tablespaces-in "$PWD/spaces2" --owner "$(pg_user)" \
		--server-version "$PG_MAJOR" "$backup"
	[ ! -e data2 ]
	s3_faults
	exits 0 pg-basebackup-wrap expire --keep 1 "$U"
	exits 0 pg-basebackup-wrap list "$U"
	is "$(sed 's/.* //' "$OUT" | paste -sd,)" second
}

@test "a dry run asks the bucket" {
	exits 0 backup -n -o "$U"
	like "$out" '^ok +store +"s3://backups/.*" answers$'
	exits 1 backup -n -o s3://nobucket/x
	like "$out" '^missing +store '
	AWS_SECRET_ACCESS_KEY=wrong exits 1 backup -n -o "$U"
	is "$(store list "$U")" ''
}

@test "a bucket that is full, missing or gone leaves nothing that counts" {
	export PGPIPE_S3_PART_SIZE=5MB
	s3_faults '99 507 PUT.*base.*partNumber=3&'
	exits 3 backup -Z none -o "$U"
	like "$err" 'XMinioStorageFull'
	is "$(objects "$U")" ''
	# No part of it is paid for, either.
	s3_log | grep -q 'DELETE.*base.tar?uploadId=.* 204'
	exits 3 backup -o s3://nobucket/x
	like "$err" 'NoSuchBucket'
	AWS_SECRET_ACCESS_KEY=wrong exits 3 backup -o "$U"
	unlike "$err" 'wrong'
	s3_faults '99 drop PUT'
	AWS_MAX_ATTEMPTS=2 exits 4 backup -o "$U"
	s3_faults
	is "$(objects "$U")" ''
	# Killed: a backup that counts as being made, and as nothing else.
	SLOW_RATE=1MB begin_slow src -Z none -o "$U"
	kill -9 "$SLOW"
	wait "$SLOW" || :
	exits 0 pg-basebackup-wrap list --json "$U"
	is "$(jq -r 'select(.name) | .status' "$OUT")" running
}

@test "a copy to a bucket that was interrupted goes on where it was, and back" {
	export PGPIPE_S3_PART_SIZE=5MB
	exits 0 backup -Z none -o b
	local from=$out name=${out##*/}
	s3_faults '99 507 PUT.*base.*partNumber=3&'
	exits 3 pg-basebackup-wrap copy "$from" "$U"
	exits 0 pg-basebackup-wrap list "$U"
	unlike "$out" good
	s3_faults
	exits 0 pg-basebackup-wrap copy "$from" "$U"
	is "$out" "$U/$name"
	unlike "$(s3_log)" 'PUT.*base.*partNumber=[12]&'
	unlike "$(s3_log)" 'PUT.*/[0-9]+.tar'
	exits 0 pg-basebackup-wrap verify "$U/$name"
	s3_faults '99 cut GET.*pg_wal' '99 503 GET.*pg_wal'
	AWS_MAX_ATTEMPTS=2 exits 4 pg-basebackup-wrap copy "$U/$name" c
	s3_faults
	exits 0 pg-basebackup-wrap copy "$U/$name" c
	is "$(s3_log | grep -c '^GET.*pg_wal.* 206')" 1
	# What was whole is not asked for.
	is "$(s3_log | grep -c '^GET.*base.* 200')" 0
	diff -r "$from" "c/$name"
}
