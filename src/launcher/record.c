#include <stdio.h>
#include <string.h>

#include "launcher/run.h"
#include "seal/seal.h"

/* "landlock 7 obtained tested": what was asked for is every layer; what is missing is said. */
static void add_layer(struct buf *list, enum jail_layer l, const struct jail_layer_state *s)
{
	buf_printf(list, "%s", jail_layer_word(l));
	if (l == LAYER_LANDLOCK && s->detail)
		buf_printf(list, " abi-%u", s->detail);
	if (l == LAYER_CAPABILITIES && s->detail)
		buf_printf(list, " bounding-%u", s->detail);
	buf_printf(list, " %s %s", s->obtained ? "obtained" : "given-up",
		   s->tested ? "tested" : "untested");
	buf_add(list, "", 1);
}

static size_t add_layers(struct buf *list, const struct run *r)
{
	size_t before = list->size;
	int l;

	for (l = 0; l < LAYERS; l++)
		if (r->agent.layers[l].asked)
			add_layer(list, (enum jail_layer)l, &r->agent.layers[l]);
	return list->size - before;
}

/* "memory cgroup": who holds what; "none": nobody. */
static size_t add_limits(struct buf *list, const struct run *r)
{
	size_t before = list->size, n;
	const char *word, *holder;

	for (n = 0; limits_holder(r, n, &word, &holder); n++) {
		buf_printf(list, "%s %s", word, holder);
		buf_add(list, "", 1);
	}
	return list->size - before;
}

static size_t add_command(struct buf *list, const struct run *r)
{
	size_t before = list->size, i;

	for (i = 0; r->ask->argv[i] && list->size < 4096; i++)
		buf_add(list, r->ask->argv[i], strlen(r->ask->argv[i]) + 1);
	return list->size - before;
}

/* Of the bytes that the recorder was given. */
static size_t add_signers(struct buf *out, const struct run_request *ask)
{
	char digest[SEAL_DIGEST_TEXT];

	if (!ask->signers)
		return 0;
	seal_digest(digest, ask->signers, ask->signers_size);
	return buf_add(out, digest, strlen(digest) + 1) ? strlen(digest) + 1 : 0;
}

/* A digest over "NAME sha256:…" lines, in the order the broker gets the files: reeve-policy(5). */
void record_policy(char digest[SEAL_DIGEST_TEXT], const struct policy_set *policy)
{
	struct buf lines = BUF(256ul * 192);
	size_t i;

	for (i = 0; i < policy->count; i++) {
		seal_digest(digest, policy->at[i].bytes, policy->at[i].size);
		buf_printf(&lines, "%s %s\n", policy->at[i].name, digest);
	}
	seal_digest(digest, lines.data ? lines.data : "", lines.size);
	buf_free(&lines);
}

/* The record borrows from `room`, which therefore is filled whole before anything points into it.
 */
void record_run(struct record *out, const struct run *r, struct buf *room)
{
	size_t layers = add_layers(room, r), command = add_command(room, r),
	       limits = add_limits(room, r), signers = add_signers(room, r->ask), policy, profile;
	char digest[SEAL_DIGEST_TEXT];

	record_policy(digest, &r->ask->policy);
	policy = room->size;
	buf_add(room, digest, sizeof(digest));
	profile = room->size;
	buf_printf(room, "%s %s", profile_name(r->ask->profile), profile_digest(r->ask->profile));
	buf_add(room, "", 1);
	must(!room->over);
	*out = (struct record){ .kind = RECORD_RUN };
	record_list(out, FIELD_LAYERS, room->data, layers);
	record_list(out, FIELD_COMMAND, room->data + layers, command);
	if (limits)
		record_list(out, FIELD_LIMITS, room->data + layers + command, limits);
	if (signers)
		record_text(out, FIELD_SIGNERS, room->data + layers + command + limits);
	record_text(out, FIELD_POLICY, room->data + policy);
	record_text(out, FIELD_POLICY_BY, r->ask->policy.by);
	record_text(out, FIELD_PROFILE, room->data + profile);
	record_text(out, FIELD_AGENT, r->ask->agent);
	record_text(out, FIELD_AGENTS, r->ask->agents);
	record_text(out, FIELD_MODEL, r->ask->model);
	if (r->ask->scopes_size)
		record_list(out, FIELD_SCOPES, r->ask->scopes, r->ask->scopes_size);
	record_text(out, FIELD_OWNER, r->ask->owner);
	record_text(out, FIELD_OWNER_BY, r->ask->owner_by);
	record_text(out, FIELD_TENANT, r->ask->tenant);
	record_text(out, FIELD_TASK, r->ask->task);
	record_text(out, FIELD_DEPARTMENT, r->ask->department);
	record_text(out, FIELD_ENVIRONMENT, r->ask->environment);
	record_text(out, FIELD_INITIATOR, r->ask->initiator);
	record_text(out, FIELD_WORKSPACE, r->ask->place.workspace);
	record_text(out, FIELD_VERSION, REEVE_VERSION);
	if (tools_count(r->ask->tools))
		record_text(out, FIELD_TOOLS, tools_digest(r->ask->tools));
}
