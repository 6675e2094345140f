/*
 * Which era each side speaks. An agent's is known by its first request; a tool server is asked when
 * it starts: first as the newer era does, and if it does not know that, by a handshake. Whatever
 * the two are, what passes between them is judged, recorded and bounded alike.
 */
#include <string.h>

#include "base/clock.h"
#include "broker/broker.h"

enum { PROBE_MS = 3000 };

/* Methods that one of the eras does not have. */
static const struct {
	const char *method;
	enum mcp_era era;
} only[] = {
	{ "initialize", MCP_ERA_LEGACY },
	{ "ping", MCP_ERA_LEGACY },
	{ "logging/setLevel", MCP_ERA_LEGACY },
	{ "resources/subscribe", MCP_ERA_LEGACY },
	{ "resources/unsubscribe", MCP_ERA_LEGACY },
	{ "server/discover", MCP_ERA_MODERN },
	{ "subscriptions/listen", MCP_ERA_MODERN },
};

static bool era_has(enum mcp_era era, const char *method)
{
	size_t i;

	for (i = 0; i < count_of(only); i++)
		if (strcmp(only[i].method, method) == 0)
			return only[i].era == era;
	return true;
}

/* --- agents --- */

/* To look who is there is no decision yet: an agent that finds nothing new in it may still greet.
 */
bool era_admit(struct session *s, struct request *r, struct mcp_fault *f)
{
	enum mcp_era era = s->greeted ? MCP_ERA_LEGACY : s->era;

	if (r->m.kind != MCP_REQUEST)
		return true;
	if (era == MCP_ERA_OPEN)
		era = modern_era_of(&r->m);
	r->modern = era == MCP_ERA_MODERN;
	if (!era_has(r->modern ? MCP_ERA_MODERN : MCP_ERA_LEGACY, r->m.method))
		return false;
	if (!r->modern)
		return true;
	if (!modern_read_envelope(&r->envelope, &r->m, f))
		return false;
	if (strcmp(r->m.method, "server/discover") != 0)
		s->era = MCP_ERA_MODERN;
	return true;
}

/* What an error of this code must say beside its sentence. */
json_t *era_fault_data(const struct request *r, int code)
{
	return code == MODERN_VERSION ? modern_supported(r->envelope.version) : NULL;
}

void era_write_fault(struct session *s, const struct request *r, const struct mcp_fault *f)
{
	scoped(json) json_t *data = era_fault_data(r, f->code), *whole = NULL;

	if (data)
		whole = json_pack("{s:i, s:s, s:O}", "code", f->code, "message", f->text, "data",
				  data);
	if (whole)
		mcp_write_failure(&s->outlet.out, r->m.id, whole);
	else
		mcp_write_error(&s->outlet.out, r->m.id, f->code, f->text);
}

static const char *method_of(const struct call *c)
{
	return c->server ? mcp_ask_method(c->what) : mcp_list_info(c->list)->method;
}

/* A new reference; NULL when out of memory. */
json_t *era_result(const struct call *c, const json_t *result)
{
	if (c->up)
		return json_incref((json_t *)(uintptr_t)result);
	if (c->modern)
		return modern_outward(result, method_of(c));
	if (c->server && c->server->era == MCP_ERA_MODERN)
		return modern_inward(result);
	return json_incref((json_t *)(uintptr_t)result);
}

/* Codes that the older revisions had, and the newer must not say. */
json_t *era_error(const struct call *c, const json_t *error)
{
	json_int_t code = json_integer_value(json_object_get(error, "code"));
	json_t *out = json_copy((json_t *)(uintptr_t)error);

	if (c->modern && out && (code == -32002 || code == -32042))
		json_object_set_new(out, "code",
				    json_integer(code == -32002 ? MCP_BAD_PARAMS : MCP_INTERNAL));
	return out;
}

/* What reeve offers to whoever asks; what the tool servers have shows in the lists. */
int era_discover(struct session *s, struct request *r, struct err *e)
{
	scoped(json) json_t *can = method_capabilities(s), *result = modern_discovery(can, NULL);

	(void)e;
	if (result)
		mcp_write_result(&s->outlet.out, r->m.id, result);
	else
		mcp_write_error(&s->outlet.out, r->m.id, MCP_INTERNAL, "reeve is out of memory");
	return 0;
}

/* --- tool servers --- */

/* Declared to it is what the policy could ever let it ask. */
static unsigned may_ask(const struct server *s)
{
	static const struct {
		enum action_kind kind;
		unsigned can;
	} kinds[] = {
		{ ACTION_SAMPLING,
		  MCP_CAN_SAMPLING | MCP_CAN_SAMPLING_TOOLS | MCP_CAN_SAMPLING_CONTEXT },
		{ ACTION_ELICITATION, MCP_CAN_FORM | MCP_CAN_URL },
		{ ACTION_ROOTS, MCP_CAN_ROOTS },
	};
	unsigned can = 0;
	size_t i;

	for (i = 0; i < count_of(kinds); i++)
		if (policy_may_allow(s->broker->policy, &s->broker->about, kinds[i].kind, s->name,
				     NULL))
			can |= kinds[i].can;
	return can;
}

struct modern_envelope era_envelope(const struct call *c)
{
	return (struct modern_envelope){
		.can = c->server->may & (c->modern ? c->envelope.can : c->session->can),
		.log_level = c->modern ? c->envelope.log_level : news_word(c->session->log_level),
	};
}

static void probe(struct server *s)
{
	s->state = SERVER_PROBING;
	s->probe_due_ns = clock_mono_ns() + PROBE_MS * UINT64_C(1000000);
	s->probe_id = ++s->next_id;
	modern_write_request(&s->outlet.out, s->probe_id, "server/discover", NULL,
			     &(struct modern_envelope){ .can = s->may });
}

/* A server that is known to speak the older one is not asked again in this run. */
int era_probe(struct server *s, struct err *e)
{
	s->may = may_ask(s);
	if (s->era == MCP_ERA_LEGACY)
		return start_greet(s, e);
	s->probed_again = false;
	probe(s);
	return 0;
}

/* Calls that were written for another era than it turns out to have now cannot be sent to it. */
int era_is(struct server *s, enum mcp_era era, struct err *e)
{
	bool other = s->era != MCP_ERA_OPEN && s->era != era;

	s->era = era;
	return other ? relay_fail_waiting(s, "speaks another revision of MCP than before", e) : 0;
}

static int take_modern(struct server *s, const json_t *discovered, struct err *e)
{
	pins_greeted(s, discovered);
	if (era_is(s, MCP_ERA_MODERN, e) < 0)
		return -1;
	return start_offers(s, json_object_get(discovered, "capabilities"), e);
}

/*
 * The answer to the probe. One that comes after the greeting was sent is kept until that is
 * answered: a server that takes the handshake is held to it, one that does not has spoken here.
 */
int era_hear(struct server *s, const struct mcp_message *m, struct err *e)
{
	struct modern_discovery d;
	enum modern_verdict verdict = modern_discovered(&d, m);

	s->probe_id = 0;
	if (s->state == SERVER_GREETING && verdict == MODERN_SPEAKS)
		s->spoke = json_incref(m->result);
	if (s->state != SERVER_PROBING)
		return 0;
	if (verdict == MODERN_OLDER)
		return start_greet(s, e);
	if (verdict == MODERN_AGAIN && !s->probed_again) {
		s->probed_again = true;
		probe(s);
		return 0;
	}
	if (verdict != MODERN_SPEAKS)
		return server_stop(s, "failed",
				   "did not start: it speaks no MCP revision that reeve knows", e);
	return take_modern(s, m->result, e);
}

bool era_spoke(int *done, struct server *s, struct err *e)
{
	scoped(json) json_t *said = take(&s->spoke);

	if (said)
		*done = take_modern(s, said, e);
	return said != NULL;
}

/* There are servers that end at a question they do not know: such a one can only be of the older
 * era. One that has been taken for that and cannot be greeted is asked anew when it next starts. */
int era_ended(struct server *s, const char *why, struct err *e)
{
	if (s->state == SERVER_PROBING && s->era == MCP_ERA_OPEN) {
		s->era = MCP_ERA_LEGACY;
		return server_again(s, "ended when it was asked which revision it speaks", e);
	}
	if (s->state == SERVER_GREETING)
		s->era = MCP_ERA_OPEN;
	return server_stop(s, "failed", why, e);
}

uint64_t era_deadline(const struct server *s)
{
	return s->state == SERVER_PROBING ? s->probe_due_ns : UINT64_MAX;
}

/* --- calls whose bytes nobody knows yet --- */

/*
 * What is forwarded is what was judged and recorded: before a server's era is known the bytes of a
 * call are not. What the policy refuses in any case is refused at once, and starts nothing.
 */
bool era_is_open(const struct call *c)
{
	return c->server && !c->server->exec && c->server->era == MCP_ERA_OPEN && !c->waited &&
	       !life_rests(c->server);
}

int era_wait(struct call *c, struct err *e)
{
	c->waited = true;
	call_queue(c, &c->server->open, CALL_STARTING);
	return server_need(c->server, e);
}

static int go_on(struct call *c, struct err *e)
{
	int done;

	call_unqueue(c);
	if (c->silent || ask_write(c, e) < 0) {
		call_end(c);
		return 0;
	}
	if (park_resume(&done, c, e))
		return done;
	return ask_again(c, e);
}

/* It has started, or could not: then they are judged as they are, and fail. */
int era_settle(struct server *s, struct err *e)
{
	struct call *c;

	while ((c = TAILQ_FIRST(&s->open)))
		if (go_on(c, e) < 0)
			return -1;
	return 0;
}
