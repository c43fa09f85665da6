#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every dump of fixtures/vmcores: each log in the manifest equals the output of the
# debug port byte for byte, and an image without a log gives none.

bats_require_minimum_version 1.5.0
load ../lib

shopt -s extglob

setup_file() {
	export top=$BATS_TEST_DIRNAME/../..
	export dump=${B:-$top/build}/memlog-dump
	export kept=$top/fixtures/vmcores
}

# check NAME FORM: all lines of the manifest for this dump
check() {
	local name form state gpa offset length sha lines=0 status
	local image=$BATS_TEST_TMPDIR/$1.$2

	zstd -q -d --long=31 "$kept/$1.$2.zst" -o "$image"
	while read -r name form state gpa _ offset length sha; do
		[ "$name $form" = "$1 $2" ] || continue
		lines=$((lines + 1))
		status=0
		case $state in
		none)
			"$dump" -O raw "$image" > "$image.text" || status=$?
			[ $status -eq 1 ]
			[ ! -s "$image.text" ]
			continue ;;
		current)
			"$dump" -O raw "$image" > "$image.text" ;;
		stale)
			"$dump" -O raw --at "phys:$gpa" "$image" > "$image.text" ;;
		boot-*)
			"$dump" -O raw -b "${state#boot}" "$image" > "$image.text" ;;
		scattered)
			"$dump" --strict -O raw "$image" > "$image.text" ||
				status=$?
			[ $status -eq 4 ] ;;
		*)
			echo "no state $state"
			return 1 ;;
		esac
		cmp "$image.text" <(zstd -q -dc "$kept/$1.debugcon.zst" |
			tail -c "+$((offset + 1))" | head_all -c "$length")
		[ "$(sha256sum < "$image.text" | cut -d' ' -f1)" = "$sha" ]
	done < "$kept/manifest"
	[ $lines -gt 0 ]
}

# all dumps whose names match
check_all() {
	local name form seen=0

	while read -r name form; do
		# shellcheck disable=SC2053
		[[ $name == $1 ]] || continue
		echo "$name.$form"
		check "$name" "$form"
		rm -f "$BATS_TEST_TMPDIR/$name.$form"*
		seen=$((seen + 1))
	done < <(awk '!/^#/ && NF && !seen[$1 $2]++ { print $1, $2 }' \
		"$kept/manifest")
	[ $seen -gt 0 ]
}

@test "guests of this project's firmware, at the shell" {
	check_all 'memlog-*-shell'
}

@test "guests of this project's firmware, everything else" {
	check_all 'memlog-!(*-shell)'
}

@test "guests of unmodified edk2" {
	check_all 'ovmf-*'
}

@test "a guest that resumed from suspend to RAM: both logs are current" {
	local name=memlog-q35-resume awake
	cd "$BATS_TEST_TMPDIR"
	zstd -q -d --long=31 "$kept/$name.elf.zst" -o image
	zstd -q -d "$kept/$name.debugcon.zst" -o truth
	"$dump" --list image > list
	cat list
	[[ $(grep -A 1 ' phys:0x820000 ' list) == *' resume '*' current'$'\n'*S3* ]]
	[ "$(awk '$2 == "main" { print $NF }' list)" = current ]
	[ "$(grep -c '^ovmf ' list)" -eq 2 ]
	# the resume starts where the firmware started for the second time; what
	# DXE left for it writes to the main log meanwhile
	awake=$(grep -abo SecCoreStartupWithStack truth | sed -n '2s/:.*//p')
	"$dump" -O raw --at phys:0x820000 image > early
	"$dump" -O raw --at "$(awk '$2 == "main" { print $3 }' list)" image > main
	cmp -n "$awake" main truth
	cmp -n 4000 early <(tail -c "+$((awake + 1))" truth)
	[ $(($(stat -c %s early) + $(stat -c %s main))) -eq \
		"$(stat -c %s truth)" ]
	cmp <(sort early main) <(sort truth)
	# both without an option
	"$dump" -O raw image > both
	cmp both <(cat main early)
	"$dump" -q image > text
	[[ $(head -n 1 text) == "==> ovmf main "* ]]
	# the first of the boot in each list
	[ "$("$dump" --list-boots image | awk 'NR == 2 { print $1, $3, $4 }')" = \
		"0 2 $(awk 'NR == 2 { print $3 }' list)" ]
}

@test "every dump is in the manifest" {
	local file base
	for file in "$kept"/*.zst; do
		base=$(basename "$file" .zst)
		case $base in *.debugcon | memlog-q35-resume.*) continue ;; esac
		# except those of Xen, which have several logs, of Linux, of
		# other firmware, and the resume above: they have tests of
		# their own
		case $base in xen-* | coreboot-* | hyp-* | ftrace-* | rings-* | dmesg-* | \
			fpdt-* | advlogger-* | ramoops-* | tpm-* | \
			opal-* | tboot-*)
			grep -q "\b${base%%.*}\b" \
				"${BATS_TEST_DIRNAME}/${base%%-*}.bats"
			continue ;;
		esac
		grep -q "^${base%%.*} ${base#*.} " "$kept/manifest"
	done
}

# of JSON of --list: where, which boot, which state
boots_of() {
	jq -r 'select(.type == "log") | "\(.format) \(.space):\(.addr) " +
		"\(.boot) \(.state)"'
}

# alone IMAGE: a log for which only its own place is looked at has the same boot as
# with a search, or none is given; its extract says the same
alone() {
	local log at boot state found from
	local image=$1 extract=$BATS_TEST_TMPDIR/extract

	# some have no log
	run --separate-stderr "$dump" -q --list -J "$image"
	[ "$status" -le 1 ]
	boots_of <<<"$output" >"$image.all"
	while read -r log at boot state; do
		echo "$image $log $at $boot $state"
		"$dump" -q -F "$log" --list -J --at "$at" "$image" | boots_of >"$image.at"
		"$dump" -q -F "$log" --extract="$extract" --at "$at" "$image"
		"$dump" -q -F "$log" --list -J "$extract" | boots_of >"$image.extract"
		rm "$extract"
		for from in at extract; do
			found=$(grep -F "$log $at " "$image.$from")
			echo "$from: $found"
			case "${found#"$log $at "}" in
			"$boot $state") known=$((known + 1)) ;;
			"null $state" | "null unknown") ;;
			*) return 1 ;;
			esac
		done
		seen=$((seen + 1))
		[ "$boot" = 0 ] || earlier=$((earlier + 1))
	done <"$image.all"
}

@test "without a search a log is never said to be of another boot" {
	local image seen=0 earlier=0 known=0

	for image in "$kept"/*.elf.zst "$top"/fixtures/acrn/*.elf.zst; do
		zstd -q -d --long=31 "$image" -o "$BATS_TEST_TMPDIR/image"
		echo "$image"
		alone "$BATS_TEST_TMPDIR/image"
		rm "$BATS_TEST_TMPDIR/image"
	done
	echo "$seen $earlier $known"
	[ "$seen" -ge 40 ]
	[ "$earlier" -ge 6 ]
	[ "$known" -ge 30 ]
}

@test "with a part of memory no log is said to be current for want of others" {
	local image=$BATS_TEST_TMPDIR/image

	zstd -q -d --long=31 "$kept/memlog-reset-pei.elf.zst" -o "$image"
	[ "$("$dump" -q --list -J --range 0x3ec8000+4K "$image" | boots_of)" = \
		"ovmf phys:0x3ec8000 null unknown" ]
	[ "$("$dump" -q --list -J --range 0-4G "$image" | boots_of | sort)" = \
		"$("$dump" -q --list -J "$image" | boots_of | sort)" ]
	# alone, the early log is known to be current, but not how old the other one is
	[ "$("$dump" -q --list -J --range 0-0x3ed0000 "$image" | boots_of)" = \
		$'ovmf phys:0x3ec8000 null stale\novmf phys:0x820000 0 current' ]
}

@test "--info fits in 80 columns, without a broken word" {
	local name
	cd "$BATS_TEST_TMPDIR"
	for name in dmesg-44.elf xen-dom0-makedumpfile.kdump \
		memlog-ia32x64-pei.kdump-zlib; do
		zstd -qd --long=31 -o "$name" "$kept/$name.zst"
		"$dump" --info -v "$name" >info
		grep -q '^notes:' info
		[ "$(grep -cE '.{81}' info)" -eq 0 ]
		"$dump" --info -J "$name" | jq -r '.notes // [] | .[].text' |
			tr -s ' \n' '\n' | sed '/^$/d' | sort -u >words
		[ -s words ]
		tr -s ' \n' '\n' <info | sort -u | comm -13 - words >broken
		[ ! -s broken ]
	done
}

@test "lists and tables of --stats fit in 80 columns, without a broken word" {
	local name how
	cd "$BATS_TEST_TMPDIR"
	for name in memlog-fpdt.elf memlog-reset-kept.elf coreboot-q35.raw \
		hyp-guests.elf ftrace-612.elf dmesg-61.elf xen-pae32.elf \
		memlog-ia32x64-pei.kdump-zlib; do
		zstd -qd --long=31 -o "$name" "$kept/$name.zst"
		for how in --list --list-boots "--stats boot" "--stats hyp_exit"; do
			# shellcheck disable=SC2086
			"$dump" -q $how "$name" || [ $? -eq 1 ]
		done >text 2>err
		grep -q 'phys:0x' text
		[ "$(grep -cE '.{81}' text)" -eq 0 ]
		tr -s ' ;\n' '\n' <text | sort -u >words
		{
			"$dump" -q -J --list "$name"
			"$dump" -q -J --stats boot "$name" || [ $? -eq 1 ]
		} 2>err | jq -r '.reason // empty, (.logs | arrays[].method)' |
			tr -s ' ;\n' '\n' | grep . | sort -u | comm -13 words - >broken
		[ ! -s broken ]
		rm "$name"
	done
}

@test "OPAL, tboot and Slim Bootloader are not found where they are not, and cost nothing" {
	local file status err pages=0 candidates=0
	local image=$BATS_TEST_TMPDIR/image

	for file in "$kept"/*.zst "$top"/fixtures/{acrn,saved}/*.zst; do
		case $file in
		*/opal-* | */tboot-* | *.debugcon.zst | *.trace.zst | *.read.zst | \
			*.console.zst | *.serial.zst | *.log.zst | *.ring.zst | \
			*.record.zst | *.jsonl.zst | *acrnlog* | *_cpu*) continue ;;
		esac
		zstd -q -d -f --long=31 -o "$image" "$file"
		status=0
		err=$("$dump" -v --list -F opal,tboot,dlog "$image" 2>&1) || status=$?
		echo "$file: $err"
		[ "$status" -eq 1 ]
		[[ $err =~ searched\ ([0-9]+)\ bytes[^$'\n']*:\ ([0-9]+)\ candidate ]]
		pages=$((pages + BASH_REMATCH[1] / 4096))
		candidates=$((candidates + BASH_REMATCH[2]))
	done
	[ "$pages" -gt 1000000 ]
	[ $((candidates * 100000)) -lt "$pages" ]
}
