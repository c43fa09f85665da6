#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# ACRN's log and trace in the real crash and the real gdb: the output is that of
# memlog-dump.

load crash
load gdb

# piece FILE PADDR SIZE: bytes of an ELF core, by its program headers
piece() {
	local type off paddr size
	while read -r type off _ paddr size _; do
		[ "$type" = LOAD ] || continue
		if (($2 >= paddr && $2 < paddr + size)); then
			tail -c +$((off + $2 - paddr + 1)) "$1" | head_all -c $(($3))
			return 0
		fi
	done < <(readelf -lW "$1")
	return 1
}

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	for f in hvlog-v27-3cpu-boot3 trace-v10-2cpu; do
		zstd -q -d --long=31 -o $f.elf \
			"$BATS_TEST_DIRNAME/../../fixtures/acrn/$f.elf.zst" || return 1
	done
	piece hvlog-v27-3cpu-boot3.elf 0x1fe00000 0x200000 >region
	piece hvlog-v27-3cpu-boot3.elf 0x41d00000 0x20000 >percpu
	"$B/memlog-dump" -F acrn-log hvlog-v27-3cpu-boot3.elf >log
	"$B/memlog-dump" --stats vm_exit,irq --cpu 0 trace-v10-2cpu.elf >stats
	"$B/memlog-dump" -F acrn-log --since=-1ms -l notice..debug \
		hvlog-v27-3cpu-boot3.elf >newest
	[ -s log ] && [ -s stats ] && [ -s newest ]
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	all=$BATS_FILE_TMPDIR
}

@test "crash: the log, merged" {
	need_crash
	so=$B/crash-ext/memlog.so
	[ -e "$so" ] || skip "crash's header is not installed"
	"$B/mkcore" "$vmlinux" core "1fe00000=$all/region" "41d00000=$all/percpu"
	crash_run "$vmlinux" core >said 2>stderr <<-EOF
	extend $so
	memlog -F acrn-log > out
	memlog -F acrn-log --since -1ms -l notice..debug > newest
	EOF
	cmp out "$all/log"
	cmp newest "$all/newest"
}

# bats test_tags=plain
@test "gdb: the log, merged, and the trace's statistics" {
	need_gdb
	in_gdb -c "$all/hvlog-v27-3cpu-boot3.elf" >out <<-EOF
	memlog -F acrn-log
	EOF
	grep -F '[seq=' out >got
	grep -F '[seq=' "$all/log" >want
	cmp got want
	in_gdb -c "$all/hvlog-v27-3cpu-boot3.elf" >out <<-EOF
	memlog -F acrn-log --since=-1ms -l notice..debug
	EOF
	grep -F '[seq=' out | cmp - <(grep -F '[seq=' "$all/newest")
	in_gdb -c "$all/trace-v10-2cpu.elf" >out <<-EOF
	memlog --stats vm_exit,irq --cpu 0
	EOF
	grep -E 'VMEXIT_|^0x' out >got
	grep -E 'VMEXIT_|^0x' "$all/stats" >want
	[ "$(wc -l <want)" -gt 20 ]
	cmp got want
}
