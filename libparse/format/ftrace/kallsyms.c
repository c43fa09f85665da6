/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kallsyms.c - the kernel's own table of symbols. VMCOREINFO says where it is.
 *
 * Names are sequences of tokens, each after its length; a token is up to some
 * characters, and the first character of a name is its type. Addresses are offsets,
 * sorted, of one of three kinds: from their own place; from a base; the same, but
 * positive ones are not and negative ones count down.
 */
#include "kallsyms.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/vmcoreinfo.h"

enum { TOKENS = 256, TOKEN_TABLE = 2048, NAME_MAX_LEN = 512, CHUNK = 65536 };

enum kind { OWN_PLACE, FROM_BASE, PERCPU, KINDS };

struct kallsyms {
	struct memlog_symbols pub;
	struct memlog_allocator alloc;
	struct ftrace_kernel *kernel;
	const struct ftrace_kallsyms *at;
	uint32_t n;
	uint64_t *addr; /* sorted */
	uint32_t *name; /* where each is in names */
	char *names;
	size_t len, cap;
	char tokens[TOKEN_TABLE + 1];
	uint16_t token[TOKENS];
	/* the bytes of compressed names, read ahead */
	uint8_t *chunk;
	uint64_t chunk_at;
	size_t chunk_len;
};

bool ml_ftrace_kallsyms_place(const struct memlog_image *image,
			      struct ftrace_kallsyms *ret)
{
	static const char *const keys[] = {
		"SYMBOL(kallsyms_names)",	"SYMBOL(kallsyms_num_syms)",
		"SYMBOL(kallsyms_token_table)", "SYMBOL(kallsyms_token_index)",
		"SYMBOL(kallsyms_offsets)",	"SYMBOL(_stext)",
	};
	uint64_t *const to[] = { &ret->names, &ret->count,   &ret->tokens,
				 &ret->index, &ret->offsets, &ret->stext };
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!ml_vmcoreinfo_number(image, keys[i], to[i]))
			return false;
	if (!ml_vmcoreinfo_number(image, "SYMBOL(kallsyms_relative_base)",
				  &ret->base))
		ret->base = 0;
	return true;
}

/* ---- names -------------------------------------------------------------- */

static bool kallsyms_byte(struct kallsyms *k, uint64_t va, uint8_t *ret)
{
	if (va - k->chunk_at >= k->chunk_len) {
		k->chunk_at = va;
		/* to the end of a page: the table may end there */
		k->chunk_len = ML_PAGE - va % ML_PAGE;
		if (!ml_ftrace_kernel_read(k->kernel, va, k->chunk,
					   k->chunk_len)) {
			k->chunk_len = 0;
			return false;
		}
	}
	*ret = k->chunk[va - k->chunk_at];
	return true;
}

static bool kallsyms_put(struct kallsyms *k, const char *s, size_t len)
{
	size_t i;

	if (k->len + len > ML_FTRACE_SYMBOL_NAMES)
		return false;
	for (i = 0; i < len; i++) {
		if (ml_grow(&k->alloc, &k->names, k->len, &k->cap, 1, NULL)) {
			k->kernel->starved = true;
			return false;
		}
		k->names[k->len++] = s[i];
	}
	return true;
}

/* One name; moves *va past it. */
static bool kallsyms_name(struct kallsyms *k, uint64_t *va)
{
	size_t from = k->len, n;
	uint8_t b, high = 0;
	const char *s;

	if (!kallsyms_byte(k, (*va)++, &b))
		return false;
	n = b;
	if (b & 0x80) {
		if (!kallsyms_byte(k, (*va)++, &high))
			return false;
		n = (b & 0x7f) | (size_t)high << 7;
	}
	if (!n || n > NAME_MAX_LEN)
		return false;
	while (n--) {
		if (!kallsyms_byte(k, (*va)++, &b))
			return false;
		s = k->tokens + k->token[b];
		if (!kallsyms_put(k, s, strlen(s)) ||
		    k->len - from > NAME_MAX_LEN)
			return false;
	}
	/* without its type */
	if (k->len < from + 2)
		return false;
	memmove(k->names + from, k->names + from + 1, k->len - from - 1);
	k->names[k->len - 1] = 0;
	return true;
}

static bool kallsyms_names(struct kallsyms *k)
{
	uint64_t va = k->at->names;
	uint32_t i;

	for (i = 0; i < k->n; i++) {
		k->name[i] = (uint32_t)k->len;
		if (!kallsyms_name(k, &va))
			return false;
	}
	return true;
}

static bool kallsyms_tokens(struct kallsyms *k)
{
	uint8_t b[2 * TOKENS];
	size_t i, n;

	if (!ml_ftrace_kernel_read(k->kernel, k->at->index, b, sizeof(b)))
		return false;
	for (i = 0; i < TOKENS; i++) {
		k->token[i] = ml_le16(b + 2 * i);
		if (k->token[i] >= TOKEN_TABLE)
			return false;
	}
	/* the last one ends the table */
	n = (size_t)ml_min(k->token[TOKENS - 1] + 64u, TOKEN_TABLE);
	return ml_ftrace_kernel_read(k->kernel, k->at->tokens, k->tokens, n);
}

/* ---- addresses ---------------------------------------------------------- */

static uint64_t kallsyms_addr(const struct kallsyms *k, uint32_t i,
			      int32_t offset, enum kind kind, uint64_t base)
{
	switch (kind) {
	case OWN_PLACE:
		return k->at->offsets + 4 * (uint64_t)i +
		       (uint64_t)(int64_t)offset;
	case FROM_BASE:
		return base + (uint32_t)offset;
	default:
		return offset >= 0 ? (uint64_t)offset :
				     base - 1 - (uint64_t)(int64_t)offset;
	}
}

/* The kind is the one that puts _stext where VMCOREINFO has it. */
static bool kallsyms_kind(struct kallsyms *k, const uint8_t *offsets,
			  uint64_t base, enum kind *ret)
{
	uint32_t i;
	int kind;

	for (i = 0; i < k->n; i++)
		if (!strcmp(k->names + k->name[i], "_stext"))
			break;
	for (kind = 0; i < k->n && kind < KINDS; kind++)
		if (kallsyms_addr(k, i, (int32_t)ml_le32(offsets + 4 * i),
				  (enum kind)kind, base) == k->at->stext) {
			*ret = (enum kind)kind;
			return true;
		}
	return false;
}

static bool kallsyms_addrs(struct kallsyms *k)
{
	uint8_t *offsets = ml_calloc(&k->alloc, k->n, 4), b[8] = { 0 };
	enum kind kind;
	uint32_t i;
	bool ok;

	k->kernel->starved |= !offsets;
	ok = offsets &&
	     ml_ftrace_kernel_read(k->kernel, k->at->offsets, offsets,
				   4 * (size_t)k->n) &&
	     (!k->at->base ||
	      ml_ftrace_kernel_read(k->kernel, k->at->base, b, sizeof(b))) &&
	     kallsyms_kind(k, offsets, ml_le64(b), &kind);
	for (i = 0; ok && i < k->n; i++) {
		k->addr[i] = kallsyms_addr(k, i,
					   (int32_t)ml_le32(offsets + 4 * i),
					   kind, ml_le64(b));
		ok = !i || k->addr[i] >= k->addr[i - 1];
	}
	ml_free(&k->alloc, offsets);
	return ok;
}

/* ---- look-ups ----------------------------------------------------------- */

static enum memlog_status kallsyms_by_name(void *self, const char *name,
					   uint64_t *ret)
{
	const struct kallsyms *k = self;
	uint32_t i;

	for (i = 0; i < k->n; i++)
		if (!strcmp(k->names + k->name[i], name)) {
			*ret = k->addr[i];
			return MEMLOG_OK;
		}
	return MEMLOG_NO_DATA;
}

/* How many are below an address, or, with too, at it. */
static uint32_t kallsyms_below(const struct kallsyms *k, uint64_t addr,
			       bool too)
{
	uint32_t low = 0, high = k->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (k->addr[mid] < addr || (too && k->addr[mid] == addr))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static enum memlog_status kallsyms_by_addr(void *self, uint64_t addr,
					   const char **ret,
					   uint64_t *ret_offset)
{
	const struct kallsyms *k = self;
	uint32_t low = kallsyms_below(k, addr, true);

	/* of several at one address the first, and nothing after the last */
	if (!low || low == k->n)
		return MEMLOG_NO_DATA;
	low = kallsyms_below(k, k->addr[low - 1], false);
	*ret = k->names + k->name[low];
	*ret_offset = addr - k->addr[low];
	return MEMLOG_OK;
}

/* ---- open and close ----------------------------------------------------- */

static bool kallsyms_load(struct kallsyms *k)
{
	uint8_t b[4];

	if (!ml_ftrace_kernel_read(k->kernel, k->at->count, b, sizeof(b)))
		return false;
	k->n = ml_le32(b);
	if (!k->n || k->n > ML_FTRACE_SYMBOLS)
		return false;
	k->addr = ml_calloc(&k->alloc, k->n, sizeof(*k->addr));
	k->name = ml_calloc(&k->alloc, k->n, sizeof(*k->name));
	k->chunk = ml_calloc(&k->alloc, 1, ML_PAGE);
	if (!k->addr || !k->name || !k->chunk) {
		k->kernel->starved = true;
		return false;
	}
	return kallsyms_tokens(k) && kallsyms_names(k) && kallsyms_addrs(k);
}

struct memlog_symbols *ml_ftrace_kallsyms_open(struct ftrace_kernel *kernel,
					       const struct ftrace_kallsyms *at)
{
	struct kallsyms *k = ml_calloc(&kernel->alloc, 1, sizeof(*k));

	kernel->starved |= !k;
	if (!k)
		return NULL;
	k->alloc = kernel->alloc;
	k->kernel = kernel;
	k->at = at;
	k->pub = (struct memlog_symbols){
		.size = sizeof(k->pub),
		.self = k,
		.addr = kallsyms_by_name,
		.name = kallsyms_by_addr,
	};
	if (kallsyms_load(k))
		return &k->pub;
	ml_ftrace_kallsyms_close(&k->pub);
	return NULL;
}

void ml_ftrace_kallsyms_close(struct memlog_symbols *symbols)
{
	struct memlog_allocator a;
	struct kallsyms *k;

	if (!symbols)
		return;
	k = symbols->self;
	a = k->alloc;
	ml_free(&a, k->addr);
	ml_free(&a, k->name);
	ml_free(&a, k->names);
	ml_free(&a, k->chunk);
	ml_free(&a, k);
}
