/*
 * A reviewer asks and waits: one question at a time on one connection, except that of one who follows news may
 * come at any time. Who must look at a payload while following takes a second connection.
 */
#include "launcher/reviewing.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "launcher/run.h"

void reviewer_free(struct reviewer *r)
{
	if (r)
		fd_close(&r->wire.fd);
	free(r);
}

int reviewer_fd(const struct reviewer *r)
{
	return r->wire.fd;
}

/* Until LOOK is said a launcher speaks here; from then on a reviewer. */
static int look(struct reviewer **out, int *fd, struct err *e)
{
	struct reviewer *r = calloc(1, sizeof(*r));

	if (!r)
		return err_sys(e, "memory for a reviewer");
	r->wire = (struct wire){ .fd = fd_take(fd), .me = ROLE_LAUNCHER, .peer = ROLE_RECORDER };
	if (wire_send(&r->wire, MSG_LOOK, 0, NULL, 0, NULL, 0, e) < 0) {
		reviewer_free(r);
		return err_in(e, "the recorder");
	}
	r->wire.me = ROLE_REVIEWER;
	r->wire.now = PHASE_RUNNING;
	*out = r;
	return 0;
}


int reviewer_dial(struct reviewer **out, const char *socket_path, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	scoped(fd) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (strlen(socket_path) >= sizeof(to.sun_path))
		return err_set(e, ERR_LIMIT, "%.100s...: too long for a socket", socket_path);
	memcpy(to.sun_path, socket_path, strlen(socket_path) + 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return err_sys(e, "%s", socket_path);
	return look(out, &fd, e);
}

/* The next message: 1; 0, it hung up; -1 also where it turned us away, which is ERR_INPUT. */
static int hear(struct reviewer *r, struct err *e)
{
	struct unpack u;
	char why[512];
	int got = wire_receive(&r->wire, &r->msg, true, e);

	if (got < 0 || got == WIRE_CLOSED)
		return got < 0 ? err_in(e, "the recorder") : 0;
	msg_drop(&r->msg);
	if (r->msg.type != MSG_TURNED_AWAY)
		return 1;
	u = (struct unpack){ .at = r->msg.body, .left = r->msg.size };
	return err_set(e, ERR_INPUT, "%s", unpack_copy(&u, why, sizeof(why)) ? why : "turned away");
}

static int await(struct reviewer *r, struct err *e)
{
	struct pollfd in = { .fd = r->wire.fd, .events = POLLIN };

	if (poll(&in, 1, REVIEWER_SECONDS * 1000) == 0)
		return err_set(e, ERR_PEER, "the recorder does not answer");
	return hear(r, e);
}

static int hung_up(struct err *e)
{
	return err_set(e, ERR_PEER, "the recorder hung up; try again");
}

int reviewer_hear(struct reviewer *r, struct err *e)
{
	int got = await(r, e);

	return got == 0 ? hung_up(e) : got < 0 ? -1 : 0;
}

int reviewer_misspoke(const struct reviewer *r, struct err *e)
{
	return err_set(e, ERR_PEER, "the recorder says %s, which was not asked for or cannot be read",
		       msg_name(r->msg.type));
}

int reviewer_query(struct reviewer *r, uint64_t index, bool follow, struct err *e)
{
	uint8_t body[16];
	struct pack p = { .at = body, .room = sizeof(body) };

	pack_number(&p, follow, 1);
	pack_number(&p, index, 8);
	return wire_send(&r->wire, MSG_QUERY, ++r->tag, body, p.size, NULL, 0, e);
}

/*
 * 1: it is there. 0: it was about to end when we connected, as it does after its last run. What tells is any answer,
 * and the shortest is that to a number that no call has.
 */
static int greet(struct reviewer *r, struct err *e)
{
	int got = reviewer_query(r, UINT64_MAX, false, e) < 0 ? 0 : await(r, e);

	return got < 0 && e->kind == ERR_INPUT ? 1 : 0;
}

int reviewer_join(struct reviewer **out, const struct paths *at, struct err *e)
{
	uint64_t deadline = clock_mono_ns() + (uint64_t)REVIEWER_SECONDS * 1000000000;
	scoped(reviewer) struct reviewer *r = NULL;
	int there = 0;

	if (!at->service && !recorder_has_ledger(at))
		return err_set(e, ERR_SYSTEM, "there is no ledger at %.150s yet: nothing was ever held", at->ledger);
	while (there == 0) {
		scoped(fd) int fd = -1;

		reviewer_free(r);
		r = NULL;
		if (recorder_reach(&fd, at, e) < 0)
			return -1;
		if (look(&r, &fd, e) == 0 && r)
			there = greet(r, e);
		if (there == 0 && clock_left_ms(deadline) == 0)
			return hung_up(e);
	}
	*e = (struct err){ .kind = ERR_NONE };
	(void)recorder_hears_others(at);
	*out = take(&r);
	return 0;
}

static bool read_stands(struct stands *out, const struct msg *m)
{
	struct unpack u = { .at = m->body, .left = m->size };
	uint64_t state;
	size_t i;

	out->held = unpack_text(&u, &out->size);
	state = unpack_number(&u, 1);
	out->left_s = unpack_number(&u, 4);
	for (i = 0; i < STANDS_DECISIONS && u.left > 0 && !u.bad; i++)
		out->decisions[i].line = unpack_text(&u, &out->decisions[i].size);
	out->count = i;
	out->state = (enum hold_state)state;
	return unpack_done(&u) && state < HOLD_STATES;
}

int reviewer_next(struct stands *out, struct reviewer *r, int wait_ms, struct err *e)
{
	struct pollfd in = { .fd = r->wire.fd, .events = POLLIN };
	int got = poll(&in, 1, wait_ms);

	if (got == 0 || (got < 0 && errno == EINTR))
		return REVIEWER_LATER;
	got = got < 0 ? err_sys(e, "poll") : hear(r, e);
	if (got <= 0)
		return got < 0 ? -1 : REVIEWER_GONE;
	if (r->msg.type == MSG_STANDS && r->msg.size == 0)
		return REVIEWER_ALL;
	if (r->msg.type != MSG_STANDS || !read_stands(out, &r->msg))
		return reviewer_misspoke(r, e);
	return REVIEWER_STANDS;
}

int reviewer_see(struct buf *out, struct reviewer *r, uint64_t index, struct err *e)
{
	int got;

	*out = BUF(PAYLOAD_MOST);
	if (wire_send_u64(&r->wire, MSG_SEE, ++r->tag, index, e) < 0)
		return -1;
	do {
		got = await(r, e);
		if (got <= 0)
			return got < 0 ? -1 : hung_up(e);
		if (r->msg.type != MSG_PIECE)
			return reviewer_misspoke(r, e);
		if (!buf_add(out, r->msg.body, r->msg.size))
			return err_set(e, ERR_PEER, "the recorder sends more than a payload may be");
	} while (r->msg.size > 0);
	return 0;
}

int reviewer_decide(uint64_t *record, enum hold_state *state, struct reviewer *r, const struct reviewer_word *w,
		    struct err *e)
{
	uint8_t body[4096];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct unpack u;
	uint64_t index, came_to;
	int got;

	pack_number(&p, w->index, 8);
	pack_text(&p, w->reviewer, strlen(w->reviewer));
	pack_text(&p, w->decision, strlen(w->decision));
	pack_text(&p, w->reason, strlen(w->reason));
	pack_text(&p, w->signature, strlen(w->signature));
	if (p.over)
		return err_set(e, ERR_LIMIT, "the decision is too long to be sent");
	if (wire_send(&r->wire, MSG_DECIDE, ++r->tag, body, p.size, NULL, 0, e) < 0)
		return -1;
	got = await(r, e);
	if (got <= 0)
		return got < 0 ? -1 : hung_up(e);
	u = (struct unpack){ .at = r->msg.body, .left = r->msg.size };
	index = unpack_number(&u, 8);
	came_to = unpack_number(&u, 1);
	if (r->msg.type != MSG_DECIDED || !unpack_done(&u) || came_to >= HOLD_STATES)
		return reviewer_misspoke(r, e);
	*record = index;
	*state = (enum hold_state)came_to;
	return 0;
}
