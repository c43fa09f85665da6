#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Captures of debug ports: one that was saved is an image, and its records are those
# that the capture had.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

capture() {
	cat <<-'END'
		[    0.000000000] capture: began 2026-11-28T23:59:59.123456789Z, monotonic 12345.678901234
		[    0.402744123] vm1 0x80 = 0x03 firmware
		[    0.402800000] vm1 0x402: Loading [Debug I/O port: Kernel code 0x40] 0.503124 seconds
		[    0.900000000] vm2 0x402: other
		[    1.502800000] vm1 0x402+: more of it
		[    2.000000000] capture: restart of vm1
		[    2.500000000] vm1 0x80 = 0xa0 custom
		[    3.000000001] text: [Debug I/O port: Kernel code 0x40] 0.503124 seconds
	END
}

@test "records of a saved capture: time, date, port, byte, machine" {
	capture >log
	"$dump" -q -J log | objects | jq -c \
		'[.time, .time_hz, .component, .message, .fields]' >got
	cat >want <<-'END'
		["0","1000000000","capture","capture: began 2026-11-28T23:59:59.123456789Z, monotonic 12345.678901234\n",{"clock":"capture-start","monotonic":"12345678901234","date":"2026-11-28T23:59:59.123456789Z"}]
		["900000000","1000000000",null,"other\n",{"port":"0x402","vm":"vm2","clock":"capture-start","monotonic":"12346578901234","date":"2026-11-29T00:00:00.023456789Z"}]
		["2000000000","1000000000","capture","capture: restart of vm1\n",{"vm":"vm1","clock":"capture-start","monotonic":"12347678901234","date":"2026-11-29T00:00:01.123456789Z"}]
		["2500000000","1000000000","custom","0xa0 custom\n",{"code":"0xa0","port":"0x80","vm":"vm1","clock":"capture-start","monotonic":"12348178901234","date":"2026-11-29T00:00:01.623456789Z"}]
		["3000000001","1000000000","kernel","[Debug I/O port: Kernel code 0x40] 0.503124 seconds\n",{"code":"0x40","port":"0x80","clock":"capture-start","monotonic":"12348678901235","date":"2026-11-29T00:00:02.123456790Z"}]
	END
	same want got
	"$dump" -b -1 -J log | objects | jq -c \
		'[.boot, .time, .message, .fields.same_line, .fields.code]' >got
	cat >want <<-'END'
		[-1,"402744123","0x03 firmware\n",null,"0x3"]
		[-1,"402800000","Loading [Debug I/O port: Kernel code 0x40] 0.503124 seconds\n",null,null]
		[-1,"1502800000","more of it\n","1",null]
	END
	same want got
	"$dump" --list log | grep -q 'count from the start of the capture'
	"$dump" --info log | grep -q 'capture of debug ports'
	"$dump" -q -c custom log >got
	[ "$(cat got)" = '[    2.500000000] vm1 0x80 = 0xa0 custom' ]
}

@test "text and raw output of a capture are the capture, and so is a part of it" {
	capture | grep -v restart >log
	"$dump" -q log | cmp - log
	"$dump" -q -r log | cmp - log
	grep -v capture log >part
	"$dump" -q part | cmp - part
	[ "$("$dump" -q -J part | objects |
		jq -s 'map(select(.time)) | length')" = 6 ]
	"$dump" -q -J - <part | objects | jq -s -e 'length == 6'
}

@test "what is no line of a capture is text" {
	{
		capture | head -n 2
		echo '[    0.5] no time'
		echo '[    0.500000000] 0x80 = 0x03 kernel'
		echo '[    0.500000000] 0x80 = 0x103 firmware'
		echo '[99999999999.000000000] 0x80 = 0x03 firmware'
		echo '[    0.500000000] a/b 0x80 = 0x03 firmware'
		echo 'text'
	} >log
	run -0 jq -s -c 'map(select(.type == "record")) |
		[length, (map(select(.time)) | length)]' < <("$dump" -J log)
	[ "$output" = '[8,2]' ]
	"$dump" -q log | cmp - log
	# wrong dates give no dates
	sed '1s/-11-/-13-/' log >dates
	run -0 jq -s -c 'map(select(.fields.date)) | length' < <("$dump" -J dates)
	[ "$output" = 0 ]
}
