# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# packages.bash - a repository with the working tree, committed or not, to build
# packages from.

# copy_tree DIR: a repository there with the files of this one, as a commit
copy_tree() {
	local top=$BATS_TEST_DIRNAME/../..
	mkdir -p "$1"
	git -C "$top" ls-files --cached --others --exclude-standard -z |
		(cd "$top" && tar -c --null -T - --ignore-failed-read \
			2>/dev/null) | tar -x -C "$1"
	(cd "$1" && git init -q . && git add -A &&
		git -c user.name=t -c user.email=t@t commit -qm t)
}

# package_tree TARGET...: sets P; runs `make TARGET...` there without tests.
package_tree() {
	git -C "$BATS_TEST_DIRNAME/../.." rev-parse HEAD >/dev/null 2>&1 || return 0
	export P=$BATS_FILE_TMPDIR/pkg
	copy_tree "$P"
	(
		cd "$P" && env -u MAKEFLAGS -u MAKELEVEL -u CI \
			make -j2 B=out CHECK=0 "$@"
	) >"$BATS_FILE_TMPDIR/log" 2>&1 3>&- || {
		tail -40 "$BATS_FILE_TMPDIR/log"
		return 1
	}
}

# shellcheck disable=SC2154 # need_crash of crash.bash sets them
#
# same_everywhere DUMP CRASH_EXT_DIR PLUGIN MEMLOG_GDB: memlog-dump (LIBDIR in
# LD_LIBRARY_PATH), crash and gdb of a tree print the debug port's output.
same_everywhere() {
	make_composite "$core"
	zstd -dqc "$vmcores/ovmf-c01-elf64.debugcon.zst" | tr -d '\r' >port
	"$1" "$core" >out
	cmp out port

	printf 'extend memlog.so\nmemlog > crash.out\nq\n' |
		CRASH_EXTENSIONS=$2 LD_LIBRARY_PATH='' \
			limited crash --minimal -s "$vmlinux" "$core" >said
	grep -q "$2/memlog.so: shared object loaded" said
	cmp crash.out port

	cat >commands <<-EOF
	set \$memlog_plugin = "$3"
	source $4
	pipe memlog | cat >gdb.out
	EOF
	LD_LIBRARY_PATH='' limited gdb -nx -q -batch -c "$core" -x commands
	cmp gdb.out port
}
