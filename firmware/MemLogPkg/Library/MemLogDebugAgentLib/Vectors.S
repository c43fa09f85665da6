/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Vectors of exceptions that save all registers, below those on the stack, for
 * MemLogException(number of the vector, registers).
 */

#define REGISTERS_BYTES		(36 * 8)
#define EL2			0x8

	.macro vector number
	.balign	128
	sub	sp, sp, #REGISTERS_BYTES
	stp	x0, x1, [sp]
	mov	x0, #\number
	b	save
	.endm

	.text
	.balign	2048
	.globl	MemLogVectors
MemLogVectors:
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vector	\number
	.endr

save:
	stp	x2, x3, [sp, #2 * 8]
	stp	x4, x5, [sp, #4 * 8]
	stp	x6, x7, [sp, #6 * 8]
	stp	x8, x9, [sp, #8 * 8]
	stp	x10, x11, [sp, #10 * 8]
	stp	x12, x13, [sp, #12 * 8]
	stp	x14, x15, [sp, #14 * 8]
	stp	x16, x17, [sp, #16 * 8]
	stp	x18, x19, [sp, #18 * 8]
	stp	x20, x21, [sp, #20 * 8]
	stp	x22, x23, [sp, #22 * 8]
	stp	x24, x25, [sp, #24 * 8]
	stp	x26, x27, [sp, #26 * 8]
	stp	x28, x29, [sp, #28 * 8]
	add	x1, sp, #REGISTERS_BYTES
	stp	x30, x1, [sp, #30 * 8]
	mrs	x1, CurrentEL
	cmp	x1, #EL2
	b.eq	1f
	mrs	x2, elr_el1
	mrs	x3, esr_el1
	mrs	x4, far_el1
	mrs	x5, spsr_el1
	b	2f
1:	mrs	x2, elr_el2
	mrs	x3, esr_el2
	mrs	x4, far_el2
	mrs	x5, spsr_el2
2:	stp	x2, x3, [sp, #32 * 8]
	stp	x4, x5, [sp, #34 * 8]
	mov	x1, sp
	bl	MemLogException
	b	.
