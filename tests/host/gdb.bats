#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The plugin in the real gdb, on cores.

bats_require_minimum_version 1.5.0
load crash
load gdb

setup_file() {
	[ "$(uname -m)" = x86_64 ] || return 0
	vmlinux=$B/namelist/vmlinux
	make_composite "$BATS_FILE_TMPDIR/vmcore"
	"$B/memlog-dump" "$BATS_FILE_TMPDIR/vmcore" \
		>"$BATS_FILE_TMPDIR/expected"
}

setup() {
	need_gdb
	[ "$(uname -m)" = x86_64 ] || skip "the namelist is for x86-64"
	core=$BATS_FILE_TMPDIR/vmcore
	expected=$BATS_FILE_TMPDIR/expected
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	[ -z "${pid:-}" ] || kill "$pid"
}

@test "the text equals that of memlog-dump, and the debug port's output" {
	[ -s "$expected" ]
	in_gdb -c "$core" <<<"pipe memlog | cat >out"
	cmp out "$expected"
	zstd -dqc "$vmcores/ovmf-c01-elf64.debugcon.zst" | tr -d '\r' >port
	cmp out port
}

@test "crash, gdb and memlog-dump print the same from the same dump" {
	need_crash
	in_gdb -c "$core" <<<"pipe memlog | cat >from-gdb"
	printf 'extend %s\nmemlog > from-crash\n' "$B/crash-ext/memlog.so" |
		crash_run "$vmlinux" "$core"
	cmp from-gdb from-crash
	cmp from-gdb "$expected"
	# around matches, in colour
	"$B/memlog-dump" -q -ig LOADING -C 1 -n 3 --color "$core" >want
	grep -q "^$(printf '\033\\[1;31mLoading')" want
	printf 'extend %s\nmemlog -q -ig LOADING -C 1 -n 3 --color=always > got\n' \
		"$B/crash-ext/memlog.so" | crash_run "$vmlinux" "$core"
	cmp want got
}

# The namelist's kernel, and coreboot's table, console and root of a real guest.
@test "coreboot's console: crash, gdb and memlog-dump print the same" {
	need_crash
	guest_window coreboot-q35 0x3e98000 0x1000 table
	guest_window coreboot-q35 0x3fde000 0x22000 cbmem
	"$B/mkcore" "$vmlinux" elf 3e98000=table 3fde000=cbmem
	"$B/mkcore" -k "$vmlinux" kdump 3e98000=table 3fde000=cbmem
	"$B/memlog-dump" -F cbmem elf >want
	grep -q 'coreboot-coreboot-unknown .* bootblock starting' want
	in_gdb -c elf <<<"pipe memlog -F cbmem | cat >from-gdb"
	cmp from-gdb want
	for core in elf kdump; do
		printf 'extend %s\nmemlog -F cbmem > from-%s\n' \
			"$B/crash-ext/memlog.so" "$core" |
			crash_run "$vmlinux" "$core"
		cmp "from-$core" want
	done
}

# The ring of OPAL is in the namelist's memory where its header says.
@test "OPAL's console and tboot's log: crash, gdb and memlog-dump print the same" {
	need_crash
	guest_window opal-p9 0 0x1000 start
	guest_window opal-p9 0x230000 0x1000 memcons
	guest_window opal-p9 0x260000 0x1000 debug
	guest_window opal-p9 0x1000000 0x100000 ring
	guest_window tboot-packed 0x60000 0x8000 tboot
	"$B/mkcore" "$vmlinux" elf 60000=tboot 30000000=start \
		30230000=memcons 30260000=debug 31000000=ring
	"$B/memlog-dump" -F opal,tboot elf >want
	grep -q 'OPAL v7.0 starting' want
	grep -q 'TBOOT: BSP is cpu 0' want
	in_gdb -c elf <<<"pipe memlog -F opal,tboot | cat >from-gdb"
	cmp from-gdb want
	printf 'extend %s\nmemlog -F opal,tboot > from-crash\n' \
		"$B/crash-ext/memlog.so" | crash_run "$vmlinux" elf
	cmp from-crash want
}

# A record of a real crash, in such memory: what is compressed is left to memlog-dump.
@test "ramoops: crash and gdb print the header of a record, and who prints the rest" {
	need_crash
	guest_window ramoops-61 0 0x100000 region
	"$B/mkcore" "$vmlinux" elf 3e00000=region
	"$B/memlog-dump" -F ramoops elf >want
	zstd -qdc "$vmcores/ramoops-61.log.zst" | head_all -c -1 | cmp - want
	in_gdb -c elf <<<"pipe memlog -F ramoops | cat >from-gdb"
	grep -q 'its text is compressed: memlog-dump prints it' said
	printf 'extend %s\nmemlog -F ramoops > from-crash\n' "$B/crash-ext/memlog.so" |
		crash_run "$vmlinux" elf
	[ "$(cat from-gdb)" = "====1795828273.896700-C" ]
	cmp from-crash from-gdb
}

# The same with the region of a real kernel, whose memory is not in the dump.
@test "a persistent ring buffer: crash, gdb and memlog-dump print the same" {
	local type off phys size
	need_crash
	zstd -dqc --long=31 "$vmcores/ftrace-612.elf.zst" >real
	truncate -s 2M region
	while read -r type off _ phys size _; do
		if [ "$type" = LOAD ] && ((phys >= 0x1f000000)); then
			dd if=real of=region conv=notrunc status=none bs=4096 \
				skip=$((off / 4096)) count=$((size / 4096)) \
				seek=$(((phys - 0x1f000000) / 4096))
		fi
	done < <(readelf -lW real)
	"$B/mkcore" "$vmlinux" elf 1f000000=region
	"$B/mkcore" -k "$vmlinux" kdump 1f000000=region
	"$B/memlog-dump" -F ftrace elf >want
	[ "$(wc -l <want)" -eq 3012 ]
	in_gdb -c elf <<<"pipe memlog -F ftrace | cat >from-gdb"
	cmp from-gdb want
	for core in elf kdump; do
		printf 'extend %s\nmemlog -F ftrace > from-%s\n' \
			"$B/crash-ext/memlog.so" "$core" |
			crash_run "$vmlinux" "$core"
		cmp "from-$core" want
	done
}

@test "a real guest's dump that QEMU wrote" {
	zstd -dqc --long=27 "$vmcores/memlog-q35-shell.elf.zst" >dump
	zstd -dqc "$vmcores/memlog-q35-shell.debugcon.zst" | tr -d '\r' >port
	in_gdb -c dump <<<"pipe memlog | cat >out"
	"$B/memlog-dump" dump >want
	cmp out want
	# the port has no more than the ring: the guest was idle
	cmp out port
}

@test "times, levels and modules of OVMF, as in memlog-dump" {
	zstd -q -d --long=31 -o elf "$vmcores/memlog-q35-index.elf.zst"
	while read -r args; do
		# shellcheck disable=SC2086 # words
		"$B/memlog-dump" -q $args elf >want
		in_gdb -c elf <<<"pipe memlog -q $args | cat >got"
		[ -s want ]
		cmp want got
	done <<-'EOF'
	-l warn+ --time-format=seconds
	-c BdsDxe
	--since 1 --until 2
	EOF
}

@test "options and quoted words work as in memlog-dump" {
	while read -r args; do
		eval "\"$B/memlog-dump\" $args \"$core\"" >want
		in_gdb -c "$core" <<<"pipe -d @@ memlog $args @@ cat >got"
		sed -i 's/"elapsed":[0-9.]*}$/"elapsed":0}/' want got
		cmp want got
	done <<-'EOF'
	--list
	--list-boots
	-b 0 -n 3
	-n 3
	-g 'Install PPI: 8C8' -n 2
	-g "PPI: (8|5)4?" -n 2
	-g Notify\ PPI\|PEIM -n 2
	-ig "NOTIFY PPI" -g peim -C 1 -n 2 --color=always
	--invert-match -g e -B 1 -n +2
	-g peim -A 1 -J -n 1
	--at 0x3cb3000 -n +1 -O json
	--range 0x3c00000-0x3d00000 -n 1
	EOF
}

@test "special characters of shells and gdb reach the library unchanged" {
	run -1 in_gdb -c "$core" <<-'EOF'
	memlog -F $(touch\ here);`touch\ here`|touch\ here>here
	memlog -F '$argc%s$(touch here)'
	EOF
	# shellcheck disable=SC2016 # not expanded
	grep -qF 'unknown log format "$(touch here);`touch here`|tou' said
	# shellcheck disable=SC2016
	# gdb would replace it in the error
	grep -qF 'unknown log format "$ argc%s$(touch here)"' said
	[ ! -e here ]
}

@test "options that do not fit each other are refused" {
	run -1 in_gdb -c "$core" <<-'EOF'
	memlog --list -g x
	memlog -o json
	EOF
	grep -qx 'memlog: --list cannot be combined with -g: it prints no lines' said
	grep -q '^memlog: --output: "json" is an output format: use -O json, or' said
	[ ! -e json ]
}

@test "every byte of the text survives gdb's printf" {
	# all that gdb's printf or echo would interpret
	printf '%s\n' 'a%sb%%c\n\\d"e' "f'g\$h \`i\` #j" '100%' >text
	{
		printf 'ovmfmdg1ovmfmdg2\300\0\0\0\0\0\0\0'
		printf '\100\377\1\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
		# shellcheck disable=SC2059
		printf "\\$(printf %o "$(stat -c %s text)")\\0\\0\\0\\0\\0\\0\\0"
		head -c 136 /dev/zero
		cat text
		head -c 131072 /dev/zero
	} | head_all -c 131072 >window
	"$B/mkcore" "$B/namelist/vmlinux" odd "3cb3000=$PWD/window"
	in_gdb -c odd <<<"pipe memlog | cat >out"
	cmp out text
}

@test "output goes where gdb's goes: set logging" {
	in_gdb -c "$core" <<-'EOF'
	set logging file log
	set logging redirect on
	set logging enabled on
	memlog -n +4
	set logging enabled off
	EOF
	grep -v '^\(Redirecting\|Copying\)' log >got
	head -4 "$expected" | cmp - got
}

@test "-o writes a file, raw bytes too; NUL bytes are not printed" {
	run -1 in_gdb -c "$core" <<-'EOF'
	memlog --raw -o log.raw
	memlog -o log.text
	memlog -o log.text
	EOF
	cmp log.text "$expected"
	"$B/memlog-dump" --raw "$core" | cmp - log.raw
	[ "$(stat -c %a log.text)" = 600 ]
	grep -q 'log.text exists; use --force to replace it' said
	run -1 in_gdb -c "$core" <<<"memlog --extract"
	grep -q 'with -o FILE' said
}

@test "--force replaces neither a link, the core nor the program" {
	cp "$core" mine.core
	cp "$B/namelist/vmlinux" mine.vmlinux
	ln mine.core hard.core
	ln -s target link
	echo mine >there
	run -1 in_gdb mine.vmlinux mine.core <<-EOF
	memlog --force -o there
	memlog -o link
	memlog --force -o link
	memlog --force -o $PWD
	memlog --force -o mine.core
	memlog --force -o hard.core
	memlog --force -o /proc/self/cwd/mine.vmlinux
	memlog -o new/
	memlog -O acrnlog -o files/
	EOF
	grep -q 'new/ names a directory, not a file' said
	grep -q -e '-O acrnlog writes several files: use memlog-dump with -o DIR' said
	[ ! -e files ]
	cmp there "$expected"
	[ "$(grep -c 'link is a symbolic link' said)" -eq 2 ]
	grep -q "$PWD is a directory" said
	[ "$(grep -c 'is being read, and cannot be replaced' said)" -eq 3 ]
	[ -L link ]
	[ ! -e target ]
	cmp "$core" mine.core
	cmp "$B/namelist/vmlinux" mine.vmlinux
}

@test "-o leaves no file if there is no log" {
	"$B/mkcore" "$B/namelist/vmlinux" empty
	in_gdb -c empty <<<"memlog -o out"
	[ ! -e out ]
	in_gdb -c "$core" <<<"memlog -g 'no such text' -o out"
	[ ! -e out ]
	echo mine >there
	in_gdb -c empty <<<"memlog -o there --force"
	[ "$(cat there)" = mine ]
}

# Python in gdb ignores the signal; not every gdb has it.
@test "a limit on the size of files: a message, no partial file, and gdb continues" {
	local how
	for how in SIG_DFL SIG_IGN; do
		run -0 in_gdb -c "$core" -ex \
			"python import signal; signal.signal(signal.SIGXFSZ, signal.$how)" <<-'EOF'
		shell prlimit --fsize=8192: --pid $PPID
		memlog -o out
		printf "status %d\n", $_memlog_status
		memlog -n +1
		EOF
		[[ $output == *"status 3"$'\n'"SecCoreStartupWithStack"* ]]
		[ ! -e out ]
		grep -qx 'memlog: cannot write out: File too large; what was written of it is removed' said
	done
}

@test "raw bytes go to a terminal only with --force" {
	printf '%s\n' "source $B/gdb-plugin/memlog.gdb" "memlog --raw -n +3" >raw
	sed 's/--raw/--raw --force/' raw >forced
	in_tty() {
		limited script -qec "gdb -nx -q -batch -c $core -x $1" /dev/null \
			</dev/null
	}
	run in_tty raw
	[[ $output == *"give --force"* && $output != *SecCoreStartup* ]]
	run in_tty forced
	[[ $output == *SecCoreStartup* ]]
}

@test "too many words are refused, not cut" {
	run -1 in_gdb -c "$core" <<<"memlog$(printf ' -q%.0s' $(seq 130)) -n +1"
	grep -q '^memlog: more than 127 arguments' said
}

# status ARGUMENTS: $_memlog_status after a command
status() {
	in_gdb "${target[@]}" <<-EOF | sed -n 's/^status //p'
	set \$_exitcode = 77
	pipe memlog $* | cat >/dev/null
	memlog $*
	printf "status %d %d\n", \$_memlog_status, \$_exitcode
	EOF
}

@test "\$_memlog_status is the exit status of memlog-dump; \$_exitcode is not touched" {
	local target=(-c "$core")
	[ "$(status)" = "0 77" ]
	[ "$(status --help)" = "0 77" ]
	[ "$(status -g nothing-matches-this)" = "1 77" ]
	[ "$(status --range 0+4K)" = "1 77" ]
	[ "$(status --nonsense)" = "2 77" ]
	[ "$(status --list --info)" = "2 77" ]
	[ "$(status -o /no/such/directory/x)" = "2 77" ]
	[ "$(status --strict)" = "0 77" ]
	target=()
	[ "$(status)" = "3 77" ]
	# the log is in the part that is missing
	zstd -dqc --long=31 "$vmcores/ovmf-c01-elf64.elf.zst" |
		head_all -c 30000000 >half
	target=(-c half)
	[ "$(status)" = "4 77" ]
	[ "$(status --info)" = "0 77" ]
	[ "$(status --strict --info)" = "4 77" ]
	# gdb 16 has an empty line before a warning
	sed -i '/^$/ { N; s/^\n\(warning: \)/\1/ }' said
	run ! grep -v '^warning: \|^memlog: \|truncated\|^BFD' said
}

# What three programs say, without the names of the program and the dump
said() {
	sed -E "s/^memlog(-dump)?: //; s|^$1: ||; s/^(note|NOTE): //
		s/^WARNING: /warning: /; /^usage: /d; /^see: help memlog/d
		s|^(-O acrnlog writes several files: use) memlog-dump with|\1|"
}

# same_answers DUMP: for each line of options on stdin, text, messages and exit status
# of memlog-dump, which gdb's and crash's have to equal. crash has no status: if
# nothing was printed, or with --strict, a message says so.
same_answers() {
	local dump=$PWD/$1 n=0 args status
	echo "extend $B/crash-ext/memlog.so" >to-crash
	rm -f to-gdb ./*.said ./*.status
	while read -r args; do
		n=$((n + 1)) status=0
		echo "@@ $n" >>dump.said
		eval "\"$B/memlog-dump\" $args \"$dump\"" >"dump.$n" \
			2>>dump.said || status=$?
		echo "status $n $status" >>dump.status
		cat >>to-gdb <<-EOF
		shell echo '@@ $n' >&2
		pipe -d @@ memlog $args @@ cat >gdb.$n
		printf "status $n %d\n", \$_memlog_status
		EOF
		printf '!echo "@@ %d" >&2\nmemlog %s > crash.%d\n' \
			$n "$args" $n >>to-crash
	done
	in_gdb -c "$dump" <to-gdb | grep '^status' >gdb.status
	sed -n '/^@@/,$p' said >gdb.said
	crash_run "$vmlinux" "$dump" <to-crash 2>crash.said >/dev/null
	diff dump.status gdb.status
	sed -i 's/"elapsed":[0-9.]*}$/"elapsed":0}/' dump.[0-9]* gdb.[0-9]* crash.[0-9]*
	said "$dump" <dump.said >"$BATS_TEST_TMPDIR/.got"
	said "$dump" <gdb.said >"$BATS_TEST_TMPDIR/.want"
	diff "$BATS_TEST_TMPDIR/.got" "$BATS_TEST_TMPDIR/.want"
	said "$dump" <dump.said >"$BATS_TEST_TMPDIR/.got"
	said "$dump" <crash.said >"$BATS_TEST_TMPDIR/.want"
	diff "$BATS_TEST_TMPDIR/.got" "$BATS_TEST_TMPDIR/.want"
	while read -r _ n _; do
		cmp "dump.$n" "gdb.$n"
		sed '/^Usage:/,$d' "crash.$n" | cmp "dump.$n"
	done <dump.status
}

@test "answers of crash, gdb and memlog-dump: the same text, messages and status" {
	need_crash
	zstd -qdc --long=31 "$vmcores/ovmf-c13a-reset-pei.elf.zst" >real
	# the stale log of one boot, and the early one of the next
	local name at size off phys len
	while read -r name at size; do
		while read -r off phys len; do
			((phys <= at && at < phys + len)) || continue
			dd if=real of="$name" iflag=skip_bytes,count_bytes status=none \
				skip=$((off + at - phys)) count=$((size))
		done < <(readelf -lW real | awk '$1 == "LOAD" { print $2, $4, $5 }')
	done <<-'EOF'
	main 0x3cb3000 0x20000
	early 0x820000 0x10000
	EOF
	"$B/mkcore" "$vmlinux" boots 3cb3000=main 820000=early
	same_answers boots <<-'EOF'
	-n 2
	-n +2
	-n -2 -a
	-b -1 -n 2
	-b -1 --raw
	-b -2
	--list
	--list-boots
	--list -J
	-J -n 1
	-J -g nothing-matches-this
	-g nothing-matches-this
	--strict -q -g nothing-matches-this
	-F cbmem -q
	-l err,warn -q
	-l crit..warn -q
	--since -5 -q
	--since=500ms -q
	--since=10:00 -q
	--at phys:0x820000+7 -n 1
	--at 0x1000
	--range 0+4K
	--stats irq
	-o json
	-O acrnlog
	-O csv
	--list -g zzz
	--list -n 0
	--info -n 5
	--list --stats irq
	--info --list
	--since 1 --until 0
	-q --li
	--lst
	--gerp x
	-g '['
	-l eror
	-b 1
	-n +-2
	--cpu a
	-F acrn
	EOF
	grep -qx 'status 6 1' gdb.status
	[ "$(grep -c ' 2$' gdb.status)" -eq 18 ]
	# a part of the log is missing, or all of it
	local cut
	for cut in 81920 131072; do
		cp "$core" cut
		truncate -s -$cut cut
		same_answers cut <<-'EOF'
		-q -n 1
		-J -n 1
		--strict -n 1
		--list
		--strict --list
		--list-boots
		--info -q
		--strict -J --list
		-g nothing-matches-this
		--range 0x1000000+4K
		EOF
	done
	grep -qx 'status 1 4' gdb.status
}

@test "-g: what would take too much stack or memory is refused, and gdb continues" {
	local deep long re
	printf -v deep '%03000d' 0
	printf -v long '%0100000d' 0
	for re in "${deep//0/(}x${deep//0/)}" 'x{1000}{1000}' \
		'((((x{200}){200}){200}){200}){200}' "$long"; do
		run -0 in_gdb -c "$core" <<-EOF
		memlog -g '$re'
		printf "status %d\n", \$_memlog_status
		memlog -n +1
		EOF
		[[ $output == *"status 2"$'\n'"SecCoreStartupWithStack"* ]]
		grep -q '^memlog: ' said
	done
}

@test "pages are missing: the rest is printed, a warning, \$_memlog_status" {
	local target=(-c hole)
	"$B/mkimage" "$BATS_TEST_DIRNAME/../../fixtures/gen/recipes/hole.rec" hole
	"$B/memlog-dump" -q hole >want
	grep -qx '\[\.\.\. 4096 bytes lost\]' want
	in_gdb "${target[@]}" <<<"pipe memlog | cat >got"
	cmp got want
	grep -qx 'memlog: warning: ovmf phys:0x830000: 31520 bytes of it are not in the image' said
	[ "$(status -n +1)" = "0 77" ]
	[ "$(status --list)" = "0 77" ]
	[ "$(status --strict -g 'hole.0000')" = "4 77" ]
	grep -qx 'memlog: incomplete: 31520 bytes are missing from the image' said
	[ "$(status -g nothing-matches-this)" = "4 77" ]
}

@test "help memlog, memlog --help, completion" {
	run -0 in_gdb <<-'EOF'
	help memlog
	memlog --help
	complete memlo
	help user-defined
	EOF
	[[ $output == *"Usage: memlog [OPTION]..."* ]]
	for o in list format at output-format output grep lines pmemsave version; do
		[[ $output == *"--$o"* ]]
	done
	[[ $output == *$'\nmemlog\n'* ]]
	[[ $output == *"memlog -- Print the logs"* ]]
	[[ $output == *$'\nWhich lines:\n'* && $output == *$'\n  ovmf '* ]]
	[[ $output != *$'\n  acrnlog '* ]]
	run ! grep -E '.{80}' <<<"$output"
}

@test "-V, --extract=FILE, and options that only memlog-dump has" {
	"$B/memlog-dump" --extract want "$core"
	in_gdb -c "$core" >out <<-'EOF'
	memlog -V
	memlog --extract=a
	memlog --extract b
	memlog --extract -o c
	EOF
	grep -qx 'memlog [0-9.]*' out
	for f in a b c; do cmp want "$f"; done
	run -1 in_gdb -c "$core" <<-'EOF'
	memlog --map=q35
	memlog --progress
	EOF
	cat printed said >all
	grep -qx 'memlog: --map: gdb knows the addresses; memlog-dump --map reads raw files' all
	grep -qx 'memlog: --progress: gdb shows output when a command has ended; .*' all
}

@test "without a target, with a bad option: a message of one line" {
	run -1 in_gdb <<<"memlog"
	grep -q '^memlog: no target' said
	run -1 in_gdb -c "$core" <<<"memlog --nonsense"
	grep -q '^memlog: unknown option --nonsense' said
	run -1 in_gdb -c "$core" <<<"memlog -F nonsense"
	grep -q 'unknown log format "nonsense"' said
}

# cannot_start COMMAND...: run gdb with it, where the plugin cannot start; gdb must
# continue. The plugin's message is in the file said.
cannot_start() {
	limited "$@" gdb -nx -q -batch -c "$core" \
		-ex "source $B/gdb-plugin/memlog.gdb" -ex "memlog -n +1" \
		-ex "memlog -n +1" -ex "echo gdb goes on\n" >out 2>said
	grep -q '^gdb goes on' out
	[ "$(grep -c 'Undefined memlog-error command: "the plugin cannot start"' said)" -eq 2 ]
	[ "$(grep -c SecCoreStartup out)" -eq 0 ]
}

@test "without /proc: a message of one line" {
	cannot_start unshare -rm sh -c 'mount -t tmpfs none /proc && "$@"' sh
	[ "$(grep -c '^memlog: /proc is not mounted' said)" -eq 2 ]
}

@test "the limit of open files is too low: a message; it works once raised" {
	for n in 512 900 901; do
		cannot_start sh -c "ulimit -Sn $n && \"\$@\"" sh
		[ "$(grep -c '^memlog: cannot open .* (ulimit -n)$' said)" -eq 2 ]
	done
	ulimit -Sn 512
	in_gdb -c "$core" <<-'EOF'
	memlog -n +1
	shell prlimit --nofile=1024 --pid $PPID
	pipe memlog | cat >out
	EOF
	grep -q '(ulimit -n)$' said
	cmp out "$expected"
}

@test "file descriptors in use are not touched" {
	for n in 900 901; do
		echo mine >taken
		cannot_start bash -c "exec $n<>taken && exec \"\$@\"" bash
		[ "$(grep -c "^memlog: file descriptor $n of gdb is in use" said)" \
			-eq 2 ]
		[ "$(cat taken)" = mine ]
	done
}

@test "a core whose file was removed is read through gdb" {
	cp "$core" gone
	in_gdb -c gone <<-'EOF'
	shell rm gone
	pipe memlog | cat >out
	EOF
	grep -q 'by virtual addresses' said
	cmp out "$expected"
}

@test "a core that grows or shrinks while gdb is open" {
	cp "$core" dump
	local size
	size=$(stat -c %s dump)
	run -0 in_gdb -c dump <<-EOF
	shell truncate -s $((size * 2)) dump
	pipe memlog | cat >grown
	shell truncate -s $((size - 0x1f000)) dump
	pipe memlog | cat >cut
	shell truncate -s 100 dump
	memlog
	print \$_memlog_status
	print 7
	EOF
	cat said
	cmp grown "$expected"
	[ -s cut ]
	[ "$(stat -c %s cut)" -lt "$(stat -c %s "$expected")" ]
	cmp -n "$(stat -c %s cut)" cut "$expected"
	grep -q '^memlog: no log found: none of .* could be read$' said
	[[ $output == *'= 4'*'= 7'* ]]
}

@test "a process that ends while gdb is attached to it" {
	sleep 1000 3>&- &
	pid=$!
	run -0 in_gdb -p $pid <<-EOF
	shell kill -9 $pid; while ! grep -q 'State:.*zombie' /proc/$pid/status; do sleep 0.1; done
	memlog --list
	print \$_memlog_status
	memlog
	print 7
	EOF
	pid=
	[ "$(grep -c '^memlog: pid:.* has no memory: a kernel thread, or it has ended$' said)" -eq 2 ]
	[[ $output == *'= 3'*'= 7'* ]]
}

@test "another JIT reader is not touched" {
	run -1 in_gdb -c "$core" <<-EOF
	jit-reader-load $B/gdb-plugin/memlog-gdb.so
	memlog --list
	EOF
	grep -q 'JIT reader already loaded' said
}

@test "the frame stays selected, and the command can be repeated" {
	sleep 1000 3>&- &
	pid=$!
	run -0 in_gdb -p $pid <<-'EOF'
	frame 1
	memlog --list
	memlog --list
	frame
	EOF
	[ "$(grep -c '^#1 ' <<<"$output")" -eq 2 ]
	[ "$(grep -c "(sleep) has no mapping that could be a guest's" said)" -eq 2 ]
}

@test "a missing plugin is an error of gdb" {
	run -1 in_gdb -c "$core" <<-'EOF'
	set $memlog_plugin = "/nonexistent/memlog-gdb.so"
	memlog
	EOF
	grep -q '/nonexistent/memlog-gdb.so' said
}

@test "it exports only what gdb needs, and imports only from the C library" {
	so=$B/gdb-plugin/memlog-gdb.so
	run bash -c "nm -D --defined-only $so | awk '{ print \$3 }' | sort"
	[ "$output" = $'gdb_init_reader\nplugin_is_GPL_compatible' ]
	run bash -c "readelf -d $so | grep NEEDED | grep -vE '(libc|libgcc_s|lib[a-z]*san)\.so'"
	[ -z "$output" ]
}

@test "a hypervisor's trace: text, warnings and \$_memlog_status as of memlog-dump" {
	local target at vmcores=$BATS_TEST_DIRNAME/../../fixtures/vmcores
	zstd -qdc "$vmcores/hyp-remote-test.elf.zst" >trace
	"$B/memlog-dump" -F hyp-trace trace >want
	target=(-c trace)
	in_gdb "${target[@]}" <<<"pipe memlog -F hyp-trace | cat >got"
	[ -s got ]
	cmp got want
	[ "$(status -F hyp-trace)" = "0 77" ]
	[ "$(status -F hyp-trace -g nothing-matches-this)" = "1 77" ]
	# an order that is guessed, and an event that is damaged
	printf '%s\n' 'ram 1G 4M' 'hyp mainline nodes=0' 'fill 0 30' end \
		'elf64 machine=62' 'cpus 1' 'note VMCOREINFO 0 "OSRELEASE=7.3.4\n"' >r
	"$B/mkimage" r trace
	"$B/memlog-dump" -F hyp-trace trace >want 2>warned
	in_gdb "${target[@]}" <<<"pipe memlog -F hyp-trace | cat >got"
	cmp got want
	sed 's/^memlog-dump: trace: warning: //' warned | has -F -f - said
	grep -q 'the order of the events of 2 CPUs is guessed' said
	[ "$(status -F hyp-trace --strict)" = "0 77" ]
	at=$("$B/memlog-dump" --list -J trace | jq -r 'select(.type == "log").extents |
		map(select(.len == "4096" and .cpu == 0)) | .[1].addr')
	printf 'u32 %s 0\n' "$((at + 20))" | sed '/^end/r /dev/stdin' r >damaged
	"$B/mkimage" damaged trace
	[ "$(status -F hyp-trace --strict)" = "4 77" ]
	grep -q ' of it are damaged and left out' said
}
