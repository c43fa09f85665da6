#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The sandbox: memlog-dump with an exploit planted in its library, which tries to open
# files, connect and start programs while an image is read, on this kernel and as on
# kernels and in containers that lack a part of it.

bats_require_minimum_version 1.5.0
load ../lib
load ../wait

planted=$B/tests/host/planted without=$B/tests/host/without
# errno
EPERM=1 ENOSYS=38 EOPNOTSUPP=95

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	image c-exact image truth
	"$dump" --sandbox=off image >want
	# what the exploit is after
	echo kept >victim
	export PLANTED_FILE=$PWD/victim
	run --separate-stderr "$dump" --sandbox=require image
	[ "$status" -eq 0 ] || {
		[ "$status" -eq 2 ] && [[ $stderr == *"--sandbox=require: "* ]]
		local lacks=$stderr
		# without Landlock these are the same on a kernel that has it
		[[ $BATS_TEST_DESCRIPTION == "without "@(Landlock|both)* &&
			$lacks == *Landlock* ]] || skip "$lacks"
		run --separate-stderr "$dump" -v image
		[[ $stderr != *"in part: "*seccomp* ]] || skip "$stderr"
	}
}

teardown() {
	[ -z "${holder_pid-}" ] || kill -9 "$holder_pid"
}

# exploit NAME ARGUMENT...: run planted in a session of its own, so that it has no
# terminal; what it tried goes to NAME, and the rest of the messages to NAME.err
exploit() {
	local name=$1 code=0
	shift
	setsid -w "$planted" "$@" >"$name.out" 2>"$name.all" </dev/null || code=$?
	grep -E '^(headers|search|thread) ' "$name.all" >"$name" || {
		cat "$name.all"
		return 1
	}
	sed -E '/^(headers|search|thread) /d' "$name.all" >"$name.err"
	return $code
}

# tried FILE PLACE: how many things were
tried() { grep -c "^$2 " "$1"; }

# all_denied FILE [PATTERN]: but for those
all_denied() {
	local rest
	rest=$(grep -v ' denied$' "$1" | grep -vE "${2:-^$}") || return 0
	echo "$rest"
	return 1
}

# A large image, which two threads search.
large() {
	sed "s/16M/64M/; s/^raw$/elf64/" "$recipes/c-exact.rec" >large.rec
	"$B/mkimage" large.rec sparse
	# holes are not searched
	cp --sparse=never sparse large
}

@test "an exploit in headers, in the search and in a thread gains nothing" {
	local place n
	large
	exploit on --threads=2 --scan=pages large || [ $? -eq 1 ]
	for place in headers search thread; do
		n=$(tried on $place)
		[ "$n" -gt 25 ]
	done
	all_denied on
	[ "$(cat victim)" = kept ]
	[ -z "$(find . -name 'planted.*')" ]
	# without the sandbox it does
	exploit off --sandbox=off --threads=2 --scan=pages large || [ $? -eq 1 ]
	for place in headers search thread; do
		[ "$(tried off $place)" -eq "$n" ]
		for what in read-passwd write-file truncate-file list-root \
			rename times fchmod fork socket memory; do
			grep -qx "$place $what done" off
		done
		# these got as far as the kernel
		for what in execve execveat connect mount bpf keyctl io_uring shared-memory semaphores \
			messages chattr; do
			grep -qxE "$place $what (reached|done)" off
		done
	done
	grep -qx 'headers create done' off
	[ "$(cat victim)" = '' ]
}

@test "what is printed is the same, whatever is named" {
	local args
	[ -s want ]
	gzip -k image
	tar -cf image.tar image
	cp image 'a,b@1:c'
	mkfifo pipe
	for args in image image.gz image.tar image.tar:image 'a,b@1:c' ./image; do
		"$dump" --sandbox=require "$args" | cmp - want
	done
	"$dump" --sandbox=require - <image | cmp - want
	"$dump" --sandbox=require - <image.gz | cmp - want
	"$dump" --sandbox=require - < <(gzip -dc image.gz) | cmp - want
	"$dump" --sandbox=require <(cat image) | cmp - want
	timeout 60 cat image >pipe &
	"$dump" --sandbox=require pipe | cmp - want
	wait $!
	split -b 6M image image.part.
	"$dump" --sandbox=require image.part.aa@0,image.part.ab@6M,image.part.ac@12M |
		cmp - want
	large
	split -b 30M large large.part.
	"$dump" --sandbox=require large.part.aa,large.part.ab,large.part.ac |
		cmp - want
}

@test "output files are written, replaced and removed" {
	mkdir other
	"$dump" --sandbox=require -o other/new image
	cmp other/new want
	echo old >other/new
	run -2 "$dump" --sandbox=require -o other/new image
	"$dump" --sandbox=require --force -o other/new image
	cmp other/new want
	# nothing is left of a temporary file, and none of a run without a line
	[ "$(ls other)" = new ]
	run -1 "$dump" --sandbox=require -g nowhere -o other/none image
	run -3 "$dump" --sandbox=require -o other/none want
	[ "$(ls other)" = new ]
	"$dump" --sandbox=require -O raw -o made/ image
	[ -n "$(ls made)" ]
	"$dump" --sandbox=require --force -O raw -o made/ image
	run -3 "$dump" --sandbox=require -O raw -o unmade/ want
	[ ! -e unmade ]
}

@test "temporary files are created, those of others are not changed" {
	mkdir tmp
	echo kept >tmp/victim
	gzip -k image
	TMPDIR=$PWD/tmp PLANTED_FILE=$PWD/tmp/victim exploit temporary image.gz
	# what is there can be read
	all_denied temporary ' read-file done$'
	grep -q '^search read-file done' temporary
	[ "$(cat tmp/victim)" = kept ]
	[ "$(ls tmp)" = victim ]
	cmp temporary.out want
}

@test "in the directory of -o files can be removed, but not changed or read" {
	mkdir out
	echo kept >out/victim
	PLANTED_FILE=$PWD/out/victim exploit output -O raw -o out/ image
	all_denied output ' (rename) done$'
	[ "$(cat out/victim)" = kept ]
}

# A process with the image's memory.
hold() {
	coproc holder { exec "$B/tests/host/holder" 3>&-; }
	holder_pid=$!
	echo "map $1 $((64 << 20))" >&"${holder[1]}"
	read -r -t "$wait_seconds" _ <&"${holder[0]}"
	echo "put 0 0 $PWD/image" >&"${holder[1]}"
	read -r -t "$wait_seconds" _ <&"${holder[0]}"
}

@test "a running process is attached to first, then the same holds" {
	local kind
	for kind in memfd anon; do
		hold $kind
		exploit live -v --scan=pages "pid:$holder_pid"
		grep -q '^search read-passwd denied' live
		all_denied live
		grep -q 'sandbox: files (Landlock' live.err
		"$dump" --sandbox=off --scan=pages "pid:$holder_pid" >want
		cmp live.out want
		"$dump" --list --scan=pages --sandbox=off "pid:$holder_pid" >want
		"$dump" --list --scan=pages --sandbox=require "pid:$holder_pid" >got
		cmp got want
		kill -9 "$holder_pid"
		wait "$holder_pid" 2>/dev/null || [ $? -eq 137 ]
		holder_pid=''
	done
}

@test "of debug ports local sockets and the directory are left" {
	mkdir ports
	echo text >ports/one
	exploit port "port:$PWD/ports/one"
	grep -q 'text$' port.out
	[ "$(tried port search)" -gt 25 ]
	# what it connects is not a socket
	all_denied port ' (unix-socket done|connect reached)$'
	PLANTED_FILE=$PWD/ports/one exploit beside "port:$PWD/ports/one"
	all_denied beside ' (unix-socket done|connect reached|read-file done)$'
	grep -q '^search read-file done' beside
}

@test "after one that is attached to, files; before it only without require" {
	run -2 --separate-stderr "$dump" --sandbox=require image pid:1
	[[ $stderr == *"--sandbox=require: pid:1 would be opened after image was read: "*"name it first"* ]]
	[ -z "$output" ]
	# it cannot be attached to, and the file is read in the sandbox nevertheless
	exploit rest qmp:nowhere image || [ $? -eq 3 ]
	all_denied rest
	"$dump" --sandbox=off qmp:nowhere image >both 2>both.err || [ $? -eq 3 ]
	cmp rest.out both
	exploit before -v image qmp:nowhere || [ $? -eq 3 ]
	grep -q 'sandbox: not before qmp:nowhere is opened' before.err
}

@test "without Landlock: programs, sockets and changes are denied, reading is not" {
	local sys
	large
	for sys in $ENOSYS $EOPNOTSUPP $EPERM; do
		"$without" landlock "$sys" "$dump" image | cmp - want
		run -2 --separate-stderr "$without" landlock "$sys" \
			"$dump" --sandbox=require -o none image
		[ -z "$output" ]
		[ ! -e none ]
		case $sys in
		"$ENOSYS") [[ $stderr == *"--sandbox=require: this kernel has no Landlock, "* ]] ;;
		"$EOPNOTSUPP") [[ $stderr == *": boot with landlock in the parameter lsm=" ]] ;;
		"$EPERM") [[ $stderr == *": Landlock is denied, as some containers do "*"profile" ]] ;;
		esac
		run --separate-stderr "$without" landlock "$sys" "$dump" -v image
		[[ $stderr == *"sandbox: in part: "*Landlock* ]]
	done
	run setsid -w "$without" landlock $ENOSYS "$planted" --threads=2 --scan=pages large </dev/null
	printf '%s\n' "${lines[@]}" | grep -E '^(headers|search|thread) ' >calls
	all_denied calls ' (read-[a-z]*|list-root|create|parent-memory|rename) '
	grep -q '^thread read-passwd done' calls
	[ "$(cat victim)" = kept ]
}

@test "without seccomp: files are denied" {
	run -2 --separate-stderr "$without" seccomp $EPERM "$dump" --sandbox=require image
	[[ $stderr == *"--sandbox=require: the kernel or a container denies seccomp ("* ]]
	"$without" seccomp $EPERM "$dump" image | cmp - want
	run --separate-stderr "$without" seccomp $EPERM "$dump" -v image
	[[ $stderr == *"sandbox: in part: the kernel or a container denies seccomp ("* ]]
	run setsid -w "$without" seccomp $EPERM "$planted" image </dev/null
	printf '%s\n' "${lines[@]}" >files
	for what in read-passwd read-file write-file truncate-file list-root \
		create rename memory kill; do
		grep -qx "search $what denied" files
	done
	grep -qx 'search execve reached' files
}

@test "without both, and modes" {
	run --separate-stderr "$without" seccomp $ENOSYS "$without" landlock $ENOSYS true
	# the second cannot be set up after the first
	[ "$status" -eq 2 ]
	run --separate-stderr "$without" landlock $ENOSYS \
		"$without" seccomp $ENOSYS "$dump" -v image
	[[ $stderr == *"sandbox: in part: this kernel has no Landlock"*"; the kernel or a container denies seccomp ("* ]]
	[ "$output" = "$("$dump" image)" ]
	run --separate-stderr "$dump" -v --sandbox=off image
	[[ $stderr == *"sandbox: off"* ]]
	run -2 --separate-stderr "$dump" --sandbox=maybe image
	[[ $stderr == *'unknown mode "maybe"; there are on, off, require'* ]]
}

# The user's own limit stays.
@test "a lower limit of memory is kept" {
	run --separate-stderr bash -c "ulimit -d 200000 && exec '$planted' image"
	[[ $stderr == *"search memory denied"* ]]
	bash -c "ulimit -d 200000 && exec '$dump' --sandbox=require image" |
		cmp - want
}

@test "what is far away is attached to first" {
	command -v nbdkit >/dev/null || skip "nbdkit is not installed"
	find /tmp -maxdepth 1 -name 'libnbd*' | sort >before
	timeout 60 "$dump" --sandbox=require "nbdkit:file file=$PWD/image" |
		cmp - want
	find /tmp -maxdepth 1 -name 'libnbd*' | sort >after
	cmp before after
	nbdkit -U "$PWD/sock" -P pid file image
	until_ok test -s pid
	exploit far -v "nbd+unix:///?socket=$PWD/sock"
	kill "$(cat pid)"
	[ "$(tried far headers)" -gt 25 ]
	all_denied far
	cmp far.out want
}
