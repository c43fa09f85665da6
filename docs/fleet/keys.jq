# SPDX-License-Identifier: GPL-2.0-or-later
# keys.jq - how often each key is there, in how many images it is not certain, and in which
# image first, where names sort by date; the most frequent first:
#	cat DIR/*.jsonl | jq -rnf keys.jq
[inputs | select(.type == "image")] | group_by(.signature.key) |
map({
	n: length,
	key: .[0].signature.key,
	unsure: map(select(.signature.whole == false or .status == "incomplete")) | length,
	first: map(.image // .image_b64) | min
}) | sort_by(-.n, .key)[] | [.n, .unsure, .first, .key] | @tsv
