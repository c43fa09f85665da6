#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause-Patent
# Check that the patches apply to a release of edk2 without fuzz:
#
#	tree.sh [-w DIR] SUITE	to the original source that a release of Debian
#				has, such as bookworm (edk2-stable202211) or
#				trixie (edk2-stable202502); -w: also write the
#				lines around the patches to DIR/RELEASE.txt
#	tree.sh -g DIR [TAG...]	to tags of a clone of edk2, by default to all those
#				that the patches are for
#	tree.sh -k FILE...	to the lines in such a file; with two files, to
#				those of the first and of the second in turn
#	tree.sh -x DIR FILE...	to nothing: write the files that -k uses to DIR
#
# SUITE needs only the directories of the source that the patches change; -k needs
# nothing but git and perl.
set -euo pipefail
# shellcheck source=firmware/lib.sh
. "$(dirname "$0")/lib.sh"

usage() {
	die 'usage: tree.sh [-w DIR] SUITE, tree.sh -g DIR [TAG...],' \
		'tree.sh -k FILE [FILE], or tree.sh -x DIR FILE [FILE]'
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git() {
	command git -C "$work/tree" -c core.autocrlf=false \
		-c user.name=tree.sh -c user.email=tree.sh@localhost "$@"
}

# The directories that the patches change, each after a prefix.
directories() {
	sed -n "s|^+++ b/\([^/]*\)/.*|$1\1|p" "$fw_top"/patches/*.patch | sort -u
}

# Unpack the directories into $work/tree, set release.
from_debian() {
	local suite=$1 root=$fw_cache/trees/$1 wanted

	exec 8> "$fw_cache/lock-trees"
	flock 8
	if [ ! -f "$root/.done" ]; then
		say "downloading the edk2 of $suite"
		rm -rf "$root"
		mkdir -p "$root"
		private_apt "$root/apt" \
			"deb-src http://deb.debian.org/debian $suite main"
		(cd "$root" && apt-get "${apt[@]}" source --download-only \
			--tar-only edk2)
		touch "$root/.done"
	fi
	tarball=$(basename "$root"/edk2_*.orig.tar.xz)
	release=${tarball#edk2_}
	# without what Debian adds, such as +ds
	release=${release%.orig.tar.xz}
	release=edk2-stable$(tr -d . <<< "${release%%+*}")
	mapfile -t wanted < <(directories '*/')
	tar -xJf "$root/$tarball" -C "$work/tree" --strip-components=1 \
		--wildcards "${wanted[@]}"
}

# The tags of a clone that the patches are for, edk2-stable202211 to 202505.
tags_of() {
	command git -C "$1" tag -l 'edk2-stable20*' |
		grep -vE -e '-rc[0-9]+$' |
		awk '$1 >= "edk2-stable202211" && $1 < "edk2-stable202506"'
}

# Several tags are tried one by one, and all of them even if one fails.
from_git() {
	local repository=$1 tag failed=0 tags wanted
	shift

	if [ $# -ne 1 ]; then
		[ $# -gt 0 ] || mapfile -t tags < <(tags_of "$repository")
		[ $# -gt 0 ] || set -- "${tags[@]}"
		[ $# -gt 0 ] || die "$repository has no tags of these releases"
		for tag; do
			"$0" -g "$repository" "$tag" || failed=1
		done
		exit "$failed"
	fi
	release=$1
	mapfile -t wanted < <(directories '')
	command git -C "$repository" archive "$release" -- "${wanted[@]}" |
		tar -x -C "$work/tree"
}

# from_context DIR FILE...: write files that have the lines of a context file at their
# places, and others everywhere else. With two files, every second place is that of the
# other.
from_context() {
	perl -e '
		my ($to, @from) = @ARGV;
		my (@places, %done);
		for my $i (0 .. $#from) {
			open my $in, "<", $from[$i] or die "$from[$i]: $!\n";
			while (<$in>) {
				chomp;
				push @{$places[$i]}, [$1, $2] if /^= (\S+) (\d+)$/;
				push @{$places[$i][-1]}, $1 if /^\|(.*)/;
			}
			die "$from[$i]: no lines\n" unless $places[$i];
			die "the files have different places\n"
				if @{$places[$i]} != @{$places[0]};
		}
		for my $n (0 .. $#{$places[0]}) {
			my ($file, $line, @lines) = @{$places[$n % @from][$n]};
			die "the files have different places\n"
				if $file ne $places[0][$n][0];
			my $dir = "$to/$file" =~ s|/[^/]*$||r;
			system("mkdir", "-p", $dir) == 0 or die;
			open my $out, ">>", "$to/$file" or die "$file: $!\n";
			print $out "# line $_\r\n"
				for ($done{$file} // 0) + 1 .. $line - 1;
			print $out "$_\r\n" for @lines;
			$done{$file} = $line - 1 + @lines;
		}' "$@"
}

# The lines that the patches change, and five around them.
write_context() {
	local to=$write/$release.txt

	cat > "$to" <<-END
	# SPDX-License-Identifier: BSD-2-Clause-Patent
	# Lines of $release (https://github.com/tianocore/edk2) around those
	# that ../patches change: "= FILE LINE", then the lines after "|". Written by
	# tree.sh -w from Debian's $tarball.
	END
	git diff -U5 --no-color base HEAD | tr -d '\r' | perl -ne '
		if (m|^--- a/(.*)|) { $file = $1 }
		elsif (/^(diff|index|\+)/) { }
		elsif (/^@@ -(\d+)/) { print "= $file $1\n" }
		elsif (/^[- ](.*)/) { print "|$1\n" }' >> "$to"
	say "wrote $to"
}

# Lines end in CR LF in most trees, but not in all.
apply() {
	local end=--keep-cr

	git init -q
	git add -Af .
	git commit -qm base
	git tag base
	git grep -q $'\r$' -- '*.inf' || end=--no-keep-cr
	git am -q "$end" "$fw_top"/patches/*.patch 2>&1 |
		sed '/quoted CRLF/d' >&2 || die "$release: the patches do not apply"
	[ -z "$(git status --porcelain)" ]
	say "$release: $(git rev-list --count base..HEAD) patches apply"
}

write=
mkdir "$work/tree"
case ${1:-} in
-k)	shift
	[ $# -ge 1 ] || usage
	release=$*
	from_context "$work/tree" "$@" ;;
-x)	shift
	[ $# -ge 2 ] || usage
	from_context "$@"
	exit ;;
-g)	shift
	[ $# -ge 1 ] || usage
	from_git "$@" ;;
-w)	[ $# -eq 3 ] || usage
	write=$2
	from_debian "$3" ;;
[!-]*)	from_debian "$1" ;;
*)	usage ;;
esac
apply
[ -z "$write" ] || write_context
