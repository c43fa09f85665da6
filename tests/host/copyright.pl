#!/usr/bin/env perl
# SPDX-License-Identifier: GPL-2.0-or-later
# copyright.pl - compare debian/copyright with the files whose names come on stdin.
# Prints what does not hold, one a line; the exit status is 1 if there is anything.
use strict;
use warnings;

my ($bad, $licence, @paragraphs, %texts, %used) = (0);

sub bad { print "@_\n"; $bad = 1 }

# the last paragraph that matches a file is the one that counts
local $/ = '';
open my $in, '<', 'debian/copyright' or die "debian/copyright: $!\n";
while (<$in>) {
	/<(YEAR|COPYRIGHT HOLDERS?|OWNER|name of author)>/i and
		bad("placeholder <$1> in debian/copyright");
	($licence) = /^License: *(\S+)/m;
	if (my ($files) = /^Files: *((?:.*\n)(?: .*\n)*)/) {
		/^Copyright: *\S/m or bad("no copyright: $files");
		for my $glob (split ' ', $files) {
			my $re = quotemeta $glob;
			$re =~ s/\\\*/.*/g;
			$re =~ s/\\\?/./g;
			push @paragraphs, { glob => $glob, re => qr/^$re$/,
				licence => $licence, files => 0 };
		}
	} elsif ($licence) {
		/\n ./ or bad("no text of $licence");
		$texts{$licence} = 1;
	}
}
$/ = "\n";

while (my $file = <STDIN>) {
	chomp $file;
	my $is;
	for (@paragraphs) {
		$file =~ $_->{re} or next;
		$_->{files}++;
		$is = $_;
	}
	if (!$is) {
		bad("$file: no paragraph");
		next;
	}
	$used{$is->{licence}} = 1;
	open my $fh, '<:raw', $file or die "$file: $!\n";
	read $fh, my $bytes, 65536;
	# what is not text says nothing of its author
	bad("$file: not text, and only under Files: *")
		if $is->{glob} eq '*' && $bytes =~ /\0/;
	my ($spdx) = substr($bytes, 0, 200) =~
		/^.{0,10}SPDX-License-Identifier: *([\w.-]+)/m or next;
	$spdx =~ s/-or-later$/+/;
	$spdx =~ s/-only$//;
	bad("$file: $spdx, but $is->{licence} in debian/copyright")
		if $spdx ne $is->{licence};
}
$_->{files} or bad("Files: $_->{glob}: no such file") for @paragraphs;
for (sort keys %used) {
	$texts{$_} or bad("no paragraph with the text of $_");
	my $name = s/\+$/-or-later/r;
	my @text = glob("LICENSES/$name*.txt");
	@text or bad("no LICENSES/$name.txt");
}
$used{$_} or bad("text of $_ is not used") for sort keys %texts;
exit $bad;
