/* A ledger's root that an ssh-agent holds: we reach the agent, which the recorder could not, and hand it the connection. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"
#include "launcher/run.h"

static int dial_agent(int *out, struct err *e)
{
	const char *path = getenv("SSH_AUTH_SOCK");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	scoped(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (!path || !*path)
		return err_set(e, ERR_INPUT, "no ssh-agent: SSH_AUTH_SOCK is not set");
	if (strlen(path) >= sizeof(to.sun_path))
		return err_set(e, ERR_INPUT, "SSH_AUTH_SOCK: name too long");
	memcpy(to.sun_path, path, strlen(path) + 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return err_sys(e, "ssh-agent %s", path);
	*out = fd_take(&fd);
	return 0;
}

static bool is_agent(const char *root)
{
	return strcmp(root, "ssh-agent") == 0 || strncmp(root, "ssh-agent:SHA256:", 17) == 0;
}

int launch_init_by(char verifier[256], const struct paths *at, const char *tenant, const char *root, struct err *e)
{
	scoped(fd) int agent = -1;
	char word[256];

	if (!is_agent(root))
		return err_set(e, ERR_INPUT, "--root %.80s: expected ssh-agent or ssh-agent:SHA256:FINGERPRINT", root);
	if (at->service)
		return err_set(e, ERR_INPUT, "--root: the recorder is a service, whose units say where its root key is (reeve-recorder(8))");
	if (snprintf(word, sizeof(word), "root=%s", root) >= (int)sizeof(word))
		return err_set(e, ERR_INPUT, "--root: too long");
	return dial_agent(&agent, e) < 0 ? -1 : launch_init_with(verifier, at, tenant, word, agent, e);
}

/* The recorder works in another folder than who names the file. */
int launch_revoke(char said[256], const struct paths *at, const char *root, const char *since, const char *why, struct err *e)
{
	scoped(fd) int agent = -1;
	char path[PATH_MAX];

	if (is_agent(root))
		return dial_agent(&agent, e) < 0 ? -1 : launch_revoke_with(said, at, root, since, why, agent, e);
	if (!realpath(root, path))
		return err_sys(e, "the root's key file %s: bring it, or say by --root where it is, or ssh-agent", root);
	return launch_revoke_with(said, at, path, since, why, -1, e);
}
