# SPDX-License-Identifier: BSD-2-Clause-Patent
# shellcheck shell=bash disable=SC2034
# Sourced by the scripts in this directory: paths and functions.

fw_top=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree_top=$(dirname "$fw_top")
fw_cache=${MEMLOG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/memlog}
fw_out=${B:-$tree_top/build}/firmware
mkdir -p "$fw_cache"

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# The hash of the names and contents of the given files and directories.
hash_of() {
	(cd "$fw_top" && find "$@" -type f -print0 | LC_ALL=C sort -z |
		xargs -0 sha256sum | sha256sum | cut -c1-16)
}

# private_apt DIR LINE...: create an apt configuration in DIR with only the given
# sources and set the array apt to the options of apt-get that select it. It uses
# the system's keys, but not its sources, lists and package states. The packages are
# for apt_arch, by default this machine.
private_apt() {
	local dir=$1
	shift

	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	: > "$dir/status"
	printf '%s\n' "$@" > "$dir/sources.list"
	apt=(-qq
		-o "Dir::Etc::sourcelist=$dir/sources.list"
		-o "Dir::Etc::sourceparts=-"
		-o "Dir::State=$dir"
		-o "Dir::State::lists=$dir/lists"
		-o "Dir::State::status=$dir/status"
		-o "Dir::Cache=$dir/cache"
		-o "APT::Sandbox::User=$(id -un)"
		${apt_arch:+-o "APT::Architecture=$apt_arch"})
	apt-get "${apt[@]}" update
}

# edk2_of SUITE: the edk2 that a release of Debian has, and its trees in the cache.
edk2_of() {
	edk2_suite=$1
	case $1 in
	bookworm)	edk2_version=2022.11-6+deb12u2 ;;
	trixie)		edk2_version=2025.02-8+deb13u1 ;;
	*)		die "no edk2 of Debian $1 is known" ;;
	esac
	# names without characters that are special in make
	pristine=$fw_cache/edk2/pristine-${edk2_version//[^a-zA-Z0-9.]/_}
	patched=${pristine/pristine/patched}-$(hash_of patches)
}

edk2_of bookworm
