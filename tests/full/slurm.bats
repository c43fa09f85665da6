#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# docs/fleet/memlog.sbatch on a real Slurm: munged, slurmctld and slurmd of this machine,
# with ports, sockets and directories of their own.

bats_require_minimum_version 1.5.0
load ../lib
load ../fleet

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	local program
	for program in munged slurmctld slurmd sbatch; do
		PATH=$PATH:/usr/sbin command -v $program >/dev/null ||
			skip "$program is not installed"
	done
	[ "$(id -u)" = 0 ] || skip "slurmd needs root"
	PATH=$PATH:/usr/sbin
	export SLURM_CONF=$PWD/slurm.conf
	host=$(hostname -s)
	# munged wants all directories above its socket to be safe from others
	run=$(mktemp -d /run/memlog-slurm.XXXXXX)
	chown munge "$run" && chmod 755 "$run"
	mkdir state spool results
	sed "s|@|$PWD|; s|%run|$run|; s|%host|$host|" >slurm.conf <<-'EOF'
	ClusterName=one
	SlurmctldHost=%host
	AuthType=auth/munge
	AuthInfo=socket=%run/munge
	SlurmUser=root
	StateSaveLocation=@/state
	SlurmdSpoolDir=@/spool
	SlurmctldPidFile=@/slurmctld.pid
	SlurmdPidFile=@/slurmd.pid
	SlurmctldLogFile=@/slurmctld.log
	SlurmdLogFile=@/slurmd.log
	SlurmctldPort=16817
	SlurmdPort=16818
	ProctrackType=proctrack/linuxproc
	TaskPlugin=task/none
	SelectType=select/cons_tres
	SelectTypeParameters=CR_CPU
	NodeName=%host CPUs=2 RealMemory=1024
	PartitionName=all Nodes=ALL Default=YES State=UP
	EOF
	runuser -u munge -- /usr/sbin/munged --socket="$run/munge" \
		--pid-file="$run/munged.pid" --log-file="$run/munged.log" \
		--seed-file="$run/seed" 3>&-
	slurmctld 3>&-
	slurmd -N "$host" 3>&-
}

teardown() {
	local file pid
	for file in slurmd.pid slurmctld.pid "${run:-none}/munged.pid"; do
		[ -s "$file" ] || continue
		pid=$(cat "$file")
		# it removes its own files: wait for that
		! kill "$pid" || timeout 20 tail --pid="$pid" -f /dev/null || kill -KILL "$pid"
	done
	[ -z "${run:-}" ] || rm -rf "$run"
}

submit() {
	MEMLOG_FLEET=$fleet MEMLOG_DUMP=$PWD/slow sbatch --parsable --array=0-9 \
		--output=task.%a "$fleet/memlog.sbatch" "$PWD/list" "$PWD/results"
}

# until none of its tasks is left
finished() {
	for _ in {1..600}; do
		[ -n "$(squeue -h -j "$1" 2>/dev/null)" ] || return 0
		sleep 0.2
	done
	squeue
	tail -n 5 slurmctld.log slurmd.log
	return 1
}

count() {
	find results -name '*.jsonl' | wc -l
}

@test "300 images, cancelled in the middle and submitted again: the same result" {
	local job before
	fleet_images 300
	# shellcheck disable=SC2016 # for that shell
	printf '#!/bin/sh\nfor i; do :; done\nsleep 0.02\n"%s" "$@"\ns=$?\necho "$i" >>"%s/runs"\nexit $s\n' \
		"$dump" "$PWD" >slow
	chmod +x slow
	job=$(submit)
	until [ "$(count)" -gt 40 ] || [ -z "$(squeue -h -j "$job")" ]; do
		sleep 0.1
	done
	scancel "$job"
	finished "$job"
	before=$(count)
	[ "$before" -gt 40 ] && [ "$before" -lt 300 ]
	job=$(submit)
	finished "$job"
	[ "$(count)" = 300 ]
	fleet_expected >want
	cat results/*.jsonl | jq -rnf "$fleet/keys.jq" >got
	same want got
	# what was being read when it was cancelled may have been read twice: two tasks ran
	[ "$(sort runs | uniq -d | wc -l)" -le 2 ]
	# and once more: nothing is left to do
	: >runs
	job=$(submit)
	finished "$job"
	[ ! -s runs ]
}

@test "the README's lines" {
	fleet_images 120
	mkdir dumps bin
	ln -s "$root/docs" .
	ln -s "$dump" bin/memlog-dump
	rmdir results
	# its dumps are ELF
	while read -r image; do
		[ ! -e "$image" ] || mv "$image" "dumps/${image#images/}.elf"
	done <list
	# shellcheck disable=SC2016 # the README's
	sed -n '/^    find "$PWD/,/^$/s/^    //p' "$root/README.md" >lines
	grep -q '^sbatch --wait --array=' lines
	grep -q '^cat results/' lines
	PATH=$PWD/bin:$PATH bash -e lines >said
	[ "$(count)" = "$(find dumps -name '*.elf' | wc -l)" ]
	[ "$(wc -l <said)" = 4 ] # with the number of the job
	grep -q "^24	0	$PWD/dumps/image-001.elf	assert APkg/A.c:7 x$" said
}
