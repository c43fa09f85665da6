#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# portmachines.pl PROGRAM COUNT SEED - give PROGRAM logs that several monitors wrote, and
# check which machine and boot it says each mark is of. A model of what happens: one to
# four machines, each started at some time, reset up to three times. With SAY in the
# environment the message has what kind of log it is.
use strict;
use warnings;

my ($program, $count, $seed) = @ARGV;
my $file = "machines.log";

srand $seed;

# the time in a line of a version
sub monitor_time {
	my ($us, $version) = @_;

	return sprintf '%10.6fs', unpack 'f', pack 'f', $us / 1e6 if $version >= 49;
	return $us >= 1e6 ? sprintf('%.6fs', $us / 1e6) :
			    sprintf('%.6fms', $us / 1e3);
}

# the lines of one monitor: [time, text, machine, boot, or undef for no mark]
sub monitor {
	my ($name, $start, $clock, $resets, $version, $pid, $vmm) = @_;
	my $prefix = $pid ? "Nov 29 07:35:21 host cloud-hypervisor[$pid]: " : '';
	my @lines;

	push @lines, [$start + 4000, $prefix . 'cloud-hypervisor: ' .
		monitor_time(4000, $version) . ": <vmm> INFO:x -- starting\n"]
		if $vmm;
	for my $boot (0 .. $resets) {
		my $created = $clock;

		$clock += 300 + int rand 1500;
		for (0 .. 3 + int rand 8) {
			my $us = $clock - $created;
			# it takes some time to write it, seldom more
			my $late = rand() < 0.02 ? rand 80 : rand 20;

			push @lines, [$start + $clock + $late, sprintf(
				"%scloud-hypervisor: %s: <vcpu0> WARN:x -- " .
				"[Debug I/O port: Kernel code 0x4%x] %d.%06d seconds\n",
				$prefix, monitor_time($clock + $late, $version),
				$_, $us / 1e6, $us), $name, $boot - $resets];
			$clock += 1000 + int rand(rand() < 0.3 ? 20000 : 800000);
		}
		$clock += 20000 + int rand 500000;
		push @lines, [$start + $clock - 10000, $prefix . 'cloud-hypervisor: ' .
			monitor_time($clock - 10000, $version) . ": <vmm> INFO:x -- reset\n"]
			if $vmm && $boot < $resets;
	}
	return @lines;
}

# Is a machine reset while another is, or has its last mark? Then no clock tells which of
# them goes on.
sub resets_overlap {
	my (%last, @silent);

	for (sort { $a->[0] <=> $b->[0] } grep { defined $_->[2] } @_) {
		my ($time, undef, $name, $boot) = @$_;

		push @silent, [$last{$name}[0], $time]
			if $last{$name} && $last{$name}[1] != $boot;
		$last{$name} = [$time, $boot];
	}
	push @silent, [$_->[0], $_->[0]] for values %last;
	@silent = sort { $a->[0] <=> $b->[0] } @silent;
	for (1 .. $#silent) {
		return 1 if $silent[$_][0] < $silent[$_ - 1][1];
	}
	return 0;
}

for my $n (1 .. $count) {
	my $machines = 1 + int rand 4;
	my $version = rand() < 0.5 ? 24 : 49;
	my ($pids, $vmm) = (rand() < 0.4, rand() < 0.5);
	my $what = $ENV{SAY} ? ($pids ? "pid" : "nopid") . " M$machines v$version vmm=" . ($vmm ? 1 : 0) . " " : "";
	my $start = 0;
	my (@lines, %names, %used, %created);
	my ($first, $last) = (0, 1e12);

	for my $name ('a' .. chr(96 + $machines)) {
		my $pid = $pids ? 1000 + 7 * ord $name : 0;
		# how long after its monitor a machine is created shows which it is
		my $created;
		do {
			$created = 5000 + int rand 25000;
		} while $created{int $created / 500}++;
		my @own = monitor($name, $start, $created, int rand 4, $version,
				  $pid, $vmm);

		push @lines, @own;
		$start += 50000 + int rand 1500000;
		my @times = map { $_->[0] } grep { defined $_->[2] } @own;
		$first = $times[0] if $times[0] > $first;
		$last = $times[-1] if $times[-1] < $last;
	}
	# else one looks like the next boot of another
	redo if $first >= $last;
	redo if !$pids && resets_overlap(@lines);
	@lines = sort { $a->[0] <=> $b->[0] } @lines;
	open my $out, '>', $file or die;
	print $out $_->[1] for @lines;
	close $out;
	my @marks = grep { defined $_->[2] } @lines;
	open my $in, '-|', $program, '-q', '-a', '-J', $file or die;
	while (<$in>) {
		next unless /"code":/;
		my $mark = shift @marks or die "log $n: too many marks\n";
		my ($boot) = /"boot":(-?\d+)/ or die;
		my ($vm) = /"vm":"(\w+)"/;
		my ($name, $want) = @{$mark}[2, 3];

		$vm //= '';
		$names{$name} //= $vm;
		$used{$vm} //= $name;
		die $what . "log $n, seed $seed: $name boot $want is given as $vm boot $boot:\n$_"
			if $boot != $want || $names{$name} ne $vm ||
			   $used{$vm} ne $name || ($machines > 1) != ($vm ne '');
	}
	close $in or die "log $n: the program fails\n";
	die "log $n: marks are missing\n" if @marks;
}
