/*
 * Questions to the broker. A tag is a seat's number and how often tags were given: an answer finds its seat at once, and
 * one to a seat that somebody else has by now is found out. A seat is given back when its question is refused, or
 * when what it opened is over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "proxy/proxy.h"

enum { ASK_MOST = 16384, OVER_MOST = 1024 };

static bool seat_of(const struct proxy *p, uint64_t tag, size_t *at)
{
	*at = tag % PROXY_SEATS;
	return tag != 0 && p->seats[*at].tag == tag;
}

static void leave_seat(struct proxy *p, uint64_t tag)
{
	size_t at = tag % PROXY_SEATS;

	must(p->seats[at].tag == tag);
	p->seats[at].tag = 0;
	p->seats[at].asker = NULL;
	p->seats[at].open = false;
	p->free_seats[p->free_count++] = (uint32_t)at;
}

static uint64_t take_seat(struct proxy *p, struct asker *a)
{
	size_t at;

	if (p->free_count == 0)
		return 0;
	at = p->free_seats[--p->free_count];
	p->turn++;
	p->seats[at].tag = (uint64_t)p->turn * PROXY_SEATS + at;
	p->seats[at].asker = a;
	p->seats[at].open = false;
	return p->seats[at].tag;
}

bool ask(struct proxy *p, struct asker *a, const struct net_ask *q)
{
	uint8_t room[ASK_MOST];
	struct pack body = { .at = room, .room = sizeof(room) };

	must(!a->tag);
	a->tag = net_ask_pack(&body, q) ? take_seat(p, a) : 0;
	if (!a->tag)
		return false;
	a->waits = true;
	if (post(p, &p->broker, MSG_ASK, a->tag, &body, -1))
		return true;
	leave_seat(p, a->tag);
	a->tag = 0;
	a->waits = false;
	return false;
}

static void say_over(struct proxy *p, uint64_t tag, const struct net_over *o)
{
	uint8_t room[OVER_MOST];
	struct pack body = { .at = room, .room = sizeof(room) };

	must(net_over_pack(&body, o));
	(void)!post(p, &p->broker, MSG_OVER, tag, &body, -1);
	leave_seat(p, tag);
}

void ask_forget(struct proxy *p, struct asker *a)
{
	static const struct net_over gone = { .status = "cancelled", .why = "it was given up" };
	size_t at;

	if (seat_of(p, a->tag, &at) && p->seats[at].open)
		say_over(p, a->tag, &gone);
	else if (seat_of(p, a->tag, &at))
		p->seats[at].asker = NULL;
	a->tag = 0;
	a->waits = false;
}

void ask_over(struct proxy *p, struct asker *a, const struct net_over *o)
{
	if (a->tag)
		say_over(p, a->tag, o);
	a->tag = 0;
}

/* Whoever asked has gone. */
static void nobody(struct proxy *p, uint64_t tag, struct answer *x)
{
	static const struct net_over gone = { .status = "cancelled", .why = "the program did not wait for it" };

	if (x->type == MSG_OPENED)
		say_over(p, tag, &gone);
}

static bool read_answer(struct answer *out, struct msg *m)
{
	struct unpack u = { .at = m->body, .left = m->size };

	*out = (struct answer){ .type = m->type, .fd = -1 };
	if (m->type != MSG_MAY && m->type != MSG_OPENED && m->type != MSG_DENIED)
		return false;
	if (m->type == MSG_DENIED) {
		out->no = (enum net_no)unpack_number(&u, 1);
		out->error = (int)unpack_number(&u, 2);
	}
	if (m->type == MSG_MAY)
		return unpack_done(&u);
	if (m->type == MSG_OPENED)
		out->fd = fd_take(&m->fds[0]);
	return unpack_copy(&u, out->text, sizeof(out->text)) && unpack_done(&u) && out->no < NET_NOES;
}

static void tell(struct proxy *p, uint64_t tag, size_t seat, struct answer *x)
{
	struct asker *a = p->seats[seat].asker;

	p->seats[seat].open = x->type == MSG_OPENED;
	if (a)
		a->waits = false;
	if (x->type != MSG_OPENED) {
		leave_seat(p, tag);
		if (a)
			a->tag = 0;
	}
	if (a)
		a->answered(p, a, x);
	else
		nobody(p, tag, x);
}

int ask_hear(struct proxy *p, struct msg *m, struct err *e)
{
	uint64_t tag = m->tag;
	struct answer x;
	bool read = read_answer(&x, m);
	size_t seat;

	msg_drop(m);
	if (read && seat_of(p, tag, &seat) && !p->seats[seat].open)
		tell(p, tag, seat, &x);
	else
		err_set(e, ERR_PEER, "%s to nothing that was asked", msg_name(m->type));
	fd_close(&x.fd);
	return e->kind ? -1 : 0;
}

int net_no_errno(const struct answer *x)
{
	static const int errors[NET_NOES] = {
		[NET_REFUSED] = EACCES, [NET_BAD] = EINVAL, [NET_UNKNOWN] = EHOSTUNREACH,
		[NET_PRIVATE] = EACCES, [NET_UNREACHABLE] = EHOSTUNREACH, [NET_LATE] = ETIMEDOUT,
		[NET_BUSY] = EAGAIN,
	};

	return x->no == NET_UNREACHABLE && x->error ? x->error : errors[x->no];
}

static void reported(struct proxy *p, struct asker *a, struct answer *x)
{
	static const struct net_over over = { .status = "refused", .why = "only its fault was reported" };

	if (x->type == MSG_OPENED)
		ask_over(p, a, &over);
	p->reports--;
	free(a);
}

void ask_report(struct proxy *p, const struct net_ask *q)
{
	struct asker *a = p->reports < PROXY_REPORTS ? calloc(1, sizeof(*a)) : NULL;

	if (!a)
		return;
	a->answered = reported;
	if (ask(p, a, q))
		p->reports++;
	else
		free(a);
}

/* Those that are still under way when all ends. */
void reports_drop(struct proxy *p)
{
	size_t i;

	for (i = 0; i < PROXY_SEATS; i++) {
		if (!p->seats[i].asker || p->seats[i].asker->answered != reported)
			continue;
		free(p->seats[i].asker);
		p->seats[i].asker = NULL;
	}
}
