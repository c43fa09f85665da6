#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Print ACPI's FPDT in the memory of a guest: fpdt.pl RAM, where RAM is a file with
# the memory below 4 GiB from address 0 on. Each record of the tables that the FPDT
# points to is one line: table, type, length, and the time in ns or, in the basic
# boot record, five of them.
use strict;
use warnings;

open my $in, '<:raw', $ARGV[0] or die "$ARGV[0]: $!\n";
my $ram = do { local $/; <$in> };

sub u32 { unpack 'V', substr $ram, $_[0], 4 }
sub u64 { unpack 'Q<', substr $ram, $_[0], 8 }

my ($fpdt) = grep {
	my $length = u32($_ + 4);
	$length >= 36 && $length < 4096 &&
		!(unpack('%8C*', substr $ram, $_, $length))
} map { $_->[0] } do {
	my @found;
	push @found, [pos($ram) - 4] while $ram =~ /FPDT/g;
	@found;
};
die "no FPDT\n" unless defined $fpdt;
for (my $at = $fpdt + 36; $at < $fpdt + u32($fpdt + 4); $at += 16) {
	my $table = u64($at + 8) or next;
	my $name = substr $ram, $table, 4;
	my $end = $table + u32($table + 4);
	for (my $record = $table + 8; $record < $end;) {
		my ($type, $length) = unpack 'vC', substr $ram, $record, 3;
		last unless $length;
		my @times = $type == 2 ? map { u64($record + 8 + 8 * $_) } 0 .. 4
			: $type >= 0x1010 ? u64($record + 10) : ();
		printf "%s 0x%x %d %s\n", $name, $type, $length, "@times";
		$record += $length;
	}
}
