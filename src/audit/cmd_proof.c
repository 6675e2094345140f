#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/proof.h"
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

static int check(const char *path, const struct seal_verifier *v, bool json, struct err *e)
{
	scoped(buf) struct buf out = BUF(8 * RECORD_MOST);
	scoped(mem) char *text = NULL;
	struct proof_of p;
	size_t size;

	if (fd_read_file(&text, &size, path, PROOF_MOST, e) < 0)
		return EXIT_COULD_NOT;
	if (proof_read(&p, v, text, size, e) < 0) {
		size = (size_t)code_of(e);
		err_in(e, "%s", path);
		return (int)size;
	}
	if (!json) {
		printf("record %" PRIu64 " of the first %" PRIu64 " of %s:\n", p.index, p.head.size,
		       v->name);
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

static int make(const char *ledger, const char *number, const struct seal_verifier *v,
		struct err *e)
{
	scoped(buf) struct buf out = BUF(PROOF_MOST);
	struct proof_of p = { 0 };
	int status;
	char *end;

	p.index = strtoull(number, &end, 10);
	if (*end || number[0] < '0' || number[0] > '9') {
		err_set(e, ERR_INPUT, "%s: expected the number of a record", number);
		return EXIT_USAGE;
	}
	status = holds_journal(ledger) ? proof_of_ledger(&p, ledger, v, e)
				       : proof_of_view(&p, ledger, v, e);
	if (status < 0)
		return code_of(e);
	if (!proof_write(&out, &p))
		return err_set(e, ERR_SYSTEM, "no memory for a proof");
	fwrite(out.data, 1, out.size, stdout);
	return EXIT_WHOLE;
}

int cmd_proof(const char *ledger, const struct options *o, struct err *e)
{
	struct seal_verifier v;

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
	return o->check ? check(o->check, &v, o->json, e) : make(ledger, o->second, &v, e);
}

/* No witness cosigns yet, so the quorum is none. */
int cmd_trust(const char *ledger, const struct options *o, struct err *e)
{
	char text[SEAL_VERIFIER_TEXT];
	struct seal_verifier v;

	(void)ledger;
	if (!o->key) {
		err_set(e, ERR_INPUT,
			"trust needs --key: the file that init printed, or the key itself");
		return EXIT_USAGE;
	}
	if (key_read(&v, o->key, e) < 0)
		return -1;
	seal_verifier_text(text, &v);
	printf("log %s\nquorum none\n", text);
	return EXIT_WHOLE;
}
