/* What the broker is told of the secrets that it must not let out: fingerprints, under a key of
 * this run. */
#include <stdio.h>
#include <sys/random.h>

#include "base/fd.h"
#include "inspect/inspect.h"
#include "launcher/run.h"

static int print_all(struct buf *out, const struct run_request *ask, struct err *e)
{
	const struct secrets *all = ask->secrets;
	const char *whose;
	char name[INSPECT_NAME];
	size_t i;

	for (i = 0; i < all->count; i++) {
		whose = all->at[i].server < SECRET_OF_CREDENTIAL ? tools_server_name(ask->tools, all->at[i].server) : "credential";
		snprintf(name, sizeof(name), "%.63s/%.64s", whose, all->at[i].name);
		if (inspect_prints_add(out, name, all->at[i].bytes, all->at[i].size, e) < 0)
			return -1;
	}
	return 0;
}

int prints_tell(struct run *r, struct err *e)
{
	scoped(buf) struct buf out = BUF(INSPECT_PRINTS);
	scoped(fd) int fd = -1;
	uint8_t key[INSPECT_KEY];

	if (!r->ask->secrets || r->ask->secrets->count == 0)
		return 0;
	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return err_sys(e, "random bytes");
	if (!inspect_prints_begin(&out, key))
		return err_set(e, ERR_SYSTEM, "memory for fingerprints");
	if (print_all(&out, r->ask, e) < 0 ||
	    fd_of_bytes(&fd, "secrets", out.data, out.size, e) < 0)
		return -1;
	return wire_send(&r->broker, MSG_SECRETS, 0, NULL, 0, &fd, 1, e);
}
