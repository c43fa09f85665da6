#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Real dumps of `make kernel-vmcores` in other programs: crash and gdb with the
# plugins print what each CPU's trace_pipe gave after the dump, and KernelShark's
# library reads the same from what memlog-dump exports.

bats_require_minimum_version 1.5.0
load ../wait
load newest

cases=(x86-plain x86-wrapped x86-read x86-overtaken x86-empty
	pkvm-wrapped pkvm-overtaken pkvm-guests nvhe-read)

setup_file() {
	export top=$BATS_TEST_DIRNAME/../.. newest
	# tests/check uses JOBS for the number of test files
	JOBS=$(nproc) "$top/fixtures/gen/kernel-vmcores" >&3 2>&3
	# shellcheck source=firmware/lib.sh
	. "$top/firmware/lib.sh"
	[ "$(uname -m)" != x86_64 ] || get_crash >&3 2>&3
}

setup() {
	# shellcheck source=fixtures/gen/kernel/vm.bash
	. "$top/fixtures/gen/kernel/vm.bash"
	B=${B:-$top/build}
	cd "$BATS_TEST_TMPDIR" || return
}

# take CASE: unpack its dump to $elf; want is what trace_pipe gave
take() {
	echo "# $1"
	kernel_case "$1"
	vmlinux=$kernels/$arch/vmlinux
	elf=$BATS_FILE_TMPDIR/$1
	[ -e "$elf" ] || zstd -qd "$kernels/cases/$1/dump.elf.zst" -o "$elf"
	cat "$kernels/cases/$1"/trace.* >want
}

# in_crash DUMP OPTION: commands on stdin; the kernel is built without modules
in_crash() {
	{
		echo "extend $extension"
		cat
		echo q
	} | limited "$newest/run" "$2" -s "$vmlinux" "$1" 2>&1
}

@test "crash: what trace_pipe gave" {
	local name mode
	need_crash
	for name in "${cases[@]}"; do
		take "$name"
		[ "$arch" = x86_64 ] || continue
		for mode in --no_modules --minimal; do
			in_crash "$elf" "$mode" <<-'EOF' >said
			memlog -F hyp-trace > out
			EOF
			cmp out want || { cat said; return 1; }
			rm out
		done
	done
}

@test "crash: its symbols alone lead to the trace" {
	need_crash
	take x86-read
	LC_ALL=C sed 's/SYMBOL(init_uts_ns)/SYMBOL(nothing_nnn)/' "$elf" >none
	run -1 "$B/memlog-dump" -F hyp-trace --scan likely none
	for mode in --no_modules --minimal; do
		in_crash none "$mode" <<-'EOF' >said
		memlog -F hyp-trace --scan likely > out
		EOF
		cmp out want || { cat said; return 1; }
		rm out
	done
}

@test "gdb: what trace_pipe gave" {
	local name gdb
	command -v gdb-multiarch >/dev/null || skip "gdb-multiarch is not installed"
	[ -e "$B/gdb-plugin/memlog-gdb.so" ] || skip "gdb's header is not installed"
	for name in "${cases[@]}"; do
		take "$name"
		gdb="gdb-multiarch"
		[ "$arch" != "$(uname -m)" ] || gdb=gdb
		for symbols in '' "$vmlinux"; do
			limited "$gdb" -nx -q -batch ${symbols:+"$symbols"} -c "$elf" \
				-ex "source $B/gdb-plugin/memlog.gdb" \
				-ex 'pipe memlog -F hyp-trace | cat >out' 2>said
			cmp out want || { cat said; return 1; }
			rm out
		done
	done
}

# KernelShark has one list, in the order of time, in which a line of its own says how
# many events were lost.
@test "KernelShark's library: every event, in nanoseconds" {
	local name
	[ -e /usr/include/kernelshark/libkshark.h ] ||
		skip "libkshark-dev is not installed"
	# its header is not free of warnings
	gcc -isystem /usr/include/kernelshark -Wall -Wextra \
		"$BATS_TEST_DIRNAME/kshark.c" -o kshark -lkshark
	for name in "${cases[@]}"; do
		take "$name"
		"$B/memlog-dump" -q -F hyp-trace -O tracedat -o trace.dat "$elf"
		./kshark trace.dat >all
		rm trace.dat
		grep -v ' missed_events ' all >got
		# guests make time go back
		[[ $name == *-guests ]] || sort -s -n -c -k 2,2 got
		"$B/memlog-dump" -q -F hyp-trace -J "$elf" | jq -r '
			select(.type == "record" and .time) |
			"\(.cpu) \(.time) \(.message | rtrimstr("\n"))"' |
			LC_ALL=C sort >ours
		sed -E 's,^([^ ]* [^ ]*) [^ ]* [^ ]* [^ ]*/,\1 ,' got |
			LC_ALL=C sort | diff - ours
		# and what the kernel printed
		perl -ne 'm,^(\d+) (\d*)(\d{6})\d{3} \d+ \S+ \S+/(.*), or die;
			printf("[%03d]\t%5d.%s: %s\n", $1, $2, $3, $4)' got |
			LC_ALL=C sort >printed
		grep -v LOST want | LC_ALL=C sort | diff - printed
		diff <(sed -n 's/.*missed_events=//p' all | sort) \
			<(sed -n 's/.*LOST \([0-9]*\) EVENTS.*/\1/p' want | sort)
	done
}
