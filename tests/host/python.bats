#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The Python module: its layouts are those of memlog.h, its records those of
# memlog-dump, and drgn's memory is an image. PYTHON is the interpreter.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	command -v python3 >/dev/null || skip "python3 is not installed"
	export LD_LIBRARY_PATH=$B PYTHONPATH=$root/python PYTHONDONTWRITEBYTECODE=1
	cd "$BATS_TEST_TMPDIR" || return
}

python() { "${PYTHON:-python3}" -W error "$@"; }

@test "structs, numbers and functions are those of memlog.h" {
	python "$root/tests/python/abi.py" "$root/libparse/memlog.h" \
		gcc "-I$root/libparse"
	# and a difference is found
	sed 's/^\tuint64_t lost;$/\tuint32_t lost;/; s/^#define MEMLOG_REC_DATE/#define MEMLOG_REC_NEW 2048\n&/
		s/uint64_t addr, const struct memlog_scan/uint32_t addr, const struct memlog_scan/' \
		"$root/libparse/memlog.h" >memlog.h
	run -1 python "$root/tests/python/abi.py" memlog.h gcc -I.
	[[ $output == *"struct memlog_record, lost"* || $output == *"memlog_record *)0)->lost"* ]]
	[[ $output == *"MEMLOG_REC_NEW is not in Python"* ]]
	[[ $output == *"memlog_scan_at is"* ]]
}

@test "values, callbacks, lifetimes, threads" {
	cd "$root/tests/python"
	B=$B python -X faulthandler -m unittest test_memlog
}

@test "the records of every fixture are those of memlog-dump -J" {
	local images=()
	for f in "$root"/fixtures/*/*.zst; do
		case $f in
		*.fd.zst) ;;
		*) images+=("$f") ;;
		esac
	done
	[ "${#images[@]}" -gt 100 ]
	for r in early-and-main reset truncated hole locked index kdump-zlib \
		small-qevm xen-v2; do
		image "$r" "$r.image"
		images+=("$r.image")
	done
	run python "$root/tests/python/records.py" "$dump" "${images[@]}"
	printf '%.2000s\n' "$output"
	[ "$status" -eq 0 ]
	[[ $output =~ ^${#images[@]}\ images,\ ([0-9]+)\ records$ ]]
	[ "${BASH_REMATCH[1]}" -gt 100000 ]
}

@test "drgn's memory of a dump has the logs that memlog-dump finds" {
	/usr/bin/python3 -c 'import drgn' 2>/dev/null ||
		skip "drgn is not installed"
	unpack memlog-virt-fault.elf
	local n=0 addr
	/usr/bin/python3 "$root/docs/examples/drgn-logs.py" "$unpacked" \
		40000000-48000000 >got
	for addr in $("$dump" --list -J -a "$unpacked" |
		jq -r 'select(.type == "log") | .space + ":" + .addr'); do
		"$dump" -q --at "$addr" "$unpacked"
		n=$((n + 1))
	done >want
	[ "$n" -eq 2 ]
	same want got
	# memory that drgn does not have is a hole
	/usr/bin/python3 "$root/docs/examples/drgn-logs.py" "$unpacked" \
		3ff00000-40100000 47e00000-49000000 >got
	same want got
	# a Linux kernel
	unpack ftrace-612.elf
	/usr/bin/python3 - "$unpacked" <<-EOF
	import sys, drgn, memlog
	prog = drgn.Program()
	prog.set_core_dump(sys.argv[1])
	assert prog.flags & drgn.ProgramFlags.IS_LINUX_KERNEL
	with memlog.open(sys.argv[1]) as image:
	    ranges = list(image.ranges())
	    want = [r for log in image.logs() for r in log]
	image = memlog.Image.from_reader(
	    lambda a, n: prog.read(a, n, physical=True), ranges)
	got = [r for log in image.logs() for r in log]
	assert len(want) > 1000 and got == want, (len(want), len(got))
	EOF
}

@test "without the library, or with an old one, import says so" {
	mkdir old
	echo 'const char *memlog_version(void) { return "0.0.1"; }' >old.c
	gcc -shared -fPIC -o old/libmemlog.so.0 old.c
	LD_LIBRARY_PATH=$PWD/old run -1 python -c 'import memlog'
	[[ ${lines[-1]} == "ImportError: libmemlog.so.0 is too old: it has no memlog_"* ]]
	: >old/libmemlog.so.0
	LD_LIBRARY_PATH=$PWD/old run -1 python -c 'import memlog'
	[[ ${lines[-1]} == "ImportError: memlog needs the library libmemlog.so.0: "* ]]
}

@test "help(memlog) and the version" {
	python -c 'import memlog; help(memlog)' >help
	grep -q '^    Find and decode the logs that firmware' help ||
		grep -q 'memlog - Find and decode the logs that firmware' help
	for word in 'class Image(' 'class Log(' 'class Record(' 'class Error(' \
		'from_reader(' 'records(' 'open(name'; do
		grep -qF "$word" help
	done
	# Python 3.13 says where each method comes from
	run ! grep -qE 'memlog\._' <(sed 's/ from memlog\._.*//' help)
	run awk 'length > 100' help
	[ "$(python -c 'import memlog; print(memlog.__version__)')" = \
		"$("$dump" --version | awk 'NR == 1 { print $2 }')" ]
}

@test "the program in the documentation prints what memlog-dump does" {
	unpack ovmf-c01-elf64.elf
	# shellcheck disable=SC2016 # backquotes of Markdown
	sed -n '/^```python$/,/^```$/ { /^```/! p }' "$root/docs/python.md" \
		>program.py
	python program.py "$unpacked" >got
	"$dump" -qa "$unpacked" >want
	same want got
}
