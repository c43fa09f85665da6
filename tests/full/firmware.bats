#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every variant of the firmware, built from source and booted in the system's QEMU
# and in one that reads the log itself: memlog-dump, that reader and the debug port
# must agree, byte for byte.

bats_require_minimum_version 1.5.0

# shellcheck source=tests/full/firmware.bash
. "$BATS_TEST_DIRNAME/firmware.bash"

setup_file() {
	build x86_64 x64 ia32x64 x64-serial x64-smm-fault ia32x64-smm x64-full \
		microvm-progress cloudhv
}

plain() {
	start "$@"
	vm_quiet
	[ "$(debugcon_size)" -gt 50000 ]
	same 0 elf elf-paging kdump-zlib raw
}

wrapped() {
	start "$1" -fw_cfg name=opt/ovmf/MemDebugLogPages,string="$2"
	vm_quiet
	vm_qmp stop
	same $(($(debugcon_size) - ($2 * 4096 - 0x301))) elf kdump-zlib
}

after_reset() {
	local before
	start "$@"
	vm_quiet
	vm_qmp stop
	before=$(debugcon_size)
	vm_reset
	vm_quiet
	[ "$(debugcon_size)" -gt $((before + 50000)) ]
	same "$before" elf raw
}

@test "x64, old QEMU: plain" {
	plain x64
}

@test "x64, old QEMU: a ring of one page" {
	wrapped x64 1
}

@test "x64, old QEMU: after a reset" {
	after_reset x64
}

@test "ia32x64, old QEMU: plain" {
	plain ia32x64
}

@test "ia32x64, old QEMU: a ring of three pages" {
	wrapped ia32x64 3
}

@test "ia32x64, old QEMU: after a reset" {
	after_reset ia32x64
}

@test "x64, new QEMU and its own reader: plain" {
	use_new_qemu
	plain x64
}

@test "x64, new QEMU and its own reader: a ring of one page" {
	use_new_qemu
	wrapped x64 1
}

@test "x64, new QEMU and its own reader: after a reset" {
	use_new_qemu
	after_reset x64
}

@test "ia32x64, new QEMU and its own reader: plain" {
	use_new_qemu
	plain ia32x64
}

@test "ia32x64, new QEMU and its own reader: a ring of one page" {
	use_new_qemu
	wrapped ia32x64 1
}

@test "ia32x64, new QEMU and its own reader: after a reset" {
	use_new_qemu
	after_reset ia32x64
}

@test "new QEMU: i440fx, and four processors" {
	use_new_qemu
	vm_machine=pc
	start x64 -smp 4
	vm_quiet
	same 0 elf kdump-zlib
}

@test "new QEMU: 4 GiB, the log below the hole" {
	use_new_qemu
	vm_memory=4096
	start x64
	vm_quiet
	same 0 kdump-zlib
}

@test "no memory for the main log: the early ring stays in use" {
	use_new_qemu
	vm_memory=24
	start x64 -fw_cfg name=opt/ovmf/MemDebugLogPages,string=200
	vm_wait debugcon.log 'ASSERT '
	sleep 1
	grep -q 'no room for 2 x .* pages, staying at 0x820000' "$vm/debugcon.log"
	same 0 elf
}

# prefixed VARIANT: time and level before each line of the log, in memory only
prefixed() {
	use_new_qemu
	start "$1" -fw_cfg name=opt/ovmf/MemDebugLogPrefix,string=1
	vm_quiet
	vm_dump elf "$vm/dump"
	"$dump" -O raw "$vm/dump" > "$vm/text"
	LC_ALL=C sed -E 's/^\[( *[0-9]+\.[0-9]{6}|           \?)\] [EWIV] //' \
		"$vm/text" | cmp - "$vm/debugcon.log"
	[ "$(grep -avc '^\[ .*\] [EWIV] ' "$vm/text")" = 0 ]
	# the rate is known before anything is copied
	[ "$(grep -ac '^\[           ?\]' "$vm/text")" = 0 ]
	qemu_text "$vm/theirs"
	cmp "$vm/text" "$vm/theirs"
	# the same time and level as in the index, of which one line may have several
	"$dump" -J "$vm/dump" | jq -r 'select(.type == "record") |
		.text[1:13] + " " + .text[15:16] + " \(.level) " +
		"\((.time | tonumber) / (.time_hz | tonumber)) " +
		(.message | @json)' > "$vm/lines"
	[ "$(wc -l < "$vm/lines")" -gt 1000 ]
	awk 'BEGIN { level["E"] = 3; level["W"] = 4; level["I"] = 6
			level["V"] = 7 }
		$3 > level[$2] || $1 - $4 > 0.01 || $4 - $1 > 0.01 { print; bad = 1 }
		END { exit bad }' "$vm/lines"
	run ! grep -qE '"\[.{12}\] [EWIV] ' "$vm/lines"
}

@test "x64: prefixes of lines" {
	prefixed x64
}

@test "ia32x64: prefixes of lines" {
	prefixed ia32x64
}

@test "without memory for the main log, lines have prefixes from then on" {
	vm_memory=24
	start x64 -fw_cfg name=opt/ovmf/MemDebugLogPages,string=200 \
		-fw_cfg name=opt/ovmf/MemDebugLogPrefix,string=1
	vm_wait debugcon.log 'ASSERT '
	sleep 1
	vm_dump elf "$vm/dump"
	"$dump" -O raw "$vm/dump" > "$vm/text"
	grep -a 'no room for' "$vm/text" | has -v '^\['
	grep -qa '^\[ .*\] I Loading ' "$vm/text"
	LC_ALL=C sed -E 's/^\[( *[0-9]+\.[0-9]{6}|           \?)\] [EWIV] //' \
		"$vm/text" | cmp - "$vm/debugcon.log"
}

# all_of_it [ARG...]: a guest with a network, a TPM and 255 processors
all_of_it() {
	local tries
	mkdir "$vm/tpm"
	swtpm socket --tpm2 --tpmstate "dir=$vm/tpm" --terminate \
		--pid "file=$vm/tpm.pid" \
		--ctrl "type=unixio,path=$vm/tpm.sock" 3>&- &
	for ((tries = 0; tries < 100; tries++)); do
		[ ! -S "$vm/tpm.sock" ] || break
		sleep 0.1
	done
	vm_memory=512
	start x64-full -smp 255 \
		-netdev user,id=net,restrict=on,tftp="$vm",bootfile=none.efi \
		-device virtio-net-pci,netdev=net,romfile= \
		-chardev "socket,id=tpm,path=$vm/tpm.sock" \
		-tpmdev emulator,id=tpm,chardev=tpm -device tpm-crb,tpmdev=tpm "$@"
	vm_quiet
	grep -q 'Detect CPU count: 255' "$vm/debugcon.log"
	grep -q 'Tcg2' "$vm/debugcon.log"
	grep -q 'PXE' "$vm/serial.log"
}

@test "network, TPM and 255 processors: all of it is in the log" {
	all_of_it
	echo "# $(debugcon_size) bytes" >&3
	vm_dump elf "$vm/dump"
	"$dump" -O raw "$vm/dump" 2> "$vm/says" | cmp - "$vm/debugcon.log"
	[ ! -s "$vm/says" ]
	[ "$("$dump" --list -J "$vm/dump" | jq -c 'select(.type == "log") |
		.flags')" = '[]' ]
}

@test "network, TPM and 255 processors: a small log says what it lost" {
	all_of_it -fw_cfg name=opt/ovmf/MemDebugLogPages,string=8
	same $(($(debugcon_size) - (8 * 4096 - 0x301))) elf
	vm_dump elf "$vm/dump"
	"$dump" --list -J "$vm/dump" | jq -r 'select(.type == "log") |
		.flags[]' | has -x wrapped
}

# Boot to PEI, move the log to the early ring with lock $1, continue the boot.
boot_on_early() {
	local tail tries
	start x64
	vm_wait debugcon.log 'memory log: at'
	vm_qmp stop
	tail=$(($(vm_ring 2) + 0x30))
	vm_new
	start x64 -S -gdb "unix:$vm/gdb,server=on,wait=off"
	# in PEI, some messages after the log was moved to memory
	gdb -nx -batch -ex "target remote $vm/gdb" \
		-ex "watch *(unsigned int *)$tail if *(unsigned int *)$tail > 6500" \
		-ex continue -ex "shell touch $vm/there" \
		-ex "shell until [ -e $vm/on ]; do sleep 0.1; done" \
		-ex delete -ex detach > "$vm/gdb.log" 2>&1 < /dev/null 3>&- &
	for ((tries = 0; tries < 600; tries++)); do
		[ ! -e "$vm/there" ] || break
		sleep 0.2
	done
	[ $tries -lt 600 ]
	there=$(debugcon_size)
	"$BATS_TEST_DIRNAME/to-early.pl" "$vm/ram" "$1"
	touch "$vm/on"
	vm_quiet
	vm_qmp stop
	[ "$("$top/tests/host/efi-tables.pl" "$vm/ram" | sort -u)" = \
		$'hob 0x820000\ntable 0x820000' ]
}

@test "DXE with only the early ring: it wraps and stays in use" {
	boot_on_early 1
	# 28 KiB minus the header and the free byte
	same $(($(debugcon_size) - (0x7000 - 193))) elf
}

@test "a lock that is never released: the guest boots, the log stops" {
	boot_on_early 2
	[ "$(debugcon_size)" -gt $((there + 50000)) ]
	vm_dump elf "$vm/dump"
	"$dump" -O raw "$vm/dump" | cmp - <(head -c "$there" "$vm/debugcon.log")
}

# in_module NAME SYMBOL: its address in the guest that was started last
in_module() {
	local base offset
	base=$(tr -d '\r' < "$vm/debugcon.log" |
		sed -n "s/^Loading PEIM at \(0x[0-9A-F]*\) .* $1\.efi\$/\1/p")
	[ -n "$base" ]
	offset=$(nm "$(find "$patched/x64/Build" -path "*/$1/DEBUG/$1.debug")" |
		sed -n "s/ . $2\$//p")
	printf '0x%x\n' $((base + 0x$offset))
}

@test "a message of another processor in PEI" {
	local at print
	. "$top/firmware/lib.sh"
	start x64 -smp 2
	vm_wait debugcon.log 'MpInitLib: Find 2 processors'
	at=$(in_module CpuMpPei ApInitializeSync)
	print=$(in_module CpuMpPei DebugPrint)
	vm_new
	start x64 -smp 2 -S -gdb "unix:$vm/gdb,server=on,wait=off"
	timeout 120 gdb -nx -batch -ex "target remote $vm/gdb" -ex "set \$at = $at" \
		-ex "set \$print = $print" -x "$BATS_TEST_DIRNAME/on-ap.gdb" \
		> "$vm/gdb.log" 2>&1 < /dev/null 3>&-
	grep -q '^\* 2 .*CPU#1' "$vm/gdb.log"
	vm_quiet
	same 0 elf
	vm_dump elf "$vm/dump"
	"$dump" -c CpuMpPei "$vm/dump" | has -x 'from another processor'
}

# progress [ARG...]: start microvm with a file for port 0x80
progress() {
	vm_machine=microvm,acpi=on,pit=off,pic=on,rtc=on
	vm_launch -nodefaults \
		-bios "$out/firmware/microvm-progress/MICROVM.fd" \
		-chardev "file,id=serial,path=$vm/serial.log,append=on" \
		-chardev "file,id=port,path=$vm/debugcon.log" \
		-device isa-debugcon,iobase=0x402,chardev=port \
		-chardev "file,id=progress,path=$vm/progress" \
		-device isa-debugcon,iobase=0x80,chardev=progress "$@"
}

@test "microvm: progress codes on port 0x80, up to the boot loader" {
	progress
	vm_quiet
	[ "$(od -An -tx1 "$vm/progress")" = ' 01 02 03 04 05' ]
	same 0 elf
}

@test "microvm: progress codes on port 0x80, up to Linux" {
	local kernel
	kernel=$("$top/firmware/kernel.sh" 2>&3)
	vm_memory=256
	progress -kernel "$kernel" -append 'console=ttyS0 io_delay=none' \
		-cpu qemu64,+pdpe1gb
	vm_wait serial.log 'Linux version'
	[ "$(od -An -tx1 "$vm/progress")" = ' 01 02 03 04 05 06' ]
}

@test "progress codes of the firmware, a boot loader, the kernel and a user" {
	local kernel examples=$top/firmware/examples
	kernel=$("$top/firmware/kernel.sh" amd64 full 2>&3)
	mkdir "$vm/disk"
	cp "$kernel" "$vm/disk/vmlinuz"
	cp "$examples/startup.nsh" "$vm/disk"
	cc -static -O2 -o "$vm/init" "$examples/init.c"
	(cd "$vm" && echo init | cpio -o -H newc | gzip > disk/initrd)
	iasl -p "$vm/kernel" "$examples/kernel.asl"
	vm_memory=256
	start x64-full -cpu qemu64,+pdpe1gb -acpitable "file=$vm/kernel.aml" \
		-drive "if=virtio,format=raw,readonly=on,file=fat:$vm/disk" \
		-chardev "file,id=progress,path=$vm/progress" \
		-device isa-debugcon,iobase=0x80,chardev=progress
	vm_wait serial.log 'progress: 0x80'
	# BDS reports each boot option that it tries
	[ "$(od -An -v -tx1 -w1 "$vm/progress" | uniq | tr -d '\n')" = \
		' 01 02 03 04 05 20 06 40 80' ]
}

# arrivals NAME: boot with a reader of port 0x80; NAME.arrived and NAME.logged have
# the time of each mark
arrivals() {
	local tries reader
	vm_new
	start x64-full -S \
		-chardev "socket,id=progress,path=$vm/progress,server=on,wait=off" \
		-device isa-debugcon,iobase=0x80,chardev=progress
	"$BATS_TEST_DIRNAME/arrivals.pl" "$vm/progress" > "$1.arrived" 3>&- &
	reader=$!
	for ((tries = 0; tries < 100; tries++)); do
		! grep -q connected "$1.arrived" || break
		sleep 0.1
	done
	vm_qmp cont
	vm_quiet
	vm_dump elf "$vm/dump"
	"$dump" -J -g '^memory log: progress' "$vm/dump" |
		jq -r 'select(.type == "record") |
			"\((.time | tonumber) / (.time_hz | tonumber)) " +
			(.text | capture("0x(?<code>..)").code)' > "$1.logged"
	# it has all of them when QEMU has ended
	vm_stop
	wait "$reader"
}

@test "marks arrive when the log says so" {
	local i boots=()
	for i in 1 2 3 4 5; do
		boots+=("$BATS_TEST_TMPDIR/$i")
		arrivals "$BATS_TEST_TMPDIR/$i"
	done
	run -0 "$BATS_TEST_DIRNAME/arrivals.pl" "${boots[@]}"
	[ "${#lines[@]}" -ge 4 ]
	printf '# %s\n' "${lines[@]}" >&3
}

# with_smm VARIANT [ARG...]: messages of SMM's core reach the log, also after lock
with_smm() {
	use_new_qemu
	vm_machine=q35,smm=on
	vm_memory=128
	start "$@" -global driver=cfi.pflash01,property=secure,value=on
	vm_quiet
	sed '1,/SMM IPL locked SMRAM window/d' "$vm/debugcon.log" |
		has SmmInstallProtocolInterface
	same 0 elf
}

@test "SMM, x64: its messages reach the log" {
	with_smm x64-smm-fault -global ICH9-LPC.disable_s3=1
}

@test "SMM, ia32x64, two processors: its messages reach the log" {
	with_smm ia32x64-smm -smp 2
}

# fault PLACE KIND: crash there in that way (firmware/MemLogPkg/MemLogFault/Fault.h)
# and dump the guest. The log is what the debug port got, with the registers, which
# only the serial port got, before the line that says that the processor stops.
fault() {
	vm_new
	fault_guest
	start x64-smm-fault "${fault_flags[@]}" \
		-fw_cfg "name=opt/memlog/Fault,string=$1$2"
	vm_wait debugcon.log "memory log: fault $1$2"
	fault_quiet
	vm_dump elf "$vm/dump"
	"$dump" -q -O raw "$vm/dump" > "$vm/text"
	tail -n 1 "$vm/debugcon.log" | has '^memory log: the processor stops'
	{
		head -n -1 "$vm/debugcon.log"
		cat "$vm/serial.log"
		tail -n 1 "$vm/debugcon.log"
	} > "$vm/expected"
	case $1$2 in
	92)	# SMM's handler of page faults adds a message
		cmp <(sort "$vm/expected") <(sort "$vm/text") ;;
	*)	cmp "$vm/expected" "$vm/text" ;;
	esac
}

# crashes PLACE MODULE: an exception of each kind, in that module
crashes() {
	local kind names=(. '#GP' '#PF' '#UD')

	for kind in 1 2 3; do
		fault "$1" $kind
		grep -q "Exception Type - .*${names[kind]} " "$vm/serial.log"
		"$dump" -q -l err "$vm/dump" |
			sed -n '/^!!!! X64/,/^FXSAVE/p; /^!!!! Find/p' |
			cmp <(tr -d '\r' < "$vm/serial.log") -
		# SMM's handler of page faults does not look for it
		[ "$1$kind" = 92 ] || "$dump" -q -l err -c "$2" "$vm/dump" |
			has '^!!!! Find image'
	done
	fault "$1" 4
	[ ! -s "$vm/serial.log" ]
	"$dump" -q -l err "$vm/dump" | tail -n 2 > "$vm/last"
	sed -n 1p "$vm/last" | has '^ASSERT .*/Fault.c('
	sed -n 2p "$vm/last" | has 'the processor stops'
	fault "$1" 5
	[ ! -s "$vm/serial.log" ]
	"$dump" -q -l err "$vm/dump" | tail -n 1 |
		has -x 'memory log: the processor stops'
	# SMM's core does not log the GUID of a module that it loads
	[ "$1" = 9 ] || "$dump" -q -c "$2" "$vm/dump" | tail -n 1 |
		has -x 'memory log: the processor stops'
}

@test "crashes in SEC" {
	crashes 1 SecMain
}

@test "crashes in PEI, of which SEC and CpuMpPei print the registers" {
	crashes 3 MemLogFaultPei
	crashes 2 MemLogFaultPei
}

@test "crashes in DXE, of which the core and CpuDxe print the registers" {
	crashes 4 MemLogFaultDxe
	crashes 5 MemLogFaultDxe
}

@test "an exception while the same processor has the lock of the log" {
	local place

	for place in 1 2 3 4 5 9; do
		fault $place 6
		grep -q '#UD' "$vm/serial.log"
	done
}

@test "crashes in SMM" {
	crashes 9 MemLogFaultSmm
}

# The type of the memory at $1 in the map that the kernel printed.
memory_type() {
	perl -ne 'BEGIN { $at = shift }
		/efi: mem\d+: \[(.*?) *\|.*range=\[0x([0-9a-f]+)-0x([0-9a-f]+)\]/
		and hex $2 <= $at and $at <= hex $3 and print("$1\n"), exit' \
		"$1" "$vm/serial.log"
}

@test "Linux: the log survives the boot services, and a suspend to RAM" {
	local kernel before ring
	use_new_qemu
	kernel=$("$top/firmware/kernel.sh" 2>&3)
	cc -static -O2 -o "$vm/init" "$BATS_TEST_DIRNAME/sleeper.c"
	(cd "$vm" && echo init | cpio -o -H newc | gzip > initrd)
	vm_memory=256
	start x64 -kernel "$kernel" -initrd "$vm/initrd" \
		-append 'console=ttyS0 efi=debug' -cpu qemu64,+pdpe1gb
	vm_wait serial.log 'sleeper: going'
	same 0 elf
	# memory types that keep the kernel from using either ring
	ring=$(vm_ring 2)
	[ "$(memory_type "$ring")" = 'Runtime Data' ]
	[ "$(memory_type $((0x820000)))" = 'ACPI Mem NVS' ]
	[ "$(memory_type $((0x82f000)))" = 'ACPI Mem NVS' ]
	before=$(debugcon_size)
	vm_qmp cont
	vm_suspended
	vm_qmp system_wakeup
	vm_wait serial.log 'sleeper: awake'
	[ "$(debugcon_size)" -gt $((before + 5000)) ]
	# PEI's text of the resume is in the early ring; what DXE left for it
	# writes to the main ring, after the text of the boot
	vm_dump elf "$vm/dump"
	"$dump" --at phys:0x820000 -O raw "$vm/dump" > "$vm/early"
	"$dump" --at "phys:$ring" -O raw "$vm/dump" > "$vm/main"
	"$dump" -O raw "$vm/dump" > "$vm/all"
	tail -c "+$((before + 1))" "$vm/debugcon.log" > "$vm/resume"
	cmp -n 4000 "$vm/early" "$vm/resume"
	# the boot first, then the resume; QEMU goes on showing the boot
	cat "$vm/main" "$vm/early" | cmp - "$vm/all"
	cmp -n "$before" "$vm/main" "$vm/debugcon.log"
	qemu_text "$vm/theirs"
	cmp "$vm/main" "$vm/theirs"
	[ "$(stat -c %s "$vm/all")" -eq "$(debugcon_size)" ]
	cmp <(tr '\n' '\0' < "$vm/all" | sort -z) \
		<(tr '\n' '\0' < "$vm/debugcon.log" | sort -z)
}

@test "without S3 only a page of the early area is taken from the system" {
	local kernel
	kernel=$("$top/firmware/kernel.sh" 2>&3)
	vm_memory=256
	start x64 -kernel "$kernel" -append 'console=ttyS0 efi=debug panic=-1' \
		-cpu qemu64,+pdpe1gb -global ICH9-LPC.disable_s3=1 -no-reboot
	vm_wait serial.log 'efi: mem00'
	vm_wait serial.log 'Kernel panic'
	[ "$(memory_type $((0x820000)))" != 'ACPI Mem NVS' ]
	[ "$(memory_type $((0x82f000)))" = 'ACPI Mem NVS' ]
}

@test "serial: the same text goes to memory" {
	start x64-serial
	vm_quiet
	[ ! -s "$vm/debugcon.log" ]
	vm_dump elf "$vm/dump"
	"$dump" -O raw "$vm/dump" > "$vm/text"
	[ "$(stat -c %s "$vm/text")" -gt 50000 ]
	# up to the first output of the console, which uses the same port
	cmp -n 30000 "$vm/text" "$vm/serial.log"
	cut -c1-100 "$vm/text" | tr -d '\r' | tail -n 3 | while read -r line; do
		grep -aqF -- "$line" "$vm/serial.log"
	done
}

@test "no path of this machine is in the images" {
	. "$top/firmware/lib.sh"
	[ "$(find "$patched/x64/Build" -name '*.efi' | wc -l)" -gt 100 ]
	run ! grep -rlF --include='*.efi' "$fw_cache" "$patched/x64/Build"
}

@test "an image is the same when it is built from scratch elsewhere" {
	local elsewhere=$BATS_TEST_TMPDIR/another/place
	. "$top/firmware/lib.sh"
	mkdir -p "$elsewhere"
	# the source is not downloaded again
	ln -s "$fw_cache/source" "$elsewhere/source"
	# where Debian's ccache has its gcc, if it is installed
	PATH=/usr/lib/ccache:$PATH MEMLOG_CACHE=$elsewhere B=$BATS_TEST_TMPDIR \
		"$top/firmware/build.sh" x64 >&3 2>&3
	cmp "$out/firmware/x64/OVMF.fd" "$BATS_TEST_TMPDIR/firmware/x64/OVMF.fd"
}

@test "the patches apply to the trees of Debian 12 and 13" {
	local suite patches=("$top"/firmware/patches/*.patch)
	for suite in bookworm trixie; do
		run -0 "$top/firmware/tree.sh" -w "$vm" "$suite"
		[[ $output == *" ${#patches[@]} patches apply"* ]]
	done
	# tests/host/trees.bats uses these
	cd "$vm"
	for suite in edk2-*.txt; do
		cmp "$suite" "$top/firmware/context/$suite"
	done
}

@test "the patches pass edk2's check" {
	local each
	. "$top/firmware/lib.sh"
	for each in "$fw_top"/patches/*.patch; do
		run -0 python3 "$patched/edk2/BaseTools/Scripts/PatchCheck.py" "$each"
		[[ $output != *WARNING* ]]
	done
}

@test "x64 without the flag: .efi files are unchanged" {
	run -0 "$top/firmware/identity.sh" OvmfPkgX64
	echo "# $output" >&3
}

@test "ia32x64 without the flag: .efi files are unchanged" {
	run -0 "$top/firmware/identity.sh" OvmfPkgIa32X64
	echo "# $output" >&3
}

@test "platforms without the log do not need MemLogPkg" {
	run -0 "$top/firmware/identity.sh" others
	[ "$(grep -c 'was built$' <<< "$output")" -eq 4 ]
}
