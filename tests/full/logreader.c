// SPDX-License-Identifier: GPL-2.0-or-later
/* The only process of a guest: prints what the kernel has of OVMF's log, in lines of
 * hexadecimal digits after an @. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	unsigned char bytes[64];
	ssize_t n, i;
	int fd;

	mkdir("/dev", 0755);
	mkdir("/sys", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	dup2(open("/dev/console", O_RDWR), 1);
	fd = open("/sys/firmware/efi/ovmf_debug_log", O_RDONLY);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		putchar('@');
		for (i = 0; i < n; i++)
			printf("%02x", bytes[i]);
		putchar('\n');
	}
	printf("logreader: %s\n", n == 0 ? "all" : "no log");
	fflush(stdout);
	for (;;)
		pause();
}
