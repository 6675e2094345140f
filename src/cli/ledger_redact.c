/*
 * A payload for who may know that something was said, and how it was built, and not what: names of members stay, and
 * values at the pointers that are asked for; of everything else only its size does. Its salt does not go with it, or a
 * dictionary would open what was taken out.
 */
#include <stdio.h>
#include <string.h>

#include "cli/ledger_words.h"

/* Does the pointer name this place, or one it lies in? */
static bool is_shown(const char *const *shown, const char *at)
{
	size_t size;

	for (; *shown; shown++) {
		size = strlen(*shown);
		if (strncmp(*shown, at, size) == 0 && (at[size] == '\0' || at[size] == '/'))
			return true;
	}
	return false;
}

static json_t *blank(const json_t *value)
{
	char text[64];

	if (json_is_string(value))
		snprintf(text, sizeof(text), "[%zu bytes]", json_string_length(value));
	else
		snprintf(text, sizeof(text), "[%s]", json_is_number(value) ? "number" : json_is_null(value) ? "null" : "truth");
	return json_string(text);
}

/* A member's name as a pointer has it (RFC 6901). */
static void step(char *out, size_t room, const char *at, const char *name)
{
	size_t used = (size_t)snprintf(out, room, "%s/", at);

	for (; *name && used + 3 < room; name++) {
		if (*name == '~' || *name == '/') {
			out[used++] = '~';
			out[used++] = *name == '~' ? '0' : '1';
		} else {
			out[used++] = *name;
		}
	}
	out[used < room ? used : room - 1] = '\0';
}

json_t *ledger_redacted(json_t *value, const char *const *shown, const char *at)
{
	char below[REDACT_POINTER], index[24];
	const char *name;
	json_t *one, *out;
	size_t i;

	if (is_shown(shown, at))
		return json_incref(value);
	if (!json_is_object(value) && !json_is_array(value))
		return blank(value);
	out = json_is_object(value) ? json_object() : json_array();
	json_object_foreach(value, name, one) {
		step(below, sizeof(below), at, name);
		json_object_set_new(out, name, ledger_redacted(one, shown, below));
	}
	json_array_foreach(value, i, one) {
		snprintf(index, sizeof(index), "%zu", i);
		step(below, sizeof(below), at, index);
		json_array_append_new(out, ledger_redacted(one, shown, below));
	}
	return out;
}
