/*
 * What a launcher of another user says of who he is. The recorder knows that itself: it sets it, and where something
 * else was said on purpose it says no, because policy has judged by that.
 */
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "recorder/recorder.h"
#include "seal/ssh.h"

static bool says(const struct record *r, enum field f, const char *text)
{
	const struct field_value *v = &r->value[f];

	return v->set && v->size == strlen(text) && memcmp(v->text, text, v->size) == 0;
}

static void drop(struct record *r, enum field f)
{
	r->value[f] = (struct field_value){ .set = false };
}

static int check_tenant(const struct recorder *r, const struct record *run, struct err *e)
{
	const struct field_value *v = &run->value[FIELD_TENANT];

	if (!r->tenant || says(run, FIELD_TENANT, r->tenant))
		return 0;
	return err_set(e, ERR_INPUT, "this is the recorder of tenant %.64s, not of %.*s", r->tenant, v->set ? (int)v->size : 4,
		       v->set ? v->text : "none");
}

/* Of a name that the launcher found itself nobody was told; one that was given is held against what is known. */
static int check_owner(const struct client *c, const struct record *run, struct err *e)
{
	const struct field_value *said = &run->value[FIELD_OWNER];

	if (!said->set || says(run, FIELD_OWNER_BY, "uid") || says(run, FIELD_OWNER, c->owner.name))
		return 0;
	return err_set(e, ERR_INPUT, "who answers for uid %u here is %.64s, not %.*s: leave --owner out, or have the recorder's list of owners changed",
		       c->who.uid, c->owner.name, (int)said->size, said->text);
}

int claims_of_run(struct client *c, const struct recorder *r, struct record *run, struct err *e)
{
	const struct field_value *agent = &run->value[FIELD_AGENT];

	if (!r->owners)
		return 0;
	if (!agent->set || agent->size == 0 || agent->size >= sizeof(c->agent))
		return err_set(e, ERR_INPUT, "a run says which agent it is of");
	snprintf(c->agent, sizeof(c->agent), "%.*s", (int)agent->size, agent->text);
	if (owners_find(&c->owner, r->owners, c->who.uid, c->agent, e) < 0 || check_tenant(r, run, e) < 0 || check_owner(c, run, e) < 0)
		return -1;
	record_text(run, FIELD_OWNER, c->owner.name);
	record_text(run, FIELD_OWNER_BY, c->owner.by);
	return 0;
}

/* Changed while it serves, it counts from the next start on. */
int claims_signers_load(struct recorder *r, const char *path, struct err *e)
{
	scoped(mem) char *bytes = NULL;
	size_t size;

	if (!path)
		return 0;
	if (fd_read_file(&bytes, &size, path, SSH_SIGNERS_MOST, e) < 0)
		return err_in(e, "signers=");
	seal_digest(r->signers_own, bytes, size);
	return 0;
}

int claims_of_signers(const struct recorder *r, const char *digest, struct err *e)
{
	if (!r->signers_own[0] || strcmp(digest, r->signers_own) == 0)
		return 0;
	return err_set(e, ERR_INPUT, "allowed_signers is not the list by which reviewers sign here (%.71s): copy the one that this recorder has", r->signers_own);
}

/* All else is of a run, which has said it. But what is said of an agent is said of the run's own. */
int claims_within(const struct client *c, const struct recorder *r, struct record *record, struct err *e)
{
	static const enum field who[] = { FIELD_AGENT, FIELD_OWNER, FIELD_OWNER_BY, FIELD_TENANT };
	bool agent = record->kind == RECORD_AGENT;
	size_t i;

	if (!r->owners)
		return 0;
	if (agent && !says(record, FIELD_AGENT, c->agent))
		return err_set(e, ERR_PEER, "a record about another agent than the run's, %s", c->agent);
	for (i = 0; i < count_of(who); i++)
		drop(record, who[i]);
	record_text(record, FIELD_AGENT, agent ? c->agent : NULL);
	record_text(record, FIELD_OWNER, agent ? c->owner.name : NULL);
	record_text(record, FIELD_TENANT, agent ? r->tenant : NULL);
	return 0;
}
