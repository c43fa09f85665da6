#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Which lines are printed: grep(1) on all of the text is the judge.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	zstd -qd -o ovmf "$vmcores/ovmf-c01-elf64.elf.zst"
	"$dump" -q ovmf >text
	[ "$(wc -l <text)" -gt 1000 ]
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	T=$BATS_TEST_TMPDIR
}

# as_grep MEMLOG-DUMP'S OPTIONS -- GREP'S: the same lines
as_grep() {
	local ours=()
	while [ "$1" != -- ]; do
		ours+=("$1")
		shift
	done
	"$dump" -q "${ours[@]}" ovmf >"$T/got" || :
	grep -E "${@:2}" text >"$T/want" || :
	same "$T/want" "$T/got" || { echo "${ours[@]}"; return 1; }
}

@test "-g: any of several, case, and lines that do not match" {
	as_grep -g Loading -- Loading
	[ "$(wc -l <"$T/want")" -gt 50 ]
	as_grep -g Loading -g 'PEIM$' -g '^ASSERT' -- -e Loading -e 'PEIM$' -e '^ASSERT'
	as_grep --invert-match -g Loading -g Install -- -v -e Loading -e Install
	# as journalctl -g: case counts if the expression has some, each for itself
	as_grep -g loading -- -i loading
	as_grep -g LOADING -- LOADING
	[ ! -s "$T/want" ]
	as_grep -g LOADING -g install -- -i install
	as_grep -i -g LOADING -g INSTALL -- -i -e LOADING -e INSTALL
	as_grep -g LOADING -ig INSTALL -- -i -e LOADING -e INSTALL
	as_grep --case-sensitive -g loading -g install -- -e loading -e install
	as_grep -g '\Bnstall' -- -i '\Bnstall'
}

@test "-g: options that need it, and contradict each other" {
	run -2 --separate-stderr "$dump" -i ovmf
	[ "${stderr_lines[0]}" = "memlog-dump: -i has no effect without -g REGEX" ]
	run -2 --separate-stderr "$dump" --invert-match -n 3 ovmf
	[ "${stderr_lines[0]}" = "memlog-dump: --invert-match has no effect without -g REGEX" ]
	run -2 --separate-stderr "$dump" -i --case-sensitive -g x ovmf
	[ "${stderr_lines[0]}" = "memlog-dump: -i cannot be combined with --case-sensitive: it is the opposite" ]
	local many=()
	for _ in {1..17}; do many+=(-g x); done
	run -2 --separate-stderr "$dump" "${many[@]}" ovmf
	[ "${stderr_lines[0]}" = "memlog-dump: --grep: more than 16 regular expressions: join some with |" ]
	run -2 --separate-stderr "$dump" --list --invert-match ovmf
	[[ $stderr == *"--list cannot be combined with --invert-match: it prints no lines"* ]]
}
