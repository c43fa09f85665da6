#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/mutation/run on a tree with one function, of which all mutants are known.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	unset B
	git init -q tree
	cd tree || return
	mkdir -p libparse/base tests/unit tests/golden tests/mutation
	cp "$root/tests/mutation/run" tests/mutation/
	printf 'build\n' >.gitignore
	cat >Makefile <<-'E'
		B ?= build
		.RECIPEPREFIX := >
		CFLAGS ?= -O0 -g
		OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard libparse/*/*.c))
		TESTS := $(B)/tests/unit/core_max.t
		all: $(B)/max
		tests: all $(TESTS)
		$(B)/%.o: %.c
		>@mkdir -p $(@D)
		>$(CC) $(CFLAGS) -c -o $@ $<
		$(B)/libmax.a: $(OBJ)
		>rm -f $@ && ar rcs $@ $^
		$(B)/max: tests/max.c $(B)/libmax.a
		>$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^
		>$(AFTER)
		$(B)/tests/unit/core_max.t: tests/unit/core_max.c $(B)/libmax.a
		>@mkdir -p $(@D)
		>$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^
		OTHERS := mkimage mkacrn mkhyp mkcore mkring memlog-dump.shared tests/host/holder
		$(OTHERS:%=$(B)/%):
		>@mkdir -p $(@D); touch $@
	E
	unexpand >libparse/base/max.c <<-'E'
		int max(int a, int b, int top);
		int max(int a, int b, int top)
		{
		        int r = a;

		        if (b > r)
		                r = b;
		        if (r > top)
		                return top;
		        return r;
		}
	E
	cat >tests/max.c <<-'E'
		#include <stdio.h>
		#include <stdlib.h>
		int max(int, int, int);
		int main(int argc, char **argv)
		{
			return printf("%d\n", max(atoi(argv[1]), atoi(argv[2]), 9)) < 0 || argc < 3;
		}
	E
	# where both are equal either will do: no test can kill these two mutants
	cat >tests/unit/core_max.c <<-'E'
		int max(int, int, int);
		int main(void)
		{
			return max(1, 2, 9) != 2 || max(2, 1, 9) != 2 || max(3, 12, 9) != 9;
		}
	E
	# shellcheck disable=SC2016
	echo '@test "of 4 and 3" { [ "$("$B/max" 4 3)" = 4 ]; }' >tests/golden/max.bats
	printf '^base/ tests/unit/core_max.t\n. golden/max.bats\n' >tests/mutation/table
}

teardown() {
	[ -z "${runs:-}" ] || kill -TERM -- "-$runs"
}

# Each mutant, in order, and what became of it.
results() {
	sed -En 's/^([0-9]+) (killed|SURVIVED).*(: libparse.*)/\1 \2\3/p' "$1" | sort -n
}

@test "every mutant is tested, and the right ones survive" {
	tests/mutation/run -n 500 -j 2 >log
	grep '^# there are no more than [0-9]* mutants$' log
	results log >found
	[ "$(wc -l <found)" -ge 6 ]
	cut -d' ' -f1 found | cmp - <(seq "$(wc -l <found)")
	[ "$(grep -c SURVIVED found)" -eq 2 ]
	grep 'SURVIVED: libparse/base/max.c:6: rel' found
	grep 'SURVIVED: libparse/base/max.c:8: rel' found
	# without those before
	tests/mutation/run -n 5 -f 4 -j 1 >some
	results some | cmp - <(sed -n 4,5p found)
}

@test "an interrupted run leaves nothing running and can be repeated" {
	tests/mutation/run -n 6 -j 2 >../whole
	results ../whole >../want
	[ "$(wc -l <../want)" -eq 6 ]
	cp tests/unit/core_max.c ../core_max.c
	# has child processes, except while coverage is recorded
	cat >tests/unit/core_max.c <<-'E'
		#include <stdlib.h>
		#include <string.h>
		int max(int, int, int);
		int main(void)
		{
			return max(1, 2, 9) && !strstr(getenv("B"), "cover") &&
			       system("timeout 100 sleep 98.7");
		}
	E
	set -m
	tests/mutation/run -n 6 -j 2 >../interrupted 3>&- &
	set +m
	runs=$!
	local tries=0 ended=0
	until [ "$(pgrep -fxc "sleep 98.7")" -eq 2 ]; do
		[ $((tries += 1)) -lt 600 ]
		sleep 0.1
	done
	run -2 tests/mutation/run -n 6
	[[ $output == *"/build/mutation is in use" ]]
	kill -INT -- "-$runs"
	wait "$runs" || ended=$?
	runs=
	[ $ended -eq 1 ]
	run -1 pgrep -f "$PWD|build/tests/unit/core_max.t|sleep 98.7"
	cmp libparse/base/max.c build/mutation/tree/libparse/base/max.c
	cmp libparse/base/max.c build/mutation/2/tree/libparse/base/max.c
	cp ../core_max.c tests/unit/
	tests/mutation/run -n 6 -j 2 >../again
	results ../again | cmp - ../want
}

@test "recorded coverage is kept until a source changes" {
	tests/mutation/run -n 0
	local recorded=build/mutation/reach/build/tests/unit/core_max.t/seconds
	touch -d @1 "$recorded"
	echo more >log
	tests/mutation/run -n 0
	[ "$(stat -c %Y "$recorded")" -eq 1 ]
	echo '/* more */' >>libparse/base/max.c
	tests/mutation/run -n 0
	[ "$(stat -c %Y "$recorded")" -ne 1 ]
}

@test "a flaky test kills nothing" {
	# shellcheck disable=SC2016
	echo "@test now { n=\$(cat $PWD/turns || echo 0); echo \$((n + 1)) >$PWD/turns; [ \$((n % 2)) = 0 ] && \$B/max 1 2; }" \
		>tests/golden/max.bats
	echo '. golden/max.bats' >tests/mutation/table
	tests/mutation/run -n 4 -j 1 >log
	grep 'failed only once' log
	[ "$(results log | grep -c SURVIVED)" -eq 4 ]
}

@test "a build that fails because it runs the mutant" {
	# shellcheck disable=SC2016
	echo '@test runs { "$B/max" 1 12; }' >tests/golden/max.bats
	echo '. golden/max.bats' >tests/mutation/table
	# shellcheck disable=SC2016
	sed -i 's|\$(AFTER)|[ `$@ 5 7`,`$@ 1 12` = 7,9 ]|' Makefile
	tests/mutation/run -n 500 -j 1 >log
	run ! grep 'left out' log
	# the build finds all but those two
	results log >found
	[ "$(grep -c SURVIVED found)" -eq 2 ]
	[ "$(grep -c 'killed by the build' log)" -eq $(($(wc -l <found) - 2)) ]
}

@test "a renamed file" {
	tests/mutation/run -n 6 -j 1 >log
	mv libparse/base/max.c libparse/base/most.c
	tests/mutation/run -n 6 -j 1 >renamed
	[ "$(results renamed | grep -c killed)" -gt 3 ]
	cmp <(results log | sed 's/max/most/') <(results renamed)
}

@test "invalid options and tables are refused" {
	for o in "-j 0" "-f 0" "-n x" "-s -1" "more"; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr tests/mutation/run $o
		[[ $stderr == usage:* ]]
	done
	echo '. tests/unit/none.t' >tests/mutation/table
	run -2 --separate-stderr tests/mutation/run
	[[ $stderr == "table: there is no test tests/unit/none.t" ]]
}
