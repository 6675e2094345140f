/*
 * tests/unit/test_cli_netlog.c - connections out of the records of a ledger: which run's, how each ended, what
 * is shown of it, what would have allowed it. What programs in the jail call things stays text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "cli/net_log.h"

#define TIME "\"time\":\"2026-11-21T09:30:01.123456Z\""
#define RUN(n) "{\"kind\":\"run\",\"n\":" #n ",\"run\":" #n "," TIME "}\n"
#define ASKED(kind, n, run, more) "{\"kind\":\"" kind "\",\"n\":" #n ",\"run\":" #run "," TIME ",\"action\":\"net.connect\"," more "}\n"
#define OVER(n, run, intent, more) "{\"kind\":\"outcome\",\"n\":" #n ",\"run\":" #run ",\"intent\":" #intent "," TIME "," more "}\n"
#define CLOSE(n, run) "{\"kind\":\"close\",\"n\":" #n ",\"run\":" #run "," TIME "}\n"
#define ALLOWED "\"reason\":\"rule-allows\",\"rule\":\"web:docs\""

static const char records[] =
	RUN(1)
	ASKED("intent", 2, 1, "\"way\":\"connect\",\"host\":\"first.example\",\"port\":443," ALLOWED)
	OVER(3, 1, 2, "\"status\":\"ok\",\"address\":\"203.0.113.1:443\",\"sent\":100,\"received\":2048,\"duration\":310500")
	CLOSE(4, 1)
	RUN(5)
	ASKED("intent", 6, 5, "\"way\":\"connect\",\"host\":\"a.example\",\"port\":443," ALLOWED)
	RUN(7)
	ASKED("intent", 8, 7, "\"way\":\"connect\",\"host\":\"other.example\",\"port\":443," ALLOWED)
	"{\"kind\":\"intent\",\"n\":9,\"run\":5," TIME ",\"action\":\"tool.call\",\"server\":\"x\",\"tool\":\"y\"}\n"
	OVER(10, 5, 9, "\"status\":\"ok\"")
	ASKED("intent", 11, 5, "\"way\":\"inspected\",\"scheme\":\"https\",\"host\":\"b.example\",\"port\":443,\"method\":\"GET\",\"path\":\"/x\"," ALLOWED)
	ASKED("refusal", 12, 5, "\"way\":\"direct\",\"host\":\"2001:db8::7\",\"port\":22,\"reason\":\"no-rule\","
	      "\"layers_said\":[\"global pass\",\"action unmatched web\"],\"count\":10")
	OVER(13, 5, 11, "\"status\":\"failed\",\"why\":\"nobody answers there\",\"duration\":20000000")
	OVER(14, 5, 6, "\"status\":\"refused\",\"why\":\"the TLS name is evil.example\",\"address\":\"203.0.113.2:443\",\"sent\":517,\"received\":0,\"duration\":900")
	ASKED("refusal", 15, 5, "\"way\":\"http\",\"host\":\"c.example\",\"port\":80,\"method\":\"POST\",\"path\":\"/\\u001b]0;x\\u0007\\u202e\","
	      "\"reason\":\"rule-refuses\",\"rule\":\"web:no\",\"why\":\"be\\u001b[2Jcause\"")
	"{\"kind\":\"refusal\",\"n\":16,\"run\":5," TIME ",\"action\":\"net.resolve\",\"way\":\"dns\",\"host\":\"d.example\",\"reason\":\"no-rule\"}\n"
	ASKED("refusal", 17, 5, "\"way\":\"socks\",\"resource\":\"\\u009b1m?\",\"reason\":\"bad-connect\",\"why\":\"not SOCKS 5\"")
	ASKED("intent", 18, 5, "\"way\":\"unix\",\"scheme\":\"unix\",\"path\":\"/run/db/.s.5432\"," ALLOWED);

static void feed(struct net_log *l, const char *text)
{
	scoped(mem) char *copy = strdup(text);
	char *rest = copy, *line;

	assert_non_null(copy);
	while ((line = strsep(&rest, "\n"))) {
		scoped(json) json_t *record = *line ? json_loads(line, 0, NULL) : NULL;

		assert_true(record || !*line);
		if (record)
			net_log_take(l, record);
	}
}

/* What is printed, as a text that the caller frees. */
static char *printed(const struct net_log *l, bool refused, bool json)
{
	FILE *to = tmpfile();
	int out = dup(STDOUT_FILENO);
	struct err e = { 0 };
	char *text;
	long size;

	fflush(stdout);
	dup2(fileno(to), STDOUT_FILENO);
	if (json)
		assert_int_equal(net_log_json(l, refused, &e), 0);
	else
		net_log_print(l, refused);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	size = lseek(fileno(to), 0, SEEK_END);
	text = calloc(1, (size_t)size + 1);
	assert_int_equal(pread(fileno(to), text, (size_t)size, 0), size);
	fclose(to);
	return text;
}

static void connections_of_one_run(void **state)
{
	static const struct {
		uint64_t wanted, run;
		size_t count;
		bool over;
	} rows[] = { { 1, 1, 1, true }, { 5, 5, 7, false }, { 0, 7, 1, false }, { 3, 0, 0, false } };
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		struct net_log l = { .wanted = rows[i].wanted };

		feed(&l, records);
		assert_int_equal(l.run, rows[i].run);
		assert_int_equal(l.count, rows[i].count);
		assert_int_equal(l.over, rows[i].over);
		net_log_free(&l);
	}
}

static const char table[] =
	"UTC       verdict way       to\n"
	"09:30:01  refuse  connect   a.example:443\n"
	"          203.0.113.2:443, 517 B sent, 0 B received, 0.9 ms, web:docs\n"
	"          the TLS name is evil.example\n"
	"09:30:01  failed  inspected b.example:443 GET /x\n"
	"          20 s, web:docs\n"
	"          nobody answers there\n"
	"09:30:01  refuse  direct    [2001:db8::7]:22\n"
	"          no-rule, 10 times so far; this rule in web.json would allow it:\n"
	"{\"id\":\"2001-db8--7-22\",\"then\":\"allow\",\"when\":{\"host\":\"2001:db8::7\",\"port\":22}}\n"
	"09:30:01  refuse  http      c.example:80 POST /\\x1b]0;x\\x07\\u{202e}\n"
	"          web:no; no other rule can allow it\n"
	"          be\\x1b[2Jcause\n"
	"09:30:01  refuse  dns       d.example\n"
	"          no-rule; this rule would allow it:\n"
	"{\"id\":\"d.example\",\"then\":\"allow\",\"when\":{\"host\":\"d.example\"}}\n"
	"09:30:01  refuse  socks     \\x9b1m?\n"
	"          bad-connect\n"
	"          not SOCKS 5\n"
	"09:30:01  allow   unix      /run/db/.s.5432\n"
	"          not ended yet, web:docs\n"
	"\n"
	"1 allowed, 5 refused, 1 failed; 517 B sent, 0 B received\n";

static void the_table(void **state)
{
	struct net_log l = { .wanted = 5 };
	scoped(mem) char *all = NULL, *refused = NULL;

	(void)state;
	feed(&l, records);
	all = printed(&l, false, false);
	assert_string_equal(all, table);
	refused = printed(&l, true, false);
	assert_null(strstr(refused, "allow   "));
	assert_null(strstr(refused, "failed  inspected"));
	assert_non_null(strstr(refused, "refuse  connect   a.example:443"));
	net_log_free(&l);
}

static void nothing_to_show(void **state)
{
	struct net_log l = { .wanted = 1 };
	scoped(mem) char *none = NULL, *yet = NULL;

	(void)state;
	feed(&l, RUN(1));
	yet = printed(&l, false, false);
	assert_string_equal(yet, "run 1 asked for no connection yet\n");
	feed(&l, CLOSE(2, 1));
	none = printed(&l, false, false);
	assert_string_equal(none, "run 1 asked for no connection\n");
	net_log_free(&l);
}

static void objects(void **state)
{
	struct net_log l = { .wanted = 5 };
	scoped(mem) char *text = NULL;
	char *rest, *line;
	size_t lines = 0, smallest = 0;

	(void)state;
	feed(&l, records);
	text = printed(&l, false, true);
	for (rest = text; (line = strsep(&rest, "\n")) && *line; lines++) {
		scoped(json) json_t *one = json_loads(line, 0, NULL);

		assert_non_null(one);
		assert_null(strchr(line, 0x1b));
		assert_true(*json_text(one, "verdict") && *json_text(one, "way"));
		smallest += json_is_object(json_object_get(json_object_get(one, "smallest"), "when"));
		if (json_integer_value(json_object_get(one, "n")) == 6)
			assert_string_equal(json_text(one, "why"), "the TLS name is evil.example");
	}
	assert_int_equal(lines, 7);
	assert_int_equal(smallest, 2);
	net_log_free(&l);
}

/* Whatever a host or path holds, and however long: a line holds it, and nothing but what is seen. */
static void any_text_fits(void **state)
{
	static const char *const bits[] = { "a", "\x1b", "\x7f", "\xc2\x9b", "\xe2\x80\xae", "\xe4\xb8\xad", "\n", "\\", "\"", "%s" };
	char path[400], where[53];
	uint64_t seed = 5;
	size_t i, j, at;

	(void)state;
	for (i = 0; i < 2000; i++) {
		for (j = 0, path[0] = '\0'; j < i % 90; j++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			strcat(path, bits[(seed >> 33) % count_of(bits)]);
		}
		scoped(json) json_t *asked = json_pack("{s:s,s:i,s:s,s:s}", "host", "h.example", "port", 80, "method", "GET", "path", path);
		const struct net_seen s = { .asked = asked };

		net_log_where(where, sizeof(where), &s);
		assert_true(strlen(where) < sizeof(where));
		for (at = 0; where[at]; at++)
			assert_true((unsigned char)where[at] >= 0x20 && where[at] != 0x7f);
		assert_true(text_is_utf8(where, strlen(where)));
		assert_null(strstr(where, "\xc2\x9b"));
		assert_null(strstr(where, "\xe2\x80\xae"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_of_one_run), cmocka_unit_test(the_table), cmocka_unit_test(nothing_to_show),
		cmocka_unit_test(objects), cmocka_unit_test(any_text_fits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
