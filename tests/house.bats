#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# The tree itself: its layers, its set-up, its installation.

load lib/common

# A small tree of its own for tests/layers: house FILE TEXT
house() {
	mkdir -p "tree/tests" "tree/${1%/*}"
	cp "$TREE/tests/layers" tree/tests/
	printf '/* SPDX-License-Identifier: PostgreSQL */\n%s\n' "$2" >"tree/$1"
	object=tree/build/obj/${1%.c}.o
	mkdir -p "${object%/*}"
	[[ $1 == *.h ]] ||
		"${CC:-cc}" -Itree/lib -w -c -o "$object" "tree/$1" 2>/dev/null || :
}

refused() {	# FILE TEXT REGEX
	house "$1" "$2"
	exits 1 tree/tests/layers build
	like "$out" "$3"
	rm -rf tree
}

accepted() {	# FILE TEXT
	house "$1" "$2"
	exits 0 tree/tests/layers build
	is "$out" ''
	rm -rf tree
}

@test "the tree keeps the rules of its layers" {
	no_sanitizer 'objects hold symbols of its own'
	exits 0 "$TREE/tests/layers" "$BUILD"
	is "$out" ''
}

@test "the rules of the layers find what breaks them" {
	refused lib/base/a.c '#include <jansson.h>' 'a.c:2: may not include <jansson.h>'
	refused lib/data/a.c '#include <libpq-fe.h>' 'a.c:2: may not include <libpq-fe.h>'
	refused lib/load/a.c '#include <libpq-fe.h>' 'may not include <libpq-fe.h>'
	refused bin/a.c '#include "b.c"' 'may not include "b.c"'
	refused lib/run/a.c '#include "nowhere.h"' 'no such header below lib: nowhere.h'
	refused lib/load/a.c 'void f(char *a) { strcpy(a, "x"); }' 'may not call strcpy'
	refused lib/load/a.c '#include <stdlib.h>
		void f(void) { exit(1); }' 'lib/load/a: calls exit'
	refused lib/load/a.c '#include <stdio.h>
		void f(void) { printf("%d", 1); }' 'lib/load/a: uses printf'
	refused lib/load/a.c '#include <stdio.h>
		void f(void) { fflush(stdout); }' 'lib/load/a: uses stdout'
	refused lib/load/a.c 'static int n; int f(void) { return n++; }' 'mutable file-level variable n'
	refused lib/load/a.c 'int f(void) { static int m = 3; return m++; }' 'mutable file-level variable m'
	refused bin/a.c 'int n = 3;' 'bin/a: mutable file-level variable n'
}

@test "the rules of the layers let pass what keeps them" {
	accepted lib/data/a.c '#include <jansson.h>'
	accepted lib/pg/a.c '#include <libpq-fe.h>'
	accepted lib/base/mem.c '#include <stdlib.h>
		void f(void) { exit(1); }'
	accepted lib/run/a.c '#include <unistd.h>
		void f(void) { _exit(1); }'
	accepted lib/base/log.c 'int level;'
	accepted lib/load/a.c 'static const char *const names[] = {"a", "b"};
		const char *f(int i) { return names[i]; }'
}

@test "one noun does not know another" {
	house lib/chunk/a.h ''
	house lib/load/b.c '#include "chunk/a.h"'
	exits 1 tree/tests/layers build
	like "$out" 'lib/load/b.c:2: may not include "chunk/a.h"'
}

@test "no two files export the same name" {
	house lib/chunk/a.c 'int twice(void); int twice(void) { return 1; }'
	house lib/load/b.c 'int twice(void); int twice(void) { return 2; }'
	exits 1 tree/tests/layers build
	is "$out" 'lib/load/b: exports twice(), as does lib/chunk/a'
}

make_here() {
	make -s --no-print-directory -C "$TREE" BUILD="${BUILD#"$TREE"/}" \
		SAN="${SAN:-}" "$@"
}

@test "uninstall leaves nothing of what install brought" {
	exits 0 make_here DESTDIR="$PWD/root" install
	for tool in "$BUILD"/bin/*; do
		[ ! -x "$tool" ] ||
			find root -type f -path "*/bin/${tool##*/}" | grep -q .
	done
	find root -type f -path '*/bash-completion/completions/pgpipe' | grep -q .
	exits 0 make_here DESTDIR="$PWD/root" uninstall
	is "$(find root ! -type d)" ''
}

@test "an installed tool works from where it was put" {
	exits 0 make_here DESTDIR="$PWD/root" install
	for tool in root/usr/local/bin/*; do
		[ -x "$tool" ] || continue
		exits 0 "$tool" --version
		like "$out" "^${tool##*/} .*[0-9]+\.[0-9]+"
	done
}

# --- deps: its programs are replaced by ones that only take notes ------------------

notes() {	# make ./fake/bin with everything but the programs named here
	local name
	mkdir -p fake/bin
	ln -sf /usr/bin/* /bin/* /usr/sbin/* fake/bin/
	for name in "$@"; do
		rm -f "fake/bin/$name"
	done
	for name in apt-get sudo; do
		rm -f "fake/bin/$name"
		printf '#!/bin/sh\necho "%s $*" >>"%s/fake/notes"\n' \
			"$name" "$PWD" >"fake/bin/$name"
		chmod +x "fake/bin/$name"
	done
	: >fake/notes
}

@test "deps does nothing where nothing is missing" {
	notes
	PATH=$PWD/fake/bin exits 0 "$TREE/scripts/deps" build run
	is "$out$err" ''
	is "$(<fake/notes)" ''
}

@test "deps installs what is missing, says so, and nothing else" {
	notes jq mandoc tee mkdir
	# What writes outside the test's directory does nothing.
	ln -s true fake/bin/tee
	ln -s true fake/bin/mkdir
	PATH=$PWD/fake/bin exits 3 "$TREE/scripts/deps" build run
	like "$out" '^deps: installing jq$'
	like "$err" '^deps: error: something is still missing$'
	like "$err" '^deps: hint: .*: jq$'
	like "$(<fake/notes)" 'install .* jq$'
	unlike "$(<fake/notes)" 'mandoc'
}

# --- completion --------------------------------------------------------------------

@test "completion offers the tools' own options" {
	local file=$BUILD/share/completions/pgpipe.bash tool
	bash -n "$file"
	for tool in "$BUILD"/bin/*; do
		[ -x "$tool" ] || continue
		exits 0 "$tool" --options
		like "$out" $'\thelp\t'
		exits 0 bash -c '. "$1"; complete -p "$2" >/dev/null || exit
			COMPREPLY=()
			"_pgpipe_tool_${2//-/_}" "$2" --hel "$2"
			echo "${COMPREPLY[*]}"' - "$file" "${tool##*/}"
		is "$out" --help "completion of ${tool##*/}"
	done
}
