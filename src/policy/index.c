/*
 * From a tool to the rules that may speak about it: whole names in a sorted table, patterns apart.
 * So a call does not pay for rules about other tools.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/rule.h"

static int by_name(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order ? order : (a->rule->order > b->rule->order) - (a->rule->order < b->rule->order);
}

static const json_t *pattern_at(const json_t *tool, size_t i)
{
	return json_is_array(tool) ? json_array_get(tool, i) : tool;
}

static size_t pattern_count(const json_t *tool)
{
	return json_is_array(tool) ? json_array_size(tool) : tool ? 1 : 0;
}

static void index_rule(struct policy *p, const struct rule *r)
{
	bool wild = !r->tool;
	const char *name;
	size_t i;

	for (i = 0; i < pattern_count(r->tool); i++) {
		name = json_string_value(pattern_at(r->tool, i));
		if (strchr(name, '*'))
			wild = true;
		else
			p->exact[p->exact_count++] = (struct entry){ name, r };
	}
	if (wild)
		p->wild[p->wild_count++] = r;
}

/* Both tables anew; the old ones stay if memory runs out. */
int policy_index(struct policy *p, struct err *e)
{
	struct entry *exact;
	const struct rule **wild;
	size_t names = 0, i;

	for (i = 0; i < p->rule_count; i++)
		names += pattern_count(p->rules[i]->tool);
	exact = calloc(names + 1, sizeof(*exact));
	wild = calloc(p->rule_count + 1, sizeof(*wild));
	if (!exact || !wild) {
		free(exact);
		free(wild);
		return err_set(e, ERR_SYSTEM, "no memory for %zu rules", p->rule_count);
	}
	free(p->exact);
	free(p->wild);
	p->exact = exact;
	p->wild = wild;
	p->exact_count = p->wild_count = 0;
	for (i = 0; i < p->rule_count; i++)
		index_rule(p, p->rules[i]);
	qsort(p->exact, p->exact_count, sizeof(*p->exact), by_name);
	return 0;
}

/* strcmp() of "server/tool" and a name, without putting the first together. */
static int compare(const char *server, const char *tool, const char *name)
{
	size_t size = strlen(server);
	int order = strncmp(server, name, size);

	if (order)
		return order;
	if (name[size] != '/')
		return '/' - (unsigned char)name[size];
	return strcmp(tool, name + size + 1);
}

static size_t first_entry(const struct policy *p, const char *server, const char *tool)
{
	size_t low = 0, high = p->exact_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare(server, tool, p->exact[middle].name) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * *at counts wild rules first, then entries: 0 .. wild_count - 1, then wild_count + 1 + the entry's
 * place; the step between is where the search happens, once.
 */
const struct rule *rule_next(const struct policy *p, const struct action *a, size_t *at)
{
	size_t entry;

	if (*at < p->wild_count)
		return p->wild[(*at)++];
	if (*at == p->wild_count)
		*at += 1 + first_entry(p, a->server, a->tool);
	entry = *at - p->wild_count - 1;
	if (entry >= p->exact_count || compare(a->server, a->tool, p->exact[entry].name) != 0)
		return NULL;
	(*at)++;
	return p->exact[entry].rule;
}
