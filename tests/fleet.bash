# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# fleet.bash - many small images for docs/fleet. Needs lib.bash.

# shellcheck disable=SC2034 # for those who load this
fleet=${root:?}/docs/fleet

# fleet_images N: images/image-000 and so on, listed in list: of every five the first is
# unreadable or missing, the second has an assertion, the third reached a phase, the fourth
# is cut, the fifth has no log
fleet_images() {
	local i name
	mkdir images
	printf 'ram 0x820000 8K\novmf 0x820000 size=4K\n%s\nend\nelf64\n' \
		'write "ASSERT [A] /b/APkg/A.c(7): x\r\n"' >assert.rec
	printf 'ram 0x820000 8K\novmf 0x820000 size=4K\n%s\nend\nelf64\n' \
		'write "[Bds] Entry...\r\n"' >phase.rec
	printf 'ram 0x820000 8K\nelf64\n' >none.rec
	for name in assert phase none; do
		"${B:?}/mkimage" "$name.rec" "$name.elf"
	done
	head -c 6000 none.elf >cut.elf
	echo text >text.elf
	for ((i = 0; i < $1; i++)); do
		printf -v name 'images/image-%03d' "$i"
		echo "$name"
		case $((i % 5))/$((i % 2)) in
		0/0) ;;
		0/1) cp text.elf "$name" ;;
		1/*) cp assert.elf "$name" ;;
		2/*) cp phase.elf "$name" ;;
		3/*) cp cut.elf "$name" ;;
		4/*) cp none.elf "$name" ;;
		esac
	done >list
	fleet_n=$1
}

# fleet_expected: what keys.jq says of them
fleet_expected() {
	local n=$((fleet_n / 5))
	printf '%s\t%s\t%s\t%s\n' \
		"$n" 0 images/image-001 'assert APkg/A.c:7 x' \
		"$n" 0 images/image-004 'no log' \
		"$n" "$n" images/image-003 'no log: the image is incomplete' \
		"$n" 0 images/image-002 'phase BDS' \
		$((n / 2)) 0 images/image-000 'unreadable: input/output error' \
		$((n / 2)) 0 images/image-005 'unreadable: not recognised'
}
