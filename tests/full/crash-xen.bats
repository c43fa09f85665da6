#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The hypervisor's session in crash: `crash xen-syms vmcore`. Debian's xen-syms has
# no debug information, so the hypervisor is built from Debian's source, booted
# with a dom0, and crashed. crash 8.0.2 of Debian 12 reads the stacks of Xen 4.14
# and later at the wrong address and fails with "cannot read cpu_info", so crash of
# Debian 13 is used, with its own C library.

bats_require_minimum_version 1.5.0

xen_version=4.17.5+72-g01140da4e8-1

# get PACKAGE... : download to $work/debs, unpack to $work/$1
get() {
	local where=$work/$1
	shift
	mkdir -p "$work/debs" "$where"
	for p in "$@"; do
		rm -f "$work/debs/$p"_*
		(cd "$work/debs" && apt-get "${apt[@]}" download "$p")
		dpkg-deb -x "$work/debs/$p"_*.deb "$where"
	done
}

get_crash() {
	local needed
	[ ! -f "$work/crash/.done" ] || return 0
	private_apt "$work/apt-13" 'deb http://deb.debian.org/debian trixie main'
	needed=$(apt-cache "${apt[@]}" depends --recurse --no-recommends \
		--no-suggests --no-conflicts --no-breaks --no-replaces \
		--no-enhances crash | grep '^lib' | sort -u)
	# shellcheck disable=SC2086 # names
	get crash crash $needed
	touch "$work/crash/.done"
}

get_hypervisor() {
	local tools=$work/tools/usr src=$work/xen-source
	[ ! -f "$work/xen-syms" ] || return 0
	private_apt "$work/apt-12" 'deb http://deb.debian.org/debian bookworm main' \
		'deb-src http://deb.debian.org/debian bookworm main'
	get tools flex bison m4 libfl2 libsigsegv2 makedumpfile
	rm -rf "$src"
	(cd "$work/debs" && apt-get "${apt[@]}" source --download-only \
		"xen=$xen_version" &&
		dpkg-source --no-check -x "xen_$xen_version.dsc" "$src")
	(
		export PATH=$tools/bin:$PATH M4=$tools/bin/m4
		export BISON_PKGDATADIR=$tools/share/bison
		export LD_LIBRARY_PATH=$tools/lib/x86_64-linux-gnu
		cd "$src/xen"
		make defconfig
		printf 'CONFIG_EXPERT=y\nCONFIG_DEBUG_INFO=y\n' >>.config
		make olddefconfig
		make -j"$(nproc)"
		gzip -dc xen.gz >"$work/xen"
		mv xen-syms "$work/xen-syms"
	) >"$work/build.log" 2>&1 || { tail -20 "$work/build.log"; return 1; }
	rm -rf "$src"
}

setup_file() {
	export top=$BATS_TEST_DIRNAME/../.. work
	# shellcheck source=firmware/lib.sh
	. "$top/firmware/lib.sh"
	work=$fw_cache/crash-xen
	mkdir -p "$work"
	exec 8>"$work/lock"
	flock 8
	get_crash >&3 2>&3
	get_hypervisor >&3 2>&3
	if [ ! -f "$work/out/serial.txt" ]; then
		XEN=$work/xen XEN_SYMS=$work/xen-syms \
			"$top/fixtures/gen/xen-vmcores" "$work/out.new" >&3 2>&3
		mv "$work/out.new" "$work/out"
	fi
	[ -f "$work/out/packed" ] ||
		"$work/tools/usr/bin/makedumpfile" -c -d 1 \
			"$work/out/kdump.elf" "$work/out/packed" >/dev/null
	tr -d '\r' <"$work/out/serial.txt" | grep -a '^(XEN)' \
		>"$BATS_FILE_TMPDIR/said"
	[ "$(wc -l <"$BATS_FILE_TMPDIR/said")" -gt 100 ]
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# in_hypervisor DUMP: commands on stdin
in_hypervisor() {
	{ cat; echo q; } | "$work/crash/usr/lib64/ld-linux-x86-64.so.2" \
		--library-path "$work/crash/usr/lib/x86_64-linux-gnu" \
		"$work/crash/usr/bin/crash" -s "$work/xen-syms" "$1"
}

same() {
	in_hypervisor "$1" >out <<-EOF
	extend $B/crash-ext/memlog.so
	log > log
	memlog --list
	memlog -F xen-console > console
	memlog -r -F ovmf > ovmf
	log > log-after
	EOF
	cmp console "$BATS_FILE_TMPDIR/said"
	cmp log console
	cmp log-after console
	grep -A 1 "xen-console .*mach:0x" out | grep " found by the hypervisor's symbols"
	# dom0's memory is available through the p2m in this session too
	grep -A 3 'ovmf .*phys:0x' out | grep -F mach:0x
	[ -s ovmf ]
	"$B/memlog-dump" -q -r -F ovmf "$1" | cmp - ovmf
}

@test "vmcore: crash's log, memlog and the serial output agree" {
	same "$work/out/kdump.elf"
}

@test "the same compressed by makedumpfile, read through crash" {
	same "$work/out/packed"
}

@test "memlog-dump agrees, with this xen-syms and without" {
	"$B/memlog-dump" -q -F xen-console -s "$work/xen-syms" \
		"$work/out/kdump.elf" | cmp - "$BATS_FILE_TMPDIR/said"
	"$B/memlog-dump" -q -F xen-console "$work/out/kdump.elf" |
		cmp - "$BATS_FILE_TMPDIR/said"
}
