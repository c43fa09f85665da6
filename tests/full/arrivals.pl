#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Progress codes on port 0x80 and the times that the log has of them.
#
#	arrivals.pl SOCKET|FIFO
#		connect to the chardev, or read its log, and print, for each byte that
#		arrives, seconds and the byte in hexadecimal, after a first line
#		"connected"
#	arrivals.pl BOOT...
#		for each mark, compare when it arrived with the time of its line:
#		BOOT.arrived and BOOT.logged have lines of seconds and code. The
#		median of all boots may differ by 20 ms or 2 %. With -s, some of the
#		marks have a line, each that of the last time it arrived.
use strict;
use warnings;
use IO::Socket::UNIX;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

if (-S $ARGV[0] || -p _) {
	my $chardev;
	if (-S _) {
		$chardev = IO::Socket::UNIX->new(Peer => $ARGV[0]);
	} else {
		open $chardev, '<', $ARGV[0];
	}
	die "$ARGV[0]: $!\n" unless $chardev;
	$| = 1;
	print "connected\n";
	while (sysread($chardev, my $bytes, 64)) {
		my $now = clock_gettime(CLOCK_MONOTONIC);
		printf "%.6f %s\n", $now, unpack 'H2', $_
			for split //, $bytes;
	}
	exit;
}

sub marks {
	my ($file) = @_;
	open my $in, '<', $file or die "$file: $!\n";
	my @marks = map { [split] } grep { /^[\d.]+ / } <$in>;
	die "$file: no marks\n" unless @marks > 1;
	$_->[0] -= $marks[0][0] for reverse @marks;
	return @marks;
}

my $some = @ARGV && $ARGV[0] eq '-s';
shift if $some;

my (@differ, @after, @codes);
for my $boot (@ARGV) {
	my @arrived = marks("$boot.arrived");
	my @logged = marks("$boot.logged");
	if ($some) {
		my %last = map { $_->[1] => $_ } @arrived;
		@arrived = map { $last{$_->[1]} // () } @logged;
	}
	my $codes = join ' ', map { $_->[1] } @arrived;
	die "$boot: $codes arrived, not what was logged\n"
		if $codes ne join ' ', map { $_->[1] } @logged;
	@codes = map { $_->[1] } @arrived;
	for my $i (0 .. $#arrived) {
		push @{ $differ[$i] }, abs $arrived[$i][0] - $logged[$i][0];
		push @{ $after[$i] }, $arrived[$i][0];
	}
}

sub median {
	my @sorted = sort { $a <=> $b } @_;
	return $sorted[@sorted / 2];
}

my $bad = 0;
for my $i (1 .. $#codes) {
	my ($differ, $after) = (median(@{ $differ[$i] }), median(@{ $after[$i] }));
	my $most = $after * 0.02 > 0.02 ? $after * 0.02 : 0.02;

	printf "mark %s after %.3f s: %.1f ms off\n", $codes[$i], $after,
		$differ * 1000;
	$bad = 1 if $differ > $most;
}
exit $bad;
