#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# efi-tables.pl RAM: the address of the log in a 64-bit guest's own tables.
# Prints "table ADDRESS" for each entry of the configuration table with the
# log's GUID, and "hob ADDRESS" for each such HOB in the list that the
# configuration table refers to. Low memory only.
use strict;
use warnings;

open my $in, '<:raw', $ARGV[0] or die "$ARGV[0]: $!\n";
my $ram = do { local $/; <$in> };

sub guid {
	my ($a, $b, $c, @d) = map { hex } @_;
	return pack 'VvvC8', $a, $b, $c, @d;
}

my $log = guid qw(95305139 b20f 4723 84 25 62 7c 88 8f f1 21);
my $hobs = guid qw(7739f24c 93d7 11d4 9a 3a 00 90 27 3f c1 4d);

sub u64 {
	my $at = shift;
	return $at + 8 <= length $ram ? unpack 'Q<', substr $ram, $at, 8 : 0;
}

sub walk_hobs {
	my $at = shift;

	while ($at + 8 <= length $ram) {
		my ($type, $length) = unpack 'vv', substr $ram, $at, 4;
		return if $type == 0xffff || $length < 8;
		printf "hob 0x%x\n", u64($at + 24)
			if $type == 4 && substr($ram, $at + 8, 16) eq $log;
		$at += $length;
	}
}

for (my $at = 0; ($at = index $ram, 'IBI SYST', $at) >= 0; $at += 8) {
	my ($count, $table) = (u64($at + 104), u64($at + 112));

	next if $count < 1 || $count > 100 || $table + 24 * $count > length $ram;
	for my $i (0 .. $count - 1) {
		my $entry = $table + 24 * $i;
		my $name = substr $ram, $entry, 16;

		printf "table 0x%x\n", u64($entry + 16) if $name eq $log;
		walk_hobs(u64($entry + 16)) if $name eq $hobs;
	}
}
