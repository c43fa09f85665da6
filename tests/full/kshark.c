// SPDX-License-Identifier: GPL-2.0-or-later
/* kshark.c - print the events of a trace.dat as KernelShark has them: CPU, time in
 * nanoseconds, pid, task, event and text, one line each. */
#include <inttypes.h>
#include <libkshark.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct kshark_context *context = NULL;
	struct kshark_entry **entry = NULL;
	ssize_t i, n;
	int sd;

	if (argc != 2 || !kshark_instance(&context))
		return 2;
	sd = kshark_open(context, argv[1]);
	if (sd < 0)
		return 1;
	n = kshark_load_entries(context, sd, &entry);
	for (i = 0; i < n; i++) {
		char *task = kshark_get_task(entry[i]);
		char *event = kshark_get_event_name(entry[i]);
		char *info = kshark_get_info(entry[i]);

		printf("%d %" PRIu64 " %d %s %s %s\n", entry[i]->cpu,
		       (uint64_t)entry[i]->ts, kshark_get_pid(entry[i]), task,
		       event, info);
		free(task);
		free(event);
		free(info);
		free(entry[i]);
	}
	free(entry);
	kshark_close_all(context);
	kshark_free(context);
	return n < 0;
}
