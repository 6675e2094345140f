/*
 * A remote tool server is reeve-courier in a jail of its own: the libraries it is linked to, what
 * resolving names and checking certificates takes, the one port of its URL, and nothing else of the
 * machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "profile/tools.h"

static const char *const LIBRARIES[] = { "/usr/lib", "/usr/lib64",       "/lib",
					 "/lib64",   "/etc/ld.so.cache", NULL };

/* By what names are looked up, and certificates judged. */
static const char *const LOOKUP[] = {
	"/etc/resolv.conf",
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/nsswitch.conf",
	"/etc/gai.conf",
	"/etc/ssl/openssl.cnf",
	"/etc/ssl/certs",
	"/etc/ssl/cert.pem",
	"/etc/pki/tls/certs",
	"/etc/pki/ca-trust/extracted",
	"/usr/share/ca-certificates",
	"/usr/local/share/ca-certificates",
	NULL,
};

/* On a merged /usr /lib is a link into what is there anyway; other links are what they lead to. */
static void plan_link(struct plan *p, const char *path)
{
	char text[4096], *real = realpath(path, NULL);
	ssize_t size = readlink(path, text, sizeof(text) - 1);
	struct jail_mount m = { .kind = JAIL_READ, .target = path, .maybe = true };

	if (real && size > 0 && path_is_within(real, "/usr")) {
		m.kind = JAIL_LINK;
		m.source = plan_keep(p, "%.*s", (int)size, text);
	} else {
		m.source = real ? plan_keep(p, "%s", real) : NULL;
	}
	if (m.source)
		plan_mount(p, m);
	free(real);
}

static void plan_system(struct plan *p, const char *const *paths)
{
	struct stat st;

	for (; *paths; paths++) {
		if (lstat(*paths, &st) < 0)
			continue;
		if (S_ISLNK(st.st_mode))
			plan_link(p, *paths);
		else
			plan_mount(p, (struct jail_mount){ .kind = JAIL_READ,
							   .source = *paths,
							   .target = *paths,
							   .maybe = true });
	}
}

static bool is_there(const struct plan *p, const char *path)
{
	size_t i;

	for (i = 0; i < p->mount_count; i++)
		if (path_is_within(path, p->mounts[i].target))
			return true;
	return false;
}

void plan_lookup(struct plan *p)
{
	const char *missing[count_of(LOOKUP)] = { NULL };
	size_t i, count = 0;

	for (i = 0; LOOKUP[i]; i++)
		if (!is_there(p, LOOKUP[i]))
			missing[count++] = LOOKUP[i];
	plan_system(p, missing);
}

/* Certificates it may trust, and no others. */
static int plan_ca(struct plan *p, const struct tools *t, const char *name, const char *ca,
		   struct err *e)
{
	char pointer[POINT_MOST], at[POINT_MOST];

	if (!ca)
		return 0;
	if (access(ca, R_OK) < 0)
		return json_wrong(&t->file,
				  point_key(at, point_key(pointer, "/servers", name), "ca"), false,
				  e, "%.120s cannot be read", ca);
	plan_mount(p, (struct jail_mount){ .kind = JAIL_READ, .source = ca, .target = ca });
	return 0;
}

int plan_courier(struct plan *p, struct jail_spec *spec, const struct tools *t, size_t server,
		 const struct profile *from, const struct place *at, struct err *e)
{
	const char *name = NULL;
	json_t *s = server_at(t, server, &name);
	struct remote r;

	must(s && remote_of_url(&r, json_text(s, "url")));
	*spec = (struct jail_spec){ .name = plan_keep(p, "server %s", name),
				    .hostname = "tool",
				    .stdio = { -1, -1, -1 },
				    .cwd = "/",
				    .host_net = true,
				    .connect = p->ports,
				    .new_session = true };
	p->ports[0] = (uint16_t)r.port;
	if (plan_private(p, from, at, e) < 0 || plan_own_limits(p, s, from, e) < 0)
		return err_in(e, "server %s", name);
	plan_system(p, LIBRARIES);
	plan_lookup(p);
	if (plan_ca(p, t, name, json_string_value(json_object_get(s, "ca")), e) < 0)
		return -1;
	plan_mount(p, (struct jail_mount){
			      .kind = JAIL_READ, .source = at->courier, .target = at->courier });
	plan_env(p, "LANG", "C.UTF-8");
	plan_env(p, "HOME", at->home);
	plan_argv(p, at->courier);
	plan_argv(p, name);
	return 0;
}

/* Only what was checked: visible ASCII. */
static void put_text(struct buf *out, const char *text, size_t size)
{
	for (; size > 0; text++, size--) {
		if (*text == '"' || *text == '\\')
			buf_add(out, "\\", 1);
		buf_add(out, text, 1);
	}
}

static int put_secret(struct buf *out, const struct secrets *all, size_t server, const char *name,
		      size_t size, struct err *e)
{
	const struct secret *s;
	char word[128];
	size_t i;

	snprintf(word, sizeof(word), "%.*s", (int)size, name);
	s = secret_of(all, server, word);
	if (!s)
		return err_set(e, ERR_INPUT, "secret %s was not read", word);
	for (i = 0; i < s->size; i++)
		if (s->bytes[i] < ' ' || s->bytes[i] > '~')
			return err_set(e, ERR_INPUT,
				       "secret %s cannot stand in a header: byte %zu is no visible "
				       "ASCII character",
				       word, i + 1);
	put_text(out, s->bytes, s->size);
	return 0;
}

static int put_header(struct buf *out, const char *value, const struct secrets *all, size_t server,
		      struct err *e)
{
	const char *name;
	size_t size;
	const char *from = value;

	while (header_piece(&value, &name, &size)) {
		if (!name)
			put_text(out, from, size);
		else if (put_secret(out, all, server, name, size, e) < 0)
			return -1;
		from = value;
	}
	return 0;
}

int tools_courier_words(struct buf *out, const struct tools *t, size_t server,
			const struct secrets *secrets, struct err *e)
{
	const char *name = NULL, *header, *comma = "";
	json_t *s = server_at(t, server, &name), *value;
	struct tools_life life;
	struct remote r;

	must(s && remote_of_url(&r, json_text(s, "url")));
	tools_server_life(&life, t, server);
	if (!buf_reserve(out, COURIER_WORDS - 1))
		return err_sys(e, "memory for server %s", name);
	buf_printf(out, "{\"server\":\"%s\",\"url\":\"", name);
	put_text(out, json_text(s, "url"), strlen(json_text(s, "url")));
	buf_printf(
		out, "\",\"host\":\"%s\",\"port\":%u,\"deadline\":%u,\"private\":%s,\"headers\":{",
		r.host, r.port, life.deadline_ms > life.start_ms ? life.deadline_ms : life.start_ms,
		json_is_true(json_object_get(s, "private")) ? "true" : "false");
	json_object_foreach(json_object_get(s, "headers"), header, value) {
		buf_printf(out, "%s\"%s\":\"", comma, header);
		if (put_header(out, json_string_value(value), secrets, server, e) < 0)
			return err_in(e, "server %s: header %s", name, header);
		buf_puts(out, "\"");
		comma = ",";
	}
	buf_puts(out, "}");
	if (json_object_get(s, "ca")) {
		buf_puts(out, ",\"ca\":");
		json_write(out, json_object_get(s, "ca"));
	}
	if (!buf_puts(out, "}\n") || out->size >= COURIER_WORDS)
		return err_set(e, ERR_LIMIT, "server %s: url and headers are longer than %d bytes",
			       name, COURIER_WORDS);
	return 0;
}
