#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause-Patent
# Check that the patches apply, without fuzz, to the edk2 release that a release of
# Debian has: tree.sh SUITE, such as bookworm (edk2-stable202211) or trixie
# (edk2-stable202502). Uses only the directories of the original source that the
# patches change.
set -euo pipefail
# shellcheck source=firmware/lib.sh
. "$(dirname "$0")/lib.sh"

suite=${1:?usage: tree.sh SUITE}
root=$fw_cache/trees/$suite
exec 8> "$fw_cache/lock-trees"
flock 8

if [ ! -f "$root/.done" ]; then
	say "downloading the edk2 of $suite"
	rm -rf "$root"
	mkdir -p "$root/OvmfPkg"
	private_apt "$root/apt" "deb-src http://deb.debian.org/debian $suite main"
	(cd "$root" && apt-get "${apt[@]}" source --download-only --tar-only edk2)
	tar -xJf "$root"/edk2_*.orig.tar.xz -C "$root" --strip-components=1 \
		--wildcards '*/OvmfPkg'
	touch "$root/.done"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -a "$root/OvmfPkg" "$work"
git() {
	command git -C "$work" -c core.autocrlf=false -c user.name=tree.sh \
		-c user.email=tree.sh@localhost "$@"
}
git init -q
git add -Af .
git commit -qm base
git am -q --keep-cr "$fw_top"/patches/*.patch 2>&1 |
	sed '/quoted CRLF/d' >&2
[ -z "$(git status --porcelain)" ]
say "$(basename "$root"/edk2_*.orig.tar.xz): $(($(git rev-list --count HEAD) - 1)) patches apply"
