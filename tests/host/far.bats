#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Images that are far away: real nbdkit, on sockets and started by memlog-dump, and a
# web server. What they count is compared with what memlog-dump says it read.

bats_require_minimum_version 1.5.0
load ../lib
load ../wait
load ../web

setup_file() {
	export dir=$BATS_FILE_TMPDIR
	! web_can || web_start "$dir"
}

teardown_file() {
	web_stop "$dir"
}

setup() {
	[ -e "$dir/nginx.pid" ] || skip "nbdkit or nginx is not installed"
	cd "$BATS_TEST_TMPDIR" || return
	uri="nbd+unix:///?socket=$PWD/sock"
}

teardown() {
	[ ! -s pid ] || stop_server
}

stop_server() {
	kill "$(cat pid)"
	until_ok gone "$(cat pid)"
	rm -f pid sock
}

gone() { ! kill -0 "$1" 2>/dev/null; }

# serve FILE [OPTION...]: as $uri
serve() {
	local file=$1
	shift
	nbdkit -r -U "$PWD/sock" -P "$PWD/pid" --filter=stats \
		"${1:---filter=nofilter}" file "$file" statsfile="$PWD/stats" "${@:2}"
	until_ok test -s pid
}

# read_far ARGUMENT...: what memlog-dump says of itself, in $requests and $bytes; what the
# server says of it has to be the same
read_far() {
	local said
	"$dump" -v "$@" "$uri" >out 2>err || rc=$?
	read -r requests bytes < <(sed -n \
		's/.* \([0-9]*\) requests\{0,1\} for \([0-9]*\) bytes of the file$/\1 \2/p' err)
	stop_server
	# reads and extents; what is not asked for these answers itself, once
	said=$(awk '/^(read|extents): [0-9]+ ops/ { n += $2 } END { print n }' stats)
	echo "$requests requests; the server has seen $said"
	[ "$requests" -eq "$said" ] ||
		{ ! grep -q ^extents stats && [ "$requests" -eq $((said + 1)) ]; }
}

# at_most REQUESTS BYTES
at_most() {
	echo "$requests requests, $bytes bytes; at most $1 and $2"
	[ "$requests" -le "$1" ] && [ "$bytes" -le "$2" ]
}

M4=4194304

# The log is that of the file, and the server has seen what -v says: how much that is of other
# dumps is in slow.bats.
@test "dumps of a server: few requests, as many as it has seen" {
	local f how rc
	while read -r f how; do
		unpack "$f"
		"$dump" -q "$unpacked" >want || [ "$f" = ovmf-c12-off.elf ]
		rc=0
		echo "$f $how"
		serve "$unpacked" "--filter=$how"
		read_far
		cmp out want
		at_most 60 100000000
	done <<-END
		memlog-q35-shell.elf noextents
		memlog-q35-shell.elf nofilter
		ovmf-c12-off.elf noextents
		memlog-q35-shell.kdump-zlib nofilter
	END
	serve "$unpacked"
	read_far --info
	at_most 5 1000000
}

# As it says to be asked what no log leads to, the note is the same in all front ends.
@test "a search that ended early says so, and how to look everywhere" {
	local rc=0
	unpack memlog-q35-shell.elf
	serve "$unpacked"
	run -0 --separate-stderr "$dump" "$uri"
	[[ $stderr == *", where logs are likely, were searched, up to a current log: --scan=pages looks everywhere"* ]]
	run -0 --separate-stderr "$dump" --scan=pages "$uri"
	[[ $stderr != *"logs are likely"* ]]
	"$dump" -q "$unpacked" >"$BATS_TEST_TMPDIR/.want"
	cmp <(printf '%s\n' "$output") "$BATS_TEST_TMPDIR/.want"
}

@test "a web server, through nbdkit and curl" {
	local rc=0 asked n b
	unpack memlog-q35-shell.elf
	cp "$unpacked" "$dir/www/a%20 dump.elf"
	"$dump" -q "$unpacked" >want
	: >"$dir/access.log"
	uri="$url/a%2520%20dump.elf"
	"$dump" -v "$uri" >out 2>err
	cmp out want
	read -r requests bytes < <(sed -n \
		's/.* \([0-9]*\) requests for \([0-9]*\) bytes of the file$/\1 \2/p' err)
	at_most 40 "$M4"
	# each is one of the web server, but for what nbdkit answers: is anything not allocated?
	until_ok grep -q 206 "$dir/access.log"
	asked=$(awk '$2 == 206 { n++; b += $3 } END { print n, b }' "$dir/access.log")
	echo "$requests $bytes; the web server: $asked"
	# some releases of nbdkit read a byte more than they need
	read -r n b <<<"$asked"
	[ "$n" -eq $((requests - 1)) ]
	[ "$b" -ge "$bytes" ] && [ "$b" -le $((bytes + n)) ]
	# memory of a raw file is where the user says
	unpack ovmf-c01-elf64.raw
	cp "$unpacked" "$dir/www/raw"
	"$dump" -q --map=q35 "$url/raw" >"$BATS_TEST_TMPDIR/.got"
	"$dump" -q --map=q35 "$unpacked" >"$BATS_TEST_TMPDIR/.want"
	cmp "$BATS_TEST_TMPDIR/.got" "$BATS_TEST_TMPDIR/.want"
	# whoever started it may ignore the ends of children
	env --ignore-signal=CHLD "$dump" -q "$uri" >"$BATS_TEST_TMPDIR/.got"
	cmp want "$BATS_TEST_TMPDIR/.got"
	# no server is left
	run -1 pgrep -f "nbdkit.*$url"
}

@test "compressed files of a web server" {
	local form
	unpack memlog-q35-shell.elf
	"$dump" -q "$unpacked" >want
	xz -q --block-size=1MiB -k -c "$unpacked" >"$dir/www/blocks.xz"
	xz -q -c "$unpacked" >"$dir/www/whole.xz"
	gzip -c "$unpacked" >"$dir/www/a.gz"
	zstd -q -c "$unpacked" >"$dir/www/a.zst"
	for form in blocks.xz whole.xz a.gz a.zst; do
		echo "$form"
		"$dump" -q "$url/$form" >out
		cmp out want
	done
	# blocks are read as needed
	printf '%s\n' 'ram 0 16M random=1' 'ovmf 0xfc0000' 'write "text"' end raw \
		>rec
	"$B/mkimage" rec memory
	xz -q -0 --block-size=1MiB -c memory >"$dir/www/blocks.xz"
	: >"$dir/access.log"
	run -0 "$dump" -q --map=none --at 0xfc0000 "$url/blocks.xz"
	[ "$output" = text ]
	until_ok grep -q 206 "$dir/access.log"
	[ "$(awk '{ n += $3 } END { print n }' "$dir/access.log")" -lt $M4 ]
}

@test "what cannot be opened says why" {
	local bad
	run -3 "$dump" "$url/missing"
	[[ $output == *"The requested URL returned error: 404"* ]]
	[[ $output == *"$url/missing: cannot connect: "* ]]
	run -3 "$dump" "nbd+unix:///?socket=$PWD/none"
	[[ $output == *"cannot connect"*"No such file or directory"* ]]
	run -3 "$dump" nbd://127.0.0.1:1
	[[ $output == *"nbd://127.0.0.1:1: cannot connect"*"Connection refused"* ]]
	run -3 "$dump" 'nbdkit:nosuch a=b'
	[[ $output == *"nbdkit has no plugin nosuch: install nbdkit-nosuch-plugin, or on Debian nbdkit"* ]]
	for bad in ssh://host ssh:///path s3://bucket "nbdkit:" "nbdkit:-f x"; do
		run -2 "$dump" "$bad"
		[[ $output == *"$bad: give it as "* ]] ||
			[[ $output == "memlog-dump: nbdkit: give it as "* ]]
	done
	for bad in http://u:+x@h/ http://u:%2dx@h/ ssh://u:%2B@h/x ssh://h/a%00b; do
		run -2 "$dump" "$bad"
		[[ $output == *": passwords that begin with - or + "* ]] ||
			[[ $output == *": %00 cannot be passed on" ]]
	done
	run -3 "$dump" gopher://host/x
	[[ $output == *"URLs of this kind are not opened"* ]]
	# a PATH without nbdkit
	mkdir bin
	run -3 env PATH="$PWD/bin" "$dump" "$url/missing"
	[[ $output == *"nbdkit is not installed: it is the package nbdkit of Debian and Fedora"* ]]
}

# What was found before is printed; the rest is missing.
@test "a server that fails, stops or goes away" {
	local rc far
	unpack memlog-q35-shell.elf
	serve "$unpacked" --filter=error error-pread-rate=100%
	run -3 "$dump" "$uri"
	[[ $output == *"cannot read"* ]]
	stop_server
	# one that goes away in the middle of a search
	serve "$unpacked" --filter=delay rdelay=1
	"$dump" --scan=pages "$uri" >out 2>err &
	far=$!
	sleep 2
	kill -9 "$(cat pid)"
	until_ok gone "$(cat pid)"
	rm pid
	rc=0
	reap "$far" || rc=$?
	[ $rc -eq 4 ]
	grep -q "bytes could not be read.*: the NBD server is lost" err
	grep -q "incomplete: a log may be in the" err
	# ended while it waits
	rm -f sock
	serve "$unpacked" --filter=delay rdelay=30
	"$dump" "$uri" >out 2>err &
	far=$!
	sleep 1
	kill "$far"
	rc=0
	reap "$far" || rc=$?
	[ $rc -eq 143 ]
}

# nbdkit does not end before its plugin has an answer, which may be never.
@test "memlog-dump and nbdkit end while a web server does not answer" {
	local far rc=0 server
	unpack memlog-q35-shell.elf
	cp "$unpacked" "$dir/www/slow.elf"
	: >"$dir/access.log"
	"$dump" "$url/slow/slow.elf" >out 2>err &
	far=$!
	# it has asked how large the file is, and reads
	until_ok grep -q "^HEAD 200" "$dir/access.log"
	sleep 1
	server=$(pgrep -P "$far" nbdkit)
	# it ends by itself, too, in case that memlog-dump is killed
	tr '\0' '\n' <"/proc/$server/cmdline" | grep -x "timeout=120"
	kill "$far"
	reap "$far" || rc=$?
	[ $rc -eq 143 ]
	until_ok gone "$server"
}

# A page of the file that cannot be read is between the log and where a search comes from, or
# has the header of a record of a flattened file, after which nothing is found.
@test "what cannot be read of a file is not more than that" {
	local how
	cat >plugin <<-'END'
		#!/bin/sh
		case $1 in
		get_size) stat -c %s "$file" ;;
		pread)
			if [ "$4" -lt $((bad + 4096)) ] && [ $(($4 + $3)) -gt "$bad" ]; then
				echo "EIO bad" >&2
				exit 1
			fi
			dd if="$file" iflag=skip_bytes,count_bytes skip="$4" \
				count="$3" bs=1M status=none
			;;
		*) exit 2 ;;
		esac
	END
	chmod +x plugin
	unpack memlog-q35-shell.elf
	export file=$unpacked bad=$((0x3ec8000 + 0x508 - 0x5000))
	"$dump" -q "$file" >want
	for how in auto pages; do
		run -0 --separate-stderr "$dump" --scan="$how" "nbdkit:sh $PWD/plugin"
		cmp <(printf '%s\n' "$output") want
		# pages of the file are not where those of memory are
		[[ $stderr =~ "warning: "[0-9]{4}" bytes could not be read" ]]
	done
	# as many pages of a compressed dump, however much is read at once
	unpack ovmf-c04b-wrap1-q11.kdump-raw-zlib
	file=$unpacked bad=$(($(stat -c %s "$unpacked") / 2))
	for how in pages exhaustive; do
		run -0 --separate-stderr "$dump" --scan="$how" "nbdkit:sh $PWD/plugin"
		grep -o "[0-9]* bytes could not be read" <<<"$stderr" >>lost
	done
	[ "$(uniq lost | wc -l)" -eq 1 ]
	unpack memlog-q35-shell.kdump-zlib
	file=$unpacked bad=$(($(stat -c %s "$unpacked") / 2))
	run -4 --separate-stderr "$dump" --scan=pages "nbdkit:sh $PWD/plugin"
	[[ $stderr == *"incomplete: a log may be in the "* ]]
	[[ $stderr == *"the flattened file is damaged, and the rest is missing: cannot read"* ]]
}

@test "passwords are in no message and no output" {
	local at=${url#http://} name
	unpack memlog-q35-shell.elf
	cp "$unpacked" "$dir/www/pw.elf"
	for name in "http://me:se%73ame@$at/pw.elf" "http://me:se%73ame@$at/no.elf" \
		"nbdkit:curl url=$url/pw.elf user=me password=sesame" \
		"ssh://me:se%73ame@127.0.0.1:1/x" "nope://me:se%73ame@h/x"; do
		for how in -v --info --list -J "-J --signature" "-O html"; do
			# shellcheck disable=SC2086
			"$dump" $how "$name" >>all 2>&1 || [ $? -eq 3 ]
		done
	done
	grep -q "me:\*\*\*@$at/pw.elf: only" all
	grep -q "password=\*\*\*: only" all
	grep -q '"image":"http://me:\*\*\*@' all
	run -1 grep "se%73ame\|sesame" all
	# it is passed on
	cat >server.py <<-END
		import socket, sys
		s = socket.create_server(("127.0.0.1", 0))
		print(s.getsockname()[1], flush=True)
		c = s.accept()[0]
		print(c.recv(65536).decode(), flush=True)
	END
	python3 server.py >heard &
	local server=$!
	until_ok test -s heard
	run -3 "$dump" "http://me:se%73ame@127.0.0.1:$(head -n 1 heard)/x"
	wait "$server"
	grep "^Authorization: Basic $(printf me:sesame | base64)" heard
}
