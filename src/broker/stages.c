/*
 * What everything passes on its way, in one place and in order: what an agent asks, what a tool
 * server answers, what it asks back, what it tells. Who adds a check adds a line.
 *
 * A stage before the policy may refuse: it sets *reason and writes a sentence for who asked, and
 * nothing after it is asked. The arguments are c->action.args; what it sets in c->action (category,
 * class ...) the policy sees. A check of an answer may put another in its place, and says so in the
 * outcome; what it writes there must live as long as the call.
 */
#include "broker/broker.h"

struct stage {
	bool (*passes)(struct call *c, enum reason *reason, char *text, size_t room);
};

/* What an agent asks. */
static const struct stage asked[] = {
	{ quota_ask },
	{ inspect_ask }, /* before those whose sentences may repeat an argument */
	{ pins_ask },
	{ exec_ask },
	{ guard_ask }, /* knows the category by now; before the policy, which then cannot allow it */
	{ pins_check_arguments },
	{ NULL },
};

/* What a tool server asks of an agent: c->up. */
static const struct stage asked_back[] = {
	{ NULL },
};

/* The answer to either. */
static void (*const answers[])(struct call *c, struct answer *a) = {
	pins_check_result,
	inspect_answer,
	cut_answer,
	NULL,
};

bool stages_ask(struct call *c, enum reason *reason)
{
	const struct stage *at;

	for (at = c->up ? asked_back : asked; at->passes; at++)
		if (!at->passes(c, reason, c->text, sizeof(c->text)))
			return false;
	return true;
}

void stages_answer(struct call *c, struct answer *a)
{
	size_t i;

	quota_answered(c, a->outcome.size);
	for (i = 0; answers[i]; i++)
		answers[i](c, a);
}

/* What a tool server tells without being asked; false: nobody gets it. `*params` may be replaced. */
bool stages_news(struct server *s, const char *method, json_t **params)
{
	struct call *c;

	(void)method;
	TAILQ_FOREACH(c, &s->flying, queued)
		call_brought(c); /* it may tell anything of what it is doing */
	TAILQ_FOREACH(c, &s->parked, queued)
		call_brought(c);
	return inspect_heard(s, *params);
}

/* A list of a tool server's, read to its end, before anybody sees it: what may not be seen is taken out. */
void stages_list(struct server *s, enum mcp_list which)
{
	inspect_list(s, which);
}
