/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* times.c - the times that coreboot recorded of a boot: a table in CBMEM;
 * docs/facts/cbmem.md. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "cbmem.h"

enum { HEADER = 16, ENTRY = 12, TIMES_MAX = 1024, LINE = 96 };

/* What an id stands for. A phase begins at the first one that says so. */
static const struct {
	uint32_t id;
	const char *name;
	enum ml_stage phase;
} times_names[] = {
	{ 1, "romstage starts", ML_STAGE_PEI },
	{ 2, "RAM initialisation starts", 0 },
	{ 3, "RAM initialisation ends", 0 },
	{ 4, "romstage ends", 0 },
	{ 5, "verstage starts", 0 },
	{ 6, "verstage ends", 0 },
	{ 8, "loading of ramstage starts", 0 },
	{ 9, "loading of ramstage ends", 0 },
	{ 10, "ramstage starts", ML_STAGE_DXE },
	{ 11, "bootblock starts", ML_STAGE_SEC },
	{ 12, "bootblock ends", 0 },
	{ 13, "loading of romstage starts", 0 },
	{ 14, "loading of romstage ends", 0 },
	{ 15, "LZMA decompression starts", 0 },
	{ 16, "LZMA decompression ends", 0 },
	{ 17, "LZ4 decompression starts", 0 },
	{ 18, "LZ4 decompression ends", 0 },
	{ 19, "Zstandard decompression starts", 0 },
	{ 20, "Zstandard decompression ends", 0 },
	{ 30, "chips are initialised", 0 },
	{ 31, "devices are enumerated", 0 },
	{ 40, "devices are configured", 0 },
	{ 50, "devices are enabled", 0 },
	{ 60, "devices are initialised", 0 },
	{ 65, "option ROM is started", 0 },
	{ 66, "option ROM was copied", 0 },
	{ 67, "option ROM has run", 0 },
	{ 70, "devices are done", 0 },
	{ 75, "CBMEM is finished", 0 },
	{ 80, "tables are written", 0 },
	{ 85, "chips are finalised", 0 },
	{ 90, "payload is loaded", ML_STAGE_BDS },
	{ 98, "wake from ACPI S3", 0 },
	{ 99, "payload starts", ML_STAGE_LOADER },
	{ 100, "postcar starts", 0 },
	{ 101, "postcar ends", 0 },
	{ 110, "forced delay starts", 0 },
	{ 111, "forced delay ends", 0 },
	{ 112, "reading of microcode starts", 0 },
	{ 113, "reading of microcode ends", 0 },
	{ 114, "setup of the event log starts", 0 },
	{ 115, "setup of the event log ends", 0 },
	{ 1000, "depthcharge starts", 0 },
	{ 1010, "kernel is loaded", 0 },
	{ 1020, "kernel was loaded", 0 },
	{ 1100, "kernel is verified", 0 },
	{ 1101, "kernel starts", ML_STAGE_HANDOVER },
	{ 1102, "kernel is decompressed", 0 },
};

/* Ids of vendors and payloads that have no name of their own. */
static const struct {
	uint32_t from, to;
	const char *name;
} times_ranges[] = {
	{ 500, 599, "ChromeOS verified boot" },
	{ 900, 939, "AMD firmware" },
	{ 940, 949, "Intel management engine" },
	{ 950, 979, "Intel FSP" },
	{ 980, 989, "Qualcomm firmware" },
	{ 990, 997, "Intel management engine" },
	{ 998, 999, "BL32 of TF-A" },
	{ 1000, 1109, "depthcharge" },
	{ 1110, 1119, "pvmfw" },
	{ 1120, 1199, "pKVM" },
	{ 1200, 1299, "ChromeOS hypervisor" },
};

/* priv of a log. */
struct times_log {
	uint32_t n, khz;
	uint64_t table; /* the coreboot table, 0: its rate is known, or not there */
};

struct times_entry {
	uint64_t ticks; /* of the counter */
	uint32_t id, place;
	uint8_t raw[ENTRY];
};

struct times {
	struct times_entry entry[TIMES_MAX];
	size_t n, next;
	uint64_t hz, user_hz; /* the log's own comes first */
	char line[LINE];
};

/* ---- the table ------------------------------------------------------------ */

/* NULL: there is no such id. */
static const char *times_name(uint32_t id)
{
	size_t i;

	for (i = 0; i < sizeof(times_names) / sizeof(*times_names); i++)
		if (times_names[i].id == id)
			return times_names[i].name;
	for (i = 0; i < sizeof(times_ranges) / sizeof(*times_ranges); i++)
		if (id >= times_ranges[i].from && id <= times_ranges[i].to)
			return times_ranges[i].name;
	return NULL;
}

/* The ticks of an entry may be negative since 2022, and the sum wraps as in coreboot. */
static uint64_t times_ticks(uint64_t base, const uint8_t *entry)
{
	return base + ml_le64(entry + 4);
}

static enum memlog_status times_table(const struct ml_probe *p, uint64_t size,
				      struct ml_log *log, struct ml_found *ret,
				      struct memlog_err *err)
{
	uint32_t max = ml_le16(p->bytes + 8), mhz = ml_le16(p->bytes + 10);
	uint32_t n = ml_le32(p->bytes + 12);
	uint64_t len = HEADER + (uint64_t)max * ENTRY;
	struct times_log *t = (struct times_log *)(void *)log->priv;

	if (!max || max > TIMES_MAX || n > max || mhz > 10000 ||
	    (size != CBMEM_ANY_SIZE && size < len))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "not a table of coreboot's times");
	t->n = n;
	t->khz = mhz * 1000;
	if (!t->khz && p->hint) {
		t->khz = (uint32_t)p->hint[CBMEM_HINT_KHZ];
		t->table = p->hint[CBMEM_HINT_TABLE];
	}
	log->pub.capacity = len - HEADER;
	log->pub.used = (uint64_t)n * ENTRY;
	log->pub.flags = MEMLOG_LOG_TELLS_ALL | (n ? 0 : MEMLOG_LOG_EMPTY);
	ret->extent.len = len;
	return MEMLOG_OK;
}

/* Where nothing leads to a table, is there one? */
static bool times_plausible(const struct ml_probe *p)
{
	uint32_t n = ml_le32(p->bytes + 12), i;
	const uint8_t *e = p->bytes + HEADER;

	for (i = 0; i < n && HEADER + (size_t)(i + 1) * ENTRY <= p->len; i++)
		if (!times_name(ml_le32(e + (size_t)i * ENTRY)))
			return false;
	return i > 0;
}

static enum memlog_status times_probe(const struct ml_probe *p,
				      struct ml_log *log, struct ml_found *ret,
				      struct memlog_err *err)
{
	if (p->hint && p->hint[CBMEM_HINT_SIZE])
		return times_table(p, p->hint[CBMEM_HINT_SIZE], log, ret, err);
	if (ml_cbmem_leads(p, CBMEM_TIMES, ret))
		return MEMLOG_OK;
	if (p->at && !p->hint && times_plausible(p))
		return times_table(p, CBMEM_ANY_SIZE, log, ret, err);
	return ml_fail(err, MEMLOG_NOT_MINE, "it leads to no times");
}

/* The root leads to the coreboot table, too, which may have the rate. */
static enum memlog_status times_expand(struct memlog_logs *logs,
				       struct ml_log *log,
				       struct memlog_image *image,
				       struct memlog_err *err)
{
	struct times_log *t = (struct times_log *)(void *)log->priv;
	uint8_t *buf;
	size_t got;

	if (t->khz || !t->table)
		return MEMLOG_OK;
	buf = ml_calloc(&logs->alloc, 1, CBMEM_TABLE + ML_CBMEM_TABLE);
	if (!buf)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a table");
	if (!ml_image_fill(image, log->extents[0].space, t->table, buf,
			   CBMEM_TABLE + ML_CBMEM_TABLE, &got, NULL))
		t->khz = ml_cbmem_khz(buf, got);
	ml_free(&logs->alloc, buf);
	return MEMLOG_OK;
}

/* A machine has one table: a boot makes it anew. */
static void times_relate(struct ml_log *const *logs, size_t n,
			 struct memlog_image *image, bool some)
{
	size_t i;

	(void)image;
	for (i = 0; i < n; i++)
		logs[i]->pub.state = n == 1 && !some ? MEMLOG_STATE_CURRENT :
						       MEMLOG_STATE_UNKNOWN;
}

/* ---- its records ---------------------------------------------------------- */

static int times_order(const void *a, const void *b)
{
	const struct times_entry *x = a, *y = b;

	if (x->ticks != y->ticks)
		return x->ticks < y->ticks ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* Entries of some stages are put in later, so that they have to be sorted. */
static enum memlog_status times_open(void *state, struct ml_source *source,
				     const struct ml_decoder_opts *opts,
				     struct memlog_err *err)
{
	const struct times_log *log =
		(const struct times_log *)(const void *)source->log->priv;
	struct times *t = state;
	struct times_entry *e;
	uint8_t head[HEADER];
	uint32_t i;

	(void)err;
	t->hz = log->khz * UINT64_C(1000);
	t->user_hz = opts->user->tsc_hz;
	if (ml_source_fill(source, 0, 0, head, HEADER) < HEADER)
		return MEMLOG_OK;
	for (i = 0; i < log->n; i++) {
		e = &t->entry[t->n];
		if (ml_source_fill(source, 0, HEADER + (uint64_t)i * ENTRY,
				   e->raw, ENTRY) < ENTRY)
			continue;
		e->ticks = times_ticks(ml_le64(head), e->raw);
		e->id = ml_le32(e->raw);
		e->place = i;
		t->n++;
	}
	qsort(t->entry, t->n, sizeof(*t->entry), times_order);
	if (log->n == source->log->pub.capacity / ENTRY)
		ml_source_note_add(source, "the table is full, and later times "
					   "are lost");
	return MEMLOG_OK;
}

static enum memlog_status times_next(void *state, struct ml_source *source,
				     struct memlog_record *rec,
				     struct memlog_err *err)
{
	struct times *t = state;
	const struct times_entry *e;
	const char *name;
	uint64_t us;
	int at, n;

	(void)source;
	(void)err;
	if (t->next == t->n)
		return MEMLOG_NO_DATA;
	e = &t->entry[t->next++];
	name = times_name(e->id);
	if (!name)
		name = "unknown";
	if (t->hz) {
		us = e->ticks % t->hz * 1000000 / t->hz;
		at = snprintf(t->line, LINE, "[%5" PRIu64 ".%06" PRIu64 "] ",
			      e->ticks / t->hz, us);
	} else {
		at = snprintf(t->line, LINE, "[%16" PRIu64 "] ", e->ticks);
	}
	n = snprintf(t->line + at, LINE - (size_t)at, "%s (%" PRIu32 ")\n",
		     name, e->id);
	rec->has_time = true;
	rec->time = e->ticks;
	rec->time_hz = t->hz ? t->hz : t->user_hz;
	rec->text = (const uint8_t *)t->line;
	rec->text_len = (size_t)(at + n);
	ml_record_message(rec, (size_t)at);
	rec->raw = e->raw;
	rec->raw_len = ENTRY;
	ml_record_field(rec, "id", MEMLOG_FIELD_UINT, e->id);
	ml_record_field_text(rec, "event", name, strlen(name));
	ml_record_field(rec, "ticks", MEMLOG_FIELD_UINT, e->ticks);
	return MEMLOG_OK;
}

static void times_moment(const struct memlog_record *rec, struct ml_moment *ret)
{
	size_t i;

	ret->is_mark = true;
	for (i = 0; i < sizeof(times_names) / sizeof(*times_names); i++)
		if (rec->n_fields && rec->fields[0].u == times_names[i].id)
			ret->phase = times_names[i].phase;
}

const struct ml_format ml_format_cbmem_times = {
	.name = "cbmem-times",
	.title = "boot times of coreboot",
	.magics = ml_cbmem_magics,
	.probe = times_probe,
	.probe_min = CBMEM_TABLE,
	.probe_len = CBMEM_TABLE + ML_CBMEM_TABLE,
	.open = times_open,
	.next = times_next,
	.state_size = sizeof(struct times),
	.find.glance = ml_cbmem_glance,
	.find.likely = ml_cbmem_likely,
	.group.expand = times_expand,
	.group.relate = times_relate,
	.group.text = ml_text_of_header,
	.live.header = HEADER,
	.say.moment = times_moment,
	.say.takes = ML_TAKES_RATE,
	.say.absent =
		"coreboot keeps times only with CONFIG_COLLECT_TIMESTAMPS",
	.say.reserved = true,
	.say.on_request = true,
};
