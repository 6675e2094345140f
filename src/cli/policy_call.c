/* A call as people write it down: SERVER/TOOL, or a JSON object that says the same. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/connection.h"
#include "cli/policy_explain.h"

enum { CALL_MOST = 8 << 20 };

void call_named_free(struct call_named *c)
{
	json_decref(c->doc);
	json_decref(c->args);
	free(c->name);
	free(c->connection);
	*c = (struct call_named){ 0 };
}

static int split(struct call_named *out, const char *text, struct err *e)
{
	const char *slash = strchr(text, '/');

	if (!slash || slash == text || !slash[1])
		return err_set(e, ERR_INPUT, "\"%.80s\": expected SERVER/TOOL, a FILE.json or -",
			       text);
	out->name = strdup(text);
	if (!out->name)
		return err_sys(e, "memory for a call");
	out->name[slash - text] = '\0';
	out->server = out->name;
	out->tool = out->name + (slash - text) + 1;
	return 0;
}

static int read_args(struct call_named *out, const char *text, struct err *e)
{
	if (json_read(&out->args, text, strlen(text), NULL, e) < 0)
		return err_in(e, "--args");
	return json_is_object(out->args) ? 0
					 : err_set(e, ERR_INPUT, "--args: expected a JSON object");
}

static int read_member(struct call_named *out, struct policy_facts *facts, const char *key,
		       json_t *value, struct err *e)
{
	if (strcmp(key, "port") == 0)
		return 0; /* a connection's, which is made of its members later */
	if (strcmp(key, "args") == 0 && json_is_object(value)) {
		out->args = json_incref(value);
		return 0;
	}
	if (strcmp(key, "args") == 0)
		return err_set(e, ERR_INPUT, "\"args\": expected an object");
	if (!json_is_string(value))
		return err_set(e, ERR_INPUT, "\"%.40s\": expected a string", key);
	if (strcmp(key, "tool") == 0)
		return out->name ? 0 : split(out, json_string_value(value), e);
	if (connection_says(key))
		return 0;
	return policy_facts_set(facts, key, json_string_value(value), e);
}

static int read_document(struct call_named *out, struct policy_facts *facts, const char *name,
			 struct err *e)
{
	scoped(mem) char *bytes = NULL;
	const char *key;
	json_t *value;
	size_t size;
	int done = strcmp(name, "-") == 0 ? fd_read_all(&bytes, &size, STDIN_FILENO, CALL_MOST, e)
					  : fd_read_file(&bytes, &size, name, CALL_MOST, e);

	if (done < 0)
		return -1;
	if (json_read(&out->doc, bytes, size, NULL, e) < 0)
		return err_in(e, "%s", name);
	if (!json_is_object(out->doc) ||
	    (!json_object_get(out->doc, "tool") && !json_object_get(out->doc, "action")))
		return err_set(e, ERR_INPUT, "%s: expected an object with \"tool\" and \"args\"",
			       name);
	json_object_foreach(out->doc, key, value)
		if (read_member(out, facts, key, value, e) < 0)
			return err_in(e, "%s", name);
	if (out->name)
		return 0;
	if (facts->action != ACTION_NET_CONNECT)
		return err_set(e, ERR_INPUT, "%s: expected \"tool\"", name);
	out->server = "net";
	return connection_of_members(&out->args, &out->connection, out->doc, e) < 0 ? err_in(e, "%s", name) : 0;
}

/* Where only one of tool and arguments was written, the other one is made of it. */
static int connect_to(struct call_named *out, const struct policy_facts *facts, struct err *e)
{
	scoped(json) json_t *written = NULL;

	if (!policy_facts_connect(facts, out->server))
		return 0;
	out->connects = true;
	if (!out->connection) {
		written = take(&out->args);
		if (connection_of_tool(&out->args, &out->connection, out->tool, written, e) < 0)
			return -1;
	}
	out->tool = out->connection;
	return 0;
}

static bool is_file(const char *text)
{
	size_t size = strlen(text);

	return strcmp(text, "-") == 0 || (size > 5 && strcmp(text + size - 5, ".json") == 0);
}

int call_named_read(struct call_named *out, struct policy_facts *facts, const char *text,
		    const char *args, struct err *e)
{
	if (is_file(text) && args)
		return err_set(e, ERR_INPUT, "--args goes with SERVER/TOOL; %s holds its own",
			       text);
	if (is_file(text) ? read_document(out, facts, text, e) < 0
			  : split(out, text, e) < 0 || (args && read_args(out, args, e) < 0))
		return -1;
	return connect_to(out, facts, e);
}
