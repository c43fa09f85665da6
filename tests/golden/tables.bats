#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every entry of the tables has seeds for its fuzz harness, an entry in the manual,
# and a golden test that names it. tests/unit/tables.c checks the entries
# themselves.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$root" || return 1
	"$B/tests/unit/tables.t" --list >"$BATS_FILE_TMPDIR/entries" || return 1
	mandoc -Tascii man/memlog-dump.1 | col -bx >"$BATS_FILE_TMPDIR/page"
	mandoc -Tascii man/memlog.7 | col -bx >"$BATS_FILE_TMPDIR/page7"
	"$dump" --help >"$BATS_FILE_TMPDIR/help"
}

setup() {
	cd "$root" || return 1
	page=$BATS_FILE_TMPDIR/page
	page7=$BATS_FILE_TMPDIR/page7
	help=$BATS_FILE_TMPDIR/help
}

# entries TABLE [FIELD]: the names of its entries, or another field of the list
entries() {
	awk -v t="$1" -v f="${2:-2}" '$1 == t { print $f }' \
		"$BATS_FILE_TMPDIR/entries"
}

# images: the file formats that are supported
images() {
	entries image | grep -vx refused
}

# each COMMAND [ARG...]: run it for each line of stdin, as its last argument
each() {
	local line n=0
	while read -r line; do
		"$@" "$line" || { echo "$line: not so: $*"; return 1; }
		n=$((n + 1))
	done
	[ "$n" -gt 0 ]
}

# has FILE WORD: between blanks, commas or quotes
has() {
	grep -qE -- "(^|[[:space:],\"'(])${2//./\\.}([][:space:],.:;\"')]|$)" "$1"
}

seeds() {
	[ -n "$(ls -A "fuzz/corpus/$1_${2//-/_}")" ]
}

@test "every log format, file format and source has seeds to fuzz it with" {
	local table
	for table in format image source; do
		entries "$table" | each seeds "$table"
	done
}

@test "every harness has seeds" {
	local f
	for f in fuzz/*.c; do
		f=$(basename "$f" .c)
		[ "$f" = replay ] || [ -d "fuzz/corpus/$f" ] ||
			ls -d "fuzz/corpus/${f}_"*
	done
	for f in fuzz/corpus/*; do
		[ -n "$(ls -A "$f")" ]
	done
}

@test "every entry is in the manual" {
	local images=$BATS_TEST_TMPDIR/images outputs=$BATS_TEST_TMPDIR/outputs
	sed -n '/^IMAGES/,/^OPTIONS/p' "$page" >"$images"
	sed -n '/--output-format/,/--json/p' "$page" >"$outputs"
	entries format | each has "$page7"
	images | each has "$images"
	entries source 3 | each grep -qF "$images" -e
	entries render | each has "$outputs"
}

@test "every source is in the help, and in the README's table" {
	local images=$BATS_TEST_TMPDIR/images table=$BATS_TEST_TMPDIR/table
	sed -n '/^IMAGE/,/^$/p' "$help" >"$images"
	grep '^|' README.md >"$table"
	entries source 3 | each grep -qF "$images" -e
	entries source 3 | each grep -qF "$table" -e
}

named() {
	grep -rqwF --include='*.bats' -e "$1" tests/golden tests/host
}

# by its long name, or by its letter among others
option_used() {
	local letter
	letter=$(sed -n "s/^ *-\([A-Za-z]\), $1\b.*/\1/p" "$help")
	named "$1" || { [ -n "$letter" ] && grep -rqE --include='*.bats' \
		"[[:space:]\"]-[A-Za-z]*$letter" tests/golden tests/host; }
}

@test "every entry, and every option, has a golden test that names it" {
	{ entries format; images; entries source 3; entries render; } |
		each named
	grep -oE '^ +(-[A-Za-z], +)?--[a-z-]+' "$help" |
		grep -oE -- '--[a-z-]+' | each option_used
}
