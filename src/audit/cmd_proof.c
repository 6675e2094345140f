#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/handover.h"
#include "base/fd.h"
#include "base/text.h"

/* What went wrong, as a code: what was asked for, the signature, or what was found. */
static int code_of(const struct err *e)
{
	switch (e->kind) {
	case ERR_LIMIT:
		return EXIT_USAGE;
	case ERR_PEER:
		return EXIT_SIGNATURE;
	case ERR_INPUT:
		return EXIT_INTEGRITY;
	case ERR_NONE:
	case ERR_SYSTEM:
		break;
	}
	return EXIT_COULD_NOT;
}

/* From the root on as far as the view's handovers lead; without a view, the given key alone. */
static int known_epochs(struct epochs *s, const struct seal_verifier *v, const char *view, struct err *e)
{
	if (epochs_begin(s, v, e) < 0)
		return EXIT_COULD_NOT;
	return view && handover_walk_at(s, view, e) < 0 ? code_of(e) : 0;
}

static int check(const char *path, const struct epochs *s, bool json, struct err *e)
{
	scoped(buf) struct buf out = BUF(8 * (size_t)RECORD_MOST);
	scoped(mem) char *text = NULL;
	struct proof_of p;
	size_t size;

	if (fd_read_file(&text, &size, path, PROOF_MOST, e) < 0)
		return EXIT_COULD_NOT;
	if (proof_read(&p, s, text, size, e) < 0) {
		err_in(e, "%s", path);	/* keeps its kind */
		return code_of(e);
	}
	if (!json) {
		printf("record %" PRIu64 " of the first %" PRIu64 " of %s:\n", p.index, p.head.size,
		       s->all[0].key.name);
		text_visible(&out, p.record, p.record_size);
	} else {
		buf_add(&out, p.record, p.record_size);
	}
	buf_puts(&out, "\n");
	fwrite(out.data, 1, out.size, stdout);
	return EXIT_WHOLE;
}

static bool holds_journal(const char *path)
{
	char name[4096];
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return true;
	return snprintf(name, sizeof(name), "%s/journal", path) < (int)sizeof(name) &&
	       stat(name, &st) == 0;
}

/* "7", or "7-9" for three of them. */
static bool read_range(uint64_t *first, uint64_t *last, const char *text)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	*first = *last = strtoull(text, &end, 10);
	if (*end != '-')
		return !*end;
	text = end + 1;
	if (text[0] < '0' || text[0] > '9')
		return false;
	*last = strtoull(text, &end, 10);
	return !*end && *last >= *first && *last < UINT64_MAX;
}

static int print_proof(void *to, const struct proof_of *p, struct err *e)
{
	scoped(buf) struct buf out = BUF(PROOF_MOST);

	(void)to;
	if (!proof_write(&out, p))
		return err_set(e, ERR_SYSTEM, "no memory for a proof");
	return fwrite(out.data, 1, out.size, stdout) == out.size ? 0 : err_sys(e, "standard output");
}

static int make(const char *ledger, const char *numbers, const struct seal_verifier *v, struct err *e)
{
	struct proof_of p = { 0 };
	uint64_t last;
	int status;

	if (!read_range(&p.index, &last, numbers)) {
		err_set(e, ERR_INPUT, "%s: expected the number of a record, or of a view FIRST-LAST", numbers);
		return EXIT_USAGE;
	}
	if (!holds_journal(ledger)) {
		status = proof_of_view(&p, last, ledger, v, print_proof, NULL, e);
		return status < 0 ? code_of(e) : EXIT_WHOLE;
	}
	if (last > p.index) {
		err_set(e, ERR_INPUT, "%s: of a ledger one record at a time; publish it, and ask the view for many", numbers);
		return EXIT_USAGE;
	}
	status = proof_of_ledger(&p, ledger, v, e);
	return status < 0 || print_proof(NULL, &p, e) < 0 ? code_of(e) : EXIT_WHOLE;
}

int cmd_proof(const char *ledger, const struct options *o, struct err *e)
{
	scoped(epochs) struct epochs s = { .count = 0 };
	struct seal_verifier v;
	struct err was;
	int status;

	if (!o->key || !ledger != !!o->check) {
		err_set(e, ERR_INPUT,
			!o->key  ? "proof needs --key: the ledger's own word on its key proves "
				   "nothing"
			: ledger ? "give a ledger and a record's number, or --check FILE, not both"
				 : "give a ledger and a record's number, or --check FILE");
		return EXIT_USAGE;
	}
	if (key_read(&v, o->key, e) < 0)
		return -1;
	if (ledger)
		return make(ledger, o->second, &v, e);
	status = known_epochs(&s, &v, o->epochs, e);
	if (status != 0)
		return status;
	status = check(o->check, &s, o->json, e);
	if (status == EXIT_SIGNATURE && !o->epochs) {
		was = *e;
		err_set(e, was.kind, "%s; if a later epoch's key signed it, give --epochs VIEW", was.text);
	}
	return status;
}

/* No witness cosigns yet, so the quorum is none. Of a log whose key changes, each of its keys is a line. */
int cmd_trust(const char *ledger, const struct options *o, struct err *e)
{
	scoped(epochs) struct epochs s = { .count = 0 };
	char text[SEAL_VERIFIER_TEXT];
	struct seal_verifier v;
	size_t i;
	int status;

	(void)ledger;
	if (!o->key) {
		err_set(e, ERR_INPUT,
			"trust needs --key: the file that init printed, or the key itself");
		return EXIT_USAGE;
	}
	if (key_read(&v, o->key, e) < 0)
		return -1;
	status = known_epochs(&s, &v, o->epochs, e);
	if (status != 0)
		return status;
	for (i = 0; i < s.count; i++) {
		seal_verifier_text(text, &s.all[i].key);
		printf("log %s\n", text);
	}
	printf("quorum none\n");
	return EXIT_WHOLE;
}
