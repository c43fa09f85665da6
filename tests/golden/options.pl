#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# options.pl MEMLOG-DUMP IMAGE... - each option of --help in each mode: print those
# that are neither refused, reported, nor change the result for any image.
use strict;
use warnings;

my ($dump, @images) = @ARGV;

my @modes = ('-O text', '-O json', '-O raw', '-O perfetto', '-O tracedat',
	     '-O chrome', '-O svg',
	     '--list', '--list -J', '--list-boots', '--list-boots -J', '--info',
	     '--info -J', '--extract out', '-O acrnlog -o out/',
	     '-O acrntrace -o out/', '--stats vm_exit', '--stats hyp_exit',
	     '--stats vm_exit -O csv', '--stats irq -J',
	     '--stats boot', '--stats boot -J', '--stats boot -O csv');

# a use of each option that shows in some image
my %uses = (
	'info' => '--info', 'list' => '--list', 'list-boots' => '--list-boots',
	'signature' => '--signature',
	'follow' => '-w', 'extract' => '--extract x', 'all' => '-a',
	'boot' => '-b -1', 'format' => '-F cbmem', 'scan' => '--scan likely',
	'at' => '--at 0x1000', 'range' => '--range 0+4K', 'map' => '--map none',
	'symbols' => "-s $dump", 'via-qemu' => '--via-qemu',
	'grep' => '-g nowhere', 'ignore-case' => '-i',
	'case-sensitive' => '--case-sensitive', 'invert-match' => '--invert-match',
	'lines' => '-n 1', 'level' => '-l debug',
	'after-context' => '-A 1', 'before-context' => '-B 1', 'context' => '-C 1',
	'component' => '-c none', 'cpu' => '--cpu 77',
	'since' => '--since 1000000', 'until' => '--until 0',
	'uncommitted' => '--uncommitted', 'consumed' => '--consumed',
	'merge' => '--merge', 'output-format' => '-O json-seq', 'json' => '-J',
	'raw' => '-r', 'tsc-mhz' => '--tsc-mhz 1',
	'stats' => '--stats cpu_usage', 'acrn-formats' => '--acrn-formats rules',
	'time-format' => '--time-format none', 'delta' => '-d', 'output' => '-o out',
	'force' => '--force', 'strict' => '--strict',
	'limit' => '--limit logs=1', 'quiet' => '-q', 'verbose' => '-v',
	'help' => '-h', 'version' => '-V',
);

# preferences, which an alias may have
my %preferences = map { $_ => 1 } qw(color progress threads sandbox);

# "MODE / OPTION": what the mode does anyway, and what needs a terminal, an old
# file, the symbols of a kernel, text that was read, notes, a damaged trace
my @allowed = (
	qr{^(--list|--list-boots|--info)( -J)? / \1$}, qr{J / -J$}, qr{csv / -O csv$},
	qr{^-O json / -J$}, qr{^-O raw / -r$},
	qr{^(--list|--extract|-O acrn|--stats).* / -a$},
	qr{^(-O (raw|perfetto|tracedat|acrn)|--extract).* / --force$},
	qr{^(--list|--extract|--stats).* / -s },
	qr{^(-O acrntrace|--stats).* / --consumed$},
	qr{^--info -J / -v$}, qr{ / -q$}, qr{hyp_exit / --limit},
);

# what -w, which is only for a running guest, can do; the rest it must refuse
my $followed = 'only a running guest can be followed';
my %follows = map { $_ => 1 } qw(follow format scan range map symbols via-qemu grep
	lines level component cpu since until consumed merge output-format json raw
	tsc-mhz acrn-formats time-format delta output strict limit quiet verbose help
	version);
my %streams = map { $_ => 1 } ('-O text', '-O json', '-O raw');

sub slurp {
	my ($name) = @_;
	local $/;
	open my $f, '<:raw', $name or return '';
	return <$f> // '';
}

# all that can be seen of a run, but for the time that it took
sub result {
	my ($args, $image) = @_;
	system 'rm', '-rf', 'out', 'x' if -e 'out' || -e 'x';
	my $status = system "'$dump' $args '$image' >stdout 2>stderr </dev/null";
	my $all = "exit $status\n" . slurp('stdout') . slurp('stderr');
	$all =~ s/"elapsed":[\d.]+//g;
	$all .= "$_ " . slurp($_) for sort grep { -f } 'out', glob 'out/*';
	return $all;
}

open my $help, '-|', $dump, '--help' or die "$dump: $!\n";
my @names = map { /^ +(?:-., )?--([a-z-]+)/ ? $1 : () } <$help>;
close $help or die "--help failed\n";
my $bad = 0;
for my $mode (@modes) {
	my %base;
	for my $name (grep { !$preferences{$_} } @names) {
		my $use = $uses{$name} or die "no use of --$name\n";
		next if grep { "$mode / $use" =~ $_ } @allowed;
		my $seen = 0;
		for my $image (@images) {
			$base{$image} //= result($mode, $image);
			$seen = result("$mode $use", $image) ne $base{$image};
			last if $seen;
		}
		next if $seen;
		print "ignored: $mode $use\n";
		$bad = 1;
	}
}
for my $mode ('', @modes) {
	my $seen = result("$mode -w", $images[0]);
	my $want = !$mode || $streams{$mode} ? $followed :
		'-w is written as|cannot be combined with -w|-w cannot be combined';
	next if $seen =~ /^exit 512\n/ && $seen =~ $want;
	print "with -w: $mode\n";
	$bad = 1;
}
for my $name (grep { !$preferences{$_} && !$follows{$_} } @names) {
	my $seen = result("-w $uses{$name}", $images[0]);
	next if $seen =~ /^exit 512\n/ && $seen !~ $followed;
	next if $seen =~ /: --\Q$name\E has no effect: /;
	print "ignored: -w $uses{$name}\n";
	$bad = 1;
}
exit($bad || @names < 30);
