#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# make CRASH=DIR GDB=DIR builds the plugins against a tree; what is left out is said.

bats_require_minimum_version 1.5.0
load crash

setup() {
	need_crash
	[ -e "$B/crash-ext/memlog.so" ] || skip "crash's header is not installed"
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || return
	# of this build, so that only the plugins are compiled
	mkdir b
	cp -a "$B/host" "$B/libmemlog_core.a" b/
	sanitize=
	! nm -D "$B/crash-ext/memlog.so" | has __asan_init || sanitize=1
}

# make_in GOAL...: in the directory b
make_in() {
	local b=$PWD/b
	MAKEFLAGS='' make -s -C "$top" B="$b" ${sanitize:+SANITIZE=1} \
		-o "$b/libmemlog_core.a" "$@"
}

# trees: those of a crash and a gdb, as their source is laid out
trees() {
	mkdir -p crash gdb/gdb
	sed '1i #define A_TREE_OF_MY_OWN' /usr/include/crash/defs.h >crash/defs.h
	sed 's/^typedef unsigned long GDB_CORE_ADDR;/typedef @TARGET_PTR@ GDB_CORE_ADDR;/
		1i #define A_TREE_OF_MY_OWN' \
		/usr/include/gdb/jit-reader.h >gdb/gdb/jit-reader.in
}

# macros FLAGS SOURCE...: what is defined when they are compiled
macros() {
	gcc -std=gnu11 -D_GNU_SOURCE -I"$top/libparse" -dM -E "$@"
}

@test "CRASH=DIR: the plugin is built with the header of a source tree, and works" {
	trees
	make_in CRASH="$PWD/crash" "$PWD/b/crash-ext/memlog.so"
	grep -q "^$PWD/crash/defs.h$" b/headers/crash.from
	grep -q "b/headers/crash/defs.h" b/crash-ext/memlog.d
	macros -Ib/headers "$top/crash-ext/memlog.c" | has A_TREE_OF_MY_OWN
	make_composite vmcore
	printf 'extend %s\nmemlog -o out\n' "$PWD/b/crash-ext/memlog.so" |
		crash_run "$vmlinux" vmcore
	"$B/memlog-dump" vmcore | cmp - out
	# the header of the system again: everything is compiled anew, once
	run -0 make_in "$PWD/b/crash-ext/memlog.so"
	[ "$(grep -c '^  CC      crash-ext/' <<<"$output")" -eq \
		"$(find "$top/crash-ext" -name '*.c' | wc -l)" ]
	run ! grep -q b/headers/crash b/crash-ext/memlog.d
	run -0 make_in "$PWD/b/crash-ext/memlog.so"
	[ -z "$output" ]
}

# bats test_tags=plain
@test "GDB=DIR: from jit-reader.in of a source tree, and the plugin works" {
	[ -e "$B/gdb-plugin/memlog-gdb.so" ] || skip "gdb's header is not installed"
	trees
	make_in GDB="$PWD/gdb" "$PWD/b/gdb-plugin/memlog-gdb.so" \
		"$PWD/b/gdb-plugin/memlog.gdb"
	grep -q "b/headers/gdb/jit-reader.h" b/gdb-plugin/reader.d
	macros -Ib/headers "$top/gdb-plugin/reader.c" | has A_TREE_OF_MY_OWN
	grep -qx 'typedef __UINT64_TYPE__ GDB_CORE_ADDR;' b/headers/gdb/jit-reader.h
	make_composite vmcore
	limited gdb -nx -q -batch -c vmcore -ex 'source b/gdb-plugin/memlog.gdb' \
		-ex 'memlog -o out'
	"$B/memlog-dump" vmcore | cmp - out
}

@test "a prefix where crash and gdb are installed is taken, too" {
	trees
	mkdir -p prefix/include/crash prefix/include/gdb
	cp crash/defs.h prefix/include/crash/
	cp /usr/include/gdb/jit-reader.h prefix/include/gdb/
	make_in CRASH="$PWD/prefix" GDB="$PWD/prefix" "$PWD/b/headers/crash.from" \
		"$PWD/b/headers/gdb.from"
	cmp b/headers/crash/defs.h crash/defs.h
	cmp b/headers/gdb/jit-reader.h /usr/include/gdb/jit-reader.h
}

@test "a directory without the header is an error" {
	run -2 make_in CRASH="$PWD/none" all
	[[ $output == *"CRASH=$PWD/none: no defs.h of crash is there"* ]]
	run -2 make_in GDB="$PWD/none" install
	[[ $output == *"GDB=$PWD/none: no gdb/jit-reader.h or gdb/jit-reader.in is there"* ]]
}

@test "a plugin that is left out: one line with the reason and the remedy" {
	local goal
	for goal in all install; do
		run -0 make_in -n SYSTEM_INCLUDE="$PWD/none" $goal
		[[ $output == *"echo 'no plugin for crash: "* ]]
		run ! grep 'crash-ext/\|gdb-plugin/' <<<"$output"
	done
	run -0 make_in SYSTEM_INCLUDE="$PWD/none" left-out
	[ "$output" = "\
no plugin for crash: $PWD/none/crash/defs.h is missing; install crash, or crash-devel on Fedora, or name its source: make CRASH=DIR
no plugin for gdb: $PWD/none/gdb/jit-reader.h is missing; install gdb, or gdb-devel on Fedora, or name its source: make GDB=DIR" ]
	# one of them
	trees
	run -0 make_in SYSTEM_INCLUDE="$PWD/none" CRASH="$PWD/crash" left-out
	[ "${#lines[@]}" -eq 1 ]
	# what the environment calls GDB is no tree
	GDB=/usr/bin/gdb CRASH=none run -0 make_in left-out
	[ -z "$output" ]
}
