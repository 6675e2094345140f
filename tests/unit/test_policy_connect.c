/*
 * tests/unit/test_policy_connect.c - rules about connections: each member on what fits and what does not; what
 * cannot be judged; what may be connected to at all, held against every connection there could be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

enum answer { A, R, N, U };	/* rule-allows, rule-refuses, no-rule, undecidable */

#define A_B(more) "{\"host\":\"a.b\",\"port\":443" more "}"
#define REQUEST(method, path) A_B(",\"scheme\":\"http\",\"method\":\"" method "\",\"path\":\"" path "\"")
#define AT(host, port) "{\"host\":\"" host "\",\"port\":" #port "}"
#define SOCKET(path) "{\"scheme\":\"unix\",\"path\":\"" path "\"}"

/* One rule: the verdict if it allows, and if it refuses (all else allowed). */
static const struct {
	const char *when, *args;
	enum answer allowing, refusing;
} rows[] = {
	{ "\"host\":\"a.b\"", AT("a.b", 443), A, R },
	{ "\"host\":\"A.b\"", AT("a.b", 443), A, R },
	{ "\"host\":\"a.b\"", AT("c.a.b", 443), N, A },
	{ "\"host\":\"*.b\"", AT("a.b", 443), A, R },
	{ "\"host\":\"*.b\"", AT("x.a.b", 443), A, R },
	{ "\"host\":\"*.a.b\"", AT("a.b", 443), N, A },
	{ "\"host\":\"*.a.b\"", AT("xa.b", 443), N, A },
	{ "\"host\":[\"c.d\",\"*.B\"]", AT("a.b", 443), A, R },
	{ "\"host\":\"203.0.113.7\"", AT("203.0.113.7", 443), A, R },
	{ "\"host\":\"203.0.113.7\"", AT("203.0.113.8", 443), N, A },
	{ "\"host\":\"203.0.113.7\"", AT("a.b", 443), N, A },
	{ "\"host\":\"a.b\"", AT("203.0.113.7", 443), N, A },
	{ "\"host\":\"2001:db8::7\"", AT("2001:db8::7", 443), A, R },
	/* not in its one form: no rule is asked */
	{ "\"host\":\"a.b\"", AT("A.b", 443), U, U },
	{ "\"host\":\"a.b\"", AT("a.b.", 443), U, U },
	{ "\"port\":443", AT("2001:DB8::7", 443), U, U },
	{ "\"port\":443", AT("::ffff:203.0.113.7", 443), U, U },
	{ "\"port\":443", AT("64:ff9b::cb00:7107", 443), U, U },
	{ "\"port\":443", AT("2130706433", 443), U, U },
	{ "\"port\":443", AT("0x7f.1", 443), U, U },
	{ "\"port\":443", AT("a b", 443), U, U },
	{ "\"port\":443", AT("a.b", 0), U, U },
	{ "\"port\":443", AT("a.b", 65536), U, U },
	{ "\"port\":443", AT("a.b", "443"), U, U },
	{ "\"port\":443", "{\"host\":\"a.b\"}", U, U },
	{ "\"port\":443", "{\"port\":443}", U, U },
	{ "\"port\":443", "{}", U, U },
	{ "\"port\":443", AT("a.b", 443), A, R },
	{ "\"port\":443", AT("a.b", 444), N, A },
	{ "\"port\":[80,443]", AT("a.b", 443), A, R },
	{ "\"port\":[80,443]", AT("a.b", 100), N, A },
	{ "\"port\":[22,[80,443]]", AT("a.b", 100), A, R },
	{ "\"port\":[22,[80,443]]", AT("a.b", 444), N, A },
	{ "\"port\":[[80,443]]", AT("a.b", 80), A, R },
	{ "\"cidr\":\"203.0.113.0/24\"", AT("203.0.113.7", 443), A, R },
	{ "\"cidr\":\"203.0.113.0/24\"", AT("203.0.114.7", 443), N, A },
	{ "\"cidr\":[\"10.0.0.0/8\",\"2001:db8::/32\"]", AT("2001:db8:1::7", 443), A, R },
	{ "\"cidr\":\"203.0.113.0/24\"", AT("a.b", 443), N, U },	/* it may resolve to that */
	{ "\"cidr\":\"203.0.113.0/24\",\"port\":80", AT("a.b", 443), N, A },
	{ "\"scheme\":\"http\"", REQUEST("GET", "/"), A, R },
	{ "\"scheme\":[\"https\",\"tcp\"]", REQUEST("GET", "/"), N, A },
	{ "\"scheme\":\"http\"", AT("a.b", 443), N, U },
	{ "\"scheme\":\"unix\"", SOCKET("/run/x"), A, R },
	{ "\"method\":[\"GET\",\"HEAD\"]", REQUEST("HEAD", "/"), A, R },
	{ "\"method\":\"GET\"", REQUEST("POST", "/"), N, A },
	{ "\"method\":\"GET\"", REQUEST("get", "/"), N, U },
	{ "\"method\":\"GET\"", A_B(",\"method\":\"CONNECT\""), N, U },
	{ "\"method\":\"GET\"", A_B(""), N, U },
	{ "\"method\":\"GET\",\"scheme\":\"http\"", A_B(",\"scheme\":\"tcp\""), N, A },
	{ "\"path\":\"/a/b\"", REQUEST("GET", "/a/b"), A, R },
	{ "\"path\":\"/a/b\"", REQUEST("GET", "/a/b/"), A, R },
	{ "\"path\":\"/a/b\"", REQUEST("GET", "/a/b/c"), A, R },
	{ "\"path\":\"/a/b\"", REQUEST("GET", "/a/bc"), N, A },
	{ "\"path\":\"/a/b\"", REQUEST("GET", "/a"), N, A },
	{ "\"path\":\"/a/b\"", REQUEST("GET", "/A/b"), N, A },
	{ "\"path\":\"/\"", REQUEST("GET", "/"), A, R },
	{ "\"path\":\"/\"", REQUEST("GET", "/a/.b/..c/..."), A, R },
	{ "\"path\":[\"/x\",\"/a\"]", REQUEST("GET", "/a/b"), A, R },
	{ "\"path\":\"/a b\"", REQUEST("GET", "/a%20b/c"), A, R },
	{ "\"path\":\"/a\"", REQUEST("GET", "/%61"), A, R },
	{ "\"path\":\"/a\"", REQUEST("GET", "/%62"), N, A },
	{ "\"path\":\"/a:b\"", REQUEST("GET", "/a%3Ab"), A, R },
	{ "\"path\":\"/a\"", REQUEST("GET", "/b/../a"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a/../b"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a/.."), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a/."), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/./a"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "//a"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a//b"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a%2fb"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a/%2E%2e/b"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a/.%2e/b"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a%252fb"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a%5cb"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a%00"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a;x=1/b"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a%3bx/b"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a%2"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a%zz"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a\xc3\xa4"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a\\\\b"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "/a?b"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", "a"), N, U },
	{ "\"path\":\"/a\"", REQUEST("GET", ""), N, U },
	{ "\"path\":\"/a\"", A_B(""), N, U },
	{ "\"path\":\"/run/db\"", SOCKET("/run/db/.s.1"), A, R },
	{ "\"path\":\"/run/db\"", SOCKET("/run/dbx"), N, A },
	{ "\"host\":\"a.b\"", SOCKET("/run/x"), N, A },
	{ "\"port\":1,\"cidr\":\"0.0.0.0/0\"", SOCKET("/run/x"), N, A },
	{ "\"tool\":\"net/a.b:443\"", AT("a.b", 443), A, R },
	{ "\"tool\":\"net/a.b:443\"", AT("a.b", 444), N, A },
	{ "\"tool\":\"net/a.b:*\"", AT("a.b", 1), A, R },
	{ "\"tool\":\"net/*.b:4*\"", AT("a.b", 443), A, R },
	{ "\"tool\":\"net/*:443\"", AT("a.b", 443), A, R },
	{ "\"tool\":\"net/[2001:db8::7]:443\"", AT("2001:db8::7", 443), A, R },
	{ "\"tool\":\"net/[2001:db8::*\"", AT("2001:db8::7", 443), A, R },
	{ "\"tool\":\"net//run/a:b\"", SOCKET("/run/a:b"), A, R },
	{ "\"tool\":\"net/*\",\"host\":\"a.b\"", AT("a.b", 443), A, R },
	{ "\"server\":\"net\"", AT("a.b", 443), A, R },
	{ "\"action\":\"net.connect\"", SOCKET("/run/x"), A, R },
	{ "\"action\":[\"tool.call\",\"net.connect\"],\"tool\":\"net*/a.b:443\"", AT("a.b", 443), A, R },
	{ "\"action\":\"net.connect\",\"tool\":\"*/a.b:443\"", AT("a.b", 443), A, R },
	{ "\"action\":\"net.connect\",\"args\":{\"/way\":{\"equal\":\"dns\"}}", A_B(",\"way\":\"socks\""), N, A },
	{ "\"action\":\"net.connect\",\"has_secret\":true", A_B(",\"query\":\"x=postgres://app:Zq8vT1kLm3@db/x\""), A, R },
};

static struct policy *load(const char *rules)
{
	scoped(buf) struct buf text = BUF(1 << 20);
	struct policy *p = NULL;
	struct err e = { 0 };

	buf_printf(&text, "{\"reeve\":\"policy/1\",\"rules\":[%s]}", rules);
	if (policy_new(&p, &e) < 0 || policy_add(p, "t", text.data, text.size, &e) < 0)
		fail_msg("%s: %s", rules, e.text);
	return p;
}

/* As the broker names it. */
static void name_tool(char out[400], const json_t *args)
{
	const char *host = json_string_value(json_object_get(args, "host"));
	const char *path = json_string_value(json_object_get(args, "path"));
	int port = (int)json_integer_value(json_object_get(args, "port"));

	if (!host)
		snprintf(out, 400, "%s", path ? path : "?");
	else
		snprintf(out, 400, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
}

static struct verdict connect_to(const struct policy *p, json_t *args, const struct run_facts *run)
{
	char tool[400];
	struct action a = { .kind = ACTION_NET_CONNECT, .server = "net", .tool = tool, .args = args, .run = run,
			    .flow = FLOW_READS_UNTRUSTED | FLOW_SENDS_OUTSIDE, .flow_known = true };

	name_tool(tool, args);
	return policy_decide(p, &a);
}

static void expect(const char *rules, const char *args, enum answer want)
{
	static const enum reason reasons[] = { REASON_RULE_ALLOWS, REASON_RULE_REFUSES, REASON_NO_RULE, REASON_UNDECIDABLE };
	scoped(policy) struct policy *p = load(rules);
	scoped(json) json_t *doc = json_loads(args, 0, NULL);
	struct verdict v;

	assert_non_null(doc);
	v = connect_to(p, doc, NULL);
	if (v.reason != reasons[want])
		fail_msg("%s of %s: %s", rules, args, reason_word(v.reason));
}

static void members_hold(void **state)
{
	char rules[1200];
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		snprintf(rules, sizeof(rules), "{\"id\":\"r\",\"then\":\"allow\",\"when\":{%s}}", rows[i].when);
		expect(rules, rows[i].args, rows[i].allowing);
		snprintf(rules, sizeof(rules),
			 "{\"id\":\"r\",\"then\":\"refuse\",\"when\":{%s}},"
			 "{\"id\":\"all\",\"then\":\"allow\",\"when\":{\"action\":\"*\"}}",
			 rows[i].when);
		expect(rules, rows[i].args, rows[i].refusing);
	}
}

/* A rule about connections says nothing of tools, whatever they and their servers are called. */
static void nothing_else_is_meant(void **state)
{
	static const char *const whens[] = { "\"host\":\"a.b\"", "\"port\":443", "\"tool\":\"net/a.b:443\"", "\"server\":\"net\"" };
	scoped(json) json_t *args = json_loads(AT("a.b", 443), 0, NULL);
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "net", .tool = "a.b:443", .args = args };
	char rules[400];
	size_t i;

	(void)state;
	for (i = 0; i < count_of(whens); i++) {
		struct policy *p;

		snprintf(rules, sizeof(rules), "{\"id\":\"r\",\"then\":\"allow\",\"when\":{%s}}", whens[i]);
		p = load(rules);
		assert_int_equal(policy_decide(p, &a).reason, REASON_NO_RULE);
		assert_false(policy_may_allow(p, NULL, ACTION_SERVER_START, "net", NULL));
		assert_false(policy_may_allow(p, NULL, ACTION_SERVER_START, "fs", NULL));
		policy_free(p);
	}
}

/* The tool is what a rule may name: it must be the connection that is judged. */
static void the_tool_is_the_connection(void **state)
{
	scoped(policy) struct policy *p = load("{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"action\":\"net.connect\"}}");
	scoped(json) json_t *args = json_loads(AT("a.b", 443), 0, NULL), *path = json_loads(SOCKET("/x"), 0, NULL);
	struct action a = { .kind = ACTION_NET_CONNECT, .server = "net", .tool = "a.b:443", .args = args };

	(void)state;
	assert_int_equal(policy_decide(p, &a).reason, REASON_RULE_ALLOWS);
	a.tool = "c.d:443";
	assert_int_equal(policy_decide(p, &a).reason, REASON_UNDECIDABLE);
	a.tool = "a.b:44";
	assert_int_equal(policy_decide(p, &a).reason, REASON_UNDECIDABLE);
	a.args = path;
	assert_int_equal(policy_decide(p, &a).reason, REASON_UNDECIDABLE);
	a.tool = "/x";
	assert_int_equal(policy_decide(p, &a).reason, REASON_RULE_ALLOWS);
	a.args = NULL;
	assert_int_equal(policy_decide(p, &a).reason, REASON_UNDECIDABLE);
}

#define ALLOW(when) "{\"id\":\"a\",\"then\":\"allow\",\"when\":{" when "}}"
#define REFUSE(when) ",{\"id\":\"r\",\"then\":\"refuse\",\"when\":{" when "}}"
#define ALL ALLOW("\"action\":\"net.connect\"")

static const struct {
	const char *rules, *host;
	bool may;
	enum reason why_not;
} mays[] = {
	{ ALLOW("\"host\":\"a.b\""), "a.b", true, 0 },
	{ ALLOW("\"host\":\"a.b\",\"port\":8443,\"method\":\"GET\",\"path\":\"/x\""), "a.b", true, 0 },
	{ ALLOW("\"host\":\"a.b\""), "c.d", false, REASON_NO_RULE },	/* or its name is a tunnel */
	{ ALLOW("\"host\":\"*.a.b\""), "secret.a.b", true, 0 },
	{ ALLOW("\"host\":\"*.a.b\""), "a.b", false, REASON_NO_RULE },
	{ ALLOW("\"cidr\":\"0.0.0.0/0\""), "a.b", false, REASON_NO_RULE },
	{ ALLOW("\"cidr\":\"10.0.0.0/8\""), "10.1.2.3", true, 0 },
	{ ALLOW("\"tool\":\"net/a.b:443\""), "a.b", true, 0 },
	{ ALLOW("\"tool\":\"net/a.b:443\""), "c.d", false, REASON_NO_RULE },
	{ ALLOW("\"tool\":\"net/*:443\""), "a.b", true, 0 },
	{ ALLOW("\"tool\":\"net/a.b*\""), "a.b", true, 0 },
	{ ALLOW("\"tool\":\"net/a.b:0*\""), "a.b", false, REASON_NO_RULE },
	{ ALLOW("\"tool\":\"net/a.b:7*0\""), "a.b", true, 0 },
	{ ALLOW("\"tool\":\"net/a.b:65536\""), "a.b", false, REASON_NO_RULE },
	{ ALLOW("\"tool\":\"net/a.b\""), "a.b", false, REASON_NO_RULE },
	{ ALLOW("\"tool\":\"net/[2001:db8::7]:443\""), "2001:db8::7", true, 0 },
	{ ALLOW("\"action\":[\"tool.call\",\"net.connect\"],\"tool\":[\"net/a.b:443\",\"fs/x\"]"), "a.b", true, 0 },
	{ ALLOW("\"action\":\"*\",\"tool\":\"*/a.b:443\""), "a.b", true, 0 },
	{ ALLOW("\"action\":\"net.connect\",\"args\":{\"/host\":{\"host\":\"*.b\"}}"), "a.b", true, 0 },
	{ ALLOW("\"action\":\"net.connect\",\"args\":{\"/host\":{\"host\":\"*.b\"}}"), "a.c", false, REASON_NO_RULE },
	{ ALLOW("\"action\":\"net.connect\",\"args\":{\"/query\":{\"glob\":\"*x*\"}}"), "a.c", true, 0 },
	{ ALLOW("\"action\":\"net.connect\",\"category\":\"x\""), "a.b", false, REASON_NO_RULE },
	{ ALLOW("\"action\":\"net.connect\",\"flow\":\"sends-outside\""), "a.b", true, 0 },
	{ ALLOW("\"action\":\"net.connect\",\"flow\":\"reads-private\""), "a.b", false, REASON_NO_RULE },
	{ ALLOW("\"action\":\"net.connect\",\"department\":\"x\""), "a.b", false, REASON_NO_RULE },
	{ ALLOW("\"scheme\":\"unix\""), "a.b", false, REASON_NO_RULE },
	{ ALLOW("\"scheme\":[\"unix\"],\"path\":\"/x\""), "a.b", false, REASON_NO_RULE },
	{ ALLOW("\"scheme\":[\"unix\",\"udp\"]"), "a.b", true, 0 },
	{ ALLOW("\"tool\":\"fs/*\""), "a.b", false, REASON_NO_RULE },
	{ ALL, "a.b", true, 0 },
	{ ALL, "A.b", false, REASON_UNDECIDABLE },
	{ ALL, "127.1", false, REASON_UNDECIDABLE },
	{ ALL, "::ffff:1.2.3.4", false, REASON_UNDECIDABLE },
	{ ALL, "", false, REASON_UNDECIDABLE },
	{ ALL REFUSE(""), "a.b", false, REASON_RULE_REFUSES },
	{ ALL REFUSE("\"host\":\"*.b\""), "a.b", false, REASON_RULE_REFUSES },
	{ ALL REFUSE("\"host\":\"*.b\""), "a.c", true, 0 },
	{ ALL REFUSE("\"host\":\"a.b\",\"port\":443"), "a.b", true, 0 },
	{ ALL REFUSE("\"tool\":\"net/a.b:*\""), "a.b", false, REASON_RULE_REFUSES },
	{ ALL REFUSE("\"tool\":\"net/a.b:4*\""), "a.b", true, 0 },
	{ ALL REFUSE("\"tool\":\"net/a.b:443\""), "a.b", true, 0 },
	{ ALL REFUSE("\"tool\":\"*/a.b*\""), "a.b", false, REASON_RULE_REFUSES },
	{ ALL REFUSE("\"cidr\":\"10.0.0.0/8\""), "a.b", false, REASON_UNDECIDABLE },
	{ ALL REFUSE("\"cidr\":\"10.0.0.0/8\""), "11.0.0.1", true, 0 },
	{ ALL REFUSE("\"department\":\"x\""), "a.b", false, REASON_UNDECIDABLE },
	{ ALL REFUSE("\"time\":{\"days\":\"sat\"}"), "a.b", true, 0 },
};

static void hosts_may_be_connected_to(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(mays); i++) {
		scoped(policy) struct policy *p = load(mays[i].rules);
		struct verdict v = { .kind = VERDICT_ALLOW };
		bool may = policy_may_connect(p, NULL, mays[i].host, &v);

		if (may != mays[i].may || (!may && (v.reason != mays[i].why_not || v.kind != VERDICT_REFUSE)))
			fail_msg("%s: %s: %d %s", mays[i].rules, mays[i].host, may, reason_word(v.reason));
		if (!may && v.reason == REASON_RULE_REFUSES)
			assert_string_equal(v.rule, "t:r");
	}
}

/* --- against every connection there could be --- */

static unsigned pick(uint64_t *seed, unsigned below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (unsigned)(*seed % below);
}

static const char *const hosts[] = { "a.b", "x.a.b", "c.d", "203.0.113.7", "2001:db8::7" };

/* Whom a rule is about: the same of every connection to a host. */
static const char *const whom[] = {
	"", "\"host\":\"a.b\"", "\"host\":\"*.b\"", "\"host\":[\"c.d\",\"2001:db8::7\"]", "\"tool\":\"net/a.b:*\"",
	"\"cidr\":\"203.0.113.0/24\"", "\"cidr\":[\"2001:db8::/32\",\"203.0.113.7\"]", "\"server\":\"net\"", "\"tool\":\"*/*.b:*\"",
	"\"department\":\"it\"", "\"args\":{\"/host\":{\"host\":\"a.b\"}}", "\"host\":\"x.a.b\",\"server\":\"n*\"",
};

/* And which of them. */
static const char *const which[] = {
	"", "", ",\"port\":443", ",\"port\":[22,[80,90]]", ",\"scheme\":\"http\"", ",\"method\":\"GET\"", ",\"path\":\"/p\"",
	",\"method\":\"POST\",\"path\":\"/q\"", ",\"scheme\":[\"tcp\",\"tls\"],\"port\":443",
};

static const char *const layers[] = { "global", "tenant", "target", "department", "action" };

enum { PLAIN_REFUSALS = 1, ONE_FILE = 2 };

static void add_file(struct policy *p, unsigned n, unsigned flags, uint64_t *seed)
{
	scoped(buf) struct buf text = BUF(1 << 16);
	unsigned count = pick(seed, 6), i;
	struct err e = { 0 };
	char name[8];

	snprintf(name, sizeof(name), "f%u", n);
	buf_printf(&text, "{\"reeve\":\"policy/1\",\"layer\":\"%s\",\"unmatched\":\"%s\",\"rules\":[",
		   layers[pick(seed, count_of(layers))], pick(seed, 2) ? "pass" : "refuse");
	for (i = 0; i < count; i++) {
		bool refuse = pick(seed, 4) == 0;
		const char *more = which[pick(seed, count_of(which))];

		buf_printf(&text, "%s{\"id\":\"r%u\",\"then\":\"%s\",\"when\":{\"action\":\"net.connect\"%s%s%s}}", i ? "," : "",
			   i, refuse ? "refuse" : "allow", ",", whom[1 + pick(seed, count_of(whom) - 1)],
			   refuse && flags & PLAIN_REFUSALS ? "" : more);
	}
	buf_puts(&text, "]}");
	if (policy_add(p, name, text.data, text.size, &e) < 0)
		fail_msg("%s: %.*s", e.text, (int)text.size, text.data);
}

/* Every port that a rule could tell from others, with what can be known at each. */
static bool something_is_allowed(const struct policy *p, const char *host, const struct run_facts *run)
{
	static const int ports[] = { 22, 79, 80, 90, 443, 65535 };
	static const char *const known[] = {
		"{}", "{\"scheme\":\"tcp\"}", "{\"scheme\":\"tls\"}", "{\"scheme\":\"http\",\"method\":\"GET\",\"path\":\"/p\"}",
		"{\"scheme\":\"http\",\"method\":\"GET\",\"path\":\"/q\"}", "{\"scheme\":\"http\",\"method\":\"POST\",\"path\":\"/p\"}",
		"{\"scheme\":\"http\",\"method\":\"POST\",\"path\":\"/q\"}", "{\"scheme\":\"https\",\"method\":\"PUT\",\"path\":\"/r\"}",
		"{\"scheme\":\"https\",\"method\":\"GET\",\"path\":\"/r\"}", "{\"scheme\":\"https\",\"method\":\"PUT\",\"path\":\"/p\"}",
	};
	size_t i, j;
	bool some = false;

	for (i = 0; i < count_of(ports) && !some; i++)
		for (j = 0; j < count_of(known) && !some; j++) {
			json_t *args = json_loads(known[j], 0, NULL);

			json_object_set_new(args, "host", json_string(host));
			json_object_set_new(args, "port", json_integer(ports[i]));
			some = connect_to(p, args, run).kind == VERDICT_ALLOW;
			json_decref(args);
		}
	return some;
}

static unsigned held[2][2];	/* [may][some] */

static void hold_policies(unsigned rounds, unsigned flags, uint64_t seed)
{
	unsigned round, i, files;

	memset(held, 0, sizeof(held));
	for (round = 0; round < rounds; round++) {
		scoped(policy) struct policy *p = NULL;
		struct run_facts run = { .party = { [PARTY_DEPARTMENT] = pick(&seed, 3) ? "it" : pick(&seed, 2) ? "hr" : NULL } };
		struct err e = { 0 };

		assert_int_equal(policy_new(&p, &e), 0);
		files = flags & ONE_FILE ? 1 : 1 + pick(&seed, 4);
		for (i = 0; i < files; i++)
			add_file(p, i, flags, &seed);
		for (i = 0; i < count_of(hosts); i++) {
			struct verdict v;
			bool may = policy_may_connect(p, &run, hosts[i], &v);

			held[may][something_is_allowed(p, hosts[i], &run)]++;
		}
	}
}

/* Where refusals speak of hosts alone, and one file says it all: exactly what could be allowed. */
static void may_is_what_could_be(void **state)
{
	(void)state;
	hold_policies(4000, PLAIN_REFUSALS | ONE_FILE, 20261121);
	assert_int_equal(held[true][false], 0);
	assert_int_equal(held[false][true], 0);
	assert_true(held[true][true] > 1000 && held[false][false] > 1000);
}

/* Over any layers and refusals: what is not to be connected to never is. */
static void may_not_is_never_allowed(void **state)
{
	(void)state;
	hold_policies(4000, 0, 7);
	assert_int_equal(held[false][true], 0);
	assert_true(held[true][true] > 1000 && held[false][false] > 1000);
}

/* --- ten thousand rules, found by their host --- */

static void many_are_found(void **state)
{
	scoped(buf) struct buf rules = BUF(4 << 20);
	struct policy *p = NULL;
	struct err e = { 0 };
	unsigned i;

	(void)state;
	buf_puts(&rules, "{\"reeve\":\"policy/1\",\"rules\":[");
	for (i = 0; i < 3000; i++)
		buf_printf(&rules, "%s{\"id\":\"r%u\",\"then\":\"%s\",\"when\":{\"host\":\"%sH%u.example\",\"port\":443}}",
			   i ? "," : "", i, i % 5 == 4 ? "refuse" : "allow", i % 3 == 2 ? "*." : "", i);
	buf_puts(&rules, "]}");
	assert_int_equal(policy_new(&p, &e), 0);
	assert_int_equal(policy_add(p, "t", rules.data, rules.size, &e), 0);
	for (i = 0; i < 3000; i++) {
		scoped(json) json_t *args = json_pack("{s:o,s:i}", "host",
						      json_sprintf("%sh%u.example", i % 3 == 2 ? "x.y." : "", i), "port", 443);
		char name[24];
		struct verdict v = connect_to(p, args, NULL);

		snprintf(name, sizeof(name), "t:r%u", i);
		assert_int_equal(v.reason, i % 5 == 4 ? REASON_RULE_REFUSES : REASON_RULE_ALLOWS);
		assert_string_equal(v.rule, name);
	}
	policy_free(p);
}

/* --- the smallest rule --- */

static const struct {
	struct policy_route to;
	const char *rule;	/* NULL: there is none */
} smallest[] = {
	{ { .host = "a.b", .port = 443 }, "{\"id\":\"a.b-443\",\"then\":\"allow\",\"when\":{\"host\":\"a.b\",\"port\":443}}" },
	{ { .host = "a.b", .port = 80, .scheme = "http", .method = "GET", .path = "/x/y" },
	  "{\"id\":\"a.b-80\",\"then\":\"allow\",\"when\":{\"host\":\"a.b\",\"port\":80,\"method\":\"GET\",\"path\":\"/x/y\"}}" },
	{ { .host = "2001:db8::7", .port = 22 },
	  "{\"id\":\"2001-db8--7-22\",\"then\":\"allow\",\"when\":{\"host\":\"2001:db8::7\",\"port\":22}}" },
	{ { .host = "a.b", .port = 80, .method = "GET", .path = "/x/../y" },
	  "{\"id\":\"a.b-80\",\"then\":\"allow\",\"when\":{\"host\":\"a.b\",\"port\":80,\"method\":\"GET\"}}" },
	{ { .host = "a.b", .port = 80, .method = "CONNECT", .path = "" },
	  "{\"id\":\"a.b-80\",\"then\":\"allow\",\"when\":{\"host\":\"a.b\",\"port\":80}}" },
	{ { .host = "a.b", .port = 80, .method = "GET", .path = "/\"x" },
	  "{\"id\":\"a.b-80\",\"then\":\"allow\",\"when\":{\"host\":\"a.b\",\"port\":80,\"method\":\"GET\",\"path\":\"/\\\"x\"}}" },
	{ { .host = "_x.b" }, "{\"id\":\"x.b\",\"then\":\"allow\",\"when\":{\"host\":\"_x.b\"}}" },
	{ { .scheme = "unix", .path = "/run/db/.s.5432" },
	  "{\"id\":\"s.5432\",\"then\":\"allow\",\"when\":{\"scheme\":\"unix\",\"path\":\"/run/db/.s.5432\"}}" },
	{ { .host = "a\x1b[31m.b", .port = 443 }, NULL },
	{ { .host = "\"", .port = 443 }, NULL },
	{ { .scheme = "unix", .path = "/run/\n" }, NULL },
	{ { .scheme = "unix" }, NULL },
};

static void rules_are_offered(void **state)
{
	char rule[2048], tiny[20];
	size_t i;

	(void)state;
	for (i = 0; i < count_of(smallest); i++) {
		const struct policy_route *to = &smallest[i].to;
		bool some = net_smallest_rule(rule, sizeof(rule), to);

		assert_int_equal(some, smallest[i].rule != NULL);
		if (!some)
			continue;
		assert_string_equal(rule, smallest[i].rule);
		assert_false(net_smallest_rule(tiny, sizeof(tiny), to));
		policy_free(load(rule));
	}
}

/* Whatever was asked for: if there is such a rule, a policy of it alone allows just that. */
static void what_is_offered_allows(void **state)
{
	static const char *const names[] = { "a.b", "203.0.113.7", "2001:db8::7", "x_y.z", "xn--a.b", "a..b", "A" };
	static const char *const methods[] = { NULL, "GET", "get", "CONNECT", "M-SEARCH" };
	static const char *const paths[] = { NULL, "", "/", "/a", "/a/", "/a//b", "/a b\"c", "/%41", "/%2e", "/a?b" };
	char rule[2048];
	size_t i, j, k, offered = 0;

	(void)state;
	for (i = 0; i < count_of(names); i++)
		for (j = 0; j < count_of(methods); j++)
			for (k = 0; k < count_of(paths); k++) {
				const struct policy_route to = { names[i], 8080, "http", methods[j], paths[k] };
				scoped(json) json_t *args = json_pack("{s:s,s:i,s:s}", "host", names[i], "port", 8080, "scheme", "http");
				struct policy *p;

				if (!net_smallest_rule(rule, sizeof(rule), &to))
					continue;
				if (methods[j])
					json_object_set_new(args, "method", json_string(methods[j]));
				if (paths[k])
					json_object_set_new(args, "path", json_string(paths[k]));
				p = load(rule);
				assert_int_equal(connect_to(p, args, NULL).kind, VERDICT_ALLOW);
				json_object_set_new(args, "port", json_integer(8081));
				assert_int_equal(connect_to(p, args, NULL).kind, VERDICT_REFUSE);
				policy_free(p);
				offered++;
			}
	assert_int_equal(offered, 5 * count_of(methods) * count_of(paths));
}

/* --- rules that can never matter --- */

static const struct {
	const char *first, *second;
	bool warned;
} lints[] = {
	{ "\"host\":\"*.b\"", "\"host\":\"a.b\",\"port\":443", true },
	{ "\"host\":\"*.b\"", "\"host\":[\"a.b\",\"*.c.b\"]", true },
	{ "\"host\":\"*.b\"", "\"host\":[\"a.b\",\"b\"]", false },
	{ "\"host\":\"*.a.b\"", "\"host\":\"*.b\"", false },
	{ "\"host\":\"a.b\",\"port\":443", "\"host\":\"a.b\"", false },
	{ "\"host\":\"a.b\",\"port\":[[1,1000]]", "\"host\":\"a.b\",\"port\":[22,[80,443]]", true },
	{ "\"host\":\"a.b\",\"path\":\"/x\"", "\"host\":\"A.B\",\"path\":\"/x/y\"", true },
	{ "\"host\":\"a.b\",\"path\":\"/x\"", "\"host\":\"a.b\",\"path\":\"/xy\"", false },
	{ "\"cidr\":\"10.0.0.0/8\"", "\"cidr\":\"10.1.0.0/16\"", true },
	{ "\"cidr\":\"10.1.0.0/16\"", "\"cidr\":\"10.0.0.0/8\"", false },
	{ "\"tool\":\"net/a.b:*\"", "\"tool\":\"net/a.b:443\"", true },
	{ "\"action\":\"net.connect\"", "\"host\":\"a.b\"", true },
	{ "\"host\":\"a.b\",\"method\":[\"GET\",\"PUT\"]", "\"host\":\"a.b\",\"method\":\"PUT\",\"scheme\":\"http\"", true },
	{ "\"host\":\"a.b\",\"agent\":\"x\"", "\"host\":\"a.b\"", false },
};

static void count_warning(void *to, const char *rule, const char *why)
{
	(void)why;
	*(size_t *)to += strcmp(rule, "t:b") == 0;
}

static void lint_sees_connections(void **state)
{
	char rules[600];
	size_t i;

	(void)state;
	for (i = 0; i < count_of(lints); i++) {
		struct policy *p;
		size_t warned = 0;

		snprintf(rules, sizeof(rules), "{\"id\":\"a\",\"then\":\"allow\",\"when\":{%s}},{\"id\":\"b\",\"then\":\"allow\",\"when\":{%s}}",
			 lints[i].first, lints[i].second);
		p = load(rules);
		policy_lint(p, count_warning, &warned);
		if ((warned > 0) != lints[i].warned)
			fail_msg("%s: %zu", rules, warned);
		policy_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_hold),
		cmocka_unit_test(nothing_else_is_meant),
		cmocka_unit_test(the_tool_is_the_connection),
		cmocka_unit_test(hosts_may_be_connected_to),
		cmocka_unit_test(may_is_what_could_be),
		cmocka_unit_test(may_not_is_never_allowed),
		cmocka_unit_test(many_are_found),
		cmocka_unit_test(rules_are_offered),
		cmocka_unit_test(what_is_offered_allows),
		cmocka_unit_test(lint_sees_connections),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
