# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# crash.bash - dumps that the real crash opens, and a way to run it.

load ../lib
load ../wait

# shellcheck disable=SC2034 # tests use these variables
need_crash() {
	[ "$(uname -m)" = x86_64 ] || skip "the namelist is for x86-64"
	command -v crash >/dev/null || skip "crash is not installed"
	vmlinux=$B/namelist/vmlinux
	core=$BATS_FILE_TMPDIR/vmcore
}

# guest_window NAME ADDR SIZE OUT: SIZE bytes at a physical address of a real
# guest, which is the offset in the raw dump.
guest_window() {
	# shellcheck disable=SC2154 # lib.bash has it
	zstd -dqc --long=27 "$vmcores/$1.raw.zst" |
		tail -c +$(($2 + 1)) | head_all -c $(($3)) >"$4"
}

# make_composite OUT [OPTION...]: memory of the namelist, and the log of a real
# guest at its address in that guest.
make_composite() {
	local out=$1 window=$BATS_FILE_TMPDIR/window
	shift
	[ -s "$window" ] ||
		guest_window ovmf-c01-elf64 0x3cb3000 0x20000 "$window"
	"$B/mkcore" "$@" "$vmlinux" "$out" "3cb3000=$window"
}

# The address of efi.flags in the namelist, and of efi.ovmf_debug_log.
efi_at() {
	nm "$vmlinux" | awk '$3 == "efi" { print $1 }'
}
efi_log_at() {
	printf '%x' $((16#$(efi_at) + 16))
}

# A plugin built with AddressSanitizer needs its library first, and crash itself
# breaks some of the sanitizer's rules.
crash_env() {
	crash_env=()
	nm -D "$B/crash-ext/memlog.so" 2>/dev/null | has __asan_init ||
		return 0
	crash_env=("LD_PRELOAD=$(gcc -print-file-name=libasan.so)"
		ASAN_OPTIONS=detect_leaks=0:alloc_dealloc_mismatch=0:intercept_strstr=0)
}

# crash_run VMLINUX VMCORE: commands on stdin, in minimal mode.
crash_run() {
	crash_env
	(cat; echo q) | limited env "${crash_env[@]}" crash --minimal -s "$@"
}
