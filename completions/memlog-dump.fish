# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for memlog-dump. Options, formats and sources come from --help,
# values from the message for a wrong one, and names of guests from the message for
# a guest that does not run: what is new in the program needs no change here.

# Offer the lines of the input as items of a list: after what is before the last comma.
function __memlog_dump_list
    set -l token (commandline -ct | string replace -r -- '^--[a-z-]+=|^-[A-Za-z](?=.)' '')
    set -l before (string match -r -- '^.*,' $token)
    while read -l line
        echo "$before$line"
    end
end

# The indented names under a heading of --help, with their titles.
function __memlog_dump_names
    memlog-dump --help 2>/dev/null |
        sed -n "/^$argv[1]/,/^\$/s/^  \([a-z0-9-]*\)  *\(.*\)/\1\t\2/p"
end

# The values of an option, as "--OPTION=?" lists them.
function __memlog_dump_values
    set -l values (memlog-dump "--$argv[1]=?" 2>&1 | sed -n 's/ and /, /g
        s/^[^"]*"?"; there are \([^;]*\).*/\1/p
        s/^[^"]*"?" is not \(.*\), or .*/\1/p' | tr ',' '\n' | sed 's/^ *//')
    switch $argv[1]
        case limit
            string match -r -- '^.*=' $values
        case level
            printf '%s\n' $values $values[2..-2]+
        case '*'
            printf '%s\n' $values
    end
end

# QEMU and other monitors that run.
function __memlog_dump_pids
    for dir in (string match -r -- '^/proc/[0-9]+$' /proc/*)
        set -l args (cat $dir/cmdline 2>/dev/null | tr -c '\0 -~' '?' | tr '\0' '\n')
        string match -qr -- '(^|/)([^/]*qemu-(system|kvm)[^/]*|kvm|cloud-hypervisor|firecracker|crosvm)$' "$args[1]"
        or continue
        set -l name
        if set -l i (contains -i -- -name $args)
            set name $args[(math $i + 1)]
        end
        printf 'pid:%s\t%s\n' (string replace /proc/ '' $dir) "$name"
    end
end

function __memlog_dump_guests
    memlog-dump domain:/ 2>&1 | string match -r -- '(?<=; running here: ).*' |
        string split ' ' | string match -v -- '*\?*' | string replace -r '^' domain:
end

function __memlog_dump_images
    set -l token (commandline -ct)
    set -l prefix (string match -r -- '^[a-z]+:' $token)
    set -l rest (string replace -r -- '^[a-z]+:' '' $token)
    switch "$prefix"
        case pid:
            __memlog_dump_pids
        case domain:
            __memlog_dump_guests
        case qmp: port: acrn:
            for file in (complete -C "'' $rest" | string replace -r '\t.*' '')
                set -l path (string replace -r -- '^~' $HOME $file)
                if test -d $path; or test $prefix = port:
                    echo $prefix$file
                else if test $prefix = qmp:; and test -S $path
                    echo $prefix$file
                end
            end
        case '*'
            memlog-dump --help 2>/dev/null | sed -n '/^IMAGE/,/^$/p' |
                string match -ra -- '\b[a-z]+:(?=[[A-Z])'
            __fish_complete_path $token
    end
end

complete -c memlog-dump -fa '(__memlog_dump_images)'

memlog-dump --help 2>/dev/null | while read -l line
    set -l m (string match -r -- '^(?:-)?(.|)(?:, )?--([a-z-]+)(\[?)=?(\S*?)\]? +(.*)$' (string trim -- $line))
    or continue
    set -l option -l $m[3] -d $m[6]
    test -z "$m[2]"; or set -a option -s $m[2]
    # a value that is optional can only follow =
    set -l takes -x
    test -z "$m[4]"; or set takes -f
    switch $m[3]:$m[5]
        case '*:'
        case '*:FILE*'
            set -a option -rF
        case 'format:*'
            set -a option -xa "(__memlog_dump_names 'Log formats' | __memlog_dump_list)"
        case 'output-format:*'
            set -a option -xa "(__memlog_dump_names 'Output formats')"
        case '*:LIST' '*:LEVELS'
            set -a option -xa "(__memlog_dump_values $m[3] | __memlog_dump_list)"
        case '*'
            set -a option $takes -a "(__memlog_dump_values $m[3])"
    end
    complete -c memlog-dump $option
end
