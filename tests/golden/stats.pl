#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# stats.pl truth MHZ <TRUTH	rows that --stats has to print of a trace, from mkacrn's
#				truth about each CPU
# stats.pl table|csv <OUTPUT	the rows in what was printed
#
# A row: analysis, CPU, cycles, then reason, count, per second, cycles, percent; or vector,
# count, per second; or VM, cycles, seconds, percent. "truth 0" is without the rate of the
# counter: "-". Only tables have the row Total.
use strict;
use warnings;

# ACRN's events of exits, by what the processor calls their reasons
my %reasons = (
	0x10000 => 'EXCEPTION_OR_NMI', 0x10001 => 'EXTERNAL_INTERRUPT',
	0x10002 => 'INTERRUPT_WINDOW', 0x10004 => 'CPUID',
	0x10010 => 'RDTSC', 0x10012 => 'VMCALL', 0x1001c => 'CR_ACCESS',
	0x1001e => 'IO_INSTRUCTION', 0x1001f => 'RDMSR', 0x10020 => 'WRMSR',
	0x10028 => 'PAUSE', 0x10030 => 'EPT_VIOLATION',
	0x10031 => 'EPT_MISCONFIGURATION', 0x10033 => 'RDTSCP',
	0x10038 => 'APICV_WRITE', 0x10039 => 'APICV_ACCESS',
	0x1003a => 'APICV_VIRT_EOI', 0x1003e => 'PAGE_LOG_FULL',
	0x20000 => 'UNHANDLED',
);

sub row { print join(' ', @_), "\n" }

sub truth {
	my ($hz) = ($_[0] * 1e6);
	my %of;
	my $part = sub { sprintf('%.2f', $_[0] * 100 / $_[1]) };
	my $rate = sub {
		my ($n, $cycles) = @_;
		$hz ? sprintf('%.2f', $n / ($cycles / $hz)) : '-';
	};
	while (<STDIN>) {
		my ($cpu, $what, @v) = split;
		for my $c ($cpu, 'all') {
			my $o = $of{$c} //= {};
			if ($what eq 'run') {
				$o->{run} += $v[0];
			} elsif ($what eq 'exit') {
				my $name = $reasons{hex $v[0]}
					or die "no name of exit $v[0]\n";
				for ("VMEXIT_$name", 'Total') {
					$o->{exit}{$_}[0] += $v[1];
					$o->{exit}{$_}[1] += $v[2];
				}
			} elsif ($what eq 'vector') {
				$o->{irq}{$v[0]} += $v[1];
			} elsif ($what eq 'vm') {
				$o->{vm}{$v[0] == 16 ? 'Idle' : $v[0]} += $v[1];
			} else {
				die "what is $what?\n";
			}
		}
	}
	# all of a single CPU are no other table
	delete $of{all} if keys %of == 2;
	for my $cpu (keys %of) {
		my $o = $of{$cpu};
		my $run = $o->{run};
		for (keys %{$o->{exit}}) {
			my ($n, $cycles) = @{$o->{exit}{$_}};
			row('vm_exit', $cpu, $run, $_, $n, $rate->($n, $run),
			    $cycles, $part->($cycles, $run));
		}
		row('irq', $cpu, $run, $_, $o->{irq}{$_},
		    $rate->($o->{irq}{$_}, $run)) for keys %{$o->{irq}};
		for (keys %{$o->{vm}}) {
			my $cycles = $o->{vm}{$_};
			row('cpu_usage', $cpu, $run, $_, $cycles,
			    $hz ? sprintf('%.3f', $cycles / $hz) : '-',
			    $part->($cycles, $run));
		}
	}
}

sub table {
	my ($what, $cpu, $run, $rows);
	while (<STDIN>) {
		if (/^==> (\w+), (?:CPU (\d+)|(all) CPUs) <==$/) {
			($what, $cpu, $run, $rows) = ($1, $2 // $3, undef, 1);
		} elsif (/^Total run time: (\d+) cycles/) {
			$run = $1;
		} elsif (/^(Reason|Vector|VM) /) {
			next;
		} elsif (/^$/) {
			# what follows of vm_exit is how long each took
			$rows = 0;
		} elsif ($rows) {
			row($what, $cpu, $run, split);
		}
	}
}

sub csv {
	my %what = (reason => 'vm_exit', vector => 'irq', vm => 'cpu_usage');
	my @names;
	while (<STDIN>) {
		chomp;
		my @v = split /,/, $_, -1;
		if ($v[0] eq 'image') {
			@names = @v;
			next;
		}
		my %v;
		@v{@names} = @v;
		my ($key) = grep { exists $v{$_} } keys %what;
		row($what{$key}, @v{qw(cpu run_cycles)}, $v{$key},
		    map { $_ eq '' ? '-' : $_ } grep { defined }
		    @v{qw(count per_sec cycles seconds percent)});
	}
}

my $how = shift // '';
$how eq 'truth' ? truth(@ARGV) : $how eq 'table' ? table() :
	$how eq 'csv' ? csv() : die "usage: stats.pl truth MHZ|table|csv\n";
