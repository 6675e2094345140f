/*
 * A call waits for a person. The broker says so in three parts: its number, a sentence, and a JSON text for the
 * operator's hook that is passed on and not read here, because an agent's words are in it.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "launcher/run.h"

enum { WHAT = 400 };

void held_begin(struct run *r)
{
	r->hooks.argv = r->ask->on_held;
	r->hooks.mute = r->terminal.typed && isatty(STDERR_FILENO);
}

int held_serve(struct run *r, struct err *e)
{
	struct unpack u = { .at = r->msg.body, .left = r->msg.size };
	uint64_t held = unpack_number(&u, 8);
	size_t said_size = 0, size = 0;
	const char *said = unpack_text(&u, &said_size), *json = unpack_text(&u, &size);
	char what[WHAT];

	if (!said || !json || !unpack_done(&u) || held == 0)	/* it may be of an earlier run */
		return err_set(e, ERR_PEER, "malformed HOLDING");
	snprintf(what, sizeof(what), "%.*s", (int)text_cut(said, said_size, sizeof(what) - 1), said);
	if (isatty(STDERR_FILENO))
		log_say("held: %s; reeve review show %llu", what, (unsigned long long)held);
	status_held(r, held, what);
	hooks_tell(&r->hooks, json, size);
	return 0;
}
