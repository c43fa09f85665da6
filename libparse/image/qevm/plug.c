/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plug.c - memory that was plugged in. The state of a virtio-mem device has its address.
 * That of a dimm is nowhere: QEMU puts each at the lowest free address of the window for
 * them, unless the user gave another.
 *
 * Source: streams of QEMU 7.2 and 11.1, and hw/virtio/virtio-mem.c for the order of the
 * fields: address, size, size of a block (64 bits each), node (32 bits).
 */
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "place.h"
#include "stream.h"

/* The fields are within so many bytes, after the state of PCI and virtio. */
#define WITHIN	  16384u
#define FIELDS	  28u
#define BLOCK_MIN (1u << 20)
#define PLUGS_MAX 256u

/* ---- virtio-mem ---------------------------------------------------------- */

/* The path in the name of a section of virtio-mem; 0: it is not one. */
static size_t plug_device(const char *name)
{
	const char *slash = strrchr(name, '/');

	if (!slash || (strcmp(slash, "/virtio-mem") &&
		       strcmp(slash, "/virtio-mem-device-early")))
		return 0;
	return (size_t)(slash - name);
}

static bool plug_parse(const uint8_t *p, uint64_t *addr, uint64_t *len)
{
	uint64_t block = ml_be64(p + 16), end;

	*addr = ml_be64(p);
	*len = ml_be64(p + 8);
	return ml_is_pow2(block) && block >= BLOCK_MIN && *len && *addr &&
	       !(*addr % block) && !(*len % block) &&
	       ml_be32(p + 24) < ML_QEVM_NODES && ml_add(*addr, *len, &end);
}

/* Find the fields. If a block is large, they are valid from the byte before them on,
 * too. */
static void plug_find(const uint8_t *p, size_t len, struct ml_qevm_plug *ret)
{
	uint64_t addr, size;
	size_t i, end = len;

	for (i = 0; i + FIELDS <= len && i < end; i++) {
		if (!plug_parse(p + i, &addr, &size))
			continue;
		if (!ret->n)
			end = i + ML_QEVM_READINGS;
		ret->may[ret->n].addr = addr;
		ret->may[ret->n++].len = size;
	}
}

enum memlog_status ml_qevm_plug(struct ml_qevm *q, const char *name,
				uint64_t from, struct memlog_err *err)
{
	struct ml_qevm_plug plug = { .n = 0 };
	size_t path = plug_device(name), want, got;
	enum memlog_status s;
	uint8_t *buf;

	if (!path || q->n_plugs == PLUGS_MAX || q->at < from)
		return MEMLOG_OK;
	want = (size_t)ml_min(q->at - from, WITHIN);
	buf = ml_calloc(&q->alloc, WITHIN, 1);
	if (!buf)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a device");
	memcpy(plug.device, name, path);
	if (ml_file_read_some(q->file, from, buf, want, &got, NULL))
		got = 0;
	plug_find(buf, got, &plug);
	ml_free(&q->alloc, buf);
	if (!plug.n)
		return MEMLOG_OK;
	s = ml_grow(&q->alloc, &q->plugs, q->n_plugs, &q->cap_plugs,
		    sizeof(*q->plugs), err);
	if (!s)
		q->plugs[q->n_plugs++] = plug;
	return s;
}

/* Is there other memory in len bytes at an address? */
static bool plug_taken(const struct ml_qevm *q,
		       const struct ml_qevm_spot *spots, uint64_t at,
		       uint64_t len)
{
	const struct ml_load *l;
	size_t i, k;

	for (i = 0; i < q->n_blocks; i++)
		for (k = 0; k < spots[i].n; k++) {
			l = &spots[i].load[k];
			if (l->addr - at < len || at - l->addr < l->len)
				return true;
		}
	return false;
}

/* Put a device's memory where its state says, if that is free. */
static void plug_known(const struct ml_qevm *q, size_t i,
		       struct ml_qevm_spot *spots)
{
	struct ml_qevm_spot found = { .n = 0 };
	const struct ml_qevm_block *b = &q->blocks[i];
	const char *slash = strrchr(b->name, '/');
	size_t k, m, path = slash ? (size_t)(slash - b->name) : 0;
	const struct ml_qevm_plug *plug;

	for (k = 0; k < q->n_plugs; k++) {
		plug = &q->plugs[k];
		if (!path || strlen(plug->device) != path ||
		    memcmp(plug->device, b->name, path) != 0)
			continue;
		for (m = 0; m < plug->n; m++)
			if (plug->may[m].len == b->len &&
			    !plug_taken(q, spots, plug->may[m].addr, b->len))
				found = (struct ml_qevm_spot){
					.block = i,
					.n = 1,
					.load = { { plug->may[m].addr, b->len,
						    b->first * ML_PAGE, 0 } },
				};
	}
	spots[i] = found;
}

/* ---- the window ---------------------------------------------------------- */

/* The lowest address from at on with len free bytes. */
static uint64_t plug_free(const struct ml_qevm *q,
			  const struct ml_qevm_spot *spots, uint64_t at,
			  uint64_t len)
{
	const struct ml_load *l;
	size_t i, k, tries;

	/* each try is after another block */
	for (tries = 0; tries <= 2 * q->n_blocks; tries++) {
		uint64_t old = at;

		for (i = 0; i < q->n_blocks; i++)
			for (k = 0; k < spots[i].n; k++) {
				l = &spots[i].load[k];
				if (l->addr - at < len || at - l->addr < l->len)
					at = l->addr + l->len;
			}
		if (at == old)
			break;
	}
	return at;
}

/* The blocks without a place in the order of their names. *ok: names tell, or there is
 * one. */
static size_t plug_order(const struct ml_qevm *q,
			 const struct ml_qevm_spot *spots,
			 size_t order[ML_QEVM_NODES], bool *ok)
{
	size_t i, k, n = 0;

	*ok = true;
	for (i = 0; i < q->n_blocks; i++) {
		if (!q->blocks[i].ram || spots[i].n)
			continue;
		/* one of a device, whose address is not known, may be anywhere */
		if (n == ML_QEVM_NODES || q->blocks[i].plugged) {
			*ok = false;
			break;
		}
		for (k = n++; k && ml_qevm_before(&q->blocks[i],
						  &q->blocks[order[k - 1]], ok);
		     k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	return n;
}

void ml_qevm_plug_in(struct ml_qevm *q, struct memlog_range window,
		     struct ml_qevm_spot *spots)
{
	size_t order[ML_QEVM_NODES], n, i;
	const struct ml_qevm_block *b;
	uint64_t at;
	bool ok;

	for (i = 0; i < q->n_blocks; i++)
		if (q->blocks[i].plugged && !spots[i].n)
			plug_known(q, i, spots);
	n = plug_order(q, spots, order, &ok);
	if (!ok || window.start >= window.end)
		return;
	for (i = 0; i < n; i++) {
		b = &q->blocks[order[i]];
		at = plug_free(q, spots, window.start, b->len);
		if (at >= window.end || window.end - at < b->len)
			return;
		spots[order[i]] = (struct ml_qevm_spot){
			.block = order[i],
			.n = 1,
			.load = { { at, b->len, b->first * ML_PAGE, 0 } },
		};
		q->guessed.start =
			q->guessed.end ? ml_min(q->guessed.start, at) : at;
		q->guessed.end = ml_max(q->guessed.end, at + b->len);
	}
}
