/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modules.c - names of modules, from what the log says when they are loaded:
 *
 *	Loading driver 9B680FCE-AD6B-4F3A-B60B-F59899003443
 *	Loading driver at 0x000035DF000 EntryPoint=0x000035E6DF4 DevicePathDxe.efi
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "index.h"

/* Those that run before anything is loaded. */
static const struct {
	uint32_t id;
	const char *name;
} ovmf_modules_first[] = {
	{ 0xdf1ccef6, "SecMain" },
	{ 0x52c05b14, "PeiCore" },
};

static bool ovmf_modules_skip(const char **p, const char *end, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(end - *p) < n || memcmp(*p, word, n))
		return false;
	*p += n;
	return true;
}

static bool ovmf_modules_hex(const char **p, const char *end, size_t digits,
			     uint32_t *ret)
{
	uint32_t v = 0;

	if ((size_t)(end - *p) < digits)
		return false;
	for (; digits; digits--, (*p)++) {
		char c = **p;

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	*ret = v;
	return true;
}

static size_t ovmf_modules_find(const struct ovmf_modules *m, uint32_t id)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (m->list[i].id == id)
			return i;
	return m->n;
}

static void ovmf_modules_put(struct ovmf_modules *m, uint32_t id,
			     const char *name, size_t len)
{
	size_t at = ovmf_modules_find(m, id);

	if (at == OVMF_MODULES) {
		at = m->next;
		m->next = (m->next + 1) % OVMF_MODULES;
	} else if (at == m->n) {
		m->n++;
	}
	len = ml_min(len, OVMF_MODULE_NAME - 1);
	m->list[at].id = id;
	memcpy(m->list[at].name, name, len);
	m->list[at].name[len] = '\0';
}

/* The last word of the line, without ".efi". */
static bool ovmf_modules_named(struct ml_module *m, const char *p,
			       const char *end)
{
	const char *name = end;
	size_t len;

	while (name > p && name[-1] > ' ' && name[-1] < 0x7f)
		name--;
	if (end - name <= 4 || memcmp(end - 4, ".efi", 4))
		return false;
	len = (size_t)ml_min((uint64_t)(end - name) - 4, sizeof(m->name) - 1);
	memcpy(m->name, name, len);
	m->name[len] = '\0';
	return true;
}

/* A GUID as text. */
static bool ovmf_modules_guid(const char *p, const char *end,
			      char ret[ML_MODULE_GUID])
{
	static const uint8_t digits[] = { 8, 4, 4, 4, 6, 6 };
	const char *from = p;
	uint32_t part;
	size_t i;

	for (i = 0; i < sizeof(digits); i++)
		if ((i && i < 5 && !ovmf_modules_skip(&p, end, "-")) ||
		    !ovmf_modules_hex(&p, end, digits[i], &part))
			return false;
	for (i = 0; i < ML_MODULE_GUID - 1; i++)
		ret[i] = (char)(from[i] == '-' ? '-' : from[i] | 0x20);
	ret[i] = '\0';
	return true;
}

bool ml_ovmf_module(struct ml_module *m, const uint8_t *text, size_t len)
{
	const char *p = (const char *)text, *end = p + len;
	bool pending = m->pending;

	while (end > p && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	if (!ovmf_modules_skip(&p, end, "Loading "))
		return false;
	if (!ovmf_modules_skip(&p, end, "PEIM ") &&
	    !ovmf_modules_skip(&p, end, "driver ") &&
	    !ovmf_modules_skip(&p, end, "SMM driver "))
		return false;
	if (ovmf_modules_skip(&p, end, "at 0x")) {
		m->pending = false;
		return pending && ovmf_modules_named(m, p, end);
	}
	if (ovmf_modules_guid(p, end, m->guid))
		m->pending = true;
	return false;
}

void ml_ovmf_modules_line(struct ovmf_modules *m, const uint8_t *text,
			  size_t len)
{
	const char *guid = m->module.guid;
	uint32_t id;

	if (ml_ovmf_module(&m->module, text, len) &&
	    ovmf_modules_hex(&guid, guid + 8, 8, &id))
		ovmf_modules_put(m, id, m->module.name, strlen(m->module.name));
}

/* "!!!! Find image based on IP(0x...) path/of/Name.dll (ImageBase=..." ends the
 * registers of a CPU exception. */
#define CRASH "!!!! Find image based on IP("

const char *ml_ovmf_modules_crash(struct ovmf_modules *m, const uint8_t *text,
				  size_t len)
{
	const char *p = (const char *)text, *end = p + len, *dot, *name;

	if (!ovmf_modules_skip(&p, end, CRASH))
		return NULL;
	dot = memmem(p, (size_t)(end - p), ".dll (", 6);
	if (!dot)
		return NULL;
	for (name = dot;
	     name > p && name[-1] != '/' && name[-1] > ' ' && name[-1] < 0x7f;)
		name--;
	if (name == dot)
		return NULL;
	len = ml_min((size_t)(dot - name), OVMF_MODULE_NAME - 1);
	memcpy(m->crash, name, len);
	m->crash[len] = '\0';
	return m->crash;
}

const char *ml_ovmf_modules_name(struct ovmf_modules *m, uint32_t id)
{
	size_t i = ovmf_modules_find(m, id);

	if (i < m->n)
		return m->list[i].name;
	for (i = 0;
	     i < sizeof(ovmf_modules_first) / sizeof(*ovmf_modules_first); i++)
		if (ovmf_modules_first[i].id == id)
			return ovmf_modules_first[i].name;
	snprintf(m->number, sizeof(m->number), "%08x", id);
	return m->number;
}
