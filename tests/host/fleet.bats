#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# docs/fleet: GNU parallel over images that fail, hang and are cut, the shares of Slurm and
# Kubernetes, the manifest, and jq's lines. tests/full/slurm.bats has a real Slurm.

bats_require_minimum_version 1.5.0
load ../lib
load ../fleet

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	case $BATS_TEST_DESCRIPTION in
	GNU*) fleet_images 200 ;;
	*) fleet_images 40 ;;
	esac
	export MEMLOG_DUMP=$PWD/counted
	# shellcheck disable=SC2016 # for that shell
	printf '#!/bin/sh\nfor i; do :; done\necho "$i" >>"%s/runs"\nexec "%s" "$@"\n' \
		"$PWD" "$dump" >counted
	chmod +x counted
	mkdir results
}

# what the documentation says to run
merged() {
	cat results/*.jsonl | jq -rnf "$fleet/keys.jq"
}

@test "GNU parallel: each image once, across timeouts and an interruption" {
	command -v parallel >/dev/null || skip "GNU parallel is not installed"
	export PARALLEL_HOME=$PWD/home
	mkdir home && : >home/will-cite
	mkfifo images/hangs-1 images/hangs-2
	printf '%s\n' images/hangs-1 images/hangs-2 >list.hang
	# in the middle, so that an interruption has some on either side
	sed -i '20r list.hang' list
	# by itself it kills after 350 ms, in which a busy machine may not clean up
	local opts=(-j 2 -a list --joblog log --termseq 'TERM,60000,KILL')
	# stopped with some done
	run -124 timeout -s INT 1 parallel "${opts[@]}" --timeout 3 \
		sh "$fleet/one" '{}' results
	sleep 0.2
	local before
	before=$(find results -name '*.jsonl' | wc -l)
	[ "$before" -gt 5 ] && [ "$before" -lt 200 ]
	run parallel "${opts[@]}" --resume --timeout 2 \
		sh "$fleet/one" '{}' results
	[ "$(find results -name '*.jsonl' | wc -l)" = 200 ]
	# those that hang have no result, and are named
	cat results/*.jsonl | jq -r 'select(.type == "image").image' | LC_ALL=C sort |
		LC_ALL=C comm -13 - <(LC_ALL=C sort list) >without
	same list.hang without
	fleet_expected >want
	merged >got
	same want got
	# they are repaired, and nothing else is read again
	rm images/hangs-*
	cp images/image-002 images/hangs-1
	cp images/image-002 images/hangs-2
	: >runs
	parallel "${opts[@]}" --resume-failed --timeout 10 \
		sh "$fleet/one" '{}' results
	sort -u runs >again
	same list.hang again
	[ "$(find results -name '*.jsonl' | wc -l)" = 202 ]
	[ -z "$(find results -name '.new*')" ]
}

# What ends a job ends its programs with it.
@test "a job that is ended while it names its file leaves none" {
	mkdir bin
	cat >bin/mktemp <<-EOF
		#!/bin/sh
		$(command -v mktemp) "\$@" >/dev/null
		kill \$PPID
		exit 143
	EOF
	chmod +x bin/mktemp
	PATH=$PWD/bin:$PATH run -143 sh "$fleet/one" images/image-002 results
	[ -z "$(find results -type f)" ]
}

@test "the shares of an array: all images, each once, and again only what is missing" {
	local i
	for i in 0 1 2 3 4 5 6; do
		"$fleet/share" list results "$i" 7
	done
	[ "$(sort runs | uniq -d | wc -l)" = 0 ]
	[ "$(sort runs | wc -l)" = 40 ]
	fleet_expected >want
	merged >got
	same want got
	rm results/images%2Fimage-00[0-4].jsonl
	: >runs
	SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_COUNT=1 \
		MEMLOG_FLEET=$fleet sh "$fleet/memlog.sbatch" list results
	[ "$(wc -l <runs)" = 5 ]
	merged >got
	same want got
	# documentation is installed without permission to execute it
	mkdir installed
	cp "$fleet"/* installed
	chmod 644 installed/*
	rm results/images%2Fimage-00[0-4].jsonl
	sh installed/share list results 0 1
	merged >got
	same want got
}

# A share that no image is in would end well, and images would be left out.
@test "an array with gaps is refused" {
	local bad
	run -2 "$fleet/share" list results 4 2
	[[ $output == "share: INDEX 4 of COUNT 2: give all from 0 to COUNT - 1" ]]
	for bad in "0 0" "-1 2" "x 2" "0 x" " 2"; do
		run -2 "$fleet/share" list results "${bad% *}" "${bad#* }"
	done
	SLURM_ARRAY_TASK_ID=4 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_COUNT=3 \
		MEMLOG_FLEET=$fleet run -2 sh "$fleet/memlog.sbatch" list results
	[ -z "$(find results -type f)" ]
}

@test "unreadable images are read again on request" {
	head -n 20 list >few
	"$fleet/share" few results 0 1
	: >runs
	grep -lZ '"kind":"unreadable"' results/*.jsonl | xargs -r0 rm
	"$fleet/share" few results 0 1
	[ "$(wc -l <runs)" = "$(grep -c 'image-0[01][05]' few)" ]
}

@test "no result: a timeout, a signal, a directory that is not there, a usage error" {
	mkfifo hangs
	MEMLOG_TIMEOUT=0.3 run -124 "$fleet/one" hangs results
	run -2 env MEMLOG_DUMP="$dump --nonsense" "$fleet/one" images/image-001 results
	MEMLOG_DUMP=false run -1 "$fleet/one" images/image-001 results
	# half a line, of a full disk
	printf '%s\n' '#!/bin/sh' "printf '{\"type\":'" 'exit 3' >half
	chmod +x half
	MEMLOG_DUMP=./half run -1 "$fleet/one" images/image-001 results
	run -1 "$fleet/one" images/image-001 nowhere
	run -2 "$fleet/one" images/image-001
	run -2 "$fleet/share" nolist results 0 1
	"$fleet/one" hangs results 3>&- &
	local job=$!
	sleep 0.3
	kill "$job"
	wait "$job" || [ $? = 143 ]
	[ -z "$(find results -type f)" ]
}

@test "names: blanks, quotes, percent signs, the same in two directories, too long" {
	local name long bytes
	long=$(printf 'd%.0s' {1..90})
	# fewer than 200 characters, more bytes than a name can have
	bytes=$(printf '\xe8\xaa\x9e%.0s' {1..80})
	mkdir -p a b "$long/$long/$long" "$bytes"
	for name in 'a/x' 'b/x' 'a%2Fx' "it's a \"dump\"" '-q' "$long/$long/$long/x" \
		"$bytes/$bytes"; do
		cp -- images/image-001 "$name"
		LC_ALL=C.UTF-8 bash "$fleet/one" "$name" results
	done
	[ "$(find results -name '*.jsonl' | wc -l)" = 7 ]
	[ "$(cat results/*.jsonl | jq -r .image | sort -u | wc -l)" = 7 ]
}

@test "the Job of Kubernetes fits the API, and runs its shares" {
	local python
	for python in python3 /usr/bin/python3 none; do
		! "$python" -c 'import fastjsonschema, yaml' 2>/dev/null || break
	done
	[ "$python" != none ] || skip "no python3 with fastjsonschema and yaml"
	"$python" "$root/tests/manifest.py" "$root/tests/job.schema.json" \
		"$fleet/job.yaml" >said
	# what a mistake looks like
	local wrong
	for wrong in 's/completionMode: Indexed/completionMode: indexed/' \
		's/restartPolicy: Never/restartPolicy: Always/' \
		's/parallelism: 20/parallelism: many/' \
		's/mountPath: \/results/mountpath: \/results/' \
		's/"100"\]/"99"]/' 's/name: results, mount/name: result, mount/' \
		's/memory: 256Mi/memory: 256MB/' 's/  backoffLimitPerIndex/  backOffLimitPerIndex/'; do
		sed "$wrong" "$fleet/job.yaml" >wrong.yaml
		run ! cmp -s "$fleet/job.yaml" wrong.yaml
		run -1 "$python" "$root/tests/manifest.py" "$root/tests/job.schema.json" wrong.yaml
	done
	# its command with our directories, all of its pods
	local i line
	mkdir bin
	cp "$fleet/one" "$fleet/share" bin
	for i in {0..99}; do
		line=$(sed -e 's,/dumps/list,list,' -e 's,/results,results,' \
			-e "s/\$(JOB_COMPLETION_INDEX)/$i/" said)
		# shellcheck disable=SC2086 # words
		PATH=$PWD/bin:$PATH $line
	done
	fleet_expected >want
	merged >got
	same want got
	[ "$(sort runs | uniq -d | wc -l)" = 0 ]
}

@test "the Containerfile names what the build needs, and files that exist" {
	local p
	# shellcheck source=/dev/null
	for p in $(sed -n '/^build=(/,/)/p' "$root/.ci/deps" | tr -d '()' | sed 's/^build=//'); do
		[ "$p" = zstd ] || grep -qw -e "$p" "$fleet/Containerfile" || { echo "$p"; false; }
	done
	# shellcheck disable=SC2013 # words
	for p in $(sed -n 's/^COPY --chmod=755 \(.*\) .*/\1/p' "$fleet/Containerfile"); do
		[ -x "$root/$p" ]
	done
}
