/* The spine: a ledger of ledgers. Its recorder is one as any other; it is told of this ledger as a client. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "anchor/anchor.h"
#include "base/fd.h"

enum { KEY_MOST = 512 };

int anchor_greet(int fd, bool watch, struct err *e)
{
	struct wire w = { .fd = fd, .me = ROLE_LAUNCHER, .peer = ROLE_RECORDER };
	const uint8_t watches = watch;

	return wire_send(&w, MSG_ANCHOR, 0, &watches, 1, NULL, 0, e);
}

int anchor_dial(int *out, const char *path, bool watch, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	scoped(fd) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "socket");
	memcpy(to.sun_path, path, strnlen(path, sizeof(to.sun_path) - 1));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return err_sys(e, "no recorder at %s", path);
	if (anchor_greet(fd, watch, e) < 0)
		return -1;
	*out = fd_take(&fd);
	return 0;
}

static int hear_entered(struct wire *w, struct err *e)
{
	struct pollfd in = { .fd = w->fd, .events = POLLIN };
	struct msg *m = malloc(sizeof(*m));
	struct unpack u;
	int got = m && poll(&in, 1, DUTY_MS) > 0 ? wire_receive(w, m, true, e) : WIRE_LATER;

	u = (struct unpack){ .at = got == WIRE_MESSAGE ? m->body : NULL, .left = got == WIRE_MESSAGE ? m->size : 0 };
	if (got == WIRE_MESSAGE)
		got = unpack_number(&u, 8) ? 1 : err_set(e, ERR_LIMIT, "the spine's disk is full");
	else if (got >= 0)
		got = err_set(e, ERR_PEER, got == WIRE_LATER ? "the spine's recorder does not answer" : "the spine's recorder hung up");
	free(m);
	return got < 0 ? -1 : 0;
}

int spine_enter(int fd, const char *key_file, const char *note, size_t size, struct err *e)
{
	struct wire w = { .fd = fd, .me = ROLE_ANCHOR, .peer = ROLE_RECORDER, .now = PHASE_RUNNING };
	uint8_t body[SEAL_NOTE_MOST + KEY_MOST + 8];
	struct pack p = { .at = body, .room = sizeof(body) };
	scoped(mem) char *key = NULL;
	size_t key_size;

	if (fd_read_file(&key, &key_size, key_file, KEY_MOST, e) < 0)
		return -1;
	while (key_size > 0 && key[key_size - 1] == '\n')
		key_size--;
	pack_text(&p, key, key_size);
	pack_text(&p, note, size);
	if (p.over)
		return err_set(e, ERR_LIMIT, "a checkpoint that is too long for the spine");
	return wire_send(&w, MSG_ENTER, 0, body, p.size, NULL, 0, e) < 0 ? -1 : hear_entered(&w, e);
}

int spine_begin(struct duty *d, struct err *e)
{
	struct err later = { .kind = ERR_NONE };

	if (!d->of->key)
		return err_set(e, ERR_INPUT, "spine= needs key=");
	d->out = d->of->spine;
	if (d->out >= 0)
		return anchor_greet(d->out, false, e);
	/* From now on, so that it does not end before we do; and if it is not there, it may be later. */
	(void)!anchor_dial(&d->out, d->where, false, &later);
	return 0;
}

int spine_bring(struct duty *d, const struct job *j, struct done *out, struct err *e)
{
	(void)out;
	if (d->out < 0 && anchor_dial(&d->out, d->where, false, e) < 0)
		return -1;
	if (spine_enter(d->out, d->of->key, j->note, j->note_size, e) == 0)
		return 0;
	fd_close(&d->out);
	return -1;
}

/* The last whole checkpoint of a ledger that may be growing. */
static int last_note(struct buf *out, const char *ledger, struct err *e)
{
	scoped(journal) struct journal *j = NULL;
	uint64_t at = JOURNAL_MAGIC;
	enum frame_got got = FRAME_WHOLE;
	struct frame f;

	if (journal_open(&j, ledger, e) < 0)
		return -1;
	for (;; at += frame_whole(&f)) {
		if (journal_frame(j, &f, &got, at, e) < 0)
			return -1;
		if (got != FRAME_WHOLE)
			break;
		if (f.kind == FRAME_COMMIT) {
			buf_drop(out, out->size);
			buf_add(out, f.body, f.size);
		}
	}
	return out->size ? 0 : err_set(e, ERR_INPUT, "%s has no checkpoint yet", ledger);
}

int spine_enter_ledger(char **args, struct err *e)
{
	scoped(buf) struct buf note = BUF(SEAL_NOTE_MOST);
	scoped(fd) int fd = -1;

	if (last_note(&note, args[0], e) < 0 || anchor_dial(&fd, args[1], false, e) < 0)
		return -1;
	return spine_enter(fd, args[2], note.data, note.size, e);
}
