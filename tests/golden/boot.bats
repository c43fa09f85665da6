#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --stats=boot: where the time of a boot went.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# boot FILE...: its object
boot() {
	"$dump" -q --stats boot -J "$@" | jq -c 'select(.type == "boot_times")'
}

# Phases are contiguous, from 0 to the end, and add up.
whole() {
	jq -e '(.phases | map(.duration_ns | tonumber) | add) ==
			(.duration_ns | tonumber) and
		.phases[0].start_ns == "0" and
		([.phases[1:][].start_ns | tonumber] ==
		 [.phases[:-1][] | (.start_ns | tonumber) +
			(.duration_ns | tonumber)])' "$1"
}

# What OVMF says with port 0x402 connected: the lines of its log, $2 ns later each
captured() {
	"$dump" -q -J "$1" | jq -r --argjson later "$2" '
		select(.type == "record" and .time) |
		((.time | tonumber) * 1e9 / (.time_hz | tonumber) + $later |
			floor) as $ns |
		"[\($ns / 1e9 | floor).\("00000000\($ns % 1e9)"[-9:])] 0x402: " +
		"\(.text | rtrimstr("\n"))"' |
		sed -E 's/^\[([0-9]+)/[     \1/; s/^\[ *([ 0-9]{5}\.)/[\1/'
}

@test "firmware with an index: phases, silences and modules by its own times" {
	unpack memlog-q35-index.elf
	boot "$unpacked" >got
	whole got
	[ "$(jq -c '[.phases[].phase]' got)" = \
		'["SEC","PEI","DXE","BDS","boot loader"]' ]
	# the times of these lines
	"$dump" -q -J "$unpacked" | jq -c --slurpfile b got '
		select(.type == "record" and (.text |
			startswith("[Bds] Entry...") or
			startswith("[Bds]Booting"))) |
		(.time | tonumber) * 1e9 / (.time_hz | tonumber) | floor' >want
	jq '.phases[3:][].start_ns | tonumber' got >is
	paste want is | awk '{ d = $1 - $2; if (d < -2 || d > 2) exit 1 }'
	[ "$(wc -l <want)" = 2 ]
	jq -e '.silences | length == 10 and
		(map(.duration_ns | tonumber) | . == (sort | reverse)) and
		all(.before and .after)' got
	jq -e '.modules | map(.name) | contains(["DxeCore", "BdsDxe"])' got
	jq -e '[.modules[].records | tonumber] | add == 1275' got

	run -0 --separate-stderr "$dump" --stats boot "$unpacked"
	[ "${lines[0]}" = '==> boot <==' ]
	[[ $output == *'boot loader        9.792      0.112    1.13  [Bds]Booting EFI Internal Shell'* ]]
	[[ $output == *'its clock is the common one'* ]]
	# durations that are printed add up as well
	awk '/^(SEC|PEI|DXE|BDS|boot loader) .*%?/ && !stop { n = $0
			sub(/^boot loader/, "boot", n); split(n, f, " ")
			sum += f[3] }
		/^Silence/ { stop = 1 } /^Total time/ { total = $3 }
		END { exit !(sum > total - 0.0005 && sum < total + 0.0005) }' \
		<<<"$output"
	"$dump" -q --stats boot -O csv "$unpacked" >phases.csv
	[ "$(grep -c '^0,phase,' phases.csv)" = 5 ]
	[ "$(grep -c '^0,silence,' phases.csv)" = 10 ]
	awk -F, '/^0,phase,/ { sum += $6 } END { exit sum < 9e9 }' phases.csv
	# every column is what JSON says
	python3 - phases.csv got <<-'EOF'
	import csv, json, sys
	boot = json.load(open(sys.argv[2]))
	want = [["phase", p["phase"], p["phase"], p["start_ns"], p["duration_ns"], p["records"],
		 p["bytes"], p["text"], ""] for p in boot["phases"]]
	want += [["silence", "", s["phase"], s["start_ns"], s["duration_ns"], "", "",
		  s["before"], s["after"]] for s in boot["silences"]]
	log = boot["logs"][0]
	rows = list(csv.DictReader(open(sys.argv[1]), strict=True))
	got = [[r["row"], r["name"], r["phase"], r["start_ns"], r["duration_ns"], r["records"],
		r["bytes"], r["text"], r["text_after"]]
	       for r in rows if r["row"] in ("phase", "silence")]
	assert got == want, (got, want)
	assert all((r["boot"], r["image"], r["log"], r["vm"], None in r) ==
		   ("0", log["image"], log["log"], "", False) for r in rows)
	assert any(r["row"] == "module" for r in rows)
	EOF
}

@test "FPDT: phases as the firmware recorded them" {
	unpack fpdt-shell.raw
	boot "$unpacked" >got
	whole got
	zstd -qdc "$vmcores/fpdt-shell.log.zst" | perl -ne '
		$ns{$2} //= $1 if /progress=(?:0|50) .* ns=(\d+) .* (SEC|PEI|DXE|BDS)$/;
		$ns{loader} = $1 if /OsLoaderLoadImageStart=(\d+)/;
		END { print $ns{$_} - $ns{SEC}, "\n"
			for qw(SEC PEI DXE BDS loader) }' >want
	jq -r '.phases[].start_ns' got | diff want -
	jq -e '.drivers | length > 1000' got
	# FPDT counts no messages
	"$dump" -q --stats boot "$unpacked" >table
	[ "$(grep -cE '^(PEI|DXE|BDS) +[0-9]+\.[0-9]{3} {10}-  [A-Za-z]' table)" -gt 10 ]

	# with the firmware's log drivers have names, and there is one clock
	unpack memlog-fpdt.elf
	boot "$unpacked" >got
	whole got
	jq -e '.logs | length == 2 and all(.aligned)' got
	jq -e '.drivers | map(.name) | contains(["PciHostBridgeDxe"])' got
}

@test "the log of Linux: until and from the start of init" {
	unpack dmesg-61.elf
	boot "$unpacked" >got
	whole got
	zstd -qdc "$vmcores/dmesg-61.log.zst" |
		sed -nE 's/^<6>\[ *([0-9]+)\.([0-9]+)\] Run .*/\1\2/p' >want
	jq -r '.phases[1].start_ns' got | sed 's/...$//' | diff want -
	[ "$(jq -c '[.phases[].phase]' got)" = '["kernel","initramfs"]' ]
	[ "$(jq -r '.phases[1].text' got)" = 'Run /init as init process' ]
}

@test "no clock: phases and modules in order" {
	unpack ovmf-c01-elf64.elf
	run -0 --separate-stderr "$dump" --stats boot "$unpacked"
	[[ $output == *'No clock: none of its logs has times.'*' --time-format=arrival'*' port:PATH '* ]]
	boot "$unpacked" >got
	jq -e '.has_clock == false and (.duration_ns | not) and
		([.phases[].phase] == ["SEC", "PEI", "DXE", "BDS"]) and
		([.phases[].records | tonumber] | add) ==
			(.logs[0].records | tonumber) and
		([.phases[].bytes | tonumber] | add) ==
			(.logs[0].bytes | tonumber)' got
	jq -e '.modules | length > 50 and .[0].name == "PcdPeim"' got
}

@test "a dump and a capture of its debug port: one clock" {
	unpack memlog-q35-index.elf
	captured "$unpacked" 5000000000 >ports
	echo '[   20.000000000] 0x80 = 0x80 custom' >>ports
	boot "$unpacked" ports >got
	whole got
	jq -e '.logs | length == 2 and .[0].offset_ns == "0" and
		.[1].aligned and (.[1].error_ns | tonumber) <= 1000000 and
		(.[1].offset_ns | tonumber + 5000000000 | . > -1000 and . < 1000) and
		.[1].method == "by 6 lines of the firmware, as in \(.[0].log)"' got
	jq -e '.phases[-1].phase == "user space" and .duration_ns[:5] == "15000"' got
	# the same lines, as -w --time-format=arrival writes them
	boot ports | jq -c '[.phases[] | [.phase, .start_ns, .duration_ns, .text]]' >want
	sed 's/ 0x402: / text: /' ports >arrived
	boot arrived | jq -c '[.phases[] | [.phase, .start_ns, .duration_ns, .text]]' >is
	[ "$(jq length is)" -ge 5 ]
	same want is
	# a mark that is 100 ms later changes two phases
	sed 's/20.000000000/20.100000000/' ports >later
	boot "$unpacked" later >moved
	jq -s -e '[.[].phases | map(.duration_ns)] |
		[transpose[] | select(.[0] != .[1])] | length == 1' got moved
	# one table in a directory, and one in a stream
	"$dump" -q --stats boot -O csv -o out/ "$unpacked" ports
	[ "$(ls out)" = boot.csv ]
	"$dump" -q --stats boot -O csv "$unpacked" ports | cmp - out/boot.csv
	# what has nothing in common stays apart
	echo '[   20.000000000] 0x80 = 0x01 firmware' >other
	boot "$unpacked" other >got
	jq -e '.logs[1].aligned == false and .logs[1].method ==
		"no mark in common with the others"' got
	run -0 --separate-stderr "$dump" --stats boot "$unpacked" other
	[[ $stderr == *': other, debugport phys:0x0: nothing shows that it is of the same machine and boot; its times stay apart' ]]
	run -0 --separate-stderr "$dump" --stats boot "$unpacked" ports
	[ -z "$stderr" ]
}

# marks SECONDS: of a boot whose kernel starts then
marks() {
	echo '[    1.000000000] 0x80 = 0x01 firmware'
	echo '[    3.000000000] 0x80 = 0x20 bootloader'
	echo "[    $1] 0x80 = 0x40 kernel"
	echo '[    6.000000000] 0x80 = 0x80 custom'
}

@test "a mark that moves changes two phases, and a warning names marks that disagree" {
	marks 4.000000000 >one
	marks 4.100000000 >two
	boot one >got
	boot two >moved
	whole got
	whole moved
	[ "$(jq -s -c 'map(.phases | map(.duration_ns | tonumber / 1e6))' got moved)" = \
		'[[2000,1000,2000,0],[2000,1100,1900,0]]' ]
	run -0 --separate-stderr "$dump" --stats boot one two
	[ -z "$stderr" ]
	# another boot
	marks 5.900000000 >other
	run -0 --separate-stderr "$dump" --stats boot one other
	[[ $stderr == *': other, debugport phys:0x0: it may be of another machine or boot: its marks differ from those of the others by 1 s' ]]
}

@test "a machine that was started again has a table for each boot" {
	{
		echo '[    0.000000000] capture: began 2026-11-28T23:59:59.123456789Z, monotonic 1.000000000'
		echo '[    1.000000000] 0x80 = 0x01 firmware'
		echo '[    3.000000000] 0x80 = 0x40 kernel'
		echo '[    9.000000000] capture: restart of the guest'
		echo '[   10.000000000] 0x80 = 0x01 firmware'
		echo '[   14.000000000] 0x80 = 0x40 kernel'
	} >ports
	boot -a ports >got
	[ "$(jq -c '[.boot, (.phases | map(.duration_ns))]' got)" = \
		$'[-1,["2000000000","0"]]\n[0,["4000000000","0"]]' ]
	run -0 "$dump" -q -a --stats boot ports
	[ "$(grep '^==>' <<<"$output")" = $'==> boot, -1 <==\n==> boot <==' ]
	[ "$(boot ports | jq -c .boot)" = 0 ]
}

@test "nothing to sum up" {
	image small-c small
	run -1 --separate-stderr "$dump" -q --stats boot -l emerg small
	[ -z "$output" ]
	head -c 65536 /dev/zero >none
	run -1 --separate-stderr "$dump" -q --stats boot none
	[ -z "$output" ]
	run -2 "$dump" --stats boot -F acrn-trace small
	run -2 "$dump" --stats boot -w small
}

# durations FILE: of the phases of each boot in it, with the machine and the boot
durations() {
	boot -a "$@" | jq -c '[.vm // "-", .boot, .duration_ns,
		(.phases | map([.phase, .duration_ns]))]'
}

@test "several machines in one log, or in one capture: a timeline for each" {
	local v vm
	perl "$root/fixtures/gen/vmmlog.pl" 49 vm:a 0x0@402 0x20@200000 \
		vm:b +14000 0x1@500 vm:a 0x40@400000 vm:b 0x21@100000 \
		vm:a vmm@600000 vm:b 0x41@900000 'text\n' vm:a 0x60@1250000 \
		vm:b +1200000 0x2@600 vm:a 0x80@1600000 vm:b 0x22@200000 \
		vm:a 0x61@1800000 >mixed
	perl "$root/fixtures/gen/vmmlog.pl" 49 vm:a 0x0@402 0x20@200000 \
		0x40@400000 0x60@1250000 0x80@1600000 0x61@1800000 >vm1
	perl "$root/fixtures/gen/vmmlog.pl" 49 +14000 0x1@500 0x21@100000 \
		0x41@900000 +1200000 0x2@600 0x22@200000 >vm2
	cat >capture <<-'END'
		[    0.000000000] capture: began 2026-11-28T23:59:59.123456789Z, monotonic 12345.678901234
		[    0.402744123] a.1 0x80 = 0x03 firmware
		[    0.502744123] b 0x80 = 0x03 firmware
		[    0.902800000] a.1 0x80 = 0x40 kernel
		[    1.000000000] text: what nobody knows
		[    1.402800000] b 0x402: Linux version 6.1
		[    1.902800000] b 0x80 = 0x60 userspace
		[    2.000000000] capture: restart of b
		[    2.102800000] a.1 0x80 = 0x60 userspace
		[    2.500000000] b 0x80 = 0x03 firmware
		[    2.700000000] b 0x80 = 0x40 kernel
	END
	grep ' a\.1 ' capture >a.1
	grep -e ' b ' -e 'restart of b' capture >b
	for v in "mixed vm1 vm2" "capture a.1 b"; do
		# shellcheck disable=SC2086 # several words
		set -- $v
		durations "$1" >got
		for vm in "$2" "$3"; do
			durations "$vm" | jq -c --arg vm "$vm" '.[0] = $vm'
		done >want
		same want got
		[ "$(wc -l <got)" = 3 ]
	done
	# all writers name them
	run -0 --separate-stderr "$dump" -a --stats boot mixed
	[ "$(grep '^==>' <<<"$output")" = "==> boot of vm1 <==
==> boot of vm2, -1 <==
==> boot of vm2 <==" ]
	[[ $output == *"  mixed, debugport phys:0x0 vm2"* ]]
	"$dump" -q -a --stats boot -O csv mixed >table
	[ "$(sed 1d table | tr -d '\r' | grep ',phase,' | sed 's/.*,//' | uniq -c |
		tr -s ' ' | tr '\n' ',')" = " 4 vm1, 5 vm2," ]
	for v in svg html; do
		"$dump" -q -a -O "$v" mixed >picture
		for vm in 'Boot of vm1: 1.800 s' 'Boot -1 of vm2: ' 'Boot of vm2: '; do
			grep -q "$vm" picture
		done
	done
	"$dump" -q -a -O chrome mixed | jq -e '
		([.traceEvents[] | select(.name == "thread_name") |
			{key: "\(.tid)", value: .args.name}] | from_entries) as $tracks |
		($tracks | map(.) | sort) == ["vm1", "vm2"] and
		all(.traceEvents[] | select(.ph == "B");
			.args.vm == $tracks["\(.tid)"])'
	"$dump" -q -a -O chrome capture | jq -e '
		[.traceEvents[] | select(.name == "thread_name").args.name] |
			sort == ["a.1", "b", "no CPU"]'
	"$dump" -q -a -O perfetto mixed >trace
	python3 "$root/tests/perfetto.py" trace >events
	[ "$(grep -c '/ vm1 instant' events)" = 6 ]
	[ "$(grep -c '/ vm2 instant' events)" = 5 ]
	# one name is no reason to name it
	[ "$(boot b | jq -r '.vm // "-"' | uniq)" = - ]
	[ "$("$dump" -q --stats boot a.1 | head_all -n 1)" = '==> boot <==' ]
}

@test "a log that names no machine, beside a capture of several" {
	printf '[    %d.000000000] %s 0x80 = 0x40 kernel\n' 0 a 1 b 2 a 3 b >two
	grep ' a ' two >one
	printf '[Debug I/O port: Kernel code 0x40] 0.345600 seconds\n' >log
	boot two log | jq -c '[.vm, (.logs | map(.image))]' >got
	printf '%s\n' '["a",["two"]]' '["b",["two"]]' '[null,["log"]]' >want
	same want got
	boot one log | jq -c '[.vm, (.logs | map(.image))]' >got
	echo '[null,["one","log"]]' >want
	same want got
}
