#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# to-early.pl RAM LOCK: change a guest in PEI as if there had been no memory for the
# main log. Moves the text to the early ring, points the HOB and the note there, and
# erases the main ring. LOCK is the value of the lock: 1 free, 2 held forever. The guest must
# be stopped.
use strict;
use warnings;

my ($early, $ring, $header) = (0x820000, 0x7000, 192);
my $current = 0x82f020;	# in the note

open my $ram, '+<:raw', $ARGV[0] or die "$ARGV[0]: $!\n";
my $all = do { local $/; <$ram> };

sub put {
	my ($at, $bytes) = @_;
	seek $ram, $at, 0 or die;
	print $ram $bytes or die;
}

my $main = index $all, 'ovmfmdg1ovmfmdg2';
die "no main ring\n" if $main < 0 || $main == $early;
my ($text) = unpack 'Q<', substr $all, $main + 0x10, 8;
my ($head, $tail) = unpack 'Q<2', substr $all, $main + 0x28, 16;
die "it has wrapped\n" if $head != 0;
my $copy = substr($all, $main, $header) . substr $all, $main + $text, $tail;
substr $copy, 0x10, 8, pack 'Q<', $header;
substr $copy, 0x18, 8, pack 'Q<', $ring - $header;
substr $copy, 0x20, 8, pack 'Q<', $ARGV[1];

my $guid = pack 'VvvC8', 0x95305139, 0xb20f, 0x4723,
	0x84, 0x25, 0x62, 0x7c, 0x88, 0x8f, 0xf1, 0x21;
my $hob = index $all, $guid . pack 'Q<', $main;
die "no HOB\n" if $hob < 0;

put $early, $copy;
put $main, "\0" x 16;
put $hob + 16, pack 'Q<', $early;
put $current, pack 'Q<', $early;
close $ram or die;
