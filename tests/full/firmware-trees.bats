#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The firmware of a newer edk2, with drivers for ACPI's FPDT, and as the archive of a
# release: built from source, and booted.

bats_require_minimum_version 1.5.0

# shellcheck source=tests/full/firmware.bash
. "$BATS_TEST_DIRNAME/firmware.bash"

setup_file() {
	build x86_64 x64-202502 aarch64-202502 x64-fpdt
}

# Boot a variant to the shell: the log in dumps of these formats is what the debug
# port got.
boots() {
	local variant=$1
	shift

	start "$variant"
	vm_quiet
	[ "$(debugcon_size)" -gt 50000 ]
	same 0 "$@"
}

@test "edk2-stable202502, x64: the log is what the debug port got" {
	boots x64-202502 elf kdump-zlib raw
	vm_dump elf "$vm/dump"
	# another release than that of the other variants, and not the same log
	"$dump" --list "$vm/dump" | has 'edk2 2025\.02'
	grep -q 'memory log: at' "$vm/debugcon.log"
}

@test "edk2-stable202502, x64: QEMU's own reader, and the boot before" {
	local before
	use_new_qemu
	boots x64-202502 elf
	before=$(debugcon_size)
	vm_reset
	vm_quiet
	[ "$(debugcon_size)" -gt $((before + 50000)) ]
	same "$before" elf
	vm_dump elf "$vm/dump"
	"$dump" -b -1 -O raw "$vm/dump" > "$vm/text"
	bytes 0 "$before" | cmp - "$vm/text"
}

@test "edk2-stable202502, ArmVirtQemu: the log is what the serial port got" {
	local format
	vm_machine=virt
	vm_memory=128
	vm_start "$out/firmware/aarch64-202502/QEMU_EFI.fd"
	vm_quiet
	for format in elf kdump-zlib raw; do
		vm_dump "$format" "$vm/dump"
		"$dump" -O raw "$vm/dump" > "$vm/text"
		[ "$(stat -c %s "$vm/text")" -gt 30000 ]
		# the console uses the same port
		run -0 "$top/tests/host/console.pl" "$vm/serial.log" "$vm/text"
		[ -z "$output" ]
	done
	"$dump" --list "$vm/dump" | has 'edk2 2025\.02'
}

@test "FPDT: the times of the boot are in guest memory" {
	boots x64-fpdt elf
	"$BATS_TEST_DIRNAME/fpdt.pl" "$vm/ram" > "$vm/times"
	# the basic record: nothing set the time of the reset, the shell was loaded
	read -r _ _ _ reset load start _ < <(grep '^FBPT 0x2 ' "$vm/times")
	[ "$reset" = 0 ]
	[ "$load" -gt 0 ]
	[ "$start" -ge "$load" ]
	# of PEI, DXE and BDS, in the order of time
	grep '^FBPT 0x101' "$vm/times" | cut -d' ' -f4 > "$vm/ns"
	[ "$(wc -l < "$vm/ns")" -gt 200 ]
	[ "$(head -n 1 "$vm/ns")" -gt 0 ]
	sort -nc "$vm/ns"
}

# The Nth block of commands in the README of the archive.
commands() {
	awk -v n="$1" '
		/^    / { if (!inside) block++; inside = 1
			if (block == n) print substr($0, 5); next }
		{ inside = 0 }' README.md
}

unpack() {
	run -0 --separate-stderr make -s -C "$top" B="$(realpath "$out")" \
		dist-firmware
	tar -xJf "$output" -C "$vm"
	cd "$vm"/memlog-firmware-* || return
}

# Wait until the serial port's output has startup.nsh in that many lines.
shells() {
	local tries=0

	until [ "$(grep -acs startup.nsh "$2")" -ge "$1" ]; do
		[ $((tries += 1)) -lt $((vm_seconds * 2)) ]
		sleep 0.5
	done
}

# Run the Nth block, which starts a guest. Its QEMU, and memlog-dump, are in ../bin.
start_block() {
	commands "$1" > start
	PATH=$PWD/../bin:$PATH sh -ex start 3>&- &
}

# wrap QEMU [ARG...]: a QEMU in ../bin with more options
wrap() {
	local qemu
	qemu=$(command -v "$1")
	mkdir -p ../bin
	cat > "../bin/$1" <<-END
	#!/bin/sh
	exec $qemu "\$@" -pidfile qemu.pid ${*:2}
	END
	chmod +x "../bin/$1"
	ln -sf "$(realpath "$dump")" ../bin/memlog-dump
}

@test "the archive of a release boots as its README says" {
	local directory before
	unpack
	directory=$(basename "$PWD")
	sha256sum -c SHA256SUMS
	find . -name '*.fd' | wc -l | has -x "$(wc -l < SHA256SUMS)"
	grep -q Redistribution LICENSES/edk2.txt
	# its table has every directory of images
	find . -name '*.fd' | cut -d/ -f2 | sort -u |
		cmp - <(sed -n 's/^| \([^ |]*\) | .*/\1/p' README.md |
			grep -v directory | sort)
	run ! grep @ README.md

	# the same QEMU, with a debug port
	wrap qemu-system-x86_64 -debugcon file:debugcon.log \
		-global isa-debugcon.iobase=0x402
	start_block 1
	shells 1 serial.log
	vm_still 0.5 "$directory/debugcon.log"
	before=$(stat -c %s debugcon.log)
	# after a reset, both commands have something to print
	printf '%s\n' '{"execute":"qmp_capabilities"}' \
		'{"execute":"system_reset"}' |
		socat -t 2 - UNIX-CONNECT:qmp.socket > answers
	[ "$(grep -c '"return"' answers)" -eq 2 ]
	shells 2 serial.log
	vm_still 0.5 "$directory/debugcon.log"
	commands 2 | sed 's/dump/dump -O raw/' > print
	[ "$(wc -l < print)" -eq 2 ]
	PATH=$PWD/../bin:$PATH sh -ex print > text
	cat <(tail -c "+$((before + 1))" debugcon.log) \
		<(head -c "$before" debugcon.log) | cmp - text
	commands 2 > print
	PATH=$PWD/../bin:$PATH sh -ex print > text
	[ "$(wc -l < text)" -gt 2000 ]
	kill "$(cat qemu.pid)"
	wait
}

@test "the archive of a release boots on Arm" {
	local directory
	unpack
	directory=$(basename "$PWD")
	wrap qemu-system-aarch64
	start_block 3
	shells 1 arm.log
	vm_still 0.5 "$directory/arm.log"
	"$dump" -O raw qmp:arm.socket > text
	kill "$(cat qemu.pid)"
	wait
	[ "$(stat -c %s text)" -gt 30000 ]
	# the console uses the same serial port
	run -0 "$top/tests/host/console.pl" arm.log text
	[ -z "$output" ]
}

@test "the XML in the README of a release names files of the archive" {
	unpack
	sed -n '/^<domain/,/^<.domain/p' README.md > domain.xml
	python3 - > files <<-'END'
	from xml.etree import ElementTree
	os = ElementTree.parse("domain.xml").find("os")
	print(os.find("loader").text)
	print(os.find("nvram").get("template"))
	END
	sed -i "s|^/opt/$(basename "$PWD")/||" files
	[ "$(wc -l < files)" -eq 2 ]
	sed 's/^/.*  /' files > lines
	xargs sha256sum < files | cmp - <(grep -xf lines SHA256SUMS)
}

@test "Cloud Hypervisor: the firmware can be built" {
	"$top/firmware/build.sh" cloudhv >&3 2>&3
	[ "$(stat -c %s "$out/firmware/cloudhv/CLOUDHV.fd")" -eq $((4 << 20)) ]
}
