/*
 * ASK: judged, and its intent or its refusal on its way to the recorder. Only what is but the tenth like it, and
 * a name that may be known, is answered before that.
 */
#include "broker/net.h"

#include <string.h>

static int unlike(struct link *l, const struct asked_link *a, struct commit_about *about, struct err *e)
{
	uint64_t count = 0;

	if (net_fold(l->carrier->broker, a, &l->fold, &count, e) < 0)
		return -1;
	l->fold_key = l->fold->key;
	about->count = count > 1 ? count : 0;
	return count > 0;
}

static int refuse_as_before(struct link *l, struct err *e)
{
	if (l->fold->proved)
		return net_answer(l, MSG_DENIED, e);
	l->state = LINK_HELD;
	TAILQ_INSERT_TAIL(&l->fold->held, l, next);
	return 0;
}

/* Told once it is recorded; at once, if it is one more of what is. */
static int refuse(struct carrier *c, uint64_t tag, const struct asked_link *a, struct commit_about *about, struct err *e)
{
	struct broker *b = c->broker;
	char sentence[SENTENCE];
	struct link *l = link_new(c, tag);
	int record;

	must(l); /* or it would not have been heard */
	record = unlike(l, a, about, e);
	if (record < 0)
		return -1;
	b->net->refused++;
	net_say(sentence, a);
	if (!link_say(l, sentence))
		return err_sys(e, "memory for an answer");
	l->refused = true;
	l->no = (uint8_t)a->no;
	if (!record)
		return refuse_as_before(l, e);
	return commit_verdict(&b->commits, &a->action, &a->verdict, about, (struct commit_then){ net_proved, l }, e);
}

static int allow(struct carrier *c, uint64_t tag, const struct asked_link *a, struct commit_about *about, struct err *e)
{
	bool is_path = a->ask.way == NET_BY_UNIX;
	struct link *l = link_new(c, tag);

	must(l); /* or it would have been refused */
	if (a->ask.way == NET_BY_DNS)
		return net_answer(l, MSG_MAY, e);
	if (!link_say(l, is_path ? a->ask.path : a->ask.host))
		return err_sys(e, "memory for a connection");
	l->port = is_path ? 0 : a->ask.port;
	l->datagrams = a->ask.way == NET_BY_UDP;
	return commit_verdict(&c->broker->commits, &a->action, &a->verdict, about,
			      (struct commit_then){ net_proved, l }, e);
}

int net_ask(struct carrier *c, const struct msg *m, struct err *e)
{
	struct asked_link a = { 0 };
	struct commit_about about = { .net = &a.record };
	int done;

	if (!net_ask_unpack(&a.ask, m))
		return err_set(e, ERR_PEER, "malformed ASK");
	if (link_find(c, m->tag))
		return err_set(e, ERR_PEER, "an ASK with a tag that is in use");
	if (c->broker->ending)
		return 0; /* there is nobody left to ask */
	net_judge(c->broker, &a);
	about.resource = a.action.tool;
	about.digest = a.ask.digest[0] ? a.ask.digest : NULL;
	done = (a.verdict.kind == VERDICT_ALLOW ? allow : refuse)(c, m->tag, &a, &about, e);
	json_decref(a.args);
	json_decref(a.resource);
	return done;
}
