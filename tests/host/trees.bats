#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The patches of the firmware apply without fuzz to the lines that are kept of two
# releases of edk2, firmware/context.

bats_require_minimum_version 1.5.0

setup() {
	command -v git > /dev/null || skip "git is not installed"
	firmware=$BATS_TEST_DIRNAME/../../firmware
	old=$firmware/context/edk2-stable202211.txt
	new=$firmware/context/edk2-stable202502.txt
}

# The patches apply to the lines in these files.
apply() {
	local patches=("$firmware"/patches/*.patch)
	run -0 "$firmware/tree.sh" -k "$@"
	[[ $output == *": ${#patches[@]} patches apply" ]]
}

@test "the patches apply to edk2-stable202211" {
	apply "$old"
}

@test "the patches apply to edk2-stable202502" {
	apply "$new"
}

@test "the patches apply whether the lines around a change are old or new" {
	[ "$(diff "$old" "$new" | grep -c '^[<>] |')" -gt 20 ]
	apply "$old" "$new"
	apply "$new" "$old"
}

@test "a patch does not apply if a line next to its change differs" {
	sed 's/^|FV = PEIFV$/|FV = PEIFV2/' "$old" > "$BATS_TEST_TMPDIR/other"
	run ! cmp -s "$old" "$BATS_TEST_TMPDIR/other"
	run -128 "$firmware/tree.sh" -k "$BATS_TEST_TMPDIR/other"
	[[ $output == *'Patch failed'* ]]
}

@test "all files that the patches change are among those lines" {
	sed -n 's|^+++ b/\([^\r]*\).*|\1|p' "$firmware"/patches/*.patch |
		tr -d '\r' | sort -u > "$BATS_TEST_TMPDIR/changed"
	for file in "$old" "$new"; do
		sed -n 's/^= \(.*\) .*/\1/p' "$file" | sort -u |
			cmp - "$BATS_TEST_TMPDIR/changed"
	done
}
