#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Pages of a kdump-compressed file that several addresses share.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# shared FILE N: the pages of a kdump file without a log, all but the first 64, show
# the bytes of N of its pages in turn
shared() {
	perl -I"$root/tests/abuse" -MHarm -e '
		my $bytes = slurp($ARGV[0]);
		my @pages = kdump_pages($bytes);
		for my $i (64 .. $#pages) {
			my $like = $pages[$i * 7 % $ARGV[1]];
			substr($bytes, $pages[$i][0], 24) =
				substr($bytes, $$like[0], 24);
		}
		spew($ARGV[0], $bytes)' "$1" "$2"
}

# looked_at: what the last run with -v says was read of the image
looked_at() {
	sed -n 's/.*: searched .* by looking at \([0-9]*\): .*/\1/p' <<<"$stderr"
}

@test "kdump: pages that share their bytes are searched once, and all addresses read" {
	local n
	for n in 1 3; do
		printf '%s\n' "ram 0 128M" "bytes 0 5a" "bytes 0x1000 5b" \
			"bytes 0x2000 5c" "ovmf 0x7f00000 size=32K" \
			'lines 100 "line "' end "kdump compress=none" |
			"$B/mkimage" -t truth - image
		shared image "$n"
		run -1 --separate-stderr "$dump" -v image
		[[ $stderr == *"no log found: all 128.0 MiB of phys memory, 1 range, was searched"* ]]
		[ "$("$dump" -q -J image | jq -r .searched)" = $((128 << 20)) ]
		[ "$(looked_at)" -le 16384 ]
	done
	# a log at a shared page is found where it is first
	printf '%s\n' "ram 0 128M" "ovmf 0x1000 size=4K" 'lines 20 "line "' end \
		"kdump compress=none" | "$B/mkimage" -t truth - image
	shared image 2
	"$dump" -q -r image | cmp - truth
	[ "$("$dump" -q -J --list image | jq -r 'select(.type == "log").addr' | tee addrs | wc -l)" = 1 ]
	grep -qx 0x1000 addrs
	# and at each of its addresses
	[ "$("$dump" -q -r --at 0x45000 image)" = "$(cat truth)" ]
}

@test "kdump: too many addresses for the pages of the file end a search early" {
	local searched
	# 4,000 pages that differ, at 60,000 addresses
	{
		printf '%s\n' "ram 0 240M"
		for ((i = 0; i < 4000; i++)); do
			printf 'bytes 0x%x %08x\n' $((i * 4096)) $((i + 1))
		done
		echo "kdump compress=zlib"
	} | "$B/mkimage" - image
	shared image 4000
	run -3 --separate-stderr "$dump" -v image
	[[ $stderr == *"pages that are stored once are at too many addresses; the rest is not searched"* ]]
	run -3 --separate-stderr "$dump" -q -J image
	searched=$(jq -r .searched <<<"$output")
	[ "$searched" -lt $((8 * $(stat -c %s image))) ]
}

@test "kdump: machines of 32 bits, with every form of the sub header" {
	local how
	while read -r how; do
		# shellcheck disable=SC2086 # words
		perl "$root/fixtures/gen/kdump32.pl" $how >image
		run -0 --separate-stderr "$dump" --info image
		[[ $output == *"memory      16384 bytes"*"3 ranges, 16384 bytes"* ]] ||
			{ echo "$how: $output"; false; }
		[[ $how != *" 1" ]] || [[ $output == *"OSRELEASE=6.1.0"* ]]
		[[ $how != *" 6 "* ]] || [[ $output == *"ERASEINFO"*"erase me"* ]]
		[[ $how != *" 0 1" ]] ||
			[[ $output == *"the 64-bit number of pages is 0; the 32-bit one is used"* ]]
		[[ $output != *damaged* ]]
	done <<-'END'
		armv7l 6 pad time32 1025 1
		armv7l 6 pad time32 1025 0
		armv7l 6 pack time32 1025 1
		armv8l 6 pad time64 1025 1
		armv5tel 3 pad time32 1025 1
		ppc 4 pad time32 1025 1
		mips 6 pad time32 0 1
		s390 6 pad time32 1025 1
		i686 6 pack time32 1025 1
		i686 6 pack time64 1025 1
		i686 6 pack time32 0 1
		i686 2 pack time32 1025 0
	END
	# a complete dump with one bitmap
	perl "$root/fixtures/gen/kdump32.pl" i686 6 pack time32 1025 1 1 >image
	run -0 "$dump" --info image
	[[ $output == *"memory      16384 bytes"* ]]
}
