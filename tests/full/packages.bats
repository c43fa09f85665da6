#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The packages on a minimal install: a new Debian, in which apt or rpm installs
# them; see clean-machine.

bats_require_minimum_version 1.5.0
load ../host/packages

setup_file() {
	export machine=$BATS_FILE_TMPDIR/machine
	[ "$(id -u)" = 0 ] || return 0
	package_tree deb rpm
}

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root for debootstrap"
	[ "$(uname -m)" = x86_64 ] || skip "the namelist is for x86-64"
	command -v debootstrap >/dev/null || skip "debootstrap is not installed"
	[ -d "$P" ] || skip "not in a git tree"
}

@test "debs: memlog-dump, crash and gdb print the guest's text; removal is complete" {
	run -0 "$BATS_TEST_DIRNAME/clean-machine" "$machine" "$P"/out/deb/*.deb
	printf '# %s\n' "${lines[@]}" >&3
	[ "${lines[-1]}" = "removed: nothing left" ]
}

@test "rpms: the same" {
	run -0 "$BATS_TEST_DIRNAME/clean-machine" "$machine" \
		"$P"/out/rpm/RPMS/*/*.rpm
	printf '# %s\n' "${lines[@]}" >&3
	[ "${lines[-1]}" = "removed: nothing left" ]
}

# autopkgtest's own chroot runner does not mount /proc.
@test "the Debian package's own tests, as Debian runs them" {
	command -v autopkgtest >/dev/null || skip "autopkgtest is not installed"
	# shellcheck disable=SC2016 # expanded by the inner shell
	run unshare --mount sh -c 'mount -t proc proc "$1/proc" && machine=$1 &&
		shift && autopkgtest --no-built-binaries "$@" -- chroot "$machine"' \
		sh "$machine" "$P"/out/deb/*.deb "$P"/out/deb/memlog-*/
	printf '%s\n' "${lines[@]: -20}"
	[ "$status" -eq 0 ]
	[[ $output == *"installed            PASS"* ]]
}
