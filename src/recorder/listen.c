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

static int add_client(struct recorder *r, int *fd, struct peer *who, bool guest, struct err *e)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c) {
		peer_free(who);
		return err_sys(e, "memory for a client");
	}
	c->wire = (struct wire){ .fd = fd_take(fd), .me = ROLE_RECORDER, .peer = ROLE_LAUNCHER,
				 .now = PHASE_STARTING };
	c->who = *who;
	c->guest = guest;
	c->custodian = !guest && (who->uid == 0 || who->uid == geteuid());
	r->clients[r->count++] = c;
	r->guest_count += guest;
	r->met_one = r->met_one || !guest;
	return 0;
}

/* Of this user, or of all the others. */
static size_t connections(const struct recorder *r, unsigned uid, bool guest, bool own)
{
	size_t i, count = 0;

	for (i = 0; i < r->count; i++)
		count += r->clients[i]->guest == guest && !r->clients[i]->gone && (r->clients[i]->who.uid == uid) == own;
	return count;
}

/* When the room is full, whoever takes most of it gives up a place to whoever has fewer. */
static bool make_place(struct recorder *r, unsigned uid)
{
	struct client *of_most = NULL;
	size_t i, most = 0, count;

	for (i = 0; i < r->count; i++) {
		count = r->clients[i]->guest && !r->clients[i]->gone ? connections(r, r->clients[i]->who.uid, true, true) : 0;
		if (count > most) {
			most = count;
			of_most = r->clients[i];
		}
	}
	if (!of_most || most <= connections(r, uid, true, true) + 1)
		return false;
	of_most->gone = true;
	return true;
}

/* Why not, for the log; NULL: he may stay. Who is not let in hears that by being hung up on. */
static const char *turn_away(struct recorder *r, const struct peer *who, bool guest)
{
	size_t own = connections(r, who->uid, guest, true);

	if (!guest && !r->activated)
		return who->uid == geteuid() ? NULL : "only the ledger's own user may speak here";
	if (own >= (guest ? RECORDER_GUESTS_EACH : share_of(RECORDER_CLIENTS, connections(r, who->uid, guest, false), SHARE_PLACES)))
		return "it has as many connections as one user may";
	if (!guest || r->guest_count < RECORDER_GUESTS)
		return NULL;
	make_place(r, who->uid);	/* free after this round */
	return "there is no room for more reviewers";
}

int listen_hear(struct recorder *r, int listener, struct err *e)
{
	scoped(fd) int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	bool guest = listener == r->guests;
	const char *why;
	struct peer who;

	if (fd < 0 || !peer_of(&who, fd))
		return 0;	/* gone again, or descriptors are short: it will try again */
	why = turn_away(r, &who, guest);
	if (!why)
		return add_client(r, &fd, &who, guest, e);
	if (!r->activated && !guest)
		log_say("a connection by uid %u was dropped: %s", who.uid, why);
	peer_free(&who);
	return 0;
}
