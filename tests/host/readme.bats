#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The README's commands for a VM of one's own, and for dumps far away, are typed as they are
# written.

bats_require_minimum_version 1.5.0
load ../lib
load ../wait
load ../web

setup() {
	T=$BATS_TEST_TMPDIR
	cd "$T" || return 1
	ln -s "$root/fixtures" "$root/README.md" .
	mkdir build
	ln -s "$dump" build/memlog-dump
}

teardown() {
	[ ! -e pids ] || xargs -r kill <pids 2>/dev/null || :
	web_stop "$T"
}

# commands FIRST: the README's indented lines from the one that begins like this, up to
# the next empty line
commands() {
	sed -n "/^    $1/,/^\$/s/^    //p" README.md
}

# type_in FILE: run its commands as an interactive shell would, with job control; the
# process of the guest is noted
type_in() {
	{
		echo 'set -m'
		sed 's/&$/\& echo $! >>pids/' "$1"
	} >script
	bash script
}

@test "the README's VM in one minute: its log, as it boots" {
	commands 'zstd -d fixtures' >minute
	grep -q '^qemu-system-x86_64 -name demo' minute
	grep -q 'build/memlog-dump -w domain:demo$' minute
	type_in minute >out 2>err &
	until_ok grep -q 'Loading DXE CORE' out
	xargs kill <pids
	# it ends with the guest
	reap $!
	[ "$(head -c 23 out)" = SecCoreStartupWithStack ]
}

@test "the README's way to tell whether a firmware logs" {
	commands 'qemu-system-x86_64 -name try' >try
	[ "$(wc -l <try)" -eq 3 ]
	grep -q '^sleep 5; build/memlog-dump --list domain:try; kill %%$' try
	# Debian's: no log, and where to read on
	if [ -e /usr/share/OVMF/OVMF_CODE.fd ]; then
		run --separate-stderr type_in try
		[ -z "$output" ]
		[[ $stderr == *"no log found"* ]]
		[[ $stderr == *"check: the firmware may not log"*"memlog(7) says how to tell"* ]]
	fi
	# and one that does
	zstd -qd fixtures/firmware/OVMF-x64.fd.zst -o OVMF.fd
	sed -i 's,/usr/share/OVMF/OVMF_CODE.fd,OVMF.fd,' try
	# a busy machine takes longer
	sed -i 's,sleep 5;,for i in {1..60}; do sleep 1; build/memlog-dump -q domain:try >/dev/null 2>\&1 \&\& break; done;,' try
	run --separate-stderr type_in try
	[[ $output == *ovmf*current* ]]
}

# The list of dumps is typed by tests/full/slurm.bats.
@test "the README's dump far away, by a web server and by ssh" {
	web_can || skip "nbdkit or nginx is not installed"
	commands 'memlog-dump https:' | head -n 2 >far
	grep -q '^memlog-dump https://dumps.example/vmcore.elf  *#' far
	grep -q '^ssh dumps.example cat vmcore.elf | memlog-dump -  *#' far
	web_start "$T"
	printf '%s\n' 'ram 0 128M random=1' 'ovmf 0x7cb3000' 'write "far away\n"' end \
		elf64 >rec
	"$B/mkimage" rec www/vmcore.elf
	# an ssh that has the same file
	mkdir bin
	ln -s "$dump" bin/memlog-dump
	# shellcheck disable=SC2016 # the other shell's
	printf '#!/bin/sh\n[ "$1" = dumps.example ] || exit 255\nshift\ncd "%s/www" && exec "$@"\n' \
		"$T" >bin/ssh
	chmod +x bin/ssh
	sed -i "s,https://dumps.example,$url," far
	PATH=$T/bin:$PATH run -0 --separate-stderr bash far
	[ "$output" = $'far away\nfar away' ]
	# as little as it says
	[ "$(awk '{ n += $3 } END { print n }' access.log)" -le 4200000 ]
}
