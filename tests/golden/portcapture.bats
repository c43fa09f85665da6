#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Captures of debug ports: one that was saved is an image, and its records are those
# that the capture had.

bats_require_minimum_version 1.5.0
load ../lib
load ../wait

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
	"$dump" --list log | has 'count from the start of the capture'
	"$dump" --info log | has 'capture of debug ports'
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

# Lines of JSON without what differs between a live capture and the saved one.
records() {
	objects | jq -c 'del(.image)'
}

@test "port: of files: what is saved as text has the records that JSON has" {
	printf '\1\2\2\0\0\0\3\377' >post
	printf 'one\r\n\033[2Jtwo\377\nprompt' >text
	"$dump" -q port:post,kind=post port:text,port=0x402,name=vm1 |
		sed 's/^.[ 0-9.]*. //' | grep -v began | sort >got
	printf '%s\n' '0x80 = 0x01 firmware' '0x80 = 0x02 firmware' \
		'0x80 = 0x03 firmware' '0x80 = 0xff custom' \
		'capture: 0x80: 4 writes of the same byte left out: a delay' \
		'vm1 0x402: \x1b[2Jtwo\xff' 'vm1 0x402: one' \
		'vm1 0x402: prompt' | sort >want
	same want got
	# the same bytes as records: JSON, and JSON of the raw output
	"$dump" -q -r port:post,kind=post port:text,port=0x402,name=vm1 >raw
	"$dump" -q -J raw | records >want
	"$dump" -q -r raw | cmp - raw
	[ "$(sed 1d raw | wc -l)" = 8 ]
	[ "$(jq -s -c 'map(.fields.vm) | unique' want)" = '[null,"vm1"]' ]
	# filters, and lines
	run -0 "$dump" -q -c custom port:post,kind=post
	[ "${#lines[@]}" = 1 ]
	run -0 "$dump" -q -n 1 port:text
	[[ $output == *'] text: prompt' ]]
	run -1 "$dump" -q -g nothing port:text
	run -0 --separate-stderr "$dump" port:post,kind=post
	[[ $stderr == *'6 lines of 1 port in '*' s, 0 restarts, 4 writes left out'* ]]
}

@test "port: what cannot be, and what is not there" {
	: >text
	run -3 --separate-stderr "$dump" port:none
	[[ $stderr == *'port: none: No such file or directory' ]]
	for bad in port: port:text,kind=x port:text,port=-1 port:text,name=; do
		run -2 --separate-stderr "$dump" port:text "$bad"
		[[ $stderr == "memlog-dump: port: "*"${bad#port:}: "* ||
			$bad == port: ]]
	done
	run -2 --separate-stderr "$dump" --list port:text
	[[ $stderr == *'save what they have with -o FILE'* ]]
	run -2 "$dump" -F ovmf port:text
	run -2 "$dump" -w -n 3 port:text
	run -2 "$dump" port:text,listen
	run -0 "$dump" --info port:text
	[[ $output == *'debug ports'* ]]
}

@test "-w of ports ends with a signal: status 0, and the file is there" {
	mkfifo pipe
	# its lines have times of arrival anyway
	"$dump" -w --time-format=arrival -o log port:pipe,port=0x402 2>said &
	pid=$!
	echo hello >pipe
	until_ok grep -q hello log
	kill $pid
	status=0
	reap $pid || status=$?
	[ "$status" = 0 ]
	grep -q '2 lines of 1 port' said
	[ "$("$dump" -q log | sed -n 2p | cut -d']' -f2)" = ' 0x402: hello' ]
}

@test "what is no line of a capture is text" {
	{
		capture | head_all -n 2
		echo '[    0.5] no time'
		echo '[    0.500000000] 0x80 = 0x03 kernel'
		echo '[    0.500000000] 0x80 = 0x103 firmware'
		echo '[99999999999.000000000] 0x80 = 0x03 firmware'
		echo '[    0.500000000] a/b 0x80 = 0x03 firmware'
		echo 'text'
	} >log
	"$dump" -J log >"$BATS_TEST_TMPDIR/.got"
	run -0 jq -s -c 'map(select(.type == "record")) |
		[length, (map(select(.time)) | length)]' < "$BATS_TEST_TMPDIR/.got"
	[ "$output" = '[8,2]' ]
	"$dump" -q log | cmp - log
	# wrong dates give no dates
	sed '1s/-11-/-13-/' log >dates
	"$dump" -J dates >"$BATS_TEST_TMPDIR/.got"
	run -0 jq -s -c 'map(select(.fields.date)) | length' < "$BATS_TEST_TMPDIR/.got"
	[ "$output" = 0 ]
}

@test "machines whose names begin like a port" {
	cat >log <<-'END'
		[    0.000000000] capture: began 2026-11-28T23:59:59.123456789Z, monotonic 1.000000000
		[    1.000000000] text1 0x80 = 0x03 firmware
		[    2.000000000] text.vm text: a line
		[    3.000000000] text-vm text+: more of it
		[    4.000000000] text: of no machine
	END
	[ "$("$dump" -q -J log | objects | jq -r '.fields.vm // "none"' | tr '\n' ' ')" = \
		"none text1 text.vm text-vm none " ]
	"$dump" -q log | cmp - log
}
