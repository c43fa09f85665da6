#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A dump in an archive: tar, also compressed, cpio, zip and 7z.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	mkdir dir
	image lime dir/vmcore truth
	"$dump" dir/vmcore >want
	[ -s want ]
	# text, and a dump that is larger than its file of text, but smaller than the other
	endless "some text" | head -c 3000000 >dir/notes
	image small-c dir/small
	"$dump" dir/small >small.want
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	T=$BATS_TEST_TMPDIR
}

# pack FORMAT FILE NAME...: make an archive of files of dir
pack() {
	bsdtar -c --format "$1" -f "$2" -C dir "${@:3}"
}

@test "all formats: the file in it, by itself, through a pipe, and extracted" {
	local name
	pack gnutar "$T/tar" vmcore
	pack pax "$T/pax" vmcore
	pack newc "$T/cpio" vmcore
	pack zip "$T/zip" vmcore
	pack 7zip "$T/7z" vmcore
	for name in gzip xz zstd bzip2 lz4; do
		$name -c <"$T/tar" >"$T/tar.$name"
	done
	gzip -c <"$T/cpio" >"$T/cpio.gzip"
	tar -C dir -S -cf "$T/sparse" vmcore
	cd "$T"
	for name in *; do
		"$dump" "$name" >got
		cmp got "$BATS_FILE_TMPDIR/want"
		"$dump" "$name:vmcore" | cmp - got
		# shellcheck disable=SC2002 # a pipe
		"$dump" - < <(cat "$name") | cmp - got
		"$dump" -q --extract=small "$name"
		"$dump" small | cmp - got
		rm small got
	done
	run -0 "$dump" --info tar.xz
	[[ $output == *"compressed as a whole"*"xz, unpacked to"* ]]
	[[ $output == *"file in an archive"*"vmcore ("*"), of "* ]]
}

@test "without a standard input: the file is descriptor 0" {
	local name
	pack gnutar "$T/tar" vmcore
	zstd -q -c dir/vmcore >"$T/zst"
	gzip -c dir/vmcore >"$T/gz"
	for name in "$T/tar" "$T/zst" "$T/gz" dir/vmcore; do
		"$dump" "$name" <&- >"$T/got"
		cmp "$T/got" want
	done
}

@test "of several files the largest dump, and any by its name" {
	local format
	for format in gnutar zip 7zip; do
		for order in "notes small vmcore" "vmcore notes small" "small notes vmcore"; do
			# shellcheck disable=SC2086 # names
			pack $format "$T/a" $order
			run -0 --separate-stderr "$dump" "$T/a"
			[ "$output" = "$(cat want)" ]
			[ "$stderr" = "memlog-dump: $T/a: warning: the archive has 3 files; this is vmcore, the largest dump: FILE:NAME picks another" ]
			run -0 --separate-stderr "$dump" "$T/a:small"
			[ "$output" = "$(cat small.want)" ]
			[ -z "$stderr" ]
			rm "$T/a"
		done
	done
	# a path, with and without ./
	tar -cf "$T/paths" ./dir/small dir/vmcore
	"$dump" "$T/paths:dir/small" | cmp - small.want
	"$dump" "$T/paths:dir/vmcore" | cmp - want
	"$dump" "$T/paths:./dir/small" | cmp - small.want
	# names that look like a list of files, or memory at an address
	cp dir/vmcore "$T/core,1@2"
	tar -cf "$T/a,b@0" -C "$T" "core,1@2" -C "$PWD/dir" small
	"$dump" "$T/a,b@0:core,1@2" | cmp - want
	"$dump" "$T/a,b@0:small" | cmp - small.want
	run -2 --separate-stderr "$dump" "$T/paths:small"
	[ "$stderr" = "memlog-dump: $T/paths:small: the archive has no file small; it has dir/small, dir/vmcore" ]
	run -2 --separate-stderr "$dump" dir/vmcore:small
	[ "$stderr" = "memlog-dump: dir/vmcore:small: it is not an archive, and has no file small" ]
	gzip -c dir/vmcore >"$T/vmcore.gz"
	run -2 --separate-stderr "$dump" "$T/vmcore.gz:small"
	[[ $stderr == *": it is not an archive, and has no file small" ]]
	run -3 --separate-stderr "$dump" "$T/nothing:small"
	[[ $stderr == *": No such file or directory" ]]
	# a file of this name comes first
	cp dir/small "$T/vmcore.gz:small"
	"$dump" "$T/vmcore.gz:small" | cmp - small.want
}

@test "archives without a file, and files that are packed again" {
	mkdir "$T/d"
	ln -s vmcore "$T/d/link"
	tar -C "$T" -cf "$T/dirs" d
	run -2 --separate-stderr "$dump" "$T/dirs"
	[ "$stderr" = "memlog-dump: $T/dirs: the archive has no file in it: make it again, with tar -h if the dump is a link" ]
	zstd -q dir/vmcore -o "$T/vmcore.zst"
	tar -C "$T" -cf "$T/twice" vmcore.zst
	run -3 --separate-stderr "$dump" "$T/twice"
	[[ $stderr == *": compressed twice, and zstd is left: unpack it once" ]]
	tar -C "$T" -cf "$T/nested" dirs
	run -3 --separate-stderr "$dump" "$T/nested"
	[[ $stderr == *": there is another archive in it, and only one is unpacked: extract the inner one, and read that" ]]
	pack zip "$T/in.zip" vmcore
	tar -C "$T" -czf "$T/nested.gz" in.zip
	run -3 --separate-stderr "$dump" "$T/nested.gz"
	[[ $stderr == *": there is another archive in it, and only one is unpacked"* ]]
	tar -C "$T" -xf "$T/nested.gz" in.zip
	"$dump" "$T/in.zip" | cmp - want
}

@test "archives of nothing" {
	tar -cf "$T/empty" -T /dev/null
	bsdtar -cf "$T/empty2" -T /dev/null
	gzip -c "$T/empty" >"$T/empty3"
	truncate -s 1024 "$T/empty4"
	for name in empty empty2 empty3 empty4; do
		run -3 --separate-stderr "$dump" "$T/$name"
		[[ $stderr == *": an empty tar archive: make it again, with the dump in it" ]]
	done
	# the user says that it is memory, and a page of zeros is
	run -1 "$dump" --map=none "$T/empty"
	truncate -s 8192 "$T/zeros"
	run -1 "$dump" "$T/zeros"
	truncate -s 20480 "$T/zeros"
	run -1 "$dump" "$T/zeros"
	printf 'PK\5\6%018d' 0 >"$T/zip"
	run -3 --separate-stderr "$dump" "$T/zip"
	[[ $stderr == *": an empty zip archive is not supported; make it again, with the dump in it" ]]
	pack newc "$T/cpio" -T /dev/null
	run -2 --separate-stderr "$dump" "$T/cpio"
	[[ $stderr == *": the archive has no file in it"* ]]
}

# libarchive would allocate as much as the header asks for.
@test "a name of 3 GiB in a header of cpio is refused" {
	cp dir/vmcore "$T/a"
	(cd "$T" && printf '%s\n' a b | tee b | bsdtar -c --format newc -f cpio -T -)
	# the second header follows that of 110 bytes, its name and the first file
	local at=$((112 + ($(stat -c %s "$T/a") + 3) / 4 * 4))
	[ "$(dd if="$T/cpio" bs=1 skip=$at count=6 status=none)" = 070701 ]
	"$dump" "$T/cpio" | cmp - want
	printf C0000000 | dd of="$T/cpio" bs=1 seek=$((at + 94)) conv=notrunc status=none
	gzip -kc "$T/cpio" >"$T/gz"
	for name in cpio gz; do
		run -0 --separate-stderr "$dump" "$T/$name"
		[ "$output" = "$(cat want)" ]
		[[ $stderr == *": warning: the archive is damaged (a name of 3221225472 bytes in the cpio header at offset 0x"*"): "*" bytes could be unpacked, and any of them may be wrong"* ]]
	done
}

@test "hostile names do not reach the terminal" {
	local name=$'a\e[2J\n\xc2\x9bx'
	cp dir/vmcore "$T/$name"
	cp dir/small "$T/b"
	tar -C "$T" -cf "$T/tar" "$name" b
	run -0 --separate-stderr "$dump" "$T/tar"
	[ "$output" = "$(cat want)" ]
	printf '%s\n' "$stderr" >"$T/text"
	"$dump" --info "$T/tar" >>"$T/text" 2>&1
	run -2 --separate-stderr "$dump" "$T/tar:c"
	printf '%s\n' "$stderr" >>"$T/text"
	[ "$(wc -l <"$T/text")" -gt 5 ]
	safe "$T/text"
	"$dump" "$T/tar:$name" | cmp - want
}

@test "a zip with LZMA is refused: nothing bounds what libarchive takes for it" {
	local kind
	for kind in LZMA BZIP2 DEFLATED; do
		python3 -c '
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", getattr(zipfile, "ZIP_" + sys.argv[2])) as z:
    z.write("dir/vmcore", "vmcore")' "$T/$kind" "$kind"
	done
	"$dump" "$T/BZIP2" | cmp - want
	"$dump" "$T/DEFLATED" | cmp - want
	run -3 --separate-stderr "$dump" "$T/LZMA"
	[[ $stderr == *"compressed with LZMA or PPMd, which can take any memory; unzip it first" ]]
}

@test "7z: what every coder of bsdtar needs is known, of one file and of many" {
	local coder n
	for n in {1..30}; do
		echo "$n" >"dir/$n"
	done
	for coder in lzma1 lzma2 ppmd bzip2 deflate store; do
		rm -f "$T/one" "$T/many"
		bsdtar -c --format 7zip --options "compression=$coder" \
			-f "$T/one" -C dir vmcore
		bsdtar -c --format 7zip --options "compression=$coder" \
			-f "$T/many" -C dir {1..15} vmcore {16..30}
		"$dump" "$T/one" | cmp - want
		"$dump" "$T/many:vmcore" | cmp - want
	done
	rm -f "$T/one" dir/[1-9] dir/[12][0-9] dir/30
	bsdtar -c --format 7zip --options compression=lzma2 -f "$T/one" -C dir vmcore
	run -3 --separate-stderr "$dump" --limit window=4K "$T/one"
	[[ $stderr == *"takes more memory than the limit of 4096 bytes; --limit window="*"M allows it" ]]
}

@test "cut and damaged archives: what is there, and a warning" {
	local format
	for format in gnutar zip 7zip; do
		rm -f "$T/whole"
		pack $format "$T/whole" vmcore
		head -c "$(($(stat -c %s "$T/whole") / 2))" "$T/whole" >"$T/cut"
		run --separate-stderr "$dump" "$T/cut"
		# its directory is at the end
		if [ $format = 7zip ]; then
			[ "$status" -eq 3 ]
			continue
		fi
		[[ $stderr == *": warning: the archive is damaged ("* ]]
		[[ $status == [04] ]]
	done
	pack gnutar "$T/tar" vmcore
	gzip -c <"$T/tar" | head_all -c -8 >"$T/cut.gz"
	printf '\0\0\0\0\0\0\0\0' >>"$T/cut.gz"
	run -0 --separate-stderr "$dump" "$T/cut.gz"
	[[ $stderr == *": warning: the archive is damaged ("*"any of them may be wrong"* ]]
	# a size that no file has, with the right sum of the header
	perl -0777 -pi -e '
		substr($_, 124, 12) = "\x80\0\0\0\x7f" . "\xff" x 7;
		substr($_, 148, 8) = " " x 8;
		substr($_, 148, 8) = sprintf "%06o\0 ", unpack "%32C*", substr $_, 0, 512;
		' "$T/tar"
	run -3 --separate-stderr "$dump" "$T/tar"
	[ -n "$stderr" ]
	[ -z "$(find "${TMPDIR:-/var/tmp}" -maxdepth 1 -name 'memlog*' -newer want)" ]
}
