/* What is told of the ledger itself, and what is noted of those who carry some of it away. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "recorder/recorder.h"

/* x.key has its verifier key in x.pub, since before it was a ledger's. */
int vouch_load(struct recorder *r, const char *key_path, struct err *e)
{
	scoped(mem) char *text = NULL;
	char path[PATH_MAX];
	size_t size = strlen(key_path);

	if (size > 4 && strcmp(key_path + size - 4, ".key") == 0)
		size -= 4;
	if (snprintf(path, sizeof(path), "%.*s.pub", (int)size, key_path) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", key_path);
	if (fd_read_file(&text, &size, path, sizeof(r->verifier) - 1, e) < 0)
		return -1;
	snprintf(r->verifier, sizeof(r->verifier), "%.*s", (int)strcspn(text, "\n"), text);
	return 0;
}

int vouch_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct err ignored = { .kind = ERR_NONE };

	(void)e;
	if (!client_writable(c) || wire_send_text(&c->wire, MSG_VOUCHED, m->tag, r->verifier, &ignored) < 0)
		c->gone = true;
	return 0;
}

/* Records are read by the rights of files, and who reads them so is seen by nobody; who asks here is. */
int access_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct record record = { .kind = RECORD_ACCESS };
	struct unpack u = { .at = m->body, .left = m->size };
	char action[33], why[257];
	struct err not = { .kind = ERR_NONE }, full = { .kind = ERR_NONE };
	uint64_t index;

	if (!unpack_copy(&u, action, sizeof(action)) || !unpack_copy(&u, why, sizeof(why)) || !unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed ACCESS");
	if ((c->guest && !r->activated) || !action[0] || !why[0]) {
		err_set(&not, ERR_INPUT, "%s", action[0] && why[0] ? "who only reviews takes nothing away" : "say what is taken away, and why: it is recorded");
		review_refuse(r, c, m->tag, &not);
		return 0;
	}
	if (r->halted[0] || ledger_room(r->ledger, &full) < 0) {	/* what is kept for outcomes is not for readers */
		err_set(&not, ERR_LIMIT, "no room in the ledger to write that down; make room on its disk");
		review_refuse(r, c, m->tag, &not);
		return 0;
	}
	record_text(&record, FIELD_ACTION, action);
	record_number(&record, FIELD_UID, c->who.uid);
	record_text(&record, FIELD_WHY, why);
	if (ledger_append(&index, r->ledger, &record, 0, e) < 0)
		return -1;
	client_owe(r, c, MSG_ACCESSED, m->tag, index);
	return 0;
}
