/*
 * tests/tools/decide.c - nanoseconds of a decision about ten tools with ten rules loaded, about ten with
 * ten thousand, about ten thousand with as many; milliseconds to load these, and to check them; and the same
 * first two of connections to ten hosts, and of what asks for a review. For contrib/bench; not a test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "policy/policy.h"

enum { ROUNDS = 20000, TRIES = 50 };

/* One in four refuses; each speaks about a tool of its own and looks into its arguments. */
static void write_rules(struct buf *out, unsigned count)
{
	unsigned i;

	buf_puts(out, "{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":[\n");
	for (i = 0; i < count; i++)
		buf_printf(out,
			   "%s{\"id\":\"r%u\",\"then\":\"%s\",\"when\":{\"tool\":\"s%u/t%u\",\"args\":{\"/amount\":"
			   "{\"at_most\":500},\"/path\":{\"glob\":\"*.txt\"}}},\"why\":\"because\"}\n",
			   i ? "," : "", i, i % 4 == 3 ? "refuse" : "allow", i % 16, i);
	buf_puts(out, "]}");
}

/* Each speaks about a host of its own, one in three about all beneath it. */
static void write_hosts(struct buf *out, unsigned count)
{
	unsigned i;

	buf_puts(out, "{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":[\n");
	for (i = 0; i < count; i++)
		buf_printf(out, "%s{\"id\":\"r%u\",\"then\":\"%s\",\"when\":{\"host\":\"%sh%u.example.com\",\"port\":443}}\n",
			   i ? "," : "", i, i % 4 == 3 ? "refuse" : "allow", i % 3 == 2 ? "*." : "", i);
	buf_puts(out, "]}");
}

/* Each tool has a rule of its own that asks for a review, and one for all of its server that wants a reason. */
static void write_reviews(struct buf *out, unsigned count)
{
	unsigned i;

	buf_puts(out, "{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":[\n");
	for (i = 0; i < count; i++)
		buf_printf(out,
			   "%s{\"id\":\"r%u\",\"then\":\"review\",\"when\":{\"tool\":\"s%u/t%u\",\"args\":{\"/amount\":"
			   "{\"at_most\":500}}},\"review\":{\"by\":[\"leads\"],\"count\":2,\"within\":\"1h\"}}\n",
			   i ? "," : "", i, i % 16, i);
	buf_puts(out, ",{\"id\":\"why\",\"then\":\"allow\",\"when\":{\"server\":\"s*\"},\"requires\":[\"reason\"]}]}");
}

static struct policy *load(void (*write)(struct buf *out, unsigned count), unsigned count, double *ms)
{
	scoped(buf) struct buf text = BUF(8 << 20);
	struct policy *p = NULL;
	struct err e = { 0 };
	uint64_t began;

	write(&text, count);
	began = clock_mono_ns();
	if (policy_new(&p, &e) < 0 || policy_add(p, "bench", text.data, text.size, &e) < 0) {
		fprintf(stderr, "decide: %s\n", e.text);
		exit(1);
	}
	*ms = (double)(clock_mono_ns() - began) / 1e6;
	return p;
}

/* The best of many short tries: what disturbs only adds. */
static double decide(const struct policy *p, unsigned count, unsigned tools, enum verdict_kind expected)
{
	scoped(json) json_t *args = json_pack("{s:i,s:s}", "amount", 20, "path", "a/b.txt");
	struct run_facts run = { .party = { [PARTY_AGENT] = "agent", [PARTY_TENANT] = "default" } };
	struct action a = { .kind = ACTION_TOOL_CALL, .args = args, .run = &run, .claims = { [CLAIM_REASON] = "x" } };
	double best = 1e9, now;
	char server[16], tool[16];
	unsigned try, i, n;
	uint64_t began;
	unsigned allowed = 0;

	for (try = 0; try < TRIES; try++) {
		began = clock_mono_ns();
		for (i = 0; i < ROUNDS; i++) {
			n = i % tools * 7919 % count;
			snprintf(server, sizeof(server), "s%u", n % 16);
			snprintf(tool, sizeof(tool), "t%u", n);
			a.server = server;
			a.tool = tool;
			a.fact_count = 0;
			allowed += policy_questions(p, &a) && policy_decide(p, &a).kind == expected;
		}
		now = (double)(clock_mono_ns() - began) / ROUNDS;
		best = now < best ? now : best;
	}
	if (allowed == 0)
		exit(1);
	return best;
}

enum { HOSTS = 10 };

static double connect_to(const struct policy *p, unsigned count)
{
	struct run_facts run = { .party = { [PARTY_AGENT] = "agent", [PARTY_TENANT] = "default" } };
	struct action a = { .kind = ACTION_NET_CONNECT, .server = "net", .run = &run };
	json_t *args[HOSTS];
	char tools[HOSTS][64];
	double best = 1e9, now;
	unsigned try, i, allowed = 0;
	uint64_t began;

	for (i = 0; i < HOSTS; i++) {
		unsigned n = i * 7919 % count;

		snprintf(tools[i], sizeof(tools[i]), "%sh%u.example.com:443", n % 3 == 2 ? "www." : "", n);
		args[i] = json_pack("{s:s%,s:i,s:s,s:s}", "host", tools[i], strlen(tools[i]) - 4, "port", 443, "scheme", "tcp",
				    "way", "connect");
	}
	for (try = 0; try < TRIES; try++) {
		began = clock_mono_ns();
		for (i = 0; i < ROUNDS; i++) {
			a.tool = tools[i % HOSTS];
			a.args = args[i % HOSTS];
			a.fact_count = 0;
			allowed += policy_questions(p, &a) && policy_decide(p, &a).kind == VERDICT_ALLOW;
		}
		now = (double)(clock_mono_ns() - began) / ROUNDS;
		best = now < best ? now : best;
	}
	if (allowed < ROUNDS)
		exit(1);
	for (i = 0; i < HOSTS; i++)
		json_decref(args[i]);
	return best;
}

static void heard(void *to, const char *rule, const char *why)
{
	(void)to, (void)rule, (void)why;
}

int main(void)
{
	double small_ms, large_ms, small_ns, large_ns, all_ns;
	struct policy *small = load(write_rules, 10, &small_ms), *large = load(write_rules, 10000, &large_ms);
	uint64_t began;

	small_ns = decide(small, 10, 10, VERDICT_ALLOW);
	large_ns = decide(large, 10000, 10, VERDICT_ALLOW);
	all_ns = decide(large, 10000, 10000, VERDICT_ALLOW);
	began = clock_mono_ns();
	policy_lint(large, heard, NULL);
	printf("%.0f %.0f %.0f %.1f %.1f", small_ns, large_ns, all_ns, large_ms,
	       (double)(clock_mono_ns() - began) / 1e6);
	policy_free(small);
	policy_free(large);
	small = load(write_hosts, 10, &small_ms);
	large = load(write_hosts, 10000, &large_ms);
	printf(" %.0f %.0f", connect_to(small, 10), connect_to(large, 10000));
	policy_free(small);
	policy_free(large);
	small = load(write_reviews, 10, &small_ms);
	large = load(write_reviews, 10000, &large_ms);
	printf(" %.0f %.0f\n", decide(small, 10, 10, VERDICT_REVIEW), decide(large, 10000, 10, VERDICT_REVIEW));
	policy_free(small);
	policy_free(large);
	return 0;
}
