#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The snapshot and the coredump of Cloud Hypervisor, made by fixtures/gen/cloudhv.pl of
# the memory of a real guest: Cloud Hypervisor needs KVM.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	unpack memlog-q35-early.elf
	"$dump" "$unpacked" >"$BATS_FILE_TMPDIR/want"
	[ -s "$BATS_FILE_TMPDIR/want" ]
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	unpack memlog-q35-early.elf
	want=$BATS_FILE_TMPDIR/want
}

# cloudhv FORM OUT [ELF]: as Cloud Hypervisor would write it
cloudhv() {
	perl "$root/fixtures/gen/cloudhv.pl" "$1" "${3:-$unpacked}" "$2"
}

@test "a snapshot has the log of the guest, in every version's form" {
	local form
	for form in text text,32 bytes section binary,32; do
		rm -rf snap
		cloudhv "$form" snap
		"$dump" snap >got
		cmp got "$want"
		"$dump" snap/ | cmp - "$want"
	done
	# all that can be done with a dump
	run -0 "$dump" --list snap
	[[ ${lines[1]} == "ovmf "*"phys:0x"* ]]
	"$dump" --extract=small snap
	"$dump" small | cmp - "$want"
	# of arm64, whose memory is elsewhere
	unpack memlog-virt-early.elf
	"$dump" "$unpacked" >arm
	cloudhv text arm-snap
	"$dump" arm-snap | cmp - arm
	run -0 "$dump" --info arm-snap
	[[ $output == *"machine     aarch64"* ]]
}

@test "--info: the machine, its regions, and what is not saved" {
	cloudhv text,32 snap
	"$dump" --info snap >got
	cat >want <<-'END'
		image       snap
		format      cloudhv (snapshot of Cloud Hypervisor)
		machine     x86_64
		file size   67108864 bytes (64.0 MiB)
		memory      67108864 bytes (64.0 MiB) can be read
		phys ranges:
		  0x0000000000000000-0x0000000004000000  64.0 MiB
		  1 range, 67108864 bytes (64.0 MiB)
		notes:
		  cloud-hypervisor 0x0: the machine, by state.json
		      0x0000000000000000-0x0000000002000000 zone mem0
		      0x0000000002000000-0x0000000004000000 zone mem1
		      1 virtual CPU
	END
	same want got
	rm -r snap
	cloudhv text,32,shared snap
	run -0 "$dump" --info snap
	[[ $output == *"left out    33554432 bytes (32.0 MiB) when it was written"* ]]
	run -0 --separate-stderr "$dump" snap
	[[ ${stderr_lines[0]} == "memlog-dump: snap: warning: 33554432 bytes of the memory at 0x2000000, zone mem1 are not saved: they are in a file of the host, which config.json names" ]]
	run -0 "$dump" --info -J snap
	[ "$(jq -r 'select(.type == "info") | .format, .machine' <<<"$output" | paste -sd,)" = cloudhv,x86_64 ]
}

@test "memory-ranges that is too short, too long, or not there" {
	cloudhv text snap
	truncate -s 48M snap/memory-ranges
	run -0 "$dump" --info snap
	[[ $output == *"memory-ranges is truncated: 16777216 bytes of memory are missing"* ]]
	run -4 --separate-stderr "$dump" -q --range=0-1M snap
	truncate -s 65M snap/memory-ranges
	run -0 --separate-stderr "$dump" snap
	[ "${stderr_lines[0]}" = "memlog-dump: snap: warning: memory-ranges has 1048576 bytes more than state.json says" ]
	: >snap/memory-ranges
	run -4 "$dump" -q snap
	rm snap/memory-ranges
	run -3 --separate-stderr "$dump" snap
	[ "$stderr" = "memlog-dump: snap: cannot open memory-ranges: No such file or directory" ]
	# all of it is in files of the host
	sed -i 's/\[{\\"gpa\\":0,\\"length\\":67108864}]/[]/' snap/state.json
	run -3 --separate-stderr "$dump" snap
	[[ $stderr == *"no memory is saved here: it is in files of the host"* ]]
}

@test "a directory that is something else: what was looked for" {
	mkdir empty
	run -3 --separate-stderr "$dump" empty
	[ "$stderr" = "memlog-dump: empty: is a directory, not a file, and has no state.json: a snapshot of Cloud Hypervisor has that and memory-ranges" ]
	echo '{"name": "another program"}' >empty/state.json
	run -3 --separate-stderr "$dump" empty
	[ "$stderr" = "memlog-dump: empty: state.json: it has no state of a memory manager: not a snapshot of Cloud Hypervisor?" ]
	printf '\033[31m{' >empty/state.json
	run -3 --separate-stderr "$dump" empty
	[ "$stderr" = "memlog-dump: empty: state.json: not JSON, or cut off" ]
	run -2 --separate-stderr "$dump" --map=none empty
	run -3 --separate-stderr "$dump" empty,empty
}

@test "links and other files are not followed out of the directory" {
	local name
	cloudhv text snap
	for name in state.json memory-ranges; do
		mv "snap/$name" .
		ln -s "../$name" "snap/$name"
		run -3 --separate-stderr "$dump" snap
		[ "$stderr" = "memlog-dump: snap: $name is a symbolic link, which is not followed" ]
		rm "snap/$name"
		mkfifo "snap/$name"
		run -3 --separate-stderr timeout 60 "$dump" snap
		[ "$stderr" = "memlog-dump: snap: $name is not a regular file" ]
		rm "snap/$name"
		mv "$name" snap
	done
	# the directory itself may be one
	ln -s snap link
	"$dump" link | cmp - "$want"
	truncate -s 33M snap/state.json
	run -3 --separate-stderr "$dump" snap
	[ "$stderr" = "memlog-dump: snap: state.json has more than 32 MiB" ]
}

@test "a snapshot of an old version: the command that reads it" {
	cloudhv regions,32 snap
	run -3 --separate-stderr "$dump" snap
	[[ $stderr == "memlog-dump: snap: a snapshot of Cloud Hypervisor before v20: name its memory: "* ]]
	"$dump" "${stderr##*: }" | cmp - "$want"
}

@test "its coredump is read as any ELF dump" {
	cloudhv core core
	"$dump" core | cmp - "$want"
	"$dump" - <core | cmp - "$want"
	run -0 "$dump" --info core
	[[ $output == *"machine     x86_64"* ]]
	[[ $output == *"CORE 0x1, 336 bytes: registers, number 0"* ]]
	[[ $output == *"QEMU 0x0, 440 bytes: state of CPU 0"* ]]
	[[ $output != *warning* ]]
	# with zones it is not certain where memory was
	rm core
	cloudhv core,32 core
	"$dump" -q core | cmp - "$want"
	run -0 "$dump" --info core
	[[ $output == *"(ELF dump of Cloud Hypervisor)"* ]]
	[[ $output == *"its memory may be at other addresses than shown"* ]]
	run -0 "$dump" --info "$unpacked"
	[[ $output == *"(ELF dump of a machine)"* ]]
	[[ $output != *warning* ]]
}
