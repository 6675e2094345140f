/* What stands beside the records: what was asked and found, whom to trust, and how to check without reeve. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/evidence.h"
#include "base/text.h"

/* It goes along as what it is, so that it can be read before it is run. */
__asm__(".pushsection .rodata\nevidence_check_begin:\n.incbin \"src/audit/evidence/check.py\"\nevidence_check_end:\n.popsection\n");
extern const char check_begin[] __asm__("evidence_check_begin");
extern const char check_end[] __asm__("evidence_check_end");

static const struct {
	const char *begin, *end;
} check = { check_begin, check_end };

static json_t *answers(const struct evidence *v)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < v->item.count; i++) {
		const struct shows *s = &v->item.shows[i];

		json_array_append_new(all, json_pack("{s:s, s:O, s:s, s:I, s:b}", "about", s->about, "where", s->where, "expect",
						     expect_word(s->expect), "found", (json_int_t)s->found, "met", shows_met(s)));
	}
	return all;
}

static int put_answers(const struct evidence *v, struct err *e)
{
	const struct options *o = v->options;
	scoped(buf) struct buf text = BUF(1 << 20);
	scoped(json) json_t *all = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:o}", "reeve", "evidence/1", "control", o->control,
					     "about", v->item.about, "ledger", v->v->name, "ledger_records", (json_int_t)v->records,
					     "records", (json_int_t)leaves_count(v->leaves), "met", item_met(&v->item), "shows",
					     answers(v));

	if (o->from)
		json_object_set_new(all, "from", json_string(o->from));
	if (o->to)
		json_object_set_new(all, "to", json_string(o->to));
	if (!all || !json_write(&text, all) || !buf_puts(&text, "\n"))
		return err_set(e, ERR_SYSTEM, "no memory for the answers");
	return evidence_put(v, "answers.json", text.data, text.size, e);
}

static int put_trust(const struct evidence *v, struct err *e)
{
	scoped(buf) struct buf trust = BUF(1024), key = BUF(1024);

	if (!buf_printf(&trust, "log %s\nquorum none\n", v->key) || !buf_printf(&key, "%s\n", v->key))
		return err_set(e, ERR_SYSTEM, "no memory");
	if (evidence_put(v, "trust", trust.data, trust.size, e) < 0)
		return -1;
	return evidence_put(v, "key.pub", key.data, key.size, e);
}

static void put_questions(struct buf *out, const struct evidence *v)
{
	const char *text;
	const json_t *one;
	size_t i, at;

	for (i = 0; i < v->item.count; i++) {
		const struct shows *s = &v->item.shows[i];

		buf_printf(out, "- %s: found %" PRIu64 ", expected %s%s\n  asked as:", s->about, s->found, expect_word(s->expect),
			   shows_met(s) ? "" : " -- NOT AS EXPECTED");
		json_array_foreach(s->where, at, one) {
			text = json_string_value(one);
			buf_puts(out, " `");
			text_visible(out, text, strlen(text));
			buf_puts(out, "`");
		}
		buf_puts(out, "\n");
	}
}

static const char how_to[] =
	"\n## What is here\n\n"
	"- `records.jsonl`: every record that was found, and the record of the run it belongs to, as it is stored, a line each\n"
	"- `proofs/N`: for record N a C2SP tlog-proof, which holds the record (as `extra`), its place, and the checkpoint\n"
	"- `checkpoint`: the signed head of the ledger that all proofs lead to (C2SP tlog-checkpoint)\n"
	"- `epochs/N`, if the ledger has changed keys: the proof by which key N is vouched for by the one before\n"
	"- `key.pub`, `trust`: the ledger's verifier key, and the same as a C2SP tlog-policy\n"
	"- `answers.json`: what stands above, for programs\n"
	"- `check.py`: does what the next part says, with nothing but Python and openssl; read it first\n"
	"\n## How to check it\n\n"
	"    python3 check.py KEY\n\n"
	"KEY is the verifier key, or a file with it, as you have it from elsewhere: a forged folder would bring its own. By hand,\n"
	"for record N: SHA-256 of a zero byte and the record is the leaf; with the hashes in `proofs/N` it must lead to the root\n"
	"in `checkpoint` (RFC 9162, 2.1.3.2), and the signature there (Ed25519, over the lines before the empty one) must be by\n"
	"the key. Any program that reads tlog-proof can do it; the formats are those of C2SP.\n"
	"\n## What it does not show\n\n"
	"What this page and `answers.json` say of the records is the word of whoever made the folder: read the records.\n"
	"That a record is here proves that it is in the ledger. That no other matches was found in the whole ledger, which was\n"
	"proved when this folder was made; who must rely on that asks the ledger again: `reeve audit absent`. Whether the control\n"
	"is met is for whoever assesses it: this is evidence of what happened and no legal claim.\n";

static int put_page(const struct evidence *v, const char *how, struct err *e)
{
	const struct options *o = v->options;
	scoped(buf) struct buf page = BUF(1 << 20);

	buf_printf(&page, "# Evidence for %s\n\n%s\n\n", o->control, v->item.about);
	buf_printf(&page, "Ledger `%s`; from %s to %s; %" PRIu64 " records of %" PRIu64 " are here.\n\n%s.\n\n## What was asked, and found\n\n",
		   v->v->name, o->from ? o->from : "its beginning", o->to ? o->to : "its end", leaves_count(v->leaves), v->records, how);
	put_questions(&page, v);
	if (!buf_puts(&page, how_to))
		return err_set(e, ERR_SYSTEM, "no memory for the page");
	return evidence_put(v, "README.md", page.data, page.size, e);
}

int evidence_tell(const struct evidence *v, const char *how, struct err *e)
{
	if (put_answers(v, e) < 0 || put_trust(v, e) < 0 ||
	    evidence_put(v, "check.py", check.begin, (size_t)(check.end - check.begin), e) < 0)
		return -1;
	return put_page(v, how, e);
}
