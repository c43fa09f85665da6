/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libtell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void tell_log(FILE *f, struct memlog_image *image,
		     const struct memlog_log *log, struct tell *t)
{
	const struct memlog_record *rec;
	struct memlog_decoder *d;

	if (t->head)
		t->head(f, log);
	assert_int_equal(memlog_decoder_open(image, log, NULL, &d, NULL), 0);
	while (!memlog_decoder_next(d, &rec, NULL))
		if (t->line)
			t->line(f, rec);
		else
			fwrite(rec->raw, 1, rec->raw_len, f);
	t->damaged = memlog_decoder_damaged(d);
	memlog_decoder_close(d);
}

char *tell_all(struct memlog_image *image, struct tell *t)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = t->formats,
				      .mode = t->mode };
	const struct memlog_log *log;
	struct memlog_logs *logs;
	char *out = NULL;
	FILE *f = open_memstream(&out, &t->len);

	assert_non_null(f);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	for (t->logs = 0; (log = memlog_logs_get(logs, t->logs)); t->logs++)
		tell_log(f, image, log, t);
	memlog_logs_destroy(logs);
	fclose(f);
	return out;
}
