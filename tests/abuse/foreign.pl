#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# foreign.pl MEMLOG-DUMP IMAGE [OPTION...]: puts other memory into pages of the
# image that have a part of the log's text, and checks that none of it is printed or
# extracted, that what is printed is the log's, and that --strict says so.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Harm;

use constant PAGE => 4096;

my ($dump, $image, @options) = @ARGV;

# status, output
sub memlog {
	my ($status, $text) = answer('foreign', $dump, '-q', @_);
	return ($status, $text);
}

srand(7);
my %other = (
	random => join('', map { chr(int(rand(256))) } 1 .. PAGE),
	zeros => "\0" x PAGE,
	ones => "\xff" x PAGE,
	wide => "s\0e\0c\0r\0e\0t\0 \0 \0" x (PAGE / 16),
);

my $bytes = slurp($image);
my ($status, $raw) = memlog('-r', @options, $image);
$status == 0 or die "$image: status $status\n";
my ($before, $text) = memlog('--strict', @options, $image);
$before == 0 or die "$image: status $before\n";
my %known = map { $_ => 1 } split /^/, $text;

# pages in which pieces of the log are, and only there
my %pages;
for (my $at = 256; $at + 64 < length $raw; $at += PAGE / 8) {
	my $piece = substr($raw, $at, 48);
	my $off = index($bytes, $piece);
	next if $off < 0 || index($bytes, $piece, $off + 1) >= 0;
	$pages{$off - $off % PAGE} = 1;
}
# not those with a header
my @pages = grep { $pages{$_ - PAGE} } sort { $a <=> $b } keys %pages;
@pages = @pages[map { $_ * $#pages / 3 } 0 .. 3] if @pages > 4;
@pages or die "$image: too few pages of the log\n";

my $checked = 0;
for my $page (@pages) {
	for my $kind (sort keys %other) {
		my $changed = $bytes;
		substr($changed, $page, PAGE) = $other{$kind};
		spew('foreign', $changed);
		my $what = sprintf('%s: page at 0x%x: %s', $image, $page, $kind);
		($status, my $now) = memlog('--strict', @options, 'foreign');
		# without counters, zeros at the end look like the unused rest
		chomp(my $begun = $now);
		next if "@options" =~ /xen/ && $kind eq 'zeros' &&
			!$status && index($text, $begun) == 0;
		$status == 4 or die "$what: status $status\n";
		# a message before or after the page may be cut
		my @odd = grep { !$known{$_} && !/^\[\.\.\. .*\]$/ } split /^/, $now;
		@odd <= 8 or die "$what: ", scalar(@odd), " other lines\n";
		for my $line (@odd) {
			chomp(my $part = $line);
			index($text, substr($part, 0, 20)) >= 0 ||
				index($text, substr($part, -20)) >= 0
				or die "$what: $line\n";
		}
		unlink 'foreign.elf';
		($status) = memlog('--extract', 'foreign.elf', @options, 'foreign');
		$status == 0 or die "$what: status $status of an extract\n";
		my $extract = slurp('foreign.elf');
		$kind eq 'zeros' || index($extract, substr($other{$kind}, 100, 64)) < 0
			or die "$what: it is in the extract\n";
		$checked++;
	}
}
print "$checked of $image\n";
