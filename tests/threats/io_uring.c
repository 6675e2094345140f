/* The second way into every call: THREATS 2. An inherited ring stands at 78 outside: outside.c. */
#include <fcntl.h>

#include "threat.h"

enum { RING = 78 };

static int setup(const char *on)
{
	char params[120] = { 0 };

	(void)on;
	return told(syscall(SYS_io_uring_setup, 8, params));
}

static int setup_without_memory(const char *on)
{
	(void)on;
	return told(syscall(SYS_io_uring_setup, 8, NULL));
}

static int enter(const char *on)
{
	return told(syscall(SYS_io_uring_enter, atoi(on), 1, 0, 0, NULL, 0));
}

/* IORING_REGISTER_USE_REGISTERED_RING: by number instead of by descriptor. */
static int enter_registered(const char *on)
{
	(void)on;
	return told(syscall(SYS_io_uring_enter, 0, 1, 0, 1u << 4, NULL, 0));
}

static int registers(const char *on)
{
	return told(syscall(SYS_io_uring_register, atoi(on), 0, NULL, 0));
}

static int inherited(const char *on)
{
	return told(fcntl(atoi(on), F_GETFD));
}

static const struct attempt attempts[] = {
	{ "io_uring_setup", setup, NULL, ENOSYS, 0, "io_uring_setup", NULL },
	{ "io_uring_setup as a probe", setup_without_memory, NULL, ENOSYS, 0, "io_uring_setup", NULL },
	{ "a ring from outside", inherited, "78", EBADF, 0, NULL, NULL },
	{ "io_uring_enter on it", enter, "78", ENOSYS, 0, "io_uring_enter", NULL },
	{ "io_uring_enter on a registered ring", enter_registered, NULL, ENOSYS, 0, "io_uring_enter", NULL },
	{ "io_uring_register on it", registers, "78", ENOSYS, 0, "io_uring_register", NULL },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}
