/*
 * Where a jail has no network of its own, as in a container, init is asked for everything that reaches out. What each
 * call may be given is in reach_inet.c and reach_local.c.
 */
#include "jail/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/reaching.h"

enum { TYPE_BITS = 0xf };

bool reach_wanted(const struct inside *in)
{
	return !in->layers[LAYER_NET].obtained && !in->spec->host_net && in->layers[LAYER_SECCOMP].obtained;
}

bool reach_has_network(const struct inside *in)
{
	return reach_wanted(in) && in->spec->ear_count > 0;
}

int reach_refuse(struct question *q, int error)
{
	return notify_refuse(q, error, NULL);
}

static int open_channel(struct inside *in, struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "channel to the proxy");
	in->reach->channel = pair[0];
	in->ears[0] = pair[1];
	return 0;
}

/* The broker's sockets stand by now; nobody else can have put others in their places yet. */
static int find_given(struct inside *in, struct err *e)
{
	char room[INSIDE_PATH];
	const char *path;
	size_t i;

	for (i = 0; i < JAIL_SOCKETS && in->spec->sockets[i]; i++) {
		path = apart_name(in, in->spec->sockets[i], room);
		if (!own_which(&in->reach->given[i], AT_FDCWD, path))
			return err_sys(e, "%s", path);
	}
	return 0;
}

int reach_prepare(struct inside *in, struct err *e)
{
	if (!reach_wanted(in))
		return in->spec->ear_count && !in->layers[LAYER_NET].obtained
			       ? err_set(e, ERR_INPUT,
					 "without a network of its own the agent's connections take the seccomp layer: leave "
					 "out --without=seccomp, or --network and the profile's \"network\"")
			       : 0;
	in->reach = calloc(1, sizeof(*in->reach));
	if (!in->reach)
		return err_sys(e, "memory for connections");
	in->reach->channel = -1;
	if (!in->names && names_prepare(in, e) < 0)
		return -1;
	if (find_given(in, e) < 0)
		return -1;
	return in->spec->ear_count ? open_channel(in, e) : 0;
}

/* Only datagrams are asked for: filter.c lets streams be made, and refuses everything else. */
static int do_socket(struct question *q)
{
	const int family = (int)q->ask.data.args[0], type = (int)q->ask.data.args[1],
		  protocol = (int)q->ask.data.args[2], kind = type & TYPE_BITS;
	const bool local = family == AF_UNIX && (kind == SOCK_DGRAM || kind == SOCK_RAW);
	const bool inet = (family == AF_INET || family == AF_INET6) && kind == SOCK_DGRAM &&
			  (protocol == 0 || protocol == IPPROTO_UDP) && reach_has_network(q->in);
	struct seccomp_notif_addfd add = { .id = q->ask.id };
	int fd, number, why;

	if (!local && !inet)
		return reach_refuse(q, EAFNOSUPPORT);
	fd = pair_inert(family, type & SOCK_NONBLOCK);
	if (fd < 0)
		return fd;
	add.srcfd = (uint32_t)fd;
	add.newfd_flags = type & SOCK_CLOEXEC ? O_CLOEXEC : 0;
	number = ioctl(q->in->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	why = errno;
	close(fd);
	return number >= 0 ? number : why == ENOENT ? NOTIFY_GONE : -why;
}

static bool is_local(const struct target *t)
{
	return t->kind == KIND_UNIX_STREAM || t->kind == KIND_UNIX;
}

/* A pair of ours stands for a datagram socket that was connected before: it may be connected elsewhere. */
static int do_connect(struct question *q)
{
	const uint64_t size = (uint32_t)q->ask.data.args[2];
	union address a;
	struct target t;
	int rc = target_read(&t, q, (int)q->ask.data.args[0]);

	if (rc == 0)
		rc = address_read(&a, q, q->ask.data.args[1], size);
	if (rc == -EPERM)
		return reach_refuse(q, EPERM);
	if (rc != 0)
		return rc;
	if (is_local(&t) && (t.kind == KIND_UNIX_STREAM || a.any.sa_family == AF_UNIX))
		return local_connect(q, &t, &a, (size_t)size);
	if (!reach_has_network(q->in) || t.kind == KIND_NETLINK || t.kind == KIND_OTHER)
		return reach_refuse(q, EACCES);
	return inet_connect(q, &t, &a);
}

/*
 * Of a netlink socket it is let go on. Should it be another socket by then, or another address, it is one that cannot
 * listen, send or receive, and so has a name that is of no use.
 */
static int do_bind(struct question *q)
{
	const uint64_t size = (uint32_t)q->ask.data.args[2];
	union address a;
	struct target t;
	int rc = target_read(&t, q, (int)q->ask.data.args[0]);

	if (rc == 0 && t.kind == KIND_NETLINK)
		return NOTIFY_LET;
	if (rc == 0)
		rc = address_read(&a, q, q->ask.data.args[1], size);
	if (rc == -EPERM)
		return reach_refuse(q, EPERM);
	if (rc != 0)
		return rc;
	if (is_local(&t))
		return local_bind(q, &t, &a, (size_t)size);
	if (t.kind != KIND_STREAM && t.kind != KIND_DATAGRAM)
		return reach_refuse(q, EACCES);
	return inet_bind(q, &t, &a);
}

/* What init bound listens already. */
static int do_listen(struct question *q)
{
	struct target t;
	int rc = target_read(&t, q, (int)q->ask.data.args[0]);

	if (rc == -EPERM)
		return reach_refuse(q, EPERM);
	if (rc != 0)
		return rc;
	if (is_local(&t))
		return own_socket(q->in->reach, t.inode) ? 0 : -EINVAL;
	return reach_has_network(q->in) ? inet_listen(q, &t) : reach_refuse(q, EACCES);
}

static int do_send(struct question *q)
{
	struct target t;
	int rc = target_read(&t, q, (int)q->ask.data.args[0]);

	if (rc == -EPERM)
		return reach_refuse(q, EPERM);
	return rc != 0 ? rc : inet_send(q, &t);
}

static const struct {
	int number;
	int (*run)(struct question *q);
} calls[] = {
	{ SYS_socket, do_socket }, { SYS_connect, do_connect }, { SYS_bind, do_bind },
	{ SYS_listen, do_listen }, { SYS_sendto, do_send },
};

bool reach_serve(struct question *q, int *answer)
{
	size_t i;

	if (!q->in->reach || !filter_is_native(q->ask.data.arch))
		return false;
	for (i = 0; i < count_of(calls); i++)
		if (calls[i].number == q->ask.data.nr) {
			*answer = calls[i].run(q);
			return true;
		}
	return false;
}
