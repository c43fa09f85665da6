#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# tdx-metadata.pl IMAGE: the sections of memory that a VMM adds to a TDX guest
# before it starts, from the metadata of an OVMF image. Prints "TYPE START END"
# for each section: bfv, cfv, hob, temp.
use strict;
use warnings;

open my $in, '<:raw', $ARGV[0] or die "$ARGV[0]: $!\n";
my $image = do { local $/; <$in> };

sub guid {
	my ($a, $b, $c, @d) = map { hex } @_;
	return pack 'VvvC8', $a, $b, $c, @d;
}

# Entries are read backwards: a GUID, before it the length of all of the entry,
# before that its data. The first GUID, 32 bytes before the end, is of the table.
my $table = guid qw(96b582de 1fb2 45f7 ba ea a3 66 c5 5a 08 2d);
my $metadata = guid qw(e47a6535 984a 4798 86 5e 46 85 a7 bf 8e c2);
my @types = qw(bfv cfv hob temp);

my $at = length($image) - 32;
die "no table of GUIDs\n" unless substr($image, $at - 16, 16) eq $table;
my $start = $at - unpack 'v', substr $image, $at - 18, 2;

for ($at -= 18; $at > $start;) {
	my $length = unpack 'v', substr $image, $at - 18, 2;
	die "an entry of $length bytes\n" if $length < 18;
	if (substr($image, $at - 16, 16) eq $metadata) {
		my $offset = unpack 'V', substr $image, $at - $length, 4;
		my $from = length($image) - $offset;
		my ($magic, undef, undef, $n) =
			unpack 'a4V3', substr $image, $from, 16;

		die "no descriptor\n" unless $magic eq 'TDVF';
		for my $i (0 .. $n - 1) {
			my (undef, undef, $base, $size, $type) =
				unpack 'VVQ<Q<V', substr $image,
				$from + 16 + 32 * $i, 32;
			printf "%s 0x%x 0x%x\n", $types[$type] // $type,
				$base, $base + $size;
		}
		exit;
	}
	$at -= $length;
}
die "no TDX metadata\n";
