/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* words.c - sizes, addresses, states and flags as words. */
#include "words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
const struct ml_word ml_record_words[] = {
	{ MEMLOG_REC_TRUNCATED_HEAD, "truncated-head" },
	{ MEMLOG_REC_PARTIAL_TAIL, "partial-tail" },
	{ MEMLOG_REC_LOST_BEFORE, "lost-before" },
	{ MEMLOG_REC_GUESSED, "guessed" },
	{ MEMLOG_REC_RACED, "raced" },
	{ MEMLOG_REC_STALE, "stale" },
	{ MEMLOG_REC_CONTINUES, "continues" },
	{ MEMLOG_REC_UNCOMMITTED, "uncommitted" },
	{ MEMLOG_REC_CONSUMED, "consumed" },
	{ MEMLOG_REC_DATE, "date" },
	{ MEMLOG_REC_CONTEXT, "context" },
	{ 0, NULL },
};

const struct ml_word ml_log_words[] = {
	{ MEMLOG_LOG_WRAPPED, "wrapped" },
	{ MEMLOG_LOG_LOST_HEAD, "lost-head" },
	{ MEMLOG_LOG_LOCKED, "locked" },
	{ MEMLOG_LOG_RACED, "raced" },
	{ MEMLOG_LOG_GUESSED, "guessed" },
	{ MEMLOG_LOG_DAMAGED, "damaged" },
	{ MEMLOG_LOG_EMPTY, "empty" },
	{ MEMLOG_LOG_NOT_A_LOG, "not-a-log" },
	{ MEMLOG_LOG_INCOMPLETE, "incomplete" },
	{ MEMLOG_LOG_CUT_OFF, "cut-off" },
	{ 0, NULL },
};

const char *memlog_state_name(enum memlog_state state)
{
	switch (state) {
	case MEMLOG_STATE_CURRENT:
		return "current";
	case MEMLOG_STATE_STALE:
		return "stale";
	case MEMLOG_STATE_COPY:
		return "copy";
	case MEMLOG_STATE_UNKNOWN:
		break;
	}
	return "unknown";
}

const char *ml_level_word(uint32_t level)
{
	static const char *const words[] = {
		"emerg", "alert",  "crit", "err",
		"warn",	 "notice", "info", "debug",
	};

	return level < sizeof(words) / sizeof(words[0]) ? words[level] : "?";
}

const char *ml_log_addr(const struct memlog_log *log, char ret[ML_ADDR_TEXT])
{
	if (!log->n_extents)
		return "?";
	snprintf(ret, ML_ADDR_TEXT, "%s:0x%" PRIx64,
		 memlog_space_name(log->extents[0].space),
		 log->extents[0].addr);
	return ret;
}

void ml_file_name(const char *image, const struct memlog_log *log,
		  const char *part, const char *suffix, char ret[ML_FILE_NAME])
{
	const struct memlog_extent *e = log->n_extents ? log->extents : NULL;
	const char *slash = image ? strrchr(image, '/') : NULL;
	char prefix[48] = "", *p;

	if (image)
		snprintf(prefix, sizeof(prefix), "%s-",
			 slash ? slash + 1 : image);
	for (p = prefix; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789._-"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
			    *p) ||
		    (p == prefix && *p == '.'))
			*p = '_';
	snprintf(ret, ML_FILE_NAME, "%s%s-%s-0x%" PRIx64 "%s%s.%s", prefix,
		 log->format, e ? memlog_space_name(e->space) : "none",
		 e ? e->addr : 0, part ? "-" : "", part ? part : "", suffix);
}

const char *ml_size_words(uint64_t size, char ret[ML_SIZE_TEXT])
{
	static const char units[] = "KMGTPE";
	double v = (double)size / 1024;
	size_t u = 0;

	if (size < 1024) {
		snprintf(ret, ML_SIZE_TEXT, "%" PRIu64 " byte%s", size,
			 ml_s(size));
		return ret;
	}
	while (v >= 1024 && u + 2 < sizeof(units)) {
		v /= 1024;
		u++;
	}
	snprintf(ret, ML_SIZE_TEXT, "%.1f %ciB", v, units[u]);
	return ret;
}

const char *ml_dump_level_words(uint32_t level, char ret[ML_LEVEL_TEXT])
{
	static const char *const kinds[] = {
		"zeros", "cache", "private cache", "user memory", "free memory",
	};
	size_t i, n = 0;

	ret[0] = '\0';
	if (!level)
		return ret;
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (level >> i & 1)
			n += (size_t)snprintf(ret + n, ML_LEVEL_TEXT - n,
					      "%s%s", n ? ", " : "", kinds[i]);
	snprintf(ret + n, ML_LEVEL_TEXT - n, " (makedumpfile -d %" PRIu32 ")",
		 level);
	return ret;
}
