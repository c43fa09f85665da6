/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* signature.c - the key of what went wrong. */
#include "signature.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cleaned.h"

static const struct {
	const char *kind, *words;
} signature_kinds[ML_FAULT_KINDS] = {
	[ML_FAULT_ASSERT] = { "assert", "assert" },
	[ML_FAULT_EXCEPTION] = { "exception", "exception" },
	[ML_FAULT_PANIC] = { "panic", "panic" },
	[ML_FAULT_ERROR] = { "error", "error" },
	[ML_FAULT_NO_BOOT] = { "no-boot", "no boot device" },
};

static bool signing_is_end(enum ml_fault_kind kind)
{
	return kind == ML_FAULT_ASSERT || kind == ML_FAULT_EXCEPTION ||
	       kind == ML_FAULT_PANIC;
}

void ml_signing_log(struct ml_signing *s, const struct memlog_log *log,
		    const struct ml_format *format)
{
	s->format = format;
	s->log = (struct ml_signature_log){ .format = format->name };
	if (log->n_extents) {
		s->log.space = log->extents[0].space;
		s->log.addr = log->extents[0].addr;
	}
	if (!s->first_log.format)
		s->first_log = s->log;
	s->log_phase = ML_STAGE_NONE;
	s->first.kind = s->error.kind = s->no_boot.kind = ML_FAULT_NONE;
	s->before_at = 0;
	s->record = 0;
	s->inside = s->next = false;
}

/* Fill in what is not there yet: the kind says how to clean it. */
static void signing_fill(struct ml_signature_fault *f,
			 const struct ml_fault *from)
{
	bool source = f->kind == ML_FAULT_ASSERT;

	if (from->what.len && !f->what[0])
		(f->kind == ML_FAULT_ERROR || f->kind == ML_FAULT_PANIC ?
			 ml_cleaned_message :
			 ml_cleaned_text)(from->what, f->what, sizeof(f->what));
	if (from->cause.len && !f->cause[0])
		ml_cleaned_text(from->cause, f->cause, sizeof(f->cause));
	if (f->has_number || (!from->where.len && !from->has_number))
		return;
	if (from->where.len && source)
		ml_cleaned_path(from->where, f->where, sizeof(f->where));
	else if (from->where.len && f->kind == ML_FAULT_EXCEPTION)
		ml_cleaned_name(from->where, f->where, sizeof(f->where));
	else if (from->where.len)
		ml_cleaned_text(from->where, f->where, sizeof(f->where));
	f->has_number = from->has_number;
	f->number = from->number;
}

static void signing_start(const struct ml_signing *s,
			  struct ml_signature_fault *f,
			  const struct ml_fault *from)
{
	*f = (struct ml_signature_fault){ .kind = from->kind,
					  .phase = s->log_phase,
					  .log = s->log };
	signing_fill(f, from);
}

/* The first failure of this log. What was said before it belongs to it: of an assertion the
 * cause, of others where it was. */
static void signing_first(struct ml_signing *s, const struct ml_fault *from)
{
	struct ml_signature_fault *f = &s->first;

	signing_start(s, f, from);
	s->first_at = s->record;
	s->next = from->next;
	if (!s->before_at || s->record - s->before_at > ML_SIGNATURE_NEAR)
		return;
	memcpy(f->cause, s->before.cause, sizeof(f->cause));
	if (f->has_number)
		return;
	memcpy(f->where, s->before.where, sizeof(f->where));
	f->has_number = s->before.has_number;
	f->number = s->before.number;
}

static void signing_fault(struct ml_signing *s, const struct ml_fault *from)
{
	if (from->before && !s->first.kind) {
		signing_start(s, &s->before, from);
		s->before_at = s->record;
	} else if (from->more) {
		if (s->first.kind &&
		    s->record - s->first_at <= ML_SIGNATURE_NEAR)
			signing_fill(&s->first, from);
	} else if (signing_is_end(from->kind)) {
		if (!s->first.kind)
			signing_first(s, from);
	} else if (from->kind == ML_FAULT_ERROR) {
		signing_start(s, &s->error, from);
	} else if (from->kind == ML_FAULT_NO_BOOT) {
		signing_start(s, &s->no_boot, from);
		s->no_boot.what[0] = '\0';
		s->error.kind = ML_FAULT_NONE;
	}
}

void ml_signing_take(struct ml_signing *s, const struct memlog_record *rec)
{
	struct ml_moment m = { .phase = ML_STAGE_NONE };
	struct ml_fault f = { .kind = ML_FAULT_NONE };
	bool inside = s->inside;

	s->inside = rec->flags & MEMLOG_REC_CONTINUES;
	if (inside)
		return;
	s->record++;
	if (s->next && ml_words_of(rec).len) {
		f.what = ml_words_of(rec);
		signing_fill(&s->first, &f);
		s->next = false;
		return;
	}
	if (s->format->say.moment)
		s->format->say.moment(rec, &m);
	if (m.phase > s->log_phase && !m.aside)
		s->log_phase = m.phase;
	if (s->format->say.fault)
		s->format->say.fault(rec, &f);
	signing_fault(s, &f);
}

static void signing_better(struct ml_signing *s,
			   const struct ml_signature_fault *f)
{
	if (f->kind && (!s->best.kind || f->kind < s->best.kind))
		s->best = *f;
}

void ml_signing_log_end(struct ml_signing *s, bool whole)
{
	s->cut |= !whole;
	if (s->log_phase > s->phase) {
		s->phase = s->log_phase;
		s->phase_log = s->log;
		/* the boot went on after it */
		if (!signing_is_end(s->best.kind))
			s->best.kind = ML_FAULT_NONE;
	}
	signing_better(s, &s->first);
	if (s->error.phase >= s->phase)
		signing_better(s, &s->error);
	if (s->no_boot.phase >= s->phase)
		signing_better(s, &s->no_boot);
}

/* The key's words, one after the other. */
static void signature_add(struct ml_signature *ret, const char *before,
			  const char *words, const char *after)
{
	size_t n = strlen(ret->key);

	if (words[0])
		snprintf(ret->key + n, sizeof(ret->key) - n, "%s%s%s", before,
			 words, after);
}

static void signature_fault(const struct ml_signature_fault *f,
			    struct ml_signature *ret)
{
	char number[24] = "";

	ret->kind = signature_kinds[f->kind].kind;
	ret->log = f->log;
	signature_add(ret, "", signature_kinds[f->kind].words, "");
	if (f->kind == ML_FAULT_ASSERT) {
		if (f->has_number)
			snprintf(number, sizeof(number), "%" PRIu64, f->number);
		signature_add(ret, " ", f->where, "");
		signature_add(ret, ":", number, "");
		signature_add(ret, " ", f->what, "");
		signature_add(ret, " (", f->cause, ")");
		return;
	}
	if (f->has_number)
		snprintf(number, sizeof(number), "0x%" PRIx64, f->number);
	signature_add(ret, " ", f->what, "");
	signature_add(ret, " ", f->cause, "");
	signature_add(ret, f->kind == ML_FAULT_PANIC ? " in " : " ", f->where,
		      "");
	signature_add(ret, f->where[0] ? "+" : " +", number, "");
}

bool ml_signing_get(const struct ml_signing *s, struct ml_signature *ret)
{
	*ret = (struct ml_signature){ .whole = !s->cut };
	if (!s->first_log.format)
		return false;
	if (s->best.kind) {
		signature_fault(&s->best, ret);
	} else if (s->phase) {
		ret->kind = "phase";
		ret->log = s->phase_log;
		signature_add(ret, "phase ", ml_stage_name(s->phase), "");
	} else {
		ret->kind = "log";
		ret->log = s->first_log;
		signature_add(ret, "log ", s->first_log.format, "");
	}
	return true;
}

void ml_signature_of_image(const char *kind, const char *words,
			   const char *reason, struct ml_signature *ret)
{
	*ret = (struct ml_signature){ .kind = kind };
	signature_add(ret, "", words, "");
	if (reason)
		signature_add(ret, ": ", reason, "");
}
