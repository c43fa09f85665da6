#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause-Patent
# Download a kernel of Debian's into the cache and print its path: kernel.sh [ARCH
# [full]], of amd64 or arm64; the cloud kernel, or the one with all drivers. The drivers
# of virtio are next to it, in virtio.
set -euo pipefail
# shellcheck source=firmware/lib.sh
. "$(dirname "$0")/lib.sh"

arch=${1:-amd64}
apt_arch=$arch
flavour=cloud-$arch
root=$fw_cache/kernel
[ "$arch" = amd64 ] || root+=-$arch
[ "${2:-}" != full ] || { flavour=$arch; root+=-full; }
exec 8> "$fw_cache/lock-kernel"
flock 8
if [ ! -d "$root/virtio" ]; then
	say "downloading Debian's kernel for $flavour"
	rm -rf "$root"
	mkdir -p "$root"
	private_apt "$root/apt" 'deb http://deb.debian.org/debian bookworm main'
	package=$(apt-cache "${apt[@]}" depends "linux-image-$flavour" |
		sed -n 's/^ *Depends: *\(linux-image[^ ]*\)$/\1/p')
	(cd "$root" && apt-get "${apt[@]}" download "$package")
	dpkg-deb --fsys-tarfile "$root"/*.deb |
		tar -x -C "$root" --wildcards './boot/vmlinuz-*' \
			'./lib/modules/*/kernel/drivers/virtio/*'
	mv "$root"/boot/vmlinuz-* "$root/vmlinuz"
	mv "$root"/lib/modules/*/kernel/drivers/virtio "$root/virtio"
	rm -rf "$root"/*.deb "${root:?}/boot" "${root:?}/lib"
fi
printf '%s\n' "$root/vmlinuz"
