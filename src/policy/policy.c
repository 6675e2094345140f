#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/rule.h"

int policy_new(struct policy **out, struct err *e)
{
	scoped(policy) struct policy *p = calloc(1, sizeof(*p));

	if (!p)
		return err_sys(e, "memory for a policy");
	*out = take(&p);
	return 0;
}

static void file_free(struct file *f)
{
	if (!f)
		return;
	alert_list_free(f->alerts, f->alert_count);
	json_decref(f->root);
	free(f->name);
	free(f->path);
	free(f->bytes);
	free(f);
}

SCOPED(file, struct file *, file_free)

void policy_free(struct policy *p)
{
	size_t i;

	if (!p)
		return;
	for (i = 0; i < p->rule_count; i++)
		rule_free(p->rules[i]);
	for (i = 0; i < p->file_count; i++)
		file_free(p->files[i]);
	index_free(&p->index);
	free(p->rules);
	free(p->files);
	free(p);
}

size_t policy_rule_count(const struct policy *p)
{
	return p->rule_count;
}

static bool make_room(struct policy *p, size_t rules)
{
	void *all = p->rules, *files = p->files;
	bool fits = array_grow(&all, p->rule_count + rules + 1, sizeof(*p->rules));

	fits = array_grow(&files, p->file_count + 1, sizeof(*p->files)) && fits;
	p->rules = all;
	p->files = files;
	return fits;
}

/* The rules become the policy's, or, if there is no memory, stay the caller's. */
static int append(struct policy *p, struct rule **rules, size_t count, struct err *e)
{
	size_t i;

	if (!make_room(p, count))
		return err_sys(e, "memory for rules");
	for (i = 0; i < count; i++)
		rules[i]->order = p->rule_count + i;
	if (meters_add(p, rules, count, e) < 0 || index_add(&p->index, rules, count, e) < 0)
		return -1;
	memcpy(p->rules + p->rule_count, rules, count * sizeof(*rules));
	p->rule_count += count;
	return 0;
}

static int name_usable(const struct policy *p, const char *name, struct err *e)
{
	size_t i;

	if (p->file_count == POLICY_FILES)
		return err_set(e, ERR_LIMIT, "%s: more than %d policy files", name, POLICY_FILES);
	if (!text_is_name(name))
		return err_set(e, ERR_INPUT,
			       "%s: a policy file is named a-z, 0-9, \"_\", \".\" and \"-\"; "
			       "rename it",
			       name);
	for (i = 0; i < p->file_count; i++)
		if (strcmp(p->files[i]->name, name) == 0)
			return err_set(e, ERR_INPUT,
				       "%s: two policy files of that name; rename one", name);
	return 0;
}

/* Who is there to review is asked later than the file is read, and must be told with line and column, too. */
static int keep_text(struct file *to, struct rule *const *rules, size_t count, const struct json_file *f,
		     struct err *e)
{
	size_t i;

	for (i = 0; i < count && !rules[i]->review; i++)
		;
	if (i == count)
		return 0;
	to->path = strdup(f->name);
	to->bytes = malloc(f->size);
	to->size = f->size;
	if (!to->path || !to->bytes)
		return err_sys(e, "memory for a policy");
	memcpy(to->bytes, f->bytes, f->size);
	return 0;
}

static int check_alerts(const struct policy *p, const struct file *f, struct err *e)
{
	if (p->alert_count + f->alert_count > ALERTS)
		return err_set(e, ERR_LIMIT, "%s: more than %d alerts in all files; leave some out", f->name, ALERTS);
	return 0;
}

static int add_file(struct policy *p, struct json_file *f, const char *name, struct err *e)
{
	scoped(file) struct file *to = calloc(1, sizeof(*to));
	struct rule **rules = NULL;
	size_t count = 0, i;
	int result;

	if (to)
		to->name = strdup(name);
	if (!to || !to->name)
		return err_sys(e, "memory for a policy");
	to->index = p->file_count;
	to->first = p->rule_count;
	if (rules_read(&rules, &count, to, f, e) < 0)
		return -1;
	result = check_alerts(p, to, e) < 0 || keep_text(to, rules, count, f, e) < 0 ? -1 : append(p, rules, count, e);
	for (i = 0; result < 0 && i < count; i++)
		rule_free(rules[i]);
	free(rules);
	if (result < 0)
		return -1;
	to->root = take(&f->root);
	for (i = 0; i < to->alert_count; i++)
		p->alerts[p->alert_count++] = &to->alerts[i];
	p->files[p->file_count++] = take(&to);
	return 0;
}

int policy_add_from(struct policy *p, const char *name, const char *path, const char *bytes,
		    size_t size, struct err *e)
{
	struct json_file f = { 0 };
	int result;

	if (name_usable(p, name, e) < 0)
		return -1;
	if (size > POLICY_MOST)
		return err_set(e, ERR_LIMIT, "%s: %zu bytes, more than the %d accepted", path, size,
			       POLICY_MOST);
	if (json_file_parse(&f, path, bytes, size, e) < 0)
		return -1;
	result = add_file(p, &f, name, e);
	json_file_free(&f);
	return result;
}

int policy_add(struct policy *p, const char *name, const char *bytes, size_t size, struct err *e)
{
	return policy_add_from(p, name, name, bytes, size, e);
}
