// SPDX-License-Identifier: BSD-2-Clause-Patent
/* Walks through a flattened device tree. */
#include <Base.h>
#include <Library/BaseLib.h>
#include <Library/MemLogFdtLib.h>
#include <Library/PcdLib.h>

#define FDT_MAGIC	0xd00dfeedU

/* Tokens of the structure block */
#define FDT_BEGIN_NODE	1U
#define FDT_END_NODE	2U
#define FDT_PROP	3U
#define FDT_NOP		4U

/* Of a property, between its token and its value: length and offset of the name */
#define PROPERTY_BYTES	8U

/* QEMU makes one of 1 MiB. */
#define MAX_BYTES	0x200000U

typedef struct {
	CONST UINT8 *Bytes;
	UINT32 Size;	/* of all of it */
	UINT32 At;	/* in the structure block */
	UINT32 Names;	/* offset of the strings block */
} TREE;

/* What is known of the node that is walked through */
typedef struct {
	BOOLEAN Fits;
	BOOLEAN Disabled;
	UINT64 Address;
} DEVICE;

/* Big endian; 0 outside of the tree */
STATIC
UINT32
Word(
	IN CONST TREE *Tree,
	IN UINT32 At
	)
{
	CONST UINT8 *Byte = Tree->Bytes + At;

	if (At > Tree->Size - sizeof(UINT32))
		return 0;
	return (UINT32)Byte[0] << 24 | (UINT32)Byte[1] << 16 |
	       (UINT32)Byte[2] << 8 | Byte[3];
}

/* TRUE if Name is the string at At. */
STATIC
BOOLEAN
IsString(
	IN CONST TREE *Tree,
	IN UINT32 At,
	IN CONST CHAR8 *Name
	)
{
	for (; At < Tree->Size && Tree->Bytes[At] == (UINT8)*Name; At++, Name++)
		if (*Name == 0)
			return TRUE;
	return FALSE;
}

/* TRUE if one of the strings that end in [At, End) is Name. */
STATIC
BOOLEAN
HasString(
	IN CONST TREE *Tree,
	IN UINT32 At,
	IN UINT32 End,
	IN CONST CHAR8 *Name
	)
{
	UINT32 Start = At;

	for (; At < End; At++) {
		if (Tree->Bytes[At] != 0)
			continue;
		if (IsString(Tree, Start, Name))
			return TRUE;
		Start = At + 1;
	}
	return FALSE;
}

/* One that does not fit into the tree is ignored. */
STATIC
VOID
TakeProperty(
	IN CONST TREE *Tree,
	IN CONST CHAR8 *Name,
	IN UINT32 Length,
	IN OUT DEVICE *Device
	)
{
	UINT32 Key = Word(Tree, Tree->At + 4);
	UINT32 Value = Tree->At + PROPERTY_BYTES;

	if (Value > Tree->Size || Length > Tree->Size - Value ||
	    Key > Tree->Size - Tree->Names)
		return;
	Key += Tree->Names;
	if (IsString(Tree, Key, "compatible"))
		Device->Fits = HasString(Tree, Value, Value + Length, Name);
	else if (IsString(Tree, Key, "status"))
		Device->Disabled = !HasString(Tree, Value, Value + Length,
					      "okay");
	else if (Length >= 16 && IsString(Tree, Key, "reg"))
		Device->Address = LShiftU64(Word(Tree, Value), 32) |
				  Word(Tree, Value + 4);
}

/* The length of the name of a node, with its NUL */
STATIC
UINT32
NameBytes(
	IN CONST TREE *Tree
	)
{
	UINT32 Length = 0;

	while (Length < Tree->Size - Tree->At &&
	       Tree->Bytes[Tree->At + Length] != 0)
		Length++;
	return Length + 1;
}

/* Goes past so many bytes and their padding, at most to the end of the tree. */
STATIC
VOID
Skip(
	IN OUT TREE *Tree,
	IN UINT32 Bytes
	)
{
	UINT32 Left = Tree->Size - Tree->At;

	Tree->At += Bytes < Left ? MIN(ALIGN_VALUE(Bytes, 4), Left) : Left;
}

/* A node's properties come before the nodes in it. */
STATIC
UINT64
Search(
	IN OUT TREE *Tree,
	IN CONST CHAR8 *Name
	)
{
	DEVICE Device = { FALSE, FALSE, 0 };
	UINT32 Token, Length;

	while (Tree->At < Tree->Size) {
		Token = Word(Tree, Tree->At);
		Skip(Tree, sizeof(Token));
		if (Token == FDT_PROP) {
			Length = Word(Tree, Tree->At);
			TakeProperty(Tree, Name, Length, &Device);
			Skip(Tree, PROPERTY_BYTES);
			Skip(Tree, Length);
			continue;
		}
		if (Token == FDT_NOP)
			continue;
		if (Device.Fits && !Device.Disabled && Device.Address != 0)
			return Device.Address;
		Device.Fits = FALSE;
		Device.Disabled = FALSE;
		Device.Address = 0;
		if (Token == FDT_BEGIN_NODE)
			Skip(Tree, NameBytes(Tree));
		else if (Token != FDT_END_NODE)
			break;
	}
	return 0;
}

UINT64
EFIAPI
MemLogFdtAddress(
	IN CONST CHAR8 *Name
	)
{
	TREE Tree;

	Tree.Bytes = (CONST UINT8 *)(UINTN)
		     FixedPcdGet32(PcdMemLogDeviceTree);
	Tree.Size = 40;
	if (Word(&Tree, 0) != FDT_MAGIC)
		return 0;
	Tree.At = Word(&Tree, 8);
	Tree.Names = Word(&Tree, 12);
	Tree.Size = Word(&Tree, 4);
	if (Tree.Size > MAX_BYTES || Tree.Size < 40 || Tree.At > Tree.Size ||
	    Tree.Names > Tree.Size)
		return 0;
	return Search(&Tree, Name);
}
