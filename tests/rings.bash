# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # lib.bash and the tests have dump, elf and truth
# rings.bash - compare what memlog-dump says of ordinary ring buffers with what the
# kernel said. The dump is elf, the kernel's files are in the directory truth, options of
# memlog-dump in the array symbols.

# at VARIANT: sets place to the log's address
at() {
	[ -e "$elf.list" ] ||
		"$dump" -q "${symbols[@]}" -J --list "$elf" >"$elf.list"
	place=$(jq -r --arg v "$1" 'select(.format == "ftrace" and .variant == $v) |
		.space + ":" + .addr' "$elf.list")
	[[ $place == phys:* ]]
}

# events FILE: the lines of events. The kernel prints the place of a probe as symbol
# and offset, its print format has the address.
events() {
	grep -v '^#' "$1" |
		perl -pe 'BEGIN {
			open(my $f, "<", shift) or die;
			while (<$f>) { @_ = split; $at{$_[2]} //= hex $_[0] }
		}
		s{\((\w+)\+0x([0-9a-f]+)/0x[0-9a-f]+\)}
			{sprintf "(%x)", $at{$1} + hex $2}e' "$truth/kallsyms"
}

# each COMMAND: run that with a log's variant and the directory with its truth
each() {
	"$1" global main
	"$1" 'global (snapshot)' snapshot
	"$1" 'instance one' one
}

# text VARIANT NAME: all lines, and those of each CPU
text() {
	local cpu
	at "$1"
	events "$truth/$2/all" >want
	[ "$(wc -l <want)" -gt 1000 ]
	"$dump" -q "${symbols[@]}" --at "$place" "$elf" >all
	grep -v '^CPU:[01] \[LOST' all >got
	same got want
	for cpu in 0 1; do
		events "$truth/$2/cpu$cpu" >want
		[ "$(wc -l <want)" -gt 100 ]
		"$dump" -q "${symbols[@]}" --at "$place" --cpu $cpu "$elf" |
			grep -v '^CPU:[01] \[LOST' >got
		same got want
	done
}

# pipe_text: of the global log, lost events and those that were read
pipe_text() {
	local cpu
	at global
	for cpu in 0 1; do
		events "$truth/pipe/cpu$cpu" >want
		[ "$(wc -l <want)" -gt 100 ]
		"$dump" -q "${symbols[@]}" --at "$place" --cpu $cpu "$elf" >got
		same got want
	done
	[ -e "$truth/consumed" ] || return 0
	grep -q '^CPU:0 \[LOST [1-9][0-9]* EVENTS\]$' "$truth/pipe/cpu0"
	events "$truth/consumed" >consumed
	[ "$(wc -l <consumed)" -gt 20 ]
	# it had said how many were lost before them
	sed -i '/LOST/d' consumed
	"$dump" -q "${symbols[@]}" --at "$place" --consumed --cpu 1 "$elf" >got
	same got <(cat consumed want)
}

# lost VARIANT NAME: lost events are what was written less what is there or was read
lost() {
	local lost=0 n there written before=0
	at "$1"
	IFS=' /' read -r _ _ _ there written _ \
		< <(grep -m 1 entries-in "$truth/$2/all")
	"$dump" -q "${symbols[@]}" --at "$place" "$elf" >got
	while read -r n; do
		lost=$((lost + n))
	done < <(sed -n 's/^CPU.*LOST \(.*\) EV.*/\1/p' got)
	[ "$2" != main ] || [ ! -e "$truth/consumed" ] ||
		before=$(sed -n '1s/.*LOST \(.*\) EV.*/\1/p' "$truth/consumed")
	echo "$2: $there, $lost lost, $before before those read, of $written"
	[ $((there + lost + before)) -eq "$written" ]
}

# report VARIANT NAME: what trace-cmd says of trace.dat
report() {
	at "$1"
	"$dump" -q "${symbols[@]}" --at "$place" -O tracedat "$elf" >f.dat
	trace-cmd report -N f.dat >said
	# task, pid, CPU, time, event, fields; text that programs wrote is an event print
	sed -nE 's/^ *(.*-[0-9]+) +\[([0-9]+)\] +([0-9.]+): +([a-zA-Z_]+): +(.*)$/\1 \2 \3 \4: \5/p' \
		said | sed 's/ *$//' >got
	events "$truth/$2/all" |
		sed 's/: tracing_mark_write: /: print: tracing_mark_write: /' >all
	sed -E 's/^ *(.*-[0-9]+) +\[([0-9]+)\] [^ ]+ +([0-9.]+): ([a-zA-Z_]+): (.*)$/\1 \2 \3 \4: \5/; s/ *$//' \
		all >want
	[ "$(wc -l <want)" -gt 1000 ]
	same got want
	# flags: of those trace-cmd knows fewer, always prints five, and has X for lazy
	# preemption; here the task's name is cut
	trace-cmd report -N -l f.dat >said
	sed -nE 's/^.{0,8}-([0-9]+) +([0-9]+)([^ ]+) +([0-9.]+): +([a-zA-Z_]+): .*$/\1 \2 \3 \4 \5/p' \
		said | sed -E 's/^([0-9]+ [0-9]+ )X/\1./' >got
	sed -E 's/^.{16}-([0-9]+) +\[0*([0-9]+)\] ([^ ]+) +([0-9.]+): ([a-zA-Z_]+): .*$/\1 \2 \3 \4 \5/
		s/^([0-9]+ [0-9]+ )D/\1d/; s/^([0-9]+ [0-9]+ )b/\1./
		s/^([0-9]+ [0-9]+ .)[nbB]/\1N/; s/^([0-9]+ [0-9]+ .)[pLl]/\1./
		s/^([0-9]+ [0-9]+ [^ ]{4}) /\1. /' \
		all >want
	same got want
}
