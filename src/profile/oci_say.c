/* What of a seccomp file holds here and what does not, said before anybody relies on it. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "profile/oci.h"

static const char *answer_word(char room[48], int error)
{
	const char *word = error > 0 ? strerrorname_np(error) : NULL;

	if (error == 0)
		return "allowed";
	if (error < 0)
		return "the end of the process";
	if (word)
		snprintf(room, 48, "refused with %s", word);
	else
		snprintf(room, 48, "refused with errno %d", error);
	return room;
}

static size_t count_allowed(const struct oci *o)
{
	size_t i, count = 0;
	int last = -1;

	for (i = 0; i < o->calls.count; i++)
		if (o->calls.rules[i].error == 0 && o->calls.rules[i].call != last) {
			last = o->calls.rules[i].call;
			count++;
		}
	return count;
}

static bool may_be_allowed(const struct jail_calls *calls, int call)
{
	bool named = false, allowed = false;
	size_t i;

	for (i = 0; i < calls->count; i++)
		if (calls->rules[i].call == call) {
			named |= calls->rules[i].compare_count == 0;
			allowed |= calls->rules[i].error == 0;
		}
	return allowed || (!named && calls->otherwise == 0);
}

/* What the list would allow and ours, beneath it, refuses all the same. */
static void say_floor(struct buf *out, const struct oci *o)
{
	const struct jail_call *ours;
	size_t i, before = out->size;

	buf_puts(out, "still refused, whatever it says:");
	for (i = 0; (ours = jail_call_at(i)); i++)
		if (ours->call >= 0 && ours->error && may_be_allowed(&o->calls, ours->call))
			buf_printf(out, " %s", ours->name);
	if (out->size == before + strlen("still refused, whatever it says:"))
		buf_puts(out, " nothing that it allows");
	buf_puts(out, "\n");
}

bool oci_say(struct buf *out, const struct oci *o)
{
	char room[48];
	scoped(buf) struct buf unknown = BUF((size_t)OCI_UNKNOWN * 4);

	buf_printf(out, "%zu entries, %zu of them left out: they need a capability, another architecture or "
			"another kernel\n",
		   o->entries, o->left_out);
	buf_printf(out, "%zu calls may be allowed; what it does not name is %s\n", count_allowed(o),
		   answer_word(room, o->calls.otherwise));
	if (o->unknown_count) {
		text_visible(&unknown, o->unknown.data ? o->unknown.data : "", o->unknown.size);
		buf_printf(out, "%zu of %zu names are no calls of this architecture, and skipped: ",
			   o->unknown_count, o->names);
		buf_add(out, unknown.data, unknown.size);
		buf_puts(out, "\n");
	}
	buf_puts(out, "calls by another architecture's numbers are refused, also where it names one\n");
	say_floor(out, o);
	return !out->over;
}
