# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# gdb.bash - the plugin in the real gdb, in batch mode.

need_gdb() {
	command -v gdb >/dev/null || skip "gdb is not installed"
	[ -e "$B/gdb-plugin/memlog-gdb.so" ] ||
		skip "gdb's header is not installed"
}

load ../wait

# in_gdb ARG...: gdb with the plugin, commands on stdin. Messages of gdb itself go
# to the file said.
in_gdb() {
	{
		echo "source $B/gdb-plugin/memlog.gdb"
		cat
	} >commands
	limited gdb -nx -q -batch "$@" -x commands 2>said
}
