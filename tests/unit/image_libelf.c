/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Program headers and notes, held against libelf; merging, held against a map
 * of every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gelf.h>

#include "image/elf/elf.h"
#include "libmkelf.h"

static uint64_t seed = 1;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

static struct mkelf *random_elf(bool is64, bool be, unsigned int n)
{
	struct mkelf *m = mkelf_new(is64, be);
	size_t notes, end, i;

	m->len = mkelf_ehdr_size(m) + n * mkelf_phdr_size(m);
	notes = m->len;
	for (i = 0; i < 5 + rnd(20); i++) {
		static const char *const owners[] = {
			"CORE", "QEMU", "", "Xen", "VMCOREINFO_XEN", "LINUX",
		};
		uint8_t desc[40] = { 1, 2, 3 };

		mkelf_note(m, owners[rnd(6)], rnd(9), desc, rnd(40), 4);
	}
	end = m->len;
	m->len = 0;
	mkelf_ehdr(m, 62, mkelf_ehdr_size(m), 0, (uint16_t)n, 0, 64);
	m->len = mkelf_ehdr_size(m);
	mkelf_phdr(m, (struct mkelf_phdr){ 4, notes, 0, 0, end - notes, 0, 4 });
	for (i = 1; i < n; i++)
		mkelf_phdr(m, (struct mkelf_phdr){ rnd(3), rnd(1u << 31),
						   rnd(1u << 31), rnd(1u << 31),
						   rnd(1u << 31), rnd(1u << 31),
						   rnd(4096) });
	m->len = end;
	return m;
}

static void same_phdrs(Elf *elf, const struct ml_elf *mine)
{
	GElf_Phdr h;
	size_t n, i;

	assert_int_equal(elf_getphdrnum(elf, &n), 0);
	assert_int_equal(n, mine->n_phdrs);
	for (i = 0; i < n; i++) {
		const struct ml_phdr *p = &mine->phdrs[i];

		assert_non_null(gelf_getphdr(elf, (int)i, &h));
		assert_true(h.p_type == p->type && h.p_offset == p->offset &&
			    h.p_vaddr == p->vaddr && h.p_paddr == p->paddr &&
			    h.p_filesz == p->filesz && h.p_memsz == p->memsz &&
			    h.p_align == p->align);
	}
}

static void same_notes(Elf *elf, const struct ml_elf *mine, const uint8_t *file)
{
	const struct ml_phdr *p = &mine->phdrs[0];
	const uint8_t *base = file + p->offset;
	struct ml_elf_note n;
	size_t pos = 0, theirs = 0, name, desc;
	Elf_Data *d;
	GElf_Nhdr h;

	d = elf_getdata_rawchunk(elf, (int64_t)p->offset, p->filesz,
				 ELF_T_NHDR);
	assert_non_null(d);
	while ((theirs = gelf_getnote(d, theirs, &h, &name, &desc))) {
		const char *owner = (const char *)d->d_buf + name;

		assert_int_equal(ml_note_next(base, p->filesz, &pos,
					      mine->ehdr.big_endian, 4, &n),
				 0);
		assert_int_equal(n.type, h.n_type);
		assert_int_equal(n.desc_len, h.n_descsz);
		assert_true(n.desc == base + desc);
		assert_true(ml_note_is(&n, h.n_namesz ? owner : ""));
		assert_int_equal(pos, theirs);
	}
	assert_int_equal(ml_note_next(base, p->filesz, &pos, false, 4, &n),
			 MEMLOG_NO_DATA);
}

static void test_headers(void **state)
{
	unsigned int k;

	(void)state;
	elf_version(EV_CURRENT);
	for (k = 0; k < 200; k++) {
		struct mkelf *m = random_elf(k & 1, k & 2, 1 + rnd(300));
		struct memlog_image *image;
		struct ml_file f;
		struct ml_elf mine;
		Elf *elf = elf_memory((char *)m->p, m->len);

		assert_non_null(elf);
		ml_file_memory(m->p, m->len, "m", NULL, &f, NULL);
		assert_int_equal(ml_image_create("m", NULL, NULL, &image, NULL),
				 0);
		assert_int_equal(ml_elf_init(&mine, image, &f, NULL), 0);
		same_phdrs(elf, &mine);
		same_notes(elf, &mine, m->p);
		ml_elf_fini(&mine);
		memlog_image_close(image);
		ml_file_close(&f);
		elf_end(elf);
		free(m);
	}
}

/* 70,000 program headers: PN_XNUM. */
static void test_xnum(void **state)
{
	const uint32_t n = 70000;
	size_t len = 128 + n * 56, i;
	uint8_t *file = calloc(1, len);
	struct mkelf *m = mkelf_new(true, false);
	struct memlog_image *image;
	struct ml_elf mine;
	struct ml_file f;
	Elf *elf;

	(void)state;
	elf_version(EV_CURRENT);
	mkelf_ehdr(m, 62, 128, 64, 0xffff, 1, 64);
	mkelf_shdr(m, 0, 0, 0, n);
	memcpy(file, m->p, 128);
	for (i = 0; i < n; i++) {
		m->len = 0;
		mkelf_phdr(m, (struct mkelf_phdr){ 1, i, i * 3, i * 5, i * 7,
						   i * 9, 1 });
		memcpy(file + 128 + i * 56, m->p, 56);
	}
	elf = elf_memory((char *)file, len);
	assert_non_null(elf);
	ml_file_memory(file, len, "m", NULL, &f, NULL);
	assert_int_equal(ml_image_create("m", NULL, NULL, &image, NULL), 0);
	assert_int_equal(ml_elf_init(&mine, image, &f, NULL), 0);
	assert_int_equal(mine.n_phdrs, n);
	same_phdrs(elf, &mine);
	ml_elf_fini(&mine);
	memlog_image_close(image);
	ml_file_close(&f);
	elf_end(elf);
	free(file);
	free(m);
}

/* Every byte of a small address space: which offset has it. */
#define SPACE	600
#define NOTHING UINT64_MAX

/* Which bytes are shown twice, and which not at all: as the loads say? */
static void merge_check(const struct ml_loads *l, const uint64_t *map,
			const bool *of_file)
{
	bool shown[2000] = { 0 };
	uint64_t a, repeated = 0, hidden = 0;

	for (a = 0; a < SPACE; a++) {
		if (map[a] == NOTHING)
			continue;
		assert_int_equal(
			ml_loads_repeated(l, (struct memlog_range){ a, a + 1 }),
			shown[map[a]]);
		repeated += shown[map[a]];
		shown[map[a]] = true;
	}
	for (a = 0; a < 2000; a++)
		hidden += of_file[a] && !shown[a];
	assert_true(l->repeated == repeated);
	assert_true(l->hidden == hidden);
}

static void test_merge(void **state)
{
	struct memlog_image *image;
	unsigned int turn, i, n;

	(void)state;
	assert_int_equal(ml_image_create("m", NULL, NULL, &image, NULL), 0);
	for (turn = 0; turn < 3000; turn++) {
		uint64_t map[SPACE], size = 300 + rnd(700), cut = 0, left = 0;
		bool promised[SPACE] = { 0 }, of_file[2000] = { 0 };
		struct ml_load in[24], shown[24];
		struct ml_loads l;
		uint64_t a;

		n = rnd(24);
		for (a = 0; a < SPACE; a++)
			map[a] = NOTHING;
		for (i = 0; i < n; i++) {
			in[i] = (struct ml_load){ rnd(500), rnd(100), rnd(1000),
						  rnd(100) };
			for (a = 0; a < in[i].len; a++) {
				promised[in[i].addr + a] = true;
				if (in[i].off + a >= size) {
					cut++;
					continue;
				}
				of_file[in[i].off + a] = true;
				if (map[in[i].addr + a] == NOTHING)
					map[in[i].addr + a] = in[i].off + a;
			}
			for (a = 0; a < in[i].promised; a++)
				promised[in[i].addr + a] = true;
		}
		memcpy(shown, in, sizeof(shown));
		assert_int_equal(ml_loads_init(&l, shown, n, size, image, NULL),
				 0);
		for (a = 0; a < SPACE; a++) {
			const struct ml_load *at = ml_loads_find(&l, a);

			left += promised[a] && map[a] == NOTHING;
			assert_true((at ? at->off + (a - at->addr) : NOTHING) ==
				    map[a]);
		}
		assert_true(l.missing == left);
		assert_true(l.cut == cut);
		for (i = 1; i < l.n_loads; i++)
			assert_true(l.loads[i - 1].addr + l.loads[i - 1].len <=
				    l.loads[i].addr);
		merge_check(&l, map, of_file);
		ml_loads_fini(&l);
	}
	memlog_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_xnum),
		cmocka_unit_test(test_merge),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
