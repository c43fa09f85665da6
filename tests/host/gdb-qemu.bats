#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The plugin in the real gdb with a running QEMU: attached to its process, on a
# core of it, and on its gdbstub. All tests of this file use one guest.

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
	# so that a write beyond the limit is an error and does not kill QEMU
	trap '' XFSZ
	vm_start "$BATS_FILE_TMPDIR/fd" \
		-gdb "unix:$vm/stub,server=on,wait=off" 3>&-
	trap - XFSZ
	export vm_pid
	vm_quiet
	vm_qmp stop >/dev/null
	tr -d '\r' <"$vm/debugcon.log" >"$BATS_FILE_TMPDIR/port"
}

# vm.sh is not sourced again: it would forget the guest, which would then remain.
teardown_file() {
	vm_end
}

setup() {
	truth=$BATS_FILE_TMPDIR/port
	[ -s "$truth" ]
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	prlimit --pid "$vm_pid" --fsize=unlimited:
	[ -z "${pid:-}" ] || kill "$pid"
}

@test "attached to QEMU: the debug port's output, at an address of the process" {
	run -0 in_gdb -p "$vm_pid" <<-'EOF'
	frame 2
	memlog --list
	pipe memlog | cat >out
	frame
	EOF
	[[ $output == *"host:0x"* ]]
	cmp out "$truth"
	# the same frame is still selected
	[ "$(grep -c '^#2 ' <<<"$output")" -eq 2 ]
}

@test "reading the process does not make it larger" {
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

@test "QEMU's gdbstub: physical addresses, and the stub's mode is restored" {
	run -0 in_gdb -ex "target remote $vm/stub" <<-'EOF'
	memlog --list
	pipe memlog | cat >out
	maint packet qqemu.PhyMemMode
	EOF
	[[ $output == *"phys:0x"* ]]
	[[ $output == *'received: "0"'* ]]
	grep -q 'gdbstub, by physical address' said
	cmp out "$truth"
}

# The shell's page tables map memory one to one, so the text cannot show the
# difference, but the protocol can.
@test "QEMU's gdbstub is read only in physical mode" {
	in_gdb -ex "set remotelogfile $PWD/log" -ex "target remote $vm/stub" \
		<<<"memlog --range 0x820000-0x830000 --list"
	on=$(grep -nm1 'Qqemu.PhyMemMode:1' log | cut -d: -f1)
	off=$(grep -nm1 'Qqemu.PhyMemMode:0' log | cut -d: -f1)
	[ "$on" -lt "$off" ]
	sed -n "${on},${off}p" log | grep -q 'm820000,'
	[ "$(sed "${on},${off}d" log | grep -c 'm820000,')" -eq 0 ]
}

@test "QEMU's gdbstub with --pmemsave: no file is left" {
	# shellcheck disable=SC2016 # not expanded
	export TMPDIR=$PWD/'a "b" c\d|e$f'
	mkdir "$TMPDIR"
	in_gdb -ex "target remote $vm/stub" <<<"pipe memlog --pmemsave | cat >out"
	cmp out "$truth"
	[ -z "$(ls -A "$TMPDIR")" ]
}

# --pmemsave printed an error and did not search, gdb continued with the script, the
# log was then read without it, and no file is left.
refused() {
	[ "$(grep -c 'no log found' said)" -eq 0 ]
	grep -q '^memlog: .*use memlog without --pmemsave$' said
	cmp out "$truth"
	[ -z "$(ls -A "$TMPDIR")" ]
}

# in_small SIZE ARG...: like in_gdb, with a file system of SIZE in $TMPDIR that only
# gdb sees. The file left lists its files at the end.
in_small() {
	local size=$1
	shift
	{
		printf '%s\n' "source $B/gdb-plugin/memlog.gdb" "memlog --pmemsave" \
			"memlog --pmemsave --info" "pipe memlog | cat >out"
	} >commands
	limited unshare -rm sh -c "mount -t tmpfs -o size=$size none tmp &&
		\"\$@\" && ls -A tmp >left" sh \
		gdb -nx -q -batch "$@" -x commands 2>said
	[ ! -s left ]
}

@test "--pmemsave: too little space" {
	export TMPDIR=$PWD/tmp
	mkdir tmp
	in_small 100m -ex "target remote $vm/stub"
	refused
	[ "$(grep -c "tmp has 100 MiB free, but --pmemsave needs 127 MiB; set TMPDIR" said)" -eq 2 ]
}

@test "--pmemsave: QEMU does not see gdb's files" {
	export TMPDIR=$PWD/tmp
	mkdir tmp
	in_small 200m -ex "target remote $vm/stub"
	refused
	[ "$(grep -c "QEMU could not write its memory to $PWD/tmp/memlog-[^ ]*: .*No such file" said)" -eq 2 ]
}

@test "--pmemsave: QEMU cannot write a complete file" {
	export TMPDIR=$PWD/tmp
	mkdir tmp
	prlimit --pid "$vm_pid" --fsize=1048576:
	run -0 in_gdb -ex "target remote $vm/stub" <<-'EOF'
	memlog --pmemsave
	pipe memlog | cat >out
	EOF
	[[ $output != *Error* ]]
	refused
	grep -q "QEMU could not write its memory to $PWD/tmp/memlog-" said
}

@test "--pmemsave: QEMU runs as another user" {
	[ "$(id -u)" = 0 ] || skip "needs root to run as another user"
	export TMPDIR=$PWD/tmp
	mkdir -m 1777 tmp
	cat >qemu <<-EOF
	#!/bin/sh
	exec setpriv --reuid=65534 --regid=65534 --clear-groups \
		${QEMU:-qemu-system-x86_64} -S -nodefaults -display none \
		-accel tcg -m 16 -gdb stdio
	EOF
	chmod +x qemu
	in_gdb -ex "target remote | exec ./qemu" <<-'EOF'
	memlog --pmemsave
	memlog --range 0-0x10000
	EOF
	grep -q "QEMU could not write its memory to $PWD/tmp/memlog-[^ ]*: .*Permission denied; use" said
	[ "$(grep -c 'no log found' said)" -eq 1 ]
	[ -z "$(ls -A tmp)" ]
}

@test "--pmemsave: a stub that writes nothing" {
	export TMPDIR=$PWD/tmp
	mkdir tmp
	stub=$BATS_TEST_DIRNAME/gdbstub.pl
	in_gdb -ex "target remote | exec perl $stub" <<<"memlog --pmemsave"
	grep -q 'memlog-[^ ]*: it reports success, but there is no file; ' said
	export WORDS=$'Error: \033[2Jgone\nsecond line'
	in_gdb -ex "target remote | exec perl $stub" <<<"memlog --pmemsave"
	grep -q 'memlog-[^ ]*: \\x1b\[2Jgone; use memlog without' said
	[ "$(grep -c 'no log found' said)" -eq 0 ]
	[ -z "$(ls -A tmp)" ]
}

@test "--pmemsave: an error between writing and reading leaves no files" {
	export TMPDIR=$PWD/tmp
	mkdir tmp
	run -1 in_gdb -ex "target remote $vm/stub" <<-'EOF'
	define hook-source
	if $_shell_exitcode == 7
	no-such-command
	end
	end
	define hookpost-pipe
	shell [ -z "$(ls $TMPDIR)" ] || { ls $TMPDIR >>seen; exit 7; }
	end
	memlog --pmemsave
	EOF
	[ -s seen ]
	[ -z "$(ls -A tmp)" ]
}

@test "Ctrl-C while searching: the prompt, the stub's mode, and again" {
	mkfifo keys
	exec 9<>keys
	script -qefc "TERM=dumb gdb -nx -q" typescript <keys >/dev/null 2>&1 3>&- 9>&- &
	pid=$!
	saw() {
		until_ok grep -qa "$1" typescript || { cat typescript; return 1; }
	}
	printf '%s\n' "set pagination off" "source $B/gdb-plugin/memlog.gdb" \
		"set remotelogfile $PWD/log" "target remote $vm/stub" \
		"echo con\\nnected\\n" >&9
	saw '^nected'
	printf 'memlog --scan exhaustive --list\n' >&9
	# it searches: gdb itself does not read so much at once
	until_ok grep -qa '[$]m[0-9a-f]*,800#' log
	printf '\003' >&9
	saw 'memlog: note: interrupted'
	printf '%s\n' "set remotelogfile" "maint packet qqemu.PhyMemMode" \
		"memlog -n +1" >&9
	saw '^SecCoreStartupWithStack'
	printf 'disconnect\nquit\n' >&9
	exec 9>&-
	reap "$pid"
	pid=
	grep -qa 'received: "0"' typescript
	[ "$(grep -ac '^FORMAT' typescript)" -eq 0 ]
}

@test "a process under gdbserver" {
	command -v gdbserver >/dev/null || skip "gdbserver is not installed"
	sleep 1000 3>&- &
	pid=$!
	run -0 in_gdb -ex "target remote | gdbserver --once --attach - $pid" \
		<<<"memlog --list"
	grep -q 'no log' said
}
