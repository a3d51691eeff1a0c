#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# What every tool does alike, whatever it is for.

load lib/common

tools() {
	local file
	for file in "$BUILD"/bin/*; do
		[ ! -x "$file" ] || echo "${file##*/}"
	done
}

# Every tool is named when it fails, not only the first: each CHECK TOOL
each() {
	local tool failed=0
	[ -n "$(tools)" ] || {
		echo 'no tool is built'
		return 1
	}
	for tool in $(tools); do
		"$1" "$tool" || {
			echo "^^^ $tool"
			failed=1
		}
	done
	return "$failed"
}

help_to_stdout() {
	exits 0 "$1" --help && is "$err" '' && like "$out" "$1" &&
		like "$out" '--help' && cp "$OUT" help &&
		exits 0 "$1" '-?' && cmp "$OUT" help &&
		is "$(awk 'length > 95' help)" '' 'lines longer than 95'
}

@test "--help and -? print help on stdout" { each help_to_stdout; }

version_to_stdout() {
	exits 0 "$1" --version && is "$err" '' &&
		like "$out" "^$1 \\(pgpipe\\) [0-9]+\\.[0-9]+|^$1 [0-9]+\\.[0-9]+" &&
		cp "$OUT" version && exits 0 "$1" -V && cmp "$OUT" version
}

@test "--version and -V print the version on stdout" { each version_to_stdout; }

refuses_options() {
	exits 2 "$1" --no-such-option </dev/null && is "$out" '' &&
		like "$err" "^$1: error: .*no-such-option" &&
		exits 2 "$1" -% </dev/null && is "$out" '' &&
		like "$err" "^$1: error: "
}

@test "an option it does not know is exit 2 and a message" { each refuses_options; }

refuses_abbreviations() {
	exits 2 "$1" --hel </dev/null && is "$out" '' &&
		exits 2 "$1" --help=yes </dev/null && is "$out" ''
}

@test "long options are not abbreviated, and take no argument they do not have" {
	each refuses_abbreviations
}

sees_full_disk() {
	local option
	for option in --help --version; do
		pipes 3 "$1 $option >/dev/full" && like "$err" "^$1: error: " ||
			return
	done
}

@test "help and version that a full disk eats are a failure" { each sees_full_disk; }

quiet_when_cut() {
	pipes '* 0' "$1 --help | head -n 1" && is "$err" '' &&
		pipes '* 0' "$1 --help | true" && is "$err" ''
}

@test "a reader that has seen enough is no error worth a message" { each quiet_when_cut; }

closed_descriptors() {
	pipes 0 "$1 --help <&-" && like "$out" "$1" &&
		pipes 0 "$1 --version <&-" &&
		pipes 3 "$1 --help >&-" && pipes 3 "$1 --version >&-" &&
		pipes 0 "$1 --version 2>&-" && like "$out" "$1" &&
		pipes 2 "$1 --no-such-option <&- >&- 2>&-"
}

@test "closed stdin, stdout and stderr do no harm" { each closed_descriptors; }

leaves_nothing() {
	mkdir -p empty
	(
		cd empty || exit
		"$1" --help >/dev/null && "$1" --version >/dev/null &&
			! "$1" --no-such-option 2>/dev/null
	) && is "$(ls -A empty)" ''
}

@test "nothing is left behind where it ran" { each leaves_nothing; }

has_a_page() {
	local page
	for page in "$TREE/man/$1".[1-8]; do
		[ -e "$page" ] || {
			echo "no manual page for $1"
			return 1
		}
		for section in 'EXIT STATUS' ENVIRONMENT EXAMPLES; do
			grep -q "^\.Sh $section" "$page" || {
				echo "$page has no section $section"
				return 1
			}
		done
	done
}

@test "every tool has a manual page with its exit status and examples" { each has_a_page; }

options_in_page() {
	local long missing=''
	for long in $("$1" --options | cut -f 2); do
		grep -qsE "Fl -${long//-/(-|\\\\-)}( |$)" "$TREE/man/$1".[1-8] ||
			missing+=" --$long"
	done
	is "$missing" '' "options of $1 that its page does not name"
}

@test "every option stands in the manual page" { each options_in_page; }
