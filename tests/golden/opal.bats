#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The console of OPAL, POWER's firmware: the format opal.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	unpack opal-p9.raw
	raw=$unpacked
	zstd -dqc "$vmcores/opal-p9.console.zst" >want
}

# text [OPTION...] IMAGE: what is in the ring, with LF
text() {
	"$dump" -q -r "$@" | tr -d '\r'
}

# full FILE: the same memory, with a ring that wrapped; its text goes to FILE.txt
full() {
	perl "$root/tests/golden/opal.pl" "$raw" "$1"
}

@test "the text is what the ring has, with the format named and without" {
	text "$raw" | cmp - want
	text -F opal "$raw" | cmp - want
	text -F opal - <"$raw" | cmp - want
	"$dump" --map=none -q -r "$raw" | tr -d '\r' | cmp - want
	run -0 "$dump" --list "$raw"
	[ "${#lines[@]}" -eq 4 ]
	[[ ${lines[1]} == "opal    -        phys:0x230000+1  1048560  15058  no          0  current" ]]
	[ "$(tr -s ' \n' ' ' <<<"${lines[2]} ${lines[3]}")" = " by its descriptor the file begins at 0x30000000: --map=0x30000000; also phys:0x30230000 " ]
	run -0 "$dump" --list --map=0x30000000 "$raw"
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[1]} == *" phys:0x30230000+1 "*" current" ]]
	text --map=0x30000000 "$raw" | cmp - want
	# each line of the serial port is in it, in the same order
	zstd -dqc "$vmcores/opal-p9.serial.zst" | tr -d '\r' >port
	text "$raw" | perl -e '
		open my $p, "<", "port" or die;
		my @port = <$p>;
		while (<STDIN>) { shift @port if @port && $_ eq $port[0] }
		print @port;
	' | cmp - /dev/null
}

@test "levels, times and messages" {
	run -0 "$dump" -q -O json -n +1 "$raw"
	# 92780594 is a number of ticks, 0.18 seconds
	jq -e '.time == "92780594" and .time_hz == "512000000" and .level == 5 and
		.message == "OPAL v7.0 starting...\n"' <<<"${lines[0]}"
	[ "$("$dump" -q -l emerg "$raw" | wc -l)" -eq "$(grep -c ',0\] ' want)" ]
	[ "$("$dump" -q -l debug..debug "$raw" | wc -l)" -eq \
		"$(grep -c ',7\] ' want)" ]
	run -0 "$dump" -q -g 'OPAL v' "$raw"
	[ "${#lines[@]}" -eq 1 ]
	# from 0.25 seconds on
	"$dump" -q --since 0.25 "$raw" | head_all -n 1 >first
	[[ $(cat first) == "[    0.1"* ]]
	[ "$(cut -c 8-16 first)" -ge 128000000 ]
}

@test "without skiboot's start the place of the ring is guessed, if there is one" {
	cp "$raw" part
	chmod +w part
	dd if=/dev/zero of=part bs=4096 count=1 conv=notrunc status=none
	text part | cmp - want
	run -0 "$dump" --list part
	[[ ${lines[2]} == *guessed* ]]
	# the file starts inside skiboot
	tail -c +4097 "$raw" >part
	text part | cmp - want
	run -0 "$dump" --list part
	[[ ${lines[2]} == *guessed* ]]
	# the text could be in two places
	cp "$raw" part
	chmod +w part
	dd if=/dev/zero of=part bs=4096 count=1 conv=notrunc status=none
	dd if="$raw" of=part bs=64K skip=256 seek=255 count=1 conv=notrunc status=none
	run -0 "$dump" --list part
	[[ ${lines[*]} == *"15058 of the 15058 bytes of its text are not in the image"* ]]
}

@test "a ring that wrapped" {
	full full
	"$dump" -q -r full | cmp - full.txt
	run -0 "$dump" --list full
	[[ ${lines[1]} == *" 1048560  1048560  yes "* ]]
	run -0 --separate-stderr "$dump" -n +1 -O json full
	jq -e '.flags | index("truncated-head")' <<<"${lines[0]}"
	dd if=/dev/zero of=full bs=4096 count=1 conv=notrunc status=none
	"$dump" -q -r full | cmp - full.txt
}

@test "the unused header in an image of skiboot is ignored" {
	# as QEMU leaves it at address 0: its header was never used
	{ head -c 16M "$raw"; } >image
	printf '\0\0\0\0' | dd of=image bs=1 seek=$((0x230020)) conv=notrunc status=none
	printf 'ram 0 16M\nfile 0 image\nram 0x30000000 18M\nfile 0x30000000 %s\nelf64\n' \
		"$raw" >both.rec
	"$B/mkimage" both.rec both
	run -0 "$dump" --list both
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[1]} == *"phys:0x30230000"* ]]
	[[ ${lines[*]} != *guessed* ]]
	text both | cmp - want
	# the start of skiboot leads to it
	run -0 "$dump" -q --list --scan likely both
	[[ ${lines[1]} == *"phys:0x30230000"* ]]
	run -0 "$dump" --list --at 0x30260038 both
	[[ ${lines[1]} == *"phys:0x30230000"* ]]
}

@test "an extract has what leads to the ring" {
	"$dump" -q --extract=small "$raw"
	text small | cmp - want
	run -0 "$dump" --list small
	[[ ${lines[1]} == *" phys:0x30230000+1 "*" current" ]]
	sed 's/opal 0x30230000/opal ?x30230000/' small >unnamed
	run ! cmp -s small unnamed
	text unnamed | cmp - want
	run -0 "$dump" --list unnamed
	[[ ${lines[*]} != *guessed* ]]
}

@test "a dump that ends in the ring: the list says how much is missing" {
	head -c $((0x1000000 + 0x2000)) "$raw" >part
	printf 'ram 0x30000000 %d\nfile 0x30000000 part\nelf64\n' \
		$((0x1000000 + 0x2000)) >part.rec
	"$B/mkimage" part.rec cut
	run -0 "$dump" --list cut
	[[ ${lines[1]} == *unknown ]]
	[[ ${lines[*]} == *"6866 of the 15058 bytes of its text are not in the image"* ]]
	"$dump" -q -r "$raw" | head_all -c 8192 >"$BATS_TEST_TMPDIR/.want"
	"$dump" -q -r cut | cmp - "$BATS_TEST_TMPDIR/.want"
}

@test "no log: what to check" {
	head -c 1M /dev/zero >zeros
	run -1 --separate-stderr "$dump" -F opal zeros
	[[ $stderr == *"check: OPAL is the firmware of POWER8 and later machines"* ]]
}

@test "a file that ends in the ring: the place is known, and the rest is missing" {
	head -c $((0x1000000 + 0x2000)) "$raw" >part
	run -0 "$dump" --list part
	[[ ${lines[1]} == *" phys:0x230000+1 "* ]]
	[[ $output == *"6866 of the 15058 bytes of its text are not in the image"* ]]
	[[ $output != *guessed* ]]
	text part >got
	[ -s got ]
	cmp -n "$(stat -c %s got)" got want
	run -4 "$dump" -q --strict part
}
