#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# No option is accepted and ignored.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	image locked locked
}

@test "--map of a file with headers is said; compressed memory is unpacked" {
	local how
	printf '%s\n' 'ram 0 1M' 'ovmf 0x20000 size=32K' 'lines 9 "raw "' end raw |
		"$B/mkimage" -t truth - ram
	zstd -qf ram
	for how in ram ram.zst; do
		"$dump" -r --map=none "$how" 2>err | cmp - truth
		[ ! -s err ]
		"$dump" -r --map=none - <"$how" 2>err | cmp - truth
		# shellcheck disable=SC2002 # a pipe
		cat "$how" | "$dump" -r --map=none - 2>err | cmp - truth
		[ ! -s err ]
	done
	run --separate-stderr "$dump" --map=none --info locked
	[[ $output == *"warning"*"its headers (ELF dump) are ignored: it is read as plain memory"* ]]
	# shellcheck disable=SC2002,SC2016
	run --separate-stderr bash -c 'cat locked | "$1" --map=none --list -' - "$dump"
	[[ $stderr == *"warning: its headers (ELF dump) are ignored"* ]]
}
