#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The log of tboot: the format tboot.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# log NAME: unpack it, and its reference to want
log() {
	unpack "$1.raw"
	raw=$unpacked
	zstd -dqc "$vmcores/$1.log.zst" >want
}

@test "the text is that of the serial port, packed and not" {
	local name
	for name in tboot-plain tboot-packed; do
		log "$name"
		"$dump" -q -r "$raw" | cmp - want
		"$dump" -q -r -F tboot "$raw" | cmp - want
		"$dump" -q -r - <"$raw" | cmp - want
		run -0 "$dump" --list "$raw"
		[ "${#lines[@]}" -eq 2 ]
		[[ ${lines[1]} == "tboot   -        phys:0x60000  32706 "*" no          0  current" ]]
		run -0 "$dump" -q --list --scan likely "$raw"
		[ "${#lines[@]}" -eq 2 ]
	done
	[[ ${lines[1]} == *" 25918 "* ]]
}

@test "a log that started over: the end of what was written" {
	log tboot-over
	"$dump" -q -r "$raw" >got
	[ "$(stat -c %s got)" -eq 53693 ]
	tail -c 53693 want | cmp - got
	run -0 "$dump" --list "$raw"
	[[ ${lines[1]} == *" yes         0  current" ]]
	[[ ${lines[2]} == *"it started over when it was full" ]]
	"$dump" -q -O json -n +2 "$raw" | objects >records
	[ "$(jq -c '.flags' records | paste -sd' ')" = '["truncated-head"] null' ]
	[[ $(jq -r 'select(.flags | not).message' records) == "checking if module"* ]]
}

@test "an extract has the same text" {
	local name
	for name in tboot-plain tboot-packed tboot-over; do
		log "$name"
		rm -f small
		"$dump" -q --extract=small "$raw"
		[ "$(stat -c %s small)" -lt 40000 ]
		"$dump" -q -r small >"$BATS_TEST_TMPDIR/.got"
		"$dump" -q -r "$raw" >"$BATS_TEST_TMPDIR/.want"
		cmp "$BATS_TEST_TMPDIR/.got" "$BATS_TEST_TMPDIR/.want"
	done
}

@test "lines are filtered by their text" {
	log tboot-packed
	"$dump" -q -g 'SINIT for this' "$raw" |
		cmp - <(grep 'SINIT for this' want)
	"$dump" -q -n 3 "$raw" | cmp - <(tail -n 3 want)
}

@test "the boot before, where tboot goes on in its log" {
	# the first line that tboot writes into it, in the middle
	log tboot-plain
	perl -e '
		local $/;
		open my $f, "<:raw", shift or die;
		my $mem = <$f>;
		my $used = unpack "v", substr $mem, 0x60012, 2;
		my $text = substr $mem, 0x6003d, $used;
		substr $mem, 0x6003d, 2 * $used, $text x 2;
		substr $mem, 0x60012, 2, pack "v", 2 * $used;
		print $mem;
	' "$raw" >twice
	"$dump" -q -r twice | cmp - want
	"$dump" -q -r -b -1 twice | cmp - want
	"$dump" -q -r -a twice | cmp - <(cat want want)
	run -0 "$dump" --list-boots twice
	[ "$(awk 'NR > 1 { print $1 }' <<<"$output" | paste -sd' ')" = "-1 0" ]
}

@test "the layout before there were chunks" {
	log tboot-plain
	perl -e '
		my $text = do { local $/; <STDIN> };
		for my $old (24, 28) {
			my $log = pack "H32V2V", "262519c0306bb44d4c84a3e953b88174",
				0x8000 - $old, length $text, 0x6001c;
			$log = substr($log, 0, $old) . $text;
			open my $f, ">:raw", "old$old" or die;
			print $f "\0" x 0x60000, $log, "\0" x (0xa0000 - length $log);
		}
	' <want
	for old in 24 28; do
		"$dump" -q -r "old$old" | cmp - want
	done
}

@test "a damaged chunk: what comes before and after is printed" {
	log tboot-packed
	# a distance that is too long, in the second of three
	perl -e '
		local $/;
		open my $f, "<:raw", shift or die;
		my $mem = <$f>;
		my $at = 0x6003d + 11432;
		substr $mem, $at + 3000, 10,
			(substr($mem, $at, 1) . "\x05\xff\xff\x7f") x 2;
		print $mem;
	' "$raw" >copy
	run -0 --separate-stderr "$dump" copy
	[[ $output == *"[... 4343 bytes lost]"* ]]
	[[ $stderr == *"4343 bytes of it are damaged and left out"* ]]
	"$dump" -q -r copy >got
	head -c 20000 got | cmp - <(head -c 20000 want)
	tail -c 10000 got | cmp - <(tail -c 10000 want)
	run ! cmp -s got want
	run -4 "$dump" -q --strict copy
}

@test "a missing page is counted" {
	log tboot-plain
	printf 'ram 0x60000 32K\nfile 0x60000 area\nelf64\n' >one.rec
	tail -c +$((0x60001)) "$raw" | head_all -c 32K >area
	perl -e 'print "TBOOT: line $_\n" for 1 .. 600' >lines
	perl -e '
		local $/;
		my $text = <STDIN>;
		print pack("H32v2", "262519c0306bb44d4c84a3e953b88174", 0x7fc2,
			length $text), "\0" x 41, $text;
	' <lines >area
	truncate -s 32K area
	head -c 4096 area >first
	tail -c +8193 area >rest
	printf 'ram 0x60000 4K\nfile 0x60000 first\nram 0x62000 24K\nfile 0x62000 rest\nelf64\n' \
		>two.rec
	"$B/mkimage" one.rec whole
	"$dump" -q -r whole | cmp - lines
	"$B/mkimage" two.rec holed
	run -0 "$dump" -q holed
	[[ $output == *"[... 4096 bytes lost]"* ]]
	run -0 "$dump" --list holed
	[[ ${lines[*]} == *"4096 of the "*" bytes of its text are not in the image"* ]]
}

@test "no log: what to check" {
	head -c 1M /dev/zero >zeros
	run -1 --separate-stderr "$dump" -F tboot zeros
	[[ $stderr == *"check: tboot keeps a log only"* ]]
	# Linux has the UUID in its data
	printf '\x26\x25\x19\xc0\x30\x6b\xb4\x4d\x4c\x84\xa3\xe9\x53\xb8\x81\x74' |
		dd of=zeros bs=1 seek=$((0x60000)) conv=notrunc status=none
	run -1 "$dump" -F tboot zeros
}
