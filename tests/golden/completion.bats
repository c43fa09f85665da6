#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What bash, zsh and fish offer for a line that is not finished.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	export TOP=$PWD T=$BATS_FILE_TMPDIR IMAGE=$BATS_FILE_TMPDIR/image
	"$B/mkimage" fixtures/gen/recipes/small-c.rec "$IMAGE" || return 1
	mkdir "$T/files" "$T/files/directory"
	: >"$T/files/plain"
	perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => shift, Listen => 1)
		or die $!' "$T/files/socket"
}

setup() {
	cd "$T/files" || return
}

# options: each as "-F --format value", from the help on stdin
options() {
	grep -oE '^ +(-[A-Za-z], +)?--[a-z-]+(\[=|=)?' | sed -E \
		's/^ +//; s/, +/ /; s/\[=$/ optional/; s/=$/ value/'
}

# guest NAME: a process that looks like a QEMU with that -name, and its pid in $guest
guest() {
	perl -e 'exec {$^X} "qemu-system-x86_64", "-e", "sleep 600", "--", "-name",
		"guest=$ARGV[0],debug-threads=on"' "$1" 3>&- &
	guest=$!
	echo "$guest" >>"$BATS_TEST_TMPDIR/guests"
	for _ in {1..100}; do
		! grep -aq '^qemu-system' "/proc/$guest/cmdline" || return 0
		sleep 0.1
	done
	return 1
}

teardown() {
	[ ! -e "$BATS_TEST_TMPDIR/guests" ] || xargs kill <"$BATS_TEST_TMPDIR/guests"
}

page() {
	mandoc -Tascii "$TOP/man/memlog-dump.1" | col -bx
}

# complete_line LINE: what bash offers for its last word
complete_line() {
	# shellcheck disable=SC2016
	PATH=$B:$PATH bash -c '
		. "$1/completions/memlog-dump"
		compopt() { :; }
		line=${2//=/ = }
		line=${line//:/ : }
		read -ra COMP_WORDS <<<"$line"
		[[ $2 != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_memlog_dump memlog-dump
		printf "%s\n" "${COMPREPLY[@]}"' - "$TOP" "$1"
}

# offers SHELL LINE: the same of each shell, sorted, without --option= or source:
#
# shellcheck disable=SC2016 # expanded by fish
offers() {
	case $1 in
	bash) complete_line "$2" ;;
	zsh) PATH=$B:$PATH timeout 100 "$TOP/tests/golden/complete.zsh" \
		"$TOP/completions/_memlog-dump" "$2" "$T/zsh" ;;
	fish) PATH=$B:$PATH HOME=$T timeout 100 fish --no-config -c \
		'source $argv[1]; complete -C $argv[2]' \
		"$TOP/completions/memlog-dump.fish" "$2" ;;
	esac | sed -E 's/\t.*//; s/^--[a-z-]+=(.)/\1/; s/^(--.*)=$/\1/; s/^[a-z]+:(.)/\1/; s|/$||' | sort -u
}

# whole SHELL: lines of all kinds, and what there is to offer
whole() {
	local line want
	while IFS='|' read -r line want; do
		[ "$(offers "$1" "memlog-dump $line" | tr '\n' ' ')" = \
			"${want:+$want }" ] || {
			echo "$line: $(offers "$1" "memlog-dump $line")"
			return 1
		}
	done <<-'EOT'
	--unc|--uncommitted
	-F ovm|ovmf
	-F xyz,ovm|xyz,ovmf
	--format=xyz,ovm|xyz,ovmf
	--stats=irq,v|irq,vm_exit
	-O js|json json-seq
	--output-format=r|raw
	--scan l|likely
	--map m|microvm
	--time-format=ti|ticks
	-l err,wa|err,warn err,warn+
	--limit=l|logs=
	--color=al|always
	-o pl|plain
	--acrn-formats=pl|plain
	d|directory domain:
	pl|plain
	po|port:
	qmp:|directory socket
	port:p|plain
	EOT
	# every option of the help
	[ "$(offers "$1" "memlog-dump --")" = "$("$B/memlog-dump" --help |
		grep -oE '^ +(-., )?--[a-z-]+' | grep -o -- '--.*' | sort)" ]
}

# guests SHELL: processes and names of machines that run
guests() {
	guest a-guest
	[ "$(offers "$1" "memlog-dump pid:" | grep -cx "$guest")" = 1 ]
	[ "$(offers "$1" "memlog-dump domain:a-gu")" = a-guest ]
	# what a guest is called is not run, nor does it reach the terminal
	# shellcheck disable=SC2016
	guest '$(touch run)`touch run`'
	guest $'x\e]0;x\a'
	run -0 offers "$1" "memlog-dump domain:"
	[[ $output != *$'\e'* && $output == *a-guest* ]]
	run -0 offers "$1" "memlog-dump pid:"
	[[ $output != *$'\e'* && $output == *"$guest"* ]]
	[ ! -e run ]
}

@test "bash" {
	whole bash
}

@test "zsh" {
	command -v zsh >/dev/null || skip "zsh is not installed"
	whole zsh
	[ -z "$(offers zsh "memlog-dump -g --")" ]
}

@test "fish" {
	command -v fish >/dev/null || skip "fish is not installed"
	whole fish
}

@test "bash: running guests" {
	guests bash
}

@test "zsh: running guests" {
	command -v zsh >/dev/null || skip "zsh is not installed"
	guests zsh
}

@test "fish: running guests" {
	command -v fish >/dev/null || skip "fish is not installed"
	guests fish
}

@test "zsh and fish show what options and formats are" {
	command -v fish >/dev/null || skip "fish is not installed"
	# shellcheck disable=SC2016 # expanded by fish
	PATH=$B:$PATH HOME=$T run -0 fish --no-config -c \
		'source $argv[1]; complete -C "memlog-dump --lis"; complete -C "memlog-dump -F ovm"' \
		"$TOP/completions/memlog-dump.fish"
	[[ $output == *$'--list-boots\tlist the boots that there are logs of'* ]]
	[[ $output == *$'ovmf\tOVMF memory debug log'* ]]
}

@test "bash: options, formats and outputs are the program's own" {
	run -0 complete_line 'memlog-dump --unc'
	[ "$output" = --uncommitted ]
	run -0 complete_line 'memlog-dump -F ovm'
	[ "$output" = ovmf ]
	run -0 complete_line 'memlog-dump -F xyz,ovm'
	[ "$output" = xyz,ovmf ]
	run -0 complete_line 'memlog-dump --stats=irq,vm'
	[ "$output" = irq,vm_exit ]
	run -0 complete_line 'memlog-dump --stats irq,vm_exit,'
	[ "$output" = $'irq,vm_exit,vm_exit\nirq,vm_exit,irq\nirq,vm_exit,cpu_usage\nirq,vm_exit,hyp_exit\nirq,vm_exit,boot' ]
	run -0 complete_line 'memlog-dump -l err,de'
	[ "$output" = err,debug ]
	run -0 complete_line 'memlog-dump -O json'
	[ "$output" = $'json\njson-seq' ]
	run -0 complete_line 'memlog-dump --output-format=r'
	[ "$output" = raw ]
	run -0 complete_line 'memlog-dump --scan l'
	[ "$output" = likely ]
	# no options after an option with a value
	run -0 complete_line 'memlog-dump -g --'
	[ -z "$output" ]
	# every option of the help
	run -0 complete_line 'memlog-dump --'
	[ "${#lines[@]}" -eq "$("$B/memlog-dump" --help |
		grep -cE '^ +(-., )?--')" ]
}

@test "bash: which options take a value, and which values" {
	local letter name arity value
	"$B/memlog-dump" --help | options >"$BATS_TEST_TMPDIR/options"
	while read -r letter name arity; do
		[[ $letter == --* ]] && arity=$name name=$letter letter=''
		run -0 complete_line "memlog-dump $name --"
		if [ "$arity" = value ]; then
			[ -z "$output" ] || { echo "$name"; return 1; }
		else
			[ "${#lines[@]}" -gt 30 ] || { echo "$name"; return 1; }
		fi
	done <"$BATS_TEST_TMPDIR/options"
	# the program and the manual know all that is offered
	for name in scan map time-format level color progress limit stats; do
		run -0 complete_line "memlog-dump --$name="
		[ "${#lines[@]}" -gt 1 ]
		for value in "${lines[@]}"; do
			page | has -w -- "${value%[+=]}"
			with=()
			case $value in
			acrnlog-*) with=(-O acrnlog -o "$BATS_TEST_TMPDIR/d") ;;
			# of a running guest only: see RUNNING GUESTS
			arrival) continue ;;
			esac
			case $value in *=) value+=5 ;; esac
			run --separate-stderr "$B/memlog-dump" -q \
				"${with[@]}" "--$name=$value" "$IMAGE"
			[ "$status" -ne 2 ] ||
				{ echo "$name=$value: $stderr"; return 1; }
		done
	done
}

