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

# unpack_acrn NAME: the same as unpack, of fixtures/acrn
unpack_acrn() {
	unpacked=$BATS_FILE_TMPDIR/$1.elf
	[ -e "$unpacked" ] ||
		zstd -q -d -o "$unpacked" "$root/fixtures/acrn/$1.elf.zst"
}

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

M4=4194304 M8=8388608 M24=25165824

# The log is the same as from the file; the ring of these is below the top of low memory.
@test "ELF and raw dumps: few requests" {
	local f file rc most
	for f in "$vmcores"/memlog-*.elf*.zst "$vmcores"/ovmf-*.{elf,raw,elf-paging}.zst; do
		f=$(basename "$f" .zst)
		case $f in
		# nothing to find
		memlog-off* | ovmf-c12-off*) continue ;;
		# only an early log: a main one may be further down
		*pei* | *early* | *no-room*) most=$M24 ;;
		# a larger ring, of 256 KiB
		*index* | *fpdt* | *resume* | *kept*) most=$M24 ;;
		*) most=$M4 ;;
		esac
		unpack "$f"
		file=$unpacked rc=0
		echo "$f"
		"$dump" -q "$file" >want
		for how in --filter=noextents --filter=nofilter; do
			serve "$file" "$how"
			read_far
			[ "$rc" -eq 0 ]
			cmp out want
			at_most 40 "$most"
		done
		serve "$file"
		read_far --info
		at_most 5 1000000
	done
}

# Of other formats, or with Linux: the text is the same.
@test "dumps of other machines: few requests" {
	local f file rc
	for f in xen-pae32.elf coreboot-q35.raw opal-p9.raw tboot-{plain,packed,over}.raw \
		ramoops-61.raw advlogger-v5-wrap.raw ftrace-{612,arm64}.elf \
		dmesg-{44,510,54}.elf ovmf-c01-elf64.host-vmcore; do
		unpack "$f"
		file=$unpacked rc=0
		echo "$f"
		"$dump" -q "$file" >want
		[ -s want ]
		for how in --filter=noextents --filter=nofilter; do
			serve "$file" "$how"
			read_far
			[ "$rc" -eq 0 ]
			cmp out want
			at_most 40 "$M24"
		done
		serve "$file"
		read_far --info
		at_most 5 1000000
	done
}

# All has to be read, but once, and in large requests.
@test "dumps without a log: their size, and little more" {
	local f rc
	for f in ovmf-c12-off.elf memlog-off.elf dmesg-61.elf; do
		unpack "$f"
		rc=0
		echo "$f"
		serve "$unpacked" --filter=noextents
		read_far
		[ "$rc" -eq 1 ]
		[ ! -s out ]
		at_most 100 "$(($(stat -c %s "$unpacked") + M24))"
	done
}

# The log of a real guest in larger ones, at the same distance from the top of low memory.
@test "guests of 1, 3 and 6 GiB and of 1 TiB: as few" {
	local low size rc
	unpack ovmf-c01-elf64.raw
	dd if="$unpacked" of=ring bs=4096 skip=$((0x3cb3000 / 4096)) count=32 \
		status=none
	"$dump" -q "$unpacked" >want
	for size in 1 3 6 1024; do
		low=$((size < 2 ? size : 2))
		{
			echo "ram 0 ${low}G"
			[ "$size" -le 2 ] || echo "ram 4G $((size - low))G"
			echo "file $low""G-0x34d000 ring"
		} >memory
		for form in elf64 raw; do
			# a raw file has no hole in its addresses
			[ "$form-$size" != raw-1024 ] || continue
			{ cat memory; echo "$form"; } >"$form.rec"
			"$B/mkimage" "$form.rec" "dump.$form"
			for how in --filter=noextents --filter=nofilter; do
				echo "$size $form $how"
				serve "dump.$form" "$how"
				rc=0
				read_far
				cmp out want
				at_most 40 "$M4"
			done
			rm "dump.$form"
		done
	done
}

# dense ELF BASE SIZE [ZEROS...]: the notes and memory of a dump that has little of it, in
# memory of random bytes, but zeros from these addresses on for 1 MiB: as dump
dense() {
	python3 - "$@" >dump <<-'END'
		import random, struct, sys
		old = open(sys.argv[1], "rb").read()
		base, size, *zeros = (int(word, 0) for word in sys.argv[2:])
		ram = bytearray(random.Random(1).getrandbits(8 * size).to_bytes(size, "little"))
		for at in zeros:
		    ram[at - base:at - base + (1 << 20)] = bytes(1 << 20)
		offset, = struct.unpack_from("<Q", old, 32)
		count, = struct.unpack_from("<H", old, 56)
		for i in range(count):
		    kind, flags, off, va, pa, length = struct.unpack_from("<IIQQQQ", old, offset + 56 * i)
		    if kind == 4:
		        notes = old[off:off + length]
		    elif pa >= base and pa + length <= base + size:
		        ram[pa - base:pa - base + length] = old[off:off + length]
		head = bytearray(old[:64])
		struct.pack_into("<QQ", head, 32, 64, 0)
		struct.pack_into("<HHHH", head, 54, 56, 2, 64, 0)
		at = 64 + 2 * 56
		heads = struct.pack("<IIQQQQQQ", 4, 0, at, 0, 0, len(notes), len(notes), 1)
		heads += struct.pack("<IIQQQQQQ", 1, 7, at + len(notes), 0, base, size, size, 1)
		sys.stdout.buffer.write(head + heads + notes + ram)
	END
}

# Real ones, as large and as dense as they were. The ring buffer is where reserve_mem= had it.
@test "guests with Linux: few requests" {
	local rc f
	for f in "hyp-nvhe 0x40000000 0x8000000" "hyp-pkvm 0x40000000 0x8000000" \
		"hyp-remote-test 0 0x8000000" "ftrace-arm64 0x40000000 0x8000000 0x47e67000"; do
		rc=0
		echo "$f"
		unpack "${f%% *}.elf"
		# shellcheck disable=SC2086 # words
		dense "$unpacked" ${f#* }
		"$dump" -q dump >want
		[ -s want ]
		serve dump --filter=noextents
		read_far
		cmp out want
		at_most 40 "$M24"
	done
	grep -q "searched for: .*ftrace.*; not searched for" err
}

# The memory of a real guest in one with 20 MiB more of it above: the log is far below the
# top, but the firmware's own tables lead to it.
@test "a log to which the firmware's tables lead: few requests" {
	local rc=0
	unpack memlog-q35-shell.elf
	tail -c +$((0x508 + 1)) "$unpacked" | head_all -c 64M >memory
	printf '%s\n' 'ram 0 84M' 'file 0 memory' elf64 >rec
	"$B/mkimage" rec dump.elf
	"$dump" -q "$unpacked" >want
	serve dump.elf --filter=noextents
	read_far
	cmp out want
	at_most 40 $((7 << 20))
	# a pointer that was overwritten in part is none
	[ "$(tail -c +$((0x3800001)) memory | head_all -c 8)" = "IBI SYST" ]
	printf '\xff' | dd of=memory bs=1 seek=$((0x3800008)) conv=notrunc status=none
	"$B/mkimage" rec dump.elf
	serve dump.elf --filter=noextents
	read_far
	cmp out want
	[ "$bytes" -gt $M24 ]
}

@test "kdump-compressed dumps: few requests, beyond the bitmaps" {
	local f file rc
	for f in "$vmcores"/{memlog,ovmf}-*.kdump*.zst; do
		f=$(basename "$f" .zst)
		unpack "$f"
		file=$unpacked rc=0
		echo "$f"
		"$dump" -q "$file" >want
		serve "$file"
		read_far
		cmp out want
		# a flattened file has no index: all of it is read, once
		if grep -q "^makedumpfile" < <(head -c 12 "$file"); then
			at_most 80 "$(($(stat -c %s "$file") + M4))"
		else
			at_most 80 "$M8"
		fi
	done
}

# ACRN's log where the kernel of its Service VM usually reserves memory; its trace may be
# anywhere.
@test "ACRN: its log in few requests, and what was not searched for" {
	local rc how
	unpack_acrn hvlog-v27-3cpu-boot3
	"$dump" -q "$unpacked" >want
	[ -s want ]
	for how in auto likely; do
		rc=0
		serve "$unpacked" --filter=noextents
		read_far --scan="$how"
		[ "$rc" -eq 0 ]
		cmp out want
		at_most 20 "$M24"
		grep -q "not searched for, as they may be anywhere: .*acrn-trace" err
	done
	unpack_acrn trace-v10-2cpu
	serve "$unpacked"
	run -1 --separate-stderr "$dump" --scan=likely "$uri"
	[[ $stderr == *"not searched for, as they may be anywhere: "*acrn-trace* ]]
	"$dump" -q "$uri" >"$BATS_TEST_TMPDIR/.got"
	"$dump" -q "$unpacked" >"$BATS_TEST_TMPDIR/.want"
	cmp "$BATS_TEST_TMPDIR/.got" "$BATS_TEST_TMPDIR/.want"
}

# What the writer of a trace knows may be far from it, and without it other events are printed.
@test "hypervisor traces: the same text" {
	local f rc
	for f in "$vmcores"/hyp-*.elf.zst; do
		f=$(basename "$f" .zst) rc=0
		echo "$f"
		unpack "$f"
		"$dump" -q "$unpacked" >want
		[ -s want ]
		serve "$unpacked"
		read_far
		cmp out want
		at_most 40 1000000
	done
}

# As it says to be asked what no log leads to, the note is the same in all front ends.
@test "a search that ended early says so, and how to look everywhere" {
	local rc=0
	unpack memlog-q35-shell.elf
	serve "$unpacked"
	run -0 --separate-stderr "$dump" "$uri"
	[[ $stderr == *"only 2.5 MiB, where logs are likely, were searched, up to a current log: --scan=pages looks everywhere"* ]]
	run -0 --separate-stderr "$dump" --scan=pages "$uri"
	[[ $stderr != *"logs are likely"* ]]
	"$dump" -q "$unpacked" >"$BATS_TEST_TMPDIR/.want"
	cmp <(printf '%s\n' "$output") "$BATS_TEST_TMPDIR/.want"
	run -0 --separate-stderr "$dump" -v "$uri"
	[[ $stderr == *"searched for: ovmf, "*"not searched for, as they may be anywhere: advlogger, acrn-trace, "* ]]
	run -0 --separate-stderr "$dump" --list "$uri"
	[[ $output == *"the only main log found"* ]]
	# named by hand, it is known where they are
	run -1 --separate-stderr "$dump" -F acrn-log "$uri"
	[[ $stderr == *"no log found: all 64.0 MiB of phys memory"* ]]
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
