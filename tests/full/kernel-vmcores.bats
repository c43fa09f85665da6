#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Real dumps of kernels with a trace remote, made by `make kernel-vmcores`: what
# memlog-dump prints, with vmlinux and without, is what each CPU's trace_pipe gave
# after the dump, line by line.

bats_require_minimum_version 1.5.0

setup_file() {
	export top=$BATS_TEST_DIRNAME/../..
	# tests/check uses JOBS for the number of test files
	JOBS=$(nproc) "$top/fixtures/gen/kernel-vmcores" >&3 2>&3
}

setup() {
	# shellcheck source=fixtures/gen/kernel/vm.bash
	. "$top/fixtures/gen/kernel/vm.bash"
	dump=${B:-$top/build}/memlog-dump
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	vm_end
}

# take CASE: unpack its dump to $elf; $from has the reference, $vmlinux the symbols
take() {
	from=$kernels/cases/$1
	kernel_case "$1"
	vmlinux=$kernels/$arch/vmlinux
	elf=$BATS_FILE_TMPDIR/$1
	[ -e "$elf" ] || zstd -qd "$from/dump.elf.zst" -o "$elf"
}

# equal CPU FILE REFERENCE: equal, or if more was traced after the dump, as far as
# the file goes
equal() {
	local want=$3
	[ -e "$want" ]
	if [ "$same" = prefix ]; then
		[ -s "$2" ]
		head -n "$(wc -l <"$2")" "$want" >part
		want=part
	fi
	cmp -s "$2" "$want" && return 0
	echo "# CPU $1 differs:"
	diff "$want" "$2" | head -n 10
	return 1
}

# each_cpu REFERENCE-DIR COMMAND...: of each CPU the command gives the reference
each_cpu() {
	local dir=$1 file cpu
	shift
	for file in "$dir"/trace.*; do
		cpu=${file##*.}
		# status 1: no line of this CPU
		"$@" --cpu "$cpu" >out || [ "$?:$(wc -l <"$file")" = 1:0 ]
		equal "$cpu" out "$file"
	done
}

@test "the cases are what their names say" {
	local name dir
	[ ${#kernel_cases[@]} -ge 20 ]
	for name in "${kernel_cases[@]}"; do
		dir=$kernels/cases/$name
		case $name in
		*-wrapped)
			head -qn 1 "$dir"/trace.[01] >first
			[ "$(grep -c LOST first)" -eq 2 ] ;;
		*-read)
			[ -s "$dir/read.0" ]
			[ -s "$dir/trace.0" ]
			[ -s "$dir/trace.1" ] ;;
		*-overtaken)
			sed 1d "$dir/trace.0" | grep -q LOST ;;
		*-empty)
			[ -s "$dir/trace.0" ]
			[ -e "$dir/trace.1" ]
			[ ! -s "$dir/trace.1" ] ;;
		*-guests | *-running)
			grep -q 'hyp_enter reason=guest_exit vcpu=[1-9]' \
				"$dir/trace.0" ;;
		esac
	done
}

@test "with vmlinux: what trace_pipe gave" {
	local name
	for name in "${kernel_cases[@]}"; do
		echo "# $name"
		take "$name"
		"$dump" -s "$vmlinux" "$elf" >all
		[ "$same" = prefix ] || cat "$from"/trace.* | cmp - all
		each_cpu "$from" "$dump" -s "$vmlinux" "$elf"
	done
}

# marked COMMAND... --cpu N: the same, but what had been read last may come first,
# if it is marked
marked() {
	local status=0 more read=$from/read.${*: -1} trace=$from/trace.${*: -1}
	"$@" -J >json || status=$?
	jq -c 'select(.type == "record")' json >records
	jq -j .text records >text
	more=$(($(wc -l <text) - $(wc -l <"$trace")))
	if [ "$same" = all ] && [ $more -gt 0 ]; then
		head -n $more text | cmp - <(tail -n $more "$read") >&2
		[ "$(head -n $more records | grep -c '"consumed"')" -eq $more ]
		sed -i "1,${more}d" text
	fi
	cat text
	return $status
}

@test "without vmlinux: the same" {
	local name
	for name in "${kernel_cases[@]}"; do
		echo "# $name"
		take "$name"
		each_cpu "$from" marked "$dump" "$elf"
	done
}

# Nothing that VMCOREINFO says, as in a dump without -device vmcoreinfo.
@test "without VMCOREINFO: the same" {
	local name
	for name in x86-read pkvm-read nvhe-guests; do
		echo "# $name"
		take "$name"
		LC_ALL=C sed 's/^OSRELEASE=/XSRELEASE=/; s/VMCOREINFO\x00/VMCOREXXXX\x00/' \
			"$elf" >none
		"$dump" --info none | grep -c VMCOREINFO && return 1
		each_cpu "$from" marked "$dump" none
	done
}

@test "an extract gives the same" {
	local name
	for name in "${kernel_cases[@]}"; do
		echo "# $name"
		take "$name"
		rm -f small
		"$dump" -q -F hyp-trace --extract=small "$elf"
		each_cpu "$from" marked "$dump" small
	done
}

# What trace-cmd reads of a CPU, in the kernel's words.
report() {
	trace-cmd report -t --cpu "$2" "$1" >reported 2>reported.err
	perl -ne 'if (/^CPU:(\d+) \[(\d+) EVENTS DROPPED\]/) {
			print "CPU:$1 [LOST $2 EVENTS]\n";
		} elsif (/\[0*(\d+)\]\s+(\d+)\.(\d{6})\d{3}: (\w+): *(.*?) *$/) {
			printf "[%03d]\t%5s.%s: %s%s\n", $1, $2, $3, $4,
				$5 eq "" ? "" : " $5";
		}' reported
}

@test "trace-cmd reads the same of trace.dat" {
	local name file
	for name in "${kernel_cases[@]}"; do
		echo "# $name"
		take "$name"
		"$dump" -q -F hyp-trace -O tracedat -o trace.dat "$elf"
		for file in "$from"/trace.*; do
			report trace.dat "${file##*.}" >out
			equal "${file##*.}" out "$file"
		done
		rm trace.dat
	done
}

# live CASE: while the guest runs and traces, what QEMU's monitor gives is the
# beginning of what trace_pipe gives later, and so is a dump that is taken afterwards.
live() {
	local n
	kernel_case "$1"
	kernel_boot
	for n in 0 1; do
		"$dump" -q -F hyp-trace --cpu $n "qmp:$vm/qmp2" >"live.$n"
		"$dump" -q -F hyp-trace --cpu $n -s "$kernels/$arch/vmlinux" \
			"qmp:$vm/qmp2" >"vmlinux.$n"
	done
	vm_dump elf dump
	for n in 0 1; do
		"$dump" -q --cpu $n dump >"elf.$n"
	done
	kernel_traces .
	for n in 0 1; do
		equal $n live.$n trace.$n
		equal $n vmlinux.$n trace.$n
		equal $n elf.$n trace.$n
		# the guest went on
		[ "$(wc -l <live.$n)" -lt "$(wc -l <vmlinux.$n)" ]
		[ "$(wc -l <vmlinux.$n)" -lt "$(wc -l <elf.$n)" ]
	done
}

@test "live, remote_test" {
	live x86-live
}

@test "live, pKVM" {
	live pkvm-live
}

@test "live, nVHE" {
	live nvhe-live
}
