#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The extension in the real crash.

bats_require_minimum_version 1.5.0

load crash

setup_file() {
	[ "$(uname -m)" = x86_64 ] || return 0
	vmlinux=$B/namelist/vmlinux
	make_composite "$BATS_FILE_TMPDIR/vmcore"
	make_composite "$BATS_FILE_TMPDIR/vmcore.k" -k
	"$B/memlog-dump" "$BATS_FILE_TMPDIR/vmcore" \
		>"$BATS_FILE_TMPDIR/expected"
}

setup() {
	need_crash
	so=$B/crash-ext/memlog.so
	[ -e "$so" ] || skip "crash's header is not installed"
	expected=$BATS_FILE_TMPDIR/expected
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	[ -z "${pid:-}" ] || kill "$pid"
}

# memlog_in CORE: commands on stdin, after loading the extension
memlog_in() {
	{ echo "extend $so"; cat; } | crash_run "$vmlinux" "$1" 2>stderr
}

@test "loads in minimal mode, is listed, and unloads" {
	run memlog_in "$core" <<-EOF
	extend
	extend -u $so
	memlog --list
	EOF
	[[ $output == *"$so: shared object loaded"* ]]
	# what crash calls after each command is no command of users
	grep -qxE "$so  memlog *" <<<"$output"
	[[ $output == *"$so: shared object unloaded"* ]]
	[[ $output == *"memlog: command not available"* ]]
	[[ $output != *FORMAT* ]]
}

@test "is found by name in crash's extensions directory" {
	mkdir ext
	cp "$so" ext/memlog.so
	run env CRASH_EXTENSIONS="$PWD/ext" bash -c "load() { :; }
		. $BATS_TEST_DIRNAME/../lib.bash
		. $BATS_TEST_DIRNAME/../wait.bash
		. $BATS_TEST_DIRNAME/crash.bash
		printf 'extend memlog.so\nmemlog --list\n' |
		crash_run $vmlinux $core"
	[[ $output == *"ext/memlog.so: shared object loaded"* ]]
	[[ $output == *"phys:0x3cb3000"* ]]
}

@test "help memlog has the sections of crash's pages, and every option" {
	local o name
	memlog_in "$core" <<<"help memlog" >page
	grep -q "crash has no exit status.  If nothing was printed, a message" page
	grep -qx '  memlog - logs that .*' page
	grep -qF '  memlog [--info | --list | --list-boots | --signature | --extract=FILE]' page
	grep -qx 'DESCRIPTION' page
	grep -qx 'EXAMPLES' page
	# in the groups of memlog-dump --help
	[ "$(sed /EXAMPLES/,\$d page | grep -xE '  [A-Z][a-z ]+:')" = "$("$B/memlog-dump" --help |
		grep -xE '[A-Z][a-z ]+:' | sed 's/^/  /')" ]
	# each one of memlog-dump is here, or is named as one that is not
	"$B/memlog-dump" --help >help
	[ "$(grep -cE '^  (-.,|   ) --[a-z-]+' help)" -gt 30 ]
	[ "$(sed -n '/formats (-/,/^$/s/^  //p' help | wc -l)" -gt 20 ]
	while read -r o; do
		grep -qE -- " $o([ =[]|\$)" page || [[ $o == --follow ]] ||
			sed -n '/memlog-dump only/p' page |
			has -E -- "(^| )(${o#-}|$o|${o:1:2})[, ]"
	done < <(grep -oE '^  (-.,|   ) --[a-z-]+' help |
		grep -oE -- '--[a-z-]+')
	# log formats, and outputs without those that are directories
	while read -r name _; do
		case $name in
		acrnlog* | acrntrace) run ! grep -q "^    $name " page ;;
		*) grep -q "^    $name " page ;;
		esac
	done < <(sed -n '/formats (-/,/^$/s/^  //p' help)
	run ! grep -F -e '%' page
	run ! grep -E '.{80}' page
}

@test "the examples of help memlog print what they show" {
	memlog_in "$core" <<<"help memlog" >page
	sed -n '/^EXAMPLES/,$p' page >examples
	memlog_in "$core" >out <<-'EOF'
	memlog
	memlog --list
	memlog -g Bds -n 2
	EOF
	[ "$(grep -c '^    [^c ]' examples)" -ge 5 ]
	grep '^    ' examples | grep -v '^    crash> \|^    \.\.\.$' | cut -c5- |
		while IFS= read -r line; do
			grep -qxF -- "$line" out
		done
	memlog_in "$core" <<-'EOF'
	memlog --at 3cb3000 > at
	memlog --at 3cb3000 -O raw -o ovmf.log
	memlog --extract=logs.elf
	EOF
	cmp at "$expected"
	"$B/memlog-dump" -r "$core" | cmp - ovmf.log
	"$B/memlog-dump" logs.elf | cmp - "$expected"
}

@test "crash-memlog(8) has the options of help memlog, and a session that is real" {
	local manual=$BATS_TEST_DIRNAME/../../man/crash-memlog.8 line
	memlog_in "$core" <<<"help memlog" >help
	mandoc -Tascii "$manual" | col -bx >page
	grep -oE -- '--[a-z-]+' help | sort -u >in-help
	sed -n '/^OPTIONS/,/^DIFF/p' page | grep -E '^     -' |
		grep -oE -- '--[a-z-]+' | sort -u >in-page
	# named in help as options of memlog-dump only
	grep -vxE -- '--(map|sandbox|threads|via-qemu)' in-help | diff - in-page
	sed -n '/^ *\$ crash /,/--extract/p' page | sed 's/^     //' >session
	memlog_in "$core" >out < <(sed -n 's/^crash> \(memlog.*\)/\1/p' session)
	[ "$(grep -c '^crash> ' session)" -eq 6 ]
	while IFS= read -r line; do
		case $line in
		'$ crash'* | 'crash> '* | *'object loaded') ;;
		*) grep -qxF -- "$line" out ;;
		esac
	done <session
	[ -s ovmf.log ] && [ -s logs.elf ]
}

@test "options that only memlog-dump has: one line says why" {
	memlog_in "$core" >said <<-'EOF'
	memlog -w
	memlog --map=q35
	memlog -s vmlinux
	memlog --via-qemu
	memlog --threads 2
	memlog --sandbox on
	EOF
	[ "$(grep '^memlog: ' said)" = "\
memlog: --follow: a dump does not change; memlog-dump -w follows a guest
memlog: --map: crash knows the addresses; memlog-dump --map reads raw files
memlog: --symbols: the symbols are crash's; memlog-dump -s reads others
memlog: --via-qemu: it is for qmp:SOCKET of memlog-dump
memlog: --threads: crash reads in one thread; memlog-dump may use several
memlog: --sandbox: crash needs its rights; memlog-dump gives up its own" ]
}

@test "-V: the version" {
	memlog_in "$core" >said <<-'EOF'
	memlog -V
	memlog --version > version
	EOF
	[ "$(cat version)" = "memlog $("$B/memlog-dump" -V | cut -d' ' -f2)" ]
	grep -qxF "$(cat version)" said
}

@test "--extract: its file with =, as the next word, or by -o; or a pipe" {
	"$B/memlog-dump" --extract want "$core"
	memlog_in "$core" >said <<-EOF
	memlog --extract=a
	memlog --extract b
	memlog --extract -o c
	memlog --extract > d
	memlog --extract=~/e
	memlog --extract=a
	memlog --extract=a --force -n 1
	memlog --extract f g
	memlog --extract=h -o i
	EOF
	for f in a b c d; do cmp want "$f"; done
	[ ! -e f ] && [ ! -e g ] && [ ! -e h ] && [ ! -e i ]
	grep -qx 'memlog: a exists; use --force to replace it' said
	grep -qx 'memlog: --extract cannot be combined with -n: it copies .*' said
	grep -qx 'memlog: unexpected argument: f' said
	grep -qx 'memlog: --output: only one of -o and --extract=FILE, once' said
}

@test "~/ in the name of a file is the home directory" {
	mkdir home
	HOME=$PWD/home memlog_in "$core" <<-'EOF'
	memlog -o ~/out
	memlog --extract=~/log.elf
	EOF
	cmp home/out "$expected"
	"$B/memlog-dump" home/log.elf | cmp - "$expected"
}

@test "--progress: lines on standard error, and nothing of it in the output" {
	make_composite slow -k -f 10000000=60000
	memlog_in slow <<-'EOF' >said
	memlog --progress --scan pages > out
	memlog --progress=sometimes
	EOF
	cmp out "$expected"
	grep -qx 'slow: [0-9]* of [0-9]* MiB, [0-9]*%' stderr
	run ! grep -q MiB said
	grep -qF 'memlog: --progress: unknown value "sometimes"; there are auto, always, never' said
	# by itself only on a terminal
	memlog_in slow <<<'memlog --scan pages > out'
	run ! grep -q MiB stderr
}

@test "the text equals that of memlog-dump, and the debug port's output" {
	memlog_in "$core" <<<"memlog > out"
	[ -s out ]
	cmp out "$expected"
	zstd -dqc "$vmcores/ovmf-c01-elf64.debugcon.zst" | tr -d '\r' >port
	cmp out port
}

@test "the same from a kdump-compressed dump, which crash expands" {
	memlog_in "$core.k" <<<"memlog > out"
	cmp out "$expected"
}

@test "--list, -n, -g, --at, --range, --scan and -O work as in memlog-dump" {
	while read -r args; do
		eval "\"$B/memlog-dump\" $args \"$core\"" >want || [ $? = 1 ]
		memlog_in "$core" <<<"memlog $args > got"
		sed -i 's/"elapsed":[0-9.]*}$/"elapsed":0}/' want got
		cmp want got
	done <<-'EOF'
	--list
	--list -F ovmf --scan likely
	-n 3
	-n -3
	-g "PEIM|Notify" -n 5
	--at 0x3cb3000 -O json
	--range 0x3c00000-0x3d00000 --raw
	--range 0x1000000+0x7000
	EOF
}

@test "addresses and sizes are hexadecimal without 0x, counts are not" {
	local args same
	while read -r args same; do
		eval "\"$B/memlog-dump\" $same \"$core\"" >want || [ $? = 1 ]
		memlog_in "$core" <<<"memlog $args > got"
		cmp want got
	done <<-'EOF'
	--at=3cb3000 --at=0x3cb3000
	--at=phys:3cb3000 --at=0x3cb3000
	--range=3c00000+100000 --range=0x3c00000+0x100000
	--range=60M-64M --range=60M-64M
	--lines=10 --lines=10
	EOF
}

@test "no log in a range: crash and memlog-dump have the same numbers" {
	make_composite filled -k -f 10000000=300
	local f r same
	for f in "$core" "$core.k" filled; do
		while read -r r same; do
			memlog_in "$f" <<<"memlog -v --range $r" >out
			grep -o 'searched .*\|no log found in.*\|no log found: .*' out >said
			[ -s said ]
			run -1 "$B/memlog-dump" -v --range "$same" "$f"
			sed -n "s|^memlog-dump: $f: ||p" <<<"$output" >want
			sed -i 's/ by looking at [0-9]*//' said want
			diff said want
		done <<-'EOF'
		0-1M 0-1M
		1000000-1002000 0x1000000-0x1002000
		1004000-100a000 0x1004000-0x100a000
		15M-17M 15M-17M
		fff0000+20000 0xfff0000+0x20000
		EOF
	done
	grep -q 'no log found in the 64.0 KiB that the image has in --range' said
}

@test "--at GOOD --at BAD: the good one is printed, and an error" {
	memlog_in "$core" <<<"memlog --at 1000 --at 3cb3000 -o got" >said
	cmp got "$expected"
	grep -q '^memlog: --at: no log starts at phys:0x1000 ' said
}

@test "a pipe gets the log and nothing else" {
	run memlog_in "$core" <<<"memlog | sed s/^/P:/ | head -2"
	[[ ${lines[-2]} == "P:SecCoreStartupWithStack"* ]]
	[[ ${lines[-1]} == "P:"* ]]
}

@test "a reader that closes the pipe early is no error" {
	run memlog_in "$core" <<-'EOF'
	memlog | head -1
	memlog -n +2
	EOF
	[[ $output != *"roken pipe"* ]]
	[[ $(grep -c '^SecCoreStartup' <<<"$output") -eq 2 ]]
}

@test "-n: the newest lines, with + the first" {
	memlog_in "$core" >newest <<<"memlog -n 2"
	memlog_in "$core" >oldest <<<"memlog -n +2"
	grep -qxFf <(tail -n 1 "$expected") newest
	grep -q '^SecCoreStartup' oldest
	run ! grep -q '^SecCoreStartup' newest
}

@test "memlog -h and --help show the help page" {
	local o
	for o in -h --help; do
		run memlog_in "$core" <<<"memlog $o"
		[[ $output == *NAME*SYNOPSIS*DESCRIPTION*EXAMPLES* ]]
		[[ $output != *"unknown option"* && $output != *"invalid option"* ]]
	done
}

@test "-b and --list-boots" {
	memlog_in "$core" >out <<-'EOF'
	memlog -b 0
	memlog --list-boots
	memlog -b -1
	EOF
	grep -qxFf <(head -n 1 "$expected") out
	grep -qx '   0  ovmf            1  phys:0x3cb3000' out
	grep -q 'no log of boot -1; there is only boot 0 (ovmf)' out
}

@test "bad options: an error, the usage, and crash continues" {
	run memlog_in "$core" <<-'EOF'
	memlog --nonsense
	memlog -O
	memlog -Z
	memlog word
	memlog -F nonsense
	memlog --list -g x
	memlog -o json
	memlog -O nonsense
	memlog -n +1
	EOF
	[[ $output == *'unknown output format "nonsense"; there are text, '*', tracedat, csv'$'\n'* ]]
	[[ $output == *"memlog: --list cannot be combined with -g: it prints no lines"* ]]
	[[ $output == *'memlog: --output: "json" is an output format: use -O json, or -o ./json'* ]]
	[ ! -e json ]
	[[ $output == *"memlog: unknown option --nonsense"* ]]
	[[ $output == *"memlog: -O needs a NAME"* ]]
	[[ $output == *"memlog: unknown option -Z"* ]]
	[[ $output == *"memlog: unexpected argument: word"* ]]
	[[ $output == *'unknown log format "nonsense"'* ]]
	[[ $(grep -c '^Usage:' <<<"$output") -eq 8 ]]
	[[ ${lines[-1]} == "SecCoreStartupWithStack"* ]]
}

@test "quotes and backslashes work as in a shell" {
	local args wanted
	memlog_in "$core" >out <<-'EOF'
	memlog -q -n 1 --grep='Notify'
	memlog -q -n 1 -g 'Register  PPI'
	memlog -q -n 1 -g 'Notify|PEIM'
	memlog -q -n 1 --grep="Register PPI"
	memlog -q -n   1 -g   "Register PPI"
	memlog -q -n 1 -g Register\ PPI
	memlog -q -n 1 "-g"Register" PPI"
	memlog -q -n 1 -g "^\[Bds\]" "-n" 1
	memlog -q -n 1 -g (Register PPI)
	memlog -F "it's"
	memlog -F it's
	memlog -g '['
	memlog -g \[
	memlog -g "\$\[\."
	memlog -F ''
	EOF
	sed -i '1,/shared object loaded/d; /^Usage:/,/^Enter/d' out
	while read -r wanted args; do
		status=0
		eval "\"$B/memlog-dump\" $args \"$core\" 2>&1" || status=$?
		[ "$status" -eq "$wanted" ] || echo "$args: exit status $status"
	done >want <<-'EOF'
	0 -q -n 1 --grep='Notify'
	1 -q -n 1 -g 'Register  PPI'
	0 -q -n 1 -g 'Notify|PEIM'
	0 -q -n 1 --grep="Register PPI"
	0 -q -n   1 -g   "Register PPI"
	0 -q -n 1 -g Register\ PPI
	0 -q -n 1 "-g"Register" PPI"
	0 -q -n 1 -g "^\[Bds\]" "-n" 1
	0 -q -n 1 -g 'Register PPI'
	2 -F "it's"
	2 -F "no closing"
	2 -g '['
	2 -g \[
	1 -g "\$\[\."
	2 -F ''
	EOF
	sed -i "s|^memlog-dump: ||; s|^$core: ||; /^usage: /d
		s/.*\"no closing\".*/the closing ' is missing/" want
	sed 's/^memlog: //' out | diff - want
	[ "$(grep -c 'Register PPI\|Notify' want)" -eq 7 ]
	grep -q '^\[Bds\] Unable' want
}

# In minimal mode crash has no aliases, and no repeat.
@test "the words of an alias, and of a line that is not what was typed" {
	cat >words.c <<-'EOF'
	#include "crash-ext.h"
	struct program_context program_context, *pc = &program_context;
	char *args[MAXARGS];
	int argcnt;
	static struct session session;
	/* "~" is where crash ended a word, "^" where a quote was */
	static void show(const char *typed, const char *split)
	{
		struct memlog_err err = { .status = MEMLOG_OK };
		char *p = pc->command_line;
		int i, n = 0;

		strcpy(pc->orig_line, typed);
		memset(pc->command_line, 0, sizeof(pc->command_line));
		strcpy(p, split);
		for (argcnt = 0; *p; p += strlen(p) + 1) {
			p += strspn(p, " ^");
			args[argcnt++] = p;
			p[strcspn(p, "~")] = '\0';
		}
		for (p = pc->command_line; p < args[argcnt - 1]; p++)
			*p = *p == '^' ? ' ' : *p;
		if (ext_words(&session, &n, &err))
			puts(err.text);
		for (i = 0; i < n; i++)
			printf("<%s>%s", session.words[i],
			       i + 1 < n ? " " : "\n");
	}
	enum memlog_status memlog_query_check(const struct memlog_query *q,
		const struct memlog_sink *s, struct memlog_err *e)
	{ return MEMLOG_OK; }
	enum memlog_status memlog_query_option(struct memlog_query *q,
		const char *n, const char *v, struct memlog_err *e)
	{ return MEMLOG_OK; }
	enum memlog_status host_file_check_name(const char *n,
		struct memlog_err *e)
	{ return MEMLOG_OK; }
	const char *memlog_escape(const char *t, char *ret, size_t size)
	{ return t; }
	int main(void)
	{
		show("memlog", "memlog");
		show("mg 'a b' > x", "memlog~-g~'a~b'");
		show("mg  \"a b\"  c", "memlog~-g~ ^a b~  c");
		show("mg \"a b\"", "memlog~-g~^a b~");
		show("m", "memlog~-g~x");
		show("repeat -1 memlog 'a b'", "memlog~'a~b'");
		show("memlog 'a b", "memlog~'a~b");
		return 0;
	}
	EOF
	cd "$BATS_TEST_DIRNAME/../.."
	gcc -std=gnu11 -D_GNU_SOURCE -Icrash-ext -Ilibparse \
		-o "$BATS_TEST_TMPDIR/words" "$BATS_TEST_TMPDIR/words.c" \
		crash-ext/words.c host/args.c
	run -0 "$BATS_TEST_TMPDIR/words"
	[ "$output" = "\
<memlog>
<memlog> <-g> <a b>
<memlog> <-g> <a b> <c>
<memlog> <-g> <a b>
<memlog> <-g> <x>
<memlog> <'a> <b'>
the closing ' is missing
<memlog>" ]
}

@test "-g: what would take too much stack or memory is refused, and crash continues" {
	local deep long re
	printf -v deep '%0300d' 0
	printf -v long '%01100d' 0
	for re in "${deep//0/(}x${deep//0/)}" 'x{1000}{1000}' \
		'((((x{200}){200}){200}){200}){200}' "$long"; do
		run memlog_in "$core" <<-EOF
		memlog -g "$re"
		memlog -n +1
		EOF
		[[ $output == *"memlog: --grep: the regular expression is "*"; up to "*" bytes are allowed, "* ]]
		[[ ${lines[-1]} == "SecCoreStartupWithStack"* ]]
	done
	# more than crash takes in a line
	printf -v long '%0100000d' 0
	memlog_in "$core" >out <<-EOF
	memlog -g "$long"
	memlog -n +1
	EOF
	tail -n 1 out | has '^SecCoreStartupWithStack'
}

# crash itself reports each read of the page, in the output.
@test "a damaged page: the rest is printed, and a warning says what is missing" {
	cp "$core.k" damaged
	perl -MCompress::Zlib -0777 -e '
		my ($window, $core) = @ARGV;
		open my $w, "<:raw", $window or die;
		my $page = substr <$w>, 5 * 4096, 4096;
		open my $f, "+<:raw", $core or die;
		my $packed = compress($page, 9);
		my $at = index <$f>, $packed;
		$at > 0 or die "the page is not there\n";
		seek $f, $at + length($packed) / 2, 0;
		print $f "\xff" x 16;
	' "$BATS_FILE_TMPDIR/window" damaged
	"$B/memlog-dump" -q damaged >want
	[ "$(grep -c '^\[\.\.\. 4096 bytes lost\]$' want)" -eq 1 ]
	[ "$(wc -l <want)" -gt 1000 ]
	memlog_in damaged >said <<-'EOF'
	memlog -o got
	memlog --strict -n 1
	memlog -g nothing-matches-this
	eval 6*7
	EOF
	cmp got want
	grep -q 'ovmf phys:0x3cb3000: 4096 bytes of it are not in the image$' said
	grep -qx 'memlog: incomplete: 4096 bytes are missing from the image' said
	grep -qx "memlog: incomplete: a log may be in the 4096 bytes that are missing from the image" said
	grep -q '^ *decimal: 42' said
}

@test "--strict: an error message if something is missing" {
	run memlog_in "$core" <<<"memlog --strict -n 1"
	[[ $output != *"memlog: incomplete"* ]]
	# a part of the log
	cp "$core" cut
	truncate -s -81920 cut
	run memlog_in cut <<<"memlog -q -n 1"
	[[ $output != *"memlog: incomplete"* ]]
	run memlog_in cut <<<"memlog -q --strict -n 1"
	[[ $output == *"memlog: incomplete: "*" are missing from the image"* ]]
	run memlog_in cut <<<"memlog -q -g nothing-matches-this"
	[[ $output == *"memlog: incomplete: a log may be in the "* ]]
}

@test "-o creates a file with mode 0600, and replaces none without --force" {
	memlog_in "$core" <<<"memlog -o out"
	cmp out "$expected"
	[ "$(stat -c %a out)" = 600 ]
	echo mine >there
	memlog_in "$core" <<<"memlog -o there" >said
	[ "$(cat there)" = mine ]
	grep -q 'there exists; use --force to replace it' said
	memlog_in "$core" <<<"memlog -o there --force"
	cmp there "$expected"
	# neither follows nor replaces a link, and writes over no directory
	ln -s target link
	run memlog_in "$core" <<-'EOF'
	memlog -o link
	memlog -o link --force
	memlog -o /dev/null --force
	memlog -o /tmp --force
	memlog -O acrnlog -o files
	EOF
	[[ $output == *"-O acrnlog writes several files: use memlog-dump with -o DIR"* ]]
	[ ! -e files ]
	[ "$(grep -c "link is a symbolic link" <<<"$output")" -eq 2 ]
	[[ $output == *"/dev/null is not a regular file"* ]]
	[[ $output == *"/tmp is a directory"* ]]
	[ -L link ]
	[ ! -e target ]
	# no temporary file is left
	[ -z "$(find . -name '*.??????' -newer out)" ]
}

@test "a limit on the size of files: a message, no partial file, and crash continues" {
	(ulimit -f 8; memlog_in "$core" >said) <<-'EOF'
	memlog -o out
	memlog > redirected
	memlog -n +1
	EOF
	[ ! -e out ]
	grep -qx 'memlog: cannot write out: File too large; what was written of it is removed' said
	grep -qx 'memlog: cannot write the output: File too large' said stderr
	[ "$(tail -n 1 said)" = "$(head -n 1 "$expected")" ]
}

@test "--force replaces neither the dump nor the namelist" {
	cp "$core" mine.core
	cp "$vmlinux" mine.vmlinux
	ln mine.core hard.core
	ln -s mine.core soft.core
	vmlinux=$PWD/mine.vmlinux
	run memlog_in "$PWD/soft.core" <<-EOF
	memlog --force -o $PWD/mine.core
	memlog --force -o hard.core
	memlog --force -o soft.core
	memlog --force -o /proc/self/cwd/mine.vmlinux
	EOF
	[ "$(grep -c "is being read" <<<"$output")" -eq 3 ]
	[[ $output == *"soft.core is a symbolic link"* ]]
	cmp "$core" mine.core
	cmp "$B/namelist/vmlinux" mine.vmlinux
	[ "$(stat -c %h mine.core)" -eq 2 ] && [ -L soft.core ]
}

@test "-o leaves no file if there is no log" {
	"$B/mkcore" "$vmlinux" empty
	memlog_in empty <<<"memlog -o out"
	[ ! -e out ]
	echo mine >there
	memlog_in empty <<<"memlog -o there --force"
	[ "$(cat there)" = mine ]
}

@test "the log is found at once if the kernel has its address" {
	make_composite known -k -w "$(efi_log_at)=3cb3000"
	run memlog_in known <<<"memlog -v --list --scan likely"
	[[ $output == *"phys:0x3cb3000"* ]]
	# a dump without ranges of its own: the kernel's resources are used
	make_composite wrong -k -w "$(efi_log_at)=1001000"
	memlog_in wrong <<<"memlog > out"
	cmp out "$expected"
}

@test "without the dump's headers memory is found by the kernel's resources" {
	cp "$core.k" moving
	memlog_in moving <<-'EOF' >said
	!mv moving moved
	memlog --info
	memlog > out
	EOF
	# also reserved memory, which contains firmware logs
	grep -q '0x0000000003c00000-0x0000000003e00000' said
	# a cycle or a device is not followed
	[ "$(grep -c '0x[0-9a-f]*-0x[0-9a-f]* ' said)" -eq 4 ]
	cmp out "$expected"
}

# crash itself maps the bitmap of a kdump-compressed dump, and ends with SIGBUS
@test "a dump that grows or shrinks while crash is open" {
	cp "$BATS_FILE_TMPDIR/vmcore" dump
	local size
	size=$(stat -c %s dump)
	run -0 --separate-stderr memlog_in dump <<-EOF
	!truncate -s $((size * 2)) dump
	memlog >grown
	!truncate -s $((size - 0x1f000)) dump
	memlog --strict >cut
	!truncate -s 100 dump
	memlog
	memlog --list
	EOF
	cat stderr
	cmp grown "$expected"
	[ -s cut ]
	[ "$(stat -c %s cut)" -lt "$(stat -c %s "$expected")" ]
	cmp -n "$(stat -c %s cut)" cut "$expected"
	[ "$(grep -c '^memlog: no log found: none of ' <<<"$output")" -eq 2 ]
	[ "$(grep -c '^memlog: incomplete: ' <<<"$output")" -ge 2 ]
}

@test "a dump without a log: a message" {
	"$B/mkcore" "$vmlinux" empty
	run memlog_in empty <<<"memlog"
	[[ $output == *"memlog: "*"no log"* ]]
}

@test "a kernel that was not booted by EFI has no log of OVMF: that is said first" {
	local efi='memlog: NOTE: check: this kernel was not booted by EFI (efi.flags), '
	# EFI_BOOT is bit 0
	"$B/mkcore" -k -w "$(efi_at)=fffffffffffffffe" "$vmlinux" bios
	"$B/mkcore" -k "$vmlinux" uefi
	memlog_in bios >said <<-'EOF'
	memlog
	memlog -F fpdt,advlogger
	EOF
	[ "$(grep -cF "$efi" said)" -eq 2 ]
	[ "$(grep -m1 check: said)" = "${efi}and only UEFI firmware such as OVMF keeps this log" ]
	run ! grep 'DEBUG_TO_MEM\|Project Mu\|System RAM\|SEV' said
	# other logs may be there all the same
	memlog_in bios >said <<<"memlog -F ovmf,cbmem"
	grep -qF "$efi" said
	grep -q 'check: coreboot keeps a log only' said
	memlog_in bios >said <<<"memlog -F cbmem"
	run ! grep -F "$efi" said
	memlog_in uefi >said <<<"memlog"
	grep -q DEBUG_TO_MEM said
	run ! grep -F "$efi" said
	# the log of another firmware is printed, whatever the kernel says
	make_composite both -w "$(efi_at)=0"
	memlog_in both <<<"memlog > out"
	cmp out "$expected"
}

@test "a kernel that does not say whether EFI booted it gets the usual advice" {
	objcopy --strip-symbol=efi "$vmlinux" no-symbol
	"$B/mkcore" -w "$(efi_at)=0" "$vmlinux" empty
	vmlinux=$PWD/no-symbol
	memlog_in empty >said <<<"memlog"
	grep -q DEBUG_TO_MEM said
	run ! grep 'booted by EFI' said
}

@test "symbols of crash and of the plugin do not mix" {
	# none of our symbols is visible
	run nm -D --defined-only "$so"
	[ -z "$output" ]
	# and it imports only from crash and the C library, in a sanitizer build also
	# from that
	nm -D --undefined-only "$so" | awk '$1 == "U" && $2 !~ /@/ &&
		$2 !~ /^__(asan|ubsan|sanitizer)_/ { print $2 }' | sort >wants
	local from=("$(command -v crash)")
	! nm -D "$so" | has __asan_init || from+=("$(gcc -print-file-name=libasan.so)")
	nm -D --defined-only "${from[@]}" | awk '{ print $3 }' | sort >has
	run comm -23 wants has
	[ -z "$output" ]
}

@test "compiles with the installed header without a warning" {
	for cc in gcc clang; do
		command -v $cc >/dev/null || continue
		for f in "$BATS_TEST_DIRNAME"/../../crash-ext/*.c; do
			run $cc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror \
				-fsyntax-only -I"$BATS_TEST_DIRNAME/../../libparse" "$f"
			[ "$status" -eq 0 ]
			[ -z "$output" ]
		done
	done
}

# Every field of crash's structures that the extension uses has the same offset in
# all releases since 7.2.9, except 8.0.0.
@test "the fields of crash that are used have the offsets of every release" {
	cat >offsets.c <<-'EOF'
	#include <crash/defs.h>
	#include <stddef.h>
	#define AT(s, f, n) _Static_assert(offsetof(struct s, f) == n, #f)
	AT(program_context, flags, 40);
	AT(program_context, namelist, 48);
	AT(program_context, dumpfile, 56);
	AT(program_context, system_map, 72);
	AT(program_context, namelist_debug, 80);
	AT(program_context, debuginfo_file, 88);
	AT(program_context, command_line, 224);
	AT(program_context, orig_line, 1724);
	AT(program_context, stdpipe, 3296);
	AT(program_context, curcmd, 4936);
	AT(program_context, curcmd_flags, 4960);
	AT(vm_table, numnodes, 65696);
	AT(vm_table, node_table, 65712);
	AT(machdep_table, pagesize, 24);
	_Static_assert(sizeof(struct command_table_entry) == 32, "entry");
	EOF
	gcc -fsyntax-only offsets.c
	# and no other is used
	run grep -ohE '\b(pc|vt|machdep|kt|st)->[a-z_0-9]+' \
		"$BATS_TEST_DIRNAME"/../../crash-ext/*.c
	[ "$(sort -u <<<"$output" | tr '\n' ' ')" = \
		"pc->command_line pc->curcmd pc->curcmd_flags pc->debuginfo_file pc->dumpfile pc->namelist pc->namelist_debug pc->orig_line pc->stdpipe pc->system_map vt->node_table vt->numnodes " ]
}

# On a new terminal: crash takes Ctrl-C only there.
@test "Ctrl-C returns to the prompt, and memlog works after it" {
	vmcore=slow
	make_composite $vmcore -k -f 10000000=100000
	mkfifo keys
	exec 9<>keys
	crash_env
	script -qefc "echo \$\$ >crash.pid
		exec env TERM=dumb ${crash_env[*]} crash --minimal -s $vmlinux $vmcore" \
		typescript <keys >/dev/null 2>&1 3>&- 9>&- &
	pid=$!
	saw() {
		until_ok grep -qa "$1" typescript || { cat typescript; return 1; }
	}
	printf 'set scroll off\nextend %s\n' "$so" >&9
	saw 'shared object loaded'
	printf 'memlog --list --scan pages\n' >&9
	# SIGINT is blocked while it searches
	until_ok grep -q '^SigBlk:.*[2367abef]$' "/proc/$(cat crash.pid)/status"
	printf '\003' >&9
	saw 'interrupted'
	printf 'memlog --at 0x3cb3000 -n +1\n' >&9
	saw 'SecCoreStartupWithStack'
	printf 'q\n' >&9
	exec 9>&-
	reap "$pid"
	pid=
	# the interrupted command printed nothing
	[ "$(grep -ac "^FORMAT" typescript)" -eq 0 ]
}
