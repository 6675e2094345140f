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

/* tools_check.c */
int check_tools(const struct json_file *f, struct err *e) must_use;
enum tools_kind kind_of_word(const char *word);
unsigned time_of_text(const char *text);	/* "250ms", "30s", "5m", "1h", in milliseconds; 0: no such thing */
int check_time(const struct json_file *f, const char *pointer, const char *key, struct err *e) must_use;

/* tools_quota.c: "quota" of the file, and "result" and "quota" of one server. */
int check_quotas(const struct json_file *f, struct err *e) must_use;
int check_amounts(const struct json_file *f, const char *pointer, struct err *e) must_use;

/* tools_secrets.c */
int check_secrets(const struct json_file *f, const char *pointer, struct err *e) must_use;
const struct secret *secret_of(const struct secrets *all, size_t server, const char *name);

/* tools_net.c: where a remote server is. */
struct remote {
	bool tls;
	char host[256];		/* without the brackets of an IPv6 address */
	unsigned port;
};

bool remote_of_url(struct remote *out, const char *url);
int check_remote(const struct json_file *f, const char *pointer, struct err *e) must_use;
int check_network(const struct json_file *f, const char *pointer, struct err *e) must_use;
void plan_network(struct plan *p, struct jail_spec *spec, json_t *network);
/* A header's value, piece by piece: text as it stands (*name NULL), or the name of a secret. */
bool header_piece(const char **at, const char **name, size_t *size);

/* tools_plan.c: after the mounts that they bound. */
int plan_own_limits(struct plan *p, json_t *server, const struct profile *from, struct err *e) must_use;

/* tools_courier.c: what resolving names and checking certificates takes, where it is not there already. */
void plan_lookup(struct plan *p);
/* The jail of reeve-courier, and what it is told. */
int plan_courier(struct plan *p, struct jail_spec *spec, const struct tools *t, size_t server,
		 const struct profile *from, const struct place *at, struct err *e) must_use;

int check_exec_tools(const struct json_file *f, const char *pointer, struct err *e) must_use;
/* `secrets` NULL: only to be looked at. */
int plan_server(struct plan *p, struct jail_spec *spec, const struct tools *t, size_t server,
		const struct secrets *secrets, const struct profile *from, const struct place *at, struct err *e) must_use;

#endif
