#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# No option is accepted and ignored: each one, in each mode, is refused, reported
# or changes something.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	local r
	for r in reset hole locked c-wrapped; do
		image "$r" "$r"
	done
	"$B/mkacrn" log acrn cpus=2 boots=2 lazy=100
	"$B/mkacrn" trace trace cpus=2 exits=50
	"$B/mkhyp" hyp cpus=2
	zstd -qd --long=31 -o visits "$vmcores/hyp-read.elf.zst"
	zstd -qd -o linux "$vmcores/ftrace-612.elf.zst"
	echo '0x10 CPU%(cpu)d' >rules
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	T=$BATS_TEST_TMPDIR
}

# bats test_tags=plain
@test "each option in each mode is refused, reported, or changes something" {
	head -c 4300000 trace >trace-cut
	head -c 1600000 acrn >acrn-cut
	head -c 140000 visits >visits-cut
	cd "$T"
	ln -s "$BATS_FILE_TMPDIR"/* .
	perl "$root/tests/golden/options.pl" "$dump" reset locked hole trace trace-cut \
		visits acrn acrn-cut visits-cut
}

# refused TEXT ARGUMENTS...
refused() {
	run -2 --separate-stderr "$dump" "${@:2}"
	[ "${stderr_lines[0]}" = "memlog-dump: $1" ] ||
		{ echo "${stderr_lines[0]}"; return 1; }
}

# warned TEXT ARGUMENTS...: a warning, and what is printed without the option
warned() {
	run -0 --separate-stderr "$dump" "${@:2}"
	[[ $stderr == *"warning: $1"* ]] || { echo "$stderr"; return 1; }
}

@test "options that only some formats know" {
	refused "--merge cannot be combined with -F ovmf,ftrace: it is for logs of hyp-trace" \
		-F ovmf,ftrace --merge reset
	refused "--uncommitted cannot be combined with --stats=vm_exit: it is for logs of ovmf" \
		--stats vm_exit --uncommitted trace
	refused "--tsc-mhz cannot be combined with -O acrnlog: it is for logs of advlogger, acrn-trace, xen-console, cbmem-times, ftrace" \
		-O acrnlog -o "$T/x/" --tsc-mhz 1 acrn
	# only a debugger has the values of variables that lead to OVMF's log
	refused "-s cannot be combined with -F ovmf,cbmem: it is for logs of xen-console, xentrace, hyp-trace, ftrace" \
		-F ovmf,cbmem -s "$B/memlog-dump" reset
	warned "-s: $B/memlog-dump has none of the symbols that are looked for: " \
		-s "$B/memlog-dump" reset
	[[ $stderr != *effect* ]]
	echo 'int conring;' | gcc -c -xc - -o "$T/syms"
	warned "-s has no effect: it is for logs of xen-console, xentrace, hyp-trace, ftrace" \
		-s "$T/syms" reset
	warned "--merge has no effect: it is for logs of hyp-trace" --merge reset
	warned "--uncommitted has no effect: it is for logs of ovmf" \
		--uncommitted visits
	warned "--consumed has no effect: it is for logs of acrn-log, acrn-trace, hyp-trace, ftrace" \
		--consumed reset
	warned "--acrn-formats has no effect: it is for logs of acrn-trace" \
		--acrn-formats rules reset
	run -0 --separate-stderr "$dump" --uncommitted locked
	[[ $stderr != *effect* ]]
	run -0 --separate-stderr "$dump" --consumed acrn
	[[ $stderr != *effect* ]]
	run -0 --separate-stderr "$dump" --merge visits
	[[ $stderr != *effect* ]]
}

@test "options about time, for output or logs without it" {
	refused "--tsc-mhz cannot be combined with -O raw: it writes no times" \
		-r --tsc-mhz 1 trace
	run -0 --separate-stderr "$dump" -r --tsc-mhz 1 --since=-1000 trace
	refused "--time-format cannot be combined with -O raw: only text has a choice" \
		-r --time-format none trace
	refused "--time-format=arrival needs -w: a line that is there already does not arrive" \
		--time-format arrival trace
	refused "--time-format cannot be combined with -O json: only text has a choice" \
		-w -J --time-format arrival trace
	warned "--time-format has no effect: the log records no times" \
		--time-format ticks locked
	warned "--tsc-mhz has no effect: no times are in cycles" --tsc-mhz 1 linux
	warned "--tsc-mhz has no effect on these lines; --time-format=seconds puts seconds before them" \
		--tsc-mhz 1 trace
	run -0 --separate-stderr "$dump" --tsc-mhz 1 --time-format seconds trace
	[[ $stderr != *effect* ]]
	run -0 --separate-stderr "$dump" -J --tsc-mhz 1 trace
	[[ $stderr != *effect* ]]
}

@test "--force, --limit, --map and --at where they have no effect" {
	refused "--force has no effect: it is for -o FILE, --extract=FILE and raw bytes to a terminal" \
		--list --force reset
	refused "--force has no effect: it is for -o FILE, --extract=FILE and raw bytes to a terminal" \
		--force -J reset
	run -0 "$dump" -q --force -r reset
	run -0 "$dump" -q --force --list -o "$T/list" reset
	run -0 "$dump" -q --force --extract "$T/extract" reset
	refused "--limit=acrnlog-size needs -O acrnlog" \
		--limit acrnlog-size=1 -O acrntrace -o "$T/x/" trace
	refused "--limit=acrnlog-files needs -O acrnlog" --limit acrnlog-files=1 acrn
	refused "--at cannot be combined with --limit=logs: it does not search" \
		--at 0x1000 --limit logs=1 reset
	refused "--info cannot be combined with -s: it describes the image, not its logs" \
		--info -s "$B/memlog-dump" reset
	run -2 --separate-stderr "$dump" --map=q35 pid:1
	[ "$stderr" = "memlog-dump: pid:1: --map is for files of raw memory" ]
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
		"$dump" -r --map=none - < <(cat "$how") 2>err | cmp - truth
		[ ! -s err ]
	done
	run --separate-stderr "$dump" --map=none --info locked
	[[ $output == *"warning"*"its headers (ELF dump) are ignored: it is read as plain memory"* ]]
	# shellcheck disable=SC2002,SC2016
	run --separate-stderr bash -c 'cat locked | "$1" --map=none --list -' - "$dump"
	[[ $stderr == *"warning: its headers (ELF dump) are ignored"* ]]
}

@test "+N after an address: how many more parts the log has" {
	local at
	at=$("$dump" -q -F acrn-log --list acrn |
		grep -om1 'phys:0x[0-9a-f]*+1')
	run -0 --separate-stderr "$dump" --at "$at" acrn
	[[ $stderr != *"more part"* ]]
	warned "acrn-log ${at%+1}: --at: it has 1 more part, not 99" \
		--at "${at%1}99" acrn
}
