/* What a connection has come to, as far as anybody knows; and what becomes of those that a run ends with. */
#include "broker/net.h"

#include <string.h>

static bool is_status(const char *status)
{
	static const char *const known[] = { "ok", "refused", "error", "timeout", "cancelled" };
	size_t i;

	for (i = 0; i < count_of(known); i++)
		if (strcmp(known[i], status) == 0)
			return true;
	return false;
}

/* A name in a handshake is the program's to choose, so it may hold what nobody is to read in a ledger. */
static const char *shown(const struct broker *b, const char *text)
{
	scoped(json) json_t *value = json_string(text);
	const char *name;

	if (!text[0])
		return NULL;
	if (b->secrets && (!value || inspect_find(b->secrets, value, &name) != INSPECT_NONE))
		return "[held by reeve]";
	return text;
}

static void count(struct net *n, const char *status)
{
	n->refused += strcmp(status, "refused") == 0;
	n->failed += strcmp(status, "error") == 0 || strcmp(status, "timeout") == 0;
}

int net_over(struct carrier *c, const struct msg *m, struct err *e)
{
	struct link *l = link_find(c, m->tag);
	struct net_over over;
	struct outcome o;

	if (!net_over_unpack(&over, m) || !is_status(over.status))
		return err_set(e, ERR_PEER, "malformed OVER");
	if (!l && c->broker->ending)
		return 0; /* it came too late */
	if (!l || l->state != LINK_OPEN)
		return err_set(e, ERR_PEER, "OVER of what was not opened");
	count(c->broker->net, over.status);
	o = (struct outcome){ .status = over.status,
			      .why = shown(c->broker, over.why),
			      .address = l->text[0] ? l->text : NULL,
			      .sni = shown(c->broker, over.sni),
			      .carried = true,
			      .sent = over.sent,
			      .received = over.received,
			      .http = over.http };
	return link_close(l, o, e);
}

static const struct outcome unsent = { .status = "cancelled", .why = "the run ended before it was connected" };
static const struct outcome unsure = { .status = "unknown", .why = "the run ended while it was being connected" };
static const struct outcome unheard = { .status = "unknown", .why = "the run ended before it did" };

static int abandon(struct net *n, struct link *l, bool open, struct err *e)
{
	struct outcome o = unheard;

	switch ((enum link_state)l->state) {
	case LINK_FREE:
	case LINK_COMMITTING: /* when it is proved there is nobody who wants it */
		return 0;
	case LINK_HELD:
		TAILQ_REMOVE(&l->fold->held, l, next);
		link_free(l);
		return 0;
	case LINK_QUEUED:
		TAILQ_REMOVE(&n->queued, l, next);
		return link_close(l, unsent, e);
	case LINK_DIALING:
		TAILQ_REMOVE(&n->dialing, l, next);
		return link_close(l, unsure, e);
	case LINK_ANSWERING:
		TAILQ_REMOVE(&l->carrier->due, l, next);
		if (l->proof)
			return link_close(l, unsure, e);
		link_free(l);
		return 0;
	case LINK_GIVEN_UP:
		link_free(l);
		return 0;
	case LINK_OPEN:
		o.address = l->text[0] ? l->text : NULL;
		return open ? link_close(l, o, e) : 0;
	}
	return 0;
}

int net_abandon(struct net *n, bool open, struct err *e)
{
	size_t i;

	for (i = 0; i < n->used; i++)
		if (abandon(n, &n->links[i], open, e) < 0)
			return -1;
	return 0;
}
