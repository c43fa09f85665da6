/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rates of clocks, and dates, as OVMF's log has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/edk2.h"
#include "format/ovmf/index.h"
#include "libmem.h"

struct moment {
	double s;
	uint32_t which;
};

static uint64_t rate_of(const struct moment *list, double hz, double late)
{
	uint8_t p[80] = { 0 };
	size_t i;

	for (i = 0; i < 5; i++) {
		double at = 1000 + list[i].s, pm = (at + late * i) * 3579545.0;

		if (!list[i].which)
			continue;
		put64(p + i * 16, (uint64_t)(at * hz));
		put32(p + i * 16 + 8, (uint32_t)((uint64_t)pm & 0xffffff));
		put32(p + i * 16 + 12, list[i].which);
	}
	return ml_ovmf_clock_rate(p, sizeof(p));
}

static void clock_rates(void **state)
{
	static const struct moment boots[][5] = {
		{ { 0, 1 }, { 0.02, 2 }, { 0.2, 3 }, { 1.5, 4 }, { 2, 5 } },
		{ { 0, 1 }, { 0.3, 2 }, { 9.1, 3 }, { 44, 4 }, { 0, 0 } },
		{ { 0, 1 }, { 1.1, 2 }, { 19, 3 }, { 400, 4 }, { 401, 5 } },
		{ { 0, 1 }, { 0.5, 2 } },
	};
	static const double rates[] = { 1e9, 2.1e9, 3.979123e9, 62.5e6 };
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(boots) / sizeof(boots[0]); i++)
		for (k = 0; k < sizeof(rates) / sizeof(rates[0]); k++) {
			double hz = (double)rate_of(boots[i], rates[k], 0);

			assert_true(hz > rates[k] * 0.9999 &&
				    hz < rates[k] * 1.0001);
			/* half a millisecond later each time */
			hz = (double)rate_of(boots[i], rates[k], 5e-4);
			if (hz < rates[k] * 0.99 || hz > rates[k] * 1.01)
				fail_msg("boot %zu: %f is not %f", i, hz,
					 rates[k]);
		}
}

static void clock_says_nothing(void **state)
{
	static const struct moment one[5] = { { 0, 1 } };
	static const struct moment wrong[5] = { { 0, 2 }, { 1, 1 }, { 2, 9 } };
	uint8_t p[80];
	size_t i, k;

	(void)state;
	assert_int_equal(rate_of(one, 1e9, 0), 0);
	assert_int_equal(rate_of(wrong, 1e9, 0), 0);
	memset(p, 0, sizeof(p));
	assert_int_equal(ml_ovmf_clock_rate(p, sizeof(p)), 0);
	memset(p, 0xff, sizeof(p));
	assert_int_equal(ml_ovmf_clock_rate(p, sizeof(p)), 0);
	srand(8);
	for (i = 0; i < 2000; i++) {
		uint64_t hz;

		for (k = 0; k < sizeof(p); k++)
			p[k] = (uint8_t)rand();
		for (k = 0; k < 5; k++)
			put32(p + k * 16 + 12, (uint32_t)k + 1);
		hz = ml_ovmf_clock_rate(p, rand() % (sizeof(p) + 1));
		assert_true(!hz || (hz >= 1000000 && hz <= 100000000000));
	}
}

static void dates(void **state)
{
	/* 2026-11-28 10:00:03.5 */
	uint8_t t[16] = { 0xea, 0x07, 11, 28, 10, 0, 3, 0 };
	double got;
	size_t i;
	static const struct {
		uint8_t at, value;
	} bad[] = { { 1, 0 },  { 2, 0 },  { 2, 13 }, { 3, 0 },	 { 3, 32 },
		    { 4, 24 }, { 5, 60 }, { 6, 60 }, { 11, 60 }, { 13, 8 } };

	(void)state;
	put32(t + 8, 500000000);
	put16(t + 12, 2047);
	assert_true(ml_edk2_date(t, &got));
	assert_true(got == 1795860003.5);
	put16(t + 12, 60);
	assert_true(ml_edk2_date(t, &got));
	assert_true(got == 1795863603.5);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t b[16];

		memcpy(b, t, sizeof(b));
		b[bad[i].at] = bad[i].value;
		assert_false(ml_edk2_date(b, &got));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock_rates),
		cmocka_unit_test(clock_says_nothing),
		cmocka_unit_test(dates),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
