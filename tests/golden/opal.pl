#!/usr/bin/env perl
# SPDX-License-Identifier: GPL-2.0-or-later
# opal.pl FROM TO - the memory of the fixture opal-p9, with a ring that wrapped; TO.txt
# is the text in it.
use strict;
use warnings;

my ($from, $to) = @ARGV;
my $size = 0xffff0;

sub save {
	my ($name, $bytes) = @_;
	open my $f, ">:raw", $name or die "$name: $!";
	print $f $bytes;
	close $f or die "$name: $!";
}

open my $f, "<:raw", $from or die "$from: $!";
my $memory = do { local $/; <$f> };
my $all = join "", map { sprintf "[%5d.%09d,%d] line %d\r\n", $_ / 10,
	$_ % 10 * 51200000, $_ % 10, $_ } 0 .. 49999;
my $pos = length($all) % $size;
my $text = substr $all, -$size;
substr($memory, 0x1000000, $size) =
	substr($text, -$pos) . substr($text, 0, $size - $pos);
substr($memory, 0x230020, 4) = pack "N", 0x80000000 | $pos;
save($to, $memory);
save("$to.txt", $text);
