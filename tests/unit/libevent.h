/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libevent.h - the description of an event of Linux, up to its print format. */
#ifndef LIBEVENT_H
#define LIBEVENT_H

/* Fields: n, name, comm, ip. */
#define EVENT_HEAD                                                             \
	"name: one\nID: 76\nformat:\n"                                         \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;"      \
	"\tsigned:0;\n"                                                        \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"           \
	"\tfield:int n;\toffset:8;\tsize:4;\tsigned:1;\n"                      \
	"\tfield:__data_loc char[] name;\toffset:12;\tsize:4;\tsigned:1;\n"    \
	"\tfield:char comm[8];\toffset:16;\tsize:8;\tsigned:0;\n"              \
	"\tfield:unsigned long ip;\toffset:24;\tsize:8;\tsigned:0;\n"          \
	"\nprint fmt: "

/* Bytes of its fields, and of the common ones before them. */
enum { EVENT_FIELDS_END = 32 };

#endif
