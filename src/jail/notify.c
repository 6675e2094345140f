/*
 * One listener a jail is all the kernel allows, so it serves everything: refused calls get the
 * errno of their row in agent.def and are told to fold.c; calls that make or change names go to
 * names_do.c. Init serves it, because it is the parent of all that can ask: it may read their
 * memory where Yama lets only ancestors. Its death closes the listener, and ends everything that
 * could ask.
 */
#include "jail/reaching.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/calls.h"

/* Debian 12's header has neither. */
#define NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SYNC_WAKE_UP 1ull

int notify_hand_over(struct inside *in, int listener, struct err *e)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} with = { 0 };
	char word = 0;
	struct iovec part = { .iov_base = &word, .iov_len = sizeof(word) };
	struct msghdr m = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = &with,
			    .msg_controllen = sizeof(with) };
	ssize_t sent;

	/* The one who answers is woken on our processor: a tenth of the cost. Older kernels have no
	 * such flag. */
	(void)ioctl(listener, NOTIF_SET_FLAGS, SYNC_WAKE_UP);
	with.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
				      .cmsg_level = SOL_SOCKET,
				      .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&with.head), &listener, sizeof(listener));
	sent = sendmsg(in->inner, &m, MSG_NOSIGNAL);
	close(listener);
	return sent < 0 ? err_sys(e, "hand the listener to init") : 0;
}

bool notify_still(const struct question *q)
{
	return ioctl(q->in->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &q->ask.id) == 0;
}

/* It may have been killed meanwhile: ENOENT is nothing to mind. */
void notify_answer(struct inside *in, const struct seccomp_notif *ask, int answer)
{
	struct seccomp_notif_resp r = { .id = ask->id };

	if (answer == NOTIFY_LET)
		r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else if (answer < 0)
		r.error = answer;
	else
		r.val = answer;
	(void)ioctl(in->listener, SECCOMP_IOCTL_NOTIF_SEND, &r);
}

/* What the self-test asks before the program is let go is nobody's doing. */
int notify_refuse(struct question *q, int error, const char *name)
{
	if (q->in->inner < 0)
		fold_refused(q->in, &q->ask, error, name);
	return -error;
}

static int answer_of(struct question *q)
{
	const int theirs = calls_errno(q->in->spec->calls, &q->ask.data);
	int answer;

	if (theirs)
		return notify_refuse(q, theirs, NULL);
	if (reach_serve(q, &answer) || names_serve(q, &answer))
		return answer;
	return notify_refuse(q, filter_errno(q->ask.data.arch, q->ask.data.nr), NULL);
}

void notify_serve(struct inside *in)
{
	struct question q = { .in = in };
	int answer;

	if (ioctl(in->listener, SECCOMP_IOCTL_NOTIF_RECV, &q.ask) < 0) {
		if (errno == EINTR || errno == ENOENT)
			return; /* it was killed before it was heard */
		fd_close(&in->listener);
		return;
	}
	answer = answer_of(&q);
	if (answer != NOTIFY_GONE && answer != NOTIFY_LATER)
		notify_answer(in, &q.ask, answer);
}
