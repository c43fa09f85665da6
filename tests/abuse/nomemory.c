/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nomemory.c - memory runs out at any one call of the allocator, while an image
 * is opened, searched, decoded and printed. The images are the corpora of the
 * fuzzers, which have every format. Each run ends with NO_MEMORY, or with all
 * that it would have said otherwise; it prints nothing twice, leaks nothing, and
 * leaves the image as good as it was.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "damage.h"
#include "liblook.h"

#define CORPUS "fuzz/corpus"
#define POINTS 2000	 /* at most, of one command on one image */
#define BASE   0x820000u /* where the corpora of log formats are in memory */

/* ---- images ------------------------------------------------------------------ */

/* A file of a corpus, or the two of a set. */
struct fixture {
	char path[300];
	char name[64]; /* what is opened */
	int fd[2];
	bool stream;
	struct memlog_open_opts opts;
};

static uint8_t *slurp(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p;
	long len;

	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	len = ftell(f);
	assert_true(len >= 0);
	rewind(f);
	p = malloc((size_t)len + 1);
	assert_non_null(p);
	*ret_len = fread(p, 1, (size_t)len, f);
	assert_true(*ret_len == (size_t)len);
	fclose(f);
	return p;
}

static int file_of(const uint8_t *p, size_t len)
{
	int fd = memfd_create("nomemory", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(write(fd, p, len) == (ssize_t)len);
	return fd;
}

/* As the harness of that corpus does. */
static void fixture_load(struct fixture *f, const char *corpus)
{
	size_t len, skip = 0, first;
	uint8_t *p = slurp(f->path, &len);

	f->opts.size = sizeof(f->opts);
	f->fd[1] = -1;
	f->stream = !strcmp(corpus, "stream");
	if (!strncmp(corpus, "format_", 7)) {
		f->opts.force_raw = true;
		f->opts.raw_base = BASE;
	} else if (!strcmp(corpus, "image_raw") && len >= 9) {
		f->opts.map = (enum memlog_map)(p[0] % (MEMLOG_MAP_VIRT + 1));
		f->opts.raw_base = ml_le64(p + 1);
		f->opts.force_raw = p[0] & 0x80;
		skip = 9;
	} else if (!strcmp(corpus, "image_set") && len >= 4) {
		first = (size_t)ml_min(ml_le32(p), len - 4);
		f->fd[1] = file_of(p + 4 + first, len - 4 - first);
		len = 4 + first;
		skip = 4;
	}
	f->fd[0] = file_of(p + skip, len - skip);
	free(p);
	if (f->fd[1] < 0)
		snprintf(f->name, sizeof(f->name), "/proc/self/fd/%d",
			 f->fd[0]);
	else
		snprintf(f->name, sizeof(f->name),
			 "/proc/self/fd/%d,/proc/self/fd/%d", f->fd[0],
			 f->fd[1]);
}

static void fixture_close(struct fixture *f)
{
	close(f->fd[0]);
	if (f->fd[1] >= 0)
		close(f->fd[1]);
}

/* *ret is NULL for a stream that needs a temporary file. */
static enum memlog_status fixture_open(const struct fixture *f,
				       struct look_memory *m,
				       struct memlog_image **ret,
				       struct memlog_err *err)
{
	struct memlog_open_opts opts = f->opts;
	enum memlog_status s;
	struct memlog_query *query;
	int spool;

	*ret = NULL;
	opts.allocator = &m->alloc;
	if (!f->stream)
		return memlog_image_open(f->name, &opts, ret, err);
	LOOK_CHECK(!lseek(f->fd[0], 0, SEEK_SET));
	/* all of it, and as far as a query needs it */
	opts.keep = 1 << 20;
	LOOK_CHECK(
		!memlog_query_create(NULL, MEMLOG_HOST_LIBRARY, &query, NULL));
	s = memlog_query_open_pipe(query, f->fd[0], "stream", &opts, false, ret,
				   &spool, err);
	memlog_query_destroy(query);
	LOOK_CHECK(!s == (!*ret == (spool >= 0)) || s);
	LOOK_CHECK(!s || (!*ret && spool < 0));
	if (spool >= 0)
		close(spool);
	return s;
}

/* ---- one command ------------------------------------------------------------- */

struct text {
	char *p;
	size_t len;
};

static void text_add(struct text *t, const void *p, size_t len)
{
	t->p = realloc(t->p, t->len + len + 1);
	LOOK_CHECK(t->p);
	memcpy(t->p + t->len, p, len);
	t->len += len;
	t->p[t->len] = '\0';
}

/* What a command printed, said and returned. */
struct answer {
	struct text out, said;
	enum memlog_status status;
	bool damaged;
	bool explained;	 /* an error has a text */
	uint64_t leaked; /* blocks */
};

static void answer_free(struct answer *a)
{
	free(a->out.p);
	free(a->said.p);
}

/* The last object of JSON says how long it took and how it ended. */
static void drop_summary(struct text *out)
{
	char *last = NULL, *p = out->p;

	while ((p = strstr(p, "{\"type\":\"image\"")) != NULL)
		last = p++;
	if (!last)
		return;
	/* with the RS of a JSON text sequence */
	if (last > out->p && last[-1] == '\036')
		last--;
	*last = '\0';
	out->len = (size_t)(last - out->p);
}

static enum memlog_status sink_begin(void *self, const char *name,
				     struct memlog_err *err)
{
	struct answer *a = self;

	(void)err;
	text_add(&a->out, "== ", 3);
	text_add(&a->out, name, strlen(name));
	text_add(&a->out, "\n", 1);
	return MEMLOG_OK;
}

static enum memlog_status sink_write(void *self, const void *buf, size_t len,
				     struct memlog_err *err)
{
	(void)err;
	text_add(&((struct answer *)self)->out, buf, len);
	return MEMLOG_OK;
}

static void on_message(void *arg, int level, const char *line)
{
	struct answer *a = arg;

	(void)level;
	text_add(&a->said, line, strlen(line));
	text_add(&a->said, "\n", 1);
}

/* Run the command, its options ended by NULL, on an open image. */
static enum memlog_status answer_run(struct memlog_image *image,
				     const char *const *words,
				     struct look_memory *m, struct answer *a,
				     struct memlog_err *err)
{
	struct memlog_sink sink = {
		.size = sizeof(sink),
		.self = a,
		.write = sink_write,
	};
	struct memlog_query_host host = {
		.size = sizeof(host),
		.sink = &sink,
		.message = on_message,
		.message_arg = a,
	};
	struct memlog_query_result result = { .size = sizeof(result) };
	char copies[8][48], *argv[8] = { NULL };
	struct memlog_query *q;
	enum memlog_status s;
	int argc;

	for (argc = 0; words[argc]; argc++) {
		LOOK_CHECK(argc < 7);
		snprintf(copies[argc], sizeof(copies[0]), "%s", words[argc]);
		argv[argc] = copies[argc];
	}
	s = memlog_query_create(&m->alloc, MEMLOG_HOST_LIBRARY, &q, err);
	if (s)
		return s;
	s = memlog_query_parse(q, argc, argv, NULL, NULL, err);
	if (!s) {
		if (memlog_query_wants_directory(q))
			sink.begin = sink_begin;
		s = memlog_query_run(q, image, &host, &result, err);
		a->damaged = result.damaged;
		drop_summary(&a->out);
	}
	memlog_query_destroy(q);
	return s;
}

static void answer_init(struct answer *a)
{
	memset(a, 0, sizeof(*a));
	text_add(&a->out, "", 0);
	text_add(&a->said, "", 0);
}

/* The answer, and that to the same question again, of an image that was open
 * when memory ran out: then *again has a status. */
static void answer_get(const struct fixture *f, const char *const *words,
		       struct look_memory *m, struct answer *a,
		       struct answer *again)
{
	struct memlog_image *image;
	struct memlog_err err = { 0 };

	answer_init(a);
	answer_init(again);
	again->status = MEMLOG_NOT_MINE;
	a->status = fixture_open(f, m, &image, &err);
	if (!a->status && image)
		a->status = answer_run(image, words, m, a, &err);
	a->explained = !a->status || a->status == MEMLOG_NO_DATA ||
		       (err.text[0] && err.status == a->status);
	if (image && a->status == MEMLOG_NO_MEMORY) {
		again->status = answer_run(image, words, m, again, &err);
		again->explained = true;
	}
	memlog_image_close(image);
	a->leaked = m->blocks;
}

/* ---- what must hold ------------------------------------------------------------ */

/* Are the lines of part among those of all, in the same order, none more often?
 * The last may be cut. */
static bool lines_among(const char *part, const char *all)
{
	const char *end;
	size_t n;

	for (; *part; part = end) {
		end = strchr(part, '\n');
		end = end ? end + 1 : part + strlen(part);
		n = (size_t)(end - part);
		while (*all && strncmp(all, part, n)) {
			all = strchr(all, '\n');
			if (!all)
				return false;
			all++;
		}
		if (!*all)
			return false;
		all += n;
	}
	return true;
}

/* Is any line there twice that was there at most once? */
static bool line_twice(const char *said, const char *before)
{
	const char *end, *again;
	char line[800];
	size_t n;

	for (; *said; said = end) {
		end = strchr(said, '\n') + 1;
		n = (size_t)(end - said);
		if (n >= sizeof(line))
			continue;
		memcpy(line, said, n);
		line[n] = '\0';
		again = strstr(end, line);
		if (again && again[-1] == '\n' && !strstr(before, line))
			return true;
	}
	return false;
}

static unsigned int failures;

/* Says what does not hold, and goes on with the next call. */
static void hold(bool cond, const char *what, const struct answer *got,
		 const struct answer *want)
{
	if (cond)
		return;
	if (failures++ < 20)
		fprintf(stderr,
			"# %s: %s\n# printed %zu of %zu bytes, status "
			"%s for %s, said:\n%s# instead of:\n%s",
			look_at, what, got->out.len, want->out.len,
			memlog_status_name(got->status),
			memlog_status_name(want->status), got->said.p,
			want->said.p);
}

static void check(const struct answer *got, const struct answer *want)
{
	hold(!got->leaked, "a leak", got, want);
	hold(got->explained, "an error without a text", got, want);
	if (got->status != MEMLOG_NO_MEMORY) {
		hold(got->status == want->status, "another status", got, want);
		hold(got->out.len == want->out.len &&
			     !memcmp(got->out.p, want->out.p, got->out.len),
		     "another output", got, want);
		hold(!strcmp(got->said.p, want->said.p), "other messages", got,
		     want);
		hold(got->damaged == want->damaged, "not as damaged", got,
		     want);
		return;
	}
	/* binary output has no lines */
	hold((got->out.len <= want->out.len &&
	      !memcmp(got->out.p, want->out.p, got->out.len)) ||
		     (strlen(got->out.p) == got->out.len &&
		      lines_among(got->out.p, want->out.p)),
	     "output that is no part of the whole", got, want);
	hold(!line_twice(got->said.p, want->said.p), "the same said twice", got,
	     want);
}

static uint64_t runs;

/* One command on one image, with the n-th call failing. */
static void command(const struct fixture *f, const char *const *words)
{
	struct look_memory m;
	struct answer want, got, again;
	uint64_t calls, n, points;

	look_memory_init(&m, 0);
	answer_get(f, words, &m, &want, &again);
	answer_free(&again);
	check(&want, &want);
	LOOK_CHECK(want.status != MEMLOG_NO_MEMORY);
	calls = m.calls;
	points = calls < POINTS ? calls : POINTS;
	for (n = 0; n < points; n++) {
		if (!damage_turn())
			continue;
		look_memory_init(&m, 0);
		m.fail = 1 + n * calls / points;
		snprintf(look_at, sizeof(look_at), "%.90s %.30s %.20s, call %u",
			 f->path + strlen(CORPUS) + 1, words[1],
			 words[2] ? words[2] : "", (unsigned int)m.fail);
		answer_get(f, words, &m, &got, &again);
		runs++;
		check(&got, &want);
		if (again.status != MEMLOG_NOT_MINE)
			check(&again, &want);
		answer_free(&got);
		answer_free(&again);
	}
	answer_free(&want);
}

static const char *const of_images[][4] = {
	{ "memlog", "-v" },
	{ "memlog", "--info" },
	{ "memlog", "--extract" },
	{ "memlog", "--scan=exhaustive", "--list" },
};
static const char *const of_formats[][4] = {
	{ "memlog", "--all", "-v" },
	{ "memlog", "-J" },
	{ "memlog", "-n-3", "-gi" },
	{ "memlog", "--list", "-J" },
	{ "memlog", "--list-boots" },
	{ "memlog", "-b-1" },
	{ "memlog", "--at", "0x820000" },
	{ "memlog", "-Operfetto" },
	{ "memlog", "-Ochrome" },
	{ "memlog", "-Ohtml" },
	{ "memlog", "-Otracedat", "-n+40" },
	{ "memlog", "-Oacrnlog" },
	{ "memlog", "-Ocsv", "--stats=vm_exit" },
	{ "memlog", "--stats=hyp_exit" },
	{ "memlog", "--stats=boot" },
	{ "memlog", "-Ocsv", "--stats=boot" },
	{ "memlog", "-J", "--stats=vm_exit,irq,cpu_usage" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Those of a corpus that somebody named: fuzzers name theirs by checksum. */
static int by_hand(const struct dirent *d)
{
	return d->d_name[0] != '.' && strlen(d->d_name) != 40;
}

static void corpus(void **state)
{
	const char *name = *state;
	unsigned int before = failures;
	struct dirent **files;
	char dir[280];
	int i, n;
	size_t k;

	snprintf(dir, sizeof(dir), CORPUS "/%s", name);
	n = scandir(dir, &files, by_hand, alphasort);
	assert_true(n > 0);
	for (i = 0; i < n; i++) {
		struct fixture f = { 0 };

		snprintf(f.path, sizeof(f.path), "%.200s/%.90s", dir,
			 files[i]->d_name);
		fixture_load(&f, name);
		for (k = 0; strncmp(name, "format_", 7) && k < COUNT(of_images);
		     k++)
			command(&f, of_images[k]);
		for (k = 0;
		     !strncmp(name, "format_", 7) && k < COUNT(of_formats); k++)
			command(&f, of_formats[k]);
		fixture_close(&f);
		free(files[i]);
	}
	free(files);
	assert_int_equal(failures, before);
}

static int corpora(const struct dirent *d)
{
	return !strncmp(d->d_name, "image_", 6) ||
	       !strncmp(d->d_name, "format_", 7) ||
	       !strcmp(d->d_name, "stream");
}

int main(void)
{
	static struct CMUnitTest tests[64];
	struct dirent **dirs;
	int i, n = scandir(CORPUS, &dirs, corpora, alphasort), bad;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (n <= 0 || n > (int)COUNT(tests))
		return 1;
	for (i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){ dirs[i]->d_name, corpus, NULL,
						NULL, dirs[i]->d_name };
	bad = _cmocka_run_group_tests("nomemory", tests, (size_t)n, NULL, NULL);
	printf("# %llu runs\n", (unsigned long long)runs);
	for (i = 0; i < n; i++)
		free(dirs[i]);
	free(dirs);
	return bad;
}
