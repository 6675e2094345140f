/*
 * A second thread rewrites a path while init looks at it: between its reading and the deed, a fair name becomes a
 * protected one, and back. flip FOLDER TURNS: prints what of the protected came to be; nothing is what is expected.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* Equal in length, so that one byte after the other can be exchanged. */
static const char fair[] = "free/config", bad[] = ".git/config";
static char path[sizeof(fair)];
static struct open_how how;
static struct sockaddr_un name = { .sun_family = AF_UNIX };
static atomic_bool done;

static void *flip(void *unused)
{
	int turn;

	for (turn = 0; !done; turn++) {
		memcpy(path, turn & 1 ? bad : fair, sizeof(path));
		memcpy(name.sun_path, path, sizeof(path));
		how.flags = turn & 1 ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY;
		how.mode = turn & 1 ? 0644 : 0;
	}
	return unused;
}

static void leave(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void put(const char *name, int flags)
{
	int fd = open(name, flags, 0644);

	if (fd >= 0 && write(fd, "evil", 4) < 0)
		perror(name);
	leave(fd);
}

static void bind_it(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)!bind(fd, (struct sockaddr *)&name, sizeof(name));
	leave(fd);
}

/* Every call that takes a path and changes what it names. */
static void turn(void)
{
	put(path, O_WRONLY | O_CREAT | O_TRUNC);
	put(path, O_WRONLY | O_APPEND);
	leave((int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)));
	put("source", O_WRONLY | O_CREAT);
	(void)!rename("source", path);
	(void)!link("free/config", path);
	(void)!link(path, "alias");
	put("alias", O_WRONLY);
	(void)!symlink("/etc/passwd", path);
	(void)!truncate(path, 1);
	(void)!mknod(path, S_IFREG | 0644, 0);
	bind_it();
	(void)!unlink("alias");
	(void)!unlink("source");
	(void)!unlink(path);
	(void)!rename("free", ".git");
}

int main(int argc, char **argv)
{
	pthread_t other;
	int turns, at;

	if (argc != 3 || chdir(argv[1]) < 0)
		return 2;
	memcpy(path, fair, sizeof(path));
	if (pthread_create(&other, NULL, flip, NULL) != 0)
		return 2;
	turns = atoi(argv[2]);
	for (at = 0; at < turns; at++)
		turn();
	done = true;
	pthread_join(other, NULL);
	printf("%d turns\n", at);
	return 0;
}
