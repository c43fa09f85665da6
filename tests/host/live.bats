#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Running guests: memlog-dump reads from them what they wrote to the debug port, and
# reading does not change them.

bats_require_minimum_version 1.5.0
load ../lib
load ../wait

setup_file() {
	export top=$BATS_TEST_DIRNAME/../..
	export build=${B:-$top/build}
	export dump=$build/memlog-dump

	zstd -q -d --long=27 "$top/fixtures/firmware/OVMF-x64.fd.zst" \
		-o "$BATS_FILE_TMPDIR/x64.fd"
}

setup() {
	[ -x "$dump" ] || { echo "memlog-dump is not built" >&2; return 1; }
	. "$top/firmware/vm.sh"
	vm_new
	holder_pid='' follow=''
}

teardown() {
	local pid

	vm_end
	# tests have waited for processes that ended earlier
	for pid in $holder_pid $follow; do
		kill -9 "$pid"
	done
}

# A process that holds memory: tell WORD... sends a command, $line is the answer.
hold() {
	coproc holder { exec "$build/tests/host/holder" 3>&-; }
	holder_pid=$!
	in=${holder[0]} out=${holder[1]}
}

tell() {
	echo "$*" >&"$out"
	read -r -t "$wait_seconds" line <&"$in" ||
		{ echo "holder: no answer to $*"; return 1; }
}

# A stopped guest at the shell. The second monitor is for memlog-dump, as the first
# is in use.
boot() {
	vm_start "$BATS_FILE_TMPDIR/x64.fd" -name guest=memlog-live,debug-threads=on \
		-qmp "unix:$vm/qmp2,server=on,wait=off"
	vm_quiet
	vm_qmp stop
}

# A guest's memory in a process: what has to be known of the kernel of the guest leads
# to physical addresses.
@test "traces of Linux in a process, which has no physical addresses" {
	local case
	. "$top/tests/lib.bash"
	cd "$BATS_TEST_TMPDIR"
	for case in ftrace-arm64 hyp-pkvm; do
		zstd -qdf --long=31 "$vmcores/$case.elf.zst" -o elf
		"$dump" elf > want
		kernel_memory elf "raw base=0x40000000" raw \
			'ram 0x47fff000 4K' 'ram 0x4086c000 4K' \
			'bytes 0x4086cec0 "Linux"' 'bytes 0x4086cf42 "7.3.4-hold"'
		[ "$(stat -c %s raw)" -eq $((128 << 20)) ]
		hold
		tell map anon $((128 << 20))
		tell put 0 0 raw
		"$dump" "pid:$holder_pid" | cmp - want
		run -0 "$dump" --list "pid:$holder_pid"
		[[ $output == *" phys:0x4"*"host:0x"* ]]
		[[ $output == *"version Linux 7.3.4-hold"* ]]
		# the kernel's text is gone
		tell zero 0 $((0x700000)) 8192
		"$dump" -v "pid:$holder_pid" > got 2> err || [ $case = hyp-pkvm ]
		run ! cmp -s got want
		[ $case = ftrace-arm64 ] || grep -q "in a process the guest's physical addresses are not known; read it as qmp:SOCKET" err
		kill "$holder_pid"
		holder_pid=''
	done
}

# The lines of smaps for the guest's memory.
ram_smaps() {
	awk -v kib=$((vm_memory << 10)) '
		/^[0-9a-f]+-[0-9a-f]+ / { head = $0; mine = 0; next }
		/^Size:/ && $2 == kib { mine = 1; print head }
		mine { print }' "/proc/$vm_pid/smaps"
}

same_text() {
	"$dump" -O raw "$1" > "$vm/text" 2> "$vm/err"
	cmp "$vm/debugcon.log" "$vm/text"
}

# Read all memory, and check that smaps is unchanged.
untouched() {
	# sync first: the kernel writes dirty pages of a file back at any time,
	# which smaps shows
	[ ! -e "$vm/ram" ] || sync "$vm/ram"
	ram_smaps > "$vm/before"
	[ "$(grep -c ^Rss: "$vm/before")" = 1 ]
	[ "$(awk '/^Rss:/ { print $2 }' "$vm/before")" -lt $((vm_memory << 10)) ]
	same_text "pid:$vm_pid"
	"$dump" --list --scan=exhaustive "pid:$vm_pid" > "$vm/list"
	grep -q '^ovmf .* current$' "$vm/list"
	ram_smaps > "$vm/after"
	cmp "$vm/before" "$vm/after"
}

@test "private memory: the debug port's output, and smaps is unchanged" {
	vm_backend=memory-backend-ram
	boot
	untouched
}

@test "memfd, shared: the same" {
	vm_backend=memory-backend-memfd,share=on
	boot
	blocks() { stat -L -c %b "$(find "/proc/$vm_pid/fd" -lname '*memfd:*' | head_all -n 1)"; }
	before=$(blocks)
	untouched
	# and its holes are still holes
	[ "$(blocks)" = "$before" ]
}

@test "a file, shared: the same" {
	boot
	# the file system allocates some only when it writes
	sync "$vm/ram"
	before=$(stat -c %b "$vm/ram")
	untouched
	[ "$(stat -c %b "$vm/ram")" = "$before" ]
}

@test "a file, private: the same" {
	truncate -s 64M "$vm/ram"
	vm_backend=memory-backend-file,mem-path=$vm/ram,share=off
	boot
	untouched
}

@test "qmp: guest addresses and the text; the monitor stays usable" {
	vm_backend=memory-backend-ram
	boot
	same_text "qmp:$vm/qmp2"
	same_text "qmp:$vm/qmp2"
	run -0 "$dump" -q --list -J "qmp:$vm/qmp2"
	# QEMU gives the same address
	gpa=$(jq -r .addr <<< "${lines[0]}")
	hva=$(jq -r '.extents[0].alias_addr' <<< "${lines[0]}")
	[ "$(jq -r .space <<< "${lines[0]}")" = phys ]
	run -0 vm_qmp human-monitor-command \
		"{\"command-line\":\"gpa2hva $gpa\"}"
	[[ $output == *"is $hva"* ]]
	# and what QEMU saves from there starts with the magic
	vm_qmp pmemsave "{\"val\":$((gpa)),\"size\":16,\"filename\":\"$vm/m\"}"
	[ "$(cat "$vm/m")" = ovmfmdg1ovmfmdg2 ]
	run -0 "$dump" --info "qmp:$vm/qmp2"
	[[ $output == *"machine     x86_64"* ]]
}

@test "qmp: an occupied monitor is an error, not a hang" {
	boot
	run -3 "$dump" "qmp:$vm/qmp"
	[[ $output == *"domain:NAME"* ]]
	run -3 "$dump" "qmp:$vm/nowhere"
	[[ $output == *"cannot connect"* ]]
}

@test "qmp: the log that QEMU finds (10.2 and later)" {
	boot
	if vm_qmp query-firmware-log > /dev/null 2>&1; then
		"$dump" -O raw --via-qemu "qmp:$vm/qmp2" > "$vm/text"
		cmp "$vm/debugcon.log" "$vm/text"
	else
		run -3 "$dump" --via-qemu "qmp:$vm/qmp2"
		[[ $output == *"no query-firmware-log"* ]]
	fi
	run "$dump" --via-qemu "pid:$vm_pid"
	[ "$status" -ge 2 ]
	[[ $output == *"--via-qemu"* ]]
}

@test "domain: a guest by its name" {
	boot
	same_text domain:memlog-live
	run -3 "$dump" domain:no-such-guest
	[[ $output == *"no running guest has that name"* ]]
	[[ $output == *"memlog-live"* ]]
}

# As a user who may read neither the process nor its memory.
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

@test "no permission: what to do, and the monitor works instead" {
	[ "$(id -u)" = 0 ] || skip "needs root, to be somebody else"
	vm_backend=memory-backend-ram
	boot
	chmod 711 "$vm"
	chmod 666 "$vm/qmp2"
	mkdir -m 755 "$vm/bin"
	install -m 755 "$dump" "$vm/bin/"
	cd /
	run -3 as_nobody "$vm/bin/memlog-dump" "pid:$vm_pid"
	[[ $output == *"runs as uid 0"*"sudo"* ]]
	run -3 as_nobody "$vm/bin/memlog-dump" pid:999999999
	[[ $output == *"no process"* ]]
	# QEMU writes what is read to a file, which is removed
	mkdir -m 1777 "$vm/tmp"
	TMPDIR=$vm/tmp as_nobody "$vm/bin/memlog-dump" -O raw \
		"qmp:$vm/qmp2" > "$vm/text" 2> "$vm/err"
	cmp "$vm/debugcon.log" "$vm/text"
	grep -q 'piece by piece' "$vm/err"
	[ -z "$(ls -A "$vm/tmp")" ]
}

@test "not a guest: an error" {
	sleep 60 3>&- &
	holder_pid=$!
	run -3 "$dump" "pid:$holder_pid"
	[[ $output == *"(sleep) has no mapping that could be a guest's"* ]]
	run -2 "$dump" pid:2x
	[[ $output == *"pid:1234"* ]]
}

@test "a process that ends during a search" {
	local i in out line
	for i in 1 2 3 4 5 6; do
		hold
		tell map anon 268435456
		tell zero 0 0 268435456
		[ "$line" = ok ]
		"$dump" --scan=exhaustive --list "pid:$holder_pid" \
			> "$vm/out" 2> "$vm/err" 3>&- &
		line=$!
		sleep "0.0$i"
		kill -9 "$holder_pid"
		status=0
		wait "$holder_pid" || status=$?
		[ "$status" = 137 ]
		holder_pid=''
		status=0
		reap "$line" || status=$?
		# before it ended, at a page that was just freed, or later
		case $status in
		1) ;;
		4) grep -q 'could not be read' "$vm/err" ;;
		3) grep -Eq 'has ended|no process' "$vm/err" ;;
		*) false ;;
		esac
	done
}

# at least $1 lines in the file
wait_lines() {
	lines_in() { [ "$(wc -l < "$2")" -ge "$1" ]; }
	until_ok lines_in "$1" "$2"
}

# wait until the two files are equal
wait_same() {
	until_ok cmp -s "$1" "$2" || cmp "$1" "$2"
}

@test "follow: from the first byte through a reset to the end" {
	vm_backend=memory-backend-memfd,share=on
	vm_start "$BATS_FILE_TMPDIR/x64.fd" -S
	"$dump" -w -O raw "pid:$vm_pid" > "$vm/text" 2> "$vm/err" 3>&- &
	follow=$!
	until_ok grep -q 'no log yet' "$vm/err"
	vm_qmp cont
	vm_quiet
	: > "$vm/serial.log"
	vm_qmp system_reset
	vm_quiet
	vm_qmp stop
	wait_same "$vm/debugcon.log" "$vm/text"
	grep -q 'the guest was reset' "$vm/err"
	[ "$(grep -c 'the guest was reset' "$vm/err")" = 1 ]
	vm_qmp quit
	reap "$follow"
	follow=''
	grep -q 'has ended' "$vm/err"
	cmp "$vm/debugcon.log" "$vm/text"
}

@test "follow: lines as they are written, until an interrupt" {
	local in out line
	hold
	tell map memfd 33554432
	tell ring 0 0x1f00000 65536
	tell say 0 0x1f00000 first
	# a shell starts background jobs with SIGINT ignored
	env --default-signal=INT "$dump" -w "pid:$holder_pid" \
		> "$vm/text" 2> "$vm/err" 3>&- &
	follow=$!
	wait_lines 1 "$vm/text"
	tell say 0 0x1f00000 second
	wait_lines 2 "$vm/text"
	[ "$(cat "$vm/text")" = $'first\nsecond' ]
	# too fast to follow: a message, and the text that is there is intact
	tell spin 0 0x1f00000
	until_ok grep -q 'some text is lost' "$vm/err"
	wait_lines 1003 "$vm/text"
	tell halt
	tell say 0 0x1f00000 last
	until_ok grep -qx last "$vm/text"
	kill -INT "$follow"
	status=0
	reap "$follow" || status=$?
	follow=''
	[ "$status" = 130 ]
	grep -q 'some text is lost' "$vm/err"
	# complete lines, and after lost text the end of one
	# shellcheck disable=SC2016 # perl's
	run -0 perl -ne 'chomp; $l = $_; $l =~ tr/0-9/0/;
		$at = index("line 00000000 of many", $l);
		$whole = $at == 0 && length($l) == 21;
		$end = $at >= 0 && $at + length($l) == 21 && $gap;
		$gap = /^\[\.\.\. some of it is lost\]$/;
		print "$.: $_\n" unless $whole || $end || $gap ||
			/^(first|second|last)$/' "$vm/text"
	[ -z "$output" ]
	# numbers increase
	sed -n 's/^line \([0-9]*\) of many$/\1/p' "$vm/text" | sort -c -u
	[ "$(grep -c '^line' "$vm/text")" -gt 1000 ]
}

# The process that is followed ends, and so does memlog-dump.
end_followed() {
	kill -9 "$holder_pid"
	status=0
	wait "$holder_pid" || status=$?
	[ "$status" = 137 ]
	holder_pid=
	reap "$follow"
	follow=
}

@test "follow: a guest that has just been started" {
	qemu-system-x86_64 -name just-now -machine q35 -m 256 -display none -net none \
		-drive "if=pflash,format=raw,readonly=on,file=$BATS_FILE_TMPDIR/x64.fd" \
		3>&- &
	holder_pid=$!
	until_ok grep -q qemu "/proc/$holder_pid/comm"
	"$dump" -w domain:just-now > "$vm/text" 2> "$vm/err" 3>&- &
	follow=$!
	until_ok grep -q 'Loading DXE CORE' "$vm/text"
	[ "$(head -c 23 "$vm/text")" = SecCoreStartupWithStack ]
	end_followed
}

# A monitor that has just started maps the guest's memory in a while.
@test "follow: memory that is there only later" {
	local in out line kind
	: > "$vm/file"
	truncate -s 64M "$vm/file"
	for kind in anon memfd shared cow; do
		hold
		tell map anon 16777216
		"$dump" -w "pid:$holder_pid" > "$vm/text" 2> "$vm/err" 3>&- &
		follow=$!
		until_ok grep -q 'no log yet' "$vm/err"
		tell map "$kind" 67108864 "$vm/file"
		tell ring 1 0x3f00000 65536
		tell say 1 0x3f00000 "in $kind"
		wait_lines 1 "$vm/text"
		tell say 1 0x3f00000 more
		wait_lines 2 "$vm/text"
		[ "$(cat "$vm/text")" = "in $kind"$'\nmore' ]
		end_followed
		grep -q 'has ended' "$vm/err"
	done
}

@test "follow: from the newest lines on" {
	local in out line i
	hold
	tell map memfd 33554432
	tell ring 0 0x1f00000 65536
	for i in 1 2 3 4 5; do
		tell say 0 0x1f00000 "old $i"
	done
	"$dump" -w -n -2 "pid:$holder_pid" > "$vm/text" 2> "$vm/err" 3>&- &
	follow=$!
	wait_lines 2 "$vm/text"
	for i in 1 2 3; do
		tell say 0 0x1f00000 "new $i"
		wait_lines $((2 + i)) "$vm/text"
	done
	kill -9 "$holder_pid"
	holder_pid=''
	reap "$follow"
	follow=''
	[ "$(cat "$vm/text")" = $'old 4\nold 5\nnew 1\nnew 2\nnew 3' ]
}

@test "follow: no dumps, no outputs that cannot stream" {
	run -2 "$dump" -w "$top/fixtures/vmcores/memlog-off.elf.zst"
	[[ $output == *"only a running guest"* ]]
	run -2 "$dump" -w --list "$top/fixtures/vmcores/memlog-off.elf.zst"
	[[ $output == *"--list cannot be combined with -w"* ]]
}

@test "a core of the process: only the guest's memory is searched" {
	command -v gcore > /dev/null || skip "no gcore"
	vm_backend=memory-backend-ram
	boot
	gcore -o "$vm/core" "$vm_pid" > /dev/null 2>&1
	same_text "$vm/core.$vm_pid"
	run -0 "$dump" --info "$vm/core.$vm_pid"
	[[ $output == *"ELF core of a process"* ]]
	[[ $output == *"1 range, 67108864 bytes"* ]]
}

@test "a core without the guest's memory: how to take one with it" {
	command -v gcore > /dev/null || skip "no gcore"
	vm_backend=memory-backend-ram,dump=off
	boot
	gcore -o "$vm/core" "$vm_pid" > /dev/null 2>&1
	run -1 "$dump" "$vm/core.$vm_pid"
	[[ $output == *"dump-guest-core=on"* ]]
	[[ $output == *"coredump_filter"* ]]
}
