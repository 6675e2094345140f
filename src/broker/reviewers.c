/*
 * Who may decide, as the launcher tells it: groups, and each reviewer as a group of one, with nobody in them who
 * has no key. A rule's names become people here, once, when a call is held: who joins a group later is not asked.
 */
#include <stdio.h>
#include <string.h>

#include "broker/broker.h"

enum { NAME_ROOM = 129, ASKED_MOST = 1024 };	/* as field asked_of */

static int read_group(struct broker *b, struct unpack *u, struct err *e)
{
	char name[NAME_ROOM], one[NAME_ROOM];
	json_t *people = json_array();
	uint64_t count;
	bool fine = unpack_copy(u, name, sizeof(name));

	for (count = unpack_number(u, 2); fine && count > 0; count--) {
		fine = unpack_copy(u, one, sizeof(one)) && *one && !strpbrk(one, " \t\r\n");
		if (fine)
			json_array_append_new(people, json_string(one));
	}
	fine = fine && !u->bad && *name && !json_object_get(b->reviewers, name);
	if (json_object_set_new(b->reviewers, fine ? name : "", people) < 0)
		fine = false;
	return fine ? 0 : err_set(e, ERR_PEER, "malformed REVIEWERS");
}

int reviewers_hear(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };

	if (b->reviewers)
		return err_set(e, ERR_PEER, "second REVIEWERS");
	b->reviewers = json_object();
	if (!b->reviewers)
		return err_set(e, ERR_SYSTEM, "memory for reviewers");
	while (u.left > 0)
		if (read_group(b, &u, e) < 0)
			return -1;
	return 0;
}

static void add_people(json_t *to, const json_t *group)
{
	json_t *one;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)group, i, one)
		json_object_set_new(to, json_string_value(one), json_true());
}

/* Of a step, each once. New reference; as keys, in the order in which they are named. */
static json_t *people_of(const struct broker *b, const json_t *by)
{
	json_t *people = json_object(), *group;
	const char *name;
	size_t i;

	if (by)
		json_array_foreach((json_t *)(uintptr_t)by, i, group)
			add_people(people, json_object_get(b->reviewers, json_string_value(group)));
	else
		json_object_foreach(b->reviewers, name, group)
			add_people(people, group);
	return people;
}

static void add_step(struct buf *out, size_t need, unsigned count, unsigned after_s, json_t *people)
{
	const char *name;
	json_t *one;

	buf_printf(out, "%zu %u %u", need, count, after_s);
	json_object_foreach(people, name, one)
		buf_printf(out, " %s", name);
	buf_add(out, "", 1);
}

static bool ask_for(struct buf *out, const struct broker *b, const struct review_need *n, size_t need, char *why,
		    size_t room)
{
	scoped(json) json_t *all = json_object();
	json_t *people;
	size_t i;

	for (i = 0; i < n->step_count; i++) {
		people = people_of(b, n->steps[i].by);
		if (json_object_size(people) > 0)
			add_step(out, need, n->count, n->steps[i].after_s, people);
		json_object_update(all, people);
		json_decref(people);
	}
	if (json_object_size(all) >= n->count && all)
		return true;
	snprintf(why, room,
		 "rule %.100s asks for the word of %u %s, and of those it names %zu %s a key. The operator of this run "
		 "has to name others.",
		 n->rule, n->count, n->count == 1 ? "person" : "people", json_object_size(all),
		 json_object_size(all) == 1 ? "has" : "have");
	return false;
}

bool reviewers_ask(struct buf *out, const struct broker *b, const struct verdict *v, char *why, size_t room)
{
	size_t i;

	for (i = 0; i < v->review_count; i++)
		if (!ask_for(out, b, v->reviews[i], i + 1, why, room))
			return false;
	if (v->review_count > 0 && !out->over && out->size <= ASKED_MOST)
		return true;
	snprintf(why, room, "its rules ask more people than a record can name: the operator of this run has to name fewer.");
	return false;
}

int scopes_hear(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	json_t *scopes = json_array();
	char one[256];

	while (scopes && u.left > 0 && unpack_copy(&u, one, sizeof(one)))
		if (json_array_append_new(scopes, json_string(one)) < 0)
			u.bad = true;
	if (!scopes || !unpack_done(&u) || b->about.scopes) {
		json_decref(scopes);
		return err_set(e, ERR_PEER, "malformed or second SCOPES");
	}
	b->about.scopes = scopes;
	return 0;
}
