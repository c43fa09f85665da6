#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# damage.pl MEMLOG-DUMP IMAGE TRUTH SUM - damage what an image stores of the text
# in TRUTH, in many ways, and print each time that other text came out as if it
# were whole. SUM: the image has a checksum of that text, or none (0 or 1).
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Harm;

my ($dump, $image, $truth, $sum) = @ARGV;
my $copy = "$image.damaged";
my $good = slurp($image);
my $want = slurp($truth);
my ($runs, $bad, $hit) = (0, 0, 0);

sub run {
	my @args = @_;
	$runs++;
	return answer($copy, $dump, @args, '-r', $copy);
}

# flip: such damage may pass where nothing can tell; nothing else may
sub try {
	my ($bytes, $flip, $what) = @_;
	return if !chosen();
	spew($copy, $bytes);
	my ($strict, $out, $err) = run('--strict');
	$hit++ if $flip && $out ne $want;
	return if $out eq $want && ($strict == 0 || $strict == 4);
	return if $flip && !$sum && $strict == 0 && length $out == length $want;
	my ($status) = run();
	return if $strict != 0 && $err ne '' && ($status != 0) == ($out eq '');
	$bad++;
	print "$image: $what: --strict $strict, without $status, ",
		length $out, " of ", length $want, " bytes: $err\n";
}

# the place of a stored page, and that of its length in the file, or none
sub damage {
	my ($off, $size, $desc) = @_;
	for my $i (0 .. 15) {
		my $at = $off + int($i * ($size - 1) / 15);
		try(flip_bit($good, $at, $i % 8), 1,
		    "bit " . $i % 8 . " of offset $at");
	}
	for my $i (0 .. 3) {
		my $n = $size < 16 ? $size : 16;
		my $at = $off + int($i * ($size - $n) / 3);
		my $bytes = $good;
		substr($bytes, $at, $n) = "\0" x $n;
		try($bytes, 1, "$n zeros at offset $at");
	}
	for my $at ($off, $off + 1, $off + int($size / 2), $off + $size - 1) {
		try(substr($good, 0, $at), 0, "cut at offset $at");
	}
	return if !defined $desc;
	my $next = unpack 'V', substr $good, $desc + 32, 4;
	for my $new (0, 1, $size - 1, $size + 1, int($size / 2), 2 * $size, $next,
		     4095, 4096, 4097, 0xffffffff) {
		next if $new == $size;
		my $bytes = $good;
		substr($bytes, $desc + 8, 4) = pack 'V', $new;
		try($bytes, 0, "a page of $size bytes with length $new");
	}
}

# the log's pages in a kdump file, which has all of memory; that of the header
# only if a sum can tell that it is damaged
sub kdump {
	my @pages = kdump_pages($good);
	for my $pfn ($sum ? 0x20 : (), 0x21, 0x24, 0x26) {
		my ($desc, $off, $size) = @{$pages[$pfn]};
		damage($off, $size, $desc);
	}
}

# where the file has text as it is, or in bytes of a file that it was made of
sub plain {
	for my $part (0.4, 0.6, 0.8) {
		my $line = substr $want, int($part * length $want), 256;
		my $at = index $good, $line;
		$at >= 0 or die "$image: no text in it\n";
		damage($at, length $line);
	}
}

if (substr($good, 0, 8) eq 'KDUMP   ') {
	kdump();
} elsif (index($good, substr $want, 12000, 256) >= 0) {
	plain();
} else {
	my $at = index $good, 'a line of text';
	$at < 0 ? damage(int(length($good) / 2), int(length($good) / 4)) :
		  damage($at, 1024);
}
unlink $copy;
print "$image: $runs runs, $bad bad\n" if $bad;
print "$image: its text was never damaged\n" if !$hit;
exit($bad > 0 || !$hit);
