#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# console.pl SERIAL LOG: where the firmware's messages and its console share a serial
# port, take the lines of LOG, in order, from SERIAL, and print what is left and is
# not the console at the shell. Fails if a line of LOG is not in SERIAL.
use strict;
use warnings;

sub slurp {
	open my $in, '<:raw', $_[0] or die "$_[0]: $!\n";
	local $/;
	return scalar <$in>;
}

my ($serial, $log) = map { slurp($_) } @ARGV;
my ($from, $left) = (0, '');

die "$ARGV[1]: empty\n" unless length $log;
for my $line ($log =~ /[^\n]*\n|[^\n]+/g) {
	my $at = index $serial, $line, $from;
	die "not in $ARGV[0] after byte $from: $line" if $at < 0;
	$left .= substr $serial, $from, $at - $from;
	$from = $at + length $line;
}
$left .= substr $serial, $from;

# where the cursor goes a line begins
$left =~ s/\e\[\d+;\d+H/\n/g;
$left =~ s/\e\[[0-9;=]*[A-Za-z]//g;
for my $line (split /[\r\n]+/, $left) {
	next if $line =~ /^ *$/ ||
		$line =~ /^BdsDxe: (loading|starting) Boot\d+ "[^"]*" from \S+$/ ||
		$line =~ /^UEFI Interactive Shell v[\d.]+$/ ||
		$line =~ /^EDK II$/ ||
		$line =~ /^UEFI v[\d.]+ \(EDK II, 0x[0-9A-F]+\)$/ ||
		$line =~ /^Mapping table$/ ||
		$line =~ /^ *map: No mapping found\.$/ ||
		$line =~ /^Press ESC in \d seconds? to skip startup\.nsh or any other key to continue\.$/ ||
		$line =~ /^Shell> $/;
	print "$line\n";
}
