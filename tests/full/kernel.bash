# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# kernel.bash - a kernel of Debian, kept in the cache of firmware/. top is the source.

# Debian's cloud kernel, 27 MB, and its debug information, 280 MB.
# Sets kernel to the directory that has it.
get_kernel() {
	local package
	# shellcheck source=firmware/lib.sh
	. "${top:?}/firmware/lib.sh"
	kernel=$fw_cache/crash-kernel
	exec 8>"$fw_cache/lock-crash-kernel"
	flock 8
	[ ! -f "$kernel/vmlinux" ] || return 0
	rm -rf "$kernel"
	mkdir -p "$kernel"
	private_apt "$kernel/apt" 'deb http://deb.debian.org/debian bookworm main'
	package=$(apt-cache "${apt[@]}" depends linux-image-cloud-amd64 |
		sed -n 's/^ *Depends: *\(linux-image[^ ]*\)$/\1/p')
	(cd "$kernel" && apt-get "${apt[@]}" download "$package" "$package-dbg")
	for deb in "$kernel"/*.deb; do
		case $deb in
		*-dbg_*) dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$kernel" \
				--wildcards './usr/lib/debug/boot/vmlinux-*' ;;
		*)	dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$kernel" --wildcards './boot/vmlinuz-*' ;;
		esac
	done
	rm "$kernel"/*.deb
	mv "$kernel"/boot/vmlinuz-* "$kernel/vmlinuz"
	mv "$kernel"/usr/lib/debug/boot/vmlinux-* "$kernel/vmlinux"
}
