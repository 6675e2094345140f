/*
 * A pipe with a name, opened to write: it waits for a reader, but init waits for nobody. So it
 * tries without waiting, keeps the question while there is no reader, and tries again between other
 * things. (To read is not asked about: the kernel does that alone.)
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/names.h"

enum { AGAIN_MS = 20 };

/* -ENXIO: nobody reads yet. */
static int try_it(struct question *q, int it, const struct wish *w)
{
	int fd = path_reopen(q, it,
			     (w->flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW | O_TRUNC)) | O_NONBLOCK |
				     O_CLOEXEC);

	if (fd >= 0 && !(w->flags & O_NONBLOCK) && fcntl(fd, F_SETFL, w->flags & O_APPEND) < 0) {
		close(fd);
		return -EPERM;
	}
	return names_give(q, fd, w);
}

int names_open_fifo(struct question *q, int it, const struct wish *w)
{
	struct names *n = q->in->names;
	int answer = try_it(q, it, w);
	struct kept *k;

	if (answer != -ENXIO || (w->flags & O_NONBLOCK))
		return answer;
	if (n->kept_count == count_of(n->kept))
		return -ENXIO;
	k = &n->kept[n->kept_count];
	*k = (struct kept){ .ask = q->ask, .wish = *w, .it = fcntl(it, F_DUPFD_CLOEXEC, 0) };
	if (k->it < 0)
		return -errno;
	n->kept_count++;
	return NOTIFY_LATER;
}

int names_again(struct inside *in)
{
	struct names *n = in->names;
	struct question q = { .in = in };
	size_t i;
	int answer;

	for (i = n ? n->kept_count : 0; i-- > 0;) {
		q.ask = n->kept[i].ask;
		answer = notify_still(&q) ? try_it(&q, n->kept[i].it, &n->kept[i].wish)
					  : NOTIFY_GONE;
		if (answer == -ENXIO)
			continue;
		if (answer != NOTIFY_GONE)
			notify_answer(in, &q.ask, answer);
		close(n->kept[i].it);
		n->kept[i] = n->kept[--n->kept_count];
	}
	return n && n->kept_count > 0 ? AGAIN_MS : -1;
}
