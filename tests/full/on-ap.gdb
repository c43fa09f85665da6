# SPDX-License-Identifier: GPL-2.0-or-later
# Make the first processor that comes to $at, the start of a function, call
# $print(DEBUG_INFO, "from another processor\n") first, with Microsoft's convention.
# The stack pointer is the last to be set, because gdb selects a frame by it.
hbreak *$at
continue
set $stack = $rsp
set $saved_rcx = $rcx
set $saved_rdx = $rdx
set $saved_r8 = $r8
set $saved_r9 = $r9
set {char[24]}($stack - 0x800) = "from another processor\n"
set {long}($stack - 0x40) = $at
set $rcx = 0x40
set $rdx = $stack - 0x800
set $rip = $print
set $rsp = $stack - 0x40
continue
if $rsp != $stack - 0x38
	quit 1
end
set $rcx = $saved_rcx
set $rdx = $saved_rdx
set $r8 = $saved_r8
set $r9 = $saved_r9
set $rsp = $stack
delete
info threads
detach
quit
