#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Real dumps of Debian's own kernels with a persistent ring buffer, made by
# fixtures/gen/ftrace-vmcores: what memlog-dump prints of the dump alone is what the
# kernel's file trace had.

bats_require_minimum_version 1.5.0

setup_file() {
	export top=$BATS_TEST_DIRNAME/../..
	"$top/fixtures/gen/ftrace-vmcores" 6.12 newest reboot >&3 2>&3
}

setup() {
	# shellcheck source=firmware/lib.sh
	. "$top/firmware/lib.sh"
	dump=${B:-$top/build}/memlog-dump
	cd "$BATS_TEST_TMPDIR" || return
}

# take CASE: print its dump to got; what the kernel printed goes to want
take() {
	zstd -qd "$fw_cache/ftrace/$1/dump.elf.zst" -o elf
	grep -v '^#' "$fw_cache/ftrace/$1/trace" >want
	"$dump" elf >got
	[ "$(wc -l <want)" -gt 1000 ]
	[ "$(wc -l <got)" -eq "$(wc -l <want)" ]
}

# columns FILE: task, pid, CPU, flags, time
columns() {
	sed -E 's/^(.{16}-[0-9]+ +\[[0-9]+\] [^ ]+ +[0-9]+\.[0-9]+: ).*/\1/' "$1"
}

# events FILE: the same with the event's name
events() {
	sed -E 's/^(.{16}-[0-9]+ +\[[0-9]+\] [^ ]+ +[0-9]+\.[0-9]+: [a-zA-Z_]+).*/\1/' "$1" |
		sed 's/: sys_enter_/: sys_/; s/: sys_exit_/: sys_/'
}

# Lines that memlog prints in another way: pointers, of which the kernel prints a hash;
# what print formats name by enums; from 7.x on strings of system calls.
plain() {
	grep -vE ': (hrtimer_|timer_|workqueue_|sys_)' "$1"
}

@test "6.12 and the newest: every line, or its event where the kernel prints more" {
	for case in 6.12 newest; do
		take "$case"
		diff <(events got) <(events want)
		if ldd "$dump" | grep -q libtraceevent; then
			diff <(plain got) <(plain want)
		fi
		rm elf
	done
}

@test "one boot after a panic: tasks, times, events, and functions by where they were" {
	take reboot
	diff <(events got) <(events want)
	diff <(grep -F ' <-' got) <(grep -F ' <-' want)
	[ "$(grep -cF ' <-' got)" -gt 10 ]
	run -0 "$dump" --list elf
	[[ $(tr -s '\n ' ' ' <<<"$output") == *"the kernel was at another address when it wrote it"* ]]
}
