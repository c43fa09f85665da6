#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Traces of hypervisors under Linux for other tools, and in numbers.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	"$B/mkhyp" plain.elf cpus=3 empty=1 truth=plain.truth
	"$B/mkhyp" back.elf back=1 events=700 truth=back.truth
	"$B/mkhyp" guest.elf back=2 events=700 truth=guest.truth
	"$B/mkhyp" lost.elf lost=9 wide=1 seed=7 truth=lost.truth
	"$B/mkhyp" many.elf cpus=64 events=300 empty=1 truth=many.truth
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	T=$BATS_TEST_TMPDIR
}

# clock: steps in the clock of a CPU, for slices and visits
clock='
bits = 2**59 - 1 # of a difference of time in a ring buffer
class Clock:
    # it steps back, or forwards by nine years, or to where it stepped back from
    def __init__(self): self.last, self.back = None, []
    def steady(self, ns):
        last, self.last = self.last, ns
        if last is None: return True
        forwards = ns & bits >= last & bits
        if not forwards: self.back.append(last & bits)
        returned = [b for b in self.back if b <= ns & bits]
        self.back = [b for b in self.back if b > ns & bits]
        return forwards and 0 <= ns - last < 2**58 and not returned
'

# slices RECORDS: what a Perfetto trace has: CPU begin end, with the arguments of
# both ends; or what is missing.
slices() {
	python3 - "$1" <<-PY
	import json, sys, collections
	$clock
	def args(r, prefix=""):
	    return "".join(f" {prefix}{k}={v}" for k, v in r["fields"].items())
	def close(r, ns, tail, steady):
	    begin = int(r["time"]) & bits
	    ns = int(ns) & bits if steady else begin
	    name = r["fields"]["reason_name"]
	    print(f"CPU {r['cpu']} {begin} {ns} {name}{args(r)}{tail}")
	inside, last = {}, {}
	clocks, steady = collections.defaultdict(Clock), {}
	for r in map(json.loads, open(sys.argv[1])):
	    if r["type"] != "record" or "time" not in r: continue
	    c = r["cpu"]
	    last[c] = r["time"]
	    if not clocks[c].steady(int(r["time"])): steady[c] = False
	    if r["component"] == "hyp_enter":
	        if c in inside:
	            close(inside[c], r["time"], " unpaired=no exit", steady[c])
	        inside[c] = r
	        steady[c] = True
	    elif r["component"] == "hyp_exit" and c in inside:
	        close(inside.pop(c), r["time"], args(r, "exit_") +
	              " untimed=clock step" * (not steady[c]), steady[c])
	    else:
	        lost = r["component"] == "hyp_exit"
	        print(f"CPU {c} {int(r['time']) & bits} {r['component']}{args(r)}" +
	              " unpaired=no enter" * lost)
	for c, r in inside.items():
	    close(r, last[c], " unpaired=no exit", steady[c])
	PY
}

# joined TRACE: the same from a Perfetto trace
joined() {
	python3 "$root/tests/perfetto.py" "$1" | perl -ne '
		my ($c, $what, $ns, $rest) =
			/^[^\/]* \/ (CPU \d+)(?:, clock \d+)? (\w+) (\d+) ?(.*)$/ or die;
		if ($what eq "instant") { print "$c $ns $rest\n"; next }
		if ($what eq "begin") { $open{$c} = [$ns, $rest]; next }
		my ($from, $name) = @{delete $open{$c}};
		$rest = " $rest" if $rest ne "";
		print "$c $from $ns $name$rest\n";
		END { die "not ended" if %open }'
}

@test "perfetto: a slice for each stay in the hypervisor" {
	python
	local f
	for f in hyp-pkvm hyp-nvhe hyp-remote-test hyp-wrapped hyp-read \
		hyp-overtaken hyp-empty hyp-guests; do
		unpack "$f.elf"
		"$dump" -O perfetto -o "$T/$f" "$unpacked"
		"$dump" -q -J "$unpacked" >"$T/records"
		slices "$T/records" | sort >"$T/want"
		joined "$T/$f" | sort >"$T/got"
		[ -s "$T/got" ]
		same "$T/got" "$T/want"
	done
	# a stay that began before the trace, and one that had not ended
	joined "$T/hyp-pkvm" | grep -c unpaired= >"$T/unpaired"
	[ "$(cat "$T/unpaired")" -eq 2 ]
	"$dump" -O perfetto -o "$T/plain" plain.elf
	"$dump" -q -J plain.elf >"$T/records"
	slices "$T/records" | sort >"$T/want"
	joined "$T/plain" | sort >"$T/got"
	same "$T/got" "$T/want"
	# two CPUs, each 429 times in the hypervisor, and 142 other events
	[ "$(wc -l <"$T/want")" -eq $((2 * (429 + 142))) ]
}

# stepped FILE: in how many visits of those files the clock steps: of seven events
# there is one, or there are two
stepped() {
	[ "$1" = back ] && echo 200 || echo 400
}

@test "perfetto: no length where the clock stepped" {
	python
	local f n
	for f in back guest; do
		run -0 --separate-stderr "$dump" -O perfetto -o "$T/$f" "$f.elf"
		echo "$stderr" >"$T/said"
		"$dump" -q -J "$f.elf" >"$T/records"
		slices "$T/records" | sort >"$T/want"
		joined "$T/$f" | sort >"$T/got"
		same "$T/got" "$T/want"
		n=$(stepped $f)
		[ "$(grep -c 'untimed=clock step$' "$T/got")" -eq "$n" ]
		[ "$(grep -c ' exit_vcpu=[^ ]*$' "$T/got")" -eq $((600 - n)) ]
		run ! grep -q unpaired= "$T/got"
		grep -q "the clock stepped while $n slices lasted, which are shown without a length" \
			"$T/said"
	done
}

@test "perfetto: slices of a track do not overlap, whatever the clock did" {
	python
	local f
	for f in back guest; do
		"$dump" -q -O perfetto -o "$T/$f" "$f.elf"
		# sorted by time, as Perfetto does: a slice ends before the next begins
		python3 "$root/tests/perfetto.py" "$T/$f" | perl -ne '
			/^[^\/]* \/ (CPU [^a-z]*(?:clock \d+)?) ?(begin|end|instant) (\d+)/ or die;
			next if $2 eq "instant";
			if ($2 eq "begin") { $from{$1} = $3; next }
			push @{$all{$1}}, [$from{$1}, $3];
			END { for my $t (keys %all) { my $end = -1;
				for (sort { $a->[0] <=> $b->[0] || $a->[1] <=> $b->[1] } @{$all{$t}}) {
					die "overlap on $t" if $_->[0] < $end; $end = $_->[1] } }
			print join("\n", sort map { s/ $//r } keys %all), "\n" }' >"$T/tracks"
		grep -qx 'CPU 0' "$T/tracks"
		[ "$(wc -l <"$T/tracks")" -le 4 ]
	done
	grep -qx 'CPU 0, clock 2' "$T/tracks"
}

# what takes outputs apart, and says what should be in them
python() {
	command -v python3 >/dev/null || skip "no python3"
}

# needs trace-cmd, the one reader of these files besides KernelShark
reader() {
	command -v trace-cmd >/dev/null || skip "no trace-cmd"
}

# report FILE [OPTION...]: what trace-cmd reads, one CPU after the other: CPU TIME
# EVENT FIELDS, and lost events as it says them. trace-cmd 3.3 has flags before the time.
report() {
	local f=$1 cpus cpu
	shift
	cpus=$(trace-cmd report -t --cpu 0 "$f" | sed -n 's/^cpus=//p')
	for ((cpu = 0; cpu < cpus; cpu++)); do
		trace-cmd report -t --cpu "$cpu" "$@" "$f"
	done >"$T/report" 2>&1
	sed -E '/^cpus=/d; /^CPU [0-9]+ is empty/d
		s/^ *[^ ]+ +\[0*([0-9]+)\](-0x[0-9a-f]+)? +([^ ]{5} +)?([0-9.]+): ([A-Za-z_0-9]+): */\1 \4 \5 /
		s/ $//' "$T/report"
}

# records [FILTER]: JSON on stdin as report prints it; FILTER gives the text
records() {
	jq -r 'select(.type == "record") |
		(if .lost then "CPU:\(.cpu) [" + (if .lost == "0" then ""
			else .lost + " " end) + "EVENTS DROPPED]" else empty end),
		if .time then "\(.cpu) \(.time | "000000000" + . | .[:-9] |
			sub("^0+(?=.)"; "") | if . == "" then "0" else . end).\(.time |
			"000000000" + . | .[-9:]) \(.component) \('"$1"')" |
			sub(" $"; "") else empty end'
}

# raw fields, as trace-cmd report -R writes them
raw='.fields | del(.reason_name) | to_entries |
	map("\(.key)=\(.value)") | join(" ")'

@test "trace.dat: event by event what the kernel printed" {
	reader
	local f
	for f in hyp-pkvm hyp-nvhe hyp-remote-test hyp-wrapped hyp-read \
		hyp-overtaken hyp-empty hyp-guests; do
		unpack "$f.elf"
		"$dump" -O tracedat -o "$T/$f.dat" "$unpacked"
		"$dump" -q -J "$unpacked" >"$T/records"
		records '.message | sub("^[a-z_]+ ?"; "") | sub("\n"; "")' \
			<"$T/records" >"$T/want"
		report "$T/$f.dat" >"$T/got"
		[ "$(wc -l <"$T/got")" -gt 20 ]
		same "$T/got" "$T/want"
		records "$raw" <"$T/records" >"$T/want"
		report "$T/$f.dat" -R >"$T/got"
		same <(sed -E 's/=0x0+([0-9a-f])/=0x\1/g' "$T/got") "$T/want"
		trace-cmd dump --validate "$T/$f.dat" >"$T/valid"
		grep -q 'is a valid trace-cmd file' "$T/valid"
	done
}

@test "trace.dat: any number of CPUs, empty ones, lost events" {
	reader
	local f
	for f in plain lost many; do
		"$dump" -O tracedat -o "$T/$f.dat" "$f.elf"
		report "$T/$f.dat" >"$T/got"
		same "$T/got" "$f.truth"
	done
	grep -q '^CPU:1 \[9 EVENTS DROPPED\]$' lost.truth
	# an event that never came, and no event at all
	"$dump" -q -c selftest -O tracedat -o "$T/one.dat" plain.elf
	report "$T/one.dat" >"$T/got"
	grep ' selftest ' plain.truth | same "$T/got" -
	run -1 "$dump" -q -c nothing -O tracedat -o "$T/none.dat" plain.elf
	trace-cmd dump --validate "$T/none.dat"
	report "$T/none.dat" >"$T/got"
	[ ! -s "$T/got" ]
}

@test "trace.dat: a clock that goes backwards" {
	reader
	"$dump" -O tracedat -o "$T/back.dat" back.elf
	report "$T/back.dat" >"$T/got"
	same "$T/got" back.truth
}

@test "trace.dat: what trace-cmd says of the file" {
	reader
	"$dump" -O tracedat -o "$T/f.dat" plain.elf
	trace-cmd dump --summary --options "$T/f.dat" >"$T/got"
	for want in '6	[Version]' '3 [CPUs with tracing data]' '[mono]' \
		'[Events format, 1 systems]'; do
		grep -qF "$want" "$T/got"
	done
	# virtual CPUs are tasks, and the host is one
	trace-cmd report "$T/f.dat" >"$T/got"
	grep -qE '^ *vcpu-1002-1002 +\[002\].* vcpu=1002$' "$T/got"
	grep -qE '^ *host-[0-9]+ +\[000\].* vcpu=0$' "$T/got"
	run -0 grep -cE '<idle>|<\.\.\.>|FAILED|UNKNOWN' <(cat "$T/got"; echo '<idle>')
	[ "$output" = 1 ]
}

@test "trace.dat: logs of other formats" {
	reader
	"$B/mkacrn" trace acrn.elf cpus=3
	"$dump" -q -F acrn-trace --tsc-mhz 1000 -O tracedat -o "$T/acrn.dat" acrn.elf
	"$dump" -q -F acrn-trace -J acrn.elf >"$T/records"
	records '.fields | to_entries | map("\(.key)=\(.value)") | join(" ")' \
		<"$T/records" | sort >"$T/want"
	report "$T/acrn.dat" | sort >"$T/got"
	[ "$(wc -l <"$T/got")" -gt 1000 ]
	same "$T/got" "$T/want"
	# cycles of unknown rate stay cycles
	"$dump" -q -F acrn-trace -O tracedat -o "$T/cycles.dat" acrn.elf
	trace-cmd report --cpu 0 "$T/cycles.dat" | sed -nE '2s/.*\] +([^ ]{5} +)?([^ ]+): .*/\2/p' >"$T/got"
	jq -r 'select(.cpu == 0 and .time) | .time' "$T/records" | sed -n 1p >"$T/want"
	same "$T/got" "$T/want"
	# all events of Android, some with numbers in hexadecimal, some without fields
	printf '%s\n' 'ram 1G 4M' 'hyp android16' 'fill 0 90' 'fill 1 30' end elf64 \
		'note VMCOREINFO 0 "OSRELEASE=6.6.30-android15-8\n"' >android.rec
	"$B/mkimage" android.rec android
	"$dump" -q -O tracedat -o "$T/android.dat" android
	"$dump" -q -J android >"$T/records"
	records '.fields // {} | to_entries | map("\(.key)=\(.value)") | join(" ")' \
		<"$T/records" >"$T/want"
	report "$T/android.dat" >"$T/got"
	same "$T/got" "$T/want"
	grep -q ' host_mem_abort esr=0x5 addr=0x1$' "$T/got"
	# the header of Linux is that of the event
	unpack ftrace-arm64.elf
	"$dump" -q -F ftrace -O tracedat -o "$T/ftrace.dat" "$unpacked"
	report "$T/ftrace.dat" >"$T/got"
	"$dump" -q -F ftrace "$unpacked" >"$T/text"
	[ "$(wc -l <"$T/got")" -eq "$(wc -l <"$T/text")" ]
	trace-cmd report -l "$T/ftrace.dat" >"$T/got"
	grep -qE '(init|<\.\.\.>)-1 +0d\.h\.\. ' "$T/got"
	# messages are events with a text
	zstd -qdc "$root/fixtures/acrn/hvlog-v27-3cpu-boot3.elf.zst" >hvlog.elf
	"$dump" -q -F acrn-log -O tracedat -o "$T/log.dat" hvlog.elf
	trace-cmd report "$T/log.dat" >"$T/got"
	grep -qE ' text: +component=vm10:vcpu1 sev=4 text=vm_exit: ' "$T/got"
}

@test "trace.dat: of one log; more are files in a directory" {
	run -2 "$dump" -O tracedat -o "$T/both" plain.elf lost.elf
	[[ $output == *"a trace.dat has one log: "* ]]
	"$dump" -O tracedat -o "$T/dir/" plain.elf lost.elf
	[ "$(find "$T/dir" -name '*.dat' -size +40k | wc -l)" -eq 2 ]
}

@test "trace.dat: what is large goes through a temporary file" {
	reader
	# 16 MiB stay in memory
	"$B/mkhyp" large.elf events=320000
	"$dump" -O tracedat -o "$T/large.dat" large.elf
	[ "$(stat -c %s "$T/large.dat")" -gt $((16 << 20)) ]
	"$dump" -J large.elf | jq -rn '[inputs | select(.time) | .time | tonumber] |
		add | tostring' >"$T/want"
	trace-cmd report -t "$T/large.dat" | perl -ne '
		/: *hyp_|selftest/ or next;
		/(\d+)\.(\d{9}):/ or die; $s += $1 * 1000000000 + $2;
		END { printf "%d\n", $s }' >"$T/got"
	same "$T/got" "$T/want"
	TMPDIR=/nonexistent run -3 "$dump" -O tracedat -o "$T/none" large.elf
	[[ $output == *"cannot create a temporary file in /nonexistent"* ]]
	# what is small does not need one
	TMPDIR=/nonexistent "$dump" -O tracedat -o "$T/small" plain.elf
}

# visits TRUTH: CPU REASON VCPU COUNT NS MIN P50 P90 P99 MAX UNTIMED of what mkhyp
# wrote
visits() {
	python3 - "$1" <<-PY
	import sys, collections
	$clock
	rows, inside = collections.defaultdict(list), {}
	clocks, steady = collections.defaultdict(Clock), {}
	for line in open(sys.argv[1]):
	    cpu, time, name, *f = line.split()
	    if not cpu.isdigit(): continue
	    ns = int(time.replace(".", ""))
	    f = dict(x.split("=") for x in f)
	    if not clocks[cpu].steady(ns): steady[cpu] = False
	    if name == "hyp_enter":
	        inside[cpu] = ns, f["reason"], f["vcpu"]
	        steady[cpu] = True
	    elif name == "hyp_exit" and cpu in inside:
	        begin, reason, vcpu = inside.pop(cpu)
	        for c in cpu, "all":
	            rows[c, reason, vcpu].append(ns - begin if steady[cpu] else None)
	for (cpu, reason, vcpu), all in sorted(rows.items()):
	    n = len(all)
	    all = sorted(x for x in all if x is not None)
	    p = [all[-(-len(all) * k // 100) - 1] for k in (0, 50, 90, 99, 100)] if all else "....."
	    if all: p[0] = all[0]
	    print(cpu, reason, "host" if vcpu == "0" else vcpu, n, sum(all), *p, n - len(all))
	PY
}

@test "hyp_exit: count, total and lengths of each reason and virtual CPU" {
	python
	local f
	for f in plain back guest lost many; do
		visits "$f.truth" | sort >"$T/want"
		"$dump" --stats hyp_exit -O csv "$f.elf" >"$T/csv"
		awk -F, 'NR > 1 { for (i = 13; i < 18; i++) if ($i == "") $i = "."
			print $5, $7, $8, $9, $11, $13, $14, $15, $16, $17, $18 }' \
			"$T/csv" | sort >"$T/got"
		[ "$(wc -l <"$T/got")" -gt 30 ]
		same "$T/got" "$T/want"
		"$dump" --stats hyp_exit -J "$f.elf" >"$T/json"
		jq -r 'select(.stats) | .cpu as $c | .reasons[] | "\($c // "all") " +
			"\(.reason) \(if .vcpu == 0 then "host" else .vcpu end) " +
			"\(.count) \(.ns) \(.min // ".") \(.p50 // ".") \(.p90 // ".") " +
			"\(.p99 // ".") \(.max // ".") \(.untimed)"' "$T/json" | sort >"$T/got"
		same "$T/got" "$T/want"
		# the text has both in two tables, the second of what was timed
		"$dump" -q --stats hyp_exit "$f.elf" >"$T/text"
		awk 'length > 80 { exit 1 }' "$T/text"
		awk '/^==> / { c = $3 == "all" ? "all" : $4; part = 1 } /^Reason/ { next }
			/^ns of one visit/ { part = 2; next }
			$3 ~ /^[0-9]+$/ && part == 1 { k = c " " $1 " " $2
				head[k] = $3 " " $5 }
			NF == 7 && part == 2 { k = c " " $1 " " $2
				print k, head[k], $3, $4, $5, $6, $7 }' "$T/text" |
			sort >"$T/got"
		grep -v ' \. ' "$T/want" | sed 's/ [0-9]*$//' | same "$T/got" -
	done
}

@test "hyp_exit: what has no pair is counted apart" {
	python
	"$dump" -q --stats hyp_exit -c hyp_exit -J plain.elf >"$T/json"
	jq -se 'map(select(.stats and .cpu == null))[0] | .no_enter == "858" and
		.no_exit == "0" and .visits == "0"' "$T/json"
	run -0 "$dump" --stats hyp_exit -c hyp_enter --cpu 0 plain.elf
	[[ $output == *"not counted: 429 without an end, 0 without a beginning"* ]]
}

@test "hyp_exit: what a clock step is in is counted, not timed" {
	local f n
	for f in back guest; do
		n=$(stepped $f)
		run -0 --separate-stderr "$dump" --stats hyp_exit -J "$f.elf"
		[[ $stderr == *": the clock stepped, as it does while a guest runs: $n of 600 visits were not timed" ]]
		echo "$output" >"$T/json"
		jq -se --arg n "$n" 'map(select(.stats and .cpu == null))[0] | .untimed == $n and
			.visits == "600" and .no_exit == "0" and .no_enter == "0"' "$T/json"
		# time that the clock stepped is not time that passed
		jq -se '[.[] | select(.stats and .cpu == 0) | .run_ns | tonumber] |
			length == 1 and .[0] > 1e6 and .[0] < 1e7' "$T/json"
		run -0 --separate-stderr "$dump" --stats hyp_exit --cpu 0 "$f.elf"
		[[ $output == *"$((n / 2)) visits across a clock step: counted, not timed"* ]]
		awk 'length > 80 { exit 1 }' <<<"$output"
	done
	run -0 --separate-stderr "$dump" --stats hyp_exit plain.elf
	[ -z "$stderr" ]
}

@test "hyp_exit: of traces that have it" {
	run -1 --separate-stderr "$dump" --stats vm_exit plain.elf
	[[ $stderr == *"searched for acrn-trace only"* ]]
	run -2 "$dump" --stats vm_exit -F hyp-trace plain.elf
	[[ $output == *"--stats=vm_exit finds nothing to count in logs of -F hyp-trace"* ]]
	"$B/mkacrn" trace acrn.elf cpus=2
	run -0 --separate-stderr "$dump" --stats vm_exit,hyp_exit acrn.elf
	[[ $output == *"==> vm_exit, CPU 0 <=="* && $output != *hyp_exit* ]]
	run -0 --separate-stderr "$dump" --stats vm_exit,hyp_exit plain.elf
	[[ $output == *"==> hyp_exit, CPU 0 <=="* && $output != *vm_exit* ]]
}
