#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian 13, with its compilers, libraries and linters of packages; see in-debian.

bats_require_minimum_version 1.5.0
load ../host/packages

setup_file() {
	export machine=$BATS_FILE_TMPDIR/machine builder=$BATS_FILE_TMPDIR/builder
}

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root for debootstrap"
	command -v debootstrap >/dev/null || skip "debootstrap is not installed"
	git -C "$BATS_TEST_DIRNAME/../.." rev-parse HEAD >/dev/null 2>&1 ||
		skip "not in a git tree"
}

# in_debian13 DIR COMMAND
in_debian13() {
	"$BATS_TEST_DIRNAME/in-debian" trixie "$1" sh -ec "$2"
}

@test "make deps check, nothing skipped" {
	in_debian13 "$machine" "apt-get -q update &&
		apt-get -q -y --no-install-recommends install make ca-certificates"
	copy_tree "$machine/root/memlog"
	run -0 in_debian13 "$machine" "cd /root/memlog && export CI=true &&
		make -j2 WERROR=1 deps check"
	printf '# %s\n' "${lines[@]: -3}" >&3
	[[ $output == *" passed, 0 failed, 0 skipped"* ]]
}

# The source package as it is for Debian's archive, with its tests.
@test "the Debian packages, from what they say they need, without test data" {
	[ "$(uname -m)" = x86_64 ] || skip "the namelist is for x86-64"
	package_tree deb TESTDATA=0
	in_debian13 "$builder" "apt-get -q update &&
		apt-get -q -y --no-install-recommends install build-essential fakeroot"
	cp "$P"/out/deb/memlog_*.{dsc,orig.tar.gz,debian.tar.xz} "$builder/root/"
	run -1 grep -q test-data "$builder"/root/memlog_*.dsc
	run -0 in_debian13 "$builder" "cd /root && dpkg-source -x memlog_*.dsc tree &&
		cd tree && apt-get -q -y --no-install-recommends build-dep . &&
		dpkg-buildpackage -us -uc"
	printf '%s\n' "${lines[@]: -20}"
	[[ $output == *"no test data"*" passed, 0 failed"* ]]
	compgen -G "$builder/root/crash-memlog_*_amd64.deb"
}
