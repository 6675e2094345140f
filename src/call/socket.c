#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "call/call.h"

enum { PIECE = 65536 };

int socket_open(int *out, const char *server, struct err *e)
{
	scoped(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *folder = getenv("REEVE_SOCKETS");
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int size;

	if (server && !text_is_name(server))
		return err_set(e, ERR_INPUT, "%.80s is no name of a tool server", server);
	size = snprintf(at.sun_path, sizeof(at.sun_path), "%s/%s.sock",
			folder ? folder : "/run/reeve", server ? server : "all");
	if (size < 0 || (size_t)size >= sizeof(at.sun_path))
		return err_set(e, ERR_LIMIT, "the path of the socket is too long");
	if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return err_sys(e, "%s (is this a reeve run, and has it that tool server?)",
			       at.sun_path);
	*out = fd_take(&fd);
	return 0;
}

/* One direction of the bridge: what was read and is not yet written. */
struct way {
	int from, to;
	bool ended;
	size_t at, size;
	char bytes[PIECE];
};

static int pull(struct way *w, struct err *e)
{
	ssize_t got = read(w->from, w->bytes, sizeof(w->bytes));

	if (got < 0 && errno != EINTR && errno != EAGAIN && errno != ECONNRESET)
		return err_sys(e, "read");
	if (got == 0 || (got < 0 && errno == ECONNRESET))
		w->ended = true;
	w->at = 0;
	w->size = got > 0 ? (size_t)got : 0;
	return 0;
}

/* The socket is written without waiting, so that a broker that waits for us to read is read. */
static int push(struct way *w, bool is_socket, struct err *e)
{
	size_t left = w->size - w->at;
	ssize_t done;

	if (is_socket)
		done = send(w->to, w->bytes + w->at, left, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		done = write(w->to, w->bytes + w->at, left);
	if (done < 0 && errno != EINTR && errno != EAGAIN)
		return err_sys(e, "write");
	w->at += done > 0 ? (size_t)done : 0;
	return 0;
}

static struct pollfd wanted(const struct way *w)
{
	if (w->at < w->size)
		return (struct pollfd){ .fd = w->to, .events = POLLOUT };
	return (struct pollfd){ .fd = w->ended ? -1 : w->from, .events = POLLIN };
}

/* Our end of input is passed on as such; the answers still come, until the socket ends. */
int bridge_run(int fd, struct err *e)
{
	struct way in = { .from = STDIN_FILENO, .to = fd },
		   out = { .from = fd, .to = STDOUT_FILENO };
	struct pollfd polls[2];
	bool shut = false;

	while (!out.ended || out.at < out.size) {
		if (in.ended && in.at == in.size && !shut)
			shut = shutdown(fd, SHUT_WR) == 0 || errno == ENOTCONN;
		polls[0] = wanted(&in);
		polls[1] = wanted(&out);
		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			return err_sys(e, "poll");
		if (polls[0].revents && (in.at < in.size ? push(&in, true, e) : pull(&in, e)) < 0)
			in = (struct way){
				.ended = true
			}; /* it hung up: its last words may still come */
		if (polls[1].revents &&
		    (out.at < out.size ? push(&out, false, e) : pull(&out, e)) < 0)
			return -1;
	}
	return 0;
}
