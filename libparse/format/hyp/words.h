/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* words.h - what the events of a log are called, and how they are printed. */
#ifndef ML_FORMAT_HYP_WORDS_H
#define ML_FORMAT_HYP_WORDS_H

#include "image/bytes/rbpage.h"
#include "hyp.h"

enum { HYP_DATA = 64 /* bytes of an unknown event that are printed */ };

/* raw: events may be unknown to us, not only to the kernel. data: of the last event
 * that was. guessed: so are the names. */
struct hyp_words {
	struct hyp_type *types;
	size_t n_types;
	char reasons[HYP_REASONS][HYP_REASON + 1];
	size_t n_reasons;
	bool raw, android, guessed;
	char data[2 * HYP_DATA + 1];
	char (*strings)[HYP_STRING]; /* that the hypervisor prints */
	size_t n_strings;
};

/* strings.c: is it the name of the event that prints a string? */
bool ml_hyp_is_printk(const char *name);

/* Load the strings, if the log has them. The caller frees. */
enum memlog_status ml_hyp_strings_load(struct hyp_words *w,
				       const struct memlog_allocator *alloc,
				       struct ml_source *source,
				       struct memlog_err *err);

/* Print such an event, less than size bytes; returns how many. */
size_t ml_hyp_strings_print(const struct hyp_words *w,
			    const struct ml_rb_event *e, char *ret,
			    size_t size);

/* Set its fields. */
void ml_hyp_strings_fields(const struct hyp_words *w,
			   const struct ml_rb_event *e,
			   struct memlog_record *rec);

/* Add a field with the string that its text has, if there is one. */
void ml_hyp_strings_field(const struct hyp_words *w,
			  const struct ml_rb_event *e,
			  struct memlog_record *rec);

/* Load them; w is zeroed. The caller frees types and strings. page: room for a page of the
 * log. */
enum memlog_status ml_hyp_words_open(struct hyp_words *w,
				     const struct memlog_allocator *alloc,
				     struct ml_source *source, uint8_t *page,
				     struct memlog_err *err);

/* The name and the fields of an event, less than size bytes; returns how many. */
size_t ml_hyp_words_print(struct hyp_words *w, const struct ml_rb_event *e,
			  char *ret, size_t size);

/* Set the component and the fields, of the event that was printed last. */
void ml_hyp_words_fields(const struct hyp_words *w, const struct ml_rb_event *e,
			 struct memlog_record *rec);

#endif
