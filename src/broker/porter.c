/*
 * Agents that speak HTTP. Each of their sessions comes as a DOOR, and is then a connection like any
 * other. What the porter turned away before it was a message comes as TURNED; an agent can be
 * turned away as often as it likes, so a kind is recorded at once, and then by number. The porter answers nobody before it
 * is TOLD that what there was to record of it is durable.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "broker/broker.h"

static int hear_door(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	uint64_t server = unpack_number(&u, 2);

	if (!unpack_done(&u) || (server != JOINED && server >= b->server_count))
		return err_set(e, ERR_PEER, "malformed DOOR");
	if (fcntl(m->fds[0], F_SETFL, O_NONBLOCK) < 0)
		return err_sys(e, "a connection of the porter");
	return agent_admit(b, server == JOINED ? NULL : &b->servers[server], fd_take(&m->fds[0]),
			   e);
}

/* What is only counted waits too: it is refused by a record that must be there. Once the run ends nobody is answered. */
static int tell_porter(struct broker *b, struct err *e)
{
	if (b->turned_proving > 0 || b->turned_told == b->turned_heard || b->porter.fd < 0 || b->ending)
		return 0;
	b->turned_told = b->turned_heard;
	return wire_send(&b->porter, MSG_TOLD, b->turned_told, NULL, 0, NULL, 0, e);
}

static int turned_proved(void *broker, struct receipt *proof, struct err *e)
{
	struct broker *b = broker;

	receipt_free(proof);
	b->turned_proving--;
	return tell_porter(b, e);
}

static int tell(struct broker *b, struct turned *t, struct err *e)
{
	const struct action action = { .kind = ACTION_MESSAGE };
	const struct verdict verdict = { .reason = t->reason, .why = t->why };
	const struct commit_about about = { .size = t->size, .count = t->count };

	t->told = t->count;
	b->turned_proving++;
	while (t->due <= t->count)
		t->due *= 10;
	return commit_verdict(&b->commits, &action, &verdict, &about,
			      (struct commit_then){ turned_proved, b }, e);
}

static struct turned *kind_of(struct broker *b, enum reason reason, const char *why)
{
	struct turned *t = b->turned;

	while (t < b->turned + b->turned_count && (t->reason != reason || strcmp(t->why, why) != 0))
		t++;
	if (t < b->turned + b->turned_count || t->due)
		return t;
	*t = (struct turned){ .reason = reason, .due = 1 };
	if (b->turned_count < TURNED_KINDS)
		b->turned_count++;
	else
		why = "turned away with another sentence";
	snprintf(t->why, sizeof(t->why), "%s", why);
	return t;
}

static int hear_turned(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	uint64_t reason = unpack_number(&u, 2), count = unpack_number(&u, 8),
		 size = unpack_number(&u, 8);
	char why[200];
	struct turned *t;

	if (!unpack_copy(&u, why, sizeof(why)) || !unpack_done(&u) || reason >= REASONS || m->tag <= b->turned_heard ||
	    count == 0 || count > UINT32_MAX || size > UINT32_MAX ||
	    reason_verdict((enum reason)reason) != VERDICT_REFUSE)
		return err_set(e, ERR_PEER, "malformed TURNED");
	b->turned_heard = m->tag;
	t = kind_of(b, (enum reason)reason, why);
	t->count += count;
	t->size = (size_t)size;
	return t->count >= t->due ? tell(b, t, e) : 0;
}

int porter_attend(void *broker, short what, struct err *e)
{
	struct broker *b = broker;
	int got = WIRE_LATER, done = 0;

	(void)what;
	while (done == 0 && b->session_count < SESSIONS &&
	       (got = wire_receive(&b->porter, &b->msg, false, e)) == WIRE_MESSAGE) {
		done = b->msg.type == MSG_DOOR ? hear_door(b, &b->msg, e)
					       : hear_turned(b, &b->msg, e);
		msg_drop(&b->msg);
	}
	if (got == WIRE_CLOSED)
		fd_close(&b->porter.fd); /* the launcher knows, and ends the run */
	return done < 0 || got < 0 || tell_porter(b, e) < 0 ? err_in(e, "porter") : 0;
}

int porter_end(struct broker *b, struct err *e)
{
	size_t i;

	while (b->porter.fd >= 0 && wire_receive(&b->porter, &b->msg, false, e) == WIRE_MESSAGE) {
		if (b->msg.type == MSG_TURNED && hear_turned(b, &b->msg, e) < 0)
			return -1;
		msg_drop(&b->msg);
	}
	for (i = 0; i < count_of(b->turned); i++)
		if (b->turned[i].count > b->turned[i].told && tell(b, &b->turned[i], e) < 0)
			return -1;
	return 0;
}
