/*
 * A held call outlives the run that brought the list of those who may approve it, and the recorder, which opens no
 * file while it serves. So the lists lie one behind the other in one file that is opened before. Each is found by its
 * digest, which the ledger has signed: what else stands in the file does no harm, and nothing in it is ever changed.
 */
#include "ledger/signers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

struct list {
	char digest[SEAL_DIGEST_TEXT];
	uint64_t at;
	size_t size;
};

struct signers {
	int fd;			/* owned; -1: nothing is there, and nobody writes */
	uint64_t end;
	struct list *lists;	/* owned */
	size_t count, room;
};

enum { HEAD_MOST = 128 };

static const char HEAD[] = "reeve-signers/1 ";	/* at the beginning of a line; then SIZE, DIGEST, newline, the bytes */

void signers_free(struct signers *s)
{
	if (!s)
		return;
	fd_close(&s->fd);
	free(s->lists);
	free(s);
}

static int add(struct signers *s, const char *digest, uint64_t at, size_t size, struct err *e)
{
	size_t wanted = s->room ? s->room * 2 : 16;
	struct list *more;

	if (s->count == s->room) {
		more = realloc(s->lists, wanted * sizeof(*more));
		if (!more)
			return err_sys(e, "memory for lists of signers");
		s->lists = more;
		s->room = wanted;
	}
	s->lists[s->count] = (struct list){ .at = at, .size = size };
	snprintf(s->lists[s->count++].digest, SEAL_DIGEST_TEXT, "%s", digest);
	return 0;
}

static const struct list *find(const struct signers *s, const char *digest, size_t size)
{
	size_t i;

	for (i = s->count; i > 0; i--)
		if (strlen(s->lists[i - 1].digest) == size && memcmp(s->lists[i - 1].digest, digest, size) == 0)
			return &s->lists[i - 1];
	return NULL;
}

/* A head at `at`, and whole behind it what it announces? Then where that begins. */
static bool read_head(struct list *out, size_t *hashed, const char *bytes, size_t at, size_t size)
{
	char digest[SEAL_DIGEST_TEXT] = "", found[SEAL_DIGEST_TEXT], head[HEAD_MOST] = "";
	size_t left = size - at < HEAD_MOST ? size - at : HEAD_MOST;
	const char *line = memchr(bytes + at, '\n', left);
	unsigned long long body;
	char *end;

	if (!line || (size_t)(line - bytes) - at >= HEAD_MOST)
		return false;
	memcpy(head, bytes + at, (size_t)(line - bytes) - at);
	if (strncmp(head, HEAD, sizeof(HEAD) - 1) != 0)
		return false;
	body = strtoull(head + sizeof(HEAD) - 1, &end, 10);
	if (*end != ' ' || strlen(end + 1) >= sizeof(digest) || body > SSH_SIGNERS_MOST ||
	    body > (size_t)(bytes + size - line - 1))
		return false;
	memcpy(digest, end + 1, strlen(end + 1) + 1);
	seal_digest(found, line + 1, body);
	*hashed += body;
	*out = (struct list){ .at = (uint64_t)(line + 1 - bytes), .size = body };
	memcpy(out->digest, digest, sizeof(digest));
	return strcmp(found, digest) == 0;
}

/*
 * A list that was not wholly written is passed over, to the next line that begins as one does. That is work for a file
 * that promises more than it holds, and there is an end to it.
 */
static int index_all(struct signers *s, const char *bytes, size_t size, struct err *e)
{
	const char *next;
	struct list l;
	size_t at = 0, hashed = 0;

	while (at < size) {
		if (hashed > size + SIGNERS_FILE_MOST)
			return err_set(e, ERR_INPUT, "nothing but beginnings of lists; take the file away, or restore it from a backup");
		if (read_head(&l, &hashed, bytes, at, size)) {
			if (add(s, l.digest, l.at, l.size, e) < 0)
				return -1;
			at = (size_t)l.at + l.size;
			continue;
		}
		next = memchr(bytes + at, '\n', size - at);
		at = next ? (size_t)(next - bytes) + 1 : size;
	}
	s->end = size;
	return 0;
}

static int open_file(struct signers *s, const char *dir, bool write, struct err *e)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/signers", dir) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", dir);
	s->fd = open(path, (write ? O_RDWR | O_CREAT : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
	if (s->fd < 0)
		return !write && (errno == ENOENT || errno == ENOTDIR) ? 0 : err_sys(e, "%s", path);
	if (fstat(s->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "%s: not a regular file", path);
	return write ? seal_sync_parent(path, e) : 0;
}

int signers_open(struct signers **out, const char *dir, bool write, struct err *e)
{
	scoped(signers) struct signers *s = calloc(1, sizeof(*s));
	scoped(mem) char *bytes = NULL;
	size_t size = 0;

	if (!s)
		return err_sys(e, "memory for lists of signers");
	if (open_file(s, dir, write, e) < 0)
		return -1;
	if (s->fd >= 0 && (fd_read_all(&bytes, &size, s->fd, SIGNERS_FILE_MOST, e) < 0 || index_all(s, bytes, size, e) < 0))
		return err_in(e, "%s/signers", dir);
	*out = take(&s);
	return 0;
}

static int write_at(int fd, const char *bytes, size_t size, uint64_t at, struct err *e)
{
	ssize_t done;

	while (size > 0) {
		done = pwrite(fd, bytes, size, (off_t)at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return err_sys(e, "keep the list of signers");
		bytes += done;
		at += (uint64_t)done;
		size -= (size_t)done;
	}
	return fdatasync(fd) < 0 ? err_sys(e, "keep the list of signers") : 0;
}

/* What stands before, whole or not, ends with the newline that goes first. */
int signers_keep(struct signers *s, const char *bytes, size_t size, struct err *e)
{
	scoped(buf) struct buf line = BUF(SSH_SIGNERS_MOST + 256);
	char digest[SEAL_DIGEST_TEXT];
	uint64_t at = s->end;
	size_t head;

	seal_digest(digest, bytes, size);
	if (find(s, digest, strlen(digest)))
		return 0;
	if (!buf_printf(&line, "\n%s%zu %s\n", HEAD, size, digest))
		return err_sys(e, "memory for a list of signers");
	head = line.size;
	if (!buf_add(&line, bytes, size) || at + line.size > SIGNERS_FILE_MOST)
		return err_set(e, ERR_LIMIT, "no room for another list of signers: %d MiB of them lie beside the ledger",
			       SIGNERS_FILE_MOST >> 20);
	s->end += line.size;	/* what is half written is not written over */
	if (write_at(s->fd, line.data, line.size, at, e) < 0)
		return -1;
	return add(s, digest, at + head, size, e);
}

int signers_load(struct ssh_signers **out, const struct signers *s, const struct field_value *digest, struct err *e)
{
	const struct list *l = digest->set ? find(s, digest->text, digest->size) : NULL;
	scoped(mem) char *bytes = l ? malloc(l->size + 1) : NULL;
	char found[SEAL_DIGEST_TEXT];

	if (!l)
		return err_set(e, ERR_INPUT, "the list of signers of its run is not here");
	if (!bytes)
		return err_sys(e, "memory for a list of signers");
	if (pread(s->fd, bytes, l->size, (off_t)l->at) != (ssize_t)l->size)
		return err_set(e, ERR_INPUT, "the list of signers of its run cannot be read");
	seal_digest(found, bytes, l->size);
	if (strcmp(found, l->digest) != 0)
		return err_set(e, ERR_INPUT, "the list of signers of its run was changed");
	return ssh_signers_read(out, bytes, l->size, e) < 0 ? err_in(e, "the list of signers of its run") : 0;
}
