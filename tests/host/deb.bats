#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian packages: built, checked by lintian, unpacked and used.

bats_require_minimum_version 1.5.0
load crash
load packages

setup_file() {
	command -v dpkg-buildpackage >/dev/null || return 0
	package_tree deb
	[ -d "${P:-}" ] || return 0
	export R=$BATS_FILE_TMPDIR/root
	for d in "$P"/out/deb/*.deb; do
		case $d in
		*-dbgsym_*) ;;
		*) dpkg-deb -x "$d" "$R" ;;
		esac
	done
}

setup() {
	command -v dpkg-buildpackage >/dev/null ||
		skip "dpkg-buildpackage is not installed"
	[ -d "${P:-}" ] || skip "not in a git tree"
	[ "$(uname -m)" = x86_64 ] || skip "the namelist is for x86-64"
	need_crash
	cd "$BATS_TEST_TMPDIR" || return
}

@test "the version is that of the Makefile" {
	[ "$(cd "$P" && dpkg-parsechangelog -S Version)" = \
		"$(sed -n 's/^VERSION := //p' "$P/Makefile")-1" ]
}

@test "lintian finds no error and no warning" {
	command -v lintian >/dev/null || skip "lintian is not installed"
	run lintian --no-cfg "$P"/out/deb/memlog_*.changes
	printf '%s\n' "$output"
	# the first upload closes the bug that asks for the package, and none is known
	# here; it is without test data
	[ "$(grep -v -e initial-upload-closes-no-bugs -e '\[test-data/' <<<"$output" |
		grep -c '^[EW]:')" -eq 0 ]
}

# dpkg_in ROOT ARGUMENT...: dpkg in another root
dpkg_in() {
	local root=$1 as=()
	shift
	[ "$(id -u)" = 0 ] || as=(fakeroot)
	"${as[@]}" dpkg --root="$root" --log=/dev/null --force-not-root \
		--force-depends --force-script-chrootless "$@" 2>&1
}

@test "removed, not purged: gdb starts without a command that is broken" {
	local r=$BATS_TEST_TMPDIR/machine
	mkdir -p "$r"/var/lib/dpkg/{info,updates}
	: >"$r/var/lib/dpkg/status"
	dpkg_in "$r" -i "$P"/out/deb/gdb-memlog_*.deb
	# one copy, which is where gdb looks
	[ "$(readlink "$r/etc/gdb/gdbinit.d/memlog.gdb")" = \
		/usr/share/memlog/memlog.gdb ]
	[ -f "$r/usr/share/memlog/memlog.gdb" ]
	[ "$(find "$r/etc" "$r/usr" -type f -name memlog.gdb | wc -l)" -eq 1 ]
	dpkg_in "$r" -r gdb-memlog
	run find "$r"/* -name '*memlog*' ! -path '*/var/lib/dpkg/*'
	echo "$output"
	[ -z "$output" ]
}

@test "the plugins recommend the package with the manual" {
	local d
	for d in crash gdb; do
		dpkg-deb -f "$P"/out/deb/$d-memlog_*.deb Recommends |
			has -w memlog
	done
	[ -f "$R/usr/share/man/man7/memlog.7.gz" ]
}

@test "tests are built in parallel, and new symbols are an error" {
	run -0 make -C "$P" -n -f debian/rules override_dh_auto_test \
		DEB_BUILD_OPTIONS=parallel=3
	[[ $output == *"make -j3 "*" check "* ]]
	run -0 make -C "$P" -n -f debian/rules override_dh_makeshlibs
	[[ $output == *"dh_makeshlibs "*" -- -c4"* ]]
}

@test "completions are where the shells look" {
	for f in bash-completion/completions/memlog-dump \
		fish/vendor_completions.d/memlog-dump.fish \
		zsh/vendor-completions/_memlog-dump; do
		[ -f "$R/usr/share/$f" ]
	done
}

@test "the test data is a component of the source, and no part of the rest" {
	cd "$P/out/deb"
	[ "$(dpkg-parsechangelog -l "$P/debian/changelog" -S Version)" = \
		"$(sed -n 's/^Version: //p' memlog_*.dsc)" ]
	grep -q 'orig-test-data.tar.gz$' memlog_*.dsc
	tar -tzf memlog_*.orig.tar.gz >sources
	grep -q '/fixtures/gen/mkimage.c$' sources
	run -1 grep -E '\.(zst|syms|fd|elf)$' sources
	tar -tzf memlog_*.orig-test-data.tar.gz >data
	for f in fixtures/vmcores/ovmf-c01-elf64.elf.zst \
		fixtures/vmcores/xen-dom0.syms fixtures/firmware/OVMF-x64.fd.zst \
		LICENSES/BSD-2-Clause-Patent.txt debian/copyright; do
		grep -q "/$f\$" data
	done
	run -1 grep -E '\.[chS]$' data
	# with debian/ they are the commit
	run -1 grep -q '^[^/]*/debian/' sources
	git -C "$P" ls-files | grep -v '^debian/' | sort >all
	sed -n 's|^[^/]*/\(.*[^/]\)$|\1|p' sources data |
		grep -vx debian/copyright | sort -u | diff all -
}

@test "without test data, the tests that need it are left out" {
	mkdir tree
	tar -xzf "$P"/out/deb/memlog_*.orig.tar.gz -C tree --strip-components=1
	run make -s -C tree B="$BATS_TEST_TMPDIR/none" -n check
	[[ $output == *"no test data"*"tests/golden/debugport.bats"* ]]
	run -1 grep -oE "(vmcores|crash|damage|ovmf).bats" <<<"$output"
	run -2 make -s -C tree B="$BATS_TEST_TMPDIR/none" demo
	[[ $output == *"no test data"* ]]
	run make -s -C "$P" -n check
	[[ $output == *vmcores.bats* && $output != *"no test data"* ]]
}

@test "unpacked: memlog-dump, crash and gdb print the same from one dump" {
	lib=$(dirname "$R"/usr/lib/*/libmemlog.so.0)
	export LD_LIBRARY_PATH=$lib
	same_everywhere "$R/usr/bin/memlog-dump" "$R/usr/lib/crash/extensions" \
		"$lib/memlog/memlog-gdb.so" "$R/usr/share/memlog/memlog.gdb"
}

@test "unpacked: the Python module uses the library of its version" {
	export LD_LIBRARY_PATH PYTHONPATH=$R/usr/lib/python3/dist-packages
	LD_LIBRARY_PATH=$(dirname "$R"/usr/lib/*/libmemlog.so.0)
	run -0 /usr/bin/python3 -B -c \
		'import memlog; print(memlog.__version__, memlog.__file__)'
	[ "$output" = "$(sed -n 's/^VERSION := //p' "$P/Makefile") $PYTHONPATH/memlog/__init__.py" ]
	run -0 dpkg-deb -f "$P"/out/deb/python3-memlog_*_all.deb Depends
	[[ $output == *"libmemlog0 (>= "* && $output == *"python3:any"* ]]
}

@test "the package of the gdb plugin has its manual" {
	dpkg-deb -c "$P"/out/deb/gdb-memlog_*.deb >files
	grep -q ' ./usr/share/man/man1/gdb-memlog.1.gz$' files
	dpkg-deb -c "$P"/out/deb/memlog_*.deb >files
	run ! grep gdb-memlog files
}

@test "no file is in two packages" {
	for d in "$P"/out/deb/*.deb; do
		case $d in *-dbgsym_*) continue ;; esac
		dpkg-deb -c "$d" | awk '$1 !~ /^d/ { print $6 }'
	done | sort | uniq -d >twice
	[ ! -s twice ]
}

@test "the packages' own test refers to existing files" {
	[ -x "$P/debian/tests/installed" ]
	for f in usr/share/memlog/memlog.gdb usr/lib/crash/extensions/memlog.so \
		usr/share/man/man8/crash-memlog.8.gz; do
		[ -e "$R/$f" ]
	done
}
