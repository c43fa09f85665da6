#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The RPM packages: built, installed into an empty root, used there, and removed
# completely.

bats_require_minimum_version 1.5.0
load crash
load packages

setup_file() {
	command -v rpmbuild >/dev/null || return 0
	package_tree rpm
	[ -d "${P:-}" ] || return 0
	export R=$BATS_FILE_TMPDIR/root
	mkdir "$R"
	rpm --root "$R" --initdb
	rpm -i --root "$R" --nodeps "$P"/out/rpm/RPMS/*/*.rpm
}

setup() {
	command -v rpmbuild >/dev/null || skip "rpmbuild is not installed"
	[ -d "${P:-}" ] || skip "not in a git tree"
	[ "$(uname -m)" = x86_64 ] || skip "the namelist is for x86-64"
	need_crash
	cd "$BATS_TEST_TMPDIR" || return
}

@test "the version is that of the Makefile" {
	[ "$(sed -n 's/^Version: *//p' "$P/memlog.spec")" = \
		"$(sed -n 's/^VERSION := //p' "$P/Makefile")" ]
}

@test "every package has its files, and each file has one owner" {
	for f in \
		"memlog /usr/bin/memlog-dump" \
		"memlog /usr/share/man/man1/memlog-dump.1" \
		"memlog-libs /usr/lib64/libmemlog.so.0" \
		"memlog-devel /usr/include/memlog.h" \
		"crash-memlog-command /usr/lib64/crash/extensions/memlog.so" \
		"crash-memlog-command /usr/share/man/man8/crash-memlog.8" \
		"gdb-memlog /usr/lib64/memlog/memlog-gdb.so" \
		"python3-memlog /usr/lib/python3.[0-9]*/site-packages/memlog/__init__.py" \
		"gdb-memlog /etc/gdbinit.d/memlog.gdb" \
		"gdb-memlog /usr/share/man/man1/gdb-memlog.1" \
		"memlog /usr/share/zsh/site-functions/_memlog-dump" \
		"memlog /usr/share/fish/vendor_completions.d/memlog-dump.fish" \
		"memlog /usr/share/licenses/memlog[-0-9.]*/GPL-2.0-or-later.txt" \
		"memlog-libs /usr/share/licenses/memlog-libs[-0-9.]*/LGPL-2.1-or-later.txt" \
		"memlog-firmware /usr/share/doc/memlog-firmware/README.md"; do
		rpm --root "$R" -ql "${f% *}" | has "^${f#* }"
	done
	run bash -c "rpm --root $R -qal | sort | uniq -d | grep -v '^(contains'"
	for f in $output; do
		[ -d "$R$f" ] || [[ $f == /usr/share/licenses/* ]]
	done
}

@test "installed: memlog-dump, crash and gdb print the same from one dump" {
	export LD_LIBRARY_PATH=$R/usr/lib64
	same_everywhere "$R/usr/bin/memlog-dump" "$R/usr/lib64/crash/extensions" \
		"$R/usr/lib64/memlog/memlog-gdb.so" "$R/etc/gdbinit.d/memlog.gdb"
}

@test "installed: the Python module uses the library of its version" {
	export LD_LIBRARY_PATH=$R/usr/lib64
	PYTHONPATH=$(echo "$R"/usr/lib/python3.*/site-packages) run -0 \
		python3 -B -c 'import memlog; print(memlog.__version__)'
	[ "$output" = "$(sed -n 's/^VERSION := //p' "$P/Makefile")" ]
}

@test "memlog.gdb has the path of the plugin" {
	grep -q 'memlog_plugin = "/usr/lib64/memlog/memlog-gdb.so"' \
		"$R/usr/share/memlog/memlog.gdb"
}

@test "one copy of it, to which gdb's directory links" {
	[ "$(find "$R/etc" "$R/usr" -type f -name memlog.gdb | wc -l)" -eq 1 ]
	[ "$(readlink -f "$R/etc/gdbinit.d/memlog.gdb")" = \
		"$(readlink -f "$R/usr/share/memlog/memlog.gdb")" ]
	[ -z "$(rpm --root "$R" -qc gdb-memlog)" ]
}

@test "the plugins need the debugger only, and recommend the manual" {
	rpm --root "$R" -q --requires gdb-memlog | has '^gdb-headless'
	run -1 bash -c "rpm --root $R -q --requires gdb-memlog | grep '^gdb '"
	[ "$(rpm --root "$R" -q --recommends gdb-memlog)" = memlog ]
	[ "$(rpm --root "$R" -q --recommends crash-memlog-command)" = memlog ]
}

@test "an architecture without crash has no package for it" {
	rpmspec -q --target=x86_64-linux "$P/memlog.spec" | has crash-memlog
	run -1 bash -c "rpmspec -q --target=sparc64-linux $P/memlog.spec |
		grep crash-memlog"
	[ -n "$(rpmspec -q --target=sparc64-linux "$P/memlog.spec")" ]
}

@test "a program builds against the development package" {
	cat >t.c <<-'EOF'
	#include <memlog.h>
	#include <stdio.h>
	int main(void) { return puts(memlog_version()) < 0; }
	EOF
	gcc -o t t.c -I"$R/usr/include" -L"$R/usr/lib64" -lmemlog
	LD_LIBRARY_PATH=$R/usr/lib64 ./t
	[ "$(sed -n 's/^libdir=//p' "$R/usr/lib64/pkgconfig/libmemlog.pc")" = /usr/lib64 ]
}

@test "no path of the build machine is in the packages" {
	run grep -rlF "$BATS_FILE_TMPDIR" "$R/usr" "$R/etc"
	[ -z "$output" ]
}

@test "rpmlint finds no error" {
	command -v rpmlint >/dev/null || skip "rpmlint is not installed"
	run rpmlint -r "$P/memlog.rpmlintrc" --ignore-unused-rpmlintrc "$P"/out/rpm/RPMS/*/*.rpm "$P"/out/rpm/SRPMS/*.rpm
	printf '%s\n' "$output"
	[[ $output == *" 0 errors"* ]]
}

@test "removing the packages leaves nothing" {
	# shellcheck disable=SC2046
	rpm -e --root "$R" --nodeps $(rpm --root "$R" -qa)
	run bash -c "cd $R && find . ! -type d ! -path './var/lib/rpm/*' ! -path './root/.rpmdb/*' ! -path '*/rpm/*'"
	[ -z "$output" ]
	run bash -c "cd $R && find . -name '*memlog*'"
	[ -z "$output" ]
}

@test "variables of make do not reach the makes in the packages" {
	# package_tree sets B=out; V=1 in the spec shows what is linked
	grep -q -- ' -o build/memlog-dump ' "$BATS_FILE_TMPDIR/log"
	run ! grep -q -- ' -o out/' "$BATS_FILE_TMPDIR/log"
}

@test "make dist is reproducible" {
	(cd "$P" && make -s B=one dist && touch Makefile && make -s B=two dist)
	for f in "$P"/one/memlog-*.tar.gz; do
		cmp "$f" "$P/two/${f##*/}"
	done
}
