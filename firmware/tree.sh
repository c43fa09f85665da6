#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause-Patent
# Check that the patches apply to a release of edk2 without fuzz:
#
#	tree.sh [-w DIR] SUITE	to the original source that a release of Debian
#				has, such as bookworm (edk2-stable202211) or
#				trixie (edk2-stable202502); -w: also write the
#				lines around the patches to DIR/RELEASE.txt
#	tree.sh -k FILE...	to the lines in such a file; with two files, to
#				those of the first and of the second in turn
#
# SUITE needs only the directories of the source that the patches change; -k needs
# nothing but git and perl.
set -euo pipefail
# shellcheck source=firmware/lib.sh
. "$(dirname "$0")/lib.sh"

usage() {
	die 'usage: tree.sh [-w DIR] SUITE, or tree.sh -k FILE [FILE]'
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git() {
	command git -C "$work/tree" -c core.autocrlf=false \
		-c user.name=tree.sh -c user.email=tree.sh@localhost "$@"
}

# Unpack the directories into $work/tree, set release.
from_debian() {
	local suite=$1 root=$fw_cache/trees/$1 directories

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
	release=edk2-stable$(tr -d . <<< "${release%.orig.tar.xz}")
	mapfile -t directories < <(sed -n 's|^+++ b/\([^/]*\)/.*|*/\1|p' \
		"$fw_top"/patches/*.patch | sort -u)
	tar -xJf "$root/$tarball" -C "$work/tree" --strip-components=1 \
		--wildcards "${directories[@]}"
}

# Write files that have the lines of a context file at their places, and others
# everywhere else. With two files, every second place is that of the other.
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
		}' "$work/tree" "$@"
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

write=
mkdir "$work/tree"
case ${1:-} in
-k)	shift
	[ $# -ge 1 ] || usage
	release=$*
	from_context "$@" ;;
-w)	[ $# -eq 3 ] || usage
	write=$2
	from_debian "$3" ;;
[!-]*)	from_debian "$1" ;;
*)	usage ;;
esac
git init -q
git add -Af .
git commit -qm base
git tag base
git am -q --keep-cr "$fw_top"/patches/*.patch 2>&1 | sed '/quoted CRLF/d' >&2
[ -z "$(git status --porcelain)" ]
say "$release: $(git rev-list --count base..HEAD) patches apply"
[ -z "$write" ] || write_context
