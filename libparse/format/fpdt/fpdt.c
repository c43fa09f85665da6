/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fpdt.c - how long UEFI firmware took to boot: the table FBPT, to which the ACPI table
 * FPDT leads, with the times of phases and drivers; and S3PT, with those of a resume.
 * docs/facts/fpdt.md.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/plural.h"
#include "fpdt.h"

enum { AT_ID = 4, AT_CPU = 6, AT_TIME = 10, AT_GUID = 18, GUID = 16 };
enum { NS = 1000000000, GUID_TEXT = 40, FPDT_LINE = 512, OPEN = 64 };
enum { START = 1, END = 2 };

/* The timer of ACPI has 24 bits and counts at 3.579545 MHz: firmware that takes its
 * times from it starts over that often. */
#define WRAP (UINT64_C(16777216) * NS / 3579545)

/* A boot that takes longer was not measured right. */
#define HOUR (UINT64_C(3600) * NS)

/* What is measured; the number of its end follows that of its start. */
static const struct fpdt_kind {
	uint16_t id;
	const char *name;
} fpdt_kinds[] = {
	{ 0x01, "entry" },    { 0x03, "load" },	    { 0x05, "start" },
	{ 0x07, "support" },  { 0x09, "stop" },	    { 0x10, "signal" },
	{ 0x20, "callback" }, { 0x30, "function" }, { 0x40, "module" },
	{ 0x50, "phase" },
};

static const char *const fpdt_basic[BASIC_TIMES] = {
	"ResetEnd", "OsLoaderLoadImageStart", "OsLoaderStartImageStart",
	"ExitBootServicesEntry", "ExitBootServicesExit"
};

/* What has started and not ended. */
struct fpdt_open {
	uint16_t id;
	uint8_t guid[GUID];
	uint64_t word, time;
};

struct fpdt {
	uint64_t off;
	uint8_t basic[BASIC], b[256];
	unsigned int next_basic; /* index of the next basic time */
	bool has_basic, wraps;	 /* times are of a timer that does */
	uint64_t last, turns;	 /* raw time of the last record */
	uint64_t suspicious, descents;
	struct fpdt_open open[OPEN];
	size_t n_open;
	const struct memlog_names *names;
	char guid[GUID_TEXT], line[FPDT_LINE], phase[64], string[224];
};

/* ---- its records -------------------------------------------------------- */

/* All n bytes at off; false: some are not in the image. */
static bool fpdt_read(struct ml_source *source, uint64_t off, uint8_t *b,
		      size_t n)
{
	return ml_source_fill(source, 0, off, b, n) == n;
}

/* The next record into b; false: there is none, it is damaged, or a part of it is
 * missing, and so are all that follow it. */
static bool fpdt_load(struct fpdt *f, struct ml_source *source, uint8_t *b)
{
	uint64_t left = source->log->extents[0].len - f->off;
	uint64_t missing = source->missing;

	if (left < RECORD)
		return false;
	memset(b, 0, sizeof(f->b));
	if (!fpdt_read(source, f->off, b, RECORD) ||
	    (b[2] > RECORD && b[2] <= left &&
	     !fpdt_read(source, f->off + RECORD, b + RECORD,
			(size_t)b[2] - RECORD))) {
		source->missing = missing + left;
		f->off += left;
		return false;
	}
	if (b[2] < RECORD || b[2] > left) {
		source->damaged += left;
		f->off += left;
		return false;
	}
	f->off += b[2];
	return true;
}

/* Are all times of a timer that wraps, and does it, once at least? */
static bool fpdt_wraps(struct fpdt *f, struct ml_source *source)
{
	uint64_t t, last = 0, off = f->off;
	struct ml_source before = *source;
	bool descends = false, fits = true;

	while (fits && fpdt_load(f, source, f->b)) {
		if (!ml_fpdt_is_event(f->b) || ml_le16(f->b) > TYPE_WORD_STRING)
			continue;
		t = ml_le64(f->b + AT_TIME);
		fits = t <= WRAP;
		descends |= last > WRAP / 2 && t < last - WRAP / 2;
		last = t;
	}
	f->off = off;
	*source = before;
	return fits && descends;
}

static enum memlog_status fpdt_open(void *state, struct ml_source *source,
				    const struct ml_decoder_opts *opts,
				    struct memlog_err *err)
{
	struct fpdt *f = state;

	f->off = HEADER;
	f->names = opts->user->names;
	if (*source->log->priv == VARIANT_BOOT && fpdt_load(f, source, f->b)) {
		memcpy(f->basic, f->b, BASIC);
		f->has_basic = true;
		f->wraps = fpdt_wraps(f, source);
	}
	return MEMLOG_OK;
}

/* A time with the turns of the timer before it. */
static uint64_t fpdt_time(struct fpdt *f, uint64_t t)
{
	uint64_t all;

	if (f->wraps && f->last > WRAP / 2 && t < f->last - WRAP / 2)
		f->turns++;
	else if (t < f->last)
		f->descents++;
	f->last = t;
	f->suspicious += t > HOUR;
	return ml_mul(f->turns, WRAP, &all) && ml_add(all, t, &all) ? all : t;
}

static void fpdt_text(struct memlog_record *rec, const char *name,
		      const char *text)
{
	ml_record_field_text(rec, name, text, strlen(text));
}

/* The line: its time, if there is one, then words. */
static void fpdt_put(struct fpdt *f, struct memlog_record *rec, bool timed,
		     uint64_t time, const char *words)
{
	int at = 0, n;

	if (timed)
		at = snprintf(f->line, sizeof(f->line),
			      "[%5" PRIu64 ".%06" PRIu64 "] ", time / NS,
			      time % NS / 1000);
	n = snprintf(f->line + at, sizeof(f->line) - (size_t)at, "%s\n", words);
	rec->flags = MEMLOG_REC_VERBATIM;
	rec->has_time = timed;
	rec->time = time;
	rec->time_hz = NS;
	rec->text = (const uint8_t *)f->line;
	rec->text_len = ml_min((uint64_t)(at + n), sizeof(f->line) - 1);
	ml_record_message(rec, (size_t)at);
	rec->raw = f->b;
	rec->raw_len = f->b[2];
}

static void fpdt_put_guid(const uint8_t *g, char ret[GUID_TEXT])
{
	if (!memcmp(g, "hndl", 4)) {
		snprintf(ret, GUID_TEXT, "unresolved-handle");
		return;
	}
	snprintf(ret, GUID_TEXT,
		 "%08" PRIx32 "-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 ml_le32(g), (unsigned int)ml_le16(g + 4),
		 (unsigned int)ml_le16(g + 6), g[8], g[9], g[10], g[11], g[12],
		 g[13], g[14], g[15]);
}

/* The text at the end of a record, without padding. */
static void fpdt_string(struct fpdt *f, size_t from)
{
	size_t n = f->b[2] > from ? f->b[2] - from : 0;

	n = strnlen((const char *)f->b + from, n);
	n = ml_min(n, sizeof(f->string) - 1);
	memcpy(f->string, f->b + from, n);
	f->string[n] = '\0';
}

/* How long what ends now took; false: its start is not known. */
static bool fpdt_end(struct fpdt *f, uint16_t id, uint64_t word, uint64_t time,
		     uint64_t *ret)
{
	size_t i = f->n_open;
	struct fpdt_open *o;

	while (i--) {
		o = &f->open[i];
		if (o->id != id || o->word != word ||
		    memcmp(o->guid, f->b + AT_GUID, GUID) || time < o->time)
			continue;
		*ret = time - o->time;
		memmove(o, o + 1, (f->n_open - i - 1) * sizeof(*o));
		f->n_open--;
		return true;
	}
	return false;
}

static void fpdt_start(struct fpdt *f, uint16_t id, uint64_t word,
		       uint64_t time)
{
	struct fpdt_open *o;

	/* the oldest one has no end */
	if (f->n_open == OPEN)
		memmove(f->open, f->open + 1, --f->n_open * sizeof(*f->open));
	o = &f->open[f->n_open++];
	o->id = id;
	o->word = word;
	o->time = time;
	memcpy(o->guid, f->b + AT_GUID, GUID);
}

static void fpdt_event(struct fpdt *f, struct memlog_record *rec)
{
	uint16_t type = ml_le16(f->b), id = ml_le16(f->b + AT_ID);
	uint64_t raw = ml_le64(f->b + AT_TIME), time = fpdt_time(f, raw), took;
	uint64_t word = type >= TYPE_WORD ? ml_le64(f->b + GUID_EVENT) : 0;
	const char *kind = "mark", *edge = "";
	char words[FPDT_LINE - 64];
	const char *name;
	int side = 0, n;
	size_t i;

	for (i = 0; i < sizeof(fpdt_kinds) / sizeof(*fpdt_kinds); i++)
		if (id == fpdt_kinds[i].id || id == fpdt_kinds[i].id + 1) {
			kind = fpdt_kinds[i].name;
			side = id == fpdt_kinds[i].id ? START : END;
			edge = side == START ? "begin" : "end";
		}
	fpdt_string(f, type == TYPE_TWO	 ? TWO_EVENT :
		       type >= TYPE_WORD ? WORD_EVENT :
					   GUID_EVENT);
	fpdt_put_guid(f->b + AT_GUID, f->guid);
	if (side == START)
		fpdt_start(f, id, word, time);
	if (!strcmp(kind, "phase") && side == START)
		snprintf(f->phase, sizeof(f->phase), "%.63s", f->string);
	name = ml_names_find(f->names, f->guid);
	n = snprintf(words, sizeof(words), "%s%s%s %s%s%s%s%s", kind,
		     side ? " " : "", edge, f->guid, name ? " " : "",
		     name ? name : "", f->string[0] ? " " : "", f->string);
	fpdt_text(rec, "event", kind);
	if (side)
		fpdt_text(rec, "edge", edge);
	fpdt_text(rec, "guid", f->guid);
	if (name)
		fpdt_text(rec, "module", name);
	if (f->string[0])
		fpdt_text(rec, "name", f->string);
	if (type >= TYPE_WORD)
		ml_record_field(rec, "word", MEMLOG_FIELD_HEX, word);
	ml_record_field(rec, "recorded_ns", MEMLOG_FIELD_UINT, raw);
	if (side == END && fpdt_end(f, id - 1, word, time, &took)) {
		snprintf(words + n, sizeof(words) - (size_t)n,
			 ", %" PRIu64 ".%06" PRIu64 " ms", took / 1000000,
			 took % 1000000);
		ml_record_field(rec, "took_ns", MEMLOG_FIELD_UINT, took);
	}
	fpdt_put(f, rec, true, time, words);
	rec->component = name ? name : f->guid;
	rec->phase = f->phase[0] ? f->phase : NULL;
	rec->cpu = (int32_t)ml_min(ml_le32(f->b + AT_CPU), INT32_MAX);
}

/* A time of the boot as a whole. */
static void fpdt_basic_time(struct fpdt *f, struct memlog_record *rec,
			    unsigned int i)
{
	uint64_t raw = ml_le64(f->basic + BASIC_FIRST + 8 * i), time = raw;
	char words[64];

	memcpy(f->b, f->basic, BASIC);
	if (raw && i)
		time = fpdt_time(f, raw);
	snprintf(words, sizeof(words), "%s%s", fpdt_basic[i],
		 raw ? "" : " was not recorded");
	fpdt_text(rec, "event", fpdt_basic[i]);
	ml_record_field(rec, "recorded_ns", MEMLOG_FIELD_UINT, raw);
	fpdt_put(f, rec, raw, time, words);
}

static void fpdt_resume(struct fpdt *f, struct memlog_record *rec)
{
	uint64_t full = ml_le64(f->b + 8), average = ml_le64(f->b + 16);
	char words[64];

	snprintf(words, sizeof(words), "resume %" PRIu32 ", the last one",
		 ml_le32(f->b + RECORD));
	fpdt_text(rec, "event", "resume");
	ml_record_field(rec, "count", MEMLOG_FIELD_UINT,
			ml_le32(f->b + RECORD));
	ml_record_field(rec, "average_ns", MEMLOG_FIELD_UINT, average);
	fpdt_put(f, rec, true, full, words);
}

/* What is doubtful about the times. */
static void fpdt_doubt(struct fpdt *f, struct ml_source *source)
{
	char words[ML_SOURCE_NOTE];

	if (f->turns) {
		snprintf(words, sizeof(words),
			 "its timer started over every 4.687 s, at least "
			 "%" PRIu64 " time%s",
			 f->turns, ml_s(f->turns));
		ml_source_note_add(source, words);
	}
	if (f->suspicious)
		ml_source_note_add(source, "times of more than an hour are "
					   "not since the reset");
	if (f->descents)
		ml_source_note_add(source, "times go back");
	f->turns = f->suspicious = f->descents = 0;
}

static enum memlog_status fpdt_next(void *state, struct ml_source *source,
				    struct memlog_record *rec,
				    struct memlog_err *err)
{
	struct fpdt *f = state;

	if (f->has_basic && !f->next_basic) {
		fpdt_basic_time(f, rec, f->next_basic++);
		return MEMLOG_OK;
	}
	while (fpdt_load(f, source, f->b)) {
		if (*source->log->priv == VARIANT_RESUME) {
			if (ml_le16(f->b) || f->b[2] < RESUME)
				continue;
			fpdt_resume(f, rec);
			return MEMLOG_OK;
		}
		if (!ml_fpdt_is_event(f->b) || ml_le16(f->b) > TYPE_WORD_STRING)
			continue;
		fpdt_event(f, rec);
		return MEMLOG_OK;
	}
	if (f->has_basic && f->next_basic < BASIC_TIMES) {
		fpdt_basic_time(f, rec, f->next_basic++);
		return MEMLOG_OK;
	}
	fpdt_doubt(f, source);
	return MEMLOG_NO_DATA;
}

static const struct ml_magic fpdt_magics[] = {
	{ .bytes = "FBPT", .len = 4, .align = ML_PAGE },
	{ .bytes = "FPDT", .len = 4, .align = ML_PAGE },
	{ .bytes = "S3PT", .len = 4, .align = ML_PAGE },
	{ .len = 0 },
};

const struct ml_format ml_format_fpdt = {
	.name = "fpdt",
	.title = "boot times of UEFI firmware",
	.magics = fpdt_magics,
	.probe = ml_fpdt_probe,
	.probe_min = HEADER,
	.probe_len = ML_PAGE,
	.open = fpdt_open,
	.next = fpdt_next,
	.state_size = sizeof(struct fpdt),
	.find.glance = ml_fpdt_glance,
	.group.relate = ml_fpdt_relate,
	.group.text = ml_text_of_extent,
	.say.moment = ml_fpdt_moment,
	.say.absent = "OVMF as it is built by default has no FPDT; most "
		      "machines have one",
	.say.named_by = &ml_format_ovmf,
	.say.reserved = true,
	.say.efi = true,
	.say.on_request = true,
};
