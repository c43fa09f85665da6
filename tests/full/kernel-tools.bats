#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Real dumps of `make kernel-vmcores` in other programs: crash and gdb with the
# plugins print what each CPU's trace_pipe gave after the dump, and KernelShark's
# library reads the same from what memlog-dump exports.

bats_require_minimum_version 1.5.0
load ../wait

cases=(x86-plain x86-wrapped x86-read x86-overtaken x86-empty
	pkvm-wrapped pkvm-overtaken pkvm-guests nvhe-read)

# crash of Debian's unstable distribution: that of Debian 12 does not know this
# kernel's types. It is unpacked, not installed, and brings its libc.
get_crash() {
	local deb
	exec 7>"$fw_cache/lock-crash-newest"
	flock 7
	[ ! -x "$newest/run" ] || return 0
	rm -rf "$newest"
	mkdir -p "$newest/include"
	private_apt "$newest/apt" 'deb http://deb.debian.org/debian sid main'
	apt-get "${apt[@]}" install -y --no-install-recommends --download-only \
		crash
	for deb in "$newest"/apt/cache/archives/*.deb; do
		dpkg-deb -x "$deb" "$newest/root"
	done
	rm -r "$newest/apt"
	ln -s ../root/usr/include/crash "$newest/include/crash"
	cat >"$newest/run" <<-'EOF'
	#!/bin/sh
	root=$(dirname "$0")/root
	exec "$root/usr/lib64/ld-linux-x86-64.so.2" \
		--library-path "$root/usr/lib/x86_64-linux-gnu" \
		"$root/usr/bin/crash" "$@"
	EOF
	chmod +x "$newest/run"
}

setup_file() {
	export top=$BATS_TEST_DIRNAME/../.. newest
	# tests/check uses JOBS for the number of test files
	JOBS=$(nproc) "$top/fixtures/gen/kernel-vmcores" >&3 2>&3
	# shellcheck source=firmware/lib.sh
	. "$top/firmware/lib.sh"
	newest=$fw_cache/crash-newest
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

# need_crash: the extension for the newest crash in $extension
need_crash() {
	[ "$(uname -m)" = x86_64 ] || skip "the dumps are of x86-64"
	extension=$BATS_FILE_TMPDIR/b/crash-ext/memlog.so
	[ -e "$extension" ] || make -s -C "$top" B="$BATS_FILE_TMPDIR/b" \
		SANITIZE= CPPFLAGS="-I$newest/include" CRASH_SRC="$(cd "$top" &&
			echo crash-ext/*.c)" "$extension"
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
