# SPDX-License-Identifier: GPL-2.0-or-later
# Convert the output of `make -Bn V=1` to compile_commands.json: one entry per
# line that compiles a C file, after joining continued lines. dir: where make ran.
function quoted(s)
{
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	gsub(/\t/, " ", s)
	return "\"" s "\""
}

/\\$/ { line = line substr($0, 1, length($0) - 1); next }
{
	line = line $0
	if (line ~ /^[^ ]*(cc|gcc|clang)[^ ]*.*[ \t]-o[ \t]/) {
		n = split(line, word, /[ \t]+/)
		for (i = 1; i <= n; i++)
			if (word[i] ~ /\.c$/ && !seen[word[i]]++) {
				printf "%s{ \"directory\": %s, \"file\": %s, \"command\": %s }",
				       count++ ? ",\n" : "[\n", quoted(dir),
				       quoted(word[i]), quoted(line)
			}
	}
	line = ""
}
END { print count ? "\n]" : "[]" }
