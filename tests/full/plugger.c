// SPDX-License-Identifier: GPL-2.0-or-later
/* The only process of a guest: loads the drivers whose files are its arguments, keeps
 * writing to memory, and says so once. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void load(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/%s.ko", name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		perror(name);
	if (fd >= 0)
		close(fd);
}

int main(void)
{
	static const char *const drivers[] = {
		"virtio",
		"virtio_ring",
		"virtio_pci_legacy_dev",
		"virtio_pci_modern_dev",
		"virtio_pci",
		"virtio_balloon",
		"virtio_mem",
	};
	size_t i, n = 24 << 20;
	unsigned char *p;
	int fd;

	mkdir("/dev", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	fd = open("/dev/console", O_RDWR);
	dup2(fd, 1);
	dup2(fd, 2);
	setvbuf(stdout, NULL, _IONBF, 0);
	for (i = 0; i < sizeof(drivers) / sizeof(*drivers); i++)
		load(drivers[i]);
	p = malloc(n);
	for (i = 0; p && i < n; i++)
		p[i] = (unsigned char)(i * 2654435761u >> 9);
	printf("plugger: ready\n");
	for (;;)
		pause();
}
