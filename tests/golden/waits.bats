#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Tests that would hang fail, and tell where.
# shellcheck disable=SC2034,SC2016 # ../wait reads these variables; text of tests

bats_require_minimum_version 1.5.0
load ../lib
load ../wait

setup() {
	export wait_seconds=1
	cd "$BATS_TEST_TMPDIR" || return
}

@test "a condition that never becomes true is named" {
	run -1 until_ok [ -e nowhere ]
	[ "$output" = "waited 1 s in vain for: [ -e nowhere ]" ]
	until_ok [ -d . ]
}

@test "a process that does not end is killed, and named" {
	sleep 1000 3>&- &
	reap $! >said || status=$?
	[ "$status" -eq 124 ]
	grep -q 'did not end in 1 s: sleep 1000' said
	run ! kill -0 $!
	sh -c 'exit 7' 3>&- &
	status=0
	reap $! || status=$?
	[ "$status" -eq 7 ]
}

@test "a bats test that hangs fails by its name, and the next one runs" {
	printf '@test "one %s" { %s; }\n' hangs 'read -r x <fifo' is 'true' >a.bats
	mkfifo fifo
	run -1 env -i PATH=/usr/local/bin:/usr/bin:/bin BATS_TEST_TIMEOUT=2 \
		"$BATS_TEST_DIRNAME/../run" a.bats
	[[ $output == *"not ok 1 one hangs # timeout"* ]]
	[[ $output == *"ok 2 one is"* ]]
}

@test "bats does not wait for what watched a test that has ended" {
	# one more of them, which bats does not end, as if the signal was lost
	printf '@test "%s" { %s; }\n' ends \
		'bats_start_timeout_countdown "$BATS_TEST_TIMEOUT"' goes-on 'sleep 3' >a.bats
	run -0 env -i PATH=/usr/local/bin:/usr/bin:/bin TEST_SECONDS=40 \
		BATS_TEST_TIMEOUT=1000 "$BATS_TEST_DIRNAME/../run" a.bats
	[[ $output == *"ok 1 ends"*"ok 2 goes-on"* ]]
}

@test "a program that hangs is ended, and named" {
	printf '#!/bin/sh\nexec sleep 1000\n' >hangs
	chmod +x hangs
	run -124 env -i PATH="$PATH" TEST_SECONDS=1 "$BATS_TEST_DIRNAME/../run" ./hangs
	[[ $output == *"./hangs: ended after 1 s"* ]]
}
