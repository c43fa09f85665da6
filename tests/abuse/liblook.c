/* SPDX-License-Identifier: GPL-2.0-or-later */
/* liblook.c - what must hold for any image. */
#include "liblook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

char look_at[160];

/* No image of a test is so large that it justifies more. */
#define MEMORY_MAX (256u << 20)

/* A reader may take 32 MiB, and 32 bytes for each record, of which 64 KiB hold no more
 * than 65536. */
#define MEMORY_MOST (34u << 20)

void look_failed(const char *file, int line, const char *cond)
{
	fprintf(stderr, "%s:%d: %s does not hold for: %s\n", file, line, cond,
		look_at);
	abort();
}

/* ---- what a terminal may get -------------------------------------------- */

/* The sequence at p: its length, 0 when it is not valid UTF-8. */
static size_t sequence(const uint8_t *p, size_t len, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *p < 0x80	 ? 1 :
		   *p >> 5 == 6	 ? 2 :
		   *p >> 4 == 14 ? 3 :
		   *p >> 3 == 30 ? 4 :
				   0,
	       i;
	uint32_t c;

	if (!n || n > len)
		return 0;
	c = n == 1 ? *p : *p & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*ret = c;
	return n;
}

bool look_safe(const uint8_t *p, size_t len)
{
	uint32_t c = 0;
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = sequence(p + i, len - i, &c);
		if (!n || (c < 0x20 && c != '\t' && c != '\n') ||
		    (c >= 0x7f && c < 0xa0) || c == 0x61c ||
		    (c >= 0x200e && c <= 0x200f) ||
		    (c >= 0x2028 && c <= 0x202e) ||
		    (c >= 0x2066 && c <= 0x2069))
			return false;
	}
	return true;
}

/* ---- an allocator that counts ------------------------------------------- */

/* in front of every block, as large as alignment wants */
union head {
	size_t size;
	max_align_t align;
};

static void *counted_alloc(void *self, size_t size)
{
	struct look_memory *m = self;
	union head *h;

	if (++m->calls == m->fail)
		return NULL;
	if (m->limit && (size > m->limit || m->now + size > m->limit))
		return NULL;
	h = malloc(sizeof(*h) + size);
	if (!h)
		return NULL;
	h->size = size;
	m->now += size;
	m->blocks++;
	if (m->now > m->most)
		m->most = m->now;
	return h + 1;
}

static void counted_release(void *self, void *ptr)
{
	struct look_memory *m = self;
	union head *h = ptr;

	if (!ptr)
		return;
	h--;
	m->now -= h->size;
	m->blocks--;
	free(h);
}

void look_memory_init(struct look_memory *m, uint64_t limit)
{
	memset(m, 0, sizeof(*m));
	m->limit = limit;
	m->alloc.alloc = counted_alloc;
	m->alloc.release = counted_release;
	m->alloc.self = m;
}

void look_memory_end(const struct look_memory *m, uint64_t window)
{
	LOOK_CHECK(!m->now && !m->blocks);
	LOOK_CHECK(m->most <= MEMORY_MOST + window);
}

/* ---- a sink and messages that are checked ------------------------------- */

enum kind { TEXT, SEQ, RAW };

struct checked {
	enum kind kind;
	uint8_t tail[4]; /* a sequence may be cut by the buffer */
	size_t n_tail;
	uint64_t bytes;
};

static enum memlog_status checked_write(void *self, const void *buf, size_t len,
					struct memlog_err *err)
{
	struct checked *c = self;
	uint8_t *all;
	size_t n, back;

	(void)err;
	c->bytes += len;
	if (c->kind == RAW || !len)
		return MEMLOG_OK;
	n = c->n_tail + len;
	all = malloc(n);
	LOOK_CHECK(all);
	memcpy(all, c->tail, c->n_tail);
	memcpy(all + c->n_tail, buf, len);
	for (back = 0; c->kind == SEQ && back < n; back++)
		if (all[back] == 0x1e) /* RFC 7464 starts records with it */
			all[back] = ' ';
	/* keep back a sequence that may go on in the next piece */
	for (back = 0; back < 3 && back < n; back++)
		if (all[n - 1 - back] >> 6 != 2)
			break;
	back = back < n && all[n - 1 - back] >= 0xc0 ? back + 1 : 0;
	LOOK_CHECK(look_safe(all, n - back));
	memcpy(c->tail, all + n - back, back);
	c->n_tail = back;
	free(all);
	return MEMLOG_OK;
}

static void checked_message(void *arg, int level, const char *line)
{
	(void)arg;
	LOOK_CHECK(level >= 0 && level <= 3);
	LOOK_CHECK(!strchr(line, '\n'));
	LOOK_CHECK(look_safe((const uint8_t *)line, strlen(line)));
}

static void check_err(const struct memlog_err *err)
{
	size_t n = strnlen(err->text, sizeof(err->text));

	LOOK_CHECK(n && n < sizeof(err->text));
	LOOK_CHECK(!strchr(err->text, '\n'));
	LOOK_CHECK(look_safe((const uint8_t *)err->text, n));
}

/* ---- looking ------------------------------------------------------------ */

/* words: the options of one command, ended by NULL */
static void look_query(struct memlog_image *image, const char *const *words,
		       enum kind kind)
{
	struct checked c = { .kind = kind };
	struct memlog_sink sink = {
		.size = sizeof(sink),
		.self = &c,
		.write = checked_write,
	};
	struct memlog_query_host host = {
		.size = sizeof(host),
		.sink = &sink,
		.message = checked_message,
		.deflate = memlog_codec_deflate(),
	};
	struct memlog_query_result result = { .size = sizeof(result) };
	struct memlog_query *q;
	struct memlog_err err = { 0 };
	enum memlog_status s;
	char copies[8][32], *argv[8] = { NULL };
	int argc;

	/* argv is permuted, so it must be writable */
	for (argc = 0; words[argc]; argc++) {
		LOOK_CHECK(argc < 7);
		snprintf(copies[argc], sizeof(copies[0]), "%s", words[argc]);
		argv[argc] = copies[argc];
	}
	s = memlog_query_create(NULL, MEMLOG_HOST_LIBRARY, &q, &err);
	LOOK_CHECK(!s);
	s = memlog_query_parse(q, argc, argv, NULL, NULL, &err);
	if (s)
		fprintf(stderr, "%s: %s\n", argv[1], err.text);
	LOOK_CHECK(!s);
	s = memlog_query_run(q, image, &host, &result, &err);
	if (s && s != MEMLOG_NO_DATA)
		check_err(&err);
	/* text that is whole may end without a line's end */
	LOOK_CHECK(look_safe(c.tail, c.n_tail));
	memlog_query_destroy(q);
}

static void look_log(struct memlog_image *image, const struct memlog_log *log)
{
	struct memlog_decode_opts opts = {
		.size = sizeof(opts),
		.uncommitted = true,
		.consumed = true,
		.deflate = memlog_codec_deflate(),
	};
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_err err = { 0 };
	uint64_t room = 4096, raw = 0, records = 0;
	enum memlog_status s;
	size_t i;

	LOOK_CHECK(log->n_extents);
	LOOK_CHECK(memchr(log->reason, 0, sizeof(log->reason)));
	LOOK_CHECK(memchr(log->version, 0, sizeof(log->version)));
	LOOK_CHECK(memchr(log->variant, 0, sizeof(log->variant)));
	for (i = 0; i < log->n_extents; i++) {
		LOOK_CHECK(log->extents[i].len);
		room += log->extents[i].len;
	}
	s = memlog_decoder_open(image, log, &opts, &d, &err);
	if (s) {
		check_err(&err);
		return;
	}
	while (!(s = memlog_decoder_next(d, &rec, &err))) {
		raw += rec->raw_len;
		LOOK_CHECK(raw <= room);
		LOOK_CHECK(++records <= room);
		LOOK_CHECK(rec->n_fields <= MEMLOG_RECORD_FIELDS);
		LOOK_CHECK(rec->text || !rec->text_len);
	}
	LOOK_CHECK(s == MEMLOG_NO_DATA || s == MEMLOG_CORRUPT ||
		   s == MEMLOG_IO || s == MEMLOG_LIMIT);
	memlog_decoder_close(d);
}

static void look_scan(struct memlog_image *image, enum memlog_scan_mode mode)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts), .mode = mode };
	struct memlog_scan_stats stats = { .size = sizeof(stats) };
	struct memlog_logs *logs = NULL;
	struct memlog_err err = { 0 };
	enum memlog_status s;
	size_t i;

	s = memlog_scan(image, &opts, &logs, &stats, &err);
	if (s)
		check_err(&err);
	LOOK_CHECK(!s || s == MEMLOG_IO || s == MEMLOG_LIMIT);
	LOOK_CHECK(logs);
	LOOK_CHECK(stats.rejected <= stats.candidates);
	LOOK_CHECK(look_safe((uint8_t *)stats.rejected_first,
			     strnlen(stats.rejected_first,
				     sizeof(stats.rejected_first))));
	for (i = 0; i < memlog_logs_count(logs); i++)
		look_log(image, memlog_logs_get(logs, i));
	memlog_logs_destroy(logs);
}

/* Ranges increase, never overlap and end; every note can be had. */
static void look_layout(struct memlog_image *image)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_note note = { .size = sizeof(note) };
	struct memlog_range r;
	struct memlog_err err = { 0 };
	uint64_t at = 0, n = 0;
	uint8_t buf[64];
	size_t got, i;
	int space;

	LOOK_CHECK(!memlog_image_info(image, &info, &err));
	for (i = 0; i < info.n_notes; i++)
		LOOK_CHECK(!memlog_image_note(image, i, &note));
	LOOK_CHECK(memlog_image_note(image, i, &note) == MEMLOG_NO_DATA);
	for (i = 0; i < info.n_warnings; i++)
		LOOK_CHECK(memlog_image_warning(image, i));
	for (space = 0; space < MEMLOG_SPACES; space++) {
		if (!memlog_image_has_space(image, (enum memlog_space)space))
			continue;
		for (at = 0;
		     !memlog_image_next_range(image, space, at, &r, &err);
		     at = r.end) {
			LOOK_CHECK(r.start < r.end && r.start >= at);
			LOOK_CHECK(++n < 1 << 23);
			if (n > 64)
				continue;
			got = 77;
			if (memlog_image_read(image, space, r.end - 1, buf,
					      sizeof(buf), &got, &err))
				check_err(&err);
			LOOK_CHECK(got <= sizeof(buf));
		}
	}
}

/* Every way to look at an image; the first QUICK of them are not for LOOK_ALL alone. */
static const struct way {
	enum { SCAN, LAYOUT, QUERY } what;
	enum memlog_scan_mode mode;
	enum kind kind;
	const char *words[4];
} ways[] = {
	{ SCAN, .mode = MEMLOG_SCAN_PAGES },
	{ QUERY, .words = { "memlog", "-Otext" } },
#define QUICK 2
	{ LAYOUT, .mode = 0 },
	{ SCAN, .mode = MEMLOG_SCAN_EXHAUSTIVE },
	{ SCAN, .mode = MEMLOG_SCAN_LIKELY },
	{ QUERY, .words = { "memlog", "--info" } },
	{ QUERY, .words = { "memlog", "--info", "-J" } },
	{ QUERY, .words = { "memlog", "--list" } },
	{ QUERY, .words = { "memlog", "--list", "-J" } },
	{ QUERY, .words = { "memlog", "--scan=exhaustive", "--uncommitted" } },
	{ QUERY, .words = { "memlog", "-Ojson", "--all" } },
	{ QUERY, .words = { "memlog", "-n+3" } },
	{ QUERY, .words = { "memlog", "-n-3" } },
	{ QUERY, .words = { "memlog", "-gline" } },
	{ QUERY, .words = { "memlog", "-b", "-1" } },
	{ QUERY, .words = { "memlog", "--list-boots", "-J" } },
	{ QUERY, .words = { "memlog", "--at", "0x820000" } },
	{ QUERY, .kind = SEQ, .words = { "memlog", "-Ojson-seq" } },
	{ QUERY, .kind = SEQ, .words = { "memlog", "--list", "-Ojson-seq" } },
	{ QUERY, .kind = RAW, .words = { "memlog", "-Oraw", "--all" } },
	{ QUERY, .kind = RAW, .words = { "memlog", "--extract" } },
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

static unsigned int chosen;

enum look_depth look_chosen(const uint8_t *p, size_t len, enum look_depth depth)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	chosen = len ? p[len - 1] : 0;
	return LOOK_ONE;
#else
	(void)p, (void)len;
	return depth;
#endif
}

static void look_way(struct memlog_image *image, const struct way *way)
{
	switch (way->what) {
	case SCAN:
		look_scan(image, way->mode);
		break;
	case LAYOUT:
		look_layout(image);
		break;
	case QUERY:
		look_query(image, way->words, way->kind);
		break;
	}
}

void look_image(struct memlog_image *image, enum look_depth depth)
{
	size_t i, n = depth == LOOK_QUICK ? QUICK : WAYS;

	if (depth == LOOK_ONE) {
		look_way(image, &ways[chosen % WAYS]);
		return;
	}
	for (i = 0; i < n; i++)
		look_way(image, &ways[i]);
}

void look_file(int fd, const struct memlog_open_opts *opts,
	       enum look_depth depth)
{
	struct memlog_open_opts o = { .size = sizeof(o) };
	struct memlog_image *image = NULL;
	struct memlog_err err = { 0 };
	struct look_memory m;
	enum memlog_status s;
	char path[32];

	if (opts)
		o = *opts;
	look_memory_init(&m, MEMORY_MAX);
	o.allocator = &m.alloc;
	if (!o.window)
		o.window = LOOK_WINDOW;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	s = memlog_image_open(path, &o, &image, &err);
	if (s) {
		check_err(&err);
	} else {
		look_image(image, depth);
		memlog_image_close(image);
	}
	look_memory_end(&m, o.window);
}

int look_memfd(const void *p, size_t len, char path[LOOK_PATH])
{
	int fd = memfd_create("look", MFD_CLOEXEC);

	LOOK_CHECK(fd >= 0);
	LOOK_CHECK(write(fd, p, len) == (ssize_t)len);
	snprintf(path, LOOK_PATH, "/proc/self/fd/%d", fd);
	return fd;
}

void look_bytes(const uint8_t *p, size_t len,
		const struct memlog_open_opts *opts, enum look_depth depth)
{
	char path[LOOK_PATH];
	int fd = look_memfd(p, len, path);

	look_file(fd, opts, depth);
	close(fd);
}
