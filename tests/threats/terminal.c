/* Typing into the operator's terminal, or selecting from the console: THREATS 1. */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "threat.h"

#ifndef TIOCLINUX
#define TIOCLINUX 0x541C
#endif

static int request(const char *on)
{
	return told(syscall(SYS_ioctl, 0, strtoul(on, NULL, 16), "x"));
}

static int after_setsid(const char *on)
{
	int fd;

	if (setsid() < 0)
		return BROKEN;
	fd = open("/dev/tty", O_RDWR);
	return fd < 0 ? errno : told(syscall(SYS_ioctl, fd, strtoul(on, NULL, 16), "x"));
}

static int opens(const char *on)
{
	return told(open(on, O_RDWR | O_NOCTTY));
}

static const struct attempt attempts[] = {
	{ "TIOCSTI", request, "5412", EPERM, 0, "ioctl", NULL },
	{ "TIOCSTI with high bits set", request, "7ffffff00005412", EPERM, 0, "ioctl", NULL },
	{ "TIOCSTI with the sign bit set", request, "ffffffff00005412", EPERM, 0, "ioctl", NULL },
	{ "TIOCLINUX", request, "541c", EPERM, 0, "ioctl", NULL },
	{ "TIOCLINUX with high bits set", request, "1000000541c", EPERM, 0, "ioctl", NULL },
	{ "the terminal again after setsid", after_setsid, "5412", ENXIO, 0, NULL, NULL },
	{ "the first console", opens, "/dev/tty1", ENOENT, 0, NULL, NULL },
	{ "the console", opens, "/dev/console", ENOENT, 0, NULL, NULL },
	{ "the terminals of others", opens, "/dev/pts/0", ENOENT, 0, NULL, NULL },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}
