/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.c - what libFuzzer is in a fuzzing build: gives files to a harness, one
 * by one, and says so in TAP. Without arguments it takes the harness's corpus.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CORPUS "fuzz/corpus/" FUZZ_NAME

static unsigned int n;

static void one(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *b = NULL;
	size_t len = 0, got;

	if (!f) {
		printf("not ok %u - %s cannot be read\n", ++n, path);
		return;
	}
	do {
		b = realloc(b, len + 65536);
		if (!b)
			exit(1);
		got = fread(b + len, 1, 65536, f);
		len += got;
	} while (got);
	fclose(f);
	/* a block of its exact size, so that reading past it is seen */
	b = realloc(b, len ? len : 1);
	LLVMFuzzerTestOneInput(b, len);
	free(b);
	printf("ok %u - %s\n", ++n, path);
	fflush(stdout);
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	struct dirent **names;
	char path[4096];
	int i, count;

	for (i = 1; i < argc; i++)
		one(argv[i]);
	if (argc < 2) {
		count = scandir(CORPUS, &names, visible, alphasort);
		if (count <= 0) {
			printf("not ok 1 - %s has no files\n1..1\n", CORPUS);
			return 1;
		}
		for (i = 0; i < count; i++) {
			snprintf(path, sizeof(path), "%s/%s", CORPUS,
				 names[i]->d_name);
			one(path);
			free(names[i]);
		}
		free(names);
	}
	printf("1..%u\n", n);
	return 0;
}
