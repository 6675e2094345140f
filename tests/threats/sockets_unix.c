/* Unix sockets of the host: of the test, and those that hand a desktop or a machine over: THREATS 3. */
#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "threat.h"

/* "@name" is abstract; %d is the process outside, %u our uid, %s the runtime folder outside. */
static int dial(const char *on)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET }, met = BROKEN, fd;
	size_t size, i;

	if (strstr(on, "%d"))
		snprintf(at.sun_path, sizeof(at.sun_path), on, around.pid);
	else if (strstr(on, "%s"))
		snprintf(at.sun_path, sizeof(at.sun_path), on, around.runtime);
	else
		snprintf(at.sun_path, sizeof(at.sun_path), on, getuid());
	size = strlen(at.sun_path);
	if (at.sun_path[0] == '@')
		at.sun_path[0] = '\0';
	for (i = 0; i < count_of(types); i++) {
		fd = socket(AF_UNIX, types[i], 0);
		met = fd < 0 ? BROKEN : told(connect(fd, (struct sockaddr *)&at, offsetof(struct sockaddr_un, sun_path) + (socklen_t)size));
		if (met == WORKED)
			return OUT;
	}
	return met;
}

/* The kernel lists what is bound: only our own may be there. */
static int listed(const char *on)
{
	char line[512], name[64];
	FILE *f = fopen("/proc/net/unix", "r");

	snprintf(name, sizeof(name), on, around.pid);
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, name))
			return OUT;
	return f ? ENOENT : BROKEN;
}

/* The broker's socket is the one way to a process outside: descriptors sent along must not stop it. */
static int descriptors_to_broker(const char *on)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char hello[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-06-18\","
		       "\"capabilities\":{},\"clientInfo\":{\"name\":\"x\",\"version\":\"1\"}}}\n", answer[16];
	struct iovec part = { .iov_base = hello, .iov_len = sizeof(hello) - 1 };
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int) * 200)]; } with = { 0 };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &with, .msg_controllen = sizeof(with) };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), root = open("/", O_PATH | O_DIRECTORY), i;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", on);
	if (root < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return BROKEN;
	with.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int) * 200), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	for (i = 0; i < 200; i++)
		((int *)(void *)CMSG_DATA(&with.head))[i] = root;
	return sendmsg(fd, &m, MSG_NOSIGNAL) > 0 && read(fd, answer, sizeof(answer)) > 0 && answer[0] == '{' ? WORKED : BROKEN;
}

static const struct attempt attempts[] = {
	{ "a listener outside, abstract", dial, "@reeve-threat-%d", ECONNREFUSED, 0, NULL, NULL },
	{ "a listener outside, in /tmp", dial, "/tmp/reeve-threat-%d", ENOENT, 0, NULL, NULL },
	{ "a listener outside, in its runtime folder", dial, "%s/reeve-threat", ENOENT, 0, NULL, NULL },
	{ "the recorder's folder of sockets", dial, "%s/reeve/default.sock", ENOENT, 0, NULL, NULL },
	{ "a listener outside, in /run", dial, "/run/reeve-threat-%d", ENOENT, 0, NULL, NULL },
	{ "the list of what is bound", listed, "reeve-threat-%d", ENOENT, 0, NULL, NULL },
	{ "docker", dial, "/run/docker.sock", ENOENT, 0, NULL, NULL },
	{ "docker by its old name", dial, "/var/run/docker.sock", ENOENT, 0, NULL, NULL },
	{ "containerd", dial, "/run/containerd/containerd.sock", ENOENT, 0, NULL, NULL },
	{ "podman", dial, "/run/podman/podman.sock", ENOENT, 0, NULL, NULL },
	{ "libvirt", dial, "/run/libvirt/libvirt-sock", ENOENT, 0, NULL, NULL },
	{ "the system bus", dial, "/run/dbus/system_bus_socket", ENOENT, 0, NULL, NULL },
	{ "systemd itself", dial, "/run/systemd/private", ENOENT, 0, NULL, NULL },
	{ "the journal", dial, "/run/systemd/journal/socket", ENOENT, 0, NULL, NULL },
	{ "the session bus", dial, "/run/user/%u/bus", ENOENT, 0, NULL, NULL },
	{ "systemd of the user", dial, "/run/user/%u/systemd/private", ENOENT, 0, NULL, NULL },
	{ "gpg-agent", dial, "/run/user/%u/gnupg/S.gpg-agent", ENOENT, 0, NULL, NULL },
	{ "ssh-agent of the keyring", dial, "/run/user/%u/keyring/ssh", ENOENT, 0, NULL, NULL },
	{ "Wayland", dial, "/run/user/%u/wayland-0", ENOENT, 0, NULL, NULL },
	{ "tmux", dial, "/tmp/tmux-%u/default", ENOENT, 0, NULL, NULL },
	{ "X11", dial, "/tmp/.X11-unix/X0", ENOENT, 0, NULL, NULL },
	{ "X11, abstract", dial, "@/tmp/.X11-unix/X0", ECONNREFUSED, 0, NULL, NULL },
	{ "the resolver", dial, "/run/systemd/resolve/io.systemd.Resolve", ENOENT, 0, NULL, NULL },
	{ "nscd", dial, "/run/nscd/socket", ENOENT, 0, NULL, NULL },
	{ "200 descriptors to the broker: it answers", descriptors_to_broker, "/run/reeve/all.sock", WORKED, 0, NULL, NULL },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}
