#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What `make install` installs, and that other programs can use it.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	export TOP=$PWD ROOT=$BATS_FILE_TMPDIR/root SAN=
	# a program that loads a library with a sanitizer needs it too
	! nm -D "$B/libmemlog.so" | has __asan_init ||
		SAN=-fsanitize=address,undefined
	MAKEFLAGS='' make -s B="$B" ${SAN:+SANITIZE=1} DESTDIR="$ROOT" \
		prefix=/usr libdir=/usr/lib64 install || return 1
	"$B/mkimage" fixtures/gen/recipes/small-c.rec \
		"$BATS_FILE_TMPDIR/image" || return 1
	export IMAGE=$BATS_FILE_TMPDIR/image
	export PKG_CONFIG_PATH=$ROOT/usr/lib64/pkgconfig
	export PKG_CONFIG_SYSROOT_DIR=$ROOT
	export LD_LIBRARY_PATH=$ROOT/usr/lib64
}

@test "all files are installed, and nothing else" {
	cd "$ROOT/usr"
	local f
	for f in bin/memlog-dump lib64/libmemlog.so.0 lib64/libmemlog.so \
		lib64/pkgconfig/libmemlog.pc include/memlog.h \
		share/man/man1/memlog-dump.1 share/man/man7/memlog.7 \
		share/bash-completion/completions/memlog-dump \
		share/zsh/site-functions/_memlog-dump \
		share/fish/vendor_completions.d/memlog-dump.fish \
		share/doc/memlog/LICENSES/GPL-2.0-or-later.txt \
		share/doc/memlog/LICENSES/LGPL-2.1-or-later.txt \
		share/doc/memlog/README.md share/doc/memlog/output.schema.json \
		share/doc/memlog/examples/kdump-pre \
		share/doc/memlog/examples/libvirt-hook \
		share/doc/memlog/examples/memlog-follow@.service \
		share/doc/memlog/examples/memlog-boot.service \
		share/doc/memlog/libmemlog.md \
		share/doc/memlog/design.md share/doc/memlog/facts/ovmf.md; do
		[ -f "$f" ]
	done
	[ "$(readlink lib64/libmemlog.so)" = libmemlog.so.0 ]
	# the plugin and its page, or neither
	[ -f lib64/crash/extensions/memlog.so ] ||
		[ ! -e "$B/crash-ext/memlog.so" ]
	[ "$(find . -name 'crash-memlog.8' | wc -l)" -eq \
		"$(find lib64/crash -name memlog.so | wc -l)" ]
	# one header; no path of the build or staging directory
	[ "$(ls include)" = memlog.h ]
	run ! grep -rqF -e "$ROOT" -e "$TOP" lib64/pkgconfig share
	run ! grep -rq '@' lib64/pkgconfig
}

# bats test_tags=plain
@test "the Python module, if there is python3" {
	command -v python3 >/dev/null || skip "python3 is not installed"
	local dir other=$BATS_TEST_TMPDIR/other
	dir=$(echo "$ROOT"/usr/lib/python3*/*-packages)
	[ "$(cd "$dir" && echo memlog/*)" = "$(cd "$TOP/python" && echo memlog/*.py)" ]
	run -0 env PYTHONPATH="$dir" python3 -B -c \
		'import sys, memlog; print(len(memlog.open(sys.argv[1]).logs()))' "$IMAGE"
	[ "$output" = 1 ]
	# not asked for
	MAKEFLAGS='' make -s -C "$TOP" B="$B" DESTDIR="$other" prefix=/usr \
		pythondir= install
	run find "$other" -name '*.py' -path '*-packages*'
	[ -z "$output" ]
	# a library that ld.so does not find is loaded by its path
	MAKEFLAGS='' make -s -C "$TOP" B="$B" prefix="$other" \
		pythondir="$other/modules" install
	run -0 env -u LD_LIBRARY_PATH PYTHONPATH="$other/modules" python3 -B -c \
		'import memlog; print(memlog._abi.SONAME)'
	[ "$output" = "$other/lib/libmemlog.so.0" ]
}

@test "the program is linked with the shared library" {
	run -0 readelf -dW "$ROOT/usr/bin/memlog-dump"
	[[ $output == *"NEEDED"*"[libmemlog.so.0]"* ]]
	[[ $output != *RPATH* && $output != *RUNPATH* ]]
	run -0 --separate-stderr "$ROOT/usr/bin/memlog-dump" -n+1 "$IMAGE"
	[ "$output" = "a small line 000000" ]
}

@test "another prefix: the program runs, the .pc file has it" {
	local other=$BATS_TEST_TMPDIR/other
	MAKEFLAGS='' make -s -C "$TOP" B="$B" ${SAN:+SANITIZE=1} \
		prefix="$other" install
	unset LD_LIBRARY_PATH
	run -0 --separate-stderr "$other/bin/memlog-dump" -n+1 "$IMAGE"
	[ "$output" = "a small line 000000" ]
	unset PKG_CONFIG_SYSROOT_DIR
	[ "$(PKG_CONFIG_PATH=$other/lib/pkgconfig pkg-config --libs-only-L \
		libmemlog | tr -d ' ')" = "-L$other/lib" ]
}

# trees DIR: what is in it, links with their targets
trees() {
	(cd "$1" && find . -printf '%y %p %l\n' | sort)
}

@test "uninstall removes what install put there, and nothing else" {
	local at=$BATS_TEST_TMPDIR/at make=(make -s -C "$TOP" B="$B"
		${SAN:+SANITIZE=1} DESTDIR="$BATS_TEST_TMPDIR/at" prefix=/usr
		libdir=/usr/lib64 gdbinitdir=/etc/gdb/gdbinit.d)
	export MAKEFLAGS=''
	cd "$BATS_TEST_TMPDIR"
	# directories that are there, and files of others
	"${make[@]}" install
	find "$at" ! -type d -delete
	find "$at" -depth -type d -path '*/memlog*' -delete
	mkdir -p "$at/usr/share/memlog-of-others"
	touch "$at/usr/bin/memlog-dump-of-others" "$at/usr/lib64/libmemlog.so.9"
	trees "$at" >before
	"${make[@]}" install
	[ -x "$at/usr/bin/memlog-dump" ]
	if [ -e "$at/usr/share/memlog/memlog.gdb" ]; then
		[ "$(readlink -f "$at/etc/gdb/gdbinit.d/memlog.gdb")" = \
			"$at/usr/share/memlog/memlog.gdb" ]
	fi
	"${make[@]}" uninstall
	trees "$at" | diff before -
	# in a directory of our own, a file of another stays
	"${make[@]}" install
	touch "$at/usr/share/doc/memlog/notes"
	"${make[@]}" uninstall
	rm "$at/usr/share/doc/memlog/notes"
	rmdir "$at/usr/share/doc/memlog"
	trees "$at" | diff before -
	# and again, with nothing installed
	"${make[@]}" uninstall
	trees "$at" | diff before -
}

@test "the .pc file does not require what only building the library needs" {
	# without the development packages of those libraries
	PKG_CONFIG_LIBDIR=$ROOT/usr/lib64/pkgconfig PKG_CONFIG_PATH='' \
		run -0 pkg-config --cflags --libs libmemlog
	[[ $output == *-lmemlog* ]]
}

@test "exactly memlog_* is exported, all of memlog.h, versioned" {
	run -0 nm -D --defined-only "$ROOT/usr/lib64/libmemlog.so.0"
	local f symbols=$output
	run ! grep -vE ' memlog_[a-z_0-9]+@@MEMLOG_0$| A MEMLOG_0$' <<<"$symbols"
	for f in $(tr '\n\t' '  ' <"$TOP/libparse/memlog.h" |
		grep -oE 'MEMLOG_API [^;]*;' | grep -oE 'memlog_[a-z0-9_]+ *\(' |
		tr -d ' ('); do
		grep -q " $f@@" <<<"$symbols"
	done
	run -0 readelf -dW "$ROOT/usr/lib64/libmemlog.so.0"
	[[ $output == *"soname: [libmemlog.so.0]"* ]]
}

@test "the header is self-contained, in C99 and in C++" {
	echo '#include <memlog.h>' >"$BATS_TEST_TMPDIR/a.c"
	cp "$BATS_TEST_TMPDIR/a.c" "$BATS_TEST_TMPDIR/a.cc"
	gcc -std=c99 -Wall -Wextra -Werror -fsyntax-only \
		-I"$ROOT/usr/include" "$BATS_TEST_TMPDIR/a.c"
	g++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only \
		-I"$ROOT/usr/include" "$BATS_TEST_TMPDIR/a.cc"
}

# program N: build the Nth program of docs/libmemlog.md as the page says
program() {
	awk -v n="$1" '/^```/ { inside = /^```c$/; block += inside; next }
		inside && block == n' "$TOP/docs/libmemlog.md" \
		>"$BATS_TEST_TMPDIR/tool.c"
	# shellcheck disable=SC2046
	gcc -Wall -Wextra -Werror -Wno-unused-result ${SAN:+"$SAN"} \
		-o "$BATS_TEST_TMPDIR/tool" "$BATS_TEST_TMPDIR/tool.c" \
		$(pkg-config --cflags --libs libmemlog)
}

@test "docs/libmemlog.md: the program that opens, searches and decodes" {
	cd "$BATS_TEST_TMPDIR"
	program 1
	./tool "$IMAGE" >out 2>err
	"$B/memlog-dump" -r "$IMAGE" | cmp - out
	[ "$(cat err)" = "OVMF memory debug log at phys:0x820000" ]
	run -3 ./tool nowhere
	[[ $output == "nowhere: No such file"* ]]
}

@test "docs/libmemlog.md: the program with its own reader" {
	cd "$BATS_TEST_TMPDIR"
	program 2
	"$B/mkimage" -t truth - memory <<-EOT
	ram 0 1M
	ovmf 0x40000 size=64K
	  lines 9 "of my own "
	end
	raw
	EOT
	./tool -r <memory | cmp - truth
	run -0 ./tool --list -J <memory
	[ "$(jq -r .addr <<<"${lines[0]}")" = 0x140000 ]
	run -6 ./tool -F nonsense <memory
	[[ $output == "--format: unknown log format"* ]]
}

@test "docs/libmemlog.md: the program that prints state, time, level and fields" {
	cd "$BATS_TEST_TMPDIR"
	program 3
	zstd -dqf "$TOP/fixtures/vmcores/hyp-pkvm.elf.zst" -o hyp
	./tool hyp >out
	[ "$(head -n 1 out)" = "hyp-trace: current: 2 CPUs, pages of 4096 bytes" ]
	"$B/memlog-dump" -J hyp | jq -r 'select(.type == "record") |
		(.time[:-9] + "." + .time[-9:]) as $t | .fields as $f |
		"cpu\(.cpu) \(.text | utf8bytelength) bytes:" +
		($f | to_entries | map(" \(.key)=\(.value)") | join(""))' >want
	[ "$(wc -l <want)" -gt 100 ]
	sed -E '1d; s/^[0-9]+\.[0-9]{6} //' out | cmp - want
	run ! grep -vE '^[0-9]+\.[0-9]{6} cpu|^hyp-trace' out
	run -3 ./tool nowhere
}

@test "docs/libmemlog.md: the table of statuses has all, and their names" {
	cat >"$BATS_TEST_TMPDIR/names.c" <<-EOF
	#include <memlog.h>
	#include <stdio.h>
	int main(void)
	{
	$(grep -oE '^	MEMLOG_[A-Z_]+' "$TOP/libparse/memlog.h" |
		sed -n '/MEMLOG_OK$/,/MEMLOG_STOP$/ p' |
		sed 's/.*\(MEMLOG_.*\)/puts("\1"); puts(memlog_status_name(\1));/')
		return 0;
	}
	EOF
	# shellcheck disable=SC2046
	gcc ${SAN:+"$SAN"} -o "$BATS_TEST_TMPDIR/names" "$BATS_TEST_TMPDIR/names.c" \
		$(pkg-config --cflags --libs libmemlog)
	"$BATS_TEST_TMPDIR/names" | paste -d ' ' - - >"$BATS_TEST_TMPDIR/want"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/want")" -eq 10 ]
	# shellcheck disable=SC2016 # backquotes of Markdown
	sed -nE 's/^\| `(MEMLOG_[A-Z_]+)` \| ([^|]*) \|.*/\1 \2/p' \
		"$TOP/docs/libmemlog.md" | cmp - "$BATS_TEST_TMPDIR/want"
}

page() {
	mandoc -Tascii "$TOP/man/memlog-dump.1" | col -bx
}

# options: each as "-F --format value", from the help or the manual on stdin
options() {
	grep -oE '^ +(-[A-Za-z], +)?--[a-z-]+(\[=|=)?' | sed -E \
		's/^ +//; s/, +/ /; s/\[=$/ optional/; s/=$/ value/'
}

# words: those of a rendered page, one a line, without header, footer, and what the
# two programs do in their own way: dashes, spaces that do not break a line, and double
# quotes of names of sections
words() {
	LC_ALL=C.UTF-8 col -bx | LC_ALL=C sed -e '1d; $d' -e 's/\xc2\xa0/ /g' \
		-e 's/\xe2\x80[\x93\x94]/-/g' -e 's/\xe2\x80[\x9c\x9d]//g' | tr -s ' ' '\n' | tr -s '\n'
}

@test "manual pages: man-db and mandoc print the same words" {
	command -v man >/dev/null || skip "man is not installed"
	local page
	cd "$BATS_TEST_TMPDIR"
	for page in "$TOP"/man/*.[1-8]; do
		LC_ALL=C.UTF-8 MANWIDTH=80 MANOPT='--nh --nj' man -l "$page" 2>err |
			words >by-man
		LC_ALL=C.UTF-8 mandoc -Tutf8 -Owidth=80 "$page" |
			words >by-mandoc
		[ "$(wc -l <by-man)" -gt 200 ]
		diff by-man by-mandoc
		# the footer names the system, not BSD
		LC_ALL=C.UTF-8 MANWIDTH=80 man -l "$page" 2>err | tail -n 1 |
			has "^memlog $(sed -n 's/^VERSION := //p' "$TOP/Makefile") "
	done
}

@test "manual pages: clean, and the options are those of the program" {
	run -0 mandoc -Tlint -W warning "$TOP"/man/*.[1-8]
	"$B/memlog-dump" --help | options | sort >"$BATS_TEST_TMPDIR/program"
	# without the text, where an option may begin a line too
	page | grep -vE '^ {12}' | options | sort >"$BATS_TEST_TMPDIR/manual"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/program")" -gt 30 ]
	# each once, except the one with two forms
	[ "$(uniq -d "$BATS_TEST_TMPDIR/manual")" = "--range value" ]
	uniq "$BATS_TEST_TMPDIR/manual" | diff "$BATS_TEST_TMPDIR/program" -
}

@test "the manual has every exit code" {
	[ "$(page | sed -n '/^EXIT STATUS/,/^EXAMPLES/s/^ *\([0-9]\)  .*/\1/p')" = \
		"$(sed -n 's/^\tMEMLOG_EXIT_[A-Z]*,.*/x/p' \
			"$TOP/libparse/memlog.h" | sed '=;d' | awk '{ print $1 - 1 }')" ]
}

@test "links in the documents are not broken" {
	cd "$TOP"
	local f
	for f in $(grep -ohE '\]\([^)h][^)]*\)' README.md CONTRIBUTING.md |
		tr -d ']()') $(grep -ohE '\]\([^)h][^)]*\)' docs/*.md |
		tr -d ']()' | sed 's|^|docs/|'); do
		[ -e "$f" ]
	done
	jq -e . docs/output.schema.json >/dev/null
}

@test "docs/tour.md names functions that exist" {
	cd "$TOP"
	local f
	# shellcheck disable=SC2016 # backquotes of Markdown
	for f in $(grep -oE '`[a-z_0-9]+\(\)`' docs/tour.md | tr -d '`()'); do
		grep -rqE --include='*.[ch]' "^([a-z].*[ *])?$f\(" libparse memlog-dump ||
			{ echo "no function $f"; return 1; }
	done
}

@test "docs/examples/kdump-pre saves the log, or the memory that may contain it" {
	local t=$BATS_TEST_TMPDIR
	printf 'the log\r\n' >"$t/sysfs"
	MEMLOG_SYSFS=$t/sysfs run -0 "$TOP/docs/examples/kdump-pre" "$t/a"
	cmp "$t/sysfs" "$t/a/firmware-log.txt"
	[ "$(stat -c %a "$t/a/firmware-log.txt")" = 600 ]
	# Linux without the log file: reserved ranges from /dev/mem
	"$B/mkimage" "$TOP/fixtures/gen/recipes/c-linear.rec" "$t/elf"
	local addr
	addr=$("$B/memlog-dump" --list -J "$t/elf" |
		jq -r '.addr // empty')
	"$B/mkimage" - "$t/mem" <<-EOT
	ram 0 16M
	ovmf $addr size=128K
	  lines 7 "saved "
	end
	raw
	EOT
	cat >"$t/iomem" <<-EOT
	00000000-00000fff : Reserved
	00001000-0009ffff : System RAM
	$(printf '%08x-%08x' $((addr - 4000)) $((addr + 0x20010))) : Reserved
	e0000000-efffffff : PCI ECAM
	EOT
	MEMLOG_SYSFS=$t/none MEMLOG_IOMEM=$t/iomem MEMLOG_DEVMEM=$t/mem \
		run -0 "$TOP/docs/examples/kdump-pre" "$t/b"
	local saved=("$t"/b/*)
	[ "${#saved[@]}" -eq 1 ]
	[ "${saved[0]##*.}" = "$(printf '0x%x' $((addr - 4096)))" ]
	[ "$(stat -c %s "${saved[0]}")" -eq $((0x22000)) ]
	run -0 --separate-stderr "$B/memlog-dump" \
		--map="0x${saved[0]##*.0x}" "${saved[0]}"
	[ "${lines[6]}" = "saved 000006" ]
	run -0 --separate-stderr "$B/memlog-dump" --list \
		--map="0x${saved[0]##*.0x}" "${saved[0]}"
	[[ $output == *"phys:$addr "* ]]
	# and it never fails
	MEMLOG_SYSFS=$t/none MEMLOG_DEVMEM=$t/none run -0 "$TOP/docs/examples/kdump-pre" "$t/c"
	[[ $output == *"nothing saved"* ]]
	run -0 "$TOP/docs/examples/kdump-pre" /proc/nowhere
}

@test "make without a goal makes everything" {
	# -q: 1 if there is something to make
	make -C "$TOP" -n -p -q >"$BATS_TEST_TMPDIR/rules" || [ $? -eq 1 ]
	grep -qx '.DEFAULT_GOAL := all' "$BATS_TEST_TMPDIR/rules"
}
