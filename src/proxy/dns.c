/*
 * Names. The broker is asked once whether any rule could allow a connection to one; then it stands for an address of
 * ours, and the real one is nobody's in the jail to know. What is no question about an address is a fault.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "proxy/proxy.h"

enum { TTL = 60, TURNS = 64, TYPE_A = 1, LENGTH = 2, NOTHING = 0xffff };

/* Asked, and not yet answered: by a datagram, or over a connection, which has one at a time. */
struct query {
	TAILQ_ENTRY(query) all;
	struct name *name;		/* that it waits for; NULL: for its fault to be recorded */
	struct asker asker;
	struct deadline deadline;
	int fd;
	struct packet packet;
	struct link *link;		/* NULL: a datagram */
	unsigned code;
	struct egress_question question;
	uint8_t bytes[PROXY_QUERY];
};

static void say(struct proxy *p, const struct query *q, unsigned code, const uint8_t *address)
{
	uint8_t out[LENGTH + PROXY_QUERY + 16];
	size_t size = egress_write_answer(out + LENGTH, q->bytes, &q->question, code, address, TTL);

	out[0] = (uint8_t)(size >> 8);
	out[1] = (uint8_t)size;
	if (!q->link) {
		(void)!packet_answer(q->fd, &q->packet, out + LENGTH, size);
		return;
	}
	link_say(p, q->link, out, size + LENGTH);
	if (q->link->state == LINK_HEAD)
		deadline_set(p, &q->link->deadline, DELAY_HEAD);
}

static void say_name(struct proxy *p, const struct query *q, const struct name *n)
{
	static const unsigned codes[] = { [NAME_NEW] = EGRESS_DNS_FAIL, [NAME_MAY] = EGRESS_DNS_OK,
					  [NAME_DENIED] = EGRESS_DNS_REFUSED };
	uint8_t address[4];

	name_address(address, n->number);
	say(p, q, codes[n->state], n->state == NAME_MAY && q->question.type == TYPE_A ? address : NULL);
}

static void drop(struct proxy *p, struct query *q)
{
	if (q->name)
		TAILQ_REMOVE(&q->name->waiting, q, all);
	if (q->asker.tag)
		ask_forget(p, &q->asker);
	deadline_clear(p, &q->deadline);
	if (q->link)
		q->link->more = NULL;
	p->query_count--;
	free(q);
}

static void words(struct proxy *p, struct link *l);

/* It has its answer, and may ask again. */
static void settle(struct proxy *p, struct query *q)
{
	struct link *l = q->link;

	drop(p, q);
	if (l && l->state == LINK_HEAD)
		words(p, l);
}

static void late(struct proxy *p, struct deadline *d)
{
	struct query *q = holder_of(d, struct query, deadline);

	say(p, q, EGRESS_DNS_FAIL, NULL);
	settle(p, q);
}

static void fault_answered(struct proxy *p, struct asker *a, struct answer *x)
{
	struct query *q = holder_of(a, struct query, asker);

	if (x->type == MSG_OPENED)
		err_set(&p->err, ERR_PEER, "a question of the DNS was opened");
	say(p, q, q->code, NULL);
	settle(p, q);
}

/* NULL: too many wait. It gets no answer then, and asks again: none goes out that was not recorded. */
static struct query *keep(struct proxy *p, const struct query *q)
{
	struct query *kept = p->query_count < PROXY_QUERIES ? malloc(sizeof(*kept)) : NULL;

	if (!kept)
		return NULL;
	*kept = *q;
	kept->deadline = (struct deadline){ .late = late };
	kept->asker = (struct asker){ .answered = fault_answered };
	if (kept->link)
		kept->link->more = kept;
	deadline_set(p, &kept->deadline, DELAY_ASK);
	p->query_count++;
	return kept;
}

static void name_answered(struct proxy *p, struct asker *a, struct answer *x)
{
	struct name *n = holder_of(a, struct name, asker);
	struct query *q;

	n->state = NAME_DENIED;
	if (x->type == MSG_MAY)
		n->state = NAME_MAY;
	else if (x->type == MSG_OPENED)
		err_set(&p->err, ERR_PEER, "a question of the DNS was opened");
	else if (x->no == NET_BUSY || x->no == NET_LATE)
		n->state = NAME_NEW;
	while ((q = TAILQ_FIRST(&n->waiting))) {
		say_name(p, q, n);
		settle(p, q);
	}
}

static struct net_ask ask_of(const char *host, const char *fault)
{
	struct net_ask a = { .way = NET_BY_DNS, .port = 0, .scheme = "dns" };

	snprintf(a.host, sizeof(a.host), "%s", host);
	snprintf(a.fault, sizeof(a.fault), "%s", fault);
	return a;
}

static void report_turned(struct proxy *p, struct deadline *d)
{
	struct net_ask a = ask_of("", "");

	if (p->names.turned == 0)
		return;
	snprintf(a.fault, sizeof(a.fault), "more new names than %d a second or %d in all: %u were not looked up",
		 PROXY_NEW_NAMES, PROXY_NAMES, p->names.turned);
	p->names.turned = 0;
	ask_report(p, &a);
	deadline_set(p, d, DELAY_HEAD);
}

/* Names are a way out by themselves: so many and no more, and that there were more is told now and then. */
static bool has_room_for_name(struct proxy *p)
{
	struct names *n = &p->names;

	if (p->now - n->second_ns >= UINT64_C(1000000000)) {
		n->second_ns = p->now;
		n->news = 0;
	}
	if (n->news < PROXY_NEW_NAMES && n->count < PROXY_NAMES) {
		n->news++;
		return true;
	}
	n->turned++;
	n->report.late = report_turned;
	if (!n->report.set)
		report_turned(p, &n->report);
	return false;
}

static void ask_name(struct proxy *p, struct name *n)
{
	struct net_ask a = ask_of(n->text, "");

	n->asker.answered = name_answered;
	if (ask(p, &n->asker, &a))
		n->state = NAME_ASKED;
}

static void wait_for(struct proxy *p, struct name *n, const struct query *q)
{
	struct query *kept = keep(p, q);

	if (!kept)
		return;
	kept->name = n;
	TAILQ_INSERT_TAIL(&n->waiting, kept, all);
}

static bool is_localhost(const char *text)
{
	static const char tail[] = ".localhost";
	size_t size = strlen(text), tail_size = sizeof(tail) - 1;

	return strcmp(text, tail + 1) == 0 || (size > tail_size && strcmp(text + size - tail_size, tail) == 0);
}

static void look_up(struct proxy *p, const struct query *q)
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	struct name *n = name_find(&p->names, q->question.host.text);

	if (is_localhost(q->question.host.text)) {
		say(p, q, EGRESS_DNS_OK, q->question.type == TYPE_A ? loopback : NULL);
		return;
	}
	if (!n && has_room_for_name(p))
		n = name_add(&p->names, q->question.host.text);
	if (!n) {
		say(p, q, EGRESS_DNS_REFUSED, NULL);
		return;
	}
	if (n->state == NAME_NEW)
		ask_name(p, n);
	if (n->state == NAME_ASKED)
		wait_for(p, n, q);
	else
		say_name(p, q, n);
}

static void blame(struct proxy *p, struct query *q, const char *why)
{
	struct net_ask a = ask_of(q->question.host.text, why);
	struct query *kept;

	if (q->code == NOTHING) {
		ask_report(p, &a);
		return;
	}
	kept = keep(p, q);
	if (kept && !ask(p, &kept->asker, &a))
		drop(p, kept);
}

/* One question, whose bytes are in it. */
static void hear(struct proxy *p, struct query *q, size_t size)
{
	const char *why = NULL;

	if (egress_read_question(&q->question, q->bytes, size, &q->code, &why) == EGRESS_WHOLE)
		look_up(p, q);
	else
		blame(p, q, why);
}

void dns_ready(struct proxy *p, struct watch *w, uint32_t events)
{
	unsigned turns = TURNS;

	(void)events;
	while (turns-- > 0) {
		struct query q = { .fd = w->fd };
		uint8_t bytes[PROXY_QUERY + 1];

		if (!packet_receive(w->fd, &q.packet, bytes, sizeof(bytes)))
			return;
		if (q.packet.size <= sizeof(q.bytes)) {
			memcpy(q.bytes, bytes, q.packet.size);
			hear(p, &q, q.packet.size);
		}
	}
}

/* Over a connection: two bytes of length before each. True: there may be another. */
static bool one_word(struct proxy *p, struct link *l)
{
	ssize_t got = link_peek(p, l);
	struct query q = { .fd = -1, .link = l };
	size_t size;

	if (got < 0)
		return false;
	size = got < LENGTH ? 0 : (size_t)(uint8_t)p->bytes[0] << 8 | (uint8_t)p->bytes[1];
	if (got == 0 || size > sizeof(q.bytes) || ((size_t)got < LENGTH + size && l->ends[AGENT].ended)) {
		link_die(p, l, false);
		return false;
	}
	if ((size_t)got < LENGTH + size || got < LENGTH)
		return false;
	if (!link_take(p, l, LENGTH + size)) {
		link_die(p, l, false);
		return false;
	}
	memcpy(q.bytes, p->bytes + LENGTH, size);
	hear(p, &q, size);
	return true;
}

static void words(struct proxy *p, struct link *l)
{
	unsigned turns = TURNS;

	while (l->state == LINK_HEAD && !l->more && turns-- > 0 && one_word(p, l))
		;
	if (turns == 0 && l->state == LINK_HEAD)
		link_die(p, l, false); /* it may come again */
}

static void denied(struct proxy *p, struct link *l, const struct answer *x)
{
	(void)x;
	link_die(p, l, true);
}

static void rests(struct proxy *p, struct link *l)
{
	link_die(p, l, false);
}

static void died(struct proxy *p, struct link *l)
{
	if (l->more)
		drop(p, l->more);
}

static const struct manner by_stream = { .words = words, .denied = denied, .late = rests, .died = died };

void ear_dns(struct proxy *p, struct ear *ear, int fd)
{
	struct link *l = link_new(p, fd, &by_stream, NET_BY_DNS);

	(void)ear;
	if (l && l->busy)
		link_die(p, l, true);
}
