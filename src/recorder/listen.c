/*
 * Two doors. One is the owner's: launchers, and who reviews as the owner. The other, if there is one, is for other
 * users: whom the operator's group lets in, who may look and decide, and of whom never so many that runs find no room.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "recorder/recorder.h"

/* Only ever after the ledger is locked: then a socket that lies there is nobody's. */
int listen_at(int *out, const char *path, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	scoped(fd) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_sys(e, "socket");
	if (strlen(path) >= sizeof(at.sun_path))
		return err_set(e, ERR_INPUT, "socket %s: name too long, at most %zu bytes; set XDG_RUNTIME_DIR to a shorter one",
			       path, sizeof(at.sun_path) - 1);
	memcpy(at.sun_path, path, strlen(path));
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(e, "socket %s", path);
	umask(077);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 64) < 0)
		return err_sys(e, "socket %s", path);
	*out = fd_take(&fd);
	return 0;
}

/* Nobody but its owner gets in before it is the group's. What lies there and is no socket stays. */
int listen_for(int *out, const char *path, gid_t group, struct err *e)
{
	scoped(fd) int fd = -1;
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return err_set(e, ERR_INPUT, "%s is there and is no socket", path);
	if (listen_at(&fd, path, e) < 0)
		return -1;
	if (lchown(path, (uid_t)-1, group) < 0 || chmod(path, 0660) < 0)
		return err_sys(e, "give %s to group %u", path, (unsigned)group);
	*out = fd_take(&fd);
	return 0;
}

static int add_client(struct recorder *r, int fd, unsigned uid, bool guest, struct err *e)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return err_sys(e, "memory for a client");
	}
	c->wire = (struct wire){ .fd = fd, .me = ROLE_RECORDER, .peer = ROLE_LAUNCHER,
				 .now = PHASE_STARTING };
	c->uid = uid;
	c->guest = guest;
	r->clients[r->count++] = c;
	r->guest_count += guest;
	r->met_one = r->met_one || !guest;
	return 0;
}

static size_t guests_of(const struct recorder *r, unsigned uid)
{
	size_t i, count = 0;

	for (i = 0; i < r->count; i++)
		count += r->clients[i]->guest && !r->clients[i]->gone && r->clients[i]->uid == uid;
	return count;
}

/* When the room is full, whoever takes most of it gives up a place to whoever has fewer. */
static bool make_place(struct recorder *r, unsigned uid)
{
	struct client *of_most = NULL;
	size_t i, most = 0, count;

	for (i = 0; i < r->count; i++) {
		count = r->clients[i]->guest && !r->clients[i]->gone ? guests_of(r, r->clients[i]->uid) : 0;
		if (count > most) {
			most = count;
			of_most = r->clients[i];
		}
	}
	if (!of_most || most <= guests_of(r, uid) + 1)
		return false;
	of_most->gone = true;
	return true;
}

static int hear_guest(struct recorder *r, int *fd, unsigned uid, struct err *e)
{
	if (guests_of(r, uid) >= RECORDER_GUESTS_EACH)
		return 0;	/* it hears that by being hung up on */
	if (r->guest_count >= RECORDER_GUESTS) {
		make_place(r, uid);	/* free after this round */
		return 0;
	}
	return add_client(r, fd_take(fd), uid, true, e);
}

int listen_hear(struct recorder *r, int listener, struct err *e)
{
	scoped(fd) int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred who = { 0 };
	socklen_t size = sizeof(who);

	if (fd < 0)
		return 0;	/* gone again, or descriptors are short: it will try again */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
		return 0;
	if (listener == r->guests)
		return hear_guest(r, &fd, who.uid, e);
	if (who.uid != geteuid()) {
		log_say("a connection by uid %u was dropped: only uid %u may speak here",
			(unsigned)who.uid, (unsigned)geteuid());
		return 0;
	}
	return add_client(r, fd_take(&fd), who.uid, false, e);
}
