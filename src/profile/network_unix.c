/*
 * Sockets of the host that no profile can give. What is said over a socket is not read: who may connect to one of
 * these may have a container that mounts everything, a unit that runs as anybody, or the operator's own terminal.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "profile/network.h"

static const char DRIVES[] = "is a socket by which the machine, or its operator's session, can be driven; reeve cannot "
			     "read what is said there, so no profile can give it";

static const char *const folders[] = {
	"/run/containerd",  "/run/podman",  "/run/crio",	  "/run/buildkit", "/run/dbus",
	"/run/systemd",	    "/run/libvirt", "/run/snapd",	  "/run/k3s",	   "/run/udev",
	"/run/incus",	    "/run/screen",  "/run/docker",	  "/run/reeve",	   "/tmp/.X11-unix",
	"/var/lib/incus",   "/var/lib/lxd", "/var/snap/lxd",	  "/proc",	   "/sys",
	"/dev",
};
/* Wherever it lies. */
static const char *const names[] = {
	"docker.sock",	     "containerd.sock", "podman.sock",	      "crio.sock",    "buildkitd.sock", "bus",
	"system_bus_socket", "libvirt-sock",	"libvirt-sock-ro",    "snapd.socket", "snapd-snap.socket",
	"libvirt-admin-sock", "virtqemud-sock", "systemd-private",
};
/* Beneath a user's runtime folder, and what tmux makes in /tmp. */
static const char *const of_session[] = { "systemd", "podman", "containerd-", "buildkit", "dbus-", "at-spi", "wayland-",
					  "libvirt", "docker" };

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool is_of_session(const char *path)
{
	size_t i;

	if (begins(path, "/tmp/tmux-") || begins(path, "/tmp/dbus-") || begins(path, "/tmp/screens"))
		return true;
	if (!begins(path, "/run/user/"))
		return false;
	path += strlen("/run/user/");
	path += strcspn(path, "/");
	for (i = 0; *path && i < count_of(of_session); i++)
		if (begins(path + 1, of_session[i]))
			return true;
	return false;
}

static bool drives(const char *path)
{
	const char *name;
	size_t i;

	path += begins(path, "/var/run/") ? strlen("/var") : 0;
	name = strrchr(path, '/');
	for (i = 0; i < count_of(folders); i++)
		if (path_is_within(path, folders[i]))
			return true;
	for (i = 0; name && i < count_of(names); i++)
		if (strcmp(name + 1, names[i]) == 0)
			return true;
	return is_of_session(path);
}

const char *network_unix_wrong(const char *path)
{
	char real[PATH_MAX];

	if (drives(path) || (path[0] == '/' && realpath(path, real) && drives(real)))
		return DRIVES;
	return NULL;
}
