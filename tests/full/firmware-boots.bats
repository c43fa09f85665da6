#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The log of the boot before, over each kind of reset, and the log as the guest's
# kernel shows it.

bats_require_minimum_version 1.5.0

# shellcheck source=tests/full/firmware.bash
. "$BATS_TEST_DIRNAME/firmware.bash"

setup_file() {
	build x86_64 x64 ia32x64 x64-smm-fault
}

# The offset in debugcon.log at which boot $1 starts
boot_at() {
	LC_ALL=C grep -abo SecCoreStartupWithStack "$vm/debugcon.log" |
		sed -n "$1s/:.*//p"
}

# Wait until the shell of boot $1 has its first prompt, and all is quiet. In each boot
# there is one more, after the memory map.
at_shell() {
	local tries=0

	until [ "$(grep -ao 'Shell> ' "$vm/serial.log" | wc -l)" -ge \
		$((2 * $1 - 1)) ]; do
		[ $((tries += 1)) -lt $((vm_seconds * 5)) ] ||
			vm_fail "no shell in boot $1"
		sleep 0.2
	done
	vm_still 0.5 debugcon.log serial.log
}

# What the shell's memory map has except memory that is free once boot services have
# ended, to map.$1
memory_map() {
	local from tries=0

	from=$(stat -c %s "$vm/serial.log")
	vm_type memmap
	until tail -c "+$((from + 1))" "$vm/serial.log" > "$vm/output" &&
		grep -aq 'Shell> ' "$vm/output"; do
		[ $((tries += 1)) -lt $((vm_seconds * 5)) ] ||
			vm_fail 'no memory map'
		sleep 0.2
	done
	tr -d '\r' < "$vm/output" |
		grep -aE '^[A-Z][A-Za-z_]+ +[0-9A-F]{16}-' > "$vm/all"
	[ "$(wc -l < "$vm/all")" -gt 20 ]
	grep -vE '^(Available|BS_|Loader)' "$vm/all" > "$vm/map.$1"
	[ "$(grep -c '^RT_Data' "$vm/map.$1")" -ge 2 ]
}

# An interrupt finds no handler, nor does the exception that follows.
triple_fault() {
	local registers

	vm_qmp stop > /dev/null
	registers=$(vm_qmp human-monitor-command \
		'{"command-line":"info registers"}')
	[[ $registers =~ IDT=\ *([0-9a-f]+)\ ([0-9a-f]+) ]]
	dd if=/dev/zero of="$vm/ram" bs=1 seek=$((0x${BASH_REMATCH[1]})) \
		count=$((0x${BASH_REMATCH[2]} + 1)) conv=notrunc status=none
	vm_qmp cont > /dev/null
}

# boot_is BOOT FROM TO: that part of the debug port's output is what -b BOOT prints, alone
# and whole, from each kind of dump
boot_is() {
	local format

	for format in elf kdump-zlib raw; do
		vm_dump "$format" "$vm/dump"
		"$dump" -O raw -b "$1" "$vm/dump" > "$vm/text"
		bytes "$2" "$3" | cmp - "$vm/text"
		rm "$vm/dump"
	done
}

# five_boots VARIANT [ARG...]: each reset of a kind of its own
five_boots() {
	local boot rings all first

	vm_console=on
	use_new_qemu
	start "$@"
	for boot in 1 2 3 4 5; do
		at_shell $boot
		memory_map $boot
		vm_qmp stop > /dev/null
		if [ $boot -gt 1 ]; then
			boot_is -1 "$(boot_at $((boot - 1)))" "$(boot_at $boot)"
			[ "$(vm_ring p)" = "$first" ]
			rings=$({ vm_ring 2; vm_ring p; } | sort)
			[ $boot -eq 2 ] || [ "$rings" = "$all" ]
			all=$rings
		fi
		same "$(boot_at $boot)" elf
		first=$(vm_ring 2)
		[ -n "$first" ]
		vm_qmp cont > /dev/null
		case $boot in
		1 | 4)	vm_qmp system_reset > /dev/null ;;
		2)	vm_type reset ;;
		3)	triple_fault ;;
		esac
	done
	# what PEI allocated
	awk '/SecCoreStartupWithStack/ { n++ }
		/^Memory Allocation/ { print > "'"$vm"'/pei." n }' \
		"$vm/debugcon.log"
	[ "$(wc -l < "$vm/pei.1")" -gt 5 ]
	for boot in 2 3 4 5; do
		diff "$vm/map.1" "$vm/map.$boot"
		diff "$vm/pei.1" "$vm/pei.$boot"
	done
}

@test "x64, with S3: five boots" {
	five_boots x64
}

@test "x64, without S3: five boots" {
	five_boots x64 -global ICH9-LPC.disable_s3=1
}

@test "ia32x64, with S3: five boots" {
	five_boots ia32x64
}

# dump_has FILE...: one dump, of a guest in the middle of a boot, has these texts in
# order: the boot before, then this one, but for the message that was being written
dump_has() {
	local size

	vm_dump elf "$vm/dump"
	"$dump" -q -a -O raw "$vm/dump" > "$vm/text"
	cat "$@" > "$vm/expected"
	size=$(stat -c %s "$vm/text")
	[ "$size" -gt $(($(stat -c %s "$vm/expected") - 512)) ]
	cmp -n "$size" "$vm/expected" "$vm/text"
	# each is listed, with its place in the order
	"$dump" --list-boots "$vm/dump" > "$vm/list"
	[ "$(awk 'NR > 1 { print $1 }' "$vm/list" | xargs)" = '-1 0' ]
	"$dump" -q -b -1 -O raw "$vm/dump" | cmp - "$1"
}

# Reset, and stop when the boot has loaded $1 drivers.
reset_in_dxe() {
	local from tries=0

	from=$(debugcon_size)
	vm_qmp system_reset > /dev/null
	until [ "$(tail -c "+$((from + 1))" "$vm/debugcon.log" |
		grep -ac 'Loading driver at')" -ge "$1" ]; do
		[ $((tries += 1)) -lt $((vm_seconds * 20)) ] ||
			vm_fail "there were no $1 drivers"
		sleep 0.05
	done
	vm_qmp stop > /dev/null
}

@test "reset in the middle of a boot: one dump has both boots" {
	use_new_qemu
	start x64
	vm_quiet
	cp "$vm/debugcon.log" "$vm/first"
	reset_in_dxe 20
	tail -c "+$(($(boot_at 2) + 1))" "$vm/debugcon.log" > "$vm/second"
	dump_has "$vm/first" "$vm/second"
	grep -q 'Loading driver at' "$vm/second"
}

# The log of a boot that crashed: the debug port's output from offset $1 on, and before
# its last line, which says that the processor stops, the registers
crashed() {
	tail -c "+$(($1 + 1))" "$vm/debugcon.log" > "$vm/port"
	tail -n 1 "$vm/port" | has '^memory log: the processor stops'
	head -n -1 "$vm/port"
	cat "$vm/serial.log"
	tail -n 1 "$vm/port"
}

@test "a page fault in a driver: one dump has both boots, with the registers" {
	fault_guest
	start x64-smm-fault "${fault_flags[@]}"
	vm_quiet
	vm_qmp stop
	cp "$vm/debugcon.log" "$vm/first"
	vm_again "$out/firmware/x64-smm-fault/OVMF.fd" "${fault_flags[@]}" \
		-fw_cfg name=opt/memlog/Fault,string=52
	vm_wait debugcon.log 'memory log: fault 52'
	fault_quiet
	grep -q 'Exception Type - .*#PF' "$vm/serial.log"
	# the registers are on the serial port only, before the last line
	crashed 0 > "$vm/second"
	grep -B 1 '^!!!! X64' "$vm/second" | has '^memory log: fault 52'
	dump_has "$vm/first" "$vm/second"
	"$dump" -q -b 0 -O raw "$vm/dump" | cmp - "$vm/second"
	"$dump" -q -b 0 -l err -c MemLogFaultDxe "$vm/dump" |
		has '^!!!! Find image'

	# the same once more, by a reset: the boot before is the one that crashed
	rm "$vm/dump"
	vm_reset
	vm_wait serial.log 'Exception Type'
	fault_quiet
	crashed "$(boot_at 2)" > "$vm/third"
	dump_has "$vm/second" "$vm/third"
	"$dump" -q -b 0 -O raw "$vm/dump" | cmp - "$vm/third"
	"$dump" -q -b -1 -l err -c MemLogFaultDxe "$vm/dump" |
		has '^!!!! Find image'
}

@test "Linux's ovmf_debug_log: the text of this boot, and nothing else" {
	local kernel
	use_new_qemu
	kernel=$("$top/fixtures/gen/kernel-vmcores" -k x86_64-efi 2>&3)
	cc -static -O2 -o "$vm/init" "$BATS_TEST_DIRNAME/logreader.c"
	(cd "$vm" && echo init | cpio -o -H newc | gzip > initrd)
	vm_memory=256
	start x64 -kernel "$kernel" -initrd "$vm/initrd" -cpu qemu64,+pdpe1gb \
		-append 'console=ttyS0 loglevel=3'
	vm_wait debugcon.log 'Loading driver at'
	vm_reset
	vm_wait serial.log 'logreader: '
	same "$(boot_at 2)" elf kdump-zlib
	perl -ne '/@([0-9a-f]+)\s*$/ and print pack "H*", $1' "$vm/serial.log" |
		cmp "$vm/text" -
	# there is a boot before it
	[ -n "$(vm_ring p)" ]
}

@test "the note has a log in TSEG: it is left alone" {
	local address spare=0x2100000
	fault_guest
	start x64-smm-fault "${fault_flags[@]}"
	vm_quiet
	vm_qmp stop
	vm_copy "$(vm_ring 2)" $spare
	# in memory, and in TSEG, which is the last 16 MiB
	for address in 0x2000000 0x7800000; do
		vm_copy $spare $address
		vm_note $address
		vm_reset
		vm_quiet
		vm_qmp stop
		run -0 vm_magic $address
		case $address in
		0x2000000)	[ "$output" != ovmfmdg1ovmfmdg2 ] ;;
		*)		[ "$output" = ovmfmdg1ovmfmdg2 ] ;;
		esac
	done
}
