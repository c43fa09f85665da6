#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# ACRN's log and trace: rings that ACRN's own code wrote, compared with the output
# of ACRN's own tools, and dumps made by a model.
#
# Where ACRN's tools are wrong, the tests say so and compare the rest:
# - acrnlog joins pieces of different messages, drops a message whose first slot
#   was read before the dump (its beginning is still in memory), and rotates by
#   size;
# - acrntrace_format.py has no text for RDTSC and RDTSCP, and prints the first
#   two values of an exception again in place of the last two;
# - acrnalyze.py (v1.0) leaves the first exit out of times and of the total, and
#   starts at the first VM_ENTER instead of the first VM_EXIT.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	for f in "$root"/fixtures/acrn/*.zst; do
		zstd -q -d --long=31 -o "$(basename "$f" .zst)" "$f" || return 1
	done
	cp "$root"/fixtures/acrn/*.csv . || return 1
	"$B/mkacrn" log cpu16.elf cpus=16 boots=2 lazy=3000 truth=cpu16.truth
	"$B/mkacrn" trace old.elf old=1 cpus=3 truth=old.truth
	"$B/mkacrn" trace new.elf cpus=3 noreason=1 exits=5000 truth=new.truth
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	log="hvlog-v27-3cpu-boot3"
	trace="trace-v10-2cpu"
	T=$BATS_TEST_TMPDIR
}

# of JSON records: variant, number, text as JSON, for those that are whole
whole() {
	jq -r 'select(.seq and ((.flags // []) | index("truncated-head") == null
			and index("partial-tail") == null)) |
		[.variant, .seq, (.text | @json)] | join(" ")'
}

@test "a shared buffer that is neither log nor trace is listed only" {
	"$B/mkimage" - "$T/image" <<-EOT
	ram 0x100000 1M
	bytes 0x123000 a33aa11aa77aa55a
	u32 0x123008 504
	u32 0x12300c 8
	u32 0x123010 0x18
	u32 0x123014 0x48
	u32 0x123024 4032
	raw base=0x100000
	EOT
	run -0 --separate-stderr "$dump" --map=0x100000 --list "$T/image"
	[[ ${lines[1]} == acrn-sbuf*asyncio*phys:0x123000* ]]
	[[ $(tr -s '\n ' ' ' <<<"$output") == *"504 slots of 8 bytes, 6 in use"* ]]
	run -1 --separate-stderr "$dump" --map=0x100000 "$T/image"
	[ -z "$output" ]
}

@test "log: every complete message in memory, word for word" {
	jq -r 'select(.present == [range(.nslots)]) |
		[if .boot == 3 then "current" else "last boot" end,
		 (.seq | tostring), (.raw | @json)] | join(" ")' \
		"$log.messages.jsonl" | sort >"$T/want"
	"$dump" -F acrn-log -J --all --consumed "$log.elf" 2>/dev/null | objects >"$T/json"
	whole <"$T/json" | sort >"$T/got"
	[ "$(wc -l <"$T/want")" -gt 15000 ]
	comm -23 "$T/want" "$T/got" >"$T/lost"
	[ ! -s "$T/lost" ]
	# two are cut undetectably: their last stored slot is full, and the next
	# one starts another message
	comm -13 "$T/want" "$T/got" >"$T/more"
	[ "$(wc -l <"$T/more")" -le 2 ]
}

# without ELF SEGMENT SIZE >OUT: the segment has only SIZE bytes
without() {
	python3 -c 'import struct, sys
b = bytearray(open(sys.argv[1], "rb").read())
n = int(sys.argv[3], 0)
struct.pack_into("<QQ", b, 64 + 56 * int(sys.argv[2]) + 32, n, n)
sys.stdout.buffer.write(b)' "$@"
}

@test "a hole in a ring: the list says how much is missing" {
	without "$log.elf" 3 0x2e0000 >"$T/log"
	run -0 "$dump" -q --list "$T/log"
	[[ $(tr -s '\n ' ' ' <<<"$output") == *"-1 stale incomplete: 20170 of the 799520 bytes of its text are not in the image; marked as the log of the previous boot"* ]]
	[ "$(grep -c incomplete <<<"$output")" -eq 1 ]
	without "$trace.elf" 2 0x410000 >"$T/trace"
	run -0 "$dump" -q --list "$T/trace"
	[[ $(tr -s '\n ' ' ' <<<"$output") == *" incomplete: 58592 of the 356704 bytes of its text are not in the image; rings of 2 CPUs"* ]]
}

@test "log: the beginning of cut messages, and pieces separately" {
	"$dump" -F acrn-log -J --all --consumed "$log.elf" 2>/dev/null | objects |
		jq -r 'select(.seq and ((.flags // []) | index("partial-tail"))) |
			[.seq, (.text | @json)] | join(" ")' >"$T/cut"
	[ "$(wc -l <"$T/cut")" -gt 50 ]
	while read -r seq text; do
		# both boots may have this number
		jq -e -s --argjson text "$text" \
			'any(.[]; .raw | startswith($text))' \
			<(grep "\"seq\": $seq," "$log.messages.jsonl") >/dev/null
	done < <(head -n 20 "$T/cut")
}

@test "a shared buffer of which a part is missing: how much" {
	"$B/mkimage" - "$T/part" <<-EOT
	ram 0x100000 8K
	bytes 0x100000 a33aa11aa77aa55a
	u32 0x100008 100
	u32 0x10000c 100
	u32 0x100010 100
	u32 0x100014 300
	u32 0x100024 10000
	elf64
	EOT
	run -0 "$dump" -q -F acrn-sbuf --list "$T/part"
	[[ $(tr -s '\n ' ' ' <<<"$output") == *"incomplete: 1872 of the 10064 bytes of it are not in the image; a ring"* ]]
	run -4 "$dump" -q -F acrn-sbuf --list --strict "$T/part"
}

@test "log: unread messages only, unless --consumed" {
	jq -r 'select(.boot == 3 and .state != "consumed" and
		      .present == [range(.nslots)]) | .seq' \
		"$log.messages.jsonl" | sort -n >"$T/want"
	"$dump" -F acrn-log -J "$log.elf" 2>/dev/null | objects | whole |
		cut -d' ' -f2 | sort -n >"$T/got"
	same "$T/want" "$T/got"
}

@test "log: merged by number, and the gaps add up" {
	"$dump" -F acrn-log -J --consumed "$log.elf" 2>/dev/null | objects |
		jq -r 'select(.seq) | [.seq, .lost // "0"] | join(" ")' >"$T/seq"
	awk 'NR > 1 && $1 - last - 1 != $2 { exit 1 } { last = $1 }' "$T/seq"
	sort -n -c "$T/seq"
}

# messages of a log file without warnings, one per line, without these numbers
messages_but() {
	awk -v skip="$1" 'BEGIN { while ((getline n < skip) > 0) no[n] = 1 }
		/^\[[0-9]+us\]\[cpu=/ {
			match($0, /\]\[seq=[0-9]+\]:/)
			keep = !(substr($0, RSTART + 6, RLENGTH - 8) in no)
		}
		/^$/ || /^\tWARNING: logs missing/ { next }
		keep' "$2"
}

@test "log: -O acrnlog writes what acrnlog writes, except for its mistakes" {
	"$dump" -O acrnlog -o "$T/out" "$log.elf"
	[ "$(ls "$T/out")" = "acrnlog_cur.0
acrnlog_last.0" ]
	# pieces that acrnlog joined, and messages whose first slot had been read
	jq -r 'select(.present != [range(.nslots)] or .state == "mixed") | .seq' \
		"$log.messages.jsonl" >"$T/skip"
	for f in cur last; do
		messages_but "$T/skip" "$log.acrnlog_$f" >"$T/want"
		messages_but "$T/skip" "$T/out/acrnlog_$f.0" >"$T/got"
		same "$T/want" "$T/got"
	done
	[ "$(grep -c 'WARNING: logs missing' "$T/out/acrnlog_cur.0")" = \
	  "$(grep -c 'WARNING: logs missing' "$log.acrnlog_cur")" ]
	run ! grep -q WARNING "$T/out/acrnlog_last.0"
}

@test "log: -O acrnlog escapes, -O acrnlog-raw does not" {
	perl -0pe 's/(\]:)(?=[A-Za-z ]{7})...../$1\e[2J\x9b/g' "$log.elf" >"$T/esc.elf"
	"$dump" -q -O acrnlog -o "$T/out" "$T/esc.elf"
	grep -qF ']:\x1b[2J\x9b' "$T/out/acrnlog_cur.0"
	safe "$T/out/acrnlog_cur.0"
	"$dump" -q -O acrnlog-raw -o "$T/raw" "$T/esc.elf"
	grep -aqF $']:\e[2J\x9b' "$T/raw/acrnlog_cur.0"
	"$dump" -q -O acrnlog -o "$T/same" "$log.elf"
	"$dump" -q -O acrnlog-raw -o "$T/same-raw" "$log.elf"
	diff -r "$T/same" "$T/same-raw"
}

@test "log: -O acrnlog rotates, and keeps the given number of files" {
	"$dump" -O acrnlog -o "$T/out" --limit acrnlog-size=64K \
		--limit acrnlog-files=2 "$log.elf"
	[ "$(find "$T/out" -name 'acrnlog_cur.*' | wc -l)" -eq 2 ]
	[ ! -e "$T/out/acrnlog_cur.0" ]
	for f in "$T"/out/*; do
		[ "$(stat -c %s "$f")" -le 65536 ]
	done
	"$dump" -O acrnlog -o "$T/one" --limit acrnlog-size=0 "$log.elf"
	[ "$(find "$T/one" -type f | wc -l)" -eq 2 ]
	cat "$T"/out/acrnlog_cur.? >"$T/tail"
	tail -c "$(stat -c %s "$T/tail")" "$T/one/acrnlog_cur.0" | cmp - "$T/tail"
}

@test "log: by level, CPU, VM" {
	"$dump" -F acrn-log -l crit "$log.elf" 2>/dev/null >"$T/crit"
	[ -s "$T/crit" ]
	run ! grep -E '^\[[0-9]+us\].*\[sev=[2-6]\]' "$T/crit"
	"$dump" -F acrn-log --cpu 2 "$log.elf" 2>/dev/null >"$T/cpu"
	grep -q 'cpu=2' "$T/cpu"
	run ! grep -E '^\[[0-9]+us\]\[cpu=[01]\]' "$T/cpu"
	"$dump" -F acrn-log -c vm0:vcpu0 "$log.elf" 2>/dev/null >"$T/vm"
	grep -q 'vm0:vcpu0' "$T/vm"
	run ! grep -E '^\[[0-9]+us\]\[cpu=.\]\[(vm[1-9]|idle)' "$T/vm"
}

@test "log: by time, and by time before the end" {
	local how last
	last=$("$dump" -q "$log.elf" | tail -n 1)
	[[ $last == "[2010500us]"* ]]
	run -0 "$dump" -q --since 2.010497 "$log.elf"
	[[ ${#lines[@]} -eq 2 && ${lines[0]} == "[2010497us]"* ]]
	[ "${lines[1]}" = "$last" ]
	for how in "--since=-3us" "--since -3us" "--since -0.000003" \
		"--since 2010497us" "--since=-0.003ms"; do
		# shellcheck disable=SC2086
		"$dump" -q $how "$log.elf" | same - <(printf '%s\n' "${lines[@]}")
		# through a pipe too
		# shellcheck disable=SC2086
		"$dump" -q $how - <"$log.elf" |
			same - <(printf '%s\n' "${lines[@]}")
	done
	run -0 "$dump" -q --since -3us --until=-3us "$log.elf"
	[[ ${#lines[@]} -eq 1 && $output == "[2010497us]"* ]]
	# a piece of a message without its head has no time
	"$dump" -q -J "$log.elf" | jq -c 'select(.time)' >"$BATS_TEST_TMPDIR/.got"
	"$dump" -q -J --since -1h "$log.elf" | jq -c 'select(.time)' >"$BATS_TEST_TMPDIR/.want"
	cmp "$BATS_TEST_TMPDIR/.got" "$BATS_TEST_TMPDIR/.want"
	run -1 --separate-stderr "$dump" --since "2026-11-28 10:00" "$log.elf"
	[ -z "$output" ]
	[[ $stderr == *"no line matches: this log records no dates; give seconds of its own clock, as in --since=12.5"* ]]
}

@test "log: several levels, and ranges" {
	# levels_of LEVELS: those that are printed
	levels_of() {
		"$dump" -q -J --consumed -l "$1" "$log.elf" | objects |
			jq -s -c '[.[].level] | unique'
	}
	[ "$(levels_of err,warn)" = "[3,4]" ]
	[ "$(levels_of crit..warn)" = "[2,3,4]" ]
	[ "$(levels_of warn..crit)" = "[2,3,4]" ]
	[ "$(levels_of err+)" = "[2,3]" ]
	[ "$(levels_of crit,info..debug)" = "[2,6]" ]
}

@test "log: by boot, and boots in one ring" {
	run -0 "$dump" -q --list-boots "$log.elf"
	[[ ${lines[1]} == "  -1  acrn-log        1  phys:0x1ff00000" ]]
	[[ ${lines[2]} == "   0  acrn-log        1  phys:0x1fe00000" ]]
	"$dump" -q -b -1 "$log.elf" >"$BATS_TEST_TMPDIR/.got"
	"$dump" -q --at 0x1ff00000 "$log.elf" >"$BATS_TEST_TMPDIR/.want"
	cmp "$BATS_TEST_TMPDIR/.got" "$BATS_TEST_TMPDIR/.want"
	"$dump" -q -b 0 "$log.elf" >"$BATS_TEST_TMPDIR/.got"
	"$dump" -q --at 0x1fe00000 "$log.elf" >"$BATS_TEST_TMPDIR/.want"
	cmp "$BATS_TEST_TMPDIR/.got" "$BATS_TEST_TMPDIR/.want"
	# every boot of the model, and together they are all
	"$dump" -q --consumed -a -J cpu16.elf | jq -c \
		'select(.type == "record") | [.boot, .cpu, .seq, .text]' >"$T/all"
	local boot
	for boot in $("$dump" -q -J --list-boots cpu16.elf | jq 'select(.type == "boot").boot'); do
		"$dump" -q --consumed -b "$boot" -J cpu16.elf | jq -c \
			'select(.type == "record") | [.boot, .cpu, .seq, .text]'
	done >"$T/each"
	[ "$(jq .[0] "$T/each" | uniq | wc -l)" -gt 1 ]
	cmp <(sort "$T/all") <(sort "$T/each")
}

@test "log: --list tells the logs apart" {
	run -0 --separate-stderr "$dump" --list "$log.elf"
	[[ ${lines[1]} == "acrn-log  last boot  phys:0x1ff00000+2 "*" -1  stale" ]]
	[[ ${lines[2]} == "        marked as "*" to be" && ${lines[3]} == "        read" ]]
	[[ ${lines[4]} == "acrn-log  current    phys:0x1fe00000+2 "*" 0  current" ]]
	[ "${#lines[@]}" -eq 6 ]
}

@test "log: a header at an odd address leads to all rings" {
	"$dump" -F acrn-log --at 0x1feaaaaa "$log.elf" >"$T/at" 2>/dev/null
	"$dump" -F acrn-log "$log.elf" >"$T/all" 2>/dev/null
	cmp "$T/all" "$T/at"
}

@test "log: --at prints only that log, not the other half" {
	"$dump" --at 0x1ff00000 -J "$log.elf" 2>"$T/err" | objects >"$T/at"
	run ! grep -q 'not shown' "$T/err"
	jq -e -s 'length > 1000 and all(.variant == "last boot")' "$T/at"
	run ! grep -q xentrace "$T/err"
	"$dump" --at 0x1ff00000 --at 0x1fe00000 -J "$log.elf" 2>/dev/null | objects |
		jq -e -s '(map(.variant) | unique == ["current", "last boot"])
			and length == (unique | length)'
	# 0 is a valid address
	"$B/mkacrn" log "$T/zero.elf" base=0 boots=2 lazy=3000
	"$dump" --at 0 -J "$T/zero.elf" 2>/dev/null | objects >"$T/zero"
	jq -e -s 'length > 1000 and all(.variant == "last boot")' "$T/zero"
}

@test "log: 16 CPUs with gaps" {
	# complete messages of the last boot that nobody has read
	awk -F'\t' '$1 == 1 && $4 && $5 { print $2, $8 }' cpu16.truth |
		sort -n >"$T/want"
	"$dump" -F acrn-log -J cpu16.elf 2>/dev/null | objects >"$T/json"
	jq -r 'select(.seq and ((.flags // []) | index("partial-tail") == null)) |
		[.seq, (.text | gsub("\\\\"; "\\\\") | gsub("\n"; "\\n") |
		 gsub("\t"; "\\t"))] | join(" ")' "$T/json" | sort -n >"$T/got"
	[ "$(wc -l <"$T/want")" -gt 500 ]
	comm -23 <(sort "$T/want") <(sort "$T/got") >"$T/lost"
	[ ! -s "$T/lost" ]
	jq -e -s 'map(select(.lost)) | length > 10' "$T/json" >/dev/null
	[ "$(jq -r .cpu "$T/json" | sort -u | wc -l)" -eq 16 ]
}

@test "trace: the entries are acrntrace's files, byte for byte" {
	"$dump" -O acrntrace -o "$T/out" "$trace.elf"
	[ "$(sha256sum <"$T/out/0")" = "cc673a16253990f32fe37aefdfc948bd00e4093296512413bf8e5276c1b8b9a4  -" ]
	[ "$(sha256sum <"$T/out/1")" = "86c8ca93e4aeedfc89dbe1bb2c67e9e368576e91a976d8c588356f68175b49ed  -" ]
	"$dump" --consumed --cpu 1 -O raw "$trace.elf" | head_all -c 24864 | sha256sum |
		has ^567de2a8cc93c9e56b6f08b47f8aa0d437f806cf97506643f70074c5ee12144f
}

@test "trace: acrntrace's files are images of their own" {
	"$dump" -O acrntrace -o "$T/cap" "$trace.elf"
	for c in 0 1; do
		grep -v ' exception or nmi ' "$trace.format_cpu$c" >"$T/want"
		"$dump" -F acrn-trace "$T/cap/$c" >"$T/all"
		"$dump" -F acrn-trace --cpu $c "$trace.elf" 2>/dev/null | cmp - "$T/all"
		grep -Ev ' (exception or nmi \[.*|rdtscp?)$' "$T/all" >"$T/got"
		same "$T/want" "$T/got"
		"$dump" - <"$T/cap/$c" | cmp - "$T/all"
		"$dump" -O raw "$T/cap/$c" | cmp - "$T/cap/$c"
		"$dump" -F acrn-trace --cpu $c --stats vm_exit "$trace.elf" >"$BATS_TEST_TMPDIR/.got"
		"$dump" --stats vm_exit "$T/cap/$c" >"$BATS_TEST_TMPDIR/.want"
		same "$BATS_TEST_TMPDIR/.got" "$BATS_TEST_TMPDIR/.want"
	done
	run -0 "$dump" --info "$T/cap/1"
	[[ $output == *"format      acrntrace (trace that acrntrace wrote)"* ]]
	run -0 "$dump" --list "$T/cap/1"
	[[ ${lines[2]} == "        3100 events that acrntrace wrote" ]]
	# of many times the size of a ring
	for _ in {1..40}; do cat "$T/cap/0"; done >"$T/many"
	"$dump" "$T/many" >"$T/got"
	[ "$(wc -l <"$T/got")" -eq $((40 * 8047)) ]
	# 124 entries: as many slots as a ring of other events has
	head -c $((124 * 32)) "$T/cap/0" >"$T/short"
	"$dump" "$T/cap/0" | sed -n 1,124p >"$BATS_TEST_TMPDIR/.want"
	"$dump" "$T/short" | cmp - "$BATS_TEST_TMPDIR/.want"
	# an entry that is none
	printf '\377' | dd of="$T/short" bs=1 seek=13 conv=notrunc status=none
	run -3 "$dump" "$T/short"
	# memory is not taken for a capture
	{ head -c 1M /dev/zero; printf memlogAT; head -c 4088 /dev/zero; } >"$T/mem"
	run -1 "$dump" -q "$T/mem"
}

@test "trace: lines are those of acrntrace_format, except for its mistakes" {
	for c in 0 1; do
		grep -v ' exception or nmi ' "$trace.format_cpu$c" >"$T/want"
		"$dump" -F acrn-trace --cpu $c "$trace.elf" 2>/dev/null >"$T/all"
		grep -Ev ' (exception or nmi \[.*|rdtscp?)$' "$T/all" >"$T/got"
		same "$T/want" "$T/got"
		grep -q ' rdtscp$' "$T/all"
		grep -q ' exception or nmi .*, d3 = 2, d4 = 0\]$' "$T/all"
	done
}

@test "trace: --acrn-formats formats by its rules" {
	cat >"$T/rules" <<-'RULES'
		# ACRN's own, with its mistakes
		0x00010000 CPU%(cpu)d 0x%(event)016x %(tsc)d exception or nmi [vector = 0x%(1)08x, err = %(2)d, d3 = %(1)d, d4 = %(2)d]
		0x10020  CPU%(cpu)d 0x%(event)016x %(tsc)d write msr [msr = 0x%(1)08x, val = 0x%(2)016x]
	RULES
	for c in 0 1; do
		grep -E ' (exception or nmi|write msr) ' "$trace.format_cpu$c" >"$T/want"
		"$dump" -F acrn-trace --cpu $c --acrn-formats "$T/rules" \
			"$trace.elf" 2>/dev/null >"$T/got"
		same "$T/want" "$T/got"
	done
	echo 'what is this' >"$T/bad"
	run -2 "$dump" --acrn-formats "$T/bad" "$trace.elf"
	[[ $output == *"line 1"* ]]
}

@test "trace: --acrn-formats converts as Python's % operator does" {
	python=$(command -v python3) || skip "no python3 to say what is right"
	cat >"$T/rules" <<-'RULES'
		0x10 %(tsc)20d|%(tsc)-20d|%(1)#x|%(1)#X|%(1)#o|%(1)#06x|%(1)#.4x|%(1)-#8x|%%
		0x11 %(1)#06x %(1)#o %(1)d %(1)05d %(cpu)+d %(cpu) d %(cpu)+05d
		0x10001 %(1)s|%(1)05s|%(1)-5s|%(1).1s|%(1)5r|%(2).3d|%(1)8.3d|%(1)08.3d
		0x1001e %(1)i %(1)u %(2)ld %(3)hx %(4)5d %(event)#x
		0x20 %(1)c%(2)c%(3)c%(4)c %(1)d %(16)d %(1)#x
	RULES
	"$dump" -F acrn-trace --acrn-formats "$T/rules" new.elf >"$T/got" 2>/dev/null
	"$dump" -F acrn-trace -r new.elf 2>/dev/null |
		"$python" -c '
import struct, sys
rules = dict((int(l.split(None, 1)[0], 0), l.split(None, 1)[1].strip())
	for l in open(sys.argv[1]))
data = sys.stdin.buffer.read()
for i in range(0, len(data), 32):
	tsc, h = struct.unpack_from("<QQ", data, i)
	form = {2: "<QQ", 4: "<IIII", 8: "<16B", 16: "<16b"}[h >> 48 & 255]
	e = {"tsc": tsc, "event": h & (1 << 48) - 1, "cpu": h >> 56}
	for k, v in enumerate(struct.unpack_from(form, data, i + 16)):
		e[str(k + 1)] = v
	if e["event"] in rules:
		print(rules[e["event"]] % e)
' "$T/rules" >"$T/want"
	[ "$(wc -l <"$T/want")" -gt 1000 ]
	same "$T/want" "$T/got"
}

@test "--at takes addresses as --list shows them" {
	at=$("$dump" --list "$log.elf" | grep -o 'phys:0x1fe00000+[0-9]*')
	[ "$at" = phys:0x1fe00000+2 ]
	"$dump" -q "$log.elf" >"$BATS_TEST_TMPDIR/.want"
	"$dump" -q --at "$at" "$log.elf" | cmp - "$BATS_TEST_TMPDIR/.want"
	"$dump" -q "$log.elf" >"$BATS_TEST_TMPDIR/.want"
	"$dump" -q --at "phys:0x1fe00000=file:0x1000+2" "$log.elf" |
		cmp - "$BATS_TEST_TMPDIR/.want"
	for at in + +x +2+2 +2x = =0x1000 =phys: =phys:0x1000=phys:0x1000; do
		run -2 "$dump" --at "phys:0x1fe00000$at" "$log.elf"
	done
}

@test "message is the text without its prefix" {
	# those kept by -n -N are copies
	for n in 100000 -2000; do
		"$dump" -q -J -n "$n" "$log.elf" | objects | jq -e -s 'length > 1900 and
			all(.[]; .seq == null or .text == "[" + .time +
				"us][cpu=\(.cpu)]" + (if .component then
				"[" + .component + "]" else "" end) +
				"[sev=" + .fields.sev + "][seq=" + .seq +
				"]:" + .message)'
		"$dump" -q -J -n "$n" -F acrn-trace new.elf | objects |
			jq -e -s 'length > 1900 and all(.[];
				(.time + " " + .message) as $m |
				.text | endswith($m))'
	done
	# rules have a prefix of their own, or none
	echo '0x11 %(cpu)d' >"$T/rules"
	"$dump" -q -J --acrn-formats "$T/rules" -F acrn-trace new.elf | objects |
		jq -e -s 'length > 100 and all(.[]; has("message") | not)'
}

@test "trace: --stats has acrnalyze's counts and cycles" {
	"$dump" --stats vm_exit,irq -O csv --tsc-mhz 1881.6 -o "$T/out/" "$trace.elf"
	cd "$T/out"
	[ "$(echo *)" = "acrn-trace-phys-0x2000000-irq.csv acrn-trace-phys-0x2000000-vm_exit.csv" ]
	for c in 0 1; do
		# reason, count, cycles
		tr -d '\r' <"$OLDPWD/$trace.acrnalyze_cpu${c}_vm_exit.csv" |
			awk -F, '/^VMEXIT/ { print $1, $2, $4 }' >"$T/want"
		awk -F, -v c=$c '$5 == c { print $8, $9, $11 }' ./*-vm_exit.csv >"$T/got"
		[ "$(wc -l <"$T/want")" -eq 17 ]
		# the first exit, which acrnalyze counts without its time
		first=(VMEXIT_CPUID VMEXIT_IO_INSTRUCTION)
		cycles=(2597 3864)
		awk -v r="${first[c]}" -v n="${cycles[c]}" \
			'$1 == r { $3 += n } { print }' "$T/want" | sort >"$T/right"
		# ours are in the order of the processor's numbers
		sort "$T/got" | same "$T/right" -
		# vector, count, rate; by vector, not by its first interrupt
		tr -d '\r' <"$OLDPWD/$trace.acrnalyze_cpu${c}_irq.csv" |
			tail -n +2 | sort >"$T/want"
		[ "$(wc -l <"$T/want")" -eq 7 ]
		awk -F, -v c=$c '$5 == c' ./*-irq.csv | cut -d, -f 8- >"$T/got"
		same "$T/want" "$T/got"
	done
}

@test "trace: CSV of --stats is one table that says what JSON does" {
	python=$(command -v python3) || skip "no python3 with another reader of CSV"
	odd=$'odd,"name\n.elf'
	ln -sf "$PWD/old.elf" "$T/$odd"
	ln -sf "$PWD/new.elf" "$PWD/$trace.elf" "$T"
	cd "$T"
	for what in vm_exit irq cpu_usage; do
		# the first image has no trace
		"$dump" -q --tsc-mhz 1000 --stats "$what" -O csv \
			"$BATS_FILE_TMPDIR/$log.elf" new.elf "$odd" "$trace.elf" >out
		"$dump" -q --tsc-mhz 1000 --stats "$what" -J new.elf "$odd" \
			"$trace.elf" | objects >json
		"$python" - "$what" >got <<-'PY'
		import csv, json, sys
		print(open("out").read().count("image,format,space,addr,cpu,"))
		for row in csv.DictReader(open("out", newline=""), strict=True):
		    assert None not in row and None not in row.values()
		    # what JSON leaves to the reader
		    cycles, n = row.get("cycles"), row.get("count")
		    run, hz = int(row["run_cycles"]), int(row["tsc_hz"])
		    if cycles:
		        percent = int(cycles) * 100 / run if run else 0
		        assert "%.2f" % percent == row.pop("percent")
		    if n:
		        assert "%.2f" % (int(n) / (run / hz)) == row.pop("per_sec")
		    else:
		        assert "%.3f" % (int(cycles) / hz) == row.pop("seconds")
		    if "vector" in row:
		        row["vector"] = hex(int(row["vector"], 16))
		    print(*row.values())
		PY
		jq -r '(.reasons + .vectors + .vms)[] as $row |
			[(.image | gsub("\n"; "\\x0a")), .format, .space, .addr,
			.cpu // "all", .run_cycles, .tsc_hz] +
			($row | [.reason // .vector // .vm] +
				if .reason then [.count, .cycles, .min // "",
					.p50 // "", .p90 // "", .p99 // "",
					.max // ""]
				elif .vector then [.count] else [.cycles] end) |
			join(" ")' json >want
		[ "$(wc -l <want)" -gt 15 ]
		sed -i '1i 1' want
		same want got
	done
}

@test "trace: --stats=irq is in the order of the vectors" {
	"$dump" -q --stats irq -J new.elf "$trace.elf" | objects >"$T/json"
	# CPUs, and all of them together
	jq -se 'length == 7 and
		all(.[]; [.vectors[].vector] | length > 2 and . == sort)' "$T/json"
	jq -r '.vectors[].vector' "$T/json" | sed 's/0x/0x000000/' >"$T/want"
	"$dump" -q --stats irq new.elf "$trace.elf" |
		sed -n 's/^\(0x0000[0-9a-f]*\) .*/\1/p' | same "$T/want" -
	"$dump" -q --stats irq -O csv new.elf "$trace.elf" |
		tail -n +2 | cut -d, -f 8 | same "$T/want" -
}

@test "trace: --stats equals the model, to the cycle" {
	"$dump" --stats vm_exit,irq,cpu_usage -J new.elf 2>/dev/null | objects >"$T/json"
	jq -r 'select(.stats == "vm_exit" and .cpu != null) | . as $t |
		.reasons[] | select(.reason | test("PAUSE|LOG_FULL") | not) |
		[($t.cpu | tostring), .count, .cycles] | join(" ")' "$T/json" |
		sort >"$T/got"
	awk '$2 == "exit" && $3 != "0x10028" && $3 != "0x1003e" {
		print $1, $4, $5 }' new.truth | sort >"$T/want"
	[ "$(wc -l <"$T/want")" -eq 51 ]
	same "$T/want" "$T/got"
	# numbers of which there is no event
	jq -r 'select(.stats == "vm_exit" and .cpu != null) | . as $t |
		.reasons[] | select(.reason | test("PAUSE|LOG_FULL")) |
		[($t.cpu | tostring), .reason, .count, .cycles] |
		join(" ")' "$T/json" | sort >"$T/got"
	sed -n 's/exit 0x10028/VMEXIT_PAUSE/p; s/exit 0x1003e/VMEXIT_PAGE_LOG_FULL/p' \
		new.truth | sort >"$T/want"
	[ "$(wc -l <"$T/want")" -eq 6 ]
	same "$T/want" "$T/got"
	jq -r 'select(.stats == "irq" and .cpu != null) | . as $t | .vectors[] |
		[($t.cpu | tostring), .count] | join(" ")' "$T/json" |
		sort >"$T/got"
	awk '$2 == "vector" { print $1, $4 }' new.truth | sort >"$T/want"
	same "$T/want" "$T/got"
	jq -r 'select(.stats == "cpu_usage" and .cpu != null) | . as $t |
		.vms[] | [($t.cpu | tostring), .vm, .cycles] | join(" ")' \
		"$T/json" | sed 's/Idle/16/' | sort >"$T/got"
	awk '$2 == "vm" { print $1, $3, $4 }' new.truth | sort >"$T/want"
	[ -s "$T/want" ]
	same "$T/want" "$T/got"
}

@test "trace: tables, CSV and JSON of --stats are the model's, of all CPUs too" {
	local cpus mhz what
	stats() { perl "$BATS_TEST_DIRNAME/stats.pl" "$@"; }
	for cpus in 1 3; do
		"$B/mkacrn" trace "$T/trace" cpus=$cpus exits=4000 noreason=1 \
			truth="$T/truth"
		for mhz in 0 1881.6; do
			local rate=()
			[ $mhz = 0 ] || rate=(--tsc-mhz "$mhz")
			stats truth $mhz <"$T/truth" >"$T/rows"
			sort "$T/rows" >"$T/want"
			[ "$(wc -l <"$T/want")" -gt $((cpus * 100)) ]
			[ "$(grep -c '^vm_exit all .* Total ' "$T/want")" -eq \
				$((cpus > 1)) ]
			"$dump" -q --stats vm_exit,irq,cpu_usage "${rate[@]}" \
				"$T/trace" >"$T/out"
			stats table <"$T/out" | sort >"$T/got"
			same "$T/want" "$T/got"
			grep -v ' Total ' "$T/want" >"$T/rows"
			for what in vm_exit irq cpu_usage; do
				"$dump" -q --stats $what -O csv "${rate[@]}" \
					"$T/trace" >"$T/out"
				stats csv <"$T/out"
			done | sort >"$T/got"
			same "$T/rows" "$T/got"
		done
		# counts and cycles; the rest is the reader's
		"$dump" -q --stats vm_exit,irq,cpu_usage -J "$T/trace" >"$T/out"
		jq -r 'select(.type == "stats") |
			[.stats, .cpu // "all", .run_cycles] as $of |
			(.reasons // [] | .[] | [.reason, .count, .cycles]),
			(.vectors // [] | .[] | [.vector, .count]),
			(.vms // [] | .[] | [.vm, .cycles]) |
			$of + . | join(" ")' "$T/out" |
			perl -pe 's/ 0x(\w+) / sprintf " 0x%08x ", hex $1/e' |
			sort >"$T/got"
		stats truth 0 <"$T/truth" | awk '$4 != "Total" {
			print $1, $2, $3, $4, $5 ($1 == "vm_exit" ? " " $7 : "")
		}' | sort >"$T/want"
		same "$T/want" "$T/got"
	done
}

@test "trace: --stats of several images name each" {
	run -0 --separate-stderr "$dump" -q --stats irq new.elf "$trace.elf"
	[[ $output == *"==> new.elf: acrn-trace phys:0x"*": irq, CPU 0 <=="* ]]
	[[ $output == *"==> $trace.elf: acrn-trace phys:0x2000000: irq, CPU 0 <=="* ]]
	run -0 --separate-stderr "$dump" -q --stats irq new.elf
	[ "${lines[0]}" = "==> irq, CPU 0 <==" ]
}

@test "trace: the tables of --stats fit 80 columns" {
	"$dump" --stats vm_exit,irq,cpu_usage --tsc-mhz 1881.6 -q "$trace.elf" >"$T/v10"
	"$dump" --stats vm_exit,irq,cpu_usage --tsc-mhz 1881.6 -q new.elf >"$T/new"
	"$dump" --stats vm_exit,irq,cpu_usage -q new.elf >"$T/cycles"
	[ "$(cat "$T/v10" "$T/new" "$T/cycles" | wc -l)" -gt 300 ]
	run -1 grep -E '.{81}' "$T/v10" "$T/new" "$T/cycles"
	# the numbers are those of CSV
	for c in 0 1 2 all; do
		"$dump" --stats vm_exit -q -O csv --tsc-mhz 1881.6 new.elf |
			awk -F, -v c=$c '$5 == c { print $8, $9, $10, $11, $12 }
				$5 == c { len[n++] = $8 " " $13 " " $14 " " $15 " " $16 " " $17 }
				END { for (i = 0; i < n; i++) print len[i] }' |
			sed 's/VM_EXIT /VM_EXIT_/' >"$T/want"
		[ "$(wc -l <"$T/want")" -gt 30 ]
		sed -n -E "/^==> vm_exit, (CPU $c|$c CPUs) </,/^==> /p" "$T/new" |
			sed 's/VM_EXIT /VM_EXIT_/; s/  */ /g; /^VM/!d' >"$T/got"
		same "$T/want" "$T/got"
	done
}

@test "trace: no seconds if the rate of the counter is unknown" {
	run -0 --separate-stderr "$dump" --stats cpu_usage --tsc-mhz 1000 new.elf
	[[ $output =~ \ [0-9]+\.[0-9]{3}\ +[0-9.]+$'\n' ]]
	run -0 --separate-stderr "$dump" --stats cpu_usage new.elf
	[[ $output =~ \ -\ +[0-9.]+$'\n' ]]
	[[ ! $output =~ \ 0\.000\  ]]
}

@test "trace: entries of 2018, CPUs from the hypervisor's pointers" {
	"$dump" --stats vm_exit -J old.elf 2>/dev/null | objects |
		jq -r 'select(.cpu != null) | . as $t | .reasons[] |
			[($t.cpu | tostring), .count, .cycles] | join(" ")' |
		sort >"$T/got"
	awk '$2 == "exit" { print $1, $4, $5 }' old.truth | sort >"$T/want"
	[ -s "$T/want" ]
	same "$T/want" "$T/got"
}

@test "trace: entries of 2018 without pointers, CPUs by the order of the rings" {
	"$B/mkacrn" trace bare.elf old=1 cpus=3 pointers=0 truth=bare.truth
	# rings at 0 * 7, 1 * 7 and 2 * 7 modulo 16 times the size of a ring
	"$dump" --stats vm_exit -J bare.elf 2>/dev/null | objects |
		jq -r 'select(.cpu != null) | . as $t | .reasons[] |
			[($t.cpu | tostring), .count, .cycles] | join(" ")' |
		sort >"$T/got"
	awk '$2 == "exit" { print $1, $4, $5 }' bare.truth | sort >"$T/want"
	[ -s "$T/want" ]
	same "$T/want" "$T/got"
	"$dump" -O acrntrace -o "$T/out" bare.elf
	"$dump" -O acrntrace -o "$T/named" old.elf
	diff -r "$T/out" "$T/named"
	[ "$(ls "$T/out")" = "$(printf '0\n1\n2')" ]
	run -0 --separate-stderr "$dump" --list bare.elf
	[[ $(tr -s '\n ' ' ' <<<"$output") == *"3 CPUs are numbered by the place of their rings"* ]]
}

@test "trace: a time stamp counter that wraps" {
	# 2^64 - 10^8: about a fifth of the way
	"$B/mkacrn" trace wrap.elf cpus=3 noreason=1 exits=5000 \
		tsc=18446744073609551616 truth=wrap.truth
	"$dump" --stats vm_exit -J wrap.elf 2>/dev/null | objects |
		jq -r 'select(.cpu != null) | . as $t | .reasons[] |
			[($t.cpu | tostring), .count, .cycles] | join(" ")' |
		sort >"$T/got"
	awk '$2 == "exit" { print $1, $4, $5 }' wrap.truth | sort >"$T/want"
	[ -s "$T/want" ]
	same "$T/want" "$T/got"
	"$dump" -F acrn-trace wrap.elf 2>/dev/null | awk '{ print $3 }' >"$T/tsc"
	# up to the wrap, then from zero, both in order
	grep -E '^[0-9]{20}$' "$T/tsc" | sort -c
	grep -vE '^[0-9]{20}$' "$T/tsc" | sort -n -c
	[ "$(uniq -w 1 <(sed 's/^[0-9]\{20\}$/big/; t; s/.*/small/' "$T/tsc") |
		wc -l)" -eq 2 ]
}

@test "trace: all CPUs, ordered by time" {
	"$dump" -F acrn-trace new.elf 2>/dev/null | awk '{ print $3 }' | sort -n -c
	[ "$("$dump" -F acrn-trace new.elf 2>/dev/null | cut -d' ' -f1 |
		sort -u | wc -l)" -eq 3 ]
}

@test "trace: perfetto has one slice per exit" {
	"$dump" -O perfetto --tsc-mhz 1881.6 -o "$T/trace" "$trace.elf"
	python=$(command -v python3) || skip "no python3 to take it apart"
	# decoded with an independent reader of protocol buffers
	"$python" - "$T/trace" >"$T/got" <<-'PY'
	import sys
	def fields(b):
	    i = 0
	    def varint():
	        nonlocal i
	        v = s = 0
	        while True:
	            c = b[i]; i += 1
	            v |= (c & 127) << s; s += 7
	            if c < 128: return v
	    while i < len(b):
	        t = varint()
	        if t & 7 == 0: yield t >> 3, varint()
	        else:
	            assert t & 7 == 2
	            n = varint(); assert i + n <= len(b)
	            yield t >> 3, b[i:i + n]; i += n
	begun, open_at, names = 0, {}, {}
	for f, packet in fields(open(sys.argv[1], 'rb').read()):
	    assert f == 1
	    p = dict(fields(packet))
	    # a sequence must be started: readers skip events of one that is not
	    if not names and not begun: assert p[10] == 1 and p[13] == 1
	    if 60 in p:
	        d = dict(fields(p[60])); names[d[1]] = d[2].decode()
	    else:
	        e = dict(fields(p[11]))
	        if e[9] == 1:
	            begun += 1; open_at[e[11]] = p[8]
	            assert e[23].startswith(b'VMEXIT_')
	        elif e[9] == 2:
	            assert p[8] >= open_at.pop(e[11])
	print(begun, len(open_at), sorted(names.values()))
	PY
	[ "$(cat "$T/got")" = "3458 0 ['ACRN hypervisor trace', 'CPU 0', 'CPU 1']" ]
}

@test "trace: perfetto separates the CPUs of several images" {
	ln -sf "$PWD/$trace.elf" "$T/b.elf"
	"$dump" -O perfetto --tsc-mhz 1881.6 -n+1 "$trace.elf" "$T/b.elf" >"$T/both"
	grep -aq "trace of $T/b.elf" "$T/both"
	# one slice of each: its begin and its end on a separate track
	perl -0777 -ne '
		# TracePacket 60, TrackDescriptor: uuid, at most 10 bytes
		while (/\xe2\x03.\x08((?:[\x80-\xff]{0,9}[\x00-\x7f]))\x12/gs) {
			die "two tracks of one number\n" if $seen{$1}++;
		}
		print scalar(keys %seen), "\n"' "$T/both" >"$T/got"
	[ "$(cat "$T/got")" = 4 ]
}

@test "trace: the rate of timestamps from the hypervisor's log" {
	run -0 --separate-stderr "$dump" --list old.elf
	[[ $output == *acrn-trace* ]]
	run -2 "$dump" --stats vm_exit,nonsense new.elf
	run -2 "$dump" -O csv new.elf
}
