/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sbuf - what the ring of firmware/sbuf costs: a put and a get of one slot, a
 * message over several, beside memcpy of the same bytes; and messages a second
 * between two threads. ns a call, best of several rounds.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../firmware/sbuf/sbuf.h"

#define ROUNDS 7
#define CALLS  2000000u
#define BYTES  (1u << 20)

static _Alignas(64) unsigned char mem[BYTES], copy[BYTES];
static _Alignas(64) char data[320], out[320];

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* len bytes to where the next slot would be, as the ring walks its memory */
static double bare(size_t len, size_t step)
{
	size_t at = 0;
	double t = now();
	unsigned int i;

	for (i = 0; i < CALLS; i++) {
		memcpy(copy + at, data, len);
		__asm__ volatile("" ::: "memory");
		at += step;
		if (at + 320 > BYTES)
			at = 0;
	}
	return (now() - t) / CALLS;
}

static double put_get(struct sbuf_ring *ring, size_t len, int get,
		      double *ret_get)
{
	double t, puts = 0, gets = 0;
	unsigned int i, k, batch = 512, slots;

	slots = (unsigned int)((len + ring->slot_bytes - 1) / ring->slot_bytes);
	for (i = 0; i < CALLS; i += batch) {
		t = now();
		for (k = 0; k < batch; k++)
			if (sbuf_ring_put_many(ring, data, len))
				abort();
		puts += now() - t;
		t = now();
		for (k = 0; k < batch * slots; k++)
			if (sbuf_ring_get(ring, out, sizeof(out)))
				abort();
		gets += now() - t;
	}
	*ret_get = gets / CALLS / slots;
	return puts / CALLS;
}

static void row(const char *what, unsigned int slot, size_t len)
{
	double put = 1e9, get = 1e9, base = 1e9, p, g, b;
	struct sbuf_ring ring;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		sbuf_ring_init(mem, BYTES, slot, 0, NULL, &ring);
		p = put_get(&ring, len, 1, &g);
		b = bare(len, (len + slot - 1) / slot * slot);
		put = p < put ? p : put;
		get = g < get ? g : get;
		base = b < base ? b : base;
	}
	printf("  %-26s put %6.1f ns   get %6.1f ns a slot   memcpy %6.1f ns\n",
	       what, put, get, base);
}

static struct sbuf_ring one;

static void *produce(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < CALLS; i++)
		while (sbuf_ring_put(&one, data, 80) == SBUF_FULL)
			;
	return NULL;
}

static void threads(void)
{
	pthread_t t;
	unsigned int n = 0;
	double start;

	sbuf_ring_init(mem, BYTES, 80, 0, NULL, &one);
	start = now();
	if (pthread_create(&t, NULL, produce, NULL))
		return;
	while (n < CALLS)
		n += !sbuf_ring_get(&one, out, sizeof(out));
	pthread_join(t, NULL);
	printf("  %-26s %.1f million messages a second\n",
	       "two threads, 80 bytes", CALLS / (now() - start) * 1e3);
}

int main(void)
{
	memset(data, 'x', sizeof(data));
	puts("the ring of ACRN's log and trace, firmware/sbuf");
	row("trace entry, 32 bytes", 32, 32);
	row("message, 80 bytes", 80, 80);
	row("message, 200 bytes", 80, 200);
	row("message, 320 bytes", 80, 320);
	threads();
	return 0;
}
