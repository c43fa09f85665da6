/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* words.h - the words shown to people and programs for flags, states and
 * sizes; names of files. */
#ifndef ML_RENDER_WORDS_H
#define ML_RENDER_WORDS_H

#include "memlog.h"

struct ml_word {
	uint32_t flag;
	const char *word;
};

/* MEMLOG_REC_* and MEMLOG_LOG_*; end with a NULL word. */
extern const struct ml_word ml_record_words[];
extern const struct ml_word ml_log_words[];

/* "err", ... of a syslog level; "?" above 7. */
const char *ml_level_word(uint32_t level);

/* "phys:0x7e9b2000" of a log's first extent; "?" of a log without one. */
#define ML_ADDR_TEXT 32
const char *ml_log_addr(const struct memlog_log *log, char ret[ML_ADDR_TEXT]);

/* "ovmf-phys-0x7e9b2000.txt", the file of a log in a directory, with "txt" for
 * suffix. If image is not NULL its name comes first, in plain characters; if
 * part is not NULL "-part" comes before the suffix. */
#define ML_FILE_NAME 128
void ml_file_name(const char *image, const struct memlog_log *log,
		  const char *part, const char *suffix, char ret[ML_FILE_NAME]);

/* "640 bytes", "64.0 MiB" */
#define ML_SIZE_TEXT 32
const char *ml_size_words(uint64_t size, char ret[ML_SIZE_TEXT]);

/* "free pages, cache (makedumpfile -d 24)": the pages that a dump level left
 * out; "" for 0. */
#define ML_LEVEL_TEXT 128
const char *ml_dump_level_words(uint32_t level, char ret[ML_LEVEL_TEXT]);

#endif
