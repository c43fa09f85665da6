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

# The stub reads by physical address, so it knows.
@test "physical addresses: attached, on a core of the process, and with memlog-dump" {
	in_gdb -ex "target remote $vm/stub" <<<"memlog -q --list" >list
	where=$(grep -o 'phys:0x[0-9a-f]*' list)
	[ -n "$where" ]
	echo 0x7f >"/proc/$vm_pid/coredump_filter"
	gcore -o core "$vm_pid" >/dev/null 2>&1
	mv "core.$vm_pid" core
	for target in "-p $vm_pid" "-c core"; do
		# shellcheck disable=SC2086 # words
		run -0 in_gdb $target <<-EOF
		memlog --list
		pipe memlog --at $where | cat >out
		pipe memlog -q --range $where+4K --list | cat >list
		EOF
		[[ ${output//$'\n'/ } == *"host:0x"*"also "*"$where"* ]]
		cmp out "$truth"
		grep -q "$where" list
	done
	for image in "pid:$vm_pid" core; do
		"$B/memlog-dump" -q --at "$where" "$image" | cmp - "$truth"
		"$B/memlog-dump" -J --list "$image" | head_all -n 1 >list
		[ "phys:$(jq -r '.extents[0].alias_addr' list)" = "$where" ]
		[ "$(jq -r .space list)" = host ]
	done
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
	sed -n "${on},${off}p" log | has 'm820000,'
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
	limited unshare -rm sh -c "mount -t tmpfs -o size=$size none tmp &&
		\"\$@\" && ls -A tmp >left" sh \
		gdb -nx -q -batch "$@" -ex "source $B/gdb-plugin/memlog.gdb" \
		-ex "memlog --pmemsave" -ex "memlog --pmemsave --info" \
		-ex "pipe memlog | cat >out" 2>said
	memlog_said
	[ ! -s left ]
}

@test "--pmemsave: too little space" {
	export TMPDIR=$PWD/tmp
	mkdir tmp
	in_small 100m -ex "target remote $vm/stub"
	refused
	[ "$(grep -c "tmp has 100 MiB free, but --pmemsave needs 127 MiB; use --pmemsave=DIR" said)" -eq 2 ]
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
	echo \$\$ >pid
	exec setpriv --reuid=65534 --regid=65534 --clear-groups \
		${QEMU:-qemu-system-x86_64} -S -nodefaults -display none \
		-accel tcg -m 16 -gdb stdio
	EOF
	chmod +x qemu
	in_gdb -ex "target remote | exec ./qemu" <<-'EOF'
	memlog --pmemsave
	memlog --range 0-0x10000
	# gdb 16 would wait for it
	shell kill $(cat pid)
	EOF
	grep -q "QEMU could not write its memory to $PWD/tmp/memlog-[^ ]*: .*Permission denied; use" said
	[ "$(grep -c 'no log found' said)" -eq 1 ]
	[ -z "$(ls -A tmp)" ]
}

@test "--pmemsave: a stub that writes nothing" {
	export TMPDIR=$PWD/tmp
	mkdir tmp
	stub=$BATS_TEST_DIRNAME/gdbstub.pl
	run -1 in_gdb -ex "target remote | exec perl $stub" <<<"memlog --pmemsave"
	grep -q 'memlog-[^ ]*: it reports success, but there is no file; ' said
	export WORDS=$'Error: \033[2Jgone\nsecond line'
	run -1 in_gdb -ex "target remote | exec perl $stub" <<<"memlog --pmemsave"
	grep -q 'memlog-[^ ]*: \\x1b\[2Jgone; use memlog without' said
	[ "$(grep -c 'no log found' said)" -eq 0 ]
	[ -z "$(ls -A tmp)" ]
}

@test "--pmemsave: an error between writing and reading leaves no files" {
	export TMPDIR=$PWD/tmp
	mkdir tmp
	cat >hooks <<-'EOF'
	define hook-source
	if $_shell_exitcode == 7
	no-such-command
	end
	end
	define hookpost-pipe
	shell [ -z "$(ls $TMPDIR)" ] || { ls $TMPDIR >>seen; exit 7; }
	end
	EOF
	run -1 in_gdb -ex "target remote $vm/stub" -x hooks <<<"memlog --pmemsave"
	[ -s seen ]
	[ -z "$(ls -A tmp)" ]
}

@test "--pmemsave: a child of gdb that ends removes no files" {
	gdb -nx -q -batch -ex 'python print("has it")' 2>&1 | has '^has it' ||
		skip "gdb has no Python"
	export TMPDIR=$PWD/tmp
	mkdir tmp
	cat >hooks <<-'EOF'
	define hookpost-pipe
	python child()
	end
	python
	import ctypes, os
	def child():
	    if not any(os.scandir("tmp")):
	        return
	    pid = os.fork()
	    if not pid:
	        ctypes.CDLL(None).exit(7)
	    print("child", os.waitpid(pid, 0)[1] >> 8, file=open("ended", "w"))
	end
	EOF
	run in_gdb -ex "target remote $vm/stub" -x hooks <<<"memlog --pmemsave -o out"
	cat said
	[ "$(cat ended)" = "child 7" ]
	cmp out "$truth"
	[ -z "$(ls -A tmp)" ]
}

# at_terminal COMMAND: gdb with the plugin at a terminal, which shows its output in the
# file typescript; fd 9 is the keyboard
at_terminal() {
	mkfifo keys
	exec 9<>keys
	script -qefc "TERM=dumb $*" typescript <keys >/dev/null 2>&1 3>&- 9>&- &
	pid=$!
	printf '%s\n' "source $B/gdb-plugin/memlog.gdb" >&9
}

saw() {
	until_ok grep -qa "$1" typescript || { cat typescript; return 1; }
}

leave() {
	printf 'set confirm off\nquit\n' >&9
	exec 9>&-
	reap "$pid"
	pid=
}

# It answers until memlog asks, by that or by another packet, and Ctrl-C ends that. The
# session goes on, and no files are left.
@test "a stub that stops answering" {
	local stall n=0
	export TMPDIR=$PWD/tmp STALL
	mkdir tmp
	for stall in ^qqemu ^info.mtree PhyMemMode:1 ^m ^pmemsave; do
		echo "$stall"
		STALL=$stall
		rm -f keys stalled typescript
		at_terminal gdb -nx -q
		printf '%s\n' "set pagination off" "set remotetimeout 1" \
			"target remote | exec perl $BATS_TEST_DIRNAME/gdbstub.pl" \
			"memlog $([ "$stall" != ^pmemsave ] || echo --pmemsave)" >&9
		until_ok test -s stalled
		# gdb itself waits for the monitor, and gdb 16 for everything
		printf '\003' >&9
		printf '%s\n' 'echo it \nlives\n' "p \$_memlog_status" >&9
		saw '^lives'
		saw '^\$[0-9]* = 3'
		[ "$(grep -ca 'no log found' typescript)" -eq 0 ]
		kill "$(cat stalled)"
		leave
		[ -z "$(ls -A tmp)" ]
		n=$((n + 1))
	done
	[ "$n" -eq 5 ]
}

@test "Ctrl-C while searching: the prompt, the stub's mode, and again" {
	at_terminal gdb -nx -q
	printf '%s\n' "set pagination off" \
		"set remotelogfile $PWD/log" "target remote $vm/stub" \
		"echo con\\nnected\\n" >&9
	saw '^nected'
	printf 'memlog --scan exhaustive --list\n' >&9
	# it searches: gdb itself does not read so much at once
	until_ok grep -qa '[$]m[0-9a-f]*,800#' log
	printf '\003' >&9
	saw 'memlog-error command: "interrupted"'
	printf '%s\n' "set remotelogfile" "maint packet qqemu.PhyMemMode" \
		"memlog -n +1" >&9
	saw '^SecCoreStartupWithStack'
	printf 'disconnect\n' >&9
	leave
	grep -qa 'received: "0"' typescript
	[ "$(grep -ac '^FORMAT' typescript)" -eq 0 ]
}

# checks: the frame is selected, no plugin is loaded, and the status is right
nothing_lost() {
	# shellcheck disable=SC2016 # gdb's
	printf '%s\n' frame "jit-reader-load $PWD/other.so" \
		'printf "status %d\n", $_memlog_status' \
		'echo en\nd\n' >&9
	saw '^d'
	leave
	[ "$(grep -ac '^#2 ' typescript)" -eq 2 ]
	grep -a '^status 0' typescript
	# it is only that this file does not exist
	grep -a '^Could not load .*other.so' typescript
}

@test "q in the pager: the frame, no plugin, and the status" {
	at_terminal gdb -nx -q -p "$vm_pid"
	printf '%s\n' "frame 2" "set height 20" "memlog" >&9
	saw '^--Type <RET>'
	printf 'q\n' >&9
	saw '^Quit'
	nothing_lost
	[ "$(grep -ac '^\[Bds\]' typescript)" -eq 0 ]
}

@test "Ctrl-C while text is printed: the frame, no plugin, and the status" {
	at_terminal gdb -nx -q -p "$vm_pid"
	printf '%s\n' "set pagination off" "frame 2" "define slow" \
		"echo sl\\now\\n" "shell sleep 2" "memlog -q" end slow >&9
	saw '^ow'
	# the terminal stops, and gdb, too, when it has printed some KiB
	printf '\023' >&9
	sleep 4
	printf '\003' >&9
	saw 'Quit'
	nothing_lost
	grep -qa 'SecCoreStartup' typescript
	[ "$(grep -ac '^\[Bds\]' typescript)" -eq 0 ]
}

@test "--pmemsave=DIR: files are there, and ~ is expanded" {
	export HOME=$PWD/home TMPDIR=/no/such/directory
	mkdir home home/dumps
	run -1 in_gdb -ex "target remote $vm/stub" <<-'EOF'
	pipe memlog --pmemsave=~/dumps | cat >out
	pipe memlog -q --pmemsave=home/dumps -n +1 | cat >first
	memlog --pmemsave=home/none
	memlog --pmemsave
	EOF
	cmp out "$truth"
	head -n 1 "$truth" | cmp - first
	[ -z "$(ls -A home/dumps)" ]
	grep -qx 'memlog: home/none: No such file or directory' said
	grep -qx 'memlog: TMPDIR, /no/such/directory: No such file or directory' said
}

@test "a process under gdbserver" {
	command -v gdbserver >/dev/null || skip "gdbserver is not installed"
	sleep 1000 3>&- &
	pid=$!
	run -0 in_gdb -ex "target remote | gdbserver --once --attach - $pid" \
		<<<"memlog --list"
	grep -q 'no log' said
}
