/* profile/tools.h - a checked tool file, and the templates in it. Private to profile/. */
#ifndef PROFILE_TOOLS_H
#define PROFILE_TOOLS_H

#include "profile/plan.h"

enum { TOOL_PARAMS = 64, TOOL_VALUE_MOST = 1 << 17 };

struct tools {
	struct json_file file;		/* root NULL: no servers */
	char digest[80];
};

/* The n-th member of an object, in the order of the file; NULL past the last. */
json_t *member_at(json_t *object, size_t n, const char **key);
json_t *server_at(const struct tools *t, size_t server, const char **name);

/* A template: text with {name} for a parameter's value and {{ for one brace. */
struct piece {
	const char *text;
	size_t size;
	bool is_param;
};

/* The next piece of *at, which moves on; false at the end or where the text is no template (*wrong set). */
bool template_next(const char **at, struct piece *out, bool *wrong);

/* The declared parameter a piece names, and its place among them; NULL: none. */
json_t *param_of(json_t *params, const struct piece *piece, size_t *index);

/* Why a value does not suit its parameter; NULL: it does. */
const char *misfit(json_t *param, const char *value);

int check_exec_tools(const struct json_file *f, const char *pointer, struct err *e) must_use;
int plan_server(struct plan *p, struct jail_spec *spec, const struct tools *t, size_t server,
		const struct profile *from, const struct place *at, struct err *e) must_use;

#endif
