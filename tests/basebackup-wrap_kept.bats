#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-basebackup-wrap: what expire, copy and a second backup must not take away.

load lib/common
load lib/backup

setup_file() {
	common_setup_file
	backup_server src
}

setup() {
	common_setup
	SRC=$(pg_dsn src)
	export SRC
	hooked_store
}

# The store $U, files below s: before each of its calls the shell text in the
# file hook runs, with $verb, $name and $dir; it may do something, or exit.
hooked_store() {
	mkdir plugins
	: >hook
	cat >plugins/store-hook <<-SH
		#!/bin/sh
		if [ "\$1" = --info ]; then
			echo '{"kind":"store","name":"hook","api":1,"about":"a test"}'
			exit
		fi
		verb=\$1 dir=\${2#hook://} name=\${3-}
		. "$PWD/hook"
		shift 2
		exec "$TREE/libexec/store-file" "\$verb" "file://\$dir" "\$@"
	SH
	chmod +x plugins/store-hook
	export PGPIPE_PLUGIN_PATH=$PWD/plugins
	export U=hook://$PWD/s
}

# With nothing to wait for: no WAL of its own.
quick() { backup -q -X none "$@"; }
names() { find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | paste -sd' '; }
# A backup of another name: of another day.
renamed() {	# BACKUP NAME
	mv "$1" "${1%/*}/$2"
	sed -i "s/\"${1##*/}\"/\"$2\"/g" "${1%/*}/$2/backup.json"
}

# --- records that cannot be read ------------------------------------------------------

@test "a store of files: what may not be looked at is not taken for absent" {
	require_root 'to be somebody else'
	local dir=$PG_ROOT/closed
	pg_directory "$dir"
	files() {
		pg_as_server sh -s "$1" "file://$dir/s" "${@:2}" \
			<"$TREE/libexec/store-file"
	}
	exits 0 files list
	is "$out" ''
	exits 1 files stat a/o
	mkdir -p "$dir/s/a" "$dir/s/lost+found"
	echo x >"$dir/s/a/o"
	chmod 700 "$dir/s/lost+found"
	exits 0 files list
	is "$out" '{"name":"a/o","bytes":2}'
	chmod 600 "$dir/s/a/o"
	exits 3 files list
	like "$err" 'could not read ".*/a/o"'
	exits 3 files stat a/o
	chmod 700 "$dir/s/a"
	exits 3 files list
	like "$err" 'could not list '
	exits 3 files stat a/o
	exits 1 files stat b/o
	chmod 700 "$dir/s"
	chown root "$dir"
	chmod 700 "$dir"
	exits 3 files list
	exits 3 files stat b/o
}
