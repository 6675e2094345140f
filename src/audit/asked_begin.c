/* What an answer is worth: the ledger is proved before it is asked, and only what was proved is asked. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "audit/ask.h"
#include "audit/handover.h"
#include "base/log.h"

enum { COLUMNS = 80, WIDE = COLUMNS - sizeof("reeve-audit:") };

/* An intent that stands open, or bytes behind the last commit, take nothing from what stands before. */
static bool is_proved(const struct findings *f)
{
	return !f->integrity.bad && !f->signatures.bad && !f->completeness.bad;
}

int asked_prove(struct findings *f, struct handovers *handed, const char *ledger, const struct options *o, struct err *e)
{
	struct known_head known;
	struct seal_verifier v;
	int status;

	if (key_read(&v, o->key, e) < 0)
		return -1;
	status = head_known(&known, o, &v, e);
	if (status != 0)
		return status;
	if (verify_epochs(f, handed, ledger, &v, &known, e) < 0)
		return -1;
	if (is_proved(f))
		return 0;
	verify_tell(f, o);
	err_set(e, ERR_INPUT, "the ledger is not whole, so it is not asked: see above");
	return verify_exit(f);
}

/* Who goes through all of it anyway needs no index. */
static bool wants_index(const struct options *o)
{
	return !o->no_index && (o->index || o->where_count || o->text || o->from || o->to || o->second || o->limit || o->after);
}

static enum asked_by asks_by(const struct options *o)
{
	if (o->no_states)
		return wants_index(o) ? ASKED_INDEX_ONLY : ASKED_READ;
	return wants_index(o) ? ASKED_INDEXED : ASKED_ZONED;
}

static int begin_unproved(struct asked_ledger **out, char how[512], const char *ledger, const struct options *o, struct err *e)
{
	const char *note, *not_proved = "not proved: give --key, and --head or --checkpoint for its end";
	char count[32];
	uint64_t looked;

	if (asked_open(out, ledger, asks_by(o), o->index, e) < 0)
		return -1;
	looked = asked_indexed(*out, &note);
	count_text(count, looked);
	if (note)
		snprintf(how, 512, "%s; %.250s", not_proved, note);
	else if (looked)
		snprintf(how, 512, "%s; the first %s records by the index, those told read again and held against the ledger's tree",
			 not_proved, count);
	else
		snprintf(how, 512, "%s", not_proved);
	return 0;
}

int asked_begin(struct asked_ledger **out, char how[512], const char *ledger, const struct options *o, struct err *e)
{
	scoped(handovers) struct handovers handed = { .count = 0 };
	struct findings f = { .records = 0 };
	char count[32];
	int status;

	if (!o->key)
		return begin_unproved(out, how, ledger, o, e);
	status = asked_prove(&f, &handed, ledger, o, e);
	if (status != 0 || asked_open(out, ledger, ASKED_READ, NULL, e) < 0)
		return status != 0 ? status : -1;
	asked_cut(*out, f.records);
	count_text(count, f.records);
	snprintf(how, 512, "proved: %s; records 0 to %llu: none missing or altered%s%.120s; %.160s", f.origin,
		 (unsigned long long)(f.records - 1), f.keys.bad ? "; but " : "", f.keys.bad ? f.keys.text : "",
		 f.completeness_known ? f.completeness.text : "whether more followed is not known: give --head or --checkpoint");
	return 0;
}

typedef void put_part(char *label, int indent, const char *text, size_t size);

static void put_said(char *label, int indent, const char *text, size_t size)
{
	(void)label;
	log_say("%*s%.*s", indent, "", (int)size, text);
}

static void put_told(char *label, int indent, const char *text, size_t size)
{
	printf("%s%*s%.*s\n", label, indent, "", (int)size, text);
	memset(label, ' ', strlen(label));
}

/* Between words. */
static void wrap(const char *text, size_t size, size_t wide, put_part *put, char *label)
{
	size_t cut, indent = 0;

	for (; size > 0; text += cut, size -= cut, indent = 2) {
		cut = size;
		if (size + indent > wide)
			for (cut = wide - indent; cut > 0 && text[cut] != ' '; cut--)
				;
		if (cut == 0)	/* a word that is wider */
			cut = strcspn(text, " ") < size ? strcspn(text, " ") : size;
		put(label, (int)indent, text, cut);
		cut += cut < size;
	}
}

static void wrap_each(const char *text, size_t wide, put_part *put, char *label)
{
	const char *end;

	for (; *text; text = *end ? end + 2 : end) {
		end = strstr(text, "; ");
		end = end ? end : text + strlen(text);
		wrap(text, (size_t)(end - text), wide, put, label);
	}
}

void asked_tell(const char *label, const char *how)
{
	char first[COLUMNS / 2];

	snprintf(first, sizeof(first), "%s", label);
	wrap_each(how, COLUMNS - strlen(first), put_told, first);
}

void asked_say(const struct asked_ledger *a, const char *how, const char *fmt, ...)
{
	char first[512], count[32];
	va_list args;

	va_start(args, fmt);
	vsnprintf(first, sizeof(first), fmt, args);
	va_end(args);
	wrap_each(first, WIDE, put_said, NULL);
	wrap_each(how, WIDE, put_said, NULL);
	count_text(count, asked_passed(a));
	if (asked_passed(a) > 0)
		log_say("%s not read: of other times, as was signed", count);
}
