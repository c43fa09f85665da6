#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# differ.pl SUM N MEMLOG-DUMP IMAGE [OPTION...] - damage an image in many ways, and print
# each time that the answer is neither that of the undamaged image nor a message with
# the exit status for it. SUM: its pages have checksums (0 or 1). N: how many pages are
# damaged, each in several ways, and how often the file is cut.
use strict;
use warnings;

my ($sum, $n, $dump, $image, @options) = @ARGV;
my $copy = "$image.damaged";
my $big = -s $image > 8 << 20;
my $good = $big ? '' : slurp($image);
# raw memory does not say how long it is, nor does memory without a program header
my $info = qx('$dump' -q --info '$image');
my $raw = $info =~ /^format +raw|have no program header/m;
my ($runs, $bad, $hit) = (0, 0, 0);

sub slurp {
	my ($name) = @_;
	local $/;
	open my $f, '<:raw', $name or die "$name: $!\n";
	return <$f> // '';
}

sub run {
	my ($name, @args) = @_;
	my $status = system("'$dump' @args @options '$name' >'$copy.out' " .
			    "2>'$copy.err' </dev/null");
	$status & 127 and die "$image: signal ", $status & 127, "\n";
	$runs++;
	return ($status >> 8, slurp("$copy.out"), slurp("$copy.err"));
}

my ($clean, $want, $said) = run($image, '--strict');
$clean == 0 && $want ne '' or die "$image: undamaged: exit $clean: $said\n";

# the copy is damaged now: what can be seen of that
sub look {
	my ($what) = @_;
	my ($strict, $out, $err) = run($copy, '--strict');
	return if $out eq $want && ($strict == 0 || $strict == 4);
	$hit++;
	if ($out ne '') {
		return if $strict == 4 && $err ne '' && (run($copy))[0] == 0;
	} else {
		return if $err ne '' && ($strict == 3 || $strict == 4) &&
			(run($copy))[0] == $strict;
		return if $raw && $strict == 1;
	}
	$bad++;
	$err =~ s/^/    /mg;
	print "$image @options: $what: --strict $strict, ", length $out, ' of ',
		length $want, " bytes:\n$err";
}

sub try {
	my ($bytes, $what) = @_;
	open my $f, '>:raw', $copy or die "$copy: $!\n";
	print $f $bytes;
	close $f or die "$copy: $!\n";
	look($what);
}

sub flip {
	my ($at) = @_;
	my $bytes = $good;
	substr($bytes, $at, 1) ^= chr(1 << $at % 8);
	try($bytes, "a bit of offset $at");
}

# the pages of a kdump file
sub kdump {
	my $block = unpack 'V', substr $good, 428, 4;
	my ($sub, $bitmap) = unpack 'V V', substr $good, 432, 8;
	my ($at, @descs) = ((1 + $sub + $bitmap) * $block);
	my $first;
	for (; $at + 24 <= length $good; $at += 24) {
		my ($off, $size, $flags) = unpack 'Q< V V', substr $good, $at, 16;
		$first = $off if $off && (!$first || $off < $first);
		last if !$off || $at + 24 > $first;
		push @descs, [$at, $off, $size, $flags];
	}
	@descs or die "$image: no pages\n";
	for my $i (0 .. $n - 1) {
		my $desc = $descs[int($i * $#descs / $n)];
		my ($place, $off, $size, $flags) = @$desc;
		if ($sum && $flags) {
			flip($off + int($_ * ($size - 1) / 2)) for 0 .. 2;
		}
		for my $new (0, $size - 1, $size + 1) {
			my $bytes = $good;
			substr($bytes, $place + 8, 4) = pack 'V', $new;
			try($bytes, "a page of $size bytes with length $new");
		}
	}
}

if ($big) {
	system('cp', '--sparse=always', $image, $copy) == 0 or die "cp failed\n";
} elsif (substr($good, 0, 8) eq 'KDUMP   ') {
	kdump();
} elsif ($sum) {
	my $from = int(length($good) / 8);
	flip($from + int($_ * (length($good) - $from) / $n)) for 0 .. $n - 1;
}
if (!$big) {
	open my $f, '>:raw', $copy or die "$copy: $!\n";
	print $f $good;
	close $f or die "$copy: $!\n";
}
my $size = -s $copy;
for my $i ((map { $_ / ($n + 1) } reverse 1 .. $n), 0.05) {
	my $len = int($size * $i);
	truncate $copy, $len or die "$copy: $!\n";
	look("the first $len of $size bytes");
}
unlink $copy, "$copy.out", "$copy.err";
print "$image @options: $runs runs, $bad bad\n" if $bad;
print "$image @options: the damage never showed\n" if !$hit;
exit($bad > 0 || !$hit);
