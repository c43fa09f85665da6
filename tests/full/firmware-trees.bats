#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The firmware of a newer edk2, with drivers for ACPI's FPDT, and as the archive of a
# release: built from source, and booted.

bats_require_minimum_version 1.5.0

setup_file() {
	export top=$BATS_TEST_DIRNAME/../..
	export out=${B:-$top/build}
	export dump=$out/memlog-dump
	export new_qemu
	# tests/check uses JOBS for the number of test files
	JOBS=$(nproc)
	export JOBS
	"$top/firmware/build.sh" x64-202502 aarch64-202502 \
		x64-fpdt >&3 2>&3
	new_qemu=$("$top/firmware/newqemu.sh" 2>&3)
}

setup() {
	# shellcheck source=firmware/vm.sh
	. "$top/firmware/vm.sh"
	[ -x "$dump" ]
	vm_new
}

teardown() {
	local pid
	for pid in "$vm"/*/pid; do
		[ ! -s "$pid" ] || kill "$(cat "$pid")" || :
	done
	vm_end
}

# Boot a variant to the shell: the log in dumps of these formats is what the debug
# port got.
boots() {
	local variant=$1 format
	shift

	vm_start "$out/firmware/$variant/OVMF.fd"
	vm_quiet
	vm_qmp stop
	[ "$(stat -c %s "$vm/debugcon.log")" -gt 50000 ]
	for format; do
		vm_dump "$format" "$vm/dump"
		"$dump" -O raw "$vm/dump" | cmp "$vm/debugcon.log" -
	done
}

@test "edk2-stable202502, x64: the log is what the debug port got" {
	boots x64-202502 elf kdump-zlib raw
	# another release than that of the other variants, and not the same log
	"$dump" --list "$vm/dump" | grep -q 'edk2 2025\.02'
	grep -q 'memory log: at' "$vm/debugcon.log"
}

@test "edk2-stable202502, x64: QEMU's own reader, and the boot before" {
	local before
	vm_qemu=$new_qemu
	boots x64-202502
	before=$(stat -c %s "$vm/debugcon.log")
	vm_reset
	vm_quiet
	vm_dump elf "$vm/dump"
	tail -c "+$((before + 1))" "$vm/debugcon.log" > "$vm/second"
	[ "$(stat -c %s "$vm/second")" -gt 50000 ]
	"$dump" -O raw "$vm/dump" | cmp "$vm/second" -
	"$dump" -b -1 -O raw "$vm/dump" | cmp - <(head -c "$before" "$vm/debugcon.log")
	vm_qmp query-firmware-log > "$vm/answer"
	jq -r .return.log "$vm/answer" | base64 -d | cmp "$vm/second" -
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
		# line by line, because the console uses the same port
		perl -0777 -e '
			my ($serial, $log) = map { open F, "<:raw", $_; <F> } @ARGV;
			my $at = 0;
			for ($log =~ /.*\n|.+/g) {
				$at = index $serial, $_, $at;
				die "not on the serial port: $_" if $at < 0;
				$at += length;
			}' "$vm/serial.log" "$vm/text"
		cmp -n 10000 "$vm/serial.log" "$vm/text"
	done
	"$dump" --list "$vm/dump" | grep -q 'edk2 2025\.02'
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

@test "the archive of a release boots as its README says" {
	local size=-1 before=-2 tries=0 qemu
	unpack
	sha256sum -c SHA256SUMS
	find . -name '*.fd' | wc -l | grep -qx "$(wc -l < SHA256SUMS)"
	grep -q Redistribution LICENSES/edk2.txt
	# its table has every directory of images
	find . -name '*.fd' | cut -d/ -f2 | sort -u |
		cmp - <(sed -n 's/^| \([^ |]*\) | .*/\1/p' README.md |
			grep -v directory | sort)
	run ! grep @ README.md

	# the same QEMU, with a debug port
	qemu=$(command -v qemu-system-x86_64)
	mkdir ../bin
	cat > ../bin/qemu-system-x86_64 <<-END
	#!/bin/sh
	exec $qemu "\$@" -debugcon file:debugcon.log -pidfile pid \\
		-global isa-debugcon.iobase=0x402
	END
	chmod +x ../bin/qemu-system-x86_64
	ln -s "$(realpath "$dump")" ../bin/memlog-dump
	commands 1 > start
	commands 2 > print
	PATH=$PWD/../bin:$PATH sh -ex start 3>&- &
	while [ "$size" != "$before" ] ||
			! grep -aqs startup.nsh serial.log; do
		[ $((tries += 1)) -lt 600 ]
		sleep 0.5
		before=$size
		size=$(stat -c %s debugcon.log || echo 0)
	done
	sed -n 1p print > first
	sed 's/dump/dump -O raw/' first > raw
	[ "$(PATH=$PWD/../bin:$PATH sh -ex first | wc -l)" -gt 1000 ]
	PATH=$PWD/../bin:$PATH sh -ex raw | cmp debugcon.log -
	kill "$(cat pid)"
	wait
}

@test "the archive of a release boots on Arm" {
	local tries=0
	unpack
	commands 3 > start
	sed 's/-M virt/-pidfile pid &/' start > start-here
	sh -ex start-here 3>&- &
	until grep -aqs startup.nsh arm.log; do
		[ $((tries += 1)) -lt 600 ]
		sleep 0.5
	done
	"$dump" -O raw qmp:arm.socket > text
	kill "$(cat pid)"
	wait
	[ "$(stat -c %s text)" -gt 30000 ]
	# the console uses the same serial port
	cmp -n 10000 text arm.log
	grep -aF "$(tail -n 1 text | tr -d '\r')" arm.log
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
