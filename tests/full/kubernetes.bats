#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# docs/fleet/job.yaml against the schemas and types that kubernetes-models, of npm, has made
# from Kubernetes' own OpenAPI description. The schemas check values and what is required,
# the types that there are no other fields.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	command -v npm >/dev/null && command -v node >/dev/null || return 0
	export models=$BATS_FILE_TMPDIR
	cd "$models" || return
	npm install --no-audit --no-fund kubernetes-models@4 typescript@7 >npm.out 2>&1 ||
		rm -rf node_modules
	cat >schema.js <<-'END'
		const { Job } = require("kubernetes-models/batch/v1/Job");
		const text = require("fs").readFileSync("job.json");
		new Job(JSON.parse(text)).validate();
	END
}

setup() {
	[ -d "${models:-none}/node_modules" ] || skip "npm cannot install kubernetes-models"
	cd "$models" || return
	for python in python3 /usr/bin/python3 none; do
		! "$python" -c 'import yaml' 2>/dev/null || break
	done
	[ "$python" != none ] || skip "no python3 with yaml"
}

# as_json FILE: as job.json
as_json() {
	"$python" -c 'import json, sys, yaml
json.dump(yaml.safe_load(sys.stdin), sys.stdout)' <"$1" >job.json
}

by_schema() {
	as_json "$1"
	node schema.js
}

by_types() {
	as_json "$1"
	{
		echo 'import type { IJob } from "kubernetes-models/batch/v1/Job";'
		printf 'export const job: IJob = '
		cat job.json
	} >job.ts
	node node_modules/typescript/bin/tsc --noEmit --strict --skipLibCheck \
		--module esnext --moduleResolution bundler job.ts
}

@test "the Job is one by Kubernetes' own schema and types" {
	local job=$root/docs/fleet/job.yaml wrong
	by_schema "$job"
	by_types "$job"
	# what mistakes look like
	for wrong in 's/restartPolicy: Never/restartPolicy: Sometimes/' \
		's/parallelism: 20/parallelism: many/' \
		's/mountPath: \/results/mountpath: \/results/'; do
		sed "$wrong" "$job" >wrong.yaml
		run ! cmp -s "$job" wrong.yaml
		run ! by_schema wrong.yaml
		[[ $output == *"must "* ]]
	done
	for wrong in 's/  backoffLimitPerIndex/  backOffLimitPerIndex/' \
		's/allowPrivilegeEscalation/allowEscalation/'; do
		sed "$wrong" "$job" >wrong.yaml
		run ! by_types wrong.yaml
		[[ $output == *"does not exist in type"* ]]
	done
}
