/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A user's progress code: the init of an initramfs writes 0x80 to port 0x80, as any
 * program with CAP_SYS_RAWIO can. Then it waits.
 *	cc -static -O2 -o init init.c
 *	echo init | cpio -o -H newc | gzip > initrd
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define PORT 0x80
#define CODE 0x80

int main(void)
{
	const unsigned char code = CODE;
	int fd;

	mkdir("/dev", 0755);
	if (mount("devtmpfs", "/dev", "devtmpfs", 0, NULL))
		perror("mount /dev");
	fd = open("/dev/port", O_WRONLY);
	if (fd < 0 || pwrite(fd, &code, 1, PORT) != 1)
		perror("/dev/port");
	else
		puts("progress: 0x80");
	fflush(stdout);
	for (;;)
		pause();
}
