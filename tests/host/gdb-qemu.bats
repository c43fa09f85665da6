#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The plugin in the real gdb, on a running QEMU: attached to its process, on a
# core of it, and through its gdbstub. One guest for all tests of the file.

bats_require_minimum_version 1.5.0
load gdb

setup_file() {
	top=$BATS_TEST_DIRNAME/../..
	need_gdb
	zstd -q -d --long=27 "$top/fixtures/firmware/OVMF-x64.fd.zst" \
		-o "$BATS_FILE_TMPDIR/fd"
	# shellcheck source=/dev/null
	. "$top/firmware/vm.sh"
	vm_new
	export vm
	vm_start "$BATS_FILE_TMPDIR/fd" \
		-gdb "unix:$vm/stub,server=on,wait=off" 3>&-
	export vm_pid
	vm_quiet
	vm_qmp stop >/dev/null
	tr -d '\r' <"$vm/debugcon.log" >"$BATS_FILE_TMPDIR/port"
}

# vm.sh is not read again: that would forget the guest, and it would stay.
teardown_file() {
	vm_end
}

setup() {
	truth=$BATS_FILE_TMPDIR/port
	[ -s "$truth" ]
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	[ -z "${pid:-}" ] || kill "$pid"
}

@test "attached to QEMU: the debug port's text, at an address of the process" {
	run -0 in_gdb -p "$vm_pid" <<-'EOF'
	frame 2
	memlog --list
	pipe memlog | cat >out
	frame
	EOF
	[[ $output == *"host:0x"* ]]
	cmp out "$truth"
	# the frame that was selected still is
	[ "$(grep -c '^#2 ' <<<"$output")" -eq 2 ]
}

@test "looking into the process does not make it larger" {
	before=$(awk '/^Rss(Shmem|Anon)/ { s += $2 } END { print s }' \
		"/proc/$vm_pid/status")
	blocks=$(stat -c %b "$vm/ram")
	in_gdb -p "$vm_pid" <<<"pipe memlog --scan pages | cat >out"
	after=$(awk '/^Rss(Shmem|Anon)/ { s += $2 } END { print s }' \
		"/proc/$vm_pid/status")
	[ "$(stat -c %b "$vm/ram")" -eq "$blocks" ]
	[ "$after" -le $((before + 1024)) ]
	cmp out "$truth"
}

@test "a core of the process" {
	echo 0x7f >"/proc/$vm_pid/coredump_filter"
	gcore -o core "$vm_pid" >/dev/null 2>&1
	mv "core.$vm_pid" core
	in_gdb -c core <<<"pipe memlog | cat >out"
	cmp out "$truth"
	"$B/memlog-dump" core >want
	cmp out want
}

@test "QEMU's gdbstub: physical addresses, and the stub's mode is as before" {
	run -0 in_gdb -ex "target remote $vm/stub" <<-'EOF'
	memlog --list
	pipe memlog | cat >out
	maint packet qqemu.PhyMemMode
	EOF
	[[ $output == *"phys:0x"* ]]
	[[ $output == *'received: "0"'* ]]
	grep -q 'gdbstub, physical addresses' said
	cmp out "$truth"
}

# The shell's page tables map memory to itself, so that the text alone does not
# tell: the protocol has to.
@test "QEMU's gdbstub is asked for memory in physical mode only" {
	in_gdb -ex "set remotelogfile $PWD/log" -ex "target remote $vm/stub" \
		<<<"memlog --range 0x820000-0x830000 --list"
	on=$(grep -nm1 'Qqemu.PhyMemMode:1' log | cut -d: -f1)
	off=$(grep -nm1 'Qqemu.PhyMemMode:0' log | cut -d: -f1)
	[ "$on" -lt "$off" ]
	sed -n "${on},${off}p" log | grep -q 'm820000,'
	[ "$(sed "${on},${off}d" log | grep -c 'm820000,')" -eq 0 ]
}

@test "QEMU's gdbstub with --pmemsave: nothing stays behind" {
	find /tmp -maxdepth 1 -name 'memlog-??????' >before
	in_gdb -ex "target remote $vm/stub" <<<"pipe memlog --pmemsave | cat >out"
	cmp out "$truth"
	find /tmp -maxdepth 1 -name 'memlog-??????' >after
	cmp before after
}

@test "Ctrl-C in the middle: the prompt, the stub's mode, and again" {
	mkfifo keys
	exec 9<>keys
	script -qefc "TERM=dumb gdb -nx -q" typescript <keys >/dev/null 2>&1 3>&- 9>&- &
	pid=$!
	saw() {
		until_ok grep -qa "$1" typescript || { cat typescript; return 1; }
	}
	printf '%s\n' "set pagination off" "source $B/gdb-plugin/memlog.gdb" \
		"target remote $vm/stub" "echo con\\nnected\\n" >&9
	saw '^nected'
	printf 'memlog --scan exhaustive --list\n' >&9
	saw 'physical addresses'
	printf '\003' >&9
	saw 'memlog: note: interrupted'
	printf 'maint packet qqemu.PhyMemMode\nmemlog -n 1\n' >&9
	saw '^SecCoreStartupWithStack'
	printf 'disconnect\nquit\n' >&9
	exec 9>&-
	reap "$pid"
	pid=
	grep -qa 'received: "0"' typescript
	[ "$(grep -ac '^FORMAT' typescript)" -eq 0 ]
}

@test "a process that only gdbserver sees" {
	command -v gdbserver >/dev/null || skip "gdbserver is not installed"
	sleep 1000 3>&- &
	pid=$!
	run -0 in_gdb -ex "target remote | gdbserver --once --attach - $pid" \
		<<<"memlog --list"
	grep -q 'no log' said
}
