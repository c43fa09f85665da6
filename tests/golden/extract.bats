#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --extract of every dump and every recipe: what is printed and listed of the
# extract is the same as of the image, without an option.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# what IMAGE: its logs, with what is known of them
what() {
	"$dump" -q --list -J "$1" | objects | jq -c '[.format, .variant,
		if .space == "file" or .extents[0].alias_space == .space
			then .extents[0].alias_addr else .addr end,
		.boot, .state, .used]'
}

# printed IMAGE [OPTION...]: its text and its exit status
printed() {
	local status=0
	"$dump" -q "$@" || status=$?
	echo "exit $status"
}

# same_of IMAGE [OPTION...]: an extract with these options gives the same
same_of() {
	local image=$1 how
	shift
	rm -f small
	"$dump" -q --extract=small "$@" "$image"
	for how in -a --color=never; do
		printed $how "$@" "$image" >want
		printed $how small >got
		same want got
	done
}

# check IMAGE: each format alone, and all at once if they have one kind of address
check() {
	local image=$1 format formats n=0
	echo "$image"
	what "$image" >logs
	formats=$(jq -r '.[0]' logs | sort -u)
	for format in $formats; do
		n=$((n + 1))
		echo "$format" >>"$BATS_TEST_TMPDIR/seen"
		# without the firmware's log its modules have no names
		if [ "$format" = fpdt ] && grep -qx ovmf <<<"$formats"; then
			"$dump" -q --extract=small -F fpdt "$image" --force
		else
			same_of "$image" -F "$format"
		fi
		jq -c "select(.[0] == \"$format\")" logs >want
		what small >got
		same want got
	done
	run "$dump" -F all --extract=all "$image"
	[ "$status" -eq 0 ] || [ "$status" -eq 4 ]
	if [ "$n" -gt 1 ] && [[ $output != *"is not in the extract"* ]]; then
		same_of "$image" -F all
		what small >got
		same logs got
	fi
	rm -f all
}

# bats test_tags=plain
@test "dumps of real machines" {
	local file name
	for file in "$vmcores"/*.zst "$root"/fixtures/acrn/*.elf.zst; do
		name=$(basename "$file" .zst)
		case $name in *.debugcon | *.trace | *.read | *.console | \
			*.serial | *.log | *.ring) continue ;; esac
		zstd -qd --long=31 -o "$name" "$file"
		# those without a log have nothing to extract; these two need symbols
		if "$dump" -q --list "$name" >/dev/null; then
			check "$name"
		else
			[[ $name == *-off.elf || $name == rings-@(510|73).elf ]]
		fi
		rm -f "$name"
	done
	# each format that has text was there
	"$dump" --help | has cbmem
	for name in ovmf advlogger acrn-log acrn-trace xen-console xencons \
		cbmem opal tboot hyp-trace ftrace; do
		grep -qx "$name" seen
	done
}

@test "recipes" {
	local recipe name
	for recipe in "$recipes"/*.rec; do
		name=$(basename "$recipe" .rec)
		# 4096 headers without text
		[[ $name != planted* ]] || continue
		"$B/mkimage" "$recipe" "$name"
		if "$dump" -q --list "$name" >/dev/null; then
			check "$name"
		else
			case $name in kdump-incomplete | kdump-part2 | notes-only) ;;
			xen-3-begun) ;; # no page starts in its log
			*) return 1 ;;
			esac
		fi
		rm -f "$name"
	done
	grep -qx ovmf seen
}
