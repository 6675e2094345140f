#include "cli/policy_cases.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/scope.h"
#include "base/under.h"
#include "cli/connection.h"
#include "cli/policy_facts.h"
#include "guard/guard.h"

enum { CASES_MOST = 8 << 20 };

static char *word(char **at)
{
	char *start = *at + strspn(*at, " \t");
	char *end = start + strcspn(start, " \t");

	*at = end + (*end != '\0');
	*end = '\0';
	return start;
}

const char *verdict_word(const struct verdict *v)
{
	static const char *const words[] = {
		[VERDICT_REFUSE] = "refuse", [VERDICT_REVIEW] = "review", [VERDICT_ALLOW] = "allow",
	};

	must(v->kind < count_of(words));
	return words[v->kind];
}

static bool is_verdict(const char *text)
{
	struct verdict v = { .kind = VERDICT_REFUSE };

	for (; v.kind < VERDICT_ALLOW && strcmp(verdict_word(&v), text) != 0; v.kind++)
		;
	return strcmp(verdict_word(&v), text) == 0;
}

static bool is_reason(const char *text)
{
	int i;

	for (i = 0; i < REASONS; i++)
		if (strcmp(reason_word((enum reason)i), text) == 0)
			return true;
	return false;
}

static int read_row(struct case_row *r, char *line, struct err *e)
{
	r->verdict = word(&line);
	r->reason = word(&line);
	line += strspn(line, " \t");
	r->object = *line == '{';
	r->server = r->object ? line : word(&line);
	r->args = line + strspn(line, " \t");
	r->rule = strchr(r->reason, '=');
	if (r->rule)
		*r->rule++ = '\0';
	r->tool = r->object ? NULL : strchr(r->server, '/');
	if (r->tool)
		*r->tool++ = '\0';
	if (!is_verdict(r->verdict))
		return err_set(e, ERR_INPUT, "expected allow, review or refuse, found \"%.40s\"",
			       r->verdict);
	if (!is_reason(r->reason))
		return err_set(e, ERR_INPUT, "expected a reason such as no-rule, found \"%.40s\"",
			       r->reason);
	if (!*r->server)
		return err_set(e, ERR_INPUT, "expected SERVER/TOOL, found the end of the line");
	return 0;
}

/* As the broker asks them: before the policy. Where reeve's own files lie, only a run knows. */
static bool is_guarded(const struct action *a, struct verdict *v)
{
	scoped(guards) struct guards *g = NULL;
	enum guard which = GUARD_UNCLEAR;
	struct err e = { 0 };

	if (a->kind == ACTION_SERVER_START || a->kind == ACTION_NET_CONNECT ||
	    (guards_new(&g, &e) == 0 && guards_pass(g, a, false, &which)))
		return false;
	*v = (struct verdict){ .reason = REASON_GUARD, .why = guard_why(which), .guard = guard_word(which) };
	return true;
}

struct verdict policy_judge(const struct policy *p, struct action *a, int workspace)
{
	struct err ignored = { 0 };
	struct verdict v;
	size_t i;

	if (is_guarded(a, &v))
		return v;
	if (!policy_questions(p, a))
		return (struct verdict){ .reason = REASON_UNDECIDABLE };
	for (i = 0; i < a->fact_count; i++)
		if (path_under(&a->facts[i].yes, workspace, a->facts[i].root, a->facts[i].path,
			       &ignored) < 0)
			a->facts[i].yes = false; /* as the launcher answers the broker */
	return policy_decide(p, a);
}

/* "@ agent=x department=finance": of the cases that follow, in place of what was said before. */
static int read_facts(struct policy_facts *f, char *line, struct err *e)
{
	char *fact, *value;

	policy_facts_free(f);
	for (line++; *(fact = word(&line));) {
		value = strchr(fact, '=');
		if (!value || !value[1])
			return err_set(e, ERR_INPUT,
				       "expected a fact such as agent=x, found \"%.40s\"", fact);
		*value = '\0';
		if (policy_facts_set(f, fact, value + 1, e) < 0)
			return -1;
	}
	return 0;
}

struct reader {
	struct policy_facts facts;
	void (*each)(void *whose, const struct case_row *r, struct action *a);
	void *whose;
};

/* {"action":"net.connect", …}: of other actions SERVER/TOOL says more. */
static int check_object(const json_t *object, struct err *e)
{
	const char *action = json_string_value(json_object_get(object, "action")), *key;
	json_t *value;

	if (!action || strcmp(action, "net.connect") != 0)
		return err_set(e, ERR_INPUT, "expected \"action\": \"net.connect\"; of other actions write SERVER/TOOL");
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
		if (strcmp(key, "action") != 0 && !connection_says(key))
			return err_set(e, ERR_INPUT,
				       "there is no member \"%.40s\"; expected host, port, scheme, method, path, "
				       "query or way",
				       key);
	return 0;
}

/* A connection's host and port stand in its tool and in its arguments: whichever was written gives the other. */
static int read_connection(struct case_row *r, json_t **args, char **tool, struct err *e)
{
	scoped(json) json_t *written = take(args);

	if (!r->object)
		return connection_of_tool(args, tool, r->tool ? r->tool : "", written, e);
	r->server = "net";
	return check_object(written, e) < 0 ? -1 : connection_of_members(args, tool, written, e);
}

static int read_case(struct reader *to, struct case_row *r, char *line, struct err *e)
{
	scoped(json) json_t *args = NULL;
	scoped(mem) char *tool = NULL;
	struct action a = { 0 };

	if (read_row(r, line, e) < 0)
		return -1;
	if (*r->args && json_read(&args, r->args, strlen(r->args), NULL, e) < 0)
		return err_in(e, "the arguments");
	if (args && !json_is_object(args))
		return err_set(e, ERR_INPUT, "the arguments: expected an object");
	if (r->object || (r->tool && policy_facts_connect(&to->facts, r->server))) {
		if (read_connection(r, &args, &tool, e) < 0)
			return -1;
		r->tool = tool;
		a.kind = ACTION_NET_CONNECT;
	}
	a = (struct action){ .kind = a.kind ? a.kind : r->tool ? ACTION_TOOL_CALL : ACTION_SERVER_START,
			     .server = r->server,
			     .tool = r->tool,
			     .args = args };
	policy_facts_apply(&a, &to->facts);
	to->each(to->whose, r, &a);
	return 0;
}

static int read_lines(struct reader *to, const char *path, char *text, struct err *e)
{
	struct case_row r = { .path = path };
	char *line;
	int done;

	while ((line = strsep(&text, "\n"))) {
		r.line++;
		line += strspn(line, " \t\r");
		if (*line == '\0' || *line == '#')
			continue;
		done = *line == '@' ? read_facts(&to->facts, line, e) : read_case(to, &r, line, e);
		if (done < 0)
			return err_in(e, "%s:%zu", path, r.line);
	}
	return 0;
}

int policy_cases_each(const char *path,
		      void (*each)(void *whose, const struct case_row *r, struct action *a),
		      void *whose, struct err *e)
{
	struct reader to = { .each = each, .whose = whose };
	scoped(mem) char *text = NULL;
	size_t size;
	int done;

	if (fd_read_file(&text, &size, path, CASES_MOST, e) < 0)
		return -1;
	if (memchr(text, '\0', size))
		return err_set(e, ERR_INPUT, "%s: holds a NUL byte; expected text", path);
	done = read_lines(&to, path, text, e);
	policy_facts_free(&to.facts);
	return done;
}

/* Who decided: a rule, or a guard; of a review all rules that ask for one, with '+' between. NULL: nobody. */
static const char *decided_by(struct buf *room, const struct verdict *v)
{
	size_t i;

	if (v->kind != VERDICT_REVIEW)
		return v->guard ? v->guard : v->rule;
	for (i = 0; i < v->review_count; i++)
		buf_printf(room, "%s%s", i ? "+" : "", v->reviews[i]->rule);
	return buf_text(room);
}

static bool as_expected(const struct case_row *r, const struct verdict *v, const char *by)
{
	return strcmp(r->verdict, verdict_word(v)) == 0 &&
	       strcmp(r->reason, reason_word(v->reason)) == 0 &&
	       (!r->rule || (by && strcmp(r->rule, by) == 0));
}

struct trial {
	const struct policy *p;
	int workspace;
	struct cases_result *sum;
};

static void try_case(void *whose, const struct case_row *r, struct action *a)
{
	struct trial *t = whose;
	struct verdict v = policy_judge(t->p, a, t->workspace);
	scoped(buf) struct buf room = BUF(REVIEWS * 512ul);
	const char *by = decided_by(&room, &v);

	if (as_expected(r, &v, by)) {
		t->sum->held++;
		return;
	}
	t->sum->failed++;
	printf("%s:%zu: expected %s %s%s%s, found %s %s%s%s\n", r->path, r->line, r->verdict,
	       r->reason, r->rule ? "=" : "", r->rule ? r->rule : "",
	       verdict_word(&v), reason_word(v.reason),
	       by ? "=" : "", by ? by : "");
}

/* "x.json" -> "x.cases" */
static char *cases_path(const char *path)
{
	size_t size = strlen(path);
	char *out = NULL;

	if (size > 5 && strcmp(path + size - 5, ".json") == 0)
		size -= 5;
	return asprintf(&out, "%.*s.cases", (int)size, path) < 0 ? NULL : out;
}

int policy_cases_run(struct cases_result *out, const struct policy_file *f, int workspace,
		     struct err *e)
{
	scoped(policy) struct policy *p = NULL;
	scoped(mem) char *path = cases_path(f->path);
	struct trial t = { .workspace = workspace, .sum = out };

	*out = (struct cases_result){ 0 };
	if (!path)
		return err_sys(e, "memory for cases");
	if (policy_new(&p, e) < 0 || policy_add_from(p, f->name, f->path, f->bytes, f->size, e) < 0)
		return -1;
	t.p = p;
	if (access(path, F_OK) < 0 && errno == ENOENT) {
		out->none = true;
		return 0;
	}
	return policy_cases_each(path, try_case, &t, e);
}
