/*
 * Records as events of the Open Cybersecurity Schema Framework, version 1.9.0: API Activity (6003), and of runs, tool
 * servers and their jails Process Activity (1007), with the profiles security_control and record_integrity. What an
 * event says hangs on its record and earlier ones alone, so whoever exports it again gets the same bytes. What has no
 * place in the schema stands in `unmapped`, and the record itself in `raw_data`: nothing is left out.
 */
#include "audit/ocsf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { API = 6003, PROCESS = 1007, OTHER = 99, UID = 200 };

/* By the kind of record. action and disposition: of security_control; 0: nothing was decided. */
static const struct row {
	unsigned class, activity, severity, action, disposition;
} rows[RECORD_KINDS] = {
	[RECORD_GENESIS] = { API, 1, 1, 0, 0 },	    [RECORD_RUN] = { PROCESS, 1, 1, 1, 1 },
	[RECORD_INTENT] = { API, OTHER, 1, 1, 1 },    [RECORD_REFUSAL] = { API, OTHER, 3, 2, 2 },
	[RECORD_OUTCOME] = { API, OTHER, 1, 1, 1 },   [RECORD_RECOVERY] = { API, 3, 3, 0, 0 },
	[RECORD_CLOSE] = { PROCESS, 2, 1, 0, 0 },     [RECORD_SYSCALL] = { PROCESS, OTHER, 3, 2, 2 },
	[RECORD_FILE] = { API, OTHER, 1, 0, 0 },      [RECORD_FILES] = { API, OTHER, 1, 0, 0 },
	[RECORD_DROPPED] = { API, OTHER, 2, 2, 6 },   [RECORD_HELD] = { API, OTHER, 2, 3, 14 },
	[RECORD_DECISION] = { API, OTHER, 2, 2, 25 }, [RECORD_POLICY] = { API, 3, 2, 0, 0 },
	[RECORD_AGENT] = { API, 3, 1, 0, 0 },	      [RECORD_ACCESS] = { API, 2, 2, 0, 0 },
	[RECORD_PURGE] = { API, 4, 2, 0, 0 },	      [RECORD_EPOCH] = { API, OTHER, 1, 0, 0 },
	[RECORD_ANCHOR] = { API, OTHER, 1, 0, 0 },    [RECORD_GAP] = { API, OTHER, 3, 0, 0 },
	[RECORD_ALERT] = { API, OTHER, 4, 3, 19 },
};

/* What reads is no more than that; what a tool does its name alone says. */
static const struct {
	const char *action;
	unsigned activity;
} reads[] = { { "resource.read", 2 }, { "prompt.get", 2 }, { "completion.complete", 2 }, { "roots.list", 2 } };

static const char *const captions[2][5] = {
	{ "Unknown", "Create", "Read", "Update", "Delete" },
	{ "Unknown", "Launch", "Terminate", "Open", "Inject" },
};

static const char *const severities[] = { "Unknown", "Informational", "Low", "Medium", "High" };

static const char *const actions[] = { "Unknown", "Allowed", "Denied", "Observed" };

static const struct {
	unsigned id;
	const char *caption;
} dispositions[] = { { 1, "Allowed" }, { 2, "Blocked" }, { 6, "Dropped" }, { 8, "Approved" },
		     { 14, "Delayed" }, { 19, "Alert" }, { 25, "Rejected" } };

/* An event while it is made. */
struct event {
	const struct joined *j;
	const struct record *own;
	struct row row;
	json_t *out;
	char uid[UID];		/* ledger and place in it, as the schema's identifiers are texts */
	bool mapped[FIELDS];
};

static bool has(const struct event *v, enum field f)
{
	return joined_value(v->j, f)->set;
}

static bool is(const struct event *v, enum field f, const char *text)
{
	const struct field_value *value = joined_value(v->j, f);

	return value->set && value->size == strlen(text) && memcmp(value->text, text, value->size) == 0;
}

/* As its own type; and then it need not stand in `unmapped`. */
static void put(struct event *v, json_t *to, const char *name, enum field f)
{
	if (!has(v, f))
		return;
	json_object_set_new(to, name, ocsf_value(f, joined_value(v->j, f)));
	v->mapped[f] = true;
}

/* A number where the schema wants a text. */
static void put_as_text(struct event *v, json_t *to, const char *name, enum field f)
{
	if (!has(v, f))
		return;
	json_object_set_new(to, name, json_sprintf("%" PRIu64, joined_value(v->j, f)->number));
	v->mapped[f] = true;
}

static void put_id(json_t *to, const char *name, unsigned id, const char *caption_name, const char *caption)
{
	json_object_set_new(to, name, json_integer(id));
	json_object_set_new(to, caption_name, json_string(caption));
}

/* A tool server's process: its start is a call like any other, but what it is about is a process. */
static void settle_row(struct event *v)
{
	size_t i;

	v->row = rows[v->own->kind];
	for (i = 0; i < count_of(reads); i++)
		if (v->row.class == API && v->row.activity == OTHER && is(v, FIELD_ACTION, reads[i].action))
			v->row.activity = reads[i].activity;
	if (is(v, FIELD_ACTION, "server.start") && v->row.class == API && v->own->kind != RECORD_ALERT) {
		v->row.class = PROCESS;
		v->row.activity = v->own->kind == RECORD_OUTCOME ? 2 : 1;
	}
	if (has(v, FIELD_GUARD) || is(v, FIELD_REASON, "held-secret"))
		v->row.severity = 4;
	if (is(v, FIELD_DECISION, "approve")) {
		v->row.action = 1;
		v->row.disposition = 8;
	}
}

static void put_class(struct event *v)
{
	unsigned class = v->row.class, activity = v->row.activity;
	const char *name = class == API ? "API Activity" : "Process Activity";

	put_id(v->out, "category_uid", class == API ? 6 : 1, "category_name",
	       class == API ? "Application Activity" : "System Activity");
	put_id(v->out, "class_uid", class, "class_name", name);
	json_object_set_new(v->out, "type_uid", json_integer((json_int_t)class * 100 + activity));
	json_object_set_new(v->out, "activity_id", json_integer(activity));
	if (activity != OTHER)
		json_object_set_new(v->out, "activity_name", json_string(captions[class == PROCESS][activity]));
	else if (has(v, FIELD_ACTION) && v->own->kind != RECORD_ALERT)
		put(v, v->out, "activity_name", FIELD_ACTION);
	else
		json_object_set_new(v->out, "activity_name", json_string(record_word(v->own->kind)));
	put_id(v->out, "severity_id", v->row.severity, "severity", severities[v->row.severity]);
}

static void put_control(struct event *v)
{
	json_t *policy = json_object();
	size_t i;

	if (v->row.action)
		put_id(v->out, "action_id", v->row.action, "action", actions[v->row.action]);
	for (i = 0; i < count_of(dispositions); i++)
		if (dispositions[i].id == v->row.disposition)
			put_id(v->out, "disposition_id", dispositions[i].id, "disposition", dispositions[i].caption);
	if (v->own->kind == RECORD_ALERT || has(v, FIELD_GUARD))
		json_object_set_new(v->out, "is_alert", json_true());
	put(v, policy, "name", v->own->kind == RECORD_ALERT ? FIELD_ALERT : has(v, FIELD_GUARD) ? FIELD_GUARD : FIELD_RULE);
	put(v, policy, "uid", FIELD_POLICY);
	if (json_object_size(policy) > 0)
		json_object_set(v->out, "policy", policy);
	json_decref(policy);
}

static void put_status(struct event *v)
{
	bool good = is(v, FIELD_STATUS, "ok") || is(v, FIELD_STATUS, "ended") || is(v, FIELD_STATUS, "adopted");
	bool failed = v->own->kind == RECORD_REFUSAL || v->own->kind == RECORD_DROPPED || v->own->kind == RECORD_SYSCALL;

	if (failed || (v->own->value[FIELD_STATUS].set && !good && !is(v, FIELD_STATUS, "unknown")))
		put_id(v->out, "status_id", 2, "status", "Failure");
	else if (v->own->value[FIELD_STATUS].set && good)
		put_id(v->out, "status_id", 1, "status", "Success");
	else
		put_id(v->out, "status_id", 0, "status", "Unknown");
	put(v, v->out, "status_code", v->own->value[FIELD_STATUS].set ? FIELD_STATUS
		: v->own->kind == RECORD_SYSCALL ? FIELD_ERRNO : FIELD_REASON);
	put(v, v->out, "status_detail", FIELD_WHY);
}

/* Of what only the ledger itself did the recorder is the actor. */
static void put_actor(struct event *v)
{
	json_t *actor = json_object(), *user = json_object(), *application = json_object();

	put(v, user, "name", v->own->kind == RECORD_DECISION ? FIELD_REVIEWER : FIELD_OWNER);
	if (v->own->kind != RECORD_DECISION)
		put_as_text(v, user, "uid", FIELD_UID);
	put(v, application, "name", FIELD_AGENT);
	if (json_object_size(user) > 0)
		json_object_set(actor, "user", user);
	if (has(v, FIELD_AGENT))
		json_object_set(actor, "application", application);
	if (json_object_size(actor) == 0)
		json_object_set_new(actor, "process", json_pack("{s:s, s:s}", "name", "reeve-recorder", "uid", v->uid));
	json_object_set_new(v->out, "actor", actor);
	json_decref(user);
	json_decref(application);
}

static void put_endpoints(struct event *v)
{
	json_t *from = json_pack("{s:s}", "svc_name", "reeve"), *to = json_object();

	if (v->j->frame->run)
		put_as_text(v, from, "instance_uid", FIELD_RUN);
	json_object_set_new(v->out, "src_endpoint", from);
	put(v, to, "hostname", FIELD_HOST);
	put(v, to, "port", FIELD_PORT);
	put(v, to, "svc_name", FIELD_SERVER);
	if (json_object_size(to) > 0)
		json_object_set(v->out, "dst_endpoint", to);
	json_decref(to);
}

static void put_api(struct event *v)
{
	json_t *api = json_object(), *resource = json_object();
	char of[UID + 32];

	put(v, api, "operation", has(v, FIELD_TOOL) ? FIELD_TOOL : FIELD_ACTION);
	if (json_object_size(api) == 0)
		json_object_set_new(api, "operation", json_string(record_word(v->own->kind)));
	if (has(v, FIELD_SERVER))
		json_object_set_new(api, "service", json_pack("{s:o}", "name", ocsf_value(FIELD_SERVER, joined_value(v->j, FIELD_SERVER))));
	if (v->own->kind == RECORD_INTENT || v->own->kind == RECORD_OUTCOME) {
		snprintf(of, sizeof(of), "%" PRIu64, v->own->kind == RECORD_OUTCOME ? v->own->ref : v->j->frame->index);
		json_object_set_new(api, "request", json_pack("{s:s}", "uid", of));
	}
	json_object_set_new(v->out, "api", api);
	put(v, resource, "name", has(v, FIELD_RESOURCE) ? FIELD_RESOURCE : FIELD_PATH);
	if (json_object_size(resource) > 0)
		json_object_set_new(v->out, "resources", json_pack("[O]", resource));
	json_decref(resource);
	put_endpoints(v);
}

/* A machine's name stands in no record; the boot it was in does. */
static void put_process(struct event *v)
{
	json_t *process = json_object(), *device = json_object();
	scoped(buf) struct buf line = BUF(RECORD_MOST);
	const struct field_value *command = joined_value(v->j, FIELD_COMMAND);

	put_id(device, "type_id", 0, "type", "Unknown");
	put(v, device, "instance_uid", FIELD_BOOT);
	if (!has(v, FIELD_BOOT))
		json_object_set_new(device, "name", json_string("unknown"));
	json_object_set_new(v->out, "device", device);
	json_object_set_new(process, "uid", json_sprintf("%" PRIu64, v->own->kind == RECORD_OUTCOME ? v->own->ref
							 : v->j->frame->run ? v->j->frame->run : v->j->frame->index));
	put(v, process, "name", FIELD_SERVER);
	if (!has(v, FIELD_SERVER) && command->set) {
		json_object_set_new(process, "name", json_string(command->text));
		joined_put(&line, FIELD_COMMAND, command, " ");
		json_object_set_new(process, "cmd_line", json_stringn(line.data, text_cut(line.data, line.size, RECORD_MOST)));
	}
	json_object_set_new(v->out, "process", process);
	put(v, v->out, "exit_code", FIELD_EXIT);
}

static void put_metadata(struct event *v)
{
	json_t *m = json_pack("{s:s, s:{s:s, s:s, s:s}, s:[s, s], s:s, s:s, s:I}", "version", OCSF_VERSION, "product", "name",
			      "reeve", "vendor_name", "reeve", "version", REEVE_VERSION, "profiles", "security_control",
			      "record_integrity", "uid", v->uid, "event_code", record_word(v->own->kind), "sequence",
			      (json_int_t)v->j->frame->index);

	put(v, m, "log_name", FIELD_LEDGER);
	put_as_text(v, m, "original_event_uid", FIELD_N);
	put(v, m, "original_time", FIELD_TIME);
	put(v, m, "tenant_uid", FIELD_TENANT);
	if (v->own->kind == RECORD_OUTCOME)
		put_as_text(v, m, "correlation_uid", FIELD_INTENT);
	else if (v->own->kind == RECORD_INTENT)
		json_object_set_new(m, "correlation_uid", json_sprintf("%" PRIu64, v->j->frame->index));
	json_object_set_new(v->out, "metadata", m);
}

static void put_raw(struct event *v)
{
	const struct frame *f = v->j->frame;

	json_object_set_new(v->out, "raw_data", json_stringn(f->body, f->size));
	json_object_set_new(v->out, "raw_data_hash", ocsf_fingerprint(f->body, f->size));
	json_object_set_new(v->out, "raw_data_size", json_integer((json_int_t)f->size));
}

/* Of its own record, what has found no other place; and its leaf in the ledger's tree, by which it can be proved. */
static void put_unmapped(struct event *v)
{
	json_t *rest = json_object();
	uint8_t leaf[SEAL_HASH];
	char text[2 * SEAL_HASH + 1];
	int f;

	for (f = 0; f < FIELDS; f++)
		if (v->own->value[f].set && !v->mapped[f])
			json_object_set_new(rest, field_info((enum field)f)->name, ocsf_value((enum field)f, &v->own->value[f]));
	sum_prefixed(leaf, TREE_LEAF, v->j->frame->body, v->j->frame->size, NULL, 0);
	text_hex(text, leaf, sizeof(leaf));
	json_object_set_new(rest, "leaf", json_string(text));
	json_object_set_new(v->out, "unmapped", rest);
}

/* Over all of the event but this fingerprint itself, in its canonical form (RFC 8785), as the schema says. */
static bool put_attestation(struct event *v, struct buf *room)
{
	json_t *a = json_pack("{s:s}", "uid", v->uid);

	json_object_set_new(a, "chain_uid", ocsf_value(FIELD_LEDGER, joined_value(v->j, FIELD_LEDGER)));
	json_object_set_new(a, "authority_uid", ocsf_value(FIELD_LEDGER, joined_value(v->j, FIELD_LEDGER)));
	json_object_set_new(v->out, "attestation", a);
	json_canonical_any(room, v->out);
	json_object_set_new(a, "fingerprint", ocsf_fingerprint(room->data, room->size));
	return !room->over;
}

static void put_event(struct event *v)
{
	json_int_t time = 0;

	settle_row(v);
	put_class(v);
	if (ocsf_time(&time, v->own))
		json_object_set_new(v->out, "time", json_integer(time));
	put_metadata(v);
	put_status(v);
	put_control(v);
	put_actor(v);
	if (v->row.class == API)
		put_api(v);
	else
		put_process(v);
	put_raw(v);
	put_unmapped(v);
}

bool ocsf_put(struct buf *line, const struct joined *j)
{
	scoped(buf) struct buf canonical = BUF(16 * (size_t)RECORD_MOST);
	scoped(json) json_t *out = json_object();
	struct joined known = *j;
	struct event v = { .j = &known, .own = j->own, .out = out };
	const struct field_value *ledger = joined_value(j, FIELD_LEDGER);

	if (j->own->kind != RECORD_OUTCOME)
		known.other = NULL; /* it comes later, and may not have come yet */
	if (!out || !ledger->set)
		return false;
	snprintf(v.uid, sizeof(v.uid), "%.*s#%" PRIu64, (int)ledger->size, ledger->text, j->frame->index);
	put_event(&v);
	if (!put_attestation(&v, &canonical))
		return false;
	canonical.size = 0;
	json_canonical_any(&canonical, out);
	buf_add(line, canonical.data, canonical.size);
	return buf_puts(line, "\n") && !canonical.over;
}
