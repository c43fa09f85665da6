#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The AdvancedLogger of Project Mu: the format advlogger.

bats_require_minimum_version 1.5.0
load ../lib

samples="advlogger-v3 advlogger-v5 advlogger-v5-wrap advlogger-v6-full"

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# messages NAME: what is in that log, the oldest first, as number, ticks, level, phase and
# text in hexadecimal
messages() {
	unpack "$1.raw"
	zstd -qdc "$vmcores/$1.log.zst" | perl -e '
		my @said = map { [/^(\d+) (\d+) 0x(\S+) (\d+) (\d) \|(\S*)/] } <STDIN>;
		open my $f, "<:raw", shift or die;
		my $log = do { local $/; <$f> };
		my ($start, $cursor) = unpack "x12 V x4 V", $log;
		@said = grep { !$$_[4] } @said;
		if (shift =~ /wrap/) {
			# the first signature after the cursor is of the oldest one left
			my $at = ($cursor + 7) & ~7;
			$at += 8 while substr($log, $at, 4) ne "ALM2";
			my $ticks = unpack "Q<", substr $log, $at + 10, 8;
			shift @said while $said[0][1] != $ticks;
		}
		print "@$_[0 .. 3] $$_[5]\n" for @said;
	' "$unpacked" "$1"
}

# lines MESSAGES: the lines they make: ticks, level, phase and text in hexadecimal
lines_of() {
	perl -ane '
		my ($n, $ticks, $bits, $phase, $hex) = @F;
		$bits = hex $bits;
		my $level = $bits & 0x80000000 ? 3 : $bits & 2 ? 4 :
			$bits & 0x445 ? 6 : 7;
		for (split /(?<=\n)/, pack "H*", $hex // "") {
			($first, $worst, $name) = ($ticks, $level, $phase)
				unless length $line;
			$worst = $level if $level < $worst;
			$line .= $_;
			next unless /\n/;
			$line =~ s/\r\n/\n/; # as in text and JSON
			print "$first $worst $name ", unpack("H*", $line), "\n";
			$line = "";
		}
	' "$1"
}

@test "the text of every log equals what was written, with -F and without" {
	local name
	for name in $samples; do
		messages "$name" >said
		[ -s said ]
		perl -ane 'print pack "H*", $F[4] // ""' said >want
		"$dump" -q -O raw "$unpacked" | cmp - want
		"$dump" -q -O raw -F advlogger "$unpacked" | cmp - want
		"$dump" -q -O raw - <"$unpacked" | cmp - want
		tr -d '\r' <want >text
		"$dump" -q "$unpacked" | cmp - text
		"$dump" -q -F advlogger --map=none "$unpacked" | cmp - text
	done
}

@test "each line has the level, the time and the phase of its messages" {
	local name
	for name in $samples; do
		messages "$name" >said
		lines_of said >want
		"$dump" -q -J "$unpacked" | objects | perl -MJSON::PP -ne '
			BEGIN { %phase = (SEC => 1, PEI => 2, PEI64 => 3, DXE => 4,
				RT => 5) }
			my $r = decode_json $_;
			die if $$r{time_hz} != 2400000000;
			# the wall clock, from that of 7200000000 ticks
			die if $$r{fields}{utc_us} != 1795828830000000 +
				int(($$r{time} - 7200000000) / 2400 + 3000000) - 3000000;
			printf "%s %s %s %s\n", $$r{time}, $$r{level},
				$phase{$$r{phase} // ""} // "-", unpack "H*", $$r{text}
		' >got
		[ "$name" != advlogger-v3 ] || sed -Ei 's/^(\S+ \S+) \S+/\1 -/' want
		same want got
	done
}

@test "the list: version, address, use and state" {
	unpack advlogger-v3.raw
	run -0 "$dump" --list "$unpacked"
	[ "${lines[1]}" = "advlogger  main, V3  phys:0x0  16304  8064  no          0  current" ]
	[ "$(tr -s ' \n' ' ' <<<"${lines[2]} ${lines[3]}")" = " by its header the file begins at 0x7e000000: --map=0x7e000000; also phys:0x7e000000 " ]
	run -0 "$dump" --list --map=0x7e000000 "$unpacked"
	[ "${lines[1]}" = "advlogger  main, V3  phys:0x7e000000  16304  8064  no          0  current" ]
	[ "${#lines[@]}" -eq 2 ]
	# what its header does not confirm may be a copy
	run -0 "$dump" --list --map=0x100000 "$unpacked"
	[[ ${lines[1]} == *" phys:0x100000 "*" unknown" ]]
	[[ ${lines[2]} == *"a copy, or addresses are wrong: by its header it is at phys:0x7e000000" ]]
	unpack advlogger-v5-wrap.raw
	run -0 "$dump" --list "$unpacked"
	[ "${lines[1]}" = "advlogger  main, V5  phys:0x0  16304  16264  yes         0  current" ]
	[[ ${lines[2]} == *"it was full: 5473 bytes of messages were discarded" ]]
	unpack advlogger-v6-full.raw
	run -0 "$dump" --list "$unpacked"
	[[ ${lines[1]} == "advlogger  main, V6  phys:0x0  16296  16264  no "* ]]
}

@test "a file where two headers have the same address: neither tells where it begins" {
	unpack advlogger-v3.raw
	{ cat "$unpacked"; head -c 8192 /dev/zero; cat "$unpacked"; } >two
	run -0 "$dump" --list two
	[[ ${lines[1]} == *" phys:0x0 "*" current" ]]
	[[ ${lines[2]} == *"by its header it is at phys:0x7e000000" ]]
	[[ ${lines[3]} == *" phys:0x6000 "*" copy" ]]
	[[ $output != *"file begins"* ]]
	[[ $output != *"also"* ]]
	# nor do they in an extract
	"$dump" -q --extract=small two
	"$dump" -q two >"$BATS_TEST_TMPDIR/.want"
	"$dump" -q small | cmp - "$BATS_TEST_TMPDIR/.want"
	"$dump" -q --list two >"$BATS_TEST_TMPDIR/.want"
	"$dump" -q --list small | cmp - "$BATS_TEST_TMPDIR/.want"
	"$dump" -q --extract=smaller small
	"$dump" -q --list two >"$BATS_TEST_TMPDIR/.want"
	"$dump" -q --list smaller | cmp - "$BATS_TEST_TMPDIR/.want"
	# one of them may be where its header says
	run -0 "$dump" --list --map=0x7dffa000 two
	[[ $output == *" phys:0x7e000000 "*" current"* ]]
}

@test "what was discarded, and an order that is guessed, are reported" {
	unpack advlogger-v6-full.raw
	run -0 --separate-stderr "$dump" "$unpacked"
	[ "$stderr" = "memlog-dump: $unpacked: warning: the log at phys:0x0 was full: the firmware discarded 8727 bytes of messages" ]
	[ "$(zstd -qdc "$vmcores/advlogger-v6-full.log.zst" | perl -ne '
		$n += length($1) / 2 if /^\S+ \S+ \S+ \S+ 1 \|(\S*)/;
		END { print $n }')" -eq 8727 ]
	unpack advlogger-v5-wrap.raw
	run -0 --separate-stderr "$dump" "$unpacked"
	[[ $stderr == *"warning: advlogger phys:0x0: the order of its messages is guessed: nothing says that it wrapped"* ]]
	[[ $stderr == *"the oldest text is gone"* ]]
	[ "$("$dump" -q -J "$unpacked" | objects | jq -c .flags | sort | uniq -c |
		tr -s ' ')" = \
		' 203 ["guessed"]
 1 ["truncated-head","guessed"]' ]
}

@test "levels, times and text are filtered" {
	unpack advlogger-v5.raw
	messages advlogger-v5 >said
	lines_of said >all
	# their text
	decode() { perl -ane 'print pack "H*", $F[3]'; }
	awk '$2 <= 4' all | decode >want
	[ "$(wc -l <want)" -eq 39 ]
	"$dump" -q -l warn+ "$unpacked" | cmp - want
	awk '$2 == 7' all | decode >want
	"$dump" -q -l debug "$unpacked" | cmp - want
	# 2.4 GHz: ticks of 20 and 30 ms
	awk '$1 >= 48000000 && $1 <= 72000000' all | decode >want
	[ "$(wc -l <want)" -gt 20 ]
	"$dump" -q --since=20ms --until=30ms "$unpacked" | cmp - want
	awk '$1 >= 119000123 - 12000000' all | decode >want
	"$dump" -q --since=-5ms "$unpacked" | cmp - want
	decode <all | grep 'long 7' >want
	"$dump" -q -g 'long 7' "$unpacked" | cmp - want
	decode <all | tail -n 3 >want
	"$dump" -q -n 3 "$unpacked" | cmp - want
	run -0 "$dump" -q --time-format=seconds -n +3 "$unpacked"
	[ "$output" = '[    0.000000] info   SEC message 0 level 40
[    0.000416] info   SEC message 1 level 40
[    0.000833] warn   SEC message 2 level 2' ]
	run -1 --separate-stderr "$dump" -q -b -1 "$unpacked"
	[[ $stderr == *"no log of boot -1; there is only boot 0 (advlogger)"* ]]
	"$dump" -q "$unpacked" >"$BATS_TEST_TMPDIR/.want"
	"$dump" -q -b 0 "$unpacked" | cmp - "$BATS_TEST_TMPDIR/.want"
}

@test "without a rate there are ticks, and --tsc-mhz gives seconds" {
	unpack advlogger-v5.raw
	cp "$unpacked" norate
	dd if=/dev/zero of=norate bs=8 seek=5 count=1 conv=notrunc status=none
	run -0 "$dump" -q --time-format=seconds -n +2 norate
	[ "${lines[1]}" = '[         1000123] info   SEC message 1 level 40' ]
	run -1 --separate-stderr "$dump" --since=0.02 norate
	[[ $stderr == *"its times are in cycles of unknown rate; give --tsc-mhz=N"* ]]
	"$dump" -q --time-format=seconds "$unpacked" >"$BATS_TEST_TMPDIR/.want"
	"$dump" -q --tsc-mhz=2400 --time-format=seconds norate |
		cmp - "$BATS_TEST_TMPDIR/.want"
}

@test "the boot: its phases have the times of their messages" {
	unpack advlogger-v5.raw
	run -0 "$dump" -q --stats boot "$unpacked"
	[[ $output == *"SEC                0.000      0.008   16.81  message 0 level 40"* ]]
	[[ $output == *"PEI                0.008      0.009   17.65  message 20 level 2"* ]]
	[[ $output == *"DXE                0.017      0.033   65.55  message 41 level 1"* ]]
	[ "$("$dump" -q --stats boot -J "$unpacked" |
		jq -c 'select(.type == "boot_times") | [.phases[].phase]')" = \
		'["SEC","PEI","DXE"]' ]
	"$dump" -q -O svg "$unpacked" | has 'message 0 level 40'
	"$dump" -q -O perfetto "$unpacked" | has -a 'message 41 level 1'
	"$dump" -q -O chrome "$unpacked" | jq -e '.traceEvents | length > 90'
	"$dump" -q -O html "$unpacked" | has 'message 20 level 2'
	"$dump" -q -O tracedat "$unpacked" | has -a 'message 41 level 1'
	"$dump" -q -J "$unpacked" | objects >"$BATS_TEST_TMPDIR/.want"
	"$dump" -q -O json-seq "$unpacked" | tr -d '\036' | objects |
		cmp - "$BATS_TEST_TMPDIR/.want"
}

@test "an extract gives the same, where the header says that it is" {
	local name
	for name in $samples; do
		unpack "$name.raw"
		rm -f small
		"$dump" -q --extract=small "$unpacked"
		"$dump" -q -O raw "$unpacked" >"$BATS_TEST_TMPDIR/.want"
		"$dump" -q -O raw small | cmp - "$BATS_TEST_TMPDIR/.want"
		"$dump" -q --time-format=ticks "$unpacked" >"$BATS_TEST_TMPDIR/.want"
		"$dump" -q --time-format=ticks small |
			cmp - "$BATS_TEST_TMPDIR/.want"
	done
	unpack advlogger-v3.raw
	rm -f small
	"$dump" -q --extract=small "$unpacked"
	run -0 "$dump" --list small
	[ "${lines[1]}" = "advlogger  main, V3  phys:0x7e000000  16304  8064  no          0  current" ]
}

@test "copies of SEC and PEI, and a log of an earlier boot" {
	unpack advlogger-v5.raw
	# the first 41 messages are the early log: its cursor, and not in permanent memory
	perl -e '
		open my $f, "<:raw", shift or die;
		my $log = do { local $/; <$f> };
		my $early = $log;
		my $at = 80;
		for (1 .. 41) {
			my ($len, $off) = unpack "x20 v v", substr $early, $at;
			$at += ($off + $len + 7) & ~7;
		}
		substr($early, 20, 4) = pack "V", $at;
		substr($early, 32, 2) = "\0\0";
		substr($early, $at) = "\0" x (length($early) - $at);
		# an earlier boot: an hour before, one line differs
		my $old = $log;
		substr($old, 60, 1) = "\0";
		$old =~ s/message 3 level/message X level/;
		print $early, "\0" x 4096, $log, "\0" x 4096, $old;
	' "$unpacked" >both
	run -0 "$dump" --list both
	[ "$(grep -o 'advlogger.*' <<<"$output" | tr -s ' ')" = \
		'advlogger main, V5 phys:0xa000 16304 8888 no -1 stale
advlogger early, V5 phys:0x0 16304 3200 no - copy
advlogger main, V5 phys:0x5000 16304 8888 no 0 current' ]
	[[ $(tr -s ' \n' ' ' <<<"$output") == *"from an earlier boot: another log has a later date"*"its messages are the first of those at phys:0x5000"*"it has the latest date"* ]]
	"$dump" -q "$unpacked" >"$BATS_TEST_TMPDIR/.want"
	"$dump" -q both | cmp - "$BATS_TEST_TMPDIR/.want"
	"$dump" -q -b -1 both | has 'message X level'
	run -0 "$dump" -q -a both
	[ "$(grep '^==>' <<<"$output")" = \
		'==> advlogger main, V5 phys:0xa000 (boot -1, stale) <==
==> advlogger early, V5 phys:0x0 (copy) <==
==> advlogger main, V5 phys:0x5000 (boot 0, current) <==' ]
}

@test "no byte of a header is trusted, and the log may end anywhere" {
	local n status name
	for name in advlogger-v3 advlogger-v5-wrap; do
		unpack "$name.raw"
		for ((n = 0; n < 130; n += ${DAMAGE_EVERY:-1})); do
			cp "$unpacked" bad
			printf '\xff' | dd of=bad bs=1 seek="$n" conv=notrunc status=none
			status=0
			timeout 20 "$dump" -q -F advlogger bad >text || status=$?
			[ "$status" -le 1 ] || [ "$status" -eq 4 ]
			safe text
		done
		"$dump" -q --map=none -a "$unpacked" >all
		for ((n = 96; n < 16384; n += 331 * ${DAMAGE_EVERY:-1})); do
			head -c "$n" "$unpacked" >part
			status=0
			timeout 20 "$dump" -q --map=none -a part >text || status=$?
			[ "$status" -le 1 ] || [ "$status" -eq 4 ]
		done
		[ -s text ]
	done
}

@test "where there is none, a note names the firmware that has it" {
	head -c 65536 /dev/zero >zeros
	run -1 --separate-stderr "$dump" -F advlogger zeros
	[[ $stderr == *"check: firmware of Project Mu and of Hyper-V's machines of generation 2 has an AdvancedLogger"* ]]
}
