#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # $NAME is gdb's
# What a user of the real gdb is used to: errors, logs, completion, expressions,
# pipes, MI.

bats_require_minimum_version 1.5.0
load crash
load gdb

setup_file() {
	[ "$(uname -m)" = x86_64 ] || return 0
	# shellcheck disable=SC2034 # make_composite uses it
	vmlinux=$B/namelist/vmlinux
	make_composite "$BATS_FILE_TMPDIR/vmcore"
}

setup() {
	need_gdb
	[ "$(uname -m)" = x86_64 ] || skip "the namelist is for x86-64"
	core=$BATS_FILE_TMPDIR/vmcore
	cd "$BATS_TEST_TMPDIR" || return
	source="source $B/gdb-plugin/memlog.gdb"
}

teardown() {
	[ -z "${pid:-}" ] || kill "$pid"
}

@test "an error ends a script and is gdb's status; no log is none" {
	printf '%s\n' "$source" 'memlog -g nothing-matches-this' \
		'echo goes on\n' 'memlog -F nonsense' 'echo not reached\n' >script
	run -1 limited gdb -nx -q -batch -c "$core" -x script
	[[ $output == *"no line matches"*"goes on"* ]]
	[[ $output != *"not reached"* ]]
	[[ $output == *"script:4: Error in sourced command file:"*'unknown log format "nonsense"'* ]]
	run -1 limited gdb -nx -q -batch -c "$core" -ex "$source" -ex 'memlog -F x'
	run -0 limited gdb -nx -q -batch -c "$core" -ex "$source" -ex 'memlog -F ftrace'
}

@test "MI: an error is ^error, text and messages are streams" {
	printf '%s\n' "$source" "core-file $core" 'memlog -n 1' '1-gdb-version' \
		'memlog --bogus' 'memlog -g nothing-matches-this' \
		'2-data-evaluate-expression $_memlog_status' \
		'3-complete "memlog --gr"' '4-gdb-exit' |
		limited gdb -nx -q -i=mi >mi 2>err
	[ ! -s err ]
	grep -qx '~"\[Bds\] .*\\n"' mi
	grep -q '^^error,msg=".*unknown option --bogus' mi
	grep -q '^~"memlog: ovmf phys:0x3cb3000: no line matches' mi
	grep -qx '2^done,value="1"' mi
	grep -q '^3^done,completion="memlog --grep"' mi
	# nothing but records and the prompt
	[ "$(grep -cv '^[0-9]*[~&^=*]\|^(gdb)' mi)" -eq 0 ]
	[ "$(grep -c '^^error' mi)" -eq 1 ]
}

@test "set logging has messages and errors, too" {
	run -0 in_gdb -c "$core" <<-'EOF'
	set logging file log
	set logging redirect on
	set logging enabled on
	memlog -g nothing-matches-this
	memlog -F x,y
	memlog -v -n 1
	EOF
	grep -qx 'memlog: ovmf phys:0x3cb3000: no line matches' log
	grep -q 'unknown log format "x"' log
	grep -q '^memlog: searched ' log
	[ "$(grep -c memlog: printed)" -eq 0 ]
}

@test "in a pipe messages are not in the text; an error ends the pipe" {
	run -0 in_gdb -c "$core" <<-'EOF'
	pipe memlog -v -n 1 | cat >out
	printf "status %d\n", $_memlog_status
	pipe memlog --bogus | cat >none
	printf "status %d\n", $_memlog_status
	|memlog -g nothing-matches-this|cat >none2
	EOF
	[[ $output == *"status 0"*"status 2"* ]]
	[ "$(wc -l <out)" -eq 1 ]
	[ "$(grep -c memlog: out)" -eq 0 ]
	grep -q '^memlog: searched ' said
	grep -qx 'memlog: unknown option --bogus' said
	[ ! -s none ]
	[ ! -s none2 ]
}

# A pipe that gdb was given by others is not such a pipe.
@test "standard output of gdb is a pipe: messages are there" {
	limited gdb -nx -q -batch -c "$core" -ex "$source" -ex 'memlog -v -n 1' \
		7> >(cat >other) 2>err | cat >out
	grep -q '^memlog: searched ' out
	[ "$(grep -c memlog err)" -eq 0 ]
}

@test "memlog | less, memlog > file: the error shows how gdb does it" {
	run -0 in_gdb -c "$core" <<-'EOF'
	memlog | less
	memlog --list -a |less -R
	memlog > file
	memlog -g '|' -n 1
	EOF
	grep -qx 'memlog: gdb needs the word pipe before the command: pipe memlog | COMMAND' said
	grep -qx 'memlog: gdb needs the word pipe before the command: pipe memlog --list -a |less' said
	grep -q '^memlog: gdb does not redirect output: use -o FILE' said
	[ "$(grep -c '^memlog: ' said)" -eq 3 ]
	[ ! -e file ]
}

@test "completion: the first option" {
	run -0 in_gdb <<-'EOF'
	complete memlog --li
	complete pipe memlog --gr
	complete memlog --list
	EOF
	[[ $output == *$'memlog --limit\nmemlog --lines\nmemlog --list\nmemlog --list-boots\n'* ]]
	[[ $output == *$'\npipe memlog --grep\n'* ]]
	# all options, and no others, each with its help
	in_gdb <<<"complete memlog --" | sed -n 's/^memlog //p' | sort >completed
	in_gdb <<<"memlog --help" |
		sed -nE 's/^ +(-., )?(--[a-z-]+).*/\2/p' | sort >options
	[ "$(wc -l <options)" -gt 30 ]
	diff options completed
	in_gdb <<<"help memlog" >help
	while read -r o; do
		grep -q "^memlog $o -- ." help
	done <options
	run ! grep -E '.{81}' help
}

@test "a first option with =, a value, a quoted value or shortened" {
	while read -r args; do
		eval "\"$B/memlog-dump\" -q $args \"$core\"" >want
		in_gdb -c "$core" <<<"pipe -d @@ memlog $args -q @@ cat >got"
		[ -s want ]
		cmp want got
	done <<-'EOF'
	--lines=3
	--lines 3
	--grep="PPI: (8|5)4?" -n 2
	--gre 'PPI: 8' -n 2
	--at=0x3cb3000 -n +1
	--strict -n 1
	EOF
	# gdb itself refuses what is ambiguous
	run -1 in_gdb -c "$core" <<<"memlog --li"
	grep -q 'Ambiguous memlog command "--li": --limit, --lines, --list' said
}

@test "expressions: registers, variables, addresses of symbols" {
	run -0 in_gdb "$B/namelist/vmlinux" "$core" <<-'EOF'
	set $log = 0x3cb3000
	set $n = 3
	pipe memlog --at $log -n +$n | cat >a
	pipe memlog --at phys:$log+0 --lines=$n-1 -a | cat >b
	pipe memlog --at "$log + 0" -n $n | cat >c
	pipe memlog -n +(1+1) --at=($log) | cat >d
	p $_memlog_status
	EOF
	[[ $output == *'$1 = 0'* ]]
	"$B/memlog-dump" -q -n +3 "$core" | cmp - a
	"$B/memlog-dump" -q -n 2 "$core" | cmp - b
	"$B/memlog-dump" -q -n 3 "$core" | cmp - c
	"$B/memlog-dump" -q -n +2 "$core" | cmp - d
}

@test "expressions: arguments of a command of the user's, and of no command" {
	cat >define <<-'EOF'
	define newest
	pipe memlog -n $argc | cat >a
	pipe memlog --lines=$arg1 | cat >b
	end
	EOF
	run -0 in_gdb -c "$core" -x define <<-'EOF'
	newest 7 2 9
	set $argc = 3
	set $argcount = 3
	memlog -n $argc
	memlog -n 1+$argcount
	memlog --at phys:$arg0
	p $_memlog_status
	EOF
	"$B/memlog-dump" -q -n 3 "$core" | cmp - a
	"$B/memlog-dump" -q -n 2 "$core" | cmp - b
	[[ $output == *'$1 = 2'* ]]
	[ "$(grep -c '^memlog: --lines: gdb replaces names that begin with $arg and a' said)" -eq 2 ]
	[ "$(grep -c '^memlog: --at: gdb replaces names that begin with $arg and a' said)" -eq 1 ]
}

@test "expressions: gdb's own error if it cannot evaluate one" {
	run -0 in_gdb "$B/namelist/vmlinux" "$core" <<-'EOF'
	memlog --at &no_such_symbol
	printf "status %d\n", $_memlog_status
	memlog -n "abc"
	memlog --at &init_uts_ns
	EOF
	[[ $output == *"status 2"* ]]
	grep -qx 'No symbol "no_such_symbol" in current context.' said
	grep -qx 'No symbol "abc" in current context.' said
	grep -q '^memlog: --at: no log starts at phys:0xffffffff8' said
	run -1 in_gdb -c "$core" <<<"memlog$(printf -- ' --at $_gdb_major%.0s' $(seq 17))"
	grep -qx 'memlog: --at: more than 16 expressions' said
}

@test "an expression is evaluated in the selected frame" {
	sleep 1000 3>&- &
	pid=$!
	# an error has the number
	run -0 in_gdb -p $pid <<-'EOF'
	p (long)$sp
	frame 1
	p (long)$sp
	memlog -n +-(long)$sp
	frame
	EOF
	[[ $output =~ '$2 = '([0-9]+) ]]
	grep -q "^memlog: --lines: \"+-${BASH_REMATCH[1]}\" is not a number" said
	[ "$(grep -c '^#1 ' <<<"$output")" -eq 2 ]
	[ "$(grep -c "= ${BASH_REMATCH[1]}$" <<<"$output")" -eq 1 ]
}

@test "set language: C, C++, Rust, Go, D, Fortran, and with language c" {
	local l languages=(c c++ rust go d fortran minimal)
	for l in "${languages[@]}"; do
		printf 'set language %s\n' "$l"
		printf 'pipe memlog --at $_gdb_major*0+63647744 -n 3 | cat >%s\n' "$l"
		printf 'memlog -g "a\\"b" --at 0x3cb3000\n'
	done >commands
	printf '%s\n' 'set language pascal' 'with language c -- pipe memlog -n 3 | cat >pascal' >>commands
	run -0 in_gdb -c "$core" <commands
	"$B/memlog-dump" -q -n 3 "$core" >want
	cmp pascal want
	for l in "${languages[@]}"; do
		cmp "$l" want
	done
	[ "$(grep -c '^memlog: ovmf phys:0x3cb3000: no line matches$' said)" -eq ${#languages[@]} ]
}

@test "~ in the names of files" {
	export HOME=$PWD/home
	mkdir home
	run -1 in_gdb -c "$core" <<-EOF
	memlog -n +2 -o ~/log
	memlog -n +2 --output=~$(id -un)/no-such-directory/log
	memlog --acrn-formats ~/rules
	memlog --acrn-formats=~/rules -F acrn-trace
	EOF
	"$B/memlog-dump" -q -n +2 "$core" | cmp - home/log
	home=$(getent passwd "$(id -un)" | cut -d: -f6)
	grep -q "^memlog: cannot create $home/no-such-directory/log" said
	[ "$(grep -c "^memlog: .*$HOME/rules" said)" -eq 2 ]
	[ ! -e '~' ]
}

@test "the frame stays selected, also beyond 255" {
	bash -c 'f() { if ((n++ < 100)); then f; else sleep 1000; fi; }; f; :' 3>&- &
	pid=$!
	until_ok pgrep -P "$pid" sleep
	run -0 in_gdb -p "$pid" <<-'EOF'
	frame 300
	memlog
	frame
	EOF
	pkill -P "$pid" sleep
	pid=
	[ "$(grep -c '^#300 ' <<<"$output")" -eq 2 ]
}

@test "another JIT reader: it is explained, and not touched" {
	cp "$B/gdb-plugin/memlog-gdb.so" other.so
	run -0 in_gdb -c "$core" <<-EOF
	jit-reader-load $PWD/other.so
	memlog --list
	jit-reader-unload
	pipe memlog -n +1 | cat >out
	EOF
	grep -q '^memlog: note: gdb can have only one JIT reader' said
	grep -q '^JIT reader already loaded' said
}

@test "set target-charset UTF-16: the same text and errors, and it stays set" {
	run -0 in_gdb -c "$core" <<-'EOF'
	set target-charset UTF-16
	set $n = 3
	pipe memlog -n 3 | cat >a
	pipe memlog -n $n | cat >b
	pipe memlog --lines=3 | cat >c
	memlog -F x
	p $_memlog_status
	show target-charset
	EOF
	[[ $output == *'$1 = 2'* ]]
	[[ $output == *'"UTF-16"'* ]]
	grep -q '^memlog: .*unknown log format "x"' said
	"$B/memlog-dump" -q -n 3 "$core" >want
	cmp want a
	cmp want b
	cmp want c
	limited gdb -nx -q -batch -c "$core" -ex 'set target-charset UTF-16' \
		-ex "$source" -ex 'pipe memlog -n 3 | cat >d'
	cmp want d
}

@test "the name of the plugin's directory is no text for a shell" {
	mkdir "a 'b\"; touch c; "
	cp "$B/gdb-plugin/memlog-gdb.so" a*/
	run -0 in_gdb -ex "set \$memlog_plugin = \"$PWD/a 'b\\\"; touch c; /memlog-gdb.so\"" \
		-ex "$source" -c "$core" <<-EOF
	jit-reader-load $PWD/a 'b"; touch c; /memlog-gdb.so
	jit-reader-unload
	memlog -n +1
	EOF
	[[ $output == *SecCoreStartup* ]]
	[ ! -e c ]
	run ! grep -v "^$\|find general-purpose registers" said
}

@test "memlog.gdb can be sourced again: gdb asks nothing, settings stay" {
	for confirm in on off; do
		printf '%s\n' "set confirm $confirm" "$source" "$source" \
			"core-file $core" 'memlog -n +1' 'show confirm' |
			limited script -qec "TERM=dumb gdb -nx -q" /dev/null >out
		[ "$(grep -c 'y or n' out)" -eq 0 ]
		grep -q '^SecCoreStartup' out
		grep -q "confirm potentially dangerous operations is $confirm" out
	done
}

@test "help: formats of logs and of output, in 80 columns" {
	in_gdb <<<"memlog -h" >help
	run ! grep -E '.{81}' help
	for word in ovmf xen-console hyp-trace perfetto json-seq; do
		grep -qw -e "$word" <(sed -n '/^Log formats/,$p' help)
	done
}

@test "gdb-memlog(1): the options that gdb has not, a session and an error that are real" {
	mandoc -Tascii "$BATS_TEST_DIRNAME/../../man/gdb-memlog.1" |
		col -bx >page
	in_gdb <<<"memlog -h" | grep -oE -- '--[a-z-]+' | sort -u >gdb
	"$B/memlog-dump" --help | grep -oE -- '--[a-z-]+' | sort -u >all
	# there with the short names of some
	sed -n '/^OPTIONS/,/different:/p' page | tr '\n' ' ' |
		sed 's/.* but for \(.*\); the error .*/\1/
			s/-w\>/--follow/; s/-s\>/--symbols/' |
		grep -oE -- '--[a-z-]+' | sort -u >page-lacks
	comm -13 gdb all | diff page-lacks -
	sed -n '/(gdb) memlog --list$/,/(gdb) pipe/p' page | sed '$d
		s/^ *(gdb).*//; s/^           //' | grep . >session
	in_gdb -c "$core" <<-'EOF' | grep -vE '^(\[New LWP|#0 )' | diff session -
	memlog --list
	memlog -n 2
	EOF
	# it is folded there
	sed -n '/(gdb) memlog --lst/,/^$/p' page | tail -n +2 | xargs -d '\n' |
		tr -s ' ' >error
	run -1 in_gdb <<<'memlog --lst'
	sed -n 's/^ *//; s/^Undefined memlog-error command: "\(.*\)"\. Try .*/memlog: \1/p' \
		error | diff - said
}

@test "gdb xen-syms vmcore" {
	local vmcores=$BATS_TEST_DIRNAME/../../fixtures/vmcores
	zstd -dqf --long=31 "$vmcores/xen-dom0-kdump.elf.zst" -o vmcore
	ld -o xen-syms -e 0 "$vmcores/xen-dom0.syms"
	run -0 in_gdb xen-syms vmcore <<-'EOF'
	info address conring
	pipe memlog --list | cat >list
	pipe memlog -F xen-console | cat >console
	pipe memlog -F ovmf | cat >log
	EOF
	[[ $output == *'Symbol "conring" is at 0xffff82d0'* ]]
	"$B/memlog-dump" -q --list vmcore | cmp - list
	"$B/memlog-dump" -q -F xen-console vmcore | cmp - console
	"$B/memlog-dump" -q -F ovmf vmcore | cmp - log
}
