/* A recorder that is started for one thing: to make a ledger, or to have its root revoke a key. */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "launcher/run.h"

/* Longer where somebody may be asked for the root's signature, or a ledger is read from its beginning. */
enum { SECONDS = 10, ROOT_SECONDS = 600 };

/* A recorder that does one thing and ends; in 256 bytes what it said, which if it could not is why. */
static int ask_once(char said[256], const struct paths *at, const char *const *argv, int in, unsigned seconds, const char *what, struct err *e)
{
	struct run r = { .at = *at };
	scoped(fd) int mine = -1, its = -1;
	int fds[2], status = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	mine = fds[0];
	its = fds[1];
	if (spawn_with(&pid, &r, argv, in, its, false, e) < 0)
		return -1;
	fd_close(&its);
	recorder_hear(said, 256, mine, clock_mono_ns() + seconds * UINT64_C(1000000000));
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return said[0] ? err_set(e, ERR_SYSTEM, "%s", said)
			       : err_set(e, ERR_SYSTEM, "the recorder could not %s: the last line of %s/recorder.stderr says why", what, at->runs);
	return 0;
}

int launch_init(char verifier[256], const struct paths *at, const char *tenant, struct err *e)
{
	return launch_init_with(verifier, at, tenant, NULL, -1, e);
}

int launch_init_with(char verifier[256], const struct paths *at, const char *tenant, const char *word, int in, struct err *e)
{
	const char *const argv[] = { "reeve-recorder", "init", at->ledger, at->key, tenant, word, NULL };

	return ask_once(verifier, at, argv, in, in < 0 ? SECONDS : ROOT_SECONDS, "make it", e);
}

int launch_revoke_with(char said[256], const struct paths *at, const char *root, const char *since, const char *why, int in, struct err *e)
{
	const char *const argv[] = { "reeve-recorder", "revoke", at->ledger, at->key, root, since, why, NULL };

	return ask_once(said, at, argv, in, ROOT_SECONDS, "revoke", e);
}
