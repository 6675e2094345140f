#include "jail/known.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "jail/jail.h"

/*
 * From which ABI on a right, a member of the struct or a flag of landlock_restrict_self(2) exists: a
 * newer ABI is one more row. The flags: what our own probes meet is no news for the host's audit
 * log, what the program meets is. Its own, nested domains stay logged too: they are its choice, not ours.
 */
static const struct {
	long abi;
	uint64_t fs, net, scoped;
	size_t size;
	unsigned flags;
} since[] = {
	{ .abi = 1, .fs = FS_REFER - 1, .size = sizeof(uint64_t) },
	{ .abi = 2, .fs = FS_REFER },
	{ .abi = 3, .fs = FS_TRUNCATE },
	{ .abi = 4, .net = NET_BIND | NET_CONNECT, .size = 2 * sizeof(uint64_t) },
	{ .abi = 5, .fs = FS_IOCTL_DEV },
	{ .abi = 6, .scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL, .size = 3 * sizeof(uint64_t) },
	{ .abi = 7, .flags = LOG_SAME_EXEC_OFF | LOG_NEW_EXEC_ON },
};

struct known landlock_known(long abi)
{
	struct known k = { 0 };
	size_t i;

	for (i = 0; i < count_of(since) && since[i].abi <= abi; i++) {
		k.rights.fs |= since[i].fs;
		k.rights.net |= since[i].net;
		k.rights.scoped |= since[i].scoped;
		k.size = since[i].size ? since[i].size : k.size;
		k.flags |= since[i].flags;
		k.abi = (uint32_t)since[i].abi;
	}
	return k;
}

long jail_landlock_abi(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}
