#!/usr/bin/env perl
# SPDX-License-Identifier: GPL-2.0-or-later
# dlog.pl BITS PIECE... - memory of a machine that Slim Bootloader of so many bits
# started, from 0x7a000000 on, 1 MiB: its HOB list at 0x7a0c0000, and pieces:
#	OFFSET=FILE[:TOTAL[:BEFORE]]	a log with the text of FILE; BEFORE bytes were
#		written before that, so that it is a ring that wrapped
#	hob=OFFSET	what the HOB list leads to
use strict;
use warnings;

my ($base, $list) = (0x7a000000, 0xc0000);
my $bits = shift;
my $memory = "\0" x 0x100000;

sub put {
	substr($memory, $_[0], length $_[1]) = $_[1];
}

sub dlog {
	my ($file, $total, $before) = @_;
	open my $f, "<:raw", $file or die "$file: $!";
	my $text = do { local $/; <$f> };
	my $size = $total - 16;
	my ($full, $pos) = (0, length $text);
	if (defined $before) {
		my $all = "x" x $before . $text;
		my $ring = "\0" x $size;
		for (my $i = 0; $i < length $all; $i++) {
			substr($ring, $i % $size, 1) = substr($all, $i, 1);
		}
		($full, $pos, $text) = (1, length($all) % $size, $ring);
	}
	return "DLOG" . pack("CCvVV", 16, $full, 0, 16 + $pos, $total) . $text;
}

sub hob {
	my ($type, $data) = @_;
	$data .= "\0" x (-length($data) % 8);
	return pack("vvV", $type, 8 + length $data, 0) . $data;
}

sub list {
	my $to = $base + shift;
	my $guid = pack "H32", "da659255820" . "9ca469248a43674340778";
	my $data = $bits == 64 ? pack("CxxxxxxxQ<4", 1, $to, $base, 0, 0) :
				 pack("CxxxV4", 1, $to, $base, 0, 0);
	my $hobs = hob(3, "\0" x 40) . hob(4, $guid . $data);
	my $end = $base + $list + 56 + length $hobs;
	return pack("vvVVVQ<5", 1, 56, 0, 9, 0, $base + $list + 0x40000,
		$base + $list, $base + $list + 0x40000, $end + 8, $end) .
		$hobs . pack "vvV", 0xffff, 8, 0;
}

for (@ARGV) {
	if (/^hob=(.*)/) {
		put($list, list(oct $1));
	} elsif (/^(.*?)=([^:]*)(?::([^:]*))?(?::(.*))?$/) {
		put(oct $1, dlog($2, oct($3 // "0x8000"), $4));
	}
}
binmode STDOUT;
print $memory;
