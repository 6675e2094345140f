/*
 * Bare prctl(2) and capset(2): between clone and exec there is no /proc to trust and no time for a
 * library that reads it.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail/inside.h"

enum { CAPABILITY_NUMBERS = 64 };

#define LOCKED_BITS \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | \
	 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | \
	 SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

bool capabilities_locked(void)
{
	return ((unsigned)prctl(PR_GET_SECUREBITS) & LOCKED_BITS) == LOCKED_BITS;
}

unsigned capabilities_bounding(void)
{
	unsigned count = 0;
	int cap;

	for (cap = 0; cap < CAPABILITY_NUMBERS; cap++)
		count += prctl(PR_CAPBSET_READ, cap, 0, 0, 0) > 0;
	return count;
}

/* What an execve could hand back: the bounding set, and the rules that make uid 0 special. */
static int drop_bounding(struct err *e)
{
	int cap, held;

	for (cap = 0; cap < CAPABILITY_NUMBERS; cap++) {
		held = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
		if (held < 0)
			break; /* past the last this kernel knows */
		if (held > 0 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return err_sys(e, "bounding set, capability %d", cap);
	}
	if (!capabilities_locked() && prctl(PR_SET_SECUREBITS, LOCKED_BITS, 0, 0, 0) < 0)
		return err_sys(e, "securebits");
	return 0;
}

int capabilities_drop(bool bounding_too, struct err *e)
{
	return capabilities_keep(0, bounding_too, e);
}

/* The bounding set first: dropping from it takes a capability. */
int capabilities_keep(uint32_t mask, bool bounding_too, struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct kept[2] = { { .effective = mask, .permitted = mask } };

	if (bounding_too && drop_bounding(e) < 0)
		return -1;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(e, "ambient set");
	if (syscall(SYS_capset, &head, kept) < 0)
		return err_sys(e, "capset");
	return 0;
}

/*
 * CAP_SETFCAP, where we have it: since Linux 5.12 a user namespace may map the host's uid 0 only if
 * its maker held it (user_namespaces(7)). It is of no use for anything else we do.
 */
int jail_self_launcher(struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { { 0 } };

	if (syscall(SYS_capget, &head, sets) < 0)
		return err_sys(e, "capget");
	/* While it may: a jail without a user namespace of its own inherits this, and cannot drop it later. */
	if ((sets[0].effective & CAP_TO_MASK(CAP_SETPCAP)) && drop_bounding(e) < 0)
		return -1;
	sets[0].permitted &= CAP_TO_MASK(CAP_SETFCAP);
	sets[0].effective = sets[0].permitted;
	sets[1].permitted = sets[1].effective = 0;
	sets[0].inheritable = sets[1].inheritable = 0;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(e, "ambient set");
	if (syscall(SYS_capset, &head, sets) < 0)
		return err_sys(e, "capset");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(e, "harden the launcher");
	return 0;
}
