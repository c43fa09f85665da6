/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * elf.c - read the symbols of an ELF file (vmlinux, xen-syms): addresses with
 * libelf, structs and enums with libdw if there is debug information.
 */
#include "memlog.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

/* name is borrowed from libelf. */
struct symbol {
	const char *name;
	uint64_t addr;
};

/* A type that was looked for; off 0: there is none. */
struct symbols_type {
	char *name;
	Dwarf_Off off;
};

struct elf_symbols {
	struct memlog_symbols pub; /* what callers see */
	struct memlog_allocator alloc;
	char *file;
	int fd;
	Elf *elf;
	Dwarf *dwarf; /* NULL: not opened yet, or none */
	bool no_dwarf;
	Elf_Data *text[4]; /* sections that contain names */
	size_t n_text;
	struct symbol *symbols; /* sorted by name */
	struct symbol *places;	/* sorted by address; NULL: not yet */
	size_t n, n_places, n_types;
	struct symbols_type types[ML_SYMBOL_TYPES];
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct symbol *)a)->name,
		      ((const struct symbol *)b)->name);
}

static enum memlog_status symbols_sym_addr(void *self, const char *name,
					   uint64_t *ret)
{
	struct elf_symbols *s = self;
	struct symbol key = { .name = name };
	struct symbol *found =
		bsearch(&key, s->symbols, s->n, sizeof(key), by_name);

	if (!found)
		return MEMLOG_NO_DATA;
	*ret = found->addr;
	return MEMLOG_OK;
}

static int symbols_by_addr(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Those with a name of C: others mark code and data. At one address the first by name. */
static bool symbols_places(struct elf_symbols *s)
{
	size_t i, n;

	if (s->places)
		return true;
	s->places = ml_calloc(&s->alloc, s->n, sizeof(*s->places));
	if (!s->places)
		return false;
	for (i = 0; i < s->n; i++)
		if (s->symbols[i].name[0] != '$' &&
		    s->symbols[i].name[0] != '.')
			s->places[s->n_places++] = s->symbols[i];
	qsort(s->places, s->n_places, sizeof(*s->places), symbols_by_addr);
	for (i = n = 0; i < s->n_places; i++)
		if (!n || s->places[i].addr != s->places[n - 1].addr)
			s->places[n++] = s->places[i];
	s->n_places = n;
	return true;
}

static enum memlog_status symbols_sym_name(void *self, uint64_t addr,
					   const char **ret,
					   uint64_t *ret_offset)
{
	struct elf_symbols *s = self;
	size_t low = 0, high, mid;

	if (!symbols_places(s))
		return MEMLOG_NO_MEMORY;
	for (high = s->n_places; low < high;) {
		mid = low + (high - low) / 2;
		if (s->places[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return MEMLOG_NO_DATA;
	*ret = s->places[low - 1].name;
	*ret_offset = addr - s->places[low - 1].addr;
	return MEMLOG_OK;
}

/* ---- debug information -------------------------------------------------- */

/* Call it after opening libdw, which expands compressed sections in place. */
static void find_text(struct elf_symbols *s)
{
	static const char *const names[] = {
		".debug_info",
		".debug_types",
		".debug_str",
		".debug_line_str",
	};
	Elf_Scn *scn = NULL;
	const char *name;
	size_t index, i;
	GElf_Shdr sh;

	if (elf_getshdrstrndx(s->elf, &index))
		return;
	while ((scn = elf_nextscn(s->elf, scn)) && s->n_text < 4) {
		name = gelf_getshdr(scn, &sh) ?
			       elf_strptr(s->elf, index, sh.sh_name) :
			       NULL;
		for (i = 0; name && i < 4; i++)
			if (!strcmp(name, names[i]))
				s->text[s->n_text++] = elf_getdata(scn, NULL);
	}
}

static Dwarf *symbols_dwarf(struct elf_symbols *s)
{
	if (!s->dwarf && !s->no_dwarf) {
		s->dwarf = dwarf_begin_elf(s->elf, DWARF_C_READ, NULL);
		s->no_dwarf = !s->dwarf;
		if (s->dwarf)
			find_text(s);
	}
	return s->dwarf;
}

/* The name of a DIE, NULL if it has none. libdw does not check that a name ends
 * within its section. */
static const char *symbols_name_of(struct elf_symbols *s, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die), *from;
	size_t i;

	for (i = 0; name && i < s->n_text; i++) {
		from = s->text[i] ? s->text[i]->d_buf : NULL;
		if (from && name >= from && name < from + s->text[i]->d_size)
			return memchr(name, 0,
				      s->text[i]->d_size -
					      (size_t)(name - from)) ?
				       name :
				       NULL;
	}
	return NULL;
}

/* Find the definition of a struct, union, enum or typedef by its name. */
static bool symbols_find_type(struct elf_symbols *s, const char *name,
			      Dwarf_Die *ret)
{
	Dwarf_Off off = 0, next;
	size_t header;
	Dwarf_Die cu, die;
	const char *n;
	int tag;

	for (; !dwarf_nextcu(s->dwarf, off, &next, &header, NULL, NULL, NULL);
	     off = next) {
		if (!dwarf_offdie(s->dwarf, off + header, &cu) ||
		    dwarf_child(&cu, &die))
			continue;
		do {
			tag = dwarf_tag(&die);
			if (tag != DW_TAG_structure_type &&
			    tag != DW_TAG_union_type &&
			    tag != DW_TAG_enumeration_type &&
			    tag != DW_TAG_typedef)
				continue;
			n = symbols_name_of(s, &die);
			if (!n || strcmp(n, name) ||
			    dwarf_hasattr(&die, DW_AT_declaration))
				continue;
			*ret = die;
			return true;
		} while (!dwarf_siblingof(&die, &die));
	}
	return false;
}

/* The same; what was found is remembered. */
static bool find_type(struct elf_symbols *s, const char *name, Dwarf_Die *ret)
{
	struct symbols_type *t = s->types;
	bool found;

	if (!symbols_dwarf(s))
		return false;
	for (; t < s->types + s->n_types; t++)
		if (!strcmp(t->name, name))
			return t->off && dwarf_offdie(s->dwarf, t->off, ret);
	found = symbols_find_type(s, name, ret);
	if (s->n_types < ML_SYMBOL_TYPES) {
		t->off = found ? dwarf_dieoffset(ret) : 0;
		t->name = ml_strdup(&s->alloc, name);
		s->n_types += t->name != NULL;
	}
	return found;
}

/* Resolve a typedef to its type. */
static bool symbols_peel(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	Dwarf_Die type;

	if (dwarf_tag(die) != DW_TAG_typedef)
		return true;
	if (!dwarf_attr_integrate(die, DW_AT_type, &attr) ||
	    !dwarf_formref_die(&attr, &type))
		return false;
	return dwarf_peel_type(&type, die) == 0;
}

static bool die_number(Dwarf_Die *die, unsigned int name, Dwarf_Word *ret)
{
	Dwarf_Attribute attr;

	return dwarf_attr_integrate(die, name, &attr) &&
	       !dwarf_formudata(&attr, ret);
}

/* Find the offset of a member, also in anonymous structs and unions. */
static bool find_member(struct elf_symbols *s, Dwarf_Die *type,
			const char *name, uint64_t base, int depth,
			uint64_t *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Die die, inner;
	Dwarf_Word off;
	const char *n;

	if (depth > 8 || dwarf_child(type, &die))
		return false;
	do {
		if (dwarf_tag(&die) != DW_TAG_member)
			continue;
		if (!die_number(&die, DW_AT_data_member_location, &off))
			off = 0;
		n = symbols_name_of(s, &die);
		if (n && !strcmp(n, name)) {
			*ret = base + off;
			return true;
		}
		if (!n && dwarf_attr_integrate(&die, DW_AT_type, &attr) &&
		    dwarf_formref_die(&attr, &inner) &&
		    find_member(s, &inner, name, base + off, depth + 1, ret))
			return true;
	} while (!dwarf_siblingof(&die, &die));
	return false;
}

static enum memlog_status sym_member(void *self, const char *type,
				     const char *member, uint64_t *ret)
{
	Dwarf_Die die;

	if (!find_type(self, type, &die) || !symbols_peel(&die) ||
	    !find_member(self, &die, member, 0, 0, ret))
		return MEMLOG_NO_DATA;
	return MEMLOG_OK;
}

static enum memlog_status symbols_sym_size(void *self, const char *type,
					   uint64_t *ret)
{
	Dwarf_Word size;
	Dwarf_Die die;

	if (!find_type(self, type, &die) || dwarf_aggregate_size(&die, &size))
		return MEMLOG_NO_DATA;
	*ret = size;
	return MEMLOG_OK;
}

static enum memlog_status sym_enum(void *self, const char *type, int64_t value,
				   const char **ret)
{
	Dwarf_Attribute attr;
	Dwarf_Die die, e;
	Dwarf_Sword v;

	if (!find_type(self, type, &die) || !symbols_peel(&die) ||
	    dwarf_child(&die, &e))
		return MEMLOG_NO_DATA;
	do {
		if (dwarf_tag(&e) == DW_TAG_enumerator &&
		    dwarf_attr(&e, DW_AT_const_value, &attr) &&
		    !dwarf_formsdata(&attr, &v) && v == value) {
			*ret = symbols_name_of(self, &e);
			return *ret ? MEMLOG_OK : MEMLOG_NO_DATA;
		}
	} while (!dwarf_siblingof(&e, &e));
	return MEMLOG_NO_DATA;
}

/* ---- contents ----------------------------------------------------------- */

static enum memlog_status symbols_build_id(void *self, const void **ret,
					   size_t *ret_len)
{
	struct elf_symbols *s = self;
	ssize_t n = dwelf_elf_gnu_build_id(s->elf, ret);

	if (n <= 0)
		return MEMLOG_NO_DATA;
	*ret_len = (size_t)n;
	return MEMLOG_OK;
}

/* By sections: in a file with debug information only, program headers are those of
 * the file that it was made of. */
static enum memlog_status symbols_read(void *self, uint64_t addr, void *buf,
				       size_t len)
{
	struct elf_symbols *s = self;
	Elf_Scn *scn = NULL;
	Elf_Data *data;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(s->elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || !(sh.sh_flags & SHF_ALLOC) ||
		    sh.sh_type == SHT_NOBITS || addr < sh.sh_addr ||
		    addr - sh.sh_addr >= sh.sh_size)
			continue;
		addr -= sh.sh_addr;
		data = elf_rawdata(scn, NULL);
		if (!data || !data->d_buf || addr > data->d_size ||
		    len > data->d_size - addr)
			break;
		memcpy(buf, (const char *)data->d_buf + addr, len);
		return MEMLOG_OK;
	}
	return MEMLOG_NO_DATA;
}

/* ---- opening ------------------------------------------------------------ */

/* Add the symbols of one table that are defined and have a name. */
static enum memlog_status load_table(struct elf_symbols *s, Elf_Scn *scn,
				     const GElf_Shdr *sh, size_t *cap,
				     struct memlog_err *err)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t n = data && sh->sh_entsize ? data->d_size / sh->sh_entsize : 0;
	enum memlog_status st;
	const char *name;
	GElf_Sym sym;
	size_t i;

	for (i = 0; i < n && i < INT32_MAX; i++) {
		if (!gelf_getsym(data, (int)i, &sym) ||
		    sym.st_shndx == SHN_UNDEF ||
		    GELF_ST_TYPE(sym.st_info) == STT_SECTION ||
		    GELF_ST_TYPE(sym.st_info) == STT_FILE)
			continue;
		name = elf_strptr(s->elf, sh->sh_link, sym.st_name);
		if (!name || !*name)
			continue;
		if (s->n >= ML_MAX_SYMBOLS)
			return ml_fail(err, MEMLOG_LIMIT,
				       "more than %u symbols", ML_MAX_SYMBOLS);
		st = ml_grow(&s->alloc, &s->symbols, s->n, cap,
			     sizeof(*s->symbols), err);
		if (st)
			return st;
		s->symbols[s->n++] = (struct symbol){ name, sym.st_value };
	}
	return MEMLOG_OK;
}

static enum memlog_status symbols_load(struct elf_symbols *s, const char *path,
				       struct memlog_err *err)
{
	enum memlog_status st;
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	size_t cap = 0;

	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return ml_fail_errno(err, MEMLOG_IO, errno, "%s", path);
	if (elf_version(EV_CURRENT) == EV_NONE ||
	    !(s->elf = elf_begin(s->fd, ELF_C_READ, NULL)) ||
	    elf_kind(s->elf) != ELF_K_ELF)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "%s: not an ELF file with "
			       "symbols",
			       path);
	while ((scn = elf_nextscn(s->elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_SYMTAB)
			continue;
		st = load_table(s, scn, &sh, &cap, err);
		if (st)
			return ml_prefix(err, st, "%s", path);
	}
	if (!s->n)
		return ml_fail(err, MEMLOG_NO_DATA,
			       "%s: it has no symbol "
			       "table; use the file with debug symbols",
			       path);
	qsort(s->symbols, s->n, sizeof(*s->symbols), by_name);
	return MEMLOG_OK;
}

enum memlog_status memlog_symbols_open(const char *path,
				       const struct memlog_allocator *allocator,
				       struct memlog_symbols **ret,
				       struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(allocator);
	struct elf_symbols *s = ml_calloc(&a, 1, sizeof(*s));
	enum memlog_status st;

	if (!s)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for symbols");
	s->alloc = a;
	s->fd = -1;
	s->pub = (struct memlog_symbols){
		.size = sizeof(s->pub),
		.self = s,
		.addr = symbols_sym_addr,
		.member_offset = sym_member,
		.type_size = symbols_sym_size,
		.enum_name = sym_enum,
		.name = symbols_sym_name,
		.build_id = symbols_build_id,
		.read = symbols_read,
	};
	s->pub.file = s->file = ml_strdup(&a, path);
	if (!s->file) {
		memlog_symbols_close(&s->pub);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for symbols");
	}
	st = symbols_load(s, path, err);
	if (st) {
		memlog_symbols_close(&s->pub);
		return st;
	}
	*ret = &s->pub;
	return MEMLOG_OK;
}

void memlog_symbols_close(struct memlog_symbols *symbols)
{
	struct elf_symbols *s;
	struct memlog_allocator a;

	if (!symbols)
		return;
	s = symbols->self;
	a = s->alloc;
	if (s->dwarf)
		dwarf_end(s->dwarf);
	if (s->elf)
		elf_end(s->elf);
	if (s->fd >= 0)
		close(s->fd);
	while (s->n_types)
		ml_free(&a, s->types[--s->n_types].name);
	ml_free(&a, s->file);
	ml_free(&a, s->symbols);
	ml_free(&a, s->places);
	ml_free(&a, s);
}
