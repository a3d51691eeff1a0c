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

@test "a record that is not understood: nothing is removed" {
	local i all
	for i in 1 2 3; do exits 0 quick -o b; done
	all=$(names b)
	# Of a later version; none at all; not to be read.
	for i in 's/"format":1/"format":2/' 's/^/x/'; do
		cp -r b c
		sed -i "$i" "$(the_backup c)/backup.json"
		exits 2 pg-basebackup-wrap list c
		like "$out" "^${all##* } +unknown: its record could not be read"
		is "$(grep -c ' good ' "$OUT")" 2
		exits 2 pg-basebackup-wrap list --json c
		is "$(jq -r '.status // .end' "$OUT" | paste -sd' ')" \
			'good good unknown pg-basebackup-wrap'
		exits 2 pg-basebackup-wrap expire --keep 1 c
		like "$err" 'hint: nothing was removed'
		is "$(names c)" "$all"
		rm -r c
	done
	rm "$(the_backup)/backup.json"
	mkdir "$(the_backup)/backup.json"
	exits 3 pg-basebackup-wrap expire --keep 1 b
	is "$(names b)" "$all"
	# Where there is none, that is known.
	rmdir "$(the_backup)/backup.json"
	exits 0 pg-basebackup-wrap expire --keep 1 b
	is "$(wc -w <<<"$(names b)")" 1
	exits 0 pg-basebackup-wrap list b
	like "$out" ' good '
}

@test "what is noted of one that is being made is not understood: nothing is removed" {
	exits 0 quick -o b
	exits 0 quick -o b
	local all name=20991231T000000Z.partial
	mkdir "b/$name"
	all=$(names b)
	# Its base, which alone would stay for it.
	jq -c '{format: 1, incremental: {manifest_sha256: .manifest.sha256}}' \
		"$(find b -name backup.json | sort | head -n 1)" \
		>"b/$name/backup.json.partial"
	exits 0 flock "b/$name" pg-basebackup-wrap expire --keep 1 b
	is "$(names b)" "$all"
	like "$out" 'an incremental one needs it'
	# Its record has come, not yet its name.
	mv "b/$name/backup.json.partial" "b/$name/backup.json"
	exits 0 flock "b/$name" pg-basebackup-wrap expire --keep 1 b
	is "$(names b)" "$all"
	echo '{"format":' >"b/$name/backup.json.partial"
	exits 2 flock "b/$name" pg-basebackup-wrap expire --keep 1 b
	is "$(names b)" "$all"
	# Nobody makes it any more.
	exits 0 pg-basebackup-wrap expire --keep 1 b
	is "$(wc -w <<<"$(names b)")" 1
}

@test "a store that does not give a record, or not all names: nothing is removed" {
	local all
	exits 0 quick -o "$U"
	exits 0 quick -o "$U"
	all=$(names s)
	echo "[ \"\$verb \$name\" != 'get ${all##* }/backup.json' ] || exit 4" >hook
	exits 4 pg-basebackup-wrap list "$U"
	like "$out" "^${all##* } +unknown: its record could not be read"
	exits 4 pg-basebackup-wrap expire --keep 1 "$U"
	like "$err" 'hint: nothing was removed'
	is "$(names s)" "$all"
	: >hook
	sed 's/"format":1/"format":2/' "s/${all##* }/backup.json" >new
	cp new "s/${all##* }/backup.json"
	exits 2 pg-basebackup-wrap expire --keep 1 "$U"
	is "$(names s)" "$all"
	sed 's/"format":2/"format":1/' new >"s/${all##* }/backup.json"
	# A directory that it may not enter.
	mkdir bin
	printf '#!/bin/sh\n"%s" "$@"\nexit 1\n' "$(command -v find)" >bin/find
	chmod +x bin/find
	PATH=$PWD/bin:$PATH exits 3 pg-basebackup-wrap expire --keep 1 "$U"
	like "$err" 'could not list '
	is "$(names s)" "$all"
	exits 0 pg-basebackup-wrap expire --keep 1 "$U"
	is "$(names s)" "${all##* }"
}

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

# --- what is being made in a store ----------------------------------------------------

@test "a store: what an incremental one that is being made needs stays" {
	exits 0 quick -o "$U"
	local first=$out name=20991231T000000Z
	exits 0 quick -o "$U"
	mkdir "s/$name"
	jq -c '{format: 1, noted: now | floor,
		incremental: {manifest_sha256: .manifest.sha256}}' \
		"s/${first##*/}/backup.json" >"s/$name/claim.0123456789abcdef"
	exits 0 pg-basebackup-wrap expire --keep 1 "$U"
	like "$out" "^${first##*/} +keep +an incremental one needs it"
	is "$(wc -w <<<"$(names s)")" 3
	# Nobody has said anything for a week, whatever its name.
	mv "s/$name" s/20200101T000000Z
	exits 0 pg-basebackup-wrap expire -n --keep 1 "$U"
	like "$out" '^20200101T000000Z +keep +it is being made'
	sed -i 's/"noted":[0-9]*/"noted":1577836800/' s/20200101T000000Z/claim.*
	exits 0 pg-basebackup-wrap expire --keep 1 "$U"
	is "$(wc -w <<<"$(names s)")" 1
}

@test "a store: an incremental one notes what it needs" {
	require_version 17
	backup_server inc 'summarize_wal = on'
	SRC=$(pg_dsn inc)
	exits 0 backup -o b
	cat >hook <<-'SH'
		[ $verb != put ] || case $name in
		*/base.tar*) cat "$dir/${name%/*}"/claim.* >noted ;;
		esac
	SH
	exits 0 backup -o "$U" -i "$out"
	is "$(jq -r .incremental.manifest_sha256 noted)" \
		"$(jq -r .manifest.sha256 b/*/backup.json)"
	is "$(find s -name 'claim.*')" ''
	pg_stop inc
}

@test "a store: a copy of an old backup is not taken for a dead one" {
	local old=20200101T000000Z
	exits 0 quick -o b
	renamed "$out" "$old"
	exits 0 quick -o "$U"
	local base=${out##*/}
	exits 0 quick -o "$U"
	# As if it were an incremental one.
	jq -c --arg sum "$(jq -r .manifest.sha256 "s/$base/backup.json")" \
		'.incremental = {manifest_sha256: $sum}' "b/$old/backup.json" >new
	cp new "b/$old/backup.json"
	echo "[ \"\$verb \$name\" != 'put $old/backup_manifest' ] ||
		(: >hook; pg-basebackup-wrap expire --keep 1 '$U' >expired)" >hook
	exits 0 pg-basebackup-wrap copy "b/$old" "$U"
	like "$(<expired)" "^$old +keep +it is being made"
	like "$(<expired)" "^$base +keep +an incremental one needs it"
	exits 0 pg-basebackup-wrap verify --no-wal "$U/$old"
	is "$(find s -name 'claim.*')" ''
	# One that was dead, and is whole by the time that it would go.
	rm "s/$old/backup.json"
	echo "[ \$verb != list ] || {
		[ ! -e listed ] || cp b/$old/backup.json \$dir/$old/
		: >listed
	}" >hook
	exits 0 pg-basebackup-wrap expire --keep 1 "$U"
	like "$out" "^$old +keep +it is being made"
	exits 0 pg-basebackup-wrap verify --no-wal "$U/$old"
	rm "s/$old/backup.json" listed
	: >hook
	exits 0 pg-basebackup-wrap expire --keep 1 "$U"
	like "$out" "^$old +removed +it is incomplete"
	[ ! -e "s/$old" ]
}

@test "a copy into a directory notes what it needs" {
	exits 0 quick -o b
	renamed "$out" 20200101T000000Z
	local from=b/20200101T000000Z
	exits 0 quick -o c
	local base=$out
	jq -c --arg sum "$(jq -r .manifest.sha256 "$base/backup.json")" \
		'.incremental = {manifest_sha256: $sum}' "$from/backup.json" >new
	cp new "$from/backup.json"
	# Out of a store, which looks what is noted there meanwhile.
	cp -r b s
	echo '[ $verb != get ] || cp c/*.partial/backup.json.partial . || :' >hook
	exits 0 pg-basebackup-wrap copy "$U/${from##*/}" c
	is "$(jq -r .incremental.manifest_sha256 backup.json.partial)" \
		"$(jq -r .manifest.sha256 "$base/backup.json")"
	diff -r "$from" "c/${from##*/}"
}

@test "a store: what somebody has removed meanwhile gets no record" {
	exits 0 quick -o b
	echo '[ $verb != put ] || case $name in
		*/backup_manifest) rm "$dir/${name%/*}"/base.tar* ;;
		esac' >hook
	exits 4 pg-basebackup-wrap copy "$out" "$U"
	like "$err" 'base.tar.* has gone'
	is "$(find s -name backup.json)" ''
	exits 4 quick -o "$U"
	like "$err" 'base.tar.* has gone'
	is "$(find s -name backup.json)" ''
	# Again, from what is left.
	: >hook
	exits 0 pg-basebackup-wrap copy "$(the_backup)" "$U"
	exits 0 pg-basebackup-wrap verify --no-wal "$out"
}

# --- the same second ------------------------------------------------------------------

@test "a store: a name that somebody takes in the same moment is left to him" {
	# By a claim, and by anything else.
	local what
	for what in claim.0123456789abcdef base.tar; do
		cat >hook <<-SH
			[ \$verb != put ] || {
				: >hook
				mkdir "\$dir" "\$dir/\${name%/*}"
				echo his >"\$dir/\${name%/*}/$what"
			}
		SH
		exits 0 quick -o "$U"
		is "$(find s -name "$what" -exec cat {} + | grep -c his)" 1
		is "$(wc -w <<<"$(names s)")" 2
		is "$(find s -name backup.json)" "s/${out##*/}/backup.json"
		# Nor does one that fails touch his.
		rm -r s/*/
		cat >>hook <<-SH
			[ \$verb != put ] || case \$name in
			*/backup_manifest) exit 3 ;;
			*)
				[ -e taken ] || {
					: >taken
					mkdir "\$dir/\${name%/*}"
					echo his >"\$dir/\${name%/*}/$what"
				} ;;
			esac
		SH
		exits 3 quick -o "$U"
		is "$(find s -type f)" "$(find s -name "$what")"
		is "$(find s -type f -exec cat {} +)" his
		rm -r s taken
	done
}

@test "a store of files: a directory that is removed before it is used" {
	mkdir bin
	printf '#!/bin/sh\n"%s" "$@"\n[ -e once ] || rmdir s/d\n: >once\n' \
		"$(command -v mkdir)" >bin/mkdir
	chmod +x bin/mkdir
	PATH=$PWD/bin:$PATH exits 0 "$TREE/libexec/store-file" put \
		"file://$PWD/s" d/o <<<x
	[ -e once ]
	is "$(find s -type f)" s/d/o
	exits 3 "$TREE/libexec/store-file" put "file://$PWD/s" d/o/p <<<x
	like "$err" 'could not create '
	is "$(find s -type f)" s/d/o
}

@test "a store: two backups at once" {
	quick -o "$U" >one & local first=$!
	quick -o "$U" >two & local second=$!
	wait "$first"
	wait "$second"
	[ "$(cat one)" != "$(cat two)" ]
	exits 0 pg-basebackup-wrap verify --no-wal "$(cat one)" "$(cat two)"
}

@test "a copy does not take another backup of that name for its own" {
	local to name=20200101T000000Z
	exits 0 quick -o b
	renamed "$out" "$name"
	pg_sql src 'create table if not exists more as select 1'
	exits 0 quick -o c
	renamed "$out" "$name"
	for to in d "$U"; do
		exits 0 pg-basebackup-wrap copy "b/$name" "$to"
		exits 0 pg-basebackup-wrap copy "b/$name" "$to"
		like "$err" 'is there$'
		exits 3 pg-basebackup-wrap copy "c/$name" "$to"
		like "$err" 'is there, and is another backup'
	done
	diff -r "b/$name" "d/$name"
	diff -r "b/$name" "s/$name"
	# Somebody is copying, or has begun: his stay his.
	rm "s/$name/backup.json"
	echo '{"format":1,"noted":1}' >"s/$name/claim.0123456789abcdef"
	exits 3 pg-basebackup-wrap copy "c/$name" "$U"
	like "$err" 'somebody else is making another backup'
	is "$(cd "s/$name" && echo claim.*)" claim.0123456789abcdef
	cmp "b/$name/backup_manifest" "s/$name/backup_manifest"
	# Nor are files of the right size that nobody has claimed taken for ours.
	rm "s/$name"/claim.*
	: >"s/$name/16385.tar"
	head -c "$(stat -c %s "c/$name"/base.tar*)" /dev/zero \
		>"s/$name/$(basename "c/$name"/base.tar*)"
	echo '[ $verb != remove ] || exit 4' >hook
	exits 4 pg-basebackup-wrap copy "c/$name" "$U"
	: >hook
	exits 0 pg-basebackup-wrap copy "c/$name" "$U"
	diff -r "c/$name" "s/$name"
}
