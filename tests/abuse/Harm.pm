# SPDX-License-Identifier: GPL-2.0-or-later
# Harm.pm - what scripts share that damage a copy of an image and check what comes
# out: files as strings, the places of a kdump file's pages, runs of memlog-dump.
package Harm;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(slurp spew answer chosen kdump_pages flip_bit);

sub slurp {
	my ($name) = @_;
	local $/;
	open my $f, '<:raw', $name or die "$name: $!\n";
	return <$f> // '';
}

sub spew {
	my ($name, $bytes) = @_;
	open my $f, '>:raw', $name or die "$name: $!\n";
	print $f $bytes;
	close $f or die "$name: $!\n";
}

# (exit status, output, messages) of a command; its files are named after $name
sub answer {
	my ($name, @command) = @_;
	my $quoted = join ' ', map { s/'/'\\''/gr =~ s/(.*)/'$1'/sr } @command;
	my $status = system("$quoted >'$name.out' 2>'$name.err' </dev/null");
	$status & 127 and die "@command: signal ", $status & 127, "\n";
	my @answer = ($status >> 8, slurp("$name.out"), slurp("$name.err"));
	unlink "$name.out", "$name.err";
	return @answer;
}

# Is this one of the damages to try? DAMAGE_EVERY: only each of so many is.
my $asked = 0;
sub chosen {
	return $asked++ % ($ENV{DAMAGE_EVERY} // 1) == 0;
}

# the descriptors of a kdump file: [place, offset, size, flags] of each page
sub kdump_pages {
	my ($bytes) = @_;
	my ($block, $sub, $bitmap) = unpack 'V V V', substr $bytes, 428, 12;
	my $at = (1 + $sub + $bitmap) * $block;
	my ($first, @pages);
	for (; $at + 24 <= length $bytes; $at += 24) {
		my ($off, $size, $flags) = unpack 'Q< V V', substr $bytes, $at, 16;
		$first = $off if $off && (!$first || $off < $first);
		last if !$off || $at + 24 > $first;
		push @pages, [$at, $off, $size, $flags];
	}
	return @pages;
}

sub flip_bit {
	my ($bytes, $at, $bit) = @_;
	substr($bytes, $at, 1) ^= chr(1 << $bit);
	return $bytes;
}

1;
