# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# gdb.bash - the plugin in the real gdb, in batch mode.

need_gdb() {
	command -v gdb >/dev/null || skip "gdb is not installed"
	[ -e "$B/gdb-plugin/memlog-gdb.so" ] ||
		skip "gdb's header is not installed"
}

load ../lib
load ../wait

# in_gdb ARG...: gdb with the plugin, a command per line of stdin; an error does not
# keep gdb from the next. Messages of gdb itself go to the file said, with those of
# memlog that gdb printed, and its errors without gdb's words around them.
in_gdb() {
	local line ret=0 commands=()
	while IFS= read -r line; do
		commands+=(-ex "$line")
	done
	limited gdb -nx -q -batch -ex "source $B/gdb-plugin/memlog.gdb" "$@" \
		"${commands[@]}" >printed 2>said || ret=$?
	cat printed
	memlog_said
	return "$ret"
}

memlog_said() {
	sed -i -E 's/^Undefined memlog-error command: "(.*)"\.  Try "help memlog-error"\.$/memlog: \1/' said
	[ ! -e printed ] || sed -n '/^memlog: /p' printed >>said
}
