#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# loads.pl ELF DIR - the memory of an ELF dump, as files in DIR, and the statements of
# mkimage for it on standard output.
use strict;
use warnings;

my ($image, $dir) = @ARGV;
open my $f, '<:raw', $image or die "$image: $!\n";
my $bytes = do { local $/; <$f> };
my $phoff = unpack 'Q<', substr $bytes, 32, 8;
my $n = unpack 'v', substr $bytes, 56, 2;
for my $i (0 .. $n - 1) {
	my ($type, undef, $off, undef, $addr, $len) =
		unpack 'V V Q< Q< Q< Q<', substr $bytes, $phoff + 56 * $i, 56;
	next if $type != 1 || !$len;
	my $from = $addr % 4096;
	my $end = ($addr + $len + 4095) & ~4095;
	printf "ram 0x%x 0x%x\n", $addr - $from, $end - $addr + $from;
	open my $out, '>:raw', "$dir/$i" or die "$dir/$i: $!\n";
	print $out substr $bytes, $off, $len;
	close $out or die "$dir/$i: $!\n";
	printf "file 0x%x %s/%d\n", $addr, $dir, $i;
}
