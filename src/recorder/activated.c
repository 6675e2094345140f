/*
 * Sockets that somebody else made and listens at for us, as systemd(1) does: sd_listen_fds(3), without its library.
 * They stay when we end, so nobody who connects is lost: he starts the next recorder.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "recorder/recorder.h"

enum { FIRST = 3, MOST = 2 };

/* What came under which name; without names there is one, the launchers'. */
static const struct {
	const char *name;
	size_t at;
} doors[] = { { "recorder", offsetof(struct recorder, listener) }, { "review", offsetof(struct recorder, guests) } };

static bool is_number(const char *text, unsigned long want)
{
	char *end;

	return text && *text >= '0' && *text <= '9' && strtoul(text, &end, 10) == want && !*end;
}

static bool has(int fd, int option, int value)
{
	int is = 0;
	socklen_t size = sizeof(is);

	return getsockopt(fd, SOL_SOCKET, option, &is, &size) == 0 && is == value;
}

/* To listen again makes us whom a client sees by SO_PEERCRED, no longer who made the socket. */
static int take_one(int fd, const char *name, struct err *e)
{
	int flags = fcntl(fd, F_GETFL);

	if (!has(fd, SO_DOMAIN, AF_UNIX) || !has(fd, SO_TYPE, SOCK_SEQPACKET) || !has(fd, SO_ACCEPTCONN, 1))
		return err_set(e, ERR_INPUT, "descriptor %d (%s) is no listening socket of kind ListenSequentialPacket=", fd, name);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || listen(fd, 64) < 0)
		return err_sys(e, "descriptor %d (%s)", fd, name);
	return 0;
}

static int give(struct recorder *r, int fd, const char *name, size_t size, struct err *e)
{
	int *door;
	size_t i;

	for (i = 0; i < count_of(doors); i++) {
		door = (int *)((char *)r + doors[i].at);
		if (strlen(doors[i].name) != size || memcmp(doors[i].name, name, size) != 0)
			continue;
		if (*door >= 0)
			return err_set(e, ERR_INPUT, "two sockets were passed as %s", doors[i].name);
		if (take_one(fd, doors[i].name, e) < 0)
			return -1;
		*door = fd;
		return 0;
	}
	return err_set(e, ERR_INPUT, "a socket was passed as \"%.*s\": FileDescriptorName= is recorder or review", (int)size, name);
}

/* A stop is heard between two rounds: what was taken by then is on disk. */
static int hear_stop(struct recorder *r, struct err *e)
{
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &stop, NULL) < 0)
		return err_sys(e, "block SIGTERM");
	r->stop = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
	return r->stop < 0 ? err_sys(e, "signalfd") : 0;
}

int activated_doors(struct recorder *r, struct err *e)
{
	const char *names = getenv("LISTEN_FDNAMES"), *count = getenv("LISTEN_FDS");
	size_t i, size, passed = 0;

	while (passed <= MOST && !is_number(count, passed))
		passed++;
	if (!is_number(getenv("LISTEN_PID"), (unsigned long)getpid()) || passed == 0 || passed > MOST)
		return err_set(e, ERR_INPUT, "no socket was passed (LISTEN_PID, LISTEN_FDS): start reeve-recorder@TENANT.socket, which starts this");
	names = names && strcmp(names, "unknown") != 0 ? names : doors[0].name;
	for (i = 0; i < passed; i++, names += size + (names[size] == ':')) {
		size = strcspn(names, ":");
		if (give(r, FIRST + (int)i, names, size, e) < 0)
			return -1;
	}
	if (r->listener < 0)
		return err_set(e, ERR_INPUT, "no socket was passed as recorder, where runs are opened");
	return hear_stop(r, e);
}
