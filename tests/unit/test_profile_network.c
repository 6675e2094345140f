/* The member "network": what is wrong with it, what several files come to, and what the jail is cut to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "json/json.h"
#include "profile/profile.h"

static char dir[] = "/tmp/reeve-network-XXXXXX";

#define P "{ \"reeve\": \"profile/1\",\n"
#define N(text) P "\"network\": { " text " } }"

static const struct {
	const char *text, *says;	/* what follows the file's name */
} bad[] = {
	{ P "\"network\": 1 }", "2:12: expected true, false or an object" },
	{ N("\"port\": []"), "2:14: unknown member" },
	{ N("\"ports\": 80"), "2:23: \"ports\": expected an array" },
	{ N("\"ports\": [0]"), "2:24: expected a port from 1 to 65535" },
	{ N("\"ports\": [80, 65536]"), "2:28: expected a port from 1 to 65535" },
	{ N("\"ports\": [\"80\"]"), "2:24: expected a port from 1 to 65535" },
	{ N("\"ports\": [80.0]"), "2:24: expected a port from 1 to 65535" },
	{ N("\"ports\": [53]"), "2:24: 53 is where reeve answers questions about names" },
	{ N("\"ports\": [22, 7339]"), "2:28: 7339 is the port of reeve's own proxy" },
	{ N("\"ports\": [22, 80, 22]"), "2:32: 22 stands in \"ports\" twice; keep one" },
	{ N("\"ports\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33]"),
	  "2:23: expected at most 32 ports" },
	{ N("\"udp\": [53]"), "2:22: 53 is where reeve answers questions about names" },
	{ N("\"udp\": [123, 443]"), "2:27: 443 would be QUIC, which nobody can read" },
	{ N("\"private\": \"10.0.0.0/8\""), "2:25: \"private\": expected an array" },
	{ N("\"private\": [\"10.0.0.1/8\"]"), "2:26: expected a network such as" },
	{ N("\"private\": [\"10.0.0.0/33\"]"), "2:26: expected a network such as" },
	{ N("\"private\": [\"10.0.0.0/\"]"), "2:26: expected a network such as" },
	{ N("\"private\": [\"10.0.0.0/08\"]"), "2:26: expected a network such as" },
	{ N("\"private\": [\"10.0.0.0/8/8\"]"), "2:26: expected a network such as" },
	{ N("\"private\": [\"10.1\"]"), "2:26: expected a network such as" },
	{ N("\"private\": [\"0x0a000001\"]"), "2:26: expected a network such as" },
	{ N("\"private\": [\"db.internal\"]"), "2:26: expected a network such as" },
	{ N("\"private\": [\"fd00::/7\"]"), "2:26: expected a network such as" },
	{ N("\"private\": [\"fe80::1%eth0\"]"), "2:26: expected a network such as" },
	{ N("\"private\": [\"\"]"), "2:26: expected a network such as" },
	{ N("\"private\": [\"192.0.0.0/8\"]"), "2:26: 192.0.0.0/8 is where clouds keep their metadata, or alike" },
	{ N("\"private\": [\"8.8.8.0/24\"]"), "2:26: 8.8.8.0/24 is public, or begins so" },
	{ N("\"private\": [\"0.0.0.0/0\"]"), "2:26: 0.0.0.0/0 is of no one machine, or begins so" },
	{ N("\"private\": [\"::/0\"]"), "2:26: ::/0 is of no one machine, or begins so" },
	{ N("\"private\": [\"224.0.0.1\"]"), "2:26: 224.0.0.1 is of no one machine" },
	{ N("\"private\": [\"169.254.0.0/16\"]"), "2:26: 169.254.0.0/16 is where clouds keep their metadata" },
	{ N("\"private\": [\"fe80::/10\"]"), "2:26: fe80::/10 is of no one machine" },
	{ N("\"private\": [\"198.19.0.0/24\"]"), "2:26: 198.19.0.0/24 is where addresses stand for names" },
	{ N("\"unix\": [\"run/x\"]"), "2:23: expected an absolute path of a socket" },
	{ N("\"unix\": [\"/run/../x\"]"), "2:23: expected an absolute path of a socket" },
	{ N("\"unix\": [\"/run/docker.sock\"]"), "2:23: /run/docker.sock is a socket by which the machine" },
	{ N("\"unix\": { \"/srv/docker.sock\": \"builds\" }"), "2:24: /srv/docker.sock is a socket by which" },
	{ N("\"unix\": [\"/var/run/docker.sock\"]"), "2:23: /var/run/docker.sock is a socket by which" },
	{ N("\"unix\": [\"/run/containerd/containerd.sock\"]"), "2:23: /run/containerd/containerd.sock is a socket by which" },
	{ N("\"unix\": [\"/run/dbus/system_bus_socket\"]"), "2:23: /run/dbus/system_bus_socket is a socket by which" },
	{ N("\"unix\": [\"/run/user/1000/bus\"]"), "2:23: /run/user/1000/bus is a socket by which" },
	{ N("\"unix\": [\"/run/user/1000/systemd/private\"]"), "2:23: /run/user/1000/systemd/private is a socket by which" },
	{ N("\"unix\": [\"/run/systemd/private\"]"), "2:23: /run/systemd/private is a socket by which" },
	{ N("\"unix\": [\"/run/user/1000/wayland-0\"]"), "2:23: /run/user/1000/wayland-0 is a socket by which" },
	{ N("\"unix\": [\"/tmp/.X11-unix/X0\"]"), "2:23: /tmp/.X11-unix/X0 is a socket by which" },
	{ N("\"unix\": [\"/tmp/tmux-0/default\"]"), "2:23: /tmp/tmux-0/default is a socket by which" },
	{ N("\"unix\": [\"/var/snap/lxd/common/lxd/unix.socket\"]"), "2:23: /var/snap/lxd/common/lxd/unix.socket is a" },
	{ N("\"unix\": [\"/run/reeve/all.sock\"]"), "2:23: /run/reeve/all.sock is a socket by which" },
	{ N("\"ech\": \"pass\""), "2:21: expected \"refuse\" or \"record\", found \"pass\"" },
	{ N("\"inspect\": [\"A.example\"]"), "2:26: expected a host's name in small letters" },
	{ N("\"inspect\": [\"*\"]"), "2:26: expected a host's name in small letters" },
	{ N("\"inspect\": [\"a.*.example\"]"), "2:26: expected a host's name in small letters" },
	{ N("\"inspect\": [\"10.0.0.1\"]"), "2:26: expected a host's name in small letters" },
	{ N("\"inspect\": [\"a.example:443\"]"), "2:26: expected a host's name in small letters" },
	{ N("\"inspect\": [\"a.example.\"]"), "2:26: expected a host's name in small letters" },
	{ N("\"credentials\": {}"), "2:29: \"credentials\": expected an array" },
#define C(text) N("\"inspect\": [\"*.a.example\"], \"credentials\": [\n" text "]")
#define KEY "\"name\": \"k\", \"host\": \"x.a.example\", \"variable\": \"K\""
	{ C("7"), "3:1: expected an object of name, host" },
	{ C("{}"), "3:1: expected a member \"name\"" },
	{ C("{ \"name\": \"K\", \"host\": \"h\", \"variable\": \"V\", \"env\": \"E\" }"), "3:11: expected a name of" },
	{ C("{ \"name\": \"k\", \"host\": \"*.a.example\", \"variable\": \"V\", \"env\": \"E\" }"), "3:24: expected one host's name" },
	{ C("{ \"name\": \"k\", \"host\": \"h\", \"variable\": \"HOME\", \"env\": \"E\" }"), "3:41: expected a variable that reeve" },
	{ C("{ " KEY " }"), "3:1: expected one of \"file\" and \"env\"" },
	{ C("{ " KEY ", \"file\": \"/a\", \"env\": \"E\" }"), "3:1: expected one of \"file\" and \"env\"" },
	{ C("{ " KEY ", \"file\": \"a\" }"), "3:64: expected an absolute path" },
	{ C("{ " KEY ", \"env\": \"A=B\" }"), "3:63: expected the name of a variable" },
	{ C("{ " KEY ", \"value\": \"x\" }"), "3:56: unknown member" },
	{ C("{ " KEY ", \"env\": \"E\" },\n{ " KEY ", \"env\": \"F\" }"), "4:11: another credential has this name" },
	{ C("{ " KEY ", \"env\": \"E\" },\n{ \"name\": \"l\", \"host\": \"x.a.example\", \"variable\": \"K\", \"env\": \"F\" }"),
	  "4:51: another credential has this variable" },
	{ N("\"inspect\": [\"*.a.example\"], \"credentials\": [\n{ \"name\": \"k\", \"host\": \"a.example\", \"variable\": \"K\", \"env\": \"E\" }]"),
	  "3:24: a credential is put into requests that reeve opens" },
	{ N("\"credentials\": [\n{ " KEY ", \"env\": \"E\" }]"), "3:24: a credential is put into requests that reeve opens" },
	{ P "\"network\": { \"inspect\": [\"x.a.example\"], \"credentials\": [\n{ " KEY ", \"env\": \"E\" }] },\n"
	  "\"environment\": { \"pass\": [\"E\"] } }", "3:63: the profile passes or sets this variable: then the agent has" },
	{ P "\"network\": { \"inspect\": [\"x.a.example\"], \"credentials\": [\n{ " KEY ", \"env\": \"E\" }] },\n"
	  "\"environment\": { \"set\": { \"K\": \"x\" } } }", "3:51: the profile passes or sets this variable; the placeholder" },
	{ P "\"http\": 8000, \"network\": { \"ports\": [8000] } }", "1:1: \"http\" stands in \"ports\"" },
#undef C
};

static const char *put(const char *name, const char *text)
{
	static char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
}

static struct profile *load(const char *name, const char *text)
{
	struct err e = { .kind = ERR_NONE };
	struct profile *p = NULL;
	const char *dirs[] = { dir, NULL };

	if (profile_load(&p, put(name, text), dirs, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	return p;
}

static void test_what_is_wrong_is_said_where_it_stands(void **state)
{
	struct err e;
	struct profile *p;
	char expected[400];
	size_t i;
	int wrong = 0;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *path = put("p.json", bad[i].text);

		e = (struct err){ .kind = ERR_NONE };
		p = NULL;
		snprintf(expected, sizeof(expected), "%s:%s", path, bad[i].says);
		if (profile_load(&p, path, NULL, &e) == 0 || strncmp(e.text, expected, strlen(expected)) != 0) {
			print_message("# %s\n#  gave %s\n#  not  %s\n", bad[i].text, e.text, expected);
			wrong++;
		}
		profile_free(p);
	}
	assert_int_equal(wrong, 0);
}

/* "0:7339 2:53 …": kind and port, or path, of each ear. */
static const char *ears_of(const struct jail_spec *spec)
{
	static char text[512];
	size_t used = 0, i;

	text[0] = '\0';
	for (i = 0; i < spec->ear_count; i++)
		if (spec->ears[i].path)
			used += (size_t)snprintf(text + used, sizeof(text) - used, " %d:%s", (int)spec->ears[i].kind,
						 spec->ears[i].path);
		else
			used += (size_t)snprintf(text + used, sizeof(text) - used, " %d:%u", (int)spec->ears[i].kind,
						 spec->ears[i].port);
	return text;
}

static int plan(struct jail_plan *out, const struct profile *p, bool network, struct err *e)
{
	static const char *const argv[] = { "true", NULL };
	static char work[64], hidden[64];
	const char *all[] = { hidden, NULL };
	struct place at = { .workspace = work, .home = "/home/me", .call = "/bin/true", .courier = "/bin/true",
			    .hidden = all, .network = network };

	snprintf(work, sizeof(work), "%s/work", dir);
	snprintf(hidden, sizeof(hidden), "%s/state", dir);
	mkdir(work, 0700);
	return profile_agent_plan(out, p, NULL, &at, argv, e);
}

static const char *variable(const struct jail_spec *spec, const char *name)
{
	size_t size = strlen(name), i;

	for (i = 0; spec->env[i]; i++)
		if (strncmp(spec->env[i], name, size) == 0 && spec->env[i][size] == '=')
			return spec->env[i] + size + 1;
	return NULL;
}

#define USUAL " 0:7339 2:53 3:53 1:80 1:443"

static const struct {
	const char *text;
	bool asked;
	const char *ears;
} heard[] = {
	{ P "\"read\": [\"/usr\"] }", false, "" },
	{ P "\"network\": false }", false, "" },
	{ P "\"read\": [\"/usr\"] }", true, USUAL },
	{ P "\"network\": false }", true, USUAL },
	{ P "\"network\": true }", false, USUAL },
	{ N(""), false, USUAL },
	{ N("\"ports\": []"), false, " 0:7339 2:53 3:53" },
	{ N("\"ports\": [22], \"udp\": [123]"), false, " 0:7339 2:53 3:53 1:22 4:123" },
	{ N("\"unix\": { \"/srv/x/db.sock\": \"a data base\" }"), true, USUAL " 5:/srv/x/db.sock" },
};

static void test_ears(void **state)
{
	struct jail_plan out;
	struct profile *p;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(heard) / sizeof(heard[0]); i++) {
		p = load("p.json", heard[i].text);
		assert_int_equal(plan(&out, p, heard[i].asked, &e), 0);
		assert_string_equal(ears_of(&out.spec), heard[i].ears);
		if (heard[i].ears[0])
			assert_string_equal(variable(&out.spec, "https_proxy"), "http://127.0.0.1:7339");
		else
			assert_null(variable(&out.spec, "https_proxy"));
		jail_plan_free(&out);
		profile_free(p);
	}
}

/* Both spellings, resolvers' files, and a placeholder that is the same wherever it is asked for. */
static void test_what_programs_are_told(void **state)
{
	static const char *const names[] = { "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy" };
	struct profile *p = load("p.json", N("\"inspect\": [\"x.a.example\"], \"credentials\": [{ " KEY ", \"env\": \"E\" },"
					    "{ \"name\": \"l\", \"host\": \"x.a.example\", \"variable\": \"L\", \"file\": \"/f\" }]")),
		       *q = load("q.json", N("\"inspect\": [\"x.a.example\"], \"credentials\": [{ " KEY ", \"env\": \"E\" }]"));
	struct profile_credential c, d;
	struct jail_plan out;
	struct err e;
	size_t i, texts = 0;

	(void)state;
	assert_int_equal(plan(&out, p, false, &e), 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(variable(&out.spec, names[i]), "http://127.0.0.1:7339");
	assert_string_equal(variable(&out.spec, "ALL_PROXY"), "socks5h://127.0.0.1:7339");
	assert_string_equal(variable(&out.spec, "all_proxy"), "socks5h://127.0.0.1:7339");
	assert_string_equal(variable(&out.spec, "NO_PROXY"), "localhost,127.0.0.1,::1");
	assert_string_equal(variable(&out.spec, "no_proxy"), "localhost,127.0.0.1,::1");
	for (i = 0; i < out.spec.mount_count; i++)
		if (out.spec.mounts[i].kind == JAIL_TEXT && strcmp(out.spec.mounts[i].target, "/etc/resolv.conf") == 0) {
			assert_string_equal(out.spec.mounts[i].text, "nameserver 127.0.0.1\n");
			texts++;
		}
	assert_int_equal(texts, 1);
	assert_true(profile_credential(&c, p, 0) && profile_credential(&d, p, 1));
	assert_false(profile_credential(&c, p, 2));
	assert_true(profile_credential(&c, p, 0));
	assert_string_equal(c.env, "E");
	assert_null(c.file);
	assert_string_equal(d.file, "/f");
	assert_string_equal(variable(&out.spec, "K"), c.placeholder);
	assert_string_equal(variable(&out.spec, "L"), d.placeholder);
	assert_string_not_equal(c.placeholder, d.placeholder);
	assert_int_equal(strlen(c.placeholder), strlen(d.placeholder));
	assert_true(profile_credential(&d, q, 0));
	assert_string_not_equal(c.placeholder, d.placeholder);
	jail_plan_free(&out);
	profile_free(p);
	profile_free(q);
}

/* "@" is our folder. */
static const struct {
	const char *text, *says;
} no_plan[] = {
	{ P "\"network\": true, \"environment\": { \"set\": { \"https_proxy\": \"http://x/\" } } }",
	  "2:44: https_proxy is reeve's own to set where the network is on" },
	{ P "\"network\": true, \"environment\": { \"pass\": [\"LANG\", \"NO_PROXY\"] } }",
	  "2:52: NO_PROXY is reeve's own to set where the network is on" },
	{ N("\"unix\": [\"@/work/x.sock\"]"), "2:23: @/work/x.sock lies in @/work, which is in the jail as it is" },
	{ P "\"read\": [\"/usr\"], \"network\": { \"unix\": [\"/usr/x.sock\"] } }", "2:41: /usr/x.sock lies in /usr, which is in" },
	{ N("\"unix\": [\"@/state/x.sock\"]"), "2:23: @/state/x.sock lies where reeve keeps its own" },
	{ N("\"unix\": [\"@/turned\"]"), "2:23: @/turned lies in @/work, or leads through it" },
	{ N("\"unix\": [\"@/link/later.sock\"]"), "2:23: @/link/later.sock leads over a link" },
	{ N("\"unix\": [\"@/link/p.json\"]"), "2:23: @/link/p.json leads over a link" },
	{ N("\"unix\": [\"@/x.sock\"]"), "2:23: @/x.sock is a socket by which the machine" },
};

static const char *with_dir(char out[1024], const char *text)
{
	size_t used = 0;

	for (; *text; text++)
		if (*text == '@')
			used += (size_t)snprintf(out + used, 1024 - used, "%s", dir);
		else
			out[used++] = *text;
	out[used] = '\0';
	return out;
}

static void test_what_is_no_plan(void **state)
{
	char text[1024], says[1024], place[200], master[200];
	struct jail_plan out;
	struct profile *p;
	struct err e;
	size_t i;

	(void)state;
	snprintf(place, sizeof(place), "%s/work/to", dir);
	snprintf(master, sizeof(master), "%s/turned", dir);
	assert_int_equal(symlink(place, master), 0);
	snprintf(master, sizeof(master), "%s/link", dir);
	assert_int_equal(symlink(dir, master), 0);
	for (i = 0; i < sizeof(no_plan) / sizeof(no_plan[0]); i++) {
		p = load("p.json", with_dir(text, no_plan[i].text));
		/* It is what the name leads to that matters, on the day of the run. */
		snprintf(place, sizeof(place), "%s/docker.sock", dir);
		snprintf(master, sizeof(master), "%s/x.sock", dir);
		fclose(fopen(place, "w"));
		(void)!symlink(place, master);
		e = (struct err){ .kind = ERR_NONE };
		assert_int_equal(plan(&out, p, false, &e), -1);
		with_dir(says, no_plan[i].says);
		if (!strstr(e.text, says))
			fail_msg("gave %s\nnot %s", e.text, says);
		unlink(master);
		profile_free(p);
	}
}

/* Lists of the object are united, true is an empty object, false takes all away. */
static void test_extending(void **state)
{
	struct profile_network n;
	struct profile *p, *q, *r;
	struct jail_plan out;
	struct err e;

	(void)state;
	profile_free(load("base.json", P "\"network\": { \"ports\": [80, 22], \"private\": { \"10.0.0.0/8\": \"ours\" }, \"ech\": \"record\" } }"));
	p = load("p.json", P "\"extends\": \"base\", \"network\": { \"ports\": [22, 8000], \"private\": [\"::1\"], \"inspect\": [\"a.example\"] } }");
	profile_network(&n, p);
	assert_true(n.on && n.ech);
	assert_int_equal(json_array_size(n.private), 2);
	assert_string_equal(json_string_value(json_array_get(n.private, 0)), "10.0.0.0/8");
	assert_string_equal(json_string_value(json_array_get(n.private, 1)), "::1");
	assert_string_equal(profile_because(p, "private", "10.0.0.0/8"), "ours");
	assert_string_equal(json_string_value(json_array_get(n.inspect, 0)), "a.example");
	assert_int_equal(plan(&out, p, false, &e), 0);
	assert_string_equal(ears_of(&out.spec), " 0:7339 2:53 3:53 1:80 1:22 1:8000");
	jail_plan_free(&out);
	q = load("q.json", P "\"extends\": \"base\", \"network\": true }");
	profile_network(&n, q);
	assert_true(n.on && n.ech && json_array_size(n.private) == 1);
	r = load("r.json", P "\"extends\": \"base\", \"network\": false }");
	profile_network(&n, r);
	assert_false(n.on || n.ech || n.private);
	profile_free(p);
	profile_free(q);
	profile_free(r);
}

static const struct {
	const char *text, *says;	/* NULL: it is taken */
} projects[] = {
	{ P "\"network\": true }", "2:12: expected false; a project's own file may only tighten" },
	{ N(""), "2:12: expected false; a project's own file may only tighten" },
	{ P "\"without_private\": [\"10.1.0.0/16\"] }", "2:21: only what the profile names itself can be taken away" },
	{ P "\"without_private\": [\"10.0.0.0/8\"], \"without_unix\": { \"/srv/x.sock\": \"not here\" } }", NULL },
	{ P "\"network\": false }", NULL },
};

/* It only tightens; and what is a secret's file stays one, also where it takes the network away. */
static void test_a_project(void **state)
{
	struct profile_credential c;
	struct profile_network n;
	struct profile *p;
	struct err e;
	char folder[200];
	size_t i;
	int rc;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/work/.reeve", dir);
	mkdir(folder, 0700);
	for (i = 0; i < sizeof(projects) / sizeof(projects[0]); i++) {
		p = load("p.json", N("\"private\": [\"10.0.0.0/8\", \"::1\"], \"unix\": [\"/srv/x.sock\"], \"inspect\": [\"x.a.example\"],"
				     "\"credentials\": [{ " KEY ", \"file\": \"/f\" }]"));
		put("work/.reeve/profile.json", projects[i].text);
		snprintf(folder, sizeof(folder), "%s/work", dir);
		e = (struct err){ .kind = ERR_NONE };
		rc = profile_tighten(p, folder, &e);
		if ((rc == 0) != !projects[i].says || (rc < 0 && !strstr(e.text, projects[i].says)))
			fail_msg("%s: gave %s", projects[i].text, e.text);
		profile_network(&n, p);
		if (rc == 0) {
			assert_int_equal(n.on, i == 3);
			assert_int_equal(json_array_size(n.private), i == 3 ? 1 : 0);
			assert_int_equal(json_array_size(n.unix), 0);
			assert_true(profile_credential(&c, p, 0));
		}
		profile_free(p);
	}
}

static const struct {
	const char *more, *id, *names;
} points[] = {
	{ "", "network", "" },
	{ "\"private\": [\"10.1.2.0/24\"]", "private", "10.1.2.0/24" },
	{ "\"private\": [\"10.1.0.0/16\", \"10.2.3.4\"]", "private-wide", "10.1.0.0/16" },
	{ "\"private\": [\"fd00:1:2::/48\", \"fd00:3::/64\"]", "private-wide", "fd00:1:2::/48" },
	{ "\"private\": [\"127.0.0.1\"]", "loopback", "127.0.0.1" },
	{ "\"private\": [\"::1\"]", "loopback", "::1" },
	{ "\"unix\": [\"/srv/x.sock\"]", "host-sockets", "/srv/x.sock" },
	{ "\"udp\": [123]", "udp", "" },
	{ "\"ech\": \"record\"", "ech", "" },
};

struct seen {
	const char *id, *names;
	bool found;
};

static void look(void *to, const struct profile_point *point)
{
	struct seen *s = to;

	s->found = s->found || (strcmp(point->id, s->id) == 0 && strcmp(point->names, s->names) == 0);
}

static void test_exposure(void **state)
{
	char text[300];
	struct profile *p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		struct seen s = { points[i].id, points[i].names, false };

		snprintf(text, sizeof(text), P "\"network\": { %s } }", points[i].more);
		p = load("p.json", text);
		profile_exposure(p, NULL, look, &s);
		if (!s.found)
			fail_msg("%s: no point %s", text, points[i].id);
		profile_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_wrong_is_said_where_it_stands),
		cmocka_unit_test(test_ears),
		cmocka_unit_test(test_what_programs_are_told),
		cmocka_unit_test(test_what_is_no_plan),
		cmocka_unit_test(test_extending),
		cmocka_unit_test(test_a_project),
		cmocka_unit_test(test_exposure),
	};
	char clean[64];
	int rc;

	if (!mkdtemp(dir))
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(clean, sizeof(clean), "rm -r %s", dir);
	return system(clean) == 0 ? rc : 1;
}
