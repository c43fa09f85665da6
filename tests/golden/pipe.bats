#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A dump through a pipe gives the same output as the file.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	export VMCORES=$PWD/fixtures/vmcores
	export DUMP=$B/memlog-dump
}

# The current logs of the manifest: NAME FORM SHA256.
current() {
	awk '$3 == "current" { print $1, $2, $8 }' "$VMCORES/manifest"
}

# As if all of the input were too much to be kept: there is no room for it.
one_pass() {
	TMPDIR=$BATS_TEST_TMPDIR/none "$DUMP" "$@"
}

@test "ELF and raw memory in one pass: the log's bytes" {
	local name form sum n=0
	while read -r name form sum; do
		case $form in elf | elf-paging | raw) ;; *) continue ;; esac
		zstd -dcq --long=31 "$VMCORES/$name.$form.zst" > "$BATS_TEST_TMPDIR/dump"
		# shellcheck disable=SC2002 # a pipe is what is tested
		cat "$BATS_TEST_TMPDIR/dump" |
			one_pass -v -r - > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err"
		echo "$sum  $BATS_TEST_TMPDIR/out" | sha256sum -c
		grep -q 'read once' "$BATS_TEST_TMPDIR/err"
		n=$((n + 1))
	done < <(current)
	[ "$n" -ge 5 ]
}

# counted FILE ARGUMENT...: the answer to a pipe with this file in out and err, its status
# in $rc, and how many bytes the writer got rid of in $written
counted() {
	local file=$1
	shift
	# shellcheck disable=SC2016 # perl's
	perl -e '
		$SIG{PIPE} = "IGNORE";
		open my $f, "<", shift or die;
		my ($n, $b) = 0;
		while (sysread $f, $b, 65536) {
			my $w = syswrite STDOUT, $b;
			last if !defined $w;
			$n += $w;
		}
		print STDERR "$n\n";' "$file" 2> count |
		{ rc=0; "$DUMP" -v "$@" - > out 2> err || rc=$?; echo "$rc" > rc; }
	rc=$(cat rc) written=$(cat count)
	# what the program says it has read, and what the pipe held
	local read
	read=$(sed -n 's/.* \([0-9]*\) bytes of the pipe were read.*/\1/p' err)
	[ -z "$read" ] || { [ "$written" -ge "$read" ] && [ "$written" -le $((read + 131072)) ]; }
}

# bats test_tags=plain
@test "the same output and status as of the file" {
	local f rc want written n=0 less=0
	cd "$BATS_TEST_TMPDIR"
	for f in "$VMCORES"/*.{elf,elf-paging,raw,core,host-vmcore}.zst "$VMCORES"/*.kdump*.zst \
		"$VMCORES"/../{acrn,damaged}/*.elf.zst "$VMCORES"/../saved/*.qevm.zst; do
		echo "$f"
		zstd -qdcf --long=31 "$f" > dump
		want=0
		"$DUMP" -q dump > file || want=$?
		counted dump
		cmp out file
		[ "$rc" -eq "$want" ]
		[ "$written" -eq "$(stat -c %s dump)" ] || less=$((less + 1))
		n=$((n + 1))
	done
	[ "$n" -ge 80 ]
	[ "$less" -ge 3 ]
}

# A guest with most of its memory above 4 GiB, and the log of a real one where it was, as
# seen from the top of low memory.
guest() {
	dd bs=4096 skip=$((0x3cb3000 / 4096)) count=32 iflag=fullblock of=ring status=none \
		< <(zstd -qdcf "$VMCORES/ovmf-c01-elf64.raw.zst")
	printf '%s\n' 'ram 0 64M' 'ram 4G 32M random=1' 'ram 0x102000000 160M' \
		'file 0x3cb3000 ring' "$@" | "$B/mkimage" - dump
	"$DUMP" -q dump > want
	[ -s want ]
}

low=$((64 << 20)) slack=$((4 << 20))

@test "a pipe ends as soon as what was asked for is there" {
	local rc written size form
	cd "$BATS_TEST_TMPDIR"
	for form in elf64 "kdump compress=none" "kdump compress=zlib"; do
		echo "$form"
		guest "$form"
		size=$(stat -c %s dump)
		counted dump
		[ "$rc" -eq 0 ]
		cmp out want
		grep -q 'only .* where logs are likely, were searched, up to a current log' err
		[ "$written" -lt $((low + slack)) ] && [ "$written" -lt $((size / 2)) ]
		counted dump --at 0x3cb3000
		[ "$rc" -eq 0 ]
		cmp out want
		[ "$written" -lt $((0x3cb3000 + 0x20000 + slack)) ]
		counted dump --range 0x3c00000-0x3d00000 --scan=exhaustive
		cmp out want
		[ "$written" -lt $((low + slack)) ]
		# what needs the end, or may be anywhere
		for how in --list --info --strict --scan=pages -a; do
			status=0
			"$DUMP" -q $how --color=never dump > file || status=$?
			counted dump $how
			[ "$rc" -eq "$status" ]
			[ "$written" -eq "$size" ]
			run ! grep -q 'where logs are likely' err
			sed 's/standard input/dump/' out | cmp - file
		done
	done
}

@test "the writer of a pipe that was not read to its end gets SIGPIPE, as with head" {
	cd "$BATS_TEST_TMPDIR"
	guest elf64
	# shellcheck disable=SC2016,SC2002 # the inner shell's; a pipe is what is tested
	run bash -c 'cat dump | "$DUMP" -q - | cmp - want; echo "${PIPESTATUS[@]}"'
	[ "$output" = "141 0 0" ]
	"$DUMP" -q <(cat dump) | cmp - want
	# two of them: each is closed when it is done
	"$DUMP" -q -a <(cat dump) <(cat dump) > /dev/null
}

@test "no temporary file is left of a pipe that was read as far as needed" {
	local rc written
	cd "$BATS_TEST_TMPDIR"
	guest elf64
	mkdir tmp
	TMPDIR=$PWD/tmp counted dump
	grep -q 'read as far as needed, through a temporary file' err
	[ -z "$(ls -A tmp)" ]
	# nor is one needed
	TMPDIR=$PWD/none counted dump
	grep -q 'read once' err
	cmp out want
	[ "$written" -eq "$(stat -c %s dump)" ]
}

@test "kdump-compressed through a temporary file, which is not left" {
	local name form sum n=0
	mkdir "$BATS_TEST_TMPDIR/tmp"
	while read -r name form sum; do
		case $form in kdump*) ;; *) continue ;; esac
		TMPDIR=$BATS_TEST_TMPDIR/tmp "$DUMP" -v -r - \
			> "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err" \
			< <(zstd -dcq --long=31 "$VMCORES/$name.$form.zst")
		echo "$sum  $BATS_TEST_TMPDIR/out" | sha256sum -c
		grep -q 'temporary file' "$BATS_TEST_TMPDIR/err"
		n=$((n + 1))
	done < <(current)
	[ "$n" -ge 2 ]
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/tmp")" ]
}

@test "a FIFO, a process substitution and a redirected file" {
	local f=$BATS_TEST_TMPDIR/dump.elf
	zstd -dcq --long=31 "$VMCORES/ovmf-c13a-reset-pei.elf.zst" > "$f"
	"$DUMP" -r "$f" > "$BATS_TEST_TMPDIR/want"
	"$DUMP" -r <(cat "$f") | cmp - "$BATS_TEST_TMPDIR/want"
	"$DUMP" -r - < "$f" | cmp - "$BATS_TEST_TMPDIR/want"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	# the timeout is for a FIFO whose other end nobody opens
	# shellcheck disable=SC2016 # the inner shell's
	timeout 60 sh -c 'cat "$1" > "$2"' sh "$f" "$BATS_TEST_TMPDIR/fifo" 3>&- &
	local writer=$!
	"$DUMP" -r "$BATS_TEST_TMPDIR/fifo" | cmp - "$BATS_TEST_TMPDIR/want"
	# it may not be read to its end
	wait "$writer" || [ $? -eq 141 ]
}

@test "a pipe without a log: the image is complete" {
	local rc=0
	zstd -dcq --long=31 "$VMCORES/memlog-off.elf.zst" > "$BATS_TEST_TMPDIR/dump"
	# shellcheck disable=SC2002 # a pipe is what is tested
	cat "$BATS_TEST_TMPDIR/dump" | one_pass -v - 2> "$BATS_TEST_TMPDIR/err" || rc=$?
	[ "$rc" -eq 1 ]
	grep -q 'read once' "$BATS_TEST_TMPDIR/err"
	run ! grep -q incomplete "$BATS_TEST_TMPDIR/err"
}

@test "what needs random access is kept whole, without -F" {
	local f
	mkdir "$BATS_TEST_TMPDIR/tmp"
	for f in vmcores/hyp-pkvm vmcores/hyp-remote-test vmcores/ftrace-arm64 \
		acrn/trace-v10-2cpu; do
		zstd -dcq --long=31 "$VMCORES/../$f.elf.zst" > "$BATS_TEST_TMPDIR/elf"
		"$DUMP" "$BATS_TEST_TMPDIR/elf" > "$BATS_TEST_TMPDIR/want"
		# shellcheck disable=SC2002 # a pipe is what is tested
		cat "$BATS_TEST_TMPDIR/elf" | TMPDIR=$BATS_TEST_TMPDIR/tmp \
			"$DUMP" -v - > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err"
		cmp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/want"
		grep -q 'temporary file' "$BATS_TEST_TMPDIR/err"
	done
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/tmp")" ]
}

@test "ACRN's logs and traces: with the rings around the one that is found" {
	local f fmt
	for f in hvlog-v27-3cpu-boot3 trace-v10-2cpu; do
		zstd -dcq "$VMCORES/../acrn/$f.elf.zst" > "$BATS_TEST_TMPDIR/elf"
		"$DUMP" --all "$BATS_TEST_TMPDIR/elf" > "$BATS_TEST_TMPDIR/want"
		# shellcheck disable=SC2002 # a pipe is what is tested
		cat "$BATS_TEST_TMPDIR/elf" |
			one_pass -v --all - > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err"
		cmp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/want"
		grep -q 'read once' "$BATS_TEST_TMPDIR/err"
		# a message says that not everything was searched, and what helps
		fmt=$(sed -n 's/.*; -F \([a-z-]*\) keeps all.*/\1/p' "$BATS_TEST_TMPDIR/err")
		# shellcheck disable=SC2002
		cat "$BATS_TEST_TMPDIR/elf" |
			"$DUMP" -v --all -F "$fmt" - > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err"
		cmp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/want"
		grep -q 'temporary file' "$BATS_TEST_TMPDIR/err"
		run ! grep -q 'comes once' "$BATS_TEST_TMPDIR/err"
	done
}

@test "Xen: if notes or CPU states show it, the whole pipe is kept" {
	local d
	for d in xen-dom0-kdump xen-wrapped xen-pae32; do
		zstd -dqf --long=31 "$VMCORES/$d.elf.zst" -o "$BATS_TEST_TMPDIR/elf"
		"$DUMP" --all "$BATS_TEST_TMPDIR/elf" > "$BATS_TEST_TMPDIR/want"
		"$DUMP" --list "$BATS_TEST_TMPDIR/elf" > "$BATS_TEST_TMPDIR/want-list"
		# the list also tells how the ring was found
		# shellcheck disable=SC2002 # a pipe is what is tested
		cat "$BATS_TEST_TMPDIR/elf" |
			"$DUMP" --list - | diff "$BATS_TEST_TMPDIR/want-list" -
		# shellcheck disable=SC2002
		cat "$BATS_TEST_TMPDIR/elf" |
			"$DUMP" -v --all - > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err"
		cmp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/want"
		grep -q 'temporary file' "$BATS_TEST_TMPDIR/err"
		rm "$BATS_TEST_TMPDIR/elf"
	done
}

@test "Xen: without notes, a ring of many pages is kept around its text" {
	cd "$BATS_TEST_TMPDIR"
	# a ring of 128 KiB that was never full, and a guest's console page
	{
		printf '(XEN) Xen version 4.17.7 (test)\n'
		printf '(XEN) Allocated console ring of 128 KiB.\n'
		seq -f '(XEN) this is line %05g of the ring' 1500
	} > ring
	printf 'guest line one\r\nguest line two\r\n' > page
	"$B/mkimage" - raw <<-EOF
		ram 0 16M
		file 0x720000 ring
		file 0x300400 page
		u32 0x300c0c 32
		raw
	EOF
	"$DUMP" -r -F xen-console raw | cmp - ring
	for o in '' '-F xen-console' '-F xencons' '--list'; do
		# shellcheck disable=SC2086 # none, or two words
		"$DUMP" $o raw > want
		# shellcheck disable=SC2002,SC2086
		"$DUMP" $o - < <(cat raw) | cmp - want
		# shellcheck disable=SC2002,SC2086
		[[ $o == -F* ]] || cat raw | one_pass $o - | cmp - want
	done
	"$DUMP" -F xencons raw | has 'guest line two'
}

@test "a log whose end comes before its start: what is missing, and why" {
	cd "$BATS_TEST_TMPDIR"
	# the second half first, and more between the halves than is kept
	"$B/mkimage" - elf <<-EOF
		ram 0 64M
		ovmf 0x7f0000 size=128K
		lines 4000 "out of order "
		end
		elf64
		load 0x800000 56M
		load 0 8M
	EOF
	"$DUMP" -r elf > want
	# shellcheck disable=SC2002
	"$DUMP" -r --strict - < <(cat elf) > out 2> err && return 1
	[ "$(stat -c %s out)" -lt "$(stat -c %s want)" ]
	cmp out <(head -c "$(stat -c %s out)" want)
	grep -q 'gone by.*from a file' err
}

@test "--at in a pipe finds a log that one pass would also find" {
	"$DUMP" -r --at 0x3cb3000 - > "$BATS_TEST_TMPDIR/out" \
		< <(zstd -dcq --long=31 "$VMCORES/ovmf-c13a-reset-pei.elf.zst")
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/out")" -eq 80792 ]
}

# bats test_tags=plain
@test "memory stays bounded for a gigabyte" {
	# 1 GiB of zeros around a log; a megabyte or two of window, no more
	zstd -dcq --long=31 "$VMCORES/ovmf-c01-elf64.raw.zst" > "$BATS_TEST_TMPDIR/raw"
	{ cat "$BATS_TEST_TMPDIR/raw"; head -c 1073741824 /dev/zero; } | (
		# AddressSanitizer reserves terabytes before it starts
		grep -q __asan_init "$DUMP" || ulimit -v 262144
		"$DUMP" -r -
	) | cmp - <(zstd -dcq "$VMCORES/ovmf-c01-elf64.debugcon.zst")
}

@test "what is not a dump is refused with exit 3" {
	run -3 --separate-stderr bash -c "echo hello | '$DUMP' -"
	[ -z "$output" ]
	[[ $stderr == *"standard input: unknown format"* ]]
}

@test "SIGINT ends the wait for a silent pipe" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	# shellcheck disable=SC2016 # the inner shell's
	timeout 100 sh -c 'exec sleep 100 > "$1"' sh "$BATS_TEST_TMPDIR/fifo" 3>&- &
	local sleeper=$!
	(trap - INT; exec "$DUMP" "$BATS_TEST_TMPDIR/fifo" 2> "$BATS_TEST_TMPDIR/err") 3>&- &
	local pid=$! rc=0
	# it waits as soon as it has opened the pipe
	for _ in $(seq 200); do
		[ "$(readlink "/proc/$pid/fd/3" 2> /dev/null)" = "$BATS_TEST_TMPDIR/fifo" ] && break
		sleep 0.05
	done
	kill -INT "$pid"
	wait "$pid" || rc=$?
	kill "$sleeper"
	[ "$rc" -eq 130 ]
}
