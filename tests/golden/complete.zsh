#!/usr/bin/env zsh
# SPDX-License-Identifier: GPL-2.0-or-later
# complete.zsh FILE LINE DUMP: what zsh offers for the last word of LINE if FILE is the
# completion of memlog-dump, one a line. An interactive zsh on a terminal of its own
# gets the line and TAB, and writes its matches to a file. DUMP has what zsh knows of all
# completions; it is made if it does not exist.
setopt err_exit
zmodload zsh/zpty
t=$(mktemp -d)
trap 'zpty -d shell; rm -rf $t' EXIT

# wait for a file, a minute at most
await() {
	repeat 600; do
		[[ ! -e $1 ]] || return 0
		# there may be nothing to read yet
		if zpty -rt shell REPLY; then continue; fi
		sleep 0.1
	done
	print -ru2 "no ${1:t}: $REPLY"
	return 1
}

cat >$t/setup <<-EOT
	PROMPT= RPROMPT=
	fpath=(${(q)1:A:h} \$fpath)
	autoload -Uz compinit
	compinit -C -u -d ${(q)3}
	# what compadd adds, but for calls that only ask what would match
	compadd() {
		if [[ " \${@[1,(i)(-|--)]}" != *' -'[OAD]* ]]; then
			typeset -a hits
			builtin compadd -A hits "\$@"
			(( ! \$#hits )) || print -rl -- \$IPREFIX\${^hits} >>$t/hits
		fi
		builtin compadd "\$@"
	}
	at-end() { : >$t/end }
	comppostfuncs=(at-end)
	: >$t/ready
EOT
zpty shell zsh -f -i
zpty -w shell source $t/setup
await $t/ready
zpty -wn shell "$2"$'\t'
await $t/end
[[ ! -e $t/hits ]] || sort -u $t/hits
