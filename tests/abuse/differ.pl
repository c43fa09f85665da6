#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# differ.pl SUM N MEMLOG-DUMP IMAGE [OPTION...] - damage an image in many ways, and print
# each time that the answer is neither that of the undamaged image nor a message with
# the exit status for it. SUM: its pages have checksums (0 or 1). N: how many pages are
# damaged, each in several ways, and how often the file is cut.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Harm;

my ($sum, $n, $dump, $image, @options) = @ARGV;
my $copy = "$image.damaged";
my $big = -s $image > 8 << 20;
my $good = $big ? '' : slurp($image);
# raw memory does not say how long it is, nor does memory without a program header
my $info = qx('$dump' -q --info '$image');
my $raw = $info =~ /^format +raw|have no program header/m;
my ($runs, $bad, $hit) = (0, 0, 0);

sub run {
	my ($name, @args) = @_;
	$runs++;
	return answer($copy, $dump, @args, @options, $name);
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
	return if !chosen();
	spew($copy, $bytes);
	look($what);
}

sub flip {
	my ($at) = @_;
	try(flip_bit($good, $at, $at % 8), "a bit of offset $at");
}

# the pages of a kdump file
sub kdump {
	my @descs = kdump_pages($good);
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
spew($copy, $good) if !$big;
my $size = -s $copy;
for my $i ((map { $_ / ($n + 1) } reverse 1 .. $n), 0.05) {
	my $len = int($size * $i);
	truncate $copy, $len or die "$copy: $!\n";
	look("the first $len of $size bytes");
}
unlink $copy;
print "$image @options: $runs runs, $bad bad\n" if $bad;
print "$image @options: the damage never showed\n" if !$hit;
exit($bad > 0 || !$hit);
