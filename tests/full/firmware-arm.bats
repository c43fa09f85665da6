#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The firmware for Arm, built from source and booted at EL1 and EL2, in the system's
# QEMU and in one that reads the log itself. Messages and console share the serial
# port: without the console's text its output is that of memlog-dump, byte for byte.

bats_require_minimum_version 1.5.0

# shellcheck source=tests/full/firmware.bash
. "$BATS_TEST_DIRNAME/firmware.bash"

setup_file() {
	build aarch64 aarch64 aarch64-fault
}

start() {
	local variant=$1
	shift
	case $vm_machine in virt*) ;; *) vm_machine=virt ;; esac
	[ "$vm_memory" -ge 128 ] || vm_memory=128
	vm_start "$out/firmware/$variant/QEMU_EFI.fd" "$@"
}

at_el2() {
	vm_machine=virt,virtualization=on
}

serial_size() {
	stat -c %s "$vm/serial.log"
}

# memlog-dump's output is what the serial port got from offset $1 on, except for the
# console's text; with a new QEMU, that of query-firmware-log is too.
same() {
	local from=$1 format map
	shift

	vm_qmp stop
	tail -c "+$((from + 1))" "$vm/serial.log" > "$vm/serial"
	for format; do
		vm_dump "$format" "$vm/dump"
		map=()
		[ "$format" != raw ] || map=(--map=virt)
		"$dump" "${map[@]}" -O raw "$vm/dump" > "$vm/text"
		[ "$(stat -c %s "$vm/text")" -gt 50000 ]
		run -0 "$top/tests/host/console.pl" "$vm/serial" "$vm/text"
		[ -z "$output" ]
	done
	[ "$vm_qemu_arm" = "$new_qemu" ] || return 0
	qemu_text "$vm/theirs"
	cmp "$vm/text" "$vm/theirs"
}

plain() {
	start aarch64
	vm_quiet
	same 0 elf raw kdump-zlib
	# blocks of 64 KiB: in a flattened file, the header is after 16 + 4096 bytes
	[ "$(od -An -tu4 -j $((4096 + 16 + 428)) -N 4 "$vm/dump")" -eq 65536 ]
}

@test "EL1" {
	plain
}

@test "EL2" {
	at_el2
	plain
}

@test "new QEMU and its own reader: EL1" {
	vm_qemu_arm=$new_qemu
	plain
}

# It also refuses unaligned accesses while the MMU is off.
@test "new QEMU and its own reader: EL2" {
	vm_qemu_arm=$new_qemu
	at_el2
	plain
}

# The guest may get as far as runtime drivers before it is stopped.
@test "times from the first message on" {
	start aarch64
	vm_wait serial.log 'Loading driver at'
	vm_dump elf "$vm/dump"
	"$dump" -O json "$vm/dump" > "$vm/records"
	jq -es '[.[] | select(.type == "record")] | length > 100 and
		all(.time_hz == "62500000" and .level != null) and
		(map(.time | tonumber) | .[0] == 0 and . == sort) and
		(map(.phase) | unique - ["RT"]) == ["DXE", "PEI", "SEC"]' "$vm/records"
}

# reset_until TEXT: reset, wait for TEXT, stop. The port gets a message before the
# log does.
reset_until() {
	local tries=0

	vm_qmp stop
	vm_qmp system_reset
	before=$(serial_size)
	vm_qmp cont
	until tail -c "+$((before + 1))" "$vm/serial.log" | grep -aqF "$1"; do
		[ $((tries += 1)) -lt 1800 ]
		sleep 0.1
	done
	vm_qmp stop
}

# is_part FROM TO: the file text is that part of the serial port's output, up to its
# last message
is_part() {
	local size
	size=$(stat -c %s "$vm/text")
	[ "$size" -gt $(($2 - $1 - 512)) ]
	bytes "$1" $(($1 + size)) "$vm/serial.log" | cmp - "$vm/text"
}

resets() {
	local before second
	start aarch64
	vm_wait serial.log 'Loading driver at'
	# in DXE, before there is a console
	reset_until 'SecurityStubDxe.efi'
	second=$before
	vm_dump elf "$vm/dump"
	"$dump" -O raw "$vm/dump" > "$vm/text"
	is_part "$second" "$(serial_size)"
	"$dump" -b -1 -O raw "$vm/dump" > "$vm/text"
	is_part 0 "$second"
	[ -n "$(vm_ring p)" ]
	# in PEI, when there is only an early ring
	vm_qmp cont
	reset_until 'Loading PEIM'
	vm_dump elf "$vm/dump"
	"$dump" -O raw "$vm/dump" > "$vm/text"
	is_part "$before" "$(serial_size)"
	"$dump" -b -1 -O raw "$vm/dump" > "$vm/text"
	is_part "$second" "$before"
}

@test "resets at EL1: the boot before is kept" {
	resets
}

@test "resets at EL2: the boot before is kept" {
	at_el2
	resets
}

@test "the host sets the size, and the mask of levels" {
	start aarch64 -fw_cfg name=opt/ovmf/MemDebugLogPages,string=1
	vm_quiet
	vm_dump elf "$vm/dump"
	"$dump" -O raw "$vm/dump" > "$vm/text"
	[ "$(stat -c %s "$vm/text")" -eq 3327 ]
	vm_new
	start aarch64 -fw_cfg name=opt/ovmf/MemDebugLogPages,string=0
	vm_quiet
	vm_dump elf "$vm/dump"
	run -1 --separate-stderr "$dump" -O raw "$vm/dump"
	[ -z "$output" ]
	vm_new
	start aarch64 -fw_cfg name=opt/ovmf/MemDebugLogLevel,string=80000002
	vm_quiet
	vm_dump elf "$vm/dump"
	"$dump" -O raw "$vm/dump" > "$vm/text"
	grep -q 'UEFI firmware (version' "$vm/text"
	run ! grep -q 'Loading driver at' "$vm/text"
}

# fault PLACE KIND: crash there in that way (firmware/MemLogPkg/MemLogFault/Fault.h).
# There is no console yet, so the log is all that the serial port got.
fault() {
	vm_new
	start aarch64-fault -fw_cfg "name=opt/memlog/Fault,string=$1$2"
	vm_wait serial.log "memory log: fault $1$2"
	vm_still 1 serial.log
	vm_dump elf "$vm/dump"
	"$dump" -q -O raw "$vm/dump" > "$vm/text"
}

# crash PLACE KIND: the same; the log has all of it
crash() {
	fault "$1" "$2"
	cmp "$vm/serial.log" "$vm/text"
}

# crashes PLACE: exceptions, an assertion and a dead loop
crashes() {
	local kind

	for kind in 1 2 3; do
		crash "$1" $kind
		"$dump" -q -l err "$vm/dump" > "$vm/errors"
		grep -q '^Synchronous Exception at 0x' "$vm/errors"
		tail -n 1 "$vm/errors" | has 'the processor stops'
	done
	crash "$1" 4
	"$dump" -q -l err "$vm/dump" > "$vm/errors"
	tail -n 2 "$vm/errors" > "$vm/last"
	sed -n 1p "$vm/last" | has '^ASSERT .*/Fault.c('
	sed -n 2p "$vm/last" | has 'the processor stops'
	crash "$1" 5
	"$dump" -q -l err "$vm/dump" > "$vm/errors"
	[ "$(tail -n 1 "$vm/errors")" = 'memory log: the processor stops' ]
}

# registers PLACE: a store to an address that is not mapped, which SEC's vectors print
registers() {
	crash "$1" 2
	"$dump" -q -l err "$vm/dump" > "$vm/errors"
	grep -qiE '^ESR 0x9[67].{6} FAR 0x00007ffffffff000 SPSR 0x[0-9a-f]{8}$' \
		"$vm/errors"
	grep -qiE '^X0  00007ffffffff000( [0-9a-f]{16}){3}$' "$vm/errors"
	[ "$(grep -cE '^X[0-9]+ +([0-9A-F]{16} ?){4}$' "$vm/errors")" -eq 7 ]
	grep -qE '^X28 [0-9A-F]{16} FP 0{8}4.* LR .* SP 0{8}4[0-9A-F]{7}$' \
		"$vm/errors"
}

@test "crashes in SEC" {
	crashes 1
	registers 1
}

@test "crashes in SEC at EL2" {
	at_el2
	crashes 1
	registers 1
}

@test "crashes in PEI, with memory" {
	crashes 3
	registers 3
}

@test "crashes in PEI at EL2, with memory" {
	at_el2
	crashes 3
	registers 3
}

@test "crashes in DXE, of which the core prints the registers" {
	crashes 4
	crash 4 2
	"$dump" -q -l err "$vm/dump" | has 'ESR : EC 0x25'
}

@test "crashes in DXE, of which CpuDxe prints the registers" {
	crashes 5
	crash 5 2
	"$dump" -q -l err "$vm/dump" | has 'ESR : EC 0x25'
}

# The registers are printed like other messages, which do not go past the lock.
@test "an exception while the same processor has the lock: first and last line" {
	fault 5 6
	tail -n 3 "$vm/text" > "$vm/last"
	sed -n 1p "$vm/last" | has '^Synchronous Exception at 0x'
	sed -n 2p "$vm/last" | has '^ASSERT '
	sed -n 3p "$vm/last" | has 'the processor stops'
}

# The type of the memory at $1 in the map that the kernel printed
memory_type() {
	perl -ne 'BEGIN { $at = shift }
		/efi: +0x([0-9a-f]+)-0x([0-9a-f]+) \[(.*?) *\|/
		and hex $1 <= $at and $at <= hex $2 and print("$3\n"), exit' \
		"$1" "$vm/serial.log"
}

linux() {
	local kernel ring size
	kernel=$("$top/firmware/kernel.sh" arm64 2>&3)
	vm_memory=512
	start aarch64 -kernel "$kernel" \
		-append 'console=ttyAMA0 earlycon efi=debug panic=-1' -no-reboot \
		-no-shutdown
	vm_wait serial.log 'Kernel panic'
	vm_dump elf "$vm/dump"
	"$dump" -O raw "$vm/dump" > "$vm/text"
	[ "$(stat -c %s "$vm/text")" -gt 50000 ]
	ring=$(($(vm_ring 2) + 0x40000000))
	[ "$(memory_type $ring)" = 'Runtime Data' ]
	[ "$(memory_type $((0x4010f000)))" = 'ACPI Mem NVS' ]
	[ "$(memory_type $((0x40100000)))" != 'ACPI Mem NVS' ]
	# the last message is of a runtime driver, when the port was the kernel's:
	# Linux maps the firmware at its physical addresses here
	tail -n 1 "$vm/text" | has '^DXE ResetSystem2: '
	run ! grep -aq 'DXE ResetSystem2: ' "$vm/serial.log"
	# all others are on the port before the kernel's first line
	size=$(LC_ALL=C grep -abo 'Booting Linux on' "$vm/serial.log" |
		head -n 1 | cut -d: -f1)
	head -c "$size" "$vm/serial.log" > "$vm/serial"
	head -n -1 "$vm/text" > "$vm/before"
	run -0 "$top/tests/host/console.pl" "$vm/serial" "$vm/before"
	run ! grep -v '^EFI stub: \|^\[ *0\.000000\] $' <<< "$output"
}

@test "Linux at EL1: the log survives the boot services" {
	linux
}

@test "Linux at EL2: the log survives the boot services" {
	at_el2
	linux
}

@test "no path of this machine is in the image" {
	. "$top/firmware/lib.sh"
	[ "$(find "$patched/aarch64/Build" -name '*.efi' | wc -l)" -gt 100 ]
	run ! grep -rlF --include='*.efi' "$fw_cache" "$patched/aarch64/Build"
}
