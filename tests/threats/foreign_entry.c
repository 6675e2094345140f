/* Calls by other tables of numbers: i386 and x32: THREATS 9. */
#include <sys/personality.h>
#include <sys/socket.h>

#include "threat.h"

#ifdef __x86_64__
static int int80(const char *on)
{
	long rc, number = strtol(on, NULL, 10);

	__asm__ volatile("int $0x80" : "=a"(rc) : "a"(number), "b"(0), "c"(0), "d"(0), "S"(0), "D"(0) : "memory", "r8", "r9", "r10", "r11");
	return rc < 0 ? (int)-rc : WORKED;
}

static int x32(const char *on)
{
	return told(syscall(0x40000000 | strtol(on, NULL, 10), 0, 0, 0, 0, 0, 0));
}
#else
static int int80(const char *on) { (void)on; return LACKING; }
static int x32(const char *on) { (void)on; return LACKING; }
#endif

static int persona(const char *on)
{
	return told(syscall(SYS_personality, strtoul(on, NULL, 16)));
}

static int far_number(const char *on)
{
	return told(syscall(strtol(on, NULL, 10), 0, 0, 0, 0, 0, 0));
}

/* i386: the number means another call than here. */
static const struct attempt attempts[] = {
	{ "int 0x80: getpid", int80, "20", ENOSYS, 0, "getpid", "i386" },
	{ "int 0x80: execve, here munmap", int80, "11", ENOSYS, 0, "execve", "i386" },
	{ "int 0x80: mount", int80, "21", ENOSYS, 0, "mount", "i386" },
	{ "int 0x80: ptrace", int80, "26", ENOSYS, 0, "ptrace", "i386" },
	{ "int 0x80: socketcall", int80, "102", ENOSYS, 0, "socketcall", "i386" },
	{ "int 0x80: unshare", int80, "310", ENOSYS, 0, "unshare", "i386" },
	{ "int 0x80: io_uring_setup", int80, "425", ENOSYS, 0, "io_uring_setup", "i386" },
	{ "x32: getpid", x32, "39", ENOSYS, 0, "getpid", "x32" },
	{ "x32: open", x32, "2", ENOSYS, 0, "open", "x32" },
	{ "x32: its own ptrace", x32, "521", ENOSYS, 0, "ptrace", "x32" },
	{ "x32: its own execve", x32, "520", ENOSYS, 0, "execve", "x32" },
	{ "personality: PER_LINUX32", persona, "8", EPERM, 0, "personality", NULL },
	{ "personality: READ_IMPLIES_EXEC", persona, "400000", EPERM, 0, "personality", NULL },
	{ "personality: no random addresses", persona, "40000", EPERM, 0, "personality", NULL },
	{ "a number beyond every table", far_number, "1000", ENOSYS, 0, "1000", NULL },
	{ "a negative number, which has the bit of x32", far_number, "-2", ENOSYS, 0, "-2", "x32" },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}
