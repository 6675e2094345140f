/* OCI seccomp files: held against another reading of them, and what is wrong with a file is told with its place. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpf.h"
#include "jail/calls.h"
#include "profile/profile.h"

#define DEBIAN "/usr/share/containers/seccomp.json"

#ifdef __x86_64__
#define GOARCH "amd64"
#else
#define GOARCH "arm64"
#endif

static const struct oci_host kernel = { .major = 6, .minor = 1 };

/* Theirs alone, then with ours behind; told to a listener or not. */
struct programs {
	struct filter alone, told, ours;
};

static void compile(struct programs *p, const struct jail_calls *calls)
{
	const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct filter_want want = { .asks = true, .own_net = true, .theirs = true };
	struct sock_filter *ours = calloc(FILTER_LONGEST, sizeof(*ours));
	struct err e = { .kind = ERR_NONE };
	size_t count = filter_agent(ours, &want);

	p->ours = (struct filter){ .code = ours, .count = count };
	assert_int_equal(calls_compile(&p->alone, calls, &allow, 1, false, &e), 0);
	assert_int_equal(calls_compile(&p->told, calls, ours, count, true, &e), 0);
	assert_true(p->told.count <= BPF_MAXINSNS);
}

static uint32_t expected(const char *word)
{
	if (strcmp(word, "allow") == 0)
		return SECCOMP_RET_ALLOW;
	if (strcmp(word, "kill") == 0)
		return SECCOMP_RET_KILL_PROCESS;
	if (strcmp(word, "trap") == 0)
		return SECCOMP_RET_TRAP;
	return SECCOMP_RET_ERRNO | (uint32_t)atoi(word);
}

static uint32_t run(const struct filter *f, const struct seccomp_data *d)
{
	return bpf_answer(f->code, f->count, d);
}

static void check_probe(const struct programs *p, const struct jail_calls *calls, const struct seccomp_data *d,
			const char *name, const char *word)
{
	const uint32_t want = expected(word), alone = run(&p->alone, d), told = run(&p->told, d);

	if (alone != want)
		fail_msg("%s %llx %llx %llx: %x, not %s", name, (unsigned long long)d->args[0],
			 (unsigned long long)d->args[1], (unsigned long long)d->args[2], alone, word);
	if (want == SECCOMP_RET_ALLOW) {
		assert_int_equal(told, run(&p->ours, d));
		assert_int_equal(calls_errno(calls, d), 0);
	} else if ((want & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO) {
		assert_int_equal(told, SECCOMP_RET_USER_NOTIF);
		assert_int_equal(calls_errno(calls, d), want & SECCOMP_RET_DATA);
	} else {
		assert_int_equal(told, want);
	}
}

/* Foreign entry never reaches the file's list: ours refuses it whatever that says. */
static void check_foreign(const struct programs *p, const struct seccomp_data *d)
{
	struct seccomp_data other = *d;

	other.nr = (int)((uint32_t)d->nr | FILTER_FOREIGN);
	assert_int_equal(run(&p->told, &other), SECCOMP_RET_USER_NOTIF);
	other.nr = d->nr;
	other.arch = AUDIT_ARCH_I386;
	assert_int_equal(run(&p->told, &other), SECCOMP_RET_USER_NOTIF);
}

/* How many probes agreed. */
static size_t compare_with(const char *path)
{
	struct oci *o = NULL;
	struct err e = { .kind = ERR_NONE };
	struct programs p = { 0 };
	char line[512], name[64], word[16];
	unsigned long long a[6];
	size_t count = 0, i;
	FILE *other;

	if (oci_load(&o, path, &kernel, &e) < 0)
		fail_msg("%s", e.text);
	compile(&p, oci_calls(o));
	snprintf(line, sizeof(line), "python3 tests/oci/read.py %s %u.%u " GOARCH, path, kernel.major, kernel.minor);
	other = popen(line, "r");
	assert_non_null(other);
	while (fgets(line, sizeof(line), other)) {
		struct seccomp_data d = { .arch = FILTER_NATIVE, .nr = 999 };

		assert_int_equal(sscanf(line, "%63s %15s %llu %llu %llu %llu %llu %llu", name, word, a, a + 1, a + 2,
					a + 3, a + 4, a + 5),
				 8);
		if (strcmp(name, "default") != 0)
			d.nr = jail_call_number(name);
		if (d.nr < 0)
			continue;
		for (i = 0; i < 6; i++)
			d.args[i] = a[i];
		check_probe(&p, oci_calls(o), &d, name, word);
		check_foreign(&p, &d);
		count++;
	}
	assert_int_equal(pclose(other), 0);
	leave_filter(&p.alone);
	leave_filter(&p.told);
	leave_filter(&p.ours);
	oci_free(o);
	return count;
}

static void test_every_member(void **state)
{
	(void)state;
	assert_true(compare_with("tests/oci/every.json") > 900);
}

static void test_debians_own(void **state)
{
	(void)state;
	if (access(DEBIAN, R_OK) < 0) {
		print_message("# %s is not there: contrib/need check installs it\n", DEBIAN);
		skip();
	}
	assert_true(compare_with(DEBIAN) > 400);
}

/* The number of a name is what a program here uses, also for calls younger than the library. */
static void test_numbers(void **state)
{
	char name[JAIL_CALL_NAME];

	(void)state;
	assert_int_equal(jail_call_number("fchmodat2"), 452);
	assert_int_equal(jail_call_number("mseal"), 462);
	assert_int_equal(jail_call_number("_llseek"), -1);
	assert_int_equal(jail_call_number("no_such_call"), -1);
	jail_call_name(name, FILTER_NATIVE, 452);
	assert_string_equal(name, "fchmodat2");
	jail_call_name(name, AUDIT_ARCH_I386, 120);
	assert_string_equal(name, "clone");
	jail_call_name(name, FILTER_NATIVE, 5555);
	assert_string_equal(name, "5555");
	assert_string_equal(jail_arch_word(AUDIT_ARCH_I386, 1), "i386");
#ifdef __x86_64__
	assert_string_equal(jail_arch_word(AUDIT_ARCH_X86_64, 0x40000000 | 39), "x32");
	jail_call_name(name, AUDIT_ARCH_X86_64, 0x40000000 | 39);
	assert_string_equal(name, "getpid");
#endif
}

#define ENTRY(text) "{ \"defaultAction\": \"SCMP_ACT_ERRNO\",\n \"syscalls\": [ { " text " } ] }"
#define READ "\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\""

static const struct {
	const char *what, *text, *expect;
} wrong[] = {
	{ "no JSON", "{", ":1:2: expected a member name" },
	{ "no object", "[]", ":1:1: expected an object" },
	{ "no default", "{}", ":1:1: expected a member \"defaultAction\"" },
	{ "an unknown member", "{ \"defaultAction\": \"SCMP_ACT_ALLOW\",\n \"sycalls\": [] }", ":2:2: unknown member" },
	{ "a listener", "{ \"defaultAction\": \"SCMP_ACT_ALLOW\",\n\"listenerPath\": \"/x\" }", ":2:1: unknown member" },
	{ "an unknown default", "{ \"defaultAction\": \"ALLOW\" }", ":1:20: expected an action" },
	{ "a default errno of nothing", "{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 0 }",
	  ":1:57: expected an errno from 1" },
	{ "both words for architectures",
	  "{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_ARM\"],\n\"archMap\": "
	  "[{\"architecture\": \"SCMP_ARCH_ARM\"}] }",
	  ":2:12: expected \"architectures\" or \"archMap\"" },
	{ "an unknown architecture",
	  "{ \"defaultAction\": \"SCMP_ACT_ALLOW\",\n \"architectures\": [ \"SCMP_ARCH_X86_46\" ] }",
	  ":2:21: expected a word such as" },
	{ "an unknown part of a map",
	  "{ \"defaultAction\": \"SCMP_ACT_ALLOW\",\n \"archMap\": [ { \"architecture\": \"SCMP_ARCH_ARM\", \"sub\": 1 } ] }",
	  ":2:50: unknown member" },
	{ "an unknown flag", "{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": [\n\"X\" ] }",
	  ":2:1: expected a word such as" },
	{ "no names", ENTRY("\"action\": \"SCMP_ACT_ALLOW\""), ":2:16: expected \"names\", found none" },
	{ "name and names", ENTRY(READ ", \"name\": \"write\""), ":2:16: expected \"names\" or \"name\"" },
	{ "a number as a name", ENTRY("\"names\": [ 3 ], \"action\": \"SCMP_ACT_ALLOW\""),
	  ":2:29: expected a string" },
	{ "no action", ENTRY("\"names\": [\"read\"]"), ":2:16: expected a member \"action\"" },
	{ "an unknown action", ENTRY("\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALOW\""),
	  ":2:47: expected an action" },
	{ "somebody to notify", ENTRY("\"names\": [\"read\"], \"action\": \"SCMP_ACT_NOTIFY\""),
	  ":2:47: SCMP_ACT_NOTIFY needs a listener" },
	{ "an errno beyond all", ENTRY(READ ", \"errnoRet\": 4096"), ":2:77: expected an errno from 1 to 4095" },
	{ "a negative errno", ENTRY(READ ", \"errnoRet\": -1"), ":2:77: expected an errno" },
	{ "an errno without a name", ENTRY(READ ", \"errno\": \"EPREM\""), ":2:74: expected an errno such as" },
	{ "two errnos", ENTRY(READ ", \"errnoRet\": 1, \"errno\": \"ENOSYS\""), ":2:89: \"errno\" says ENOSYS" },
	{ "a word for an errno", ENTRY(READ ", \"errnoRet\": \"1\""), ":2:77: \"errnoRet\": expected an integer" },
	{ "conditions that are no list", ENTRY(READ ", \"args\": {}"), ":2:73: \"args\": expected an array" },
	{ "a condition without an operator", ENTRY(READ ", \"args\": [ { \"index\": 0, \"value\": 0 } ]"),
	  ":2:75: expected a member \"op\"" },
	{ "an unknown operator",
	  ENTRY(READ ", \"args\": [ { \"index\": 0, \"value\": 0, \"op\": \"EQ\" } ]"),
	  ":2:107: expected an operator" },
	{ "a seventh argument",
	  ENTRY(READ ", \"args\": [ { \"index\": 6, \"value\": 0, \"op\": \"SCMP_CMP_EQ\" } ]"),
	  ":2:86: expected a number from 0 to 5" },
	{ "a negative value",
	  ENTRY(READ ", \"args\": [ { \"index\": 0, \"value\": -1, \"op\": \"SCMP_CMP_EQ\" } ]"),
	  ":2:98: expected a number from 0" },
	{ "a value beyond a register",
	  ENTRY(READ ", \"args\": [ { \"index\": 0, \"value\": 18446744073709551616, \"op\": \"SCMP_CMP_EQ\" } ]"),
	  ":2:98: " },
	{ "an unknown condition's member",
	  ENTRY(READ ", \"args\": [ { \"index\": 0, \"value\": 0, \"op\": \"SCMP_CMP_EQ\", \"mask\": 0 } ]"),
	  ":2:122: unknown member" },
	{ "seven conditions",
	  ENTRY(READ ", \"args\": [ {\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":0,\"op\":"
		     "\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":0,\"op\":"
		     "\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":0,\"op\":"
		     "\"SCMP_CMP_EQ\"},\n{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_EQ\"} ]"),
	  ":3:1: expected at most 6" },
	{ "an unknown condition to apply", ENTRY(READ ", \"includes\": { \"cap\": [] }"), ":2:79: unknown member" },
	{ "capabilities that are no list", ENTRY(READ ", \"includes\": { \"caps\": \"CAP_X\" }"),
	  ":2:87: \"caps\": expected an array" },
	{ "a kernel that is none", ENTRY(READ ", \"excludes\": { \"minKernel\": \"new\" }"),
	  ":2:92: expected a kernel such as" },
	{ "a kernel with a tail", ENTRY(READ ", \"excludes\": { \"minKernel\": \"4.8x\" }"),
	  ":2:92: expected a kernel such as" },
	{ "a repeated member", "{ \"defaultAction\": \"SCMP_ACT_ALLOW\",\n \"defaultAction\": \"SCMP_ACT_KILL\" }", ":2:" },
};

static void test_wrong_files(void **state)
{
	char path[] = "/tmp/oci-XXXXXX";
	struct err e;
	struct oci *o;
	size_t i;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	for (i = 0; i < count_of(wrong); i++) {
		e = (struct err){ .kind = ERR_NONE };
		o = NULL;
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, wrong[i].text, strlen(wrong[i].text), 0), strlen(wrong[i].text));
		if (oci_load(&o, path, &kernel, &e) == 0 || o)
			fail_msg("%s: taken", wrong[i].what);
		if (strncmp(e.text, path, strlen(path)) != 0 || !strstr(e.text, wrong[i].expect))
			fail_msg("%s: \"%s\", not \"%s\"", wrong[i].what, e.text, wrong[i].expect);
	}
	close(fd);
	unlink(path);
}

/* A list that no kernel would take is refused before anything starts. */
static void test_too_long(void **state)
{
	char path[] = "/tmp/oci-XXXXXX";
	struct err e = { .kind = ERR_NONE };
	struct oci *o = NULL;
	FILE *f = fdopen(mkstemp(path), "w");
	int i;

	(void)state;
	assert_non_null(f);
	fprintf(f, "{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [");
	for (i = 0; i < 2000; i++)
		fprintf(f,
			"%s{ \"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [ { \"index\": 0, "
			"\"value\": %d, \"op\": \"SCMP_CMP_EQ\" } ] }\n",
			i ? "," : "", 2 * i);
	fprintf(f, "] }");
	fclose(f);
	assert_int_equal(oci_load(&o, path, &kernel, &e), -1);
	assert_non_null(strstr(e.text, "give it fewer conditions"));
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_member), cmocka_unit_test(test_debians_own),
		cmocka_unit_test(test_numbers),	     cmocka_unit_test(test_wrong_files),
		cmocka_unit_test(test_too_long),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
