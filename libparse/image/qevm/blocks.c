/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* blocks.c - what the names of a stream's blocks say: which are RAM, and in which order. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "image/board.h"
#include "place.h"

/* Memory backends have the name of their object, or its QOM path. */
static const char *object_name(const struct ml_qevm_block *b)
{
	return strncmp(b->name, "/objects/", 9) ? b->name : b->name + 9;
}

/* Firmware, video memory and the like. */
static bool place_is_device(const struct ml_qevm_block *b)
{
	static const char *const names[] = {
		"pc.bios",     "pc.rom",	"isa-bios",
		"vga.vram",    "ramfb",		"virt.flash0",
		"virt.flash1", "system.flash0", "system.flash1",
	};
	const char *name = object_name(b);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return *name == '/';
}

/* Memory of a device, after the device's path: a backend's, which is the guest's to use,
 * or registers and ROMs. Backends have names of the user's. */
static bool place_of_device(const struct ml_qevm_block *b, bool *ret_own)
{
	static const char *const ends[] = { "rom", "vram", "vgamem", "fifo" };
	const char *name = object_name(b);
	size_t i, len = strlen(name), n;

	*ret_own = false;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		n = strlen(ends[i]);
		*ret_own |= len >= n && !strcmp(name + len - n, ends[i]);
	}
	return strchr(name, '/');
}

/* The names that boards and libvirt give to a block with all of the RAM. */
static bool is_main(const struct ml_qevm_block *b)
{
	const char *name = object_name(b);

	return !strcmp(name, "pc.ram") || !strcmp(name, "microvm.ram") ||
	       !strcmp(name, "mach-virt.ram");
}

/* libvirt's name for the RAM of the n-th NUMA node. */
static bool find_node(const struct ml_qevm *q, size_t n, size_t *ret)
{
	char name[32];
	size_t i;

	snprintf(name, sizeof(name), "ram-node%zu", n);
	for (i = 0; i < q->n_blocks; i++)
		if (!strcmp(object_name(&q->blocks[i]), name)) {
			*ret = i;
			return true;
		}
	return false;
}

enum memlog_status ml_qevm_choose(struct ml_qevm *q, struct memlog_err *err)
{
	struct ml_qevm_block *b;
	char safe[64];
	size_t i;
	bool own;

	for (i = 0; i < q->n_blocks; i++) {
		b = &q->blocks[i];
		b->plugged = place_of_device(b, &own);
		b->ram = !place_is_device(b) && !(b->plugged && own);
		b->plugged &= b->ram;
		if (ml_qevm_is_tables(b))
			q->tables = b;
		b->first = q->pages;
		if (b->ram) /* cannot overflow: the sum was read */
			q->pages += b->len / ML_PAGE;
		if (b->plugged)
			q->plugged += b->len / ML_PAGE;
	}
	if (!q->pages)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "the saved guest has no memory");
	q->map = MEMLOG_MAP_PC;
	/* Streams of QEMU before 2.4 have no machine type; take it for a PC.
	 * Below this size, no PC has RAM above the hole. */
	if (*q->machine ? !ml_board_of(q->machine, &q->map) :
			  q->pages * ML_PAGE >= 0xb0000000)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "a saved guest of an unknown machine type%s%s; "
			       "use QEMU's dump-guest-memory FILE",
			       *q->machine ? ", " : "",
			       memlog_escape(q->machine, safe, sizeof(safe)));
	return MEMLOG_OK;
}

size_t ml_qevm_by_name(const struct ml_qevm *q, size_t order[ML_QEVM_NODES])
{
	size_t i, n = 0, any = 0, only = 0, node;

	for (i = 0; i < q->n_blocks; i++) {
		if (!q->blocks[i].ram || q->blocks[i].plugged)
			continue;
		any++;
		only = i;
		if (is_main(&q->blocks[i])) {
			order[0] = i;
			return 1;
		}
	}
	/* nodes may have no memory */
	for (node = 0; node < ML_QEVM_NODES; node++)
		n += find_node(q, node, &order[n]);
	if (n || any != 1)
		return n;
	order[0] = only;
	return 1;
}

/* A name without the number that it ends with, or SIZE_MAX if there is none. */
static size_t place_number(const char *name, uint64_t *ret)
{
	size_t end = strlen(name), n = end, i;

	while (n && name[n - 1] >= '0' && name[n - 1] <= '9')
		n--;
	if (n == end || end - n > 9)
		return SIZE_MAX;
	for (*ret = 0, i = n; i < end; i++)
		*ret = *ret * 10 + (uint64_t)(name[i] - '0');
	return n;
}

/* Is the name one that is given to memory that is plugged in? */
static bool place_is_plugged(const struct ml_qevm_block *b)
{
	static const char *const names[] = { "dimm",	   "nv",     "vmem",
					     "virtio-mem", "vmdimm", "hotplug",
					     "pmem" };
	const char *name = object_name(b);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncasecmp(name, names[i], strlen(names[i])))
			return true;
	return false;
}

bool ml_qevm_before(const struct ml_qevm_block *a,
		    const struct ml_qevm_block *b, bool *ok)
{
	const char *x = object_name(a), *y = object_name(b);
	uint64_t i = 0, k = 0;
	size_t n = place_number(x, &i);

	*ok &= n != SIZE_MAX && n == place_number(y, &k) && !strncmp(x, y, n) &&
	       i != k;
	return i < k;
}

size_t ml_qevm_guess_order(const struct ml_qevm *q, size_t order[ML_QEVM_ORDER])
{
	size_t i, k, n = 0;
	bool ok = true;

	for (i = 0; i < q->n_blocks; i++) {
		if (!q->blocks[i].ram || q->blocks[i].plugged ||
		    place_is_plugged(&q->blocks[i]))
			continue;
		if (n == ML_QEVM_ORDER)
			return 0;
		for (k = n++;
		     k && ml_qevm_before(&q->blocks[i],
					 &q->blocks[order[k - 1]], &ok);
		     k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	return ok ? n : 0;
}
