#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Progress codes in the logs of virtual machine monitors: the image vmm-log and the
# format debugport. The logs are made by fixtures/gen/vmmlog.pl, which writes what
# docs/facts/debugport.md says of each version: Cloud Hypervisor needs KVM.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

vmmlog() {
	perl "$root/fixtures/gen/vmmlog.pl" "$@"
}

# right: the lines of a log with the times that should be there
right() {
	tr -d '\r' | perl -pe 's/(\d+)\.(\d+)(?= seconds)/
		sprintf "%d.%06d", $1, $2 % 1000000/e'
}

# marks IMAGE: component, code and microseconds of each mark
marks() {
	"$dump" -q -a -J "$1" | objects | jq -r 'select(.fields.code) |
		"\(.component) \(.fields.code) \(.time) \(.time_hz)"'
}

@test "marks of all versions: line, component, code and the right time" {
	local v
	printf '%s 1000000\n' 'firmware 0x0 402744' 'firmware 0x1f 402744' \
		'bootloader 0x20 999999' 'kernel 0x40 1000000' \
		'kernel 0x41 1500000' 'userspace 0x7f 12345600' \
		'custom 0x80 59999999' 'custom 0xff 36000000001' >want
	for v in 0.2 0.13 20 24 24arm 29 33 49 49arm wallclock msg; do
		vmmlog "$v" 0x0@402744 0x1f@402744 0x20@999999 0x40@1000000 \
			0x41@1500000 0x7f@12345600 0x80@59999999 \
			0xff@36000000001 >log
		marks log >got
		same want got
		"$dump" -r log >got
		cmp got log
		# the time is right, and so it is in the line
		right <log >lines
		"$dump" log >got
		cmp got lines
	done
	# what a version would write that gets it right
	printf '[Debug I/O port: Kernel code 0x40] 12.345600 seconds\n' >right
	[ "$(marks right)" = "kernel 0x40 12345600 1000000" ]
	# neither of the two
	printf '[Debug I/O port: Kernel code 0x40] 12.3456 seconds\n' >neither
	[ "$(marks neither)" = "kernel 0x40 null null" ]
	for v in right neither; do "$dump" -q "$v" | cmp - "$v"; done
	# a component that is not the code's
	printf '[Debug I/O port: Kernel code 0x60] 0.345600 seconds\n' >other
	[ "$(marks other)" = "other 0x60 345600 1000000" ]
}

@test "a mark in JSON and in the list" {
	vmmlog 49 vmm@4493 0x40@1500000 >log
	vmmlog 24arm 0x40@1500000 >arm
	"$dump" -J log | objects | jq -c . >got
	cat >want <<-'END'
		{"type":"record","image":"log","format":"debugport","space":"phys","addr":"0x0","boot":0,"text":"cloud-hypervisor:   0.004493s: <vmm> INFO:vmm/src/lib.rs:900 -- starting\n","message":"cloud-hypervisor:   0.004493s: <vmm> INFO:vmm/src/lib.rs:900 -- starting\n"}
		{"type":"record","image":"log","format":"debugport","space":"phys","addr":"0x0","boot":0,"time":"1500000","time_hz":"1000000","level":6,"component":"kernel","text":"cloud-hypervisor:   1.511000s: <vcpu0> WARN:devices/src/legacy/debug_port.rs:75 -- [Debug I/O port: Kernel code 0x40] 1.500000 seconds\n","message":"[Debug I/O port: Kernel code 0x40] 1.500000 seconds\n","fields":{"code":"0x40","port":"0x80","clock":"vm-creation"}}
	END
	same want got
	# on Arm it is a register of the serial port
	[ "$("$dump" -J arm | objects | jq -c .fields)" = '{"code":"0x40","clock":"vm-creation"}' ]
	run -0 "$dump" --list log
	[[ ${lines[1]} == "debugport  -        phys:0x0   211   211  no          0  current"* ]]
	[[ ${lines[2]} == *"times count from the creation of the machine" ]]
	run -0 "$dump" --info log
	[[ $output == *"format      vmm-log (log of a virtual machine monitor)"* ]]
}

@test "Firecracker's boot timer" {
	vmmlog firecracker 'Linux version 6.1\n' 0x7b@125000 'login:\n' >log
	vmmlog firecracker1 0x7b@999 >old
	[ "$(marks log)" = "userspace 0x7b 125000 1000000" ]
	[ "$(marks old)" = "userspace 0x7b 999 1000000" ]
	[ "$("$dump" -J log | objects | jq -c 'select(.fields).fields')" = \
		'{"code":"0x7b","cpu_us":"62500","clock":"start-request"}' ]
	[ "$("$dump" -J log | objects | jq -r 'select(.fields).message')" = \
		"Guest-boot-time = 125000 us 125 ms,  62500 CPU us 62 CPU ms" ]
	run -0 "$dump" --list log
	[[ ${lines[2]} == *"times count from the request to start the machine" ]]
}

@test "output of the firmware between marks is text" {
	vmmlog 49 'SecCoreStartup\n' 0x0@402 'Loading PEIM' 0x20@1000 'done\n' \
		$'caf\xc3\xa9 \e[2J\n' 0x40@2000 >log
	"$dump" -q -a -r log | cmp - log
	"$dump" -J log | objects | jq -r '"\(.component // "text") \(.message)"' |
		tr -d '\r\033' >got
	cat >want <<-'END'
		text SecCoreStartup

		firmware [Debug I/O port: Firmware code 0x0] 0.000402 seconds

		text Loading PEIM
		bootloader [Debug I/O port: Bootloader code 0x20] 0.001000 seconds

		text done

		text café [2J

		kernel [Debug I/O port: Kernel code 0x40] 0.002000 seconds

	END
	same want got
	"$dump" log >text
	safe text
}

@test "text before a line of the monitor may look like one" {
	printf '%s\n' "cloud-hypervisor: no" 'cloud-hypervisor: 5s' >text
	vmmlog 49 'cloud-hypervisor: 7.0s: text, cloud-hypervisor: and ' 0x0@402 \
		'cloud-hypervisor: x\n' 0x40@2000 >log
	"$dump" -J log | objects | jq -r '"\(.boot) \(.component // "text") \(.message)"' |
		tr -d '\r' | sed 's/ $/@/' | grep . >got
	cat >want <<-'END'
		0 text cloud-hypervisor: 7.0s: text, cloud-hypervisor: and@
		0 firmware [Debug I/O port: Firmware code 0x0] 0.000402 seconds
		0 text cloud-hypervisor: x
		0 kernel [Debug I/O port: Kernel code 0x40] 0.002000 seconds
	END
	same want got
}

@test "filters" {
	vmmlog 49 'text\n' 0x0@402 0x20@1000 0x40@1500000 'more\n' 0x60@2500000 >log
	[ "$("$dump" -c kernel log)" = "$(grep Kernel log | right)" ]
	[ "$("$dump" -l info log | wc -l)" -eq 4 ]
	[ "$("$dump" -g text log)" = "text" ]
	[ "$("$dump" --since 1.4 --until 1.6 log)" = "$(grep Kernel log | right)" ]
	[ "$("$dump" --since -1 log)" = "$(grep -e Kernel -e Userspace log | right)" ]
	[ "$("$dump" -n 2 log)" = "$(tail -n 2 log | right)" ]
	[ "$("$dump" -F debugport log | wc -l)" -eq 6 ]
	[ "$("$dump" --time-format seconds -c kernel log)" = \
		"[    1.500000] info   kernel: [Debug I/O port: Kernel code 0x40] 1.500000 seconds" ]
	run -1 "$dump" -q -F ovmf log
}

@test "a pipe, a compressed file and an extract give the output of the file" {
	vmmlog 49 vmm@1000 'text\n' 0x0@402 >log
	for _ in {1..200}; do vmmlog 49 0x40@1500000; done >>log
	"$dump" log >want
	"$dump" - <log | cmp - want
	# shellcheck disable=SC2002 # a pipe
	"$dump" - < <(cat log) | cmp - want
	zstd -q log
	"$dump" log.zst | cmp - want
	"$dump" - <log.zst | cmp - want
	gzip -k log
	"$dump" log.gz | cmp - want
	"$dump" --extract small log
	"$dump" small | cmp - want
	run -0 "$dump" --list small
	[[ ${lines[2]} == *"times count from the creation of the machine" ]]
}

# numbers IMAGE: the boot of each line that has a code or is text
numbers() {
	"$dump" -q -a -J "$1" | objects | jq -r '.boot' | uniq -c |
		awk '{ printf "%s*%s ", $1, $2 }'
}

@test "boots: a machine that was reset, and monitors one after the other" {
	# the monitor goes on, and creates a machine anew
	vmmlog 49 vmm@4000 'one\n' 0x0@402 0x40@500000 vmm@900000 +910000 'two\n' \
		0x0@403 0x40@500001 >reset
	[ "$(numbers reset)" = "6*-1 2*0 " ]
	# only marks whose times go on, but the monitor's do not by as much
	vmmlog 49 0x40@500000 +910000 0x40@500500 +2000000 0x40@600000 >later
	[ "$(numbers later)" = "1*-2 1*-1 1*0 " ]
	# another monitor, whose first mark is later than the last one before
	{ vmmlog 24 vmm@4000 0x40@500000; vmmlog 24 vmm@4100 0x40@600000; } >two
	[ "$(numbers two)" = "2*-1 2*0 " ]
	# nothing is known of the monitor's time
	{ vmmlog msg 0x0@402 0x40@500000; vmmlog msg 0x0@403 0x40@500000; } >again
	[ "$(numbers again)" = "2*-1 2*0 " ]
	# each line of a boot timer is one
	vmmlog firecracker 0x7b@125000 0x7b@126000 >fire
	[ "$(numbers fire)" = "1*-1 1*0 " ]
	run -0 "$dump" --list-boots two
	[ "${lines[1]}" = "  -1  debugport       1  phys:0x0" ]
	[ "${lines[2]}" = "   0  debugport       1  phys:0x0" ]
	run -0 --separate-stderr "$dump" two
	[ "$stderr" = "memlog-dump: two: not shown: debugport phys:0x0, boot -1; use -b -1 or --all" ]
	[ "$output" = "$(tail -n 2 two)" ]
	"$dump" -b -1 two | cmp - <(head -n 2 two)
	run -1 --separate-stderr "$dump" -b -2 two
	[[ $stderr == *"no log of boot -2; there are -1 (debugport), 0 (debugport)" ]]
}

@test "boots: one machine is one boot, whatever its clocks look like" {
	local v
	for v in 0.2 24 29 49; do
		# two CPUs that are logged in the wrong order, and hours in
		# which the monitor's time has fewer digits
		vmmlog "$v" vmm@11000 0x0@402 0x21@1000 0x20@999 vmm@11700 \
			0x40@500000 0x41@86400000000 0x41@86400100000 \
			0x42@864000000000 >log
		[ "$(numbers log)" = "9*0 " ]
	done
}

# whose IMAGE: the machine, the boot and the code or the text of each line
whose() {
	"$dump" -q -a -J "$1" | objects | jq -r '[.fields.vm // "-", .boot,
		.fields.code // (.message | sub("\\s+$"; ""))] | join(" ")'
}

@test "machines whose lines are mixed in one log" {
	local v
	cat >want <<-'END'
		vm1 0 0x0
		vm1 0 0x20
		vm2 -1 0x1
		vm1 0 0x40
		vm2 -1 0x21
		vm2 -1 0x41
		vm1 0 0x60
		vm2 0 0x2
		vm1 0 0x80
		vm2 0 0x22
		vm1 0 0x81
	END
	for v in 0.2 0.13 20 24 24arm 29 33 49 49arm; do
		# b starts 0.3 s after a, and is reset after 1.2 s
		vmmlog "$v" vm:a 0x0@402 0x20@200000 vm:b +14000 0x1@500 \
			vm:a 0x40@400000 vm:b 0x21@100000 0x41@900000 \
			vm:a 0x60@1250000 vm:b +1200000 0x2@600 \
			vm:a 0x80@1600000 vm:b 0x22@200000 vm:a 0x81@1800000 >log
		whose log >got
		same want got
		"$dump" -r -a -q log | cmp - log
	done
	grep -v ' -1 ' want >latest
	# shellcheck disable=SC2002 # a pipe
	"$dump" -q -J - < <(cat log) | objects |
		jq -r '[.fields.vm, .boot, .fields.code] | join(" ")' >got
	same latest got
	[ "$("$dump" -b -1 -J log | objects | jq -r .fields.code | tr '\n' ' ')" = \
		"0x1 0x21 0x41 " ]
	run -0 "$dump" --list-boots log
	[ "${lines[1]}" = "  -1  debugport       1  phys:0x0" ]
	[ "${lines[2]}" = "   0  debugport       1  phys:0x0" ]
	[ ${#lines[@]} -eq 3 ]
}

@test "three machines, of which one started before a line shows it" {
	vmmlog 49 vm:a vmm@4000 0x0@402 0x40@500000 vm:b vmm@4100 \
		vm:a 0x41@600000 vm:b +12000 0x0@600 vm:a 0x42@620000 \
		'text of one of them\n' vm:c +30000 0x0@500 vm:b 0x40@300000 \
		vm:c 0x40@200000 vm:a 0x43@990000 vm:b 0x41@400000 \
		vm:c 0x41@420000 >log
	cat >want <<-'END'
		vm1 0x0
		vm1 0x40
		vm1 0x41
		vm2 0x0
		vm1 0x42
		vm3 0x0
		vm2 0x40
		vm3 0x40
		vm1 0x43
		vm2 0x41
		vm3 0x41
	END
	whose log | grep 0x | sed 's/ 0 / /' >got
	same want got
	# of other lines it is not known
	[ "$(whose log | grep -vc 0x)" -eq 3 ]
	[ "$(whose log | grep -c '^- 0 ')" -eq 3 ]
}

@test "in a journal the number of the process tells" {
	local v
	cat >want <<-'END'
		71 -1 0x0
		72 0 0x0
		71 -1 0x40
		72 0 0x40
		71 0 0x0
		72 0 0x41
		71 0 0x40
	END
	# times are as like as can be, or unknown
	for v in 0.2 0.13 20 24 24arm 29 33 49 49arm wallclock msg; do
		vmmlog "$v" vm:a pid:71 vm:b pid:72 vm:a 0x0@402 vm:b 0x0@402 \
			vm:a 0x40@500000 vm:b 0x40@500000 \
			vm:a +900000 0x0@403 vm:b 0x41@900000 \
			vm:a 0x40@500001 >log
		whose log >got
		same want got
		"$dump" -r -a -q log | cmp - log
	done
	vmmlog firecracker vm:a pid:71 vm:b pid:72 vm:a 0x7b@125000 \
		vm:b 0x7b@126000 vm:a 0x7b@127000 >fire
	[ "$(whose fire | tr '\n' ' ')" = "71 -1 0x7b 72 0 0x7b 71 0 0x7b " ]
}

@test "what a journal adds is of the line; text before the monitor's is not" {
	vmmlog 49 vm:a pid:71 0x0@402 vm:b pid:72 0x0@500 vm:a vmm@600000 >log
	{
		printf 'Nov 29 07:35:21 host %s' \
			$'cloud-hypervisor[71]: SecCoreStartup\n' \
			$'sshd[99]: no monitor\n' \
			'cloud-hypervisor[72]: Loading PEIM'
		vmmlog 49 0x20@300000 vm:a pid:71 0x21@900000
	} >>log
	"$dump" -J log | objects | jq -r '[.fields.vm // "-",
		(.text | sub("\\s+$"; "") | sub("WARN.* -- "; ""))] | join(" ")' >got
	cat >want <<-'END'
		71 Nov 29 07:35:21 host cloud-hypervisor[71]: cloud-hypervisor:   0.011402s: <vcpu0> [Debug I/O port: Firmware code 0x0] 0.000402 seconds
		72 Nov 29 07:35:21 host cloud-hypervisor[72]: cloud-hypervisor:   0.011500s: <vcpu0> [Debug I/O port: Firmware code 0x0] 0.000500 seconds
		71 Nov 29 07:35:21 host cloud-hypervisor[71]: cloud-hypervisor:   0.600000s: <vmm> INFO:vmm/src/lib.rs:900 -- starting
		71 Nov 29 07:35:21 host cloud-hypervisor[71]: SecCoreStartup
		- Nov 29 07:35:21 host sshd[99]: no monitor
		72 Nov 29 07:35:21 host cloud-hypervisor[72]: Loading PEIM
		72 cloud-hypervisor:   0.311000s: <vcpu0> [Debug I/O port: Bootloader code 0x20] 0.300000 seconds
		71 Nov 29 07:35:21 host cloud-hypervisor[71]: cloud-hypervisor:   0.911000s: <vcpu0> [Debug I/O port: Bootloader code 0x21] 0.900000 seconds
	END
	same want got
	# one process after the other is the next boot of one machine
	vmmlog 49 vm:a pid:71 0x0@402 0x40@500000 vm:b pid:72 0x0@402 >log
	[ "$(whose log | tr '\n' ' ')" = "- -1 0x0 - -1 0x40 - 0 0x0 " ]
}

@test "late messages make no machines" {
	# the monitor's time of some marks is up to 9 ms late; then another monitor
	vmmlog 49 0x0@402 +14000 0x40@100000 +11000 0x41@200000 +19500 0x42@300000 \
		+11000 0x43@400000 0x44@500000 +11900 0x45@600000 \
		+15000 0x0@402 +11300 0x40@100000 0x41@300000 +19000 0x42@450000 \
		+11300 0x43@550000 0x44@700000 >log
	[ "$(numbers log)" = "7*-1 6*0 " ]
	[ "$(whose log | grep -c '^- ')" -eq 13 ]
}

# bats test_tags=plain
@test "500 mixed logs: each mark is of its machine and boot" {
	perl "$root/tests/golden/portmachines.pl" "$dump" 500 14
}

@test "a log of too many machines and boots" {
	# 100 of them at once, and a boot for each mark
	perl -e 'for my $i (1 .. 100) {
		for my $vm (1 .. 100) {
			printf "cloud-hypervisor: %d.%06ds: [Debug I/O port: Kernel " .
				"code 0x40] %d.%06d seconds\n", $i, $vm * 7919,
				$i, $i * 1000000;
		}
	}
	printf "[Debug I/O port: Kernel code 0x40] 0.%06d seconds\n",
		900000 - 2000 * ($_ % 400) for 1 .. 200000' >many
	"$dump" -q -a -r many | cmp - many
	run -0 --separate-stderr "$dump" -q -n 1 many
	[ "$output" = "$(tail -n 1 many)" ]
}

@test "no other text is taken for such a log" {
	local line ok=' [Debug I/O port: Kernel code 0x40] 0.402744 seconds'
	printf '%s\n' "$ok" >log
	"$dump" log
	while read -r line; do
		printf '%s\n' "$line" >other
		run -3 "$dump" other
	done <<-'END'
		Debug I/O port: Kernel code 0x40] 0.402744 seconds
		[Debug I/O port: Kernel code 0x40]
		[Debug I/O port: Kernel code 0x40] 0.402744
		[Debug I/O port: Kernel code 0x40] .402744 seconds
		[Debug I/O port: Kernel code 0x40] 0. seconds
		[Debug I/O port: Kernel code 0x400] 0.402744 seconds
		[Debug I/O port: Kernel code 0x] 0.402744 seconds
		[Debug I/O port: Kernel code 40] 0.402744 seconds
		[Debug I/O port:  code 0x40] 0.402744 seconds
		[Debug I/O port: Ke1nel code 0x40] 0.402744 seconds
		[Debug I/O port: Kernel Kernel Kernel code 0x40] 0.402744 seconds
		Guest-boot-time = us 0 ms
		Guest-boot-time = 125000 ms
		Guest-boot-time = 125000 us 125
	END
	# what comes before the mark is no text
	{ printf 'a\0b\n'; cat log; } >nul
	run -3 "$dump" nul
	# or the mark comes too late; pages of text are memory
	{ endless 0123456789abcde | head -c 128K; cat log; } >late
	run -3 "$dump" late
	run -3 "$dump" - <late
	{ endless 0123456789abcde | head -c 120K; cat log; } >early
	[ "$(marks early)" = "kernel 0x40 402744 1000000" ]
	"$dump" -q - <early >got
	cmp got early
	# the user says that it is memory
	run -1 "$dump" -q --map=none log
}

@test "hostile logs: endless lines, NULs, huge numbers, no line end" {
	local n=99999999999999999999999
	vmmlog 49 0x0@402 >log
	{ cat log; head -c 100000 /dev/zero | tr '\0' x; vmmlog msg 0x20@1000; } >endless
	[ "$(marks endless)" = "firmware 0x0 402 1000000" ]
	"$dump" -r endless | cmp - endless
	{ cat log; printf '\0\0\n\0'; vmmlog msg 0x20@1000; } >nul
	[ "$(marks nul)" = "firmware 0x0 402 1000000
bootloader 0x20 1000 1000000" ]
	"$dump" nul >text
	safe text
	{
		cat log
		printf '[Debug I/O port: Kernel code 0x40] %s.%s seconds\n' $n $n 1 $n $n 100000
		printf '[Debug I/O port: Kernel code 0x40] 18446744073709.18446744073709551615 seconds\n'
		printf 'cloud-hypervisor: %s.%ss: <vmm> x\n' $n $n
		printf 'cloud-hypervisor: 18446744073709551615s: [Debug I/O port: Kernel code 0x40] 0.000500 seconds\n'
		printf 'Guest-boot-time = %s us %s ms, %s CPU us %s CPU ms\n' $n $n $n $n
	} >huge
	[ "$(marks huge | cut -d ' ' -f 3 | tr '\n' ' ')" = \
		"402 null null null 18446744073709551615 500 null " ]
	printf '[Debug I/O port: Kernel code 0x40] 0.402744 seconds' >unended
	[ "$(marks unended)" = "kernel 0x40 402744 1000000" ]
	"$dump" -r unended | cmp - unended
	: >empty
	run -3 "$dump" empty
}

@test "in the memory of a guest there is no such log, whatever a guest writes" {
	vmmlog 49 0x0@402 0x40@500000 >log
	"$dump" -q --extract=x log
	{ head -c 64K /dev/zero; cat x; head -c 64K /dev/zero; } >memory
	run -1 --separate-stderr "$dump" -q --map=none --scan=exhaustive memory
	[ -z "$output" ]
	"$dump" -q -r x | cmp - log
}

# bats test_tags=plain
@test "a log of 64 MiB needs no more memory than a small one" {
	local limit=40000
	vmmlog 49 0x0@402 0x40@500000 >log
	# what a small one needs, with the libraries of this machine, and 20 MB
	# shellcheck disable=SC2016
	until grep -q __asan_init "$dump" || bash -c 'ulimit -v "$2" && "$1" -q -a -r log | cmp - log' - "$dump" \
		"$limit" 2>said; do
		[ $((limit += 5000)) -lt 1000000 ]
	done
	limit=$((limit + 20000))
	# AddressSanitizer reserves terabytes before it starts
	! grep -q __asan_init "$dump" || limit=unlimited
	perl -e 'local $/; $_ = <>; print $_ x 250000' log >large
	[ "$(stat -c %s large)" -gt 64000000 ]
	# shellcheck disable=SC2016
	run -0 bash -c 'ulimit -v "$2" && "$1" -q -a -r large | cmp - large' \
		- "$dump" "$limit"
	# shellcheck disable=SC2016
	run -0 bash -c 'ulimit -v "$2" && "$1" -q -n 1 large' - "$dump" "$limit"
	[ "$output" = "$(tail -n 1 log | tr -d '\r')" ]
}
