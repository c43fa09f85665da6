# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lib.bash - shared by the bats files. B is the build directory.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
B=${B:-$root/build}
# shellcheck disable=SC2034 # used by those who load this
dump=$B/memlog-dump
recipes=$root/fixtures/gen/recipes
vmcores=$root/fixtures/vmcores
export LC_ALL=C
# a pipeline fails if any of its commands does: no exit status is lost
set -o pipefail

# image RECIPE FILE [TRUTH [LOG]]: make an image, and the expected text of a log
image() {
	if [ $# -gt 2 ]; then
		"$B/mkimage" -t "$3" -l "${4:-0}" "$recipes/$1.rec" "$2"
	else
		"$B/mkimage" "$recipes/$1.rec" "$2"
	fi
}

# unpack NAME.FORM: unpack a dump of fixtures/vmcores into the file's directory; sets
# unpacked to its path
unpack() {
	unpacked=$BATS_FILE_TMPDIR/$1
	[ -e "$unpacked" ] ||
		zstd -q -d --long=31 -o "$unpacked" "$vmcores/$1.zst"
}

# kernel_memory DUMP FORMAT FILE [STATEMENT...]: memory of a dump of arm64 as a file
# without notes, in which the kernel has the text of its VMCOREINFO at 0x40700000
kernel_memory() {
	local full=$1 form=$2 file=$3 type off phys size
	shift 3
	"$dump" --info -v "$full" |
		sed -n '/^  VMCOREINFO/,/^[^ ]/ s/^      \([A-Z].*=\)/\1/p' |
		grep -v "${lines_without:-^$}" >text
	grep -q '^OSRELEASE=' text
	printf 'ram 0x40700000 8K\nfile 0x40700000 text\n' >memory.rec
	while read -r type off _ phys size _; do
		[ "$type" = LOAD ] || continue
		dd if="$full" of="load.$phys" status=none bs=4096 \
			skip=$((off / 4096)) count=$((size / 4096))
		printf 'ram %s %s\nfile %s load.%s\n' "$phys" "$size" "$phys" "$phys"
	done < <(readelf -lW "$full") >>memory.rec
	printf '%s\n' "$@" "$form" >>memory.rec
	"$B/mkimage" memory.rec "$file"
	rm load.* memory.rec
}

# truth NAME OFFSET LENGTH: the machine's output on its debug port
truth() {
	zstd -q -d -c "$vmcores/$1.debugcon.zst" | tail -c "+$(($2 + 1))" |
		head_all -c "$3"
}

# rows STATE: rows of the manifest, without comments
rows() {
	awk -v v="$1" '!/^#/ && $3 == v' "$vmcores/manifest"
}

# objects: JSON lines on stdin without the summary of each image
objects() {
	grep -v '^{"type":"image",'
}

# Of a pipe these read all, so that who writes into it is not killed, which would be a
# failure.
# has [OPTION...] PATTERN: grep -q
has() {
	grep "$@" | cat >/dev/null
}

# head_all [OPTION...]: head
head_all() {
	head "$@"
	cat >/dev/null
}

# endless TEXT: yes, which is always killed
endless() {
	yes "$1" || [ $? -eq 141 ]
}

# same FILE FILE: succeed if equal, else print a short diff and fail
same() {
	cmp -s "$1" "$2" && return 0
	diff -u --text "$1" "$2" | head -n 30 | cat -v
	return 1
}

# safe FILE: contains nothing that a terminal would act on: no C0 except TAB and LF,
# no DEL, C1, bidirectional controls or separators; all of it is UTF-8
safe() {
	# shellcheck disable=SC2094 # read, and named in the message
	perl -MEncode=decode -e '
		local $/;
		my $bytes = <STDIN>;
		my $text = eval { decode("UTF-8", $bytes, Encode::FB_CROAK) };
		defined $text or die "$ARGV[0]: not UTF-8\n";
		$text =~ /([\x00-\x08\x0b-\x1f\x7f-\x9f\x{61c}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}])/
			and die sprintf("%s: U+%04X at character %d\n", $ARGV[0],
					ord $1, $-[0]);
	' "$1" <"$1"
}
