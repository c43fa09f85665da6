#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A Debian kernel with debug information, booted with the kept firmware until it
# panics, dumped, and opened in crash: memlog prints the output of the debug port.
# Once the kernel has called SetVirtualAddressMap, runtime drivers write neither to
# memory nor to the port.

bats_require_minimum_version 1.5.0
load ../host/crash
load kernel

setup_file() {
	export top=$BATS_TEST_DIRNAME/../.. kernel
	mkdir -p "${MEMLOG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/memlog}"
	get_kernel >&3 2>&3
	zstd -q -d --long=27 "$top/fixtures/firmware/OVMF-x64.fd.zst" \
		-o "$BATS_FILE_TMPDIR/fd"
	# shellcheck source=firmware/vm.sh
	. "$top/firmware/vm.sh"
	vm_memory=256 vm_seconds=300
	vm_new
	vm_start "$BATS_FILE_TMPDIR/fd" -kernel "$kernel/vmlinuz" \
		-append 'console=ttyS0' \
		-gdb "unix:$vm/stub,server=on,wait=off" 3>&-
	vm_wait serial.log 'end Kernel panic'
	vm_dump elf "$BATS_FILE_TMPDIR/elf"
	vm_dump kdump-zlib "$BATS_FILE_TMPDIR/kdump"
	tr -d '\r' <"$vm/debugcon.log" >"$BATS_FILE_TMPDIR/port"
	# paging is on, and physical addresses differ from virtual ones
	gdb -nx -q -batch -ex "target remote $vm/stub" \
		-ex "source $B/gdb-plugin/memlog.gdb" \
		-ex "pipe memlog | cat >$BATS_FILE_TMPDIR/stub" 2>&3
	vm_end
	# the same kernel, started by SeaBIOS
	vm_new
	vm_launch -nodefaults -vga none \
		-chardev "file,id=serial,path=$vm/serial.log" \
		-kernel "$kernel/vmlinuz" -append 'console=ttyS0' 3>&-
	vm_wait serial.log 'end Kernel panic'
	vm_dump elf "$BATS_FILE_TMPDIR/bios"
	vm_end
	[ "$(stat -c %s "$BATS_FILE_TMPDIR/port")" -gt 50000 ]
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# in_crash DUMP [OPTION]: commands on stdin
in_crash() {
	local dump=$1
	shift
	{
		echo "extend $B/crash-ext/memlog.so"
		cat
		echo q
	} | crash "$@" -s "$kernel/vmlinux" "$dump" 2>&1
}

same() {
	in_crash "$@" <<<"memlog > out" >said
	cmp out "$BATS_FILE_TMPDIR/port"
	rm out
}

@test "ELF, all of crash" {
	same "$BATS_FILE_TMPDIR/elf"
}

@test "ELF, crash --minimal" {
	same "$BATS_FILE_TMPDIR/elf" --minimal
}

@test "kdump-zlib, all of crash" {
	same "$BATS_FILE_TMPDIR/kdump"
}

@test "kdump-zlib, crash --minimal" {
	same "$BATS_FILE_TMPDIR/kdump" --minimal
}

# Without the dump's headers: by the kernel's list of resources.
@test "a dump that was moved, read through crash" {
	for mode in '' --minimal; do
		cp "$BATS_FILE_TMPDIR/kdump" here
		# shellcheck disable=SC2086
		in_crash here $mode <<-'EOF' >said
		!mv here there
		memlog --info
		memlog > out
		EOF
		grep -q 'format *reader' said
		cmp out "$BATS_FILE_TMPDIR/port"
		rm out
	done
}

@test "efi.flags: the kernel that SeaBIOS started was not booted by EFI" {
	local mode
	for mode in '' --minimal; do
		# shellcheck disable=SC2086
		in_crash "$BATS_FILE_TMPDIR/bios" $mode <<<"memlog" >said
		grep -q '^memlog: NOTE: check: this kernel was not booted by EFI (efi.flags)' said
		run ! grep DEBUG_TO_MEM said
		# shellcheck disable=SC2086
		in_crash "$BATS_FILE_TMPDIR/elf" $mode <<<"memlog -F fpdt" >said
		grep -q 'check: OVMF as it is built by default has no FPDT' said
		run ! grep 'booted by EFI' said
	done
}

@test "gdb prints the same from the ELF dump" {
	gdb -nx -q -batch -c "$BATS_FILE_TMPDIR/elf" \
		-ex "source $B/gdb-plugin/memlog.gdb" -ex 'pipe memlog | cat >out'
	cmp out "$BATS_FILE_TMPDIR/port"
}

@test "gdb prints the same through the gdbstub of that guest" {
	cmp "$BATS_FILE_TMPDIR/stub" "$BATS_FILE_TMPDIR/port"
}
