/*
 * A log's state is a file of its own, written anew beside the old one and whole on disk before it takes its name, and its
 * name is on disk before anybody is told. So whatever moment the power fails in, what was signed is remembered.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "witness/witness.h"

enum { FILE_MOST = 2048 };

static const char FIRST[] = "reeve-witness/1";

void state_begin(struct state *s)
{
	memset(s, 0, sizeof(*s));
	seal_hash(s->root, "", 0);	/* the tree of no leaves */
}

static bool state_text(struct buf *out, const struct origin *o, const struct state *s)
{
	char root[SEAL_HASH_BASE64], key[SEAL_VERIFIER_TEXT] = "-", sum[SEAL_DIGEST_TEXT];

	seal_base64(root, s->root);
	if (s->epoch > 0)
		seal_verifier_text(key, &s->key);
	buf_printf(out, "%s\n%s\n%" PRIu64 "\n%s\n%" PRIu64 " %" PRIu64 " %s\n", FIRST, o->name, s->size, root, s->epoch, s->former,
		   key);
	if (out->over)
		return false;
	seal_digest(sum, out->data, out->size);
	return buf_printf(out, "%s\n", sum);
}

/* The five lines, loosely: that writing them again gives the same bytes is what counts. */
static bool parse(struct state *s, const char *text, size_t size)
{
	char line[5][SEAL_VERIFIER_TEXT + 64], *key;
	const char *end;
	struct err e;
	size_t i;

	for (i = 0; i < count_of(line); i++) {
		end = memchr(text, '\n', size);
		if (!end || (size_t)(end - text) >= sizeof(line[0]))
			return false;
		memcpy(line[i], text, (size_t)(end - text));
		line[i][end - text] = '\0';
		size -= (size_t)(end - text) + 1;
		text = end + 1;
	}
	s->size = strtoull(line[2], NULL, 10);
	s->epoch = strtoull(line[4], &key, 10);
	s->former = strtoull(key, &key, 10);
	return seal_hash_read(s->root, line[3], strlen(line[3])) &&
	       (s->epoch == 0 || (*key == ' ' && seal_verifier_read(&s->key, key + 1, strlen(key + 1), &e) == 0));
}

int state_read(struct state *out, int folder, const struct origin *o, struct err *e)
{
	scoped(fd) int fd = openat(folder, o->file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	scoped(buf) struct buf again = BUF(FILE_MOST);
	scoped(mem) char *text = NULL;
	struct state s = { 0 };
	size_t size;

	if (fd < 0)
		return errno == ENOENT ? STATE_ABSENT : err_sys(e, "%s", o->file);
	if (fd_read_all(&text, &size, fd, FILE_MOST, e) < 0)
		return err_in(e, "%s", o->file);
	if (!parse(&s, text, size) || !state_text(&again, o, &s) || again.size != size || memcmp(again.data, text, size) != 0)
		return err_set(e, ERR_INPUT, "%s: damaged, or the state of another log", o->file);
	*out = s;
	return STATE_READ;
}

static int write_new(int folder, const char *name, const struct buf *text, struct err *e)
{
	scoped(fd) int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(e, "%s", name);
	if (fd_write_all(fd, text->data, text->size, e) < 0)
		return err_in(e, "%s", name);
	return fsync(fd) < 0 ? err_sys(e, "%s", name) : 0;
}

int state_write(struct origin *o, int folder, const struct state *s, struct err *e)
{
	scoped(buf) struct buf text = BUF(FILE_MOST);
	char name[sizeof(o->file) + 4];

	snprintf(name, sizeof(name), "%s.new", o->file);
	if (!state_text(&text, o, s))
		return err_set(e, ERR_LIMIT, "%s: no memory", o->file);
	if (write_new(folder, name, &text, e) < 0)
		return -1;
	/* From here on nobody knows which of the two is on disk, until both calls have said that it is this one. */
	o->served = false;
	if (renameat(folder, name, folder, o->file) < 0 || fsync(folder) < 0)
		return err_sys(e, "%s", o->file);
	o->state = *s;
	o->served = true;
	return 0;
}
