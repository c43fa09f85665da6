#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Guest bytes never reach a terminal unescaped: not in text, lists, messages, --info
# or JSON, with any option, nor through file names.

load ../lib

setup_file() {
	"$B/mkimage" "$recipes/hostile.rec" "$BATS_FILE_TMPDIR/hostile"
}

# both_safe STATUS OPTION...: it exits with that, and both streams are safe
both_safe() {
	local want=$1 status=0
	shift
	"$dump" "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" ||
		status=$?
	[ "$status" -eq "$want" ]
	safe "$BATS_TEST_TMPDIR/out"
	safe "$BATS_TEST_TMPDIR/err"
	[ -s "$BATS_TEST_TMPDIR/out" ] || [ -s "$BATS_TEST_TMPDIR/err" ]
}

@test "the check itself detects every kind of control" {
	local s
	for s in '\0033[1m' '\0' '\0177' '\0302\0233' '\0233' \
		'\0342\0200\0256' \
		'\0342\0201\0246' '\0342\0200\0250' '\r' '\0377' \
		'\0355\0240\0200'; do
		printf 'a%bb\n' "$s" >"$BATS_TEST_TMPDIR/x"
		run safe "$BATS_TEST_TMPDIR/x"
		[ "$status" -ne 0 ] || { echo "blind to $s"; return 1; }
	done
	printf 'tab\there \303\251 \342\202\254 \360\237\230\200\n' \
		>"$BATS_TEST_TMPDIR/x"
	safe "$BATS_TEST_TMPDIR/x"
}

@test "the image has what the check detects" {
	"$dump" -O raw "$BATS_FILE_TMPDIR/hostile" >"$BATS_TEST_TMPDIR/raw"
	run safe "$BATS_TEST_TMPDIR/raw"
	[ "$status" -ne 0 ]
}

@test "text, list, info, JSON" {
	cd "$BATS_FILE_TMPDIR"
	both_safe 0 hostile
	both_safe 0 -v hostile
	both_safe 0 --list hostile
	both_safe 0 --list -v hostile
	both_safe 0 --list -J hostile
	both_safe 0 --info hostile
	both_safe 0 --info -v hostile
	both_safe 0 --info -J hostile
	both_safe 0 -J hostile
	both_safe 0 -O json hostile
	both_safe 0 --uncommitted hostile
	both_safe 0 -g esc hostile
	both_safe 0 -n 3 hostile
	both_safe 0 --at 0xf00000 hostile
	both_safe 0 hostile hostile
}

@test "JSON is valid and lossless" {
	cd "$BATS_FILE_TMPDIR"
	"$dump" -J hostile >"$BATS_TEST_TMPDIR/json"
	jq -e . "$BATS_TEST_TMPDIR/json" >/dev/null
	"$dump" -J --list hostile | jq -e . >/dev/null
	"$dump" -J --info hostile | jq -e . >/dev/null
	# bytes that are not UTF-8 are in base64
	jq -r 'select(.text_b64) | .text_b64' "$BATS_TEST_TMPDIR/json" |
		head_all -n 1 | base64 -d >/dev/null
	[ "$(jq -r 'select(.text_b64) | 1' "$BATS_TEST_TMPDIR/json" |
		wc -l)" -ge 1 ]
}

@test "an error about any damaged file is safe" {
	local i
	cd "$BATS_TEST_TMPDIR"
	for i in 0 1 7 64 100; do
		head -c "$i" "$BATS_FILE_TMPDIR/hostile" >short
		both_safe 3 short
		both_safe 3 --info short
	done
	head -c 4096 "$BATS_FILE_TMPDIR/hostile" >short
	both_safe 4 short
	both_safe 0 --info short
}

@test "a file name is hostile too" {
	cd "$BATS_TEST_TMPDIR"
	local n=$'a\033[31m\r\x9b2J\nb'
	cp --sparse=always "$BATS_FILE_TMPDIR/hostile" "$n"
	both_safe 0 "$n" "$n"
	both_safe 0 --info "$n"
	both_safe 0 --list "$n" "$n"
	both_safe 0 --list -J "$n"
	both_safe 3 $'\033[2J-is-not-there'
	both_safe 2 --format=$'\033[2J' "$n"
	both_safe 2 --at $'\033[2J' "$n"
}

@test "raw to a terminal is refused without --force" {
	cd "$BATS_FILE_TMPDIR"
	run script -qec "$dump -O raw hostile" /dev/null
	[ "$status" -eq 2 ]
	[[ $output != *$'\033'* ]]
	[[ $output == *--force* ]]
	run script -qec "$dump -O raw --force hostile" /dev/null
	[[ $output == *$'\033[2J'* ]]
}

@test "text to a terminal has no escape sequence of the guest" {
	cd "$BATS_FILE_TMPDIR"
	script -qec "$dump --color=never hostile" /dev/null >"$BATS_TEST_TMPDIR/tty"
	# the terminal driver turns LF into CR LF
	sed -i 's/\r$//' "$BATS_TEST_TMPDIR/tty"
	safe "$BATS_TEST_TMPDIR/tty"
	grep -q 'esc \\x1b' "$BATS_TEST_TMPDIR/tty"
}
