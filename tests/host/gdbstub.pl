#!/usr/bin/env perl
# SPDX-License-Identifier: GPL-2.0-or-later
# A gdbstub on stdin and stdout that claims to be QEMU's and has 1 MiB of memory. It
# replies to pmemsave with WORDS, and writes nothing. With STALL, a regular expression,
# it replies to no packet from the first on that matches, a command in plain text, once
# it was asked whether it is QEMU's; then its pid is in the file "stalled".
use strict;
use warnings;

$| = 1;
my $words = $ENV{WORDS} // '';
my ($stall, $asked) = ($ENV{STALL}, 0);
$SIG{INT} = 'IGNORE';

sub answer {
	my $text = shift;
	my $sum = 0;
	$sum += ord for split //, $text;
	printf '$%s#%02x', $text, $sum % 256;
}

my ($in, $packet) = ('', '');
while (sysread STDIN, my $bytes, 4096) {
	$in .= $bytes;
	while ($in =~ s/^[^\$]*\$([^#]*)#..//s) {
		$packet = $1;
		print '+';
		my $command = $packet =~ /^qRcmd,(.*)/ ? pack 'H*', $1 : '';
		$asked ||= $packet =~ /^qqemu/;
		if (defined $stall && $asked && ($command || $packet) =~ /$stall/) {
			open my $file, '>', 'stalled' or die;
			print $file "$$\n";
			close $file;
			sleep;
		}
		if ($packet eq '?') {
			answer('S05');
		} elsif ($packet eq 'g') {
			answer('0' x 624);
		} elsif ($packet =~ /^m[0-9a-f]+,([0-9a-f]+)/) {
			answer('00' x hex $1);
		} elsif ($packet eq 'qqemu.PhyMemMode') {
			answer('0');
		} elsif ($command ne '') {
			my $said = $command =~ /^pmemsave/ ? $words :
				"FlatView #0\n AS \"memory\"\n" .
				"  0000000000000000-00000000000fffff " .
				"(prio 0, ram): ram\n";
			answer('O' . unpack 'H*', $said) if $said ne '';
			answer('OK');
		} elsif ($packet =~ /^(H|D|Qqemu)/) {
			answer('OK');
		} else {
			answer('');
		}
	}
}
