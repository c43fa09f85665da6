/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Where the PL011 is: each phase finds it in another way. */
#ifndef MEMLOG_PL011_H
#define MEMLOG_PL011_H

/* 0: not known, or there is none */
UINT32
Pl011Base(
	VOID
	);

#endif
