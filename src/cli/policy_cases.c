#include "cli/policy_cases.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scope.h"
#include "base/under.h"
#include "policy/policy.h"

enum { CASES_MOST = 8 << 20 };

/* VERDICT REASON[=FILE:RULE] SERVER/TOOL {arguments} */
struct row {
	char *verdict, *reason, *rule, *server, *tool, *args;
	size_t line;
};

static char *word(char **at)
{
	char *start = *at + strspn(*at, " \t");
	char *end = start + strcspn(start, " \t");

	*at = end + (*end != '\0');
	*end = '\0';
	return start;
}

static bool is_reason(const char *text)
{
	int i;

	for (i = 0; i < REASONS; i++)
		if (strcmp(reason_word((enum reason)i), text) == 0)
			return true;
	return false;
}

static int read_row(struct row *r, char *line, struct err *e)
{
	r->verdict = word(&line);
	r->reason = word(&line);
	r->server = word(&line);
	r->args = line + strspn(line, " \t");
	r->rule = strchr(r->reason, '=');
	if (r->rule)
		*r->rule++ = '\0';
	r->tool = strchr(r->server, '/');
	if (r->tool)
		*r->tool++ = '\0';
	if (strcmp(r->verdict, "allow") != 0 && strcmp(r->verdict, "refuse") != 0)
		return err_set(e, ERR_INPUT, "expected allow or refuse, found \"%.40s\"", r->verdict);
	if (!is_reason(r->reason))
		return err_set(e, ERR_INPUT, "expected a reason such as no-rule, found \"%.40s\"", r->reason);
	if (!*r->server)
		return err_set(e, ERR_INPUT, "expected SERVER/TOOL, found the end of the line");
	return 0;
}

static struct verdict judge(const struct policy *p, struct action *a, int workspace)
{
	struct err ignored = { 0 };
	size_t i;

	if (!policy_questions(p, a))
		return (struct verdict){ .reason = REASON_UNDECIDABLE };
	for (i = 0; i < a->fact_count; i++)
		if (path_under(&a->facts[i].yes, workspace, a->facts[i].root, a->facts[i].path,
			       &ignored) < 0)
			a->facts[i].yes = false;	/* as the launcher answers the broker */
	return policy_decide(p, a);
}

static bool as_expected(const struct row *r, const struct verdict *v)
{
	return (strcmp(r->verdict, "allow") == 0) == (v->kind == VERDICT_ALLOW) &&
	       strcmp(r->reason, reason_word(v->reason)) == 0 &&
	       (!r->rule || (v->rule && strcmp(r->rule, v->rule) == 0));
}

static void show(const char *path, const struct row *r, const struct verdict *v)
{
	printf("%s:%zu: expected %s %s%s%s, found %s %s%s%s\n", path, r->line, r->verdict, r->reason,
	       r->rule ? "=" : "", r->rule ? r->rule : "",
	       v->kind == VERDICT_ALLOW ? "allow" : "refuse", reason_word(v->reason),
	       v->rule ? "=" : "", v->rule ? v->rule : "");
}

static int run_row(struct cases_result *out, const struct policy *p, const char *path, struct row *r,
		   int workspace, struct err *e)
{
	scoped(json) json_t *args = NULL;
	struct action a = { .kind = r->tool ? ACTION_TOOL_CALL : ACTION_SERVER_START,
			    .server = r->server, .tool = r->tool };
	struct verdict v;

	if (*r->args && json_read(&args, r->args, strlen(r->args), NULL, e) < 0)
		return err_in(e, "the arguments");
	if (args && !json_is_object(args))
		return err_set(e, ERR_INPUT, "the arguments: expected an object");
	a.args = args;
	v = judge(p, &a, workspace);
	if (as_expected(r, &v)) {
		out->held++;
		return 0;
	}
	out->failed++;
	show(path, r, &v);
	return 0;
}

static int run_lines(struct cases_result *out, const struct policy *p, const char *path, char *text,
		     int workspace, struct err *e)
{
	struct row r = { 0 };
	char *line;

	while ((line = strsep(&text, "\n"))) {
		r.line++;
		line += strspn(line, " \t\r");
		if (*line == '\0' || *line == '#')
			continue;
		if (read_row(&r, line, e) < 0 || run_row(out, p, path, &r, workspace, e) < 0)
			return err_in(e, "%s:%zu", path, r.line);
	}
	return 0;
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
	scoped(mem) char *path = cases_path(f->path), *text = NULL;
	size_t size;

	*out = (struct cases_result){ 0 };
	if (!path)
		return err_sys(e, "memory for cases");
	if (policy_new(&p, e) < 0 ||
	    policy_add_from(p, f->name, f->path, f->bytes, f->size, e) < 0)
		return -1;
	if (access(path, F_OK) < 0 && errno == ENOENT) {
		out->none = true;
		return 0;
	}
	if (fd_read_file(&text, &size, path, CASES_MOST, e) < 0)
		return -1;
	if (memchr(text, '\0', size))
		return err_set(e, ERR_INPUT, "%s: holds a NUL byte; expected text", path);
	return run_lines(out, p, path, text, workspace, e);
}
