# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# wait.bash - waits with a limit: a test that would hang fails instead, and tells
# what it waited for. The limit is far longer than anything takes, even on a busy
# machine.

wait_seconds=${wait_seconds:-120}

# until_ok COMMAND...: repeat until it succeeds
until_ok() {
	local tries=0

	until "$@"; do
		if [ $((tries += 1)) -ge $((wait_seconds * 10)) ]; then
			echo "waited $wait_seconds s in vain for: $*"
			return 1
		fi
		sleep 0.1
	done
}

# reap PID: the exit status of a child that is about to end; 124 if it does not and
# had to be killed
reap() {
	local tries=0 status=0

	while kill -0 "$1" 2>/dev/null; do
		if [ $((tries += 1)) -ge $((wait_seconds * 10)) ]; then
			echo "process $1 did not end in $wait_seconds s:" \
				"$(tr '\0' ' ' <"/proc/$1/cmdline")"
			kill -9 "$1"
			wait "$1" 2>/dev/null || status=$?
			return 124
		fi
		sleep 0.1
	done
	wait "$1" 2>/dev/null || status=$?
	return $status
}

# limited COMMAND...: in the foreground, so that it can use the terminal
limited() {
	timeout --foreground -k 10 $((5 * wait_seconds)) "$@"
}
