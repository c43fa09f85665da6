#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The log of Slim Bootloader: the format dlog. Images are made by dlog.pl.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	perl -e 'printf "%s: line %d\r\n", (qw(Stage1B Stage2 OsLoader))[$_ / 200],
		$_ for 0 .. 599' >all
	head -c 500 all >early
	head -c 8000 all >loader
	printf 'Intel Slim Bootloader\nanother boot\n' >other
}

# memory BITS PIECE...: into the file image, at the addresses that it had
memory() {
	perl "$root/tests/golden/dlog.pl" "$@" >ram
	printf 'ram 0x7a000000 1M\nfile 0x7a000000 ram\nelf64\n' >image.rec
	"$B/mkimage" image.rec image
}

# listed [OPTION...]: address, bytes and state of each log of the image
listed() {
	"$dump" --list -F dlog "$@" | awk '/^dlog/ { print $3, $5, $8 }'
}

@test "the HOB list leads to the log, in a loader of 32 bits and of 64" {
	local bits
	for bits in 32 64; do
		memory $bits 0x20038=all hob=0x20038
		"$dump" -q -r image | cmp - all
		"$dump" -q -r - <image | cmp - all
		[ "$(listed image)" = "phys:0x7a020038 $(stat -c %s all) current" ]
		# the file does not say where it is from
		"$dump" -q -r ram | cmp - all
		[ "$(listed ram)" = "phys:0x20038 $(stat -c %s all) current" ]
		run -0 "$dump" --list ram
		[[ ${lines[2]} == *"by its HOB list the file begins at 0x7a000000: --map=0x7a000000;"* ]]
		[ "$(listed --map=0x7a000000 ram)" = "$(listed image)" ]
		"$dump" -q -r --map=none -F dlog ram | cmp - all
	done
	# nothing leads to it
	memory 64 0x20038=all
	run -1 "$dump" image
	"$dump" -q -r --scan exhaustive image | cmp - all
}

@test "the payload goes on in a copy: the longest is the log" {
	local size
	size=$(stat -c %s all)
	memory 64 0x20038=loader hob=0x20038 0x8=early:0x400 0x10008=all
	[ "$(listed image)" = "phys:0x7a000008 500 copy
phys:0x7a010008 $size current
phys:0x7a020038 8000 copy" ]
	[ "$(listed --scan exhaustive image)" = "$(listed image)" ]
	"$dump" -q -r image | cmp - all
	run -0 "$dump" --list image
	[[ ${lines[*]} == *"the log at phys:0x7a010008 has this text and more"* ]]
	# two that are equal: what the list leads to
	memory 64 0x20038=all hob=0x20038 0x10008=all
	[ "$(listed image)" = "phys:0x7a010008 $size copy
phys:0x7a020038 $size current" ]
}

@test "logs with other text are of no boot that is known" {
	memory 64 0x20038=all hob=0x20038 0x10008=other
	[ "$(listed image | awk '{ print $3 }' | paste -sd' ')" = "unknown unknown" ]
	# a part of the image may leave out a longer one
	memory 64 0x20038=all hob=0x20038
	[[ $(listed --range 0x7a010000+0xf0000 image) == *unknown ]]
}

@test "a ring that wrapped" {
	memory 64 0x20038=all:0x1000:0 hob=0x20038
	"$dump" -q -r image | cmp - <(tail -c $((0x1000 - 16)) all)
	run -0 "$dump" --list image
	[[ ${lines[1]} == *" 4080 "*" yes "* ]]
	"$dump" -q -n +1 -O json image | objects >records
	jq -e '.flags | index("truncated-head")' records
	# full to the last byte, without the mark
	head -c 4080 all >fits
	memory 64 0x20038=fits:0x1000 hob=0x20038
	"$dump" -q -r image | cmp - fits
}

@test "an extract has what leads to the log" {
	memory 64 0x20038=loader hob=0x20038 0x10008=all
	"$dump" -q --extract=small image
	"$dump" -q -r small | cmp - all
	sed 's/dlog 0x7a010008/dlog ?x7a010008/' small >unnamed
	"$dump" -q -r --scan exhaustive unnamed | cmp - all
}

@test "lines are filtered by their text" {
	memory 32 0x20038=all hob=0x20038
	"$dump" -q -g OsLoader image | cmp - <(grep OsLoader all | tr -d '\r')
}

@test "no log: what to check" {
	head -c 1M /dev/zero >zeros
	run -1 --separate-stderr "$dump" -F dlog zeros
	[[ $stderr == *"check: Slim Bootloader's log is in memory that it reserves"* ]]
}
