// SPDX-License-Identifier: GPL-2.0-or-later
/* The only process of a guest: suspends the machine to RAM, says when it woke. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("sleeper: %s: no\n", path);
	if (fd >= 0)
		close(fd);
}

int main(void)
{
	int fd;

	mkdir("/dev", 0755);
	mkdir("/sys", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	fd = open("/dev/console", O_RDWR);
	dup2(fd, 1);
	setvbuf(stdout, NULL, _IONBF, 0);
	printf("sleeper: going\n");
	sleep(3);
	put("/sys/power/mem_sleep", "deep");
	put("/sys/power/state", "mem");
	printf("sleeper: awake\n");
	for (;;)
		pause();
}
