#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every recipe as text, list and JSON, compared with expect/. Raw output is compared
# with the model of the recipe, if it has one.
#
# GOLDEN_UPDATE=1 rewrites expect/: read the diff before you commit it.

bats_require_minimum_version 1.5.0
load ../lib

# Long output as its two ends, and a checksum of what is between.
shorten() {
	local n
	n=$(wc -l <"$1")
	if [ "$n" -le 60 ]; then
		cat "$1"
	else
		head -n 20 "$1"
		echo "--- $((n - 40)) lines: $(head -n -20 "$1" | tail -n +21 |
			sha256sum | cut -c 1-32)"
		tail -n 20 "$1"
	fi
}

# golden RECIPE [OPTION...]: text, list and JSON with their stderr and exit code
golden() {
	local recipe=$1 how bad=0
	shift
	cd "$BATS_TEST_TMPDIR" || return
	image "$recipe" image
	for how in text list json; do
		local opts=()
		[ "$how" != list ] || opts=(--list)
		[ "$how" != json ] || opts=(-O json)
		local rc=0
		"$dump" "${opts[@]}" "$@" image >out 2>err || rc=$?
		safe out
		safe err
		sed -i 's/"elapsed":[0-9.]*}$/"elapsed":0.0}/' out
		{
			shorten out
			[ -z "$(tail -c 1 out)" ] || printf '\n--- no LF at the end\n'
			echo "--- stderr"
			cat err
			echo "--- exit $rc"
		} >"$how"
		local want=$BATS_TEST_DIRNAME/expect/$recipe.$how
		if [ -n "${GOLDEN_UPDATE:-}" ]; then
			cp "$how" "$want"
		else
			same "$want" "$how" || bad=1
		fi
	done
	[ "$bad" = 0 ]
}

# reads RECIPE [LOG [OPTION...]]: raw output equals the recipe's model
reads() {
	local recipe=$1 log=${2:-0}
	shift
	[ $# -eq 0 ] || shift
	cd "$BATS_TEST_TMPDIR" || return
	image "$recipe" image truth "$log"
	"$dump" -O raw "$@" image >got
	cmp truth got
	[ -s got ]
}

@test "c-linear" { golden c-linear; reads c-linear; }
@test "c-wrapped" { golden c-wrapped; reads c-wrapped; }
@test "c-exact" { golden c-exact; reads c-exact; }
@test "c-long-header" { golden c-long-header; reads c-long-header; }
@test "index" { golden index; reads index 1; }
@test "prefix" { golden prefix; reads prefix; }
@test "family-a" { golden family-a; reads family-a; }
@test "family-b" { golden family-b; reads family-b; }
@test "early-and-main" { golden early-and-main; reads early-and-main 1; }
@test "reset" { golden reset; reads reset; reads reset 1 --at 0xf00000; }
@test "lost-head" { golden lost-head; reads lost-head 1; }
@test "locked" { golden locked; reads locked; }
@test "locked-wrapped" { golden locked-wrapped; }
@test "half-stored" { golden half-stored; }
@test "mid-init" { golden mid-init; }
@test "empty" { golden empty; }
@test "unknown-magic" { golden unknown-magic; }
@test "hostile" { golden hostile; reads hostile; }
@test "elf32" { golden elf32; reads elf32; }
@test "elf64-i386" { golden elf64-i386; reads elf64-i386; }
@test "big-endian" { golden big-endian; reads big-endian; }
@test "vaddr-only" { golden vaddr-only; reads vaddr-only; }
@test "messy-loads" { golden messy-loads; reads messy-loads; }
@test "hole" { golden hole; }
@test "paging" { golden paging; reads paging; }
@test "xnum" { golden xnum; reads xnum; }
@test "notes-only" { golden notes-only; }
@test "truncated" { golden truncated; }

@test "kdump-compressed, flattened, 32-bit, in blocks of 64 KiB" {
	local r
	for r in zlib snappy zstd 32 64k flat; do
		echo "$r"
		reads "kdump-$r"
	done
}

@test "locked: the message in flight, with --uncommitted" {
	cd "$BATS_TEST_TMPDIR"
	image locked image
	"$dump" --uncommitted image >out 2>/dev/null
	[ "$(tail -n 1 out)" = "copied, not counted" ]
	"$dump" image >out 2>/dev/null
	[ "$(tail -n 1 out)" = "counted 000004" ]
}

@test "a hole in the text: the rest is printed, the hole is marked" {
	cd "$BATS_TEST_TMPDIR"
	image hole image truth
	run --separate-stderr "$dump" image
	[ "$status" -eq 0 ]
	[[ $output == *"[... 4096 bytes lost]"* ]]
	[[ $stderr == *"31520 bytes of it are not in the image"* ]]
	run "$dump" --strict image
	[ "$status" -eq 4 ]
	# the bytes before, between and after the holes are those of the log:
	# text starts 192 bytes into the first page
	"$dump" -O raw image >got 2>/dev/null
	{
		head -c $((0x4000 - 192)) truth
		tail -c "+$((0x5000 - 192 + 1))" truth |
			head_all -c $((0x8000 - 0x5000))
	} >want
	cmp want got
}

@test "a truncated file: exit 4 with --strict, else 0" {
	cd "$BATS_TEST_TMPDIR"
	image truncated image truth
	"$dump" -O raw image >got 2>/dev/null
	[ -s got ]
	cmp <(head -c "$(stat -c %s got)" truth) got
	run "$dump" --strict image
	[ "$status" -eq 4 ]
}

# long_line PIECE: an image with a log that has one line of 15,000 times PIECE
# between short ones; its text is in the file text
long_line() {
	perl -e 'print "before\n", "x", $ARGV[0] x 15000, "\nafter\n"' "$1" >text
	printf 'ram 0 16M\novmf 0xf00000 size=128K\nfrom text\nend\nelf64\n' |
		"$B/mkimage" - image
}

@test "a long line is split between characters: valid text in JSON" {
	cd "$BATS_TEST_TMPDIR"
	local c
	for c in é € 😀; do
		long_line "$c"
		"$dump" image | cmp - text
		"$dump" -J image | objects >json
		[ "$(wc -l <json)" -gt 5 ]
		run ! grep -q text_b64 json
		jq -j .text json | tr -d '\n' | cmp - <(tr -d '\n' <text)
	done
}

@test "-n -N: the newest N lines, a long one from its beginning" {
	cd "$BATS_TEST_TMPDIR"
	long_line €
	"$dump" -n -1 image | cmp - <(tail -n 1 text)
	"$dump" -n -2 image | cmp - <(tail -n 2 text)
	"$dump" -n -3 image | cmp - text
	"$dump" -n -2 -g € image | cmp - <(sed -n 2p text)
}

@test "every recipe is tested here or by another test" {
	local r n bad=0
	for r in "$recipes"/*.rec; do
		n=$(basename "$r" .rec)
		case $n in
		small-*|planted*|kdump-*|lime|avml|qevm*|acrn-*|xen-*) continue ;;
		esac
		grep -q "golden ${n}[ ;]" "$BATS_TEST_FILENAME" ||
			{ echo "$n has no test"; bad=1; }
	done
	[ "$bad" = 0 ]
}
