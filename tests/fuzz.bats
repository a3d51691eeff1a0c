#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# What fuzzers found once stays found: their kept corpus, replayed.

load lib/common

@test "the kept corpus of every fuzzer passes" {
	local program name input failed=0
	: >empty
	for name in "$TREE"/tests/fuzz/fuzz_*.c; do
		[ -e "$name" ] || continue
		name=${name##*/fuzz_}
		name=${name%.c}
		program=$BUILD/replay/fuzz_$name
		for input in empty "$TREE/tests/fuzz/corpus/$name"/*; do
			[ ! -f "$input" ] || timeout 60 "$program" "$input" || {
				echo "$name fails on $input"
				failed=1
			}
		done
	done
	[ "$failed" -eq 0 ]
}
