/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of --stats as CSV, byte by byte: in one file, and in a directory. */
#include "tables_bench.h"

#define CSV_HEAD "image,format,space,addr,cpu,run_cycles,tsc_hz,"
#define CSV_LOG	 "core,acrn-trace,phys,0x2000000,"

static void test_csv(void **state)
{
	assert_string_equal(
		write_all(&ml_render_csv, NULL, HZ),
		CSV_HEAD "reason,count,per_sec,cycles,percent,"
			 "min,p50,p90,p99,max\n" CSV_LOG
			 "0,8000,2000,VMEXIT_EXTERNAL_INTERRUPT,"
			 "3,0.75,1000,12.50,200,200,800,800,800\n" CSV_LOG
			 "0,8000,2000,VMEXIT_CPUID,"
			 "1,0.25,400,5.00,400,400,400,400,400\n" CSV_LOG
			 "0,8000,2000,VMEXIT_PAUSE,"
			 "1,0.25,80,1.00,80,80,80,80,80\n" CSV_LOG
			 "3,1000,2000,VMEXIT_EXTERNAL_INTERRUPT,"
			 "1,2.00,1000,100.00,1000,1000,1000,1000,1000\n" CSV_LOG
			 "all,9000,2000,VMEXIT_EXTERNAL_INTERRUPT,"
			 "4,0.89,2000,22.22,200,800,1000,1000,1000\n" CSV_LOG
			 "all,9000,2000,VMEXIT_CPUID,"
			 "1,0.22,400,4.44,400,400,400,400,400\n" CSV_LOG
			 "all,9000,2000,VMEXIT_PAUSE,"
			 "1,0.22,80,0.89,80,80,80,80,80\n");
	assert_string_equal(write_all(&ml_render_csv, "irq", HZ), CSV_HEAD
			    "vector,count,per_sec\n" CSV_LOG
			    "0,10000,2000,0x00000020,1,0.20\n" CSV_LOG
			    "0,10000,2000,0x000000f0,1,0.20\n" CSV_LOG
			    "3,1000,2000,0x000000f0,1,2.00\n" CSV_LOG
			    "all,11000,2000,0x00000020,1,0.18\n" CSV_LOG
			    "all,11000,2000,0x000000f0,2,0.36\n");
	assert_string_equal(write_all(&ml_render_csv, "cpu_usage", HZ), CSV_HEAD
			    "vm,cycles,seconds,percent\n" CSV_LOG
			    "0,10000,2000,0,6000,3.000,60.00\n" CSV_LOG
			    "0,10000,2000,other,3000,1.500,30.00\n" CSV_LOG
			    "all,11000,2000,0,6000,3.000,54.55\n" CSV_LOG
			    "all,11000,2000,other,3000,1.500,27.27\n");
}

/* What needs the rate of the time stamps is empty without it. */
static void test_csv_no_rate(void **state)
{
	assert_non_null(strstr(write_all(&ml_render_csv, "vm_exit", 0),
			       "\n" CSV_LOG "0,8000,,VMEXIT_CPUID,"
			       "1,,400,5.00,400,400,400,400,400\n"));
	assert_non_null(strstr(write_all(&ml_render_csv, "irq", 0),
			       "\n" CSV_LOG "3,1000,,0x000000f0,1,\n"));
	assert_non_null(strstr(write_all(&ml_render_csv, "cpu_usage", 0),
			       "\n" CSV_LOG "0,10000,,0,6000,,60.00\n"));
}

/* One header line for all traces of all images. An exit that does not end has
 * no length; a log without an extent no address. */
static void test_csv_rows(void **state)
{
	const struct memlog_log nowhere = { .size = sizeof(nowhere),
					    .format = "acrn-trace" };
	struct session s = { 0 };

	start(&s, &ml_render_csv, NULL, 0);
	/* no event, so no row, and no header yet */
	assert_int_equal(s.render->log_begin(s.state, &trace, NULL), 0);
	assert_int_equal(s.render->log_end(s.state, &trace, 0, NULL), 0);
	assert_string_equal(out.text, "");
	assert_int_equal(s.render->log_begin(s.state, &trace, NULL), 0);
	add(&s, 1, 100, EXIT, NULL, 12);
	assert_int_equal(s.render->log_end(s.state, &trace, 0, NULL), 0);
	assert_int_equal(s.render->log_begin(s.state, &nowhere, NULL), 0);
	add(&s, 1, 100, EXIT, NULL, 12);
	add(&s, 1, 102, ENTER, NULL, 0);
	assert_int_equal(s.render->log_end(s.state, &nowhere, 0, NULL), 0);
	stop(&s);
	assert_string_equal(
		out.text, CSV_HEAD
		"reason,count,per_sec,cycles,percent,"
		"min,p50,p90,p99,max\n" CSV_LOG
		"1,0,,VMEXIT_HLT,1,,0,0.00,,,,,\n"
		"core,acrn-trace,,,1,2,,VMEXIT_HLT,1,,2,100.00,2,2,2,2,2\n");
	s.opts.continued = true;
	start(&s, &ml_render_csv, "irq", HZ);
	assert_int_equal(one_trace(&s, NULL), 0);
	stop(&s);
	assert_memory_equal(out.text, CSV_LOG "0,10000",
			    strlen(CSV_LOG "0,10000"));
}

/* Names of images are quoted where they have to be, and never break a line. */
static void test_csv_names(void **state)
{
	static const struct {
		const char *image, *field;
	} names[] = {
		{ "a b", "a b" },
		{ "a,b", "\"a,b\"" },
		{ "\"", "\"\"\"\"" },
		{ "x\"y,\"", "\"x\"\"y,\"\"\"" },
		{ "1\r\n2", "\"1\\x0d\\x0a2\"" },
		{ "\033[2J\xff\xc3\xbc", "\\x1b[2J\\xff\xc3\xbc" },
		{ "\xc3\"\xbc", "\"\\xc3\"\"\\xbc\"" },
		{ "", "" },
	};
	size_t i, len;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct session s = { 0 };
		const char *p;

		s.opts.continued = true;
		start(&s, &ml_render_csv, "irq", HZ);
		s.opts.image = names[i].image;
		assert_int_equal(one_trace(&s, NULL), 0);
		stop(&s);
		len = strlen(names[i].field);
		for (p = out.text; *p; p = strchr(p, '\n') + 1) {
			assert_memory_equal(p, names[i].field, len);
			assert_memory_equal(p + len, ",acrn-trace,phys,", 17);
		}
	}
}

/* ---- a directory --------------------------------------------------------- */

static enum memlog_status file_begin(void *self, const char *name,
				     struct memlog_err *err)
{
	struct session *s = self;

	assert_string_equal(s->begun, "");
	if (s->fail && !strcmp(name, s->fail)) {
		if (err)
			snprintf(err->text, sizeof(err->text), "no %s", name);
		return MEMLOG_IO;
	}
	snprintf(s->begun, sizeof(s->begun), "%s", name);
	s->files++;
	return out.sink.write(&out, name, strlen(name), err) ?:
		       out.sink.write(&out, "\n", 1, err);
}

static enum memlog_status file_write(void *self, const void *buf, size_t len,
				     struct memlog_err *err)
{
	struct session *s = self;

	assert_string_not_equal(s->begun, "");
	return out.sink.write(&out, buf, len, err);
}

static enum memlog_status file_end(void *self, struct memlog_err *err)
{
	struct session *s = self;

	assert_string_not_equal(s->begun, "");
	s->begun[0] = '\0';
	return MEMLOG_OK;
}

static void start_files(struct session *s, const char *list)
{
	s->sink = (struct memlog_sink){
		.size = sizeof(s->sink),
		.self = s,
		.begin = file_begin,
		.write = file_write,
		.end = file_end,
	};
	start(s, &ml_render_csv, list, HZ);
}

/* A file for each analysis, each once, with a header line of its own. */
static void test_directory(void **state)
{
	struct session s = { 0 };

	start_files(&s, "irq,cpu_usage,irq");
	assert_int_equal(one_trace(&s, NULL), 0);
	stop(&s);
	assert_string_equal(s.begun, "");
	assert_int_equal(s.files, 2);
	assert_memory_equal(out.text,
			    "acrn-trace-phys-0x2000000-irq.csv\n" CSV_HEAD
			    "vector,count,per_sec\n" CSV_LOG "0,",
			    34 + strlen(CSV_HEAD) + 21 + strlen(CSV_LOG) + 2);
	assert_non_null(strstr(
		out.text, "\n" CSV_LOG "all,11000,2000,0x000000f0,2,0.36\n"
			  "acrn-trace-phys-0x2000000-cpu_usage.csv\n" CSV_HEAD
			  "vm,cycles,seconds,percent\n"));
	/* of several images, whichever comes first */
	s.opts.many = s.opts.continued = true;
	start_files(&s, "irq");
	s.opts.image = "/dumps/.a b,c";
	assert_int_equal(one_trace(&s, NULL), 0);
	stop(&s);
	assert_int_equal(s.files, 3);
	assert_memory_equal(
		out.text, "_a_b_c-acrn-trace-phys-0x2000000-irq.csv\n" CSV_HEAD,
		41 + strlen(CSV_HEAD));
}

/* Whichever file cannot be created, that is the error, and no other follows. */
static void test_no_file(void **state)
{
	static const struct {
		const char *name;
		unsigned int before;
	} files[] = {
		{ "acrn-trace-phys-0x2000000-vm_exit.csv", 0 },
		{ "acrn-trace-phys-0x2000000-irq.csv", 1 },
		{ "acrn-trace-phys-0x2000000-cpu_usage.csv", 2 },
	};
	struct memlog_err err;
	char want[64];
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct session s = { .fail = files[i].name };

		start_files(&s, "vm_exit,irq,cpu_usage");
		assert_int_equal(one_trace(&s, &err), MEMLOG_IO);
		snprintf(want, sizeof(want), "no %s", files[i].name);
		assert_string_equal(err.text, want);
		assert_int_equal(s.files, files[i].before);
		stop(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_csv_no_rate),
		cmocka_unit_test(test_csv_rows),
		cmocka_unit_test(test_csv_names),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_no_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
