/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tpm.c - the TCG event log: what firmware and boot loaders measured into the PCRs of a
 * TPM, in the order in which it ran; docs/facts/tpm-log.md. It has no times.
 */
#include "tpm.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

/* The first event: what follows the signature. */
enum { SPEC_BANKS = TPM_FIRST + 24, SPEC_LIST = TPM_FIRST + 28, SPEC_BANK = 4 };
enum { PROBE = 256, HEX = 2 * TPM_DIGEST_MAX + 1 };
/* A line has a description, a digest, and a few words more. */
enum { LINE = ML_MAX_LINE, WORDS = LINE - HEX - 128 };

struct tpm_decoder {
	struct memlog_allocator alloc;
	const struct tpm_log *log;
	uint64_t off, seq;
	bool ended, lost, cut;
	const struct memlog_names *names;
	struct tpm_event event;
	char digest[TPM_BANKS][HEX], type[16], words[WORDS], line[LINE];
	/* of the banks: names of fields stay until the end */
	char algorithm[TPM_BANKS][sizeof("alg_0xffff")];
	uint8_t *raw; /* the event's bytes */
	size_t cap;
};

/* ---- finding it ----------------------------------------------------------- */

static bool tpm_is_first(const uint8_t *p, size_t len)
{
	return len >= TPM_FIRST + TPM_SIGNATURE && !ml_le32(p) &&
	       ml_le32(p + 4) == TPM_NO_ACTION && ml_is_zero(p + 8, TPM_SHA1) &&
	       !memcmp(p + TPM_FIRST, "Spec ID Event0", 14) &&
	       !p[TPM_FIRST + 15];
}

static bool tpm_glance(const uint8_t *p, size_t len)
{
	return tpm_is_first(p, len) || len < TPM_FIRST + TPM_SIGNATURE;
}

/* The algorithms of an agile log. */
static bool tpm_banks(const struct ml_probe *p, struct tpm_log *log)
{
	uint32_t size = ml_le32(p->bytes + 28), n, i;
	const uint8_t *b = p->bytes + SPEC_LIST;

	if (p->len < SPEC_LIST)
		return false;
	n = ml_le32(p->bytes + SPEC_BANKS);
	if (!n || n > TPM_BANKS || p->len < SPEC_LIST + n * SPEC_BANK ||
	    size < SPEC_LIST - TPM_FIRST + n * SPEC_BANK + 1)
		return false;
	for (i = 0; i < n; i++, b += SPEC_BANK) {
		log->bank[i].algorithm = ml_le16(b);
		log->bank[i].size = ml_le16(b + 2);
		if (!log->bank[i].size || log->bank[i].size > TPM_DIGEST_MAX)
			return false;
	}
	log->banks = (uint8_t)n;
	return true;
}

static enum memlog_status tpm_probe(const struct ml_probe *p,
				    struct ml_log *log, struct ml_found *ret,
				    struct memlog_err *err)
{
	struct tpm_log *t = (struct tpm_log *)log->priv;

	if (!tpm_is_first(p->bytes, p->len))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "it is not the first event of a log");
	t->agile = p->bytes[TPM_FIRST + 14] == '3';
	if (t->agile && !tpm_banks(p, t))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "its first event has no algorithms");
	log->pub.flags = MEMLOG_LOG_TELLS_ALL;
	t->longer = false;
	log->pub.capacity = log->pub.used = ML_TPM_LOG;
	snprintf(log->pub.variant, sizeof(log->pub.variant),
		 t->agile ? "agile" : "sha1");
	/* a header more, to see whether it goes on */
	ret->extent.len = ML_TPM_LOG + TPM_HEADER;
	return MEMLOG_OK;
}

/* Where it ends is known only by its events. */
static enum memlog_status tpm_expand(struct memlog_logs *logs,
				     struct ml_log *log,
				     struct memlog_image *image,
				     struct memlog_err *err)
{
	struct ml_source source = { .image = image, .log = log };
	struct tpm_event e;
	uint64_t off = 0;
	enum tpm_end end;

	(void)logs;
	while (!(end = ml_tpm_event(&source, off, &e)))
		off = e.next;
	if (!off && end != TPM_MISSING)
		return ml_fail(err, MEMLOG_NOT_MINE, "its first event is none");
	if (end == TPM_DAMAGED) {
		log->pub.flags |= MEMLOG_LOG_DAMAGED;
		snprintf(log->pub.reason, sizeof(log->pub.reason),
			 "what follows its last event is none");
	} else if (end == TPM_LIMIT) {
		log->pub.flags |= MEMLOG_LOG_INCOMPLETE;
		((struct tpm_log *)log->priv)->longer = true;
		snprintf(log->pub.reason, sizeof(log->pub.reason),
			 "it is longer than %u MiB: what follows is left out",
			 ML_TPM_LOG >> 20);
	}
	/* so that it shows what is missing */
	if (end == TPM_MISSING)
		off = e.next;
	log->extents->len = log->pub.capacity = log->pub.used = off;
	return MEMLOG_OK;
}

/* One is that of this boot; of several it is not known which. */
static void tpm_relate(struct ml_log *const *logs, size_t n,
		       struct memlog_image *image, bool some)
{
	size_t i, at;

	(void)image;
	for (i = 0; i < n; i++) {
		at = strlen(logs[i]->pub.reason);
		if (n == 1 && !some)
			logs[i]->pub.state = MEMLOG_STATE_CURRENT;
		else if (n > 1)
			snprintf(logs[i]->pub.reason + at,
				 sizeof(logs[i]->pub.reason) - at,
				 "%sone of %zu logs", at ? "; " : "", n);
	}
}

/* ---- its records ---------------------------------------------------------- */

static enum memlog_status tpm_open(void *state, struct ml_source *source,
				   const struct ml_decoder_opts *opts,
				   struct memlog_err *err)
{
	struct tpm_decoder *d = state;
	size_t i;

	(void)err;
	d->log = ml_tpm_log(source->log);
	for (i = 0; i < d->log->banks; i++)
		snprintf(d->algorithm[i], sizeof(d->algorithm[i]), "alg_0x%04x",
			 d->log->bank[i].algorithm);
	d->alloc = opts->alloc;
	d->names = opts->user->names;
	return MEMLOG_OK;
}

/* The name of an algorithm, which a bank of the log has. */
static const char *tpm_name(const struct tpm_decoder *d, uint16_t algorithm)
{
	const char *name = ml_tpm_algorithm(algorithm);
	size_t i;

	for (i = 0; !name && i < d->log->banks; i++)
		if (d->log->bank[i].algorithm == algorithm)
			name = d->algorithm[i];
	return name ? name : "digest";
}

/* Digests as fields. Returns the SHA-256, or the longest if there is none, or NULL. */
static const char *tpm_digests(struct tpm_decoder *d, struct memlog_record *rec,
			       const char **ret_name)
{
	const struct tpm_event *e = &d->event;
	size_t i, k, rank, best = 0;
	const char *name, *ret = NULL;

	*ret_name = "";
	for (i = 0; i < e->digests; i++) {
		for (k = 0; k < e->digest[i].size; k++)
			snprintf(d->digest[i] + 2 * k, 3, "%02x",
				 e->digest[i].bytes[k]);
		name = tpm_name(d, e->digest[i].algorithm);
		ml_record_field_text(rec, name, d->digest[i], 2 * k);
		rank = strcmp(name, "sha256") ? k : SIZE_MAX;
		if (rank > best) {
			best = rank;
			*ret_name = name;
			ret = d->digest[i];
		}
	}
	return ret;
}

/* All bytes of the event; what follows missing ones is missing, too. */
static enum memlog_status tpm_load(struct tpm_decoder *d,
				   struct ml_source *source,
				   struct memlog_record *rec,
				   struct memlog_err *err)
{
	uint64_t missing = source->missing;
	struct tpm_event *e = &d->event;
	size_t n = (size_t)(e->next - e->off),
	       head = (size_t)(e->from - e->off);

	if (n > d->cap) {
		ml_free(&d->alloc, d->raw);
		d->cap = 0;
		d->raw = ml_calloc(&d->alloc, n, 1);
		if (!d->raw)
			return ml_fail(err, MEMLOG_NO_MEMORY,
				       "no memory for an event");
		d->cap = n;
	}
	rec->raw = d->raw;
	rec->raw_len = ml_source_fill(source, 0, e->off, d->raw, n);
	source->missing = missing + (n - rec->raw_len);
	e->data = d->raw + head;
	e->got = rec->raw_len > head ? rec->raw_len - head : 0;
	if (d->lost)
		rec->flags |= MEMLOG_REC_LOST_BEFORE;
	d->lost = rec->raw_len < n;
	if (d->lost)
		rec->flags |= MEMLOG_REC_PARTIAL_TAIL;
	return MEMLOG_OK;
}

static void tpm_record(struct tpm_decoder *d, struct memlog_record *rec)
{
	const struct tpm_event *e = &d->event;
	const char *type = ml_tpm_type(e->type), *digest, *name;
	int n;

	if (!type) {
		snprintf(d->type, sizeof(d->type), "0x%08" PRIx32, e->type);
		type = d->type;
	}
	d->cut |= !ml_tpm_words(e, d->names, d->words, sizeof(d->words));
	ml_record_field(rec, "pcr", MEMLOG_FIELD_UINT, e->pcr);
	ml_record_field_text(rec, "type", type, strlen(type));
	if (d->words[0])
		ml_record_field_text(rec, "description", d->words,
				     strlen(d->words));
	digest = tpm_digests(d, rec, &name);
	n = snprintf(d->line, sizeof(d->line), "PCR %" PRId32 " %s%s%s",
		     (int32_t)e->pcr, type, d->words[0] ? " " : "", d->words);
	n += snprintf(d->line + n, sizeof(d->line) - (size_t)n, "%s%s%s%s\n",
		      digest ? " " : "", name, digest ? ":" : "",
		      digest ? digest : "");
	rec->flags |= MEMLOG_REC_VERBATIM;
	rec->text = (const uint8_t *)d->line;
	rec->text_len = ml_min((uint64_t)n, sizeof(d->line) - 1);
	ml_record_message(rec, 0);
	rec->has_seq = true;
	rec->seq = d->seq++;
}

static void tpm_end(const struct tpm_decoder *d, struct ml_source *source,
		    enum tpm_end end)
{
	uint64_t left = source->log->extents->len - d->off;

	if (end == TPM_MISSING) {
		source->missing += ml_min(d->event.next - d->off, left);
		ml_source_note_add(source, "it ends where bytes are missing");
	}
	if (ml_tpm_log(source->log)->longer)
		ml_source_note_add(source, "it is longer than what is read of "
					   "it");
	if (d->cut)
		ml_source_note_add(source, "descriptions that end with \"...\" "
					   "are longer");
}

static enum memlog_status tpm_next(void *state, struct ml_source *source,
				   struct memlog_record *rec,
				   struct memlog_err *err)
{
	struct tpm_decoder *d = state;
	enum memlog_status s;
	enum tpm_end end;

	if (d->ended)
		return MEMLOG_NO_DATA;
	end = ml_tpm_event(source, d->off, &d->event);
	if (end) {
		tpm_end(d, source, end);
		d->ended = true;
		return MEMLOG_NO_DATA;
	}
	s = tpm_load(d, source, rec, err);
	if (s)
		return s;
	d->off = d->event.next;
	tpm_record(d, rec);
	return MEMLOG_OK;
}

static void tpm_close(void *state, struct ml_source *source)
{
	struct tpm_decoder *d = state;

	(void)source;
	ml_free(&d->alloc, d->raw);
}

/* The first event has PCR 0, EV_NO_ACTION and a digest of zeros. */
static const struct ml_magic tpm_magics[] = {
	{ .bytes = "\0\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	  .len = 28,
	  .align = ML_PAGE },
	{ .len = 0 },
};

const struct ml_format ml_format_tpm_log = {
	.name = "tpm-log",
	.title = "event log of the TPM",
	.magics = tpm_magics,
	.probe = tpm_probe,
	.probe_min = TPM_FIRST + TPM_SIGNATURE,
	.probe_len = PROBE,
	.open = tpm_open,
	.next = tpm_next,
	.close = tpm_close,
	.state_size = sizeof(struct tpm_decoder),
	.find.glance = tpm_glance,
	.find.reach = ML_TPM_LOG,
	.group.expand = tpm_expand,
	.group.relate = tpm_relate,
	.group.text = ml_text_of_extent,
	.live.header = TPM_FIRST,
	.say.absent = "firmware keeps a log of what it measures only if the "
		      "machine has a TPM",
	.say.named_by = &ml_format_ovmf,
	.say.reserved = true,
	.say.on_request = true,
};
