/*
 * Somebody is to be told: a call waits for a person, or an alert was raised. The broker says so in three parts: the
 * number of the record, a sentence, and a JSON text for the operator's hook that is passed on and not read here,
 * because an agent's words are in it.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "launcher/run.h"

enum { WHAT = 400 };

void told_begin(struct run *r)
{
	const char *const *const argv[HOOK_KINDS] = { [HOOK_HELD] = r->ask->on_held, [HOOK_ALERT] = r->ask->on_alert };
	int k;

	for (k = 0; k < HOOK_KINDS; k++) {
		r->hooks[k].argv = argv[k];
		r->hooks[k].of = (enum hook_kind)k;
		r->hooks[k].mute = r->terminal.typed && isatty(STDERR_FILENO);
	}
}

static void tell(struct run *r, enum hook_kind of, uint64_t record, const char *what)
{
	if (isatty(STDERR_FILENO) && of == HOOK_HELD)
		log_say("held: %s; reeve review show %llu", what, (unsigned long long)record);
	else if (isatty(STDERR_FILENO))
		log_say("alert: %s", what);
	status_told(r, of, record, what);
}

int told_serve(struct run *r, struct err *e)
{
	struct unpack u = { .at = r->msg.body, .left = r->msg.size };
	enum hook_kind of = r->msg.type == MSG_ALERT ? HOOK_ALERT : HOOK_HELD;
	uint64_t record = unpack_number(&u, 8);
	size_t said_size = 0, size = 0;
	const char *said = unpack_text(&u, &said_size), *json = unpack_text(&u, &size);
	char what[WHAT];

	if (!said || !json || !unpack_done(&u) || record == 0)	/* what is held may be of an earlier run */
		return err_set(e, ERR_PEER, "malformed %s", msg_name(r->msg.type));
	snprintf(what, sizeof(what), "%.*s", (int)text_cut(said, said_size, sizeof(what) - 1), said);
	tell(r, of, record, what);
	hooks_tell(&r->hooks[of], json, size);
	if (of == HOOK_ALERT)
		syslog_tell(r, record, what, json, size);
	return 0;
}
