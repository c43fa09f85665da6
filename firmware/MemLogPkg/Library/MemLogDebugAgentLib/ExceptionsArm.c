// SPDX-License-Identifier: BSD-2-Clause-Patent
/* Arm: the registers of an exception in SEC or PEI. */
#include <Base.h>
#include <Library/BaseLib.h>
#include <Library/PrintLib.h>
#include <Library/SerialPortLib.h>

#include "Exceptions.h"

#define LINE_BYTES	128

#define EL2		0x8

/* The same order as in Vectors.S */
typedef struct {
	UINT64 X[31];	/* of which 29 is the frame pointer, 30 the link register */
	UINT64 Sp;
	UINT64 Elr;
	UINT64 Esr;
	UINT64 Far;
	UINT64 Spsr;
} REGISTERS;

/* Each group of four vectors has these. */
STATIC CONST CHAR8 mKinds[4][12] = {
	"Synchronous", "IRQ", "FIQ", "SError"
};

/* 16 vectors, in Vectors.S */
extern CONST UINT8 MemLogVectors[];

STATIC
VOID
Line(
	IN CONST CHAR8 *Format,
	...
	)
{
	CHAR8 Text[LINE_BYTES];
	VA_LIST VaList;
	UINTN Length;

	VA_START(VaList, Format);
	Length = AsciiVSPrint(Text, sizeof(Text), Format, VaList);
	VA_END(VaList);
	SerialPortWrite((UINT8 *)Text, Length);
}

/* Called by Vectors.S, does not return. */
VOID
MemLogException(
	IN UINTN Vector,
	IN CONST REGISTERS *Registers
	)
{
	CONST UINT64 *X = Registers->X;
	UINTN Index;

	Line("%a Exception at 0x%016lx\n", mKinds[Vector & 3],
	     Registers->Elr);
	Line("ESR 0x%08lx FAR 0x%016lx SPSR 0x%08lx\n", Registers->Esr,
	     Registers->Far, Registers->Spsr);
	for (Index = 0; Index < 28; Index += 4)
		Line("X%-2u %016lx %016lx %016lx %016lx\n", (UINT32)Index,
		     X[Index], X[Index + 1], X[Index + 2], X[Index + 3]);
	Line("X28 %016lx FP %016lx LR %016lx SP %016lx\n", X[28], X[29],
	     X[30], Registers->Sp);
	CpuDeadLoop();
}

VOID
MemLogHandleExceptions(
	VOID
	)
{
	UINTN Level;

	__asm__ volatile ("mrs %0, CurrentEL" : "=r" (Level));
	if (Level == EL2)
		__asm__ volatile ("msr vbar_el2, %0\n\tisb"
				  : : "r" (MemLogVectors) : "memory");
	else
		__asm__ volatile ("msr vbar_el1, %0\n\tisb"
				  : : "r" (MemLogVectors) : "memory");
}
