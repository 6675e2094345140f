/* jail/known.h - what Landlock knows, ABI by ABI. Private to jail/landlock*.c and jail/folder.c. */
#ifndef JAIL_KNOWN_H
#define JAIL_KNOWN_H

#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>

/* Debian 12's header knows ABI 3; the numbers are the kernel's and do not change. */
#define FS_REFER (1ull << 13)
#define FS_TRUNCATE (1ull << 14)
#define FS_IOCTL_DEV (1ull << 15)
#define NET_BIND (1ull << 0)
#define NET_CONNECT (1ull << 1)
#define SCOPE_ABSTRACT (1ull << 0)
#define SCOPE_SIGNAL (1ull << 1)
#define RULE_NET_PORT 2
#define LOG_SAME_EXEC_OFF (1u << 0)
#define LOG_NEW_EXEC_ON (1u << 1)

/* As landlock_create_ruleset(2) takes it. */
struct ruleset {
	uint64_t fs, net, scoped;
};

/* What one ABI gives, put together from the rows. */
struct known {
	struct ruleset rights;
	size_t size;
	unsigned flags;
	uint32_t abi;	/* the newest row that counts */
};

struct known landlock_known(long abi);

#endif
