#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause-Patent
# Download Debian's cloud kernel into the cache and print its path.
set -euo pipefail
# shellcheck source=firmware/lib.sh
. "$(dirname "$0")/lib.sh"

root=$fw_cache/kernel
exec 8> "$fw_cache/lock-kernel"
flock 8
if [ ! -f "$root/vmlinuz" ]; then
	say "downloading Debian's cloud kernel"
	rm -rf "$root"
	mkdir -p "$root"
	private_apt "$root/apt" 'deb http://deb.debian.org/debian bookworm main'
	package=$(apt-cache "${apt[@]}" depends linux-image-cloud-amd64 |
		sed -n 's/^ *Depends: *\(linux-image[^ ]*\)$/\1/p')
	(cd "$root" && apt-get "${apt[@]}" download "$package")
	dpkg-deb --fsys-tarfile "$root"/*.deb |
		tar -x -C "$root" --wildcards './boot/vmlinuz-*'
	mv "$root"/boot/vmlinuz-* "$root/vmlinuz"
	rm -rf "$root"/*.deb "${root:?}/boot"
fi
printf '%s\n' "$root/vmlinuz"
