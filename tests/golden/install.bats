#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What `make install` puts where, and that programs of others can use it.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	export TOP=$PWD ROOT=$BATS_FILE_TMPDIR/root SAN=
	# a program that loads a library with a sanitizer needs it, too
	! nm -D "$B/libmemlog.so" | grep -q __asan_init ||
		SAN=-fsanitize=address,undefined
	MAKEFLAGS='' make -s B="$B" ${SAN:+SANITIZE=1} DESTDIR="$ROOT" \
		prefix=/usr libdir=/usr/lib64 install || return 1
	"$B/mkimage" fixtures/gen/recipes/small-c.rec \
		"$BATS_FILE_TMPDIR/image" || return 1
	export IMAGE=$BATS_FILE_TMPDIR/image
	export PKG_CONFIG_PATH=$ROOT/usr/lib64/pkgconfig
	export PKG_CONFIG_SYSROOT_DIR=$ROOT
	export LD_LIBRARY_PATH=$ROOT/usr/lib64
}

@test "everything is where it belongs, and nothing else" {
	cd "$ROOT/usr"
	local f
	for f in bin/memlog-dump lib64/libmemlog.so.0 lib64/libmemlog.so \
		lib64/pkgconfig/libmemlog.pc include/memlog.h \
		share/man/man1/memlog-dump.1 share/man/man7/memlog.7 \
		share/bash-completion/completions/memlog-dump \
		share/doc/memlog/README.md share/doc/memlog/record.schema.json \
		share/doc/memlog/kdump-pre; do
		[ -f "$f" ]
	done
	[ "$(readlink lib64/libmemlog.so)" = libmemlog.so.0 ]
	# the only header; no path of where it was built or staged
	[ "$(ls include)" = memlog.h ]
	run ! grep -rqF -e "$ROOT" -e "$TOP" lib64/pkgconfig share
	run ! grep -rq '@' lib64/pkgconfig
}

@test "the program is linked with the shared library" {
	run -0 readelf -dW "$ROOT/usr/bin/memlog-dump"
	[[ $output == *"NEEDED"*"[libmemlog.so.0]"* ]]
	[[ $output != *RPATH* && $output != *RUNPATH* ]]
	run -0 --separate-stderr "$ROOT/usr/bin/memlog-dump" -n1 "$IMAGE"
	[ "$output" = "a small line 000000" ]
}

@test "an own prefix is remembered, and used by the .pc file" {
	local other=$BATS_TEST_TMPDIR/other
	MAKEFLAGS='' make -s -C "$TOP" B="$B" ${SAN:+SANITIZE=1} \
		prefix="$other" install
	unset LD_LIBRARY_PATH
	run -0 --separate-stderr "$other/bin/memlog-dump" -n1 "$IMAGE"
	[ "$output" = "a small line 000000" ]
	unset PKG_CONFIG_SYSROOT_DIR
	[ "$(PKG_CONFIG_PATH=$other/lib/pkgconfig pkg-config --libs-only-L \
		libmemlog | tr -d ' ')" = "-L$other/lib" ]
}

@test "the .pc file asks for nothing that only building the library needs" {
	# where the development packages of those libraries are not installed
	PKG_CONFIG_LIBDIR=$ROOT/usr/lib64/pkgconfig PKG_CONFIG_PATH='' \
		run -0 pkg-config --cflags --libs libmemlog
	[[ $output == *-lmemlog* ]]
}

@test "only memlog_* is exported, all of memlog.h, under a version" {
	run -0 nm -D --defined-only "$ROOT/usr/lib64/libmemlog.so.0"
	local f symbols=$output
	run ! grep -vE ' memlog_[a-z_0-9]+@@MEMLOG_0$| A MEMLOG_0$' <<<"$symbols"
	for f in $(tr '\n\t' '  ' <"$TOP/libparse/memlog.h" |
		grep -oE 'MEMLOG_API [^;]*;' | grep -oE 'memlog_[a-z0-9_]+ *\(' |
		tr -d ' ('); do
		grep -q " $f@@" <<<"$symbols"
	done
	run -0 readelf -dW "$ROOT/usr/lib64/libmemlog.so.0"
	[[ $output == *"soname: [libmemlog.so.0]"* ]]
}

@test "the header stands alone, in C99 and in C++" {
	echo '#include <memlog.h>' >"$BATS_TEST_TMPDIR/a.c"
	cp "$BATS_TEST_TMPDIR/a.c" "$BATS_TEST_TMPDIR/a.cc"
	gcc -std=c99 -Wall -Wextra -Werror -fsyntax-only \
		-I"$ROOT/usr/include" "$BATS_TEST_TMPDIR/a.c"
	g++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only \
		-I"$ROOT/usr/include" "$BATS_TEST_TMPDIR/a.cc"
}

@test "a program of others: open, scan, decode" {
	cat >"$BATS_TEST_TMPDIR/tool.c" <<-'EOT'
	#include <memlog.h>
	#include <stdio.h>

	int main(int argc, char **argv)
	{
		const struct memlog_record *rec;
		struct memlog_decoder *decoder;
		struct memlog_image *image;
		struct memlog_logs *logs;
		struct memlog_err err;
		size_t i;

		if (argc != 2 || memlog_image_open(argv[1], NULL, &image, &err) ||
		    memlog_scan(image, NULL, &logs, NULL, &err))
			return 1;
		for (i = 0; i < memlog_logs_count(logs); i++) {
			if (memlog_decoder_open(image, memlog_logs_get(logs, i),
						NULL, &decoder, &err))
				return 2;
			while (!memlog_decoder_next(decoder, &rec, &err))
				fwrite(rec->raw, 1, rec->raw_len, stdout);
			memlog_decoder_close(decoder);
		}
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		return 0;
	}
	EOT
	# shellcheck disable=SC2046
	gcc -Wall -Wextra -Werror ${SAN:+"$SAN"} -o "$BATS_TEST_TMPDIR/tool" \
		"$BATS_TEST_TMPDIR/tool.c" $(pkg-config --cflags --libs libmemlog)
	"$BATS_TEST_TMPDIR/tool" "$IMAGE" >"$BATS_TEST_TMPDIR/out"
	"$B/memlog-dump" -r "$IMAGE" | cmp - "$BATS_TEST_TMPDIR/out"
}

@test "manual pages: clean, and every option is in them" {
	cd "$TOP"
	run -0 mandoc -Tlint -W warning man/*.[1-8]
	local opt page
	page=$(mandoc -Tascii man/memlog-dump.1 | col -b)
	for opt in $("$B/memlog-dump" --help | grep -oE '^ +(-., )?--[a-z-]+' |
		grep -oE -- '--[a-z-]+'); do
		grep -qE -- "(^|[ ,])$opt([ ,=[]|\$)" <<<"$page" ||
			{ echo "$opt is not in the manual"; return 1; }
	done
	# and none that is not there any more
	while read -r opt; do
		"$B/memlog-dump" --help | grep -qE -- " $opt([ =[]|\$)" ||
			{ echo "$opt is in the manual alone"; return 1; }
	done < <(grep -oE '^ +(-., )?--[a-z-]+' <<<"$page" |
		grep -oE -- '--[a-z-]+' | sort -u)
}

# complete LINE: what bash offers for its last word.
complete_line() {
	# shellcheck disable=SC2016
	PATH=$B:$PATH bash -c '
		. "$1/completions/memlog-dump"
		compopt() { :; }
		line=${2//=/ = }
		read -ra COMP_WORDS <<<"$line"
		[[ $line != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_memlog_dump memlog-dump
		printf "%s\n" "${COMPREPLY[@]}"' - "$TOP" "$1"
}

@test "completion: options, formats and outputs are the program's own" {
	run -0 complete_line 'memlog-dump --unc'
	[ "$output" = --uncommitted ]
	run -0 complete_line 'memlog-dump -F ovm'
	[ "$output" = ovmf ]
	run -0 complete_line 'memlog-dump -F xyz,ovm'
	[ "$output" = xyz,ovmf ]
	run -0 complete_line 'memlog-dump -O json'
	[ "$output" = $'json\njson-seq' ]
	run -0 complete_line 'memlog-dump --output-format=r'
	[ "$output" = raw ]
	run -0 complete_line 'memlog-dump --scan l'
	[ "$output" = likely ]
	# an option with a value offers no options
	run -0 complete_line 'memlog-dump -g --'
	[ -z "$output" ]
	# every option of the help
	run -0 complete_line 'memlog-dump --'
	[ "${#lines[@]}" -eq "$("$B/memlog-dump" --help |
		grep -cE '^ +(-., )?--')" ]
}

@test "links in the documents lead somewhere" {
	cd "$TOP"
	local f
	for f in $(grep -ohE '\]\([^)h][^)]*\)' README.md CONTRIBUTING.md |
		tr -d ']()'); do
		[ -e "$f" ]
	done
	jq -e . docs/record.schema.json >/dev/null
}

@test "docs/kdump-pre saves the log, or the memory that may hold it" {
	local t=$BATS_TEST_TMPDIR
	printf 'the log\r\n' >"$t/sysfs"
	MEMLOG_SYSFS=$t/sysfs run -0 "$TOP/docs/kdump-pre" "$t/a"
	cmp "$t/sysfs" "$t/a/firmware-log.txt"
	[ "$(stat -c %a "$t/a/firmware-log.txt")" = 600 ]
	# Linux that does not know the log: reserved ranges out of /dev/mem
	"$B/mkimage" "$TOP/fixtures/gen/recipes/c-linear.rec" "$t/elf"
	local addr
	addr=$("$B/memlog-dump" --list -J "$t/elf" | jq -r .addr)
	"$B/mkimage" - "$t/mem" <<-EOT
	ram 0 16M
	ovmf $addr size=128K
	  lines 7 "saved "
	end
	raw
	EOT
	cat >"$t/iomem" <<-EOT
	00000000-00000fff : Reserved
	00001000-0009ffff : System RAM
	$(printf '%08x-%08x' $((addr - 4096)) $((addr + 0x20fff))) : Reserved
	e0000000-efffffff : PCI ECAM
	EOT
	MEMLOG_SYSFS=$t/none MEMLOG_IOMEM=$t/iomem MEMLOG_DEVMEM=$t/mem \
		run -0 "$TOP/docs/kdump-pre" "$t/b"
	local saved=("$t"/b/*)
	[ "${#saved[@]}" -eq 1 ]
	run -0 --separate-stderr "$B/memlog-dump" \
		--map="0x${saved[0]##*.0x}" "${saved[0]}"
	[ "${lines[6]}" = "saved 000006" ]
	run -0 --separate-stderr "$B/memlog-dump" --list \
		--map="0x${saved[0]##*.0x}" "${saved[0]}"
	[[ $output == *"phys:$addr "* ]]
	# and it never fails
	MEMLOG_SYSFS=$t/none MEMLOG_DEVMEM=$t/none run -0 "$TOP/docs/kdump-pre" "$t/c"
	[[ $output == *"nothing saved"* ]]
	run -0 "$TOP/docs/kdump-pre" /proc/nowhere
}
