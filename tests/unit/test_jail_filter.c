/* The agent's program, run here by hand over every number there is: what the kernel would answer. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "jail/filter.h"

enum { NUMBERS = 1024 };

#ifdef __x86_64__
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif

/* The five instructions the program is made of; anything else fails the test. */
static uint32_t answer(const struct filter *f, uint32_t arch, uint32_t number)
{
	uint32_t held = 0;
	size_t at;

	for (at = 0; at < f->count; at++) {
		const struct sock_filter *i = &f->code[at];

		if (i->code == (BPF_RET | BPF_K))
			return i->k;
		if (i->code == (BPF_LD | BPF_W | BPF_ABS))
			held = i->k == offsetof(struct seccomp_data, arch) ? arch : number;
		else if (i->code == (BPF_JMP | BPF_JEQ | BPF_K))
			at += held == i->k ? i->jt : i->jf;
		else if (i->code == (BPF_JMP | BPF_JGE | BPF_K))
			at += held >= i->k ? i->jt : i->jf;
		else
			fail_msg("instruction %zu is none the program may hold", at);
	}
	fail_msg("the program runs off its end");
	return 0;
}

static uint32_t expected(uint32_t number)
{
	static const struct {
		int call;
		int error;
	} table[] = {
#define AGENT(name, because) { SCMP_SYS(name), 0 },
#define REFUSE(name, error, because) { SCMP_SYS(name), error },
#include "jail/agent.def"
#undef AGENT
#undef REFUSE
	};
	size_t i;

	for (i = 0; i < count_of(table); i++)
		if (table[i].call == (int)number)
			return table[i].error ? SECCOMP_RET_ERRNO | (uint32_t)table[i].error : SECCOMP_RET_ALLOW;
	return SECCOMP_RET_ERRNO | ENOSYS;
}

static void test_every_number(void **state)
{
	scoped(filter) struct filter f = { 0 };
	struct err e = { .kind = ERR_NONE };
	uint32_t number;

	(void)state;
	assert_int_equal(filter_agent(&f, &e), 0);
	assert_true(f.count < BPF_MAXINSNS);
	for (number = 0; number < NUMBERS; number++) {
		assert_int_equal(answer(&f, NATIVE, number), expected(number));
		assert_int_equal(answer(&f, NATIVE, number | 0x40000000), SECCOMP_RET_ERRNO | ENOSYS);
		assert_int_equal(answer(&f, AUDIT_ARCH_I386, number), SECCOMP_RET_ERRNO | ENOSYS);
	}
	assert_int_equal(answer(&f, NATIVE, UINT32_MAX), SECCOMP_RET_ERRNO | ENOSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_number),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
