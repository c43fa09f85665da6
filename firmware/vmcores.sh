#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause-Patent
# Make fixtures/vmcores: small dumps of real guests, each with the output of the
# debug port. vmcores.sh [CASE...], by default all.
#
# Each guest is stopped, scrub.c zeroes memory unrelated to the log, then QEMU
# writes the dumps.
set -euo pipefail
# shellcheck source=firmware/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=firmware/vm.sh
. "$fw_top/vm.sh"
trap vm_end EXIT

kept=$tree_top/fixtures/vmcores
images=$fw_out
page_bytes=3327		# capacity of a ring of one page
cpu=qemu64,+pdpe1gb	# 1 GiB pages: a few page tables instead of 4 MiB

cases=(q35-shell q35-index q35-wrap q35-early q35-no-room q35-6g i440fx-shell
	ia32x64-shell ia32x64-pei reset-pei reset-shell reset-kept q35-resume
	off q35-saved fpdt virt-fault virt-early)

# start VARIANT [ARG...]: start a guest; story is its description for the .txt.
start() {
	local variant=$1
	shift
	story=$(printf '%s -M %s -m %sM -accel tcg -vga none -nodefaults, %s' \
		"$("$vm_qemu" --version | sed -n '1s/.*version //p')" \
		"$vm_machine" "$vm_memory" "image $variant of firmware/build.sh")
	set -- -cpu "$cpu" "$@"
	story+=", ${*//$vm\//}"
	"$fw_top/build.sh" "$variant"
	vm_start "$images/$variant/OVMF.fd" "$@"
}

# start_arm MACHINE FAULT: start an Arm guest that crashes. Its serial port gets the
# firmware's text, and nothing else until there is a console.
start_arm() {
	vm_machine=$1
	vm_memory=128
	base=40000000
	early=0x40100000
	what='serial port'
	set -- -fw_cfg "name=opt/memlog/Fault,string=$2"
	story=$(printf '%s -M %s -m %sM -accel tcg -nodefaults -cpu cortex-a72, %s, %s' \
		"$("$vm_qemu_arm" --version | sed -n '1s/.*version //p')" \
		"$vm_machine" "$vm_memory" \
		"image aarch64-fault of firmware/build.sh" "$*")
	"$fw_top/build.sh" aarch64-fault
	vm_start "$images/aarch64-fault/QEMU_EFI.fd" "$@"
}

# Wait until the guest has printed $1 and is silent; its text is the reference.
arm_crashed() {
	vm_wait serial.log "$1"
	vm_still 1 serial.log
	cp "$vm/serial.log" "$vm/debugcon.log"
}

debugcon_size() {
	stat -c %s "$vm/debugcon.log"
}

# Print CR3 if paging is on.
page_tables() {
	local registers
	registers=$(vm_qmp human-monitor-command \
		'{"command-line":"info registers"}')
	[[ $registers =~ CR0=8 ]] || return 0
	[[ $registers =~ CR3=([0-9a-f]+) ]] && printf '%s\n' "${BASH_REMATCH[1]}"
}

# Run the guest until the store that moves the early ring's tail past $1 bytes.
# gdb keeps it stopped there until $vm/go exists or vm_end. $2: a gdb command to run
# first.
run_until_early() {
	gdb -nx -batch -ex 'set confirm off' -ex 'set pagination off' \
		-ex "target remote $vm/gdb" \
		-ex "watch *(unsigned int *)($early + 0x30) if *(unsigned int *)($early + 0x30) > $1" \
		${2:+-ex "$2"} \
		-ex continue -ex "shell touch $vm/hit" \
		-ex "shell while [ -e $vm/hit ] && [ ! -e $vm/go ]; do sleep 0.1; done" \
		-ex delete -ex detach > "$vm/gdb.log" 2>&1 < /dev/null &
	local tries=0
	until [ -e "$vm/hit" ]; do
		sleep 0.2
		[ $((tries += 1)) -lt 300 ] ||
			{ cat "$vm/gdb.log" >&2; die "the guest did not stop in PEI"; }
	done
}

# Zero all pages of a migration stream except those of RAM, because the flash has
# 4 MiB. Records keep their length.
blank_devices() {
	perl -0777 -i -pe '
		my ($p, $ram) = (8);
		my $word = sub { my $l = ord substr $_, $p++, 1;
				 $p += $l; substr $_, $p - $l, $l };
		my $u = sub { $p += $_[1];
			      unpack $_[0], substr $_, $p - $_[1], $_[1] };
		my $name;
		for (;;) {
			my $type = $u->("C", 1);
			my $id = $u->("N", 4);
			$p += $id if $type == 7;
			next if $type == 7 || $type == 0x7e;
			last unless $type <= 3;
			if ($type == 1) {
				$word->();
				$p += 8;
				for (my $left = $u->("Q>", 8) - 4; $left;) {
					$word->();
					$left -= $u->("Q>", 8);
				}
			}
			while ((my $v = $u->("Q>", 8)) != 0x10) {
				$name = $word->() unless $v & 0x20;
				substr($_, $p, 4096) = "\0" x 4096
					if $v & 8 && $name ne "ram0";
				$p += $v & 8 ? 4096 : 1;
			}
			last if $type == 3;
		}' "$1"
}

# finish CASE TITLE LOGS FORMAT...
# LOGS is "none" or a list of state:which:offset:bytes, which has for each ring
# (early, main or the index of one in the list of all) the part of the debug port's
# output that it contains.
finish() {
	local name=memlog-$1 title=$2 logs=$3 format tables scrubbed log ring
	local state which offset bytes hash at
	shift 3

	vm_qmp stop > /dev/null
	tables=$(page_tables)
	scrubbed=$("$fw_out/scrub" ${base:+-b "$base"} "$vm/ram" \
		${tables:+"$tables"})
	rm -f "$kept/$name".*
	sed -i "/^$name /d" "$kept/manifest"
	zstd -q -f -19 "$vm/debugcon.log" -o "$kept/$name.debugcon.zst"
	{
		printf '%s: %s\n\n' "$name" "$title"
		printf 'Made by make vmcores (firmware/vmcores.sh): QEMU %s.\n' \
			"$story"
		printf 'Built from sources %s of firmware/.\n' \
			"$(hash_of patches MemLogPkg)"
		printf 'Pages unrelated to the log were zeroed before the dump:\n%s.\n' \
			"$(head -1 <<< "$scrubbed")"
	} > "$kept/$name.txt"
	for format; do
		vm_dump "$format" "$vm/dump"
		[ "$format" != qevm ] || blank_devices "$vm/dump"
		zstd -q -f -19 --long=27 "$vm/dump" \
			-o "$kept/$name.$format.zst"
		chmod 644 "$kept/$name.$format.zst"
		printf '\n%s.%s.zst\n    sha256 unpacked: %s\n' "$name" \
			"$format" "$(sha256sum < "$vm/dump" | cut -d' ' -f1)" \
			>> "$kept/$name.txt"
		[ "$logs" != none ] ||
			printf '%s %s none - - - - -\n' "$name" "$format" \
				>> "$kept/manifest"
		for log in $logs; do
			[ "$log" != none ] || continue
			IFS=: read -r state which offset bytes <<< "$log"
			case $which in
			early)	ring=$early ;;
			main)	ring=$(sed 1d <<< "$scrubbed" |
					grep -vx "$early") ;;
			*)	ring=$(sed -n "$((which + 2))p" <<< "$scrubbed") ;;
			esac
			hash=$(head -c $((offset + bytes)) "$vm/debugcon.log" |
				tail -c "$bytes" | sha256sum | cut -d' ' -f1)
			at=-
			[ "$format" != elf-paging ] || at=$(printf '0x%x' \
				"$(LC_ALL=C grep -abo ovmfmdg1ovmfmdg2 \
					"$vm/dump" | cut -d: -f1)")
			printf '%s %s %s %s %s %s %s %s\n' "$name" "$format" \
				"$state" "$ring" "$at" "$offset" "$bytes" \
				"$hash" >> "$kept/manifest"
			printf '    %s log at %s: bytes %s..%s of the %s, sha256 %s\n' \
				"$state" "$ring" "$offset" \
				$((offset + bytes)) "$what" "$hash" \
				>> "$kept/$name.txt"
		done
		rm -f "$vm/dump"
	done
	printf '\n%s.debugcon.zst\n    the output of the %s in the same run: the reference\n    sha256 unpacked: %s\n' \
		"$name" "$what" "$(sha256sum < "$vm/debugcon.log" | cut -d' ' -f1)" \
		>> "$kept/$name.txt"
	say "$name: $(cd "$kept" && du -ch "$name".* | tail -1 | cut -f1)"
}

make_q35-shell() {
	start x64
	vm_quiet
	finish q35-shell 'q35, idle at the shell' \
		"current:main:0:$(debugcon_size)" elf elf-paging kdump-zlib
}

make_q35-index() {
	start x64
	vm_quiet
	finish q35-index 'q35, idle at the shell; the log has an index' \
		"current:main:0:$(debugcon_size)" elf
}

make_q35-wrap() {
	start x64 -fw_cfg name=opt/ovmf/MemDebugLogPages,string=1
	vm_quiet
	finish q35-wrap 'q35 with a ring of one page that has wrapped' \
		"current:main:$(($(debugcon_size) - page_bytes)):$page_bytes" \
		elf kdump-zlib
}

make_q35-early() {
	start x64 -S -gdb "unix:$vm/gdb,server=on,wait=off"
	run_until_early 1500
	finish q35-early 'q35 stopped in PEI before memory is found: only the early ring' \
		"current:early:0:$(debugcon_size)" elf
}

make_q35-no-room() {
	vm_memory=24
	start x64 -fw_cfg name=opt/ovmf/MemDebugLogPages,string=200
	vm_wait debugcon.log 'ASSERT '
	sleep 0.5
	finish q35-no-room 'no memory for the main log: the early ring is used up to an assertion' \
		"current:early:0:$(debugcon_size)" elf
}

make_q35-6g() {
	vm_memory=6144
	start x64
	vm_quiet
	finish q35-6g 'q35 with 6 GiB: memory below and above 4 GiB' \
		"current:main:0:$(debugcon_size)" kdump-zlib
}

make_i440fx-shell() {
	vm_machine=pc
	start x64
	vm_quiet
	finish i440fx-shell 'i440fx, idle at the shell' \
		"current:main:0:$(debugcon_size)" elf
}

make_ia32x64-shell() {
	start ia32x64
	vm_quiet
	finish ia32x64-shell '32-bit PEI, 64-bit DXE, idle at the shell' \
		"current:main:0:$(debugcon_size)" elf
}

make_ia32x64-pei() {
	start ia32x64 -S -gdb "unix:$vm/gdb,server=on,wait=off"
	run_until_early 1500
	finish ia32x64-pei 'stopped in 32-bit PEI' \
		"current:early:0:$(debugcon_size)" elf kdump-zlib
}

make_reset-pei() {
	local before
	start x64 -gdb "unix:$vm/gdb,server=on,wait=off"
	vm_quiet
	before=$(debugcon_size)
	run_until_early 1500 'monitor system_reset'
	finish reset-pei 'reset, stopped in PEI: the main ring is from the previous boot' \
		"current:early:$before:$(($(debugcon_size) - before)) stale:main:0:$before" \
		elf kdump-zlib
}

make_reset-shell() {
	local before
	start x64
	vm_quiet
	vm_qmp stop > /dev/null
	before=$(debugcon_size)
	vm_reset
	vm_quiet
	finish reset-shell 'reset, and idle at the shell again' \
		"current:1:$before:$(($(debugcon_size) - before)) boot-1:0:0:$before" \
		elf
}

# Three boots: to the shell, not even to memory, to the shell.
make_reset-kept() {
	local first second
	start x64 -gdb "unix:$vm/gdb,server=on,wait=off"
	vm_quiet
	first=$(debugcon_size)
	run_until_early 1500 'monitor system_reset'
	second=$(debugcon_size)
	vm_qmp system_reset > /dev/null
	: > "$vm/serial.log"
	touch "$vm/go"
	vm_quiet
	finish reset-kept 'reset in PEI, and idle at the shell again' \
		"current:2:$second:$(($(debugcon_size) - second)) boot-1:0:$first:$((second - first)) boot-2:1:0:$first" \
		elf
}

# Not in the manifest, because neither of its two logs is one contiguous part of
# the debug port's output: during the resume, PEI writes to the early ring and the
# code that DXE left for it to the main ring.
make_q35-resume() {
	local kernel

	kernel=$("$fw_top/kernel.sh")
	${CC:-cc} -static -O2 -o "$vm/init" "$tree_top/tests/full/sleeper.c"
	(cd "$vm" && echo init | cpio --quiet -o -H newc | gzip > initrd)
	vm_memory=256
	start x64 -kernel "$kernel" -initrd "$vm/initrd" -append console=ttyS0
	story=${story//$kernel/Debian\'s cloud kernel}
	vm_suspended
	vm_qmp system_wakeup > /dev/null
	vm_wait serial.log 'sleeper: awake'
	finish q35-resume \
		'Linux suspended to RAM (S3) and resumed: the early ring has the text of the resume' \
		'' elf
}

make_q35-saved() {
	start x64
	vm_quiet
	finish q35-saved 'q35 at the shell, a migration stream; everything except RAM is zeroed in it' \
		"current:main:0:$(debugcon_size)" qevm
}

make_off() {
	start x64 -fw_cfg name=opt/ovmf/MemDebugLogPages,string=0
	vm_quiet
	finish off 'log turned off by the host' none elf
}

make_fpdt() {
	start x64-fpdt
	vm_quiet
	finish fpdt 'q35 at the shell, firmware with the drivers of ACPI'\''s FPDT' \
		"current:main:0:$(debugcon_size)" elf
}

# Two boots that end in the same way.
make_virt-fault() {
	local before tries=0
	start_arm virt 52
	arm_crashed 'memory log: fault 52'
	before=$(debugcon_size)
	vm_qmp system_reset > /dev/null
	until [ "$(grep -c 'memory log: fault 52' "$vm/serial.log")" -gt 1 ]; do
		[ $((tries += 1)) -lt $((vm_seconds * 5)) ] ||
			die "there is no second boot"
		sleep 0.2
	done
	arm_crashed 'memory log: fault 52'
	finish virt-fault \
		'Arm: a driver wrote to an address that is not mapped, reset, and the same again' \
		"current:1:$before:$(($(debugcon_size) - before)) boot-1:0:0:$before" \
		elf kdump-zlib
}

make_virt-early() {
	start_arm virt,virtualization=on 13
	arm_crashed 'memory log: fault 13'
	finish virt-early \
		'Arm at EL2: an invalid instruction in SEC, only the early ring' \
		"current:early:0:$(debugcon_size)" elf
}

[ $# -gt 0 ] || set -- "${cases[@]}"
mkdir -p "$kept" "$fw_out"
${CC:-cc} -O2 -Wall -o "$fw_out/scrub" "$fw_top/scrub.c"
for each; do
	declare -F "make_$each" > /dev/null || die "unknown case $each (use one of: ${cases[*]})"
	vm_machine=q35
	vm_memory=64
	base=
	early=0x820000
	what='debug port'
	vm_new
	"make_$each"
done
vm_end
