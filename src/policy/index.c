/*
 * From a call to the rules that may speak about it. A rule is entered under the narrowest thing it
 * names whole: its hosts, its tools, the servers or the tool names its patterns leave open, its servers,
 * its category. A call looks each of these up once and does not pay for the other rules. What names
 * nothing whole stands apart and is asked always.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "policy/rule.h"

static bool is_exact(const char *text, size_t size)
{
	return !memchr(text, '*', size);
}

static struct key key_of(enum key_kind kind, const char *first, const char *second)
{
	return (struct key){ kind, first, second, strlen(first), strlen(second) };
}

/* "*.b" is found by what stands before any "b", "b" by itself. */
static struct key host_key(const char *host, size_t size)
{
	size_t star = size > 2 && memcmp(host, "*.", 2) == 0 ? 2 : 0;

	if (!is_exact(host + star, size - star))
		return (struct key){ .kind = KEY_NONE };
	return (struct key){ star ? KEY_BENEATH : KEY_HOST, host + star, "", size - star, 0 };
}

struct host_named tool_host(const char *tool)
{
	const char *colon = strrchr(tool, ':');
	struct host_named h = { tool, colon ? (size_t)(colon - tool) : 0 };

	if (h.size > 2 && h.at[0] == '[' && h.at[h.size - 1] == ']')
		return (struct host_named){ h.at + 1, h.size - 2 };
	if (strcspn(h.at, "[]/:") < h.size)
		h.size = 0; /* a path, or a piece of a pattern */
	return h;
}

/* Of a connection it is also asked what could be at some port: nobody knows the whole tool then. */
static struct key net_key(const struct rule *r, const char *pattern)
{
	const char *slash = strchr(pattern, '/');
	struct host_named host = tool_host(slash + 1);
	struct key k = { .kind = KEY_NONE };

	if (!is_exact(pattern, (size_t)(slash - pattern)))
		return k;
	if (r->is_net && host.size)
		k = host_key(host.at, host.size);
	return k.kind != KEY_NONE ? k : (struct key){ KEY_SERVER, pattern, "", (size_t)(slash - pattern), 0 };
}

static bool is_net_tool(const struct rule *r, const char *pattern)
{
	return rule_speaks(r, ACTION_NET_CONNECT) &&
	       (r->is_net || strncmp(pattern, "net/", 4) == 0 || (!r->refuse && strchr(pattern, ':')));
}

/* Under what one "SERVER/TOOL" is found. */
static struct key tool_key(const struct rule *r, const char *pattern)
{
	const char *slash = strchr(pattern, '/');
	struct key k = key_of(KEY_TOOL, pattern, slash + 1);

	if (is_net_tool(r, pattern))
		return net_key(r, pattern);
	k.first_size = (size_t)(slash - pattern);
	if (is_exact(k.first, k.first_size) && is_exact(k.second, k.second_size))
		return k;
	if (is_exact(k.first, k.first_size))
		return (struct key){ KEY_SERVER, k.first, "", k.first_size, 0 };
	if (is_exact(k.second, k.second_size) && k.first_size == 1)
		return key_of(KEY_HALF, k.second, "");
	return (struct key){ .kind = KEY_NONE };
}

static struct key key_at(const struct rule *r, const json_t *names, enum key_kind kind, size_t i)
{
	const char *name = names_at(names, i);

	if (kind == KEY_TOOL)
		return tool_key(r, name);
	if (kind == KEY_HOST)
		return host_key(name, strlen(name));
	return is_exact(name, strlen(name)) ? key_of(kind, name, "")
					    : (struct key){ .kind = KEY_NONE };
}

static bool all_keyed(const struct rule *r, const json_t *names, enum key_kind kind)
{
	size_t i;

	for (i = 0; i < names_count(names); i++)
		if (key_at(r, names, kind, i).kind == KEY_NONE)
			return false;
	return names != NULL;
}

/* The rule's names that find it, all of them keys. NULL: none. */
static const json_t *finders(const struct rule *r, enum key_kind *kind)
{
	const struct {
		const json_t *names;
		enum key_kind kind;
	} ways[] = {
		{ r->connects[CONNECT_HOST], KEY_HOST },
		{ r->tool, KEY_TOOL },
		{ r->names.server, KEY_SERVER },
		{ r->names.category, KEY_CATEGORY },
	};
	size_t i;

	for (i = 0; i < count_of(ways); i++)
		if (all_keyed(r, ways[i].names, ways[i].kind)) {
			*kind = ways[i].kind;
			return ways[i].names;
		}
	return NULL;
}

/* With `fold` upper and lower case are one, as in names of hosts. */
static uint64_t mix(uint64_t hash, const char *text, size_t size, bool fold)
{
	unsigned char c;
	size_t i;

	for (i = 0; i < size; i++) {
		c = (unsigned char)text[i];
		hash = (hash ^ (fold && c >= 'A' && c <= 'Z' ? c | 0x20U : c)) * UINT64_C(0x100000001b3);
	}
	return hash;
}

static bool is_folded(const struct key *k)
{
	return k->kind == KEY_HOST || k->kind == KEY_BENEATH;
}

static uint64_t hash_of(const struct key *k)
{
	uint64_t hash = mix(UINT64_C(0xcbf29ce484222325) + k->kind, k->first, k->first_size, is_folded(k));

	hash = mix((hash ^ 0xff) * UINT64_C(0x100000001b3), k->second, k->second_size, false);
	return hash ^ hash >> 29;
}

static bool same_key(const struct key *a, const struct key *b)
{
	return a->kind == b->kind && a->first_size == b->first_size &&
	       a->second_size == b->second_size &&
	       (is_folded(a) ? strncasecmp(a->first, b->first, a->first_size)
			     : memcmp(a->first, b->first, a->first_size)) == 0 &&
	       memcmp(a->second, b->second, a->second_size) == 0;
}

/* The slot of this key, or the empty one where it would go. */
static uint32_t *slot_of(const struct index *x, const struct key *k, uint64_t hash)
{
	size_t at = hash & (x->slot_count - 1);
	const struct entry *e;

	for (; x->slots[at]; at = (at + 1) & (x->slot_count - 1)) {
		e = &x->entries[x->slots[at] - 1];
		if (e->hash == hash && same_key(&e->key, k))
			break;
	}
	return &x->slots[at];
}

static void link_entry(struct index *x, size_t i)
{
	struct entry *e = &x->entries[i];
	uint32_t *slot = slot_of(x, &e->key, e->hash);

	e->next = *slot;
	*slot = (uint32_t)i + 1;
}

bool array_grow(void **array, size_t count, size_t size)
{
	void *more = reallocarray(*array, count, size);

	if (more)
		*array = more;
	return more != NULL;
}

/* At most half the slots are taken. */
static bool grow_slots(struct index *x, size_t keys)
{
	size_t count = x->slot_count ? x->slot_count : 16, i;
	uint32_t *slots;

	while (count < 2 * (x->entry_count + keys))
		count *= 2;
	if (count == x->slot_count)
		return true;
	slots = calloc(count, sizeof(*slots));
	if (!slots)
		return false;
	free(x->slots);
	x->slots = slots;
	x->slot_count = count;
	for (i = 0; i < x->entry_count; i++)
		link_entry(x, i);
	return true;
}

/* Growing by little must not copy everything each time. */
static size_t rounded(size_t count)
{
	size_t room = 16;

	while (room < count)
		room *= 2;
	return room;
}

static bool grow_list(struct rules *list, size_t count)
{
	void *at = list->at;
	bool done = array_grow(&at, rounded(list->count + count), sizeof(*list->at));

	list->at = at;
	return done;
}

static bool make_room(struct index *x, struct rule *const *rules, size_t count)
{
	void *entries = x->entries;
	enum key_kind kind;
	size_t keys = 0, i;
	bool fits;

	for (i = 0; i < count; i++)
		keys += names_count(finders(rules[i], &kind));
	fits = grow_list(&x->wild, count) && grow_list(&x->narrowing, count) &&
	       grow_list(&x->allowances, count) &&
	       array_grow(&entries, rounded(x->entry_count + keys), sizeof(*x->entries));
	x->entries = entries;
	return fits && grow_slots(x, keys);
}

static void add_to(struct rules *list, const struct rule *r)
{
	list->at[list->count++] = r;
}

static void add_rule(struct index *x, const struct rule *r)
{
	enum key_kind kind = KEY_NONE;
	const json_t *names = finders(r, &kind);
	size_t i;

	if (!names)
		add_to(&x->wild, r);
	if (kind == KEY_CATEGORY)
		add_to(rule_narrows(r) ? &x->narrowing : &x->allowances, r);
	for (i = 0; i < names_count(names); i++) {
		struct entry *e = &x->entries[x->entry_count++];

		*e = (struct entry){ .key = key_at(r, names, kind, i), .rule = r };
		e->hash = hash_of(&e->key);
		link_entry(x, x->entry_count - 1);
	}
}

int index_add(struct index *x, struct rule *const *rules, size_t count, struct err *e)
{
	size_t i;

	if (!make_room(x, rules, count))
		return err_set(e, ERR_SYSTEM, "no memory for %zu rules", count);
	for (i = 0; i < count; i++)
		add_rule(x, rules[i]);
	return 0;
}

void index_free(struct index *x)
{
	free(x->entries);
	free(x->slots);
	free(x->wild.at);
	free(x->narrowing.at);
	free(x->allowances.at);
}

struct walk walk_begin(const struct index *x, const struct action *a)
{
	struct walk w = { .x = x, .a = a };

	if (a->kind == ACTION_NET_CONNECT)
		w.host = json_string_value(json_object_get(a->args, "host"));
	w.host_size = w.host ? strlen(w.host) : 0;
	return w;
}

/* What is looked up at this stage, if it is known. */
static struct key sought(const struct walk *w)
{
	const struct action *a = w->a;
	struct key k = { .kind = KEY_NONE };

	if (w->stage == 0 && a->tool)
		k = key_of(KEY_TOOL, a->server, a->tool);
	else if (w->stage == 1)
		k = key_of(KEY_SERVER, a->server, "");
	else if (w->stage == 2 && a->tool)
		k = key_of(KEY_HALF, a->tool, "");
	else if (w->stage == 3 && a->category)
		k = key_of(KEY_CATEGORY, a->category, "");
	else if (w->stage == 4 && w->host_size)
		k = (struct key){ w->beneath ? KEY_BENEATH : KEY_HOST, w->host, "", w->host_size, 0 };
	return k;
}

/* The first entry of it, plus one; 0: there is none. */
static uint32_t look_up(const struct walk *w)
{
	const struct key k = sought(w);

	return k.kind == KEY_NONE || w->x->slot_count == 0 ? 0 : *slot_of(w->x, &k, hash_of(&k));
}

/* From a host to what it lies beneath: "a.b.c" to "b.c". */
static bool rise(struct walk *w)
{
	const char *dot = w->stage == 4 && w->host_size ? memchr(w->host, '.', w->host_size) : NULL;

	if (!dot)
		return false;
	w->host_size -= (size_t)(dot + 1 - w->host);
	w->host = dot + 1;
	w->beneath = true;
	return true;
}

enum { LOOKED_UP = 5 };

/* What is gone through whole at a later stage, if it is; NULL: nothing is left. */
static const struct rules *list_at(const struct walk *w)
{
	static const struct rules none = { 0 };

	switch (w->stage - LOOKED_UP) {
	case 0:
		return &w->x->wild;
	case 1:
		return w->a->category ? &none : &w->x->narrowing;
	case 2:
		return w->any_category && !w->a->category ? &w->x->allowances : &none;
	default:
		return NULL;
	}
}

/* First what is looked up, each a chain (w->at is the next entry, plus one); then lists. */
const struct rule *walk_next(struct walk *w)
{
	const struct rules *list;
	const struct entry *e;

	for (; w->stage < LOOKED_UP; w->stage += !rise(w), w->at = 0) {
		w->at = w->at ? w->at : look_up(w);
		if (w->at == 0 || w->at == SIZE_MAX)
			continue;
		e = &w->x->entries[w->at - 1];
		w->by_tool = w->stage == 0;
		w->at = e->next ? e->next : SIZE_MAX;
		return e->rule;
	}
	w->by_tool = false;
	for (; (list = list_at(w)); w->stage++, w->at = 0)
		if (w->at < list->count)
			return list->at[w->at++];
	return NULL;
}
