# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# newest.bash - crash of Debian's unstable distribution: that of Debian 12 does not know
# the types of the newest kernels. top is the source; lib.sh of firmware has been read.

# It is unpacked, not installed, and brings its libc. Sets newest to its directory.
# shellcheck disable=SC2154 # private_apt sets apt
get_crash() {
	local deb
	newest=${fw_cache:?}/crash-newest
	exec 7>"$fw_cache/lock-crash-newest"
	flock 7
	[ ! -x "$newest/run" ] || return 0
	rm -rf "$newest"
	mkdir -p "$newest/include"
	private_apt "$newest/apt" 'deb http://deb.debian.org/debian sid main'
	apt-get "${apt[@]}" install -y --no-install-recommends --download-only \
		crash
	for deb in "$newest"/apt/cache/archives/*.deb; do
		dpkg-deb -x "$deb" "$newest/root"
	done
	rm -r "$newest/apt"
	ln -s ../root/usr/include/crash "$newest/include/crash"
	cat >"$newest/run" <<-'EOF'
	#!/bin/sh
	root=$(dirname "$0")/root
	exec "$root/usr/lib64/ld-linux-x86-64.so.2" \
		--library-path "$root/usr/lib/x86_64-linux-gnu" \
		"$root/usr/bin/crash" "$@"
	EOF
	chmod +x "$newest/run"
}

# need_crash: the extension for the newest crash in $extension
need_crash() {
	[ "$(uname -m)" = x86_64 ] || skip "the dumps are of x86-64"
	extension=$BATS_FILE_TMPDIR/b/crash-ext/memlog.so
	[ -e "$extension" ] || make -s -C "${top:?}" B="$BATS_FILE_TMPDIR/b" \
		SANITIZE= CPPFLAGS="-I$newest/include" CRASH_SRC="$(cd "$top" &&
			echo crash-ext/*.c)" "$extension"
}
