#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# debian/copyright holds for every file, and the texts of all licences are there.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	git rev-parse HEAD >/dev/null 2>&1 || skip "not in a git tree"
}

files() {
	local f
	git ls-files --cached --others --exclude-standard | while read -r f; do
		[ ! -f "$f" ] || echo "$f"
	done
}

@test "each file has a paragraph, which agrees with the file's own line" {
	files | tests/host/copyright.pl
}

@test "the check detects what does not hold" {
	local t=$BATS_TEST_TMPDIR check=$PWD/tests/host/copyright.pl
	mkdir "$t/debian" "$t/LICENSES" "$t/lib"
	cd "$t"
	: >LICENSES/GPL-2.0-or-later.txt
	printf '/* SPDX-License-Identifier: GPL-2.0-or-later */\n' >a.c
	cat >debian/copyright <<-'EOT'
	Format: x

	Files: *
	Copyright: 2026 somebody
	License: GPL-2.0+

	License: GPL-2.0+
	 Some text.
	EOT
	echo a.c | "$check"
	printf 'a\0b' >binary
	run -1 "$check" <<<binary
	[ "$output" = "binary: not text, and only under Files: *" ]
	printf '# SPDX-License-Identifier: LGPL-2.1-or-later\n' >lib/b.c
	run -1 "$check" <<<lib/b.c
	[ "$output" = "lib/b.c: LGPL-2.1+, but GPL-2.0+ in debian/copyright" ]
	cat >>debian/copyright <<-'EOT'

	Files: lib/* none
	Copyright: <YEAR> somebody
	License: LGPL-2.1+
	EOT
	run -1 "$check" < <(printf '%s\n' a.c lib/b.c)
	[ "${lines[0]}" = "placeholder <YEAR> in debian/copyright" ]
	[ "${lines[1]}" = "Files: none: no such file" ]
	[ "${lines[2]}" = "no paragraph with the text of LGPL-2.1+" ]
	[ "${lines[3]}" = "no LICENSES/LGPL-2.1-or-later.txt" ]
	[ "${#lines[@]}" -eq 4 ]
}

@test "licence texts have no placeholder, and no postal address" {
	# of which the FSF has had several
	run -1 grep -rnE 'Franklin Street|Temple Place|Mass Ave' LICENSES debian
	run -1 grep -nE '<(YEAR|COPYRIGHT HOLDERS?|OWNER)>' LICENSES/BSD-*
}
