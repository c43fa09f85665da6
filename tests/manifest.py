# SPDX-License-Identifier: GPL-2.0-or-later
"""manifest.py SCHEMA JOB: is this Job of Kubernetes valid, and does it mean what it should?

The schema has the structure; here is what ties its parts together. Prints the command of
its first container, the words separated by blanks.
"""
import json
import sys

import fastjsonschema
import yaml


def fail(text):
    print(f"{sys.argv[2]}: {text}", file=sys.stderr)
    sys.exit(1)


with open(sys.argv[1], encoding="utf-8") as f:
    validate = fastjsonschema.compile(json.load(f))
with open(sys.argv[2], encoding="utf-8") as f:
    job = yaml.safe_load(f)
try:
    validate(job)
except fastjsonschema.JsonSchemaException as e:
    fail(e)

spec = job["spec"]
pod = spec["template"]["spec"]
container = pod["containers"][0]
volumes = {v["name"] for v in pod.get("volumes", [])}
for mount in container.get("volumeMounts", []):
    if mount["name"] not in volumes:
        fail(f"no volume {mount['name']}")
if container["command"][-1] != str(spec["completions"]):
    fail("the command counts other shares than completions")
if "$(JOB_COMPLETION_INDEX)" not in container["command"]:
    fail("the command does not use the index")
print(" ".join(container["command"]))
