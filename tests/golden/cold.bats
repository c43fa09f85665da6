#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# How much of a file on a disk is read until its log is found. What counts is what the
# page cache has of it afterwards, that which the kernel read ahead included.

bats_require_minimum_version 1.5.0
load ../lib

# cache evict|count FILE: push it out; bytes of it that are there
cache() {
	python3 - "$@" <<-'END'
		import ctypes, mmap, os, sys
		libc = ctypes.CDLL(None, use_errno=True)
		fd = os.open(sys.argv[2], os.O_RDONLY)
		if sys.argv[1] == "evict":
		    os.fsync(fd)
		    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
		    sys.exit()
		size = os.fstat(fd).st_size
		pages = (size + mmap.PAGESIZE - 1) // mmap.PAGESIZE
		libc.mmap.restype = ctypes.c_void_p
		libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + \
		    [ctypes.c_int] * 3 + [ctypes.c_long]
		at = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
		there = (ctypes.c_ubyte * pages)()
		if libc.mincore(ctypes.c_void_p(at), ctypes.c_size_t(size), there):
		    sys.exit("mincore: " + os.strerror(ctypes.get_errno()))
		print(sum(page & 1 for page in there) * mmap.PAGESIZE)
	END
}

# A dense guest of 96 MiB with the log of a real one, so far below the top of its memory.
# SMM took 8 MiB in the second.
@test "the first log of a dump on a disk: at most 8 MiB are read" {
	local below form n
	unpack memlog-q35-shell.elf
	tail -c +$((0x508 + 0x3ec8000 + 1)) "$unpacked" | head_all -c 128K >"$BATS_TEST_TMPDIR/ring"
	cd "$BATS_TEST_TMPDIR" || return
	"$dump" -q "$unpacked" >want
	for below in 0x138000 0x938000 0x34d000 0x60000; do
		for form in elf64 raw; do
			printf '%s\n' 'ram 0 96M random=1' "file 96M-$below ring" "$form" \
				>rec
			"$B/mkimage" rec dump
			cache evict dump
			[ "$(cache count dump)" -eq 0 ] ||
				skip "files here cannot be pushed out of memory"
			"$dump" -q --scan=likely dump >out
			n=$(cache count dump)
			cmp out want
			echo "$form, $below below the top: $n bytes"
			[ "$n" -gt 131072 ]
			[ "$n" -le $((8 << 20)) ]
			# nothing is read to say what it is
			cache evict dump
			"$dump" --info dump >out
			[ "$(cache count dump)" -le $((1 << 20)) ]
		done
	done
}

# The log that firmware kept of the boot before is beside that of this one.
@test "likely places: the logs beside the current one" {
	local f n
	cd "$BATS_TEST_TMPDIR" || return
	for f in memlog-reset-kept.elf memlog-virt-fault.elf memlog-q35-resume.elf \
		memlog-reset-pei.elf ovmf-c13a-reset-pei.elf; do
		unpack "$f"
		"$dump" -q --list "$unpacked" >want
		"$dump" -q --list --scan=likely "$unpacked" >out
		diff want out
		[ "$(wc -l <want)" -gt 3 ]
		n=$("$dump" -v --scan=likely "$unpacked" 2>&1 >out |
			sed -n 's/.*: searched \([0-9]*\) bytes .*/\1/p')
		echo "$f: $n bytes searched"
		[ "$n" -le $((8 << 20)) ]
	done
}
