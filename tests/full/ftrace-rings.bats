#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Real dumps of Debian's own kernels with ordinary ring buffers, made by
# fixtures/gen/ftrace-vmcores: memlog-dump, trace-cmd with what memlog-dump exports,
# and crash print what the kernel's files trace, snapshot and trace_pipe had.

bats_require_minimum_version 1.5.0
load ../lib
load ../wait
load ../rings
load newest

setup_file() {
	export top=$BATS_TEST_DIRNAME/../.. newest
	# shellcheck source=firmware/lib.sh
	. "$top/firmware/lib.sh"
	[ "$(uname -m)" != x86_64 ] || get_crash >&3 2>&3
	"$top/fixtures/gen/ftrace-vmcores" rings-{5.10,6.1,6.12,newest}{,-wrapped} >&3 2>&3
}

setup() {
	# shellcheck source=firmware/lib.sh
	. "$top/firmware/lib.sh"
	cd "$BATS_TEST_TMPDIR" || return
}

# take CASE: by what the kernel itself says
# shellcheck disable=SC2034 # rings.bash uses them
take() {
	echo "# $1"
	truth=$fw_cache/ftrace/$1/truth
	elf=$BATS_TEST_TMPDIR/elf
	symbols=()
	zstd -qdf "$fw_cache/ftrace/$1/dump.elf.zst" -o "$elf"
	rm -f "$elf.list"
}

# vmlinux CASE: by vmlinux, and neither the kernel's table of symbols nor its BTF
vmlinux() {
	take "$1"
	symbols=(-s "$("$top/fixtures/gen/ftrace-vmcores" -d "$1")")
	LC_ALL=C sed 's/SYMBOL(kallsyms_names)/SYMBOL(kallsyms_nnnnn)/g
		s/\x9f\xeb\x01\x00\x18\x00\x00\x00/\x9f\xeb\xff\x00\x18\x00\x00\x00/g' \
		"$elf" >none
	mv none "$elf"
	"$dump" -q --list "$elf" >list
	if grep -q '^ftrace' list; then return 1; fi
}

@test "every line of trace, all and by CPU, by the kernel's symbols and BTF" {
	for case in {6.1,6.12,newest}{,-wrapped}; do
		take "rings-$case"
		each text
	done
}

@test "every line of trace by vmlinux alone" {
	for case in {5.10,6.1,6.12,newest}{,-wrapped}; do
		vmlinux "rings-$case"
		each text
	done
}

@test "lost events and those that were read, as trace_pipe has them" {
	for case in {6.1,6.12,newest}{,-wrapped}; do
		take "rings-$case"
		pipe_text
		each lost
	done
}

@test "trace-cmd report has every event, by the kernel's symbols and BTF" {
	command -v trace-cmd >/dev/null || skip "trace-cmd is not installed"
	for case in {6.1,6.12,newest}{,-wrapped}; do
		take "rings-$case"
		each report
	done
}

@test "trace-cmd report has every event, by vmlinux alone" {
	command -v trace-cmd >/dev/null || skip "trace-cmd is not installed"
	for case in 5.10 6.1 6.12 newest; do
		vmlinux "rings-$case"
		each report
	done
}

# crash_same VARIANT NAME: as crash printed it
crash_same() {
	at "$1"
	"$dump" -q "${symbols[@]}" --at "$place" "$elf" >want
	# up to the event it is the same
	same <(cut -c 1-47 "out.$2") <(cut -c 1-47 want)
	same <(grep tracing_mark_write: "out.$2") <(grep tracing_mark_write: want)
	# plugins print fields
	"$dump" -q "${symbols[@]}" --at "$place" -J "$elf" |
		jq -r 'select(.type == "record" and .component != "print" and .fields) |
			.fields | to_entries |
			map(select(.key | startswith("common_") | not) |
				.key + "=" + .value) | join(" ")' >want
	same <(sed '/LOST/d; /: tracing_mark/d; s/.*[0-9]: [a-z_]*: //' "out.$2") want
}

# ask VARIANT NAME: a command for crash
ask() {
	at "$1"
	echo "memlog --at $place > out.$2"
}

# in_crash PROGRAM OPTION EXTENSION: all logs, and all at once
in_crash() {
	{
		echo "extend $3"
		each ask
		echo 'memlog -F ftrace > all'
		echo q
	} >commands
	limited "$1" "$2" -s "${symbols[1]}" "$elf" <commands >said 2>&1
	cat said
	each crash_same
	same <(grep -v '^==> ' all | sort) <(sort out.*)
	rm all out.*
}

@test "crash prints every event, by its own symbols" {
	command -v crash >/dev/null || skip "crash is not installed"
	[ "$(uname -m)" = x86_64 ] || skip "the dumps are of x86-64"
	for case in 6.1 6.1-wrapped; do
		vmlinux "rings-$case"
		for mode in --no_modules --minimal; do
			in_crash crash $mode "$B/crash-ext/memlog.so"
		done
	done
}

@test "the newest crash and the newest kernel" {
	need_crash
	vmlinux rings-newest-wrapped
	for mode in --no_modules --minimal; do
		in_crash "$newest/run" $mode "$extension"
	done
}
