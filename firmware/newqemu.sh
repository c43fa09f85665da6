#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause-Patent
# Download a QEMU with query-firmware-log (10.2 or later) from Debian 13 and its
# backports, and print the path of a wrapper that runs it: newqemu.sh [GUEST], x86_64
# or aarch64. Needs no root: the packages are unpacked in the cache and QEMU is run with
# their loader.
set -euo pipefail
# shellcheck source=firmware/lib.sh
. "$(dirname "$0")/lib.sh"

guest=${1:-x86_64}
case $guest in
x86_64)		root=$fw_cache/trixie package=qemu-system-x86 ;;
aarch64)	root=$fw_cache/trixie-arm package=qemu-system-arm ;;
*)		die "unknown guest $guest: use x86_64 or aarch64" ;;
esac
wrapper=$root/qemu
exec 8> "$fw_cache/lock-qemu"
flock 8

get() {
	local deb

	say "downloading QEMU from Debian 13's backports"
	rm -rf "${root:?}/usr"
	private_apt "$root/apt" \
		'deb http://deb.debian.org/debian trixie main' \
		'deb http://deb.debian.org/debian trixie-backports main'
	apt-get "${apt[@]}" -y -o APT::Architecture=amd64 --download-only \
		--no-install-recommends -t trixie-backports \
		install "$package" > "$root/apt/log"
	for deb in "$root"/apt/cache/archives/*.deb; do
		dpkg-deb -x "$deb" "$root"
	done
	rm -f "$root"/apt/cache/archives/*.deb
	# /lib and /lib64 are links that base-files creates when installed
	ln -sfn usr/lib "$root/lib"
	ln -sfn usr/lib64 "$root/lib64"
	cat > "$wrapper" <<-EOF
	#!/bin/sh
	exec "$root/usr/lib64/ld-linux-x86-64.so.2" --library-path \\
		"$root/usr/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu/pulseaudio:$root/usr/lib" \\
		"$root/usr/bin/qemu-system-$guest" -L "$root/usr/share/qemu" \\
		-L "$root/usr/share/seabios" "\$@"
	EOF
	chmod +x "$wrapper"
	"$wrapper" --version > "$root/version" ||
		die "the unpacked QEMU does not run"
	touch "$root/.done"
}

[ -f "$root/.done" ] || get
say "$(head -1 "$root/version")"
printf '%s\n' "$wrapper"
