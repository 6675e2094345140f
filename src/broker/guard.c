/* Guards stand under every policy: what one refuses never comes before a rule, or a person. */
#include <stdio.h>

#include "broker/broker.h"

bool guard_ask(struct call *c, enum reason *reason, char *text, size_t room)
{
	enum guard which = GUARD_UNCLEAR;

	if (c->up || guards_pass(c->broker->guards, &c->action, c->server->exec, &which))
		return true;
	*reason = REASON_GUARD;
	c->guard = guard_word(which);
	snprintf(text, room, "%s.", guard_why(which));
	return false;
}

int guard_hear(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	bool secret = unpack_number(&u, 1) != 0;
	char path[4096];

	if (!unpack_copy(&u, path, sizeof(path)) || !unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed KEEP");
	return guards_keep(b->guards, path, secret, e);
}
