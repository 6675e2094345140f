/*
 * Secrets of tool servers: from a file, a variable or a command, before anything has started. They
 * are kept in pages that a fork finds empty, so that no jail's first process has another server's;
 * each server's own are copied out for as long as its jail takes to start.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "inspect/inspect.h"
#include "launcher/launcher.h"

/* Two bytes over: a newline that is cut off, and a NUL. */
enum { SLOT = SECRET_BYTES + 2, ROOM = SECRETS_MOST * SLOT, WORDS = 65, HEADER_MOST = 4096 };

static int make_room(struct secrets *s, struct err *e)
{
	void *room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		return err_sys(e, "memory for secrets");
	s->room = room;
	if (madvise(room, ROOM, MADV_WIPEONFORK) < 0 || madvise(room, ROOM, MADV_DONTDUMP) < 0)
		return err_sys(e, "memory that no fork takes along");
	return 0;
}

/* Until its end, or until it is more than a secret may be. */
static int read_into(char *at, size_t *size, int fd, uint64_t deadline, struct err *e)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };
	ssize_t got;

	*size = 0;
	while (*size <= SECRET_BYTES) {
		if (deadline && poll(&in, 1, clock_left_ms(deadline)) == 0)
			return err_set(e, ERR_LIMIT, "it has not ended in time");
		got = read(fd, at + *size, SECRET_BYTES + 1 - *size);
		if (got < 0 && errno != EINTR)
			return err_sys(e, "read");
		if (got == 0)
			break;
		*size += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

static int from_file(char *at, size_t *size, const struct tools_secret *s, struct err *e)
{
	scoped(fd) int fd = open(s->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "%.120s", s->file);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "%.120s is no regular file", s->file);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return err_set(e, ERR_INPUT,
			       "%.120s can be read or written by others than its owner: chmod 600",
			       s->file);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(e, ERR_INPUT, "%.120s belongs to somebody else: chown it", s->file);
	return read_into(at, size, fd, 0, e);
}

static int from_env(char *at, size_t *size, const struct tools_secret *s, struct err *e)
{
	const char *value = getenv(s->env);

	if (!value)
		return err_set(e, ERR_INPUT, "the variable %.60s is not set", s->env);
	*size = strlen(value);
	if (*size > SECRET_BYTES)
		return err_set(e, ERR_LIMIT, "the variable %.60s holds more than %d bytes", s->env,
			       SECRET_BYTES);
	memcpy(at, value, *size);
	return 0;
}

/* Its standard error is the operator's, who may have to answer it. */
static void become(const struct tools_secret *s, int out)
{
	const char *argv[WORDS] = { NULL };
	int null = open("/dev/null", O_RDWR);
	size_t i;

	for (i = 0; i + 1 < WORDS; i++)
		argv[i] = tools_secret_word(s, i);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0)
		_exit(RUN_FAILED);
	close_range(3, ~0u, 0);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(errno == ENOENT ? 127 : 126);
}

static int how_it_ended(const char *program, int status, struct err *e)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) >= 126 && WEXITSTATUS(status) <= 127)
		return err_set(e, ERR_INPUT, "%.120s: %s", program,
			       WEXITSTATUS(status) == 127 ? "not found" : "cannot be executed");
	if (WIFEXITED(status))
		return err_set(e, ERR_INPUT, "%.120s ended with status %d", program,
			       WEXITSTATUS(status));
	return err_set(e, ERR_INPUT, "%.120s was ended by signal %d", program, WTERMSIG(status));
}

static int from_command(char *at, size_t *size, const struct tools_secret *s, struct err *e)
{
	uint64_t deadline = clock_mono_ns() + s->deadline_ms * UINT64_C(1000000);
	const char *program = tools_secret_word(s, 0);
	scoped(fd) int out = -1;
	int ends[2], status = 0, done;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	out = ends[0];
	pid = fork();
	if (pid == 0)
		become(s, ends[1]);
	fd_close(&ends[1]);
	if (pid < 0)
		return err_sys(e, "start %.120s", program);
	done = read_into(at, size, out, deadline, e);
	if (done < 0 || *size > SECRET_BYTES)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (done < 0)
		return err_in(e, "%.120s", program);
	return *size > SECRET_BYTES ? 0 : how_it_ended(program, status, e);
}

/* One newline at the end is how editors and commands end a line, not part of a secret. */
static int trim(char *at, size_t *size, struct err *e)
{
	if (*size > SECRET_BYTES)
		return err_set(e, ERR_LIMIT, "it is longer than %d bytes", SECRET_BYTES);
	if (*size > 0 && at[*size - 1] == '\n')
		--*size;
	at[*size] = '\0';
	if (*size == 0)
		return err_set(e, ERR_INPUT, "it is empty");
	if (strlen(at) != *size)
		return err_set(e, ERR_INPUT, "it holds a NUL byte");
	return 0;
}

static int read_one(struct secrets *out, const struct tools_secret *s, struct err *e)
{
	struct secret *into = &out->at[out->count];
	size_t size = 0;
	char *at;
	int done;

	if (out->count == SECRETS_MOST)
		return err_set(e, ERR_LIMIT, "more than %d secrets in tool file and profile", SECRETS_MOST);
	if (!out->room && make_room(out, e) < 0)
		return -1;
	at = out->room + out->count * SLOT;
	done = s->file ? from_file(at, &size, s, e) : s->env ? from_env(at, &size, s, e) : from_command(at, &size, s, e);
	if (done < 0 || trim(at, &size, e) < 0 || inspect_prints_check(at, size, e) < 0)
		return -1;
	*into = (struct secret){ .server = s->server, .name = s->name, .bytes = at, .size = size };
	out->count++;
	return 0;
}

/* After all were read: two may have the same. Where it lies is what /proc shows of us, and what a fork has. */
static void forget_one(const char *name)
{
	char *value = name ? getenv(name) : NULL;

	if (!value)
		return;
	explicit_bzero(value, strlen(value));
	unsetenv(name);
}

static void forget_env(const struct tools *t, const struct profile *p)
{
	struct profile_credential c;
	struct tools_secret s;
	size_t n;

	for (n = 0; tools_secret(&s, t, n); n++)
		forget_one(s.env);
	for (n = 0; p && profile_credential(&c, p, n); n++)
		forget_one(c.env);
}

/* It will stand in a line of a header, where a line's end would begin another one. */
static int check_header(const struct secret *s, struct err *e)
{
	size_t i;

	for (i = 0; i < s->size; i++)
		if (s->bytes[i] < 0x20 || s->bytes[i] == 0x7f)
			return err_set(e, ERR_INPUT, "byte %zu is no printable ASCII, so it cannot stand in a header", i + 1);
	return s->size > HEADER_MOST ? err_set(e, ERR_LIMIT, "it is longer than %d bytes", HEADER_MOST) : 0;
}

static int read_credentials(struct secrets *out, const struct profile *p, struct err *e)
{
	struct profile_credential c;
	struct tools_secret s;
	size_t n;

	for (n = 0; p && profile_credential(&c, p, n); n++) {
		s = (struct tools_secret){ .server = SECRET_OF_CREDENTIAL + n, .name = c.name, .file = c.file, .env = c.env };
		if (read_one(out, &s, e) < 0 || check_header(&out->at[out->count - 1], e) < 0)
			return err_in(e, "credential %s of the profile", c.name);
	}
	return 0;
}

const struct secret *secrets_of_credential(const struct secrets *s, size_t n)
{
	size_t i;

	for (i = 0; s && i < s->count; i++)
		if (s->at[i].server == SECRET_OF_CREDENTIAL + n)
			return &s->at[i];
	return NULL;
}

int secrets_read(struct secrets *out, const struct tools *t, const struct profile *p, struct err *e)
{
	struct tools_secret s;
	size_t n;

	for (n = 0; tools_secret(&s, t, n); n++)
		if (read_one(out, &s, e) < 0)
			return err_in(e, "secret %s of tool server %s", s.name, tools_server_name(t, s.server));
	if (read_credentials(out, p, e) < 0)
		return -1;
	if (out->room)
		(void)!mlock(out->room,
			     out->count * SLOT); /* kept from swap where the limit allows it */
	forget_env(t, p);
	return 0;
}

int secrets_lend(const struct secrets *s, bool lent, struct err *e)
{
	if (s->room && madvise(s->room, ROOM, lent ? MADV_KEEPONFORK : MADV_WIPEONFORK) < 0)
		return err_sys(e, "memory of secrets");
	return 0;
}

void secrets_free(struct secrets *s)
{
	if (!s->room)
		return;
	explicit_bzero(s->room, s->count * SLOT);
	munmap(s->room, ROOM);
	*s = (struct secrets){ 0 };
}
