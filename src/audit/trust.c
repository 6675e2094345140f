#include <string.h>

#include "audit/witnesses.h"
#include "base/fd.h"

int trust_file(struct trust **out, const char *path, struct err *e)
{
	scoped(trust) struct trust *t = NULL;
	scoped(mem) char *text = NULL;
	size_t size;

	if (fd_read_file(&text, &size, path, TRUST_MOST, e) < 0)
		return err_in(e, "--trust");
	if (trust_read(&t, text, size, e) < 0)
		return err_in(e, "--trust %s", path);
	if (!t->quorum_there)
		return err_set(e, ERR_INPUT, "--trust %s: has no quorum; a last line \"quorum NAME\" or \"quorum none\"", path);
	*out = take(&t);
	return 0;
}

/* What the ledger says that it is: only ever used to choose among keys that the auditor has brought. */
static int origin_of(char out[SEAL_NAME], const char *ledger, struct err *e)
{
	scoped(journal) struct journal *j = NULL;
	char room[RECORD_MOST];
	enum frame_got got;
	struct record r;
	struct frame f;

	if (journal_open(&j, ledger, e) < 0 || journal_frame(j, &f, &got, JOURNAL_MAGIC, e) < 0)
		return -1;
	if (got != FRAME_WHOLE || entry_read(&r, room, f.body, f.size, e) < 0 || !r.value[FIELD_LEDGER].set ||
	    r.value[FIELD_LEDGER].size >= SEAL_NAME)
		return err_set(e, ERR_INPUT, "%s: its first record does not say which ledger it is; give --key", ledger);
	memcpy(out, r.value[FIELD_LEDGER].text, r.value[FIELD_LEDGER].size);
	out[r.value[FIELD_LEDGER].size] = '\0';
	return 0;
}

static int choose(struct seal_verifier *out, const struct trust *t, const char *ledger, struct err *e)
{
	char origin[SEAL_NAME] = "";
	size_t i, found = 0;

	if (t->log_count != 1 && origin_of(origin, ledger, e) < 0)
		return -1;
	for (i = 0; i < t->log_count; i++)
		if (t->log_count == 1 || strcmp(t->logs[i].name, origin) == 0) {
			*out = t->logs[i];
			found++;
		}
	return found == 1 ? 0
			  : err_set(e, ERR_INPUT, "the trust file names %s key for %s; give --key", found ? "more than one" : "no",
				    origin[0] ? origin : "any log");
}

int key_settle(struct seal_verifier *out, const char *given, const struct trust *t, const char *ledger, struct err *e)
{
	size_t i;

	if (!given)
		return choose(out, t, ledger, e);
	if (key_read(out, given, e) < 0)
		return -1;
	for (i = 0; t && i < t->log_count && memcmp(t->logs[i].key, out->key, sizeof(out->key)) != 0; i++)
		;
	return !t || t->log_count == 0 || i < t->log_count
		       ? 0
		       : err_set(e, ERR_INPUT, "the trust file names other logs than that of --key");
}
