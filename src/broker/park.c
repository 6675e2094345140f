/*
 * A tool server of the older era asks while a call of an agent of the newer one is under way. The
 * call is answered with the questions, and parked: with its server it goes on. When the agent comes
 * back with the answers, its new call gets these to the server and takes the parked one's place.
 * It comes back by a word that nobody can guess, that holds for this call alone, once, and for a
 * time; on whichever connection, because in that era connections mean nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "broker/broker.h"

enum { PARKED_MOST = 12, PARKED_MS = 600000 };

static bool park_is(const struct call *c)
{
	return c->state == CALL_PARKED;
}

/* The call under way at this server whose agent can be asked that. */
struct call *park_find_call(const struct server *s, const struct session *a, unsigned need)
{
	struct call *c;

	TAILQ_FOREACH(c, &s->flying, queued)
		if (c->modern && !c->silent && c->session && (!a || c->session == a) &&
		    !c->session->gone && modern_may_ask(mcp_ask_method(c->what)) &&
		    (c->envelope.can & s->may & need) == need)
			return c;
	return NULL;
}

/* A question more, of a call that is parked already. */
struct call *park_find_parked(const struct server *s, unsigned need)
{
	struct call *first = TAILQ_FIRST(&s->parked);

	if (!first || TAILQ_NEXT(first, queued) || TAILQ_FIRST(&s->flying) || !need)
		return NULL;
	return (first->envelope.can & s->may & need) == need ? first : NULL;
}

static void make_word(struct call *c)
{
	uint8_t bytes[PARK_WORD / 2];
	size_t i;

	must(getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes));
	for (i = 0; i < sizeof(bytes); i++)
		snprintf(c->word + 2 * i, 3, "%02x", bytes[i]);
}

/* What it is asked, so that the word holds for nothing else. */
void park_bind(struct call *c, const struct mcp_asked *m)
{
	struct buf text = BUF(FORWARD_MOST);
	struct mcp_asked plain = { .name = m->name, .is_uri = m->is_uri, .args = m->args };

	if (!c->modern)
		return;
	mcp_write_asked(&text, c->what, 0, &plain);
	seal_digest(c->bound, text.data, text.size);
	buf_free(&text);
}

/* Our own name for it, in what the agent is asked and answers: no two of a server have the same. */
static const char *name_of(const struct call *question, char room[32])
{
	snprintf(room, 32, "input-%" PRIu64, question->number);
	return room;
}

/* What is to be asked is kept as it was judged; it is this call's agent that is asked. */
void park_question(struct call *question, struct call *c, json_t *params)
{
	question->asker = c;
	question->number = ++c->server->questions;
	c->questioned = true;
	question->input = json_pack("{s:s, s:O*}", "method",
				    mcp_upward_info(question->upward)->method, "params", params);
}

/* All that waits for its agent, under names of ours. */
static json_t *questions(struct call *c)
{
	json_t *all = json_object();
	struct call *question;
	char room[32];

	TAILQ_FOREACH(question, &c->server->upward, queued)
		if (question->asker == c && !question->kept_result)
			json_object_set(all, name_of(question, room), question->input);
	return all;
}

/* To whoever asked: `c` is the parked call, `to` the one that is answered. */
static void answer(struct call *c, struct call *to)
{
	scoped(json) json_t *result = NULL;

	make_word(c);
	result = modern_input_required(questions(c), c->word);
	if (result)
		answer_result(to, result);
}

static int park(struct call *c, struct err *e)
{
	answer(c, c);
	if (call_conclude(c, (struct outcome){ .status = "input-required", .exit = -1 }, e) < 0)
		return -1;
	quota_ended(c); /* of its connection too, while that is known */
	if (c->session)
		c->session->calls--;
	c->parked_by = c->session;
	c->session = NULL;
	c->deadline_ns = clock_mono_ns() + PARKED_MS * UINT64_C(1000000);
	call_queue(c, &c->server->parked, CALL_PARKED);
	return 0;
}

static size_t count_parked(const struct broker *b)
{
	const struct call *c;
	size_t count = 0;

	TAILQ_FOREACH(c, &b->calls, all)
		count += park_is(c);
	return count;
}

/* Its question is recorded: the agent gets it with the answer to its call. */
int park_ask(struct call *question, struct err *e)
{
	struct call *c = question->asker;

	if (c && !park_is(c) && (!c->session || c->session->gone))
		c = NULL; /* its agent has gone, and will not come back */
	if (!c || (!park_is(c) && count_parked(c->broker) >= PARKED_MOST))
		return upcall_give_up(question, "cancelled",
				      c ? "too many calls wait for their agents"
					: "the call it was for is over",
				      e);
	question->began_ns = clock_mono_ns();
	question->deadline_ns = question->began_ns + PARKED_MS * UINT64_C(1000000);
	question->session = NULL;
	call_brought(question);
	buf_free(&question->forward);
	call_queue(question, &question->server->upward, CALL_FLYING);
	return park_is(c) ? 0 : park(c, e); /* parked already: it is asked when the agent is back */
}

/* The server's answer came first: it is kept for when the agent is back. */
bool park_keep(struct server *s, const struct mcp_message *m, const char *line, size_t size)
{
	uint64_t id = json_is_integer(m->id) ? (uint64_t)json_integer_value(m->id) : 0;
	struct call *c;

	TAILQ_FOREACH(c, &s->parked, queued)
		if (c->relay_id == id && !c->kept_result && !c->kept_error)
			break;
	if (!c)
		return false;
	c->kept_result = json_incref(m->result);
	c->kept_error = json_incref(m->error);
	c->about.size = size;
	seal_digest(c->digest, line, size);
	c->broker->held += size;
	c->held += size;
	return true;
}

/* --- the agent is back --- */

/* In a time that does not depend on how much of it is right. */
static bool is_word(const char *word, const char *said)
{
	unsigned char differs = 0;
	size_t i;

	if (!*word || strlen(said) != PARK_WORD)
		return false;
	for (i = 0; i < PARK_WORD; i++)
		differs |= (unsigned char)(word[i] ^ said[i]);
	return differs == 0;
}

static struct call *find_parked(struct server *s, const struct call *c, const char *word)
{
	struct call *p;

	TAILQ_FOREACH(p, &s->parked, queued)
		if (is_word(p->word, word) && strcmp(p->bound, c->bound) == 0)
			return p;
	return NULL;
}

/* The answer to one of its questions, through the checks; NULL: there is none, or it is no answer.
 */
static json_t *take_answer(struct call *question, const json_t *given)
{
	char room[32];
	struct answer a = { .result =
				    json_incref(json_object_get(given, name_of(question, room))) };

	if (!a.result || !mcp_answers_upward(question->upward, a.result)) {
		json_decref(a.result);
		return NULL;
	}
	stages_answer(question, &a);
	if (a.error) {
		json_decref(a.result);
		a.result = NULL;
	}
	json_decref(a.error);
	return a.result;
}

/* What it has not answered before it is asked again; what it has is kept. */
static bool take_answers(struct call *c, struct call *parked)
{
	struct call *question;
	bool all = true;

	TAILQ_FOREACH(question, &c->server->upward, queued) {
		if (question->asker != parked)
			continue;
		if (!question->kept_result)
			question->kept_result = take_answer(question, c->retry.responses);
		all = all && question->kept_result;
	}
	return all;
}

/* What goes to the server in place of a request: a response to each of its questions, a line each.
 */
static void write_answers(struct call *c, struct call *parked)
{
	struct call *question;

	c->forward.size = 0;
	TAILQ_FOREACH(question, &c->server->upward, queued)
		if (question->asker == parked)
			mcp_write_result(&c->forward, question->id, question->kept_result);
	if (c->forward.size > 0)
		c->forward.size--; /* the newline is not judged */
}

static int refuse(struct call *c, struct err *e)
{
	snprintf(c->text, sizeof(c->text), "%s",
		 "requestState is none that reeve gave for this call, or it was used, or is too "
		 "old");
	c->code = MCP_BAD_PARAMS;
	c->about.digest = c->digest;
	c->verdict = (struct verdict){ .reason = REASON_BAD_PARAMS, .why = c->text };
	return session_record(c, e);
}

/* True: `c` is the parked call's next step, or was answered here; *done says how that went. */
bool park_resume(int *done, struct call *c, struct err *e)
{
	const char *word = c->retry.state ? json_string_value(c->retry.state) : "";
	struct call *parked;

	*done = 0;
	if (c->server->era == MCP_ERA_MODERN || era_is_open(c) ||
	    (!c->retry.state && !c->retry.responses))
		return false;
	parked = find_parked(c->server, c, word);
	if (!parked) {
		*done = refuse(c, e);
		return true;
	}
	if (!take_answers(c, parked)) {
		answer(parked, c); /* once more, by another word */
		call_end(c);
		return true;
	}
	write_answers(c, parked);
	parked->word[0] = '\0';
	c->resumes = parked;
	c->resuming = true;
	c->relay_id = parked->relay_id;
	c->about.size = c->forward.size;
	seal_digest(c->digest, c->forward.data, c->forward.size);
	return false;
}

static int close_answered(struct call *c, struct call *parked, struct err *e)
{
	struct call *question, *next;

	for (question = TAILQ_FIRST(&c->server->upward); question; question = next) {
		next = TAILQ_NEXT(question, queued);
		if (question->asker != parked || !question->kept_result)
			continue;
		question->asker = NULL;
		if (call_close(question, (struct outcome){ .status = "ok", .exit = -1 }, e) < 0)
			return -1;
	}
	return 0;
}

static int deliver_kept(struct call *c, struct call *parked, struct err *e)
{
	struct answer a = { .outcome = { .status = "ok", .exit = -1, .size = parked->about.size } };
	char digest[SEAL_DIGEST_TEXT];

	a.result = take(&parked->kept_result);
	a.error = take(&parked->kept_error);
	snprintf(digest, sizeof(digest), "%s", parked->digest);
	a.outcome.answer = digest;
	if (a.error)
		a.outcome.status = "error";
	else if (c->action.kind == ACTION_TOOL_CALL && mcp_is_tool_error(a.result))
		a.outcome.status = "tool-error";
	call_end(parked);
	return relay_deliver(c, &a, e);
}

/* What was asked while the agent was on its way back is asked of it now. */
static bool take_over(struct call *c, struct call *parked)
{
	struct call *question;
	bool more = false;

	TAILQ_FOREACH(question, &c->broker->calls, all)
	{
		if (!question->up || question->asker != parked)
			continue;
		question->asker = c;
		c->questioned = true;
		more = more || question->queue == &c->server->upward;
	}
	return more;
}

/* Its answers are on their way: from now on the server's answer is for this call. */
int park_forwarded(struct call *c, struct err *e)
{
	struct call *parked = take(&c->resumes);
	bool more;

	if (close_answered(c, parked, e) < 0)
		return -1;
	more = take_over(c, parked);
	if (parked->kept_result || parked->kept_error)
		return deliver_kept(c, parked, e);
	call_end(parked);
	return more ? park(c, e) : 0;
}
