#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Where the cause is known, messages name it, and name it first.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	cat >log <<-EOT
	ram 0 1M
	ovmf 0x20000 size=32K
	lines 600 "a line of text with number "
	end
	EOT
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
}

# build NAME STATEMENT...: an image of that log
build() {
	local name=$1
	shift
	{ cat log; printf '%s\n' "$@"; } | "$B/mkimage" - "$name"
}

# first TEXT: the first line of advice has it
first() {
	local line
	line=$(grep -m1 ': check: ' <<<"$stderr")
	[[ $line == *"$1"* ]] || { echo "$stderr"; return 1; }
}

# break_header FILE: damage the stored page of a kdump file that has the log's header
break_header() {
	perl -I"$root/tests/abuse" -MHarm -e '
		my $bytes = slurp($ARGV[0]);
		my ($desc, $off, $size) = @{(kdump_pages($bytes))[0x20]};
		$bytes = flip_bit($bytes, $off + $size - 1, 0);
		substr($bytes, $desc + 8, 4) = pack "V", $size - 4
			if $ARGV[0] !~ /zlib/;
		spew($ARGV[0], $bytes)' "$1"
}

@test "a page overwritten in a guest's own dump is not a page of a host" {
	local form
	for form in elf64 "qevm mapped=1"; do
		if [ "$form" = elf64 ]; then
			build image "$form" "cpus 1"
		else
			build image "$form"
		fi
		perl -0777 -pi -e 's/(ovmfmdg1ovmfmdg2.{8176}).{4096}/
			$1 . pack("C*", 0..255) x 16/sex or die' image
		run -4 --separate-stderr "$dump" --strict image
		[ "${#lines[@]}" -gt 100 ]
		[[ $stderr == *": from phys:0x22000 on cannot be its text, and is left out: that memory was overwritten, or the file is damaged"* ]]
		[[ $stderr != *host* ]]
	done
	# where nothing says whose memory it is, it may be a host's
	build lime lime
	perl -0777 -pi -e 's/(ovmfmdg1ovmfmdg2.{8176}).{4096}/
		$1 . pack("C*", 0..255) x 16/sex or die' lime
	run -4 --separate-stderr "$dump" --strict lime
	[[ $stderr == *"a guest's pages are scattered over the memory of its host"* ]]
}

@test "a damaged page of a compressed dump is named, and first" {
	local form
	for form in zlib lzo snappy zstd; do
		build "$form" "kdump compress=$form"
		break_header "$form"
		run -4 --separate-stderr "$dump" "$form"
		case $form in
		zlib) first " is damaged: its zlib data has a wrong checksum or length; " ;;
		*) first " is damaged: its $form data has a wrong length; " ;;
		esac
		first "copy it again"
	done
}

@test "an ELF file cut in its headers is no xl dump-core" {
	local n
	build elf elf64
	for n in 100 64; do
		head -c $n elf >short
		run -3 --separate-stderr "$dump" short
		[ "$stderr" = "memlog-dump: short: the file is truncated: it has $n bytes and ends before its program headers; copy it again" ]
	done
}

# counts IMAGE [OPTION...]: what messages say of missing bytes; what JSON says is in
# $missing
counts() {
	run -4 --separate-stderr "$dump" -q -J "${@:2}" "$1"
	missing=$(jq -r 'select(.type == "image").missing' <<<"$output")
	run -4 --separate-stderr "$dump" "${@:2}" "$1"
	[[ $stderr != *[KMG]iB* ]] || { echo "$stderr"; return 1; }
	[[ $stderr == *"incomplete: "*" $missing bytes "*"missing from the image" ]] ||
		{ echo "$missing: $stderr"; return 1; }
}

@test "messages and JSON have the same numbers of missing bytes" {
	local first
	zstd -qdf "$root/fixtures/damaged/no-text.elf.zst" -o no-text.elf
	counts no-text.elf
	[[ $stderr == *": the file is truncated: $missing bytes described by its headers are missing"* ]]
	first=$(grep -o '[0-9]* of the [0-9]* bytes of its text' <<<"$stderr")
	[[ $stderr == *": ${first%% *} bytes of it are not in the image"* ]]

	unpack memlog-q35-wrap.kdump-zlib
	head -c 300000 "$unpacked" >flattened
	counts flattened
	[[ $stderr == *": check: the file is incomplete: $missing bytes are missing, "* ]]
	[[ $stderr == *": no log found: none of "*" bytes of phys memory could be read"* ]]

	build zlib "kdump compress=zlib"
	break_header zlib
	counts zlib
	[[ $stderr == *": no log found: all but $missing bytes of 1048576 bytes of phys memory was searched"* ]]
}

@test "every object of JSON has type, image, format, space and addr" {
	local how
	build elf elf64
	for how in "" --list --list-boots --info "--stats boot"; do
		# shellcheck disable=SC2086
		"$dump" -q -J $how elf
	done >objects
	jq -se 'length > 100 and all(.[];
		has("type") and has("image") and has("format") and
		has("space") and has("addr"))' objects
	jq -se '[.[] | select(.type == "image")] | length == 5 and
		all(.[]; [.format, .space, .addr] == [null, null, null])' objects
}

# Whoever made a dump may have left out where firmware keeps its log.
@test "no log in a dump by the guest's kernel: dump from the host" {
	local form
	{ echo 'ram 0 1M'; echo elf64; } | "$B/mkimage" - dump
	run -1 --separate-stderr "$dump" dump
	first "a dump by the guest's own kdump has System RAM only, not the log; dump from the host"
	for form in "elf64
	cpus 1" raw qevm; do
		{ echo 'ram 0 1M'; echo "$form"; } | "$B/mkimage" - dump
		run -1 --separate-stderr "$dump" dump
		[[ $stderr == *"check: "* && $stderr != *"System RAM"* ]]
	done
	{ echo 'ram 0 1M'; echo lime; } | "$B/mkimage" - dump
	run -1 --separate-stderr "$dump" dump
	first "the guest's own kernel provided this memory, so it is System RAM only"
}
