#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# skiboot of the distribution on QEMU's powernv9, without a kernel: each line of the
# serial port is in the log, in order, whatever kind of dump it is in.

bats_require_minimum_version 1.5.0
load ../wait

setup() {
	dump=${B:-$BATS_TEST_DIRNAME/../../build}/memlog-dump
	[ -x "$dump" ]
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	exec 8>&-
	[ -z "${follower:-}" ] || kill "$follower" 2>/dev/null || true
	[ -z "${qemu:-}" ] || kill -9 "$qemu" 2>/dev/null || true
}

# monitor COMMAND...
monitor() {
	printf '%s\n' "$@" >&8
}

# The machine has given up for want of a kernel, and has nothing more to say.
at_end() {
	local size

	grep -qs 'FATAL: ' serial || return
	size=$(stat -c %s serial)
	sleep 2
	[ "$(stat -c %s serial)" -eq "$size" ]
}

# Is the dump complete, as QEMU's monitor says?
dumped() {
	[ "$(grep -c "^Status: completed" answers)" -ge "$1" ] && return
	monitor "info dump"
	return 1
}

# all_lines IMAGE: lines of the serial port that the log does not have in that order
all_lines() {
	"$dump" -q -r -F opal "$1" | tr -d '\r' >text
	perl -e '
		my ($serial, $log) = @ARGV;
		open my $s, "<", $serial or die;
		open my $l, "<", $log or die;
		my @serial = map { tr/\r//dr } <$s>;
		while (my $line = <$l>) {
			shift @serial if @serial && $serial[0] eq $line;
		}
		print @serial;
	' serial text
}

@test "the log has all lines of the serial port, and more, in each dump" {
	mkfifo commands
	qemu-system-ppc64 -M powernv9 -m 1G -smp 1 -nodefaults -display none \
		-serial file:serial -qmp unix:socket,server=on,wait=off \
		-qmp unix:other,server=on,wait=off -S \
		-monitor stdio <commands >answers 2>&1 &
	qemu=$!
	exec 8>commands
	until_ok test -S other
	"$dump" -q -w -r -F opal qmp:other >followed 8>&- &
	follower=$!
	sleep 1
	monitor cont
	until_ok at_end
	# while it runs
	"$dump" -q -r -F opal qmp:socket >bytes
	until_ok cmp -s bytes followed
	tr -d '\r' <bytes >live
	monitor stop "dump-guest-memory elf"
	until_ok dumped 1
	monitor "dump-guest-memory -z kdump" "pmemsave 0x30000000 0x2000000 raw" quit
	reap "$qemu"
	qemu=
	# following ends with the guest
	reap "$follower"
	follower=

	for image in elf raw; do
		[ -z "$(all_lines "$image")" ]
		cmp text live
		run -0 "$dump" --list "$image"
		[[ ${lines[1]} == opal*current ]]
		[ "$(grep -c ^opal <<<"$output")" -eq 1 ]
		[[ $output != *guessed* ]]
	done
	# of the raw file, the list says where it begins
	[[ $output == *"--map=0x30000000"* ]]
	[ "$(wc -l <text)" -gt "$(wc -l <serial)" ]
	# levels that the serial port has
	"$dump" -q -F opal -l notice+ elf >some
	[ "$(grep -c ',[0-5]\] ' serial)" -eq "$(wc -l <some)" ]
	# QEMU's ELF file of POWER has section headers in the host's byte order
	[ "$("$dump" --info elf | grep -c ppc64)" -gt 0 ]
	if [ -s kdump ]; then
		[ -z "$(all_lines kdump)" ]
	fi
}
