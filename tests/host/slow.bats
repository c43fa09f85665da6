#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What dumps that are far away cost: how many requests and bytes memlog-dump says it reads of
# a file of a slow file system. That a server sees as many is in far.bats.

bats_require_minimum_version 1.5.0
load ../lib

slow=$B/tests/host/slow

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# unpack_in DIRECTORY NAME: the same as unpack, of fixtures/DIRECTORY
unpack_in() {
	unpacked=$BATS_FILE_TMPDIR/$2
	[ -e "$unpacked" ] ||
		zstd -q -d --long=31 -o "$unpacked" "$root/fixtures/$1/$2.zst"
}

# read_slow FILE ARGUMENT...: $requests and $bytes; the output is in out and err
read_slow() {
	rc=0
	"$slow" -v "${@:2}" "$1" >out 2>err || rc=$?
	read -r requests bytes < <(sed -n \
		's/.* \([0-9]*\) requests\{0,1\} for \([0-9]*\) bytes of the file$/\1 \2/p' err)
}

# at_most REQUESTS BYTES
at_most() {
	echo "$requests requests, $bytes bytes; at most $1 and $2"
	[ "$requests" -le "$1" ] && [ "$bytes" -le "$2" ]
}

# both FILE REQUESTS BYTES ARGUMENT...: the text is in want, whether or not the file has holes
both() {
	local holes file=$1 requests_most=$2 bytes_most=$3
	shift 3
	for holes in "" 1; do
		echo "$(basename "$file") holes=$holes $*"
		if [ -n "$holes" ]; then
			read_slow "$file" "$@"
		else
			SLOW_NO_HOLES=1 read_slow "$file" "$@"
		fi
		cmp out want
		at_most "$requests_most" "$bytes_most"
	done
}

# info FILE: what it is without a search
info() {
	SLOW_NO_HOLES=1 read_slow "$1" --info
	[ "$rc" -eq 0 ]
	at_most 5 5000000
}

M4=4194304 M8=8388608 M24=25165824

# The log is the same as from the file; the ring of these is below the top of low memory.
@test "ELF and raw dumps: few requests" {
	local f most
	for f in "$vmcores"/memlog-*.elf*.zst "$vmcores"/ovmf-*.{elf,raw,elf-paging}.zst; do
		f=$(basename "$f" .zst)
		case $f in
		# nothing to find
		memlog-off* | ovmf-c12-off*) continue ;;
		# only an early log: a main one may be further down
		*pei* | *early* | *no-room*) most=$M24 ;;
		# a larger ring, of 256 KiB
		*index* | *fpdt* | *resume* | *kept*) most=$M24 ;;
		*) most=$M4 ;;
		esac
		unpack "$f"
		"$dump" -q "$unpacked" >want
		both "$unpacked" 40 "$most"
		[ "$rc" -eq 0 ]
	done
}

# Of other formats, or with Linux: the text is the same.
@test "dumps of other machines: few requests" {
	local f
	for f in xen-pae32.elf coreboot-q35.raw opal-p9.raw tboot-{plain,packed,over}.raw \
		ramoops-61.raw advlogger-{v3,v5,v5-wrap,v6-full}.raw ftrace-{612,arm64}.elf \
		dmesg-{44,510,54,arm64}.elf ovmf-c01-elf64.host-vmcore; do
		unpack "$f"
		rc=0
		"$dump" -q "$unpacked" >want || rc=$?
		[ -s want ] || [[ $f == dmesg-arm64* ]]
		both "$unpacked" 40 "$M24"
	done
}

@test "saved guests: few requests, all of them is read, once" {
	local f
	for f in "$root"/fixtures/saved/*.qevm.zst "$vmcores"/*.qevm.zst; do
		unpack_in "$(basename "$(dirname "$f")")" "$(basename "$f" .zst)"
		"$dump" -q "$unpacked" >want
		both "$unpacked" 10 "$(stat -c %s "$unpacked")"
	done
}

# A flattened file has no index: all of it is read, in large requests.
@test "--info: five requests for any dump" {
	local f
	for f in "$vmcores"/*.{elf,elf-paging,raw,host-vmcore,core,qevm}.zst \
		"$vmcores"/*.kdump*.zst "$root"/fixtures/{acrn,saved}/*.{elf,qevm}.zst; do
		[ -e "$f" ] || continue
		unpack_in "$(basename "$(dirname "$f")")" "$(basename "$f" .zst)"
		echo "$f"
		if has "^makedumpfile" < <(head -c 12 "$unpacked"); then
			read_slow "$unpacked" --info
			at_most $((6 + $(stat -c %s "$unpacked") / M8)) 50000000
		else
			info "$unpacked"
		fi
		# a large dump is not kept for the others
		[ "$(stat -c %s "$unpacked")" -lt 100000000 ] || rm "$unpacked"
	done
}

# All has to be read, but once, and in requests of 8 MiB: also of a raw file that may be
# something else, which is searched between pages, too.
@test "dumps without a log: their size, and little more" {
	local f size
	for f in ovmf-c12-off.elf memlog-off.elf dmesg-61.elf fpdt-shell.raw; do
		unpack "$f"
		size=$(stat -c %s "$unpacked")
		SLOW_NO_HOLES=1 read_slow "$unpacked"
		echo "$f"
		[ "$rc" -eq 1 ]
		[ ! -s out ]
		at_most $((25 + size / M8)) $((size + M24))
		grep -q "no log found: all .* was searched" err
	done
}

# If a log starts on a page, what is between pages is none, as in a fast file, also where a page
# leads to what was found before it.
@test "a raw file with logs on pages and between: the same" {
	local at name
	unpack advlogger-v5.raw
	truncate -s 64M pages
	for at in 20971528 41943040 52428808; do
		dd if="$unpacked" of=pages bs=4K seek="$at" oflag=seek_bytes conv=notrunc \
			status=none
	done
	# FPDT's table points to one of the tables with times
	python3 - <<-'END'
		import struct
		def times(n): return struct.pack("<4sIHBBI5Q", b"FBPT", 56, 2, 48, 2, 0, *(n * i for i in range(1, 6)))
		m = bytearray(1 << 20)
		m[0x5100:0x5138] = times(3000000)
		m[0x9108:0x9140] = times(7000000)
		table = bytearray(struct.pack("<4sIBB6s8sIII", b"FPDT", 52, 1, 0, b"", b"", 0, 0, 0))
		table += struct.pack("<HBBIQ", 0, 16, 1, 0, 0x5100)
		table[9] = -sum(table) & 0xff
		m[0x8000:0x8034] = table
		open("tables", "wb").write(m)
	END
	for name in "pages advlogger" "tables fpdt"; do
		"$dump" -q --list -F "${name#* }" "${name% *}" >want
		[ "$(grep -c "^${name#* }" want)" -eq 1 ]
		SLOW_NO_HOLES=1 read_slow "${name% *}" --list -F "${name#* }"
		cmp out want
	done
	# a log between pages may have a magic at the start of one of its pages
	truncate -s 64M between
	dd if="$unpacked" of=between bs=4K seek=20971528 oflag=seek_bytes conv=notrunc status=none
	head -c 4 "$unpacked" |
		dd of=between bs=4 seek=20979712 oflag=seek_bytes conv=notrunc status=none
	"$dump" -q --list -F advlogger between >want
	grep -q "^advlogger .* file:0x1400008 " want
	SLOW_NO_HOLES=1 read_slow between --list -F advlogger
	cmp out want
	# all of it was read, once
	unpack fpdt-shell.raw
	"$dump" -q -F fpdt --list "$unpacked" >want
	SLOW_NO_HOLES=1 read_slow "$unpacked" -F fpdt --list
	cmp out want
	at_most 24 $((134217728 + M8))
	has "searched 134217728 bytes" err
	read_slow pages --list
	cmp <(grep -c ^advlogger out) <(echo 1)
}

# What is found by Xen's own pointer ends the search: the console of a guest may be on any page,
# and what this dom0 keeps, which is not where firmware has its log, too. A note says so. A small
# file is read on.
@test "Xen: few requests where its notes lead to its console" {
	unpack xen-dom0-kdump.elf
	"$dump" -q -F xen-console "$unpacked" >want
	[ -s want ]
	both "$unpacked" 40 "$M24"
	[ "$rc" -eq 0 ]
	grep -q "where logs are likely, were searched, up to a current log, and not for xencons, which may be anywhere: --scan=pages looks everywhere" err
	"$dump" -q "$unpacked" >want
	run ! cmp -s out want
	"$slow" -q --scan=pages "$unpacked" >out
	cmp out want
	rm "$unpacked"
	unpack xen-dom0-makedumpfile.kdump
	"$dump" -q "$unpacked" >want
	both "$unpacked" 40 "$M8"
	run ! grep -q "where logs are likely" err
}

# The firmware of a Xen machine has its log below the top of machine memory, not of dom0's.
@test "Xen: the log of its firmware is found beside its console" {
	local at
	unpack ovmf-c01-elf64.raw
	dd if="$unpacked" of=ring bs=4096 skip=$((0x3cb3000 / 4096)) count=32 \
		status=none
	unpack xen-dom0-kdump.elf
	at=$((0x17d50000 + 0x27fda000 - 0x34d000 - 0x21dad000))
	dd if=ring of="$unpacked" bs=4096 seek=$((at / 4096)) conv=notrunc status=none
	SLOW_NO_HOLES=1 read_slow "$unpacked" -F ovmf,xen-console --list
	at_most 40 "$M24"
	grep -q "^ovmf .* mach:0x27c8d000 .* current" out
	grep -q "^xen-console .* mach:0x27d5c000 .* current" out
	rm "$unpacked"
}

# Xen's page tables were left out of these, so that its pointer leads nowhere. The console is near
# the stack and the tables of a CPU.
@test "Xen: few requests where only the state of its CPUs leads to its console" {
	local f
	for f in xen-wrapped.elf xen-dom0-qemu.elf; do
		unpack "$f"
		"$dump" -q -F xen-console "$unpacked" >want
		[ -s want ]
		both "$unpacked" 24 "$M24"
		[ "$rc" -eq 0 ]
		grep -q "where logs are likely, were searched, up to a current log" err
		rm "$unpacked"
	done
}

# The console of a PV guest is where its builder put it.
@test "Xen: a PV guest that nothing leads through is read once, in large requests" {
	local size
	unpack xen-domu-pv.core
	size=$(stat -c %s "$unpacked")
	"$dump" -q "$unpacked" >want
	SLOW_NO_HOLES=1 read_slow "$unpacked"
	cmp out want
	[ "$rc" -eq 0 ]
	at_most 40 $((size + M24))
}

# The log of a real guest in larger ones, at the same distance from the top of low memory.
@test "guests of 1, 3 and 6 GiB and of 1 TiB: as few" {
	local low size
	unpack ovmf-c01-elf64.raw
	dd if="$unpacked" of=ring bs=4096 skip=$((0x3cb3000 / 4096)) count=32 \
		status=none
	"$dump" -q "$unpacked" >want
	for size in 1 3 6 1024; do
		low=$((size < 2 ? size : 2))
		{
			echo "ram 0 ${low}G"
			[ "$size" -le 2 ] || echo "ram 4G $((size - low))G"
			echo "file $low""G-0x34d000 ring"
		} >memory
		for form in elf64 raw; do
			# a raw file has no hole in its addresses
			[ "$form-$size" != raw-1024 ] || continue
			{ cat memory; echo "$form"; } >"$form.rec"
			"$B/mkimage" "$form.rec" "dump.$form"
			both "dump.$form" 40 "$M4"
			info "dump.$form"
			rm "dump.$form"
		done
	done
}

# dense ELF BASE SIZE [ZEROS...]: the notes and memory of a dump that has little of it, in
# memory of random bytes, but zeros from these addresses on for 1 MiB: as dump
dense() {
	python3 - "$@" >dump <<-'END'
		import random, struct, sys
		old = open(sys.argv[1], "rb").read()
		base, size, *zeros = (int(word, 0) for word in sys.argv[2:])
		ram = bytearray(random.Random(1).getrandbits(8 * size).to_bytes(size, "little"))
		for at in zeros:
		    ram[at - base:at - base + (1 << 20)] = bytes(1 << 20)
		offset, = struct.unpack_from("<Q", old, 32)
		count, = struct.unpack_from("<H", old, 56)
		for i in range(count):
		    kind, flags, off, va, pa, length = struct.unpack_from("<IIQQQQ", old, offset + 56 * i)
		    if kind == 4:
		        notes = old[off:off + length]
		    elif pa >= base and pa + length <= base + size:
		        ram[pa - base:pa - base + length] = old[off:off + length]
		head = bytearray(old[:64])
		struct.pack_into("<QQ", head, 32, 64, 0)
		struct.pack_into("<HHHH", head, 54, 56, 2, 64, 0)
		at = 64 + 2 * 56
		heads = struct.pack("<IIQQQQQQ", 4, 0, at, 0, 0, len(notes), len(notes), 1)
		heads += struct.pack("<IIQQQQQQ", 1, 7, at + len(notes), 0, base, size, size, 1)
		sys.stdout.buffer.write(head + heads + notes + ram)
	END
}

# Real ones, as large and as dense as they were. The ring buffer is where reserve_mem= had it.
@test "guests with Linux: few requests" {
	local f
	for f in "hyp-nvhe 0x40000000 0x8000000" "hyp-pkvm 0x40000000 0x8000000" \
		"hyp-remote-test 0 0x8000000" "ftrace-arm64 0x40000000 0x8000000 0x47e67000"; do
		unpack "${f%% *}.elf"
		# shellcheck disable=SC2086 # words
		dense "$unpacked" ${f#* }
		"$dump" -q dump >want
		[ -s want ]
		both dump 40 "$M24"
	done
	grep -q "searched for: .*ftrace.*; not searched for" err
}

# The memory of a real guest in one with 20 MiB more of it above: the log is far below the
# top, but the firmware's own tables lead to it.
@test "a log to which the firmware's tables lead: few requests" {
	unpack memlog-q35-shell.elf
	tail -c +$((0x508 + 1)) "$unpacked" | head_all -c 64M >memory
	printf '%s\n' 'ram 0 84M' 'file 0 memory' elf64 >rec
	"$B/mkimage" rec dump.elf
	"$dump" -q "$unpacked" >want
	SLOW_NO_HOLES=1 read_slow dump.elf
	cmp out want
	at_most 40 "$M8"
	# a pointer that was overwritten in part is none
	[ "$(tail -c +$((0x3800001)) memory | head_all -c 8)" = "IBI SYST" ]
	printf '\xff' | dd of=memory bs=1 seek=$((0x3800008)) conv=notrunc status=none
	"$B/mkimage" rec dump.elf
	SLOW_NO_HOLES=1 read_slow dump.elf
	cmp out want
	[ "$bytes" -gt $M24 ]
}

@test "kdump-compressed dumps: few requests, beyond the bitmaps" {
	local f
	for f in "$vmcores"/{memlog,ovmf}-*.kdump*.zst; do
		unpack "$(basename "$f" .zst)"
		"$dump" -q "$unpacked" >want
		# a flattened file has no index: all of it is read, once
		if has "^makedumpfile" < <(head -c 12 "$unpacked"); then
			both "$unpacked" 80 "$(($(stat -c %s "$unpacked") + M4))"
		else
			both "$unpacked" 80 "$M8"
		fi
	done
}

# ACRN's log where the kernel of its Service VM usually reserves memory; its trace may be
# anywhere.
@test "ACRN: its log in few requests, and what was not searched for" {
	local how
	unpack_in acrn hvlog-v27-3cpu-boot3.elf
	"$dump" -q "$unpacked" >want
	[ -s want ]
	for how in auto likely; do
		SLOW_NO_HOLES=1 read_slow "$unpacked" --scan="$how"
		[ "$rc" -eq 0 ]
		cmp out want
		at_most 20 "$M24"
		grep -q "not searched for, as they may be anywhere: .*acrn-trace" err
	done
	unpack_in acrn trace-v10-2cpu.elf
	run -1 --separate-stderr "$slow" --scan=likely "$unpacked"
	[[ $stderr == *"not searched for, as they may be anywhere: "*acrn-trace* ]]
	"$slow" -q "$unpacked" >out
	"$dump" -q "$unpacked" >want
	cmp out want
}

# What the writer of a trace knows may be far from it, and without it other events are printed.
@test "hypervisor traces: the same text" {
	local f
	for f in "$vmcores"/hyp-*.elf.zst; do
		unpack "$(basename "$f" .zst)"
		"$dump" -q "$unpacked" >want
		[ -s want ]
		both "$unpacked" 40 1000000
	done
}

# As it says to be asked what no log leads to.
@test "a search that ended early says for what it was" {
	unpack memlog-q35-shell.elf
	run -0 --separate-stderr "$slow" -v "$unpacked"
	[[ $stderr == *"only 3.0 MiB, where logs are likely, were searched, up to a current log: --scan=pages looks everywhere"* ]]
	[[ $stderr == *"searched for: ovmf, "*"not searched for, as they may be anywhere: advlogger, acrn-trace, "* ]]
	run -0 --separate-stderr "$slow" --list "$unpacked"
	[[ $output == *"the only main log found"* ]]
	# named by hand, it is known where they are
	run -1 --separate-stderr "$slow" -F acrn-log "$unpacked"
	[[ $stderr == *"no log found: all 64.0 MiB of phys memory"* ]]
}
