/*
 * A list with conditions as a program. First runs of equal answers by number, as in filter.c; a call
 * with conditions jumps from there to a block of its own behind them. In a block the rules are tried in
 * order: each comparison that fails leads to the next rule, the last rule to the list's default. Within
 * one rule no jump is longer than 6 * 6 instructions, and JA reaches everything.
 */
#include "jail/calls.h"

#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "low halves of arguments come first");

enum { NUMBERS = 1024, CONDITIONS = -1000 };

/* Marks in a comparison until the places they mean are known. */
enum { NEXT = 0, HOLDS = 254, FAILS = 255 };

struct writer {
	struct sock_filter code[BPF_MAXINSNS - FILTER_LONGEST];
	size_t count;
	bool notify, over;
};

static bool compare_holds(const struct jail_compare *c, uint64_t arg)
{
	switch (c->op) {
	case JAIL_EQ:
		return arg == c->value;
	case JAIL_NE:
		return arg != c->value;
	case JAIL_LT:
		return arg < c->value;
	case JAIL_LE:
		return arg <= c->value;
	case JAIL_GT:
		return arg > c->value;
	case JAIL_GE:
		return arg >= c->value;
	case JAIL_MASKED_EQ:
		return (arg & c->value) == c->second;
	}
	return false;
}

int jail_calls_answer(const struct jail_calls *c, int call, const uint64_t args[6])
{
	const struct jail_rule *r;
	size_t i;

	for (r = c->rules; r < c->rules + c->count; r++) {
		if (r->call != call)
			continue;
		for (i = 0; i < r->compare_count; i++)
			if (!compare_holds(&r->compares[i], args[r->compares[i].arg]))
				break;
		if (i == r->compare_count)
			return r->error;
	}
	return c->otherwise;
}

static void put(struct writer *w, unsigned code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (w->count == count_of(w->code))
		w->over = true;
	else
		w->code[w->count++] =
			(struct sock_filter){ .code = (uint16_t)code, .jt = yes, .jf = no, .k = k };
}

static void put_answer(struct writer *w, int error)
{
	uint32_t value = SECCOMP_RET_ALLOW;

	if (error == JAIL_KILLS)
		value = SECCOMP_RET_KILL_PROCESS;
	else if (error == JAIL_TRAPS)
		value = SECCOMP_RET_TRAP;
	else if (error != 0)
		value = w->notify ? SECCOMP_RET_USER_NOTIF :
				    SECCOMP_RET_ERRNO | ((uint32_t)error & SECCOMP_RET_DATA);
	put(w, BPF_RET | BPF_K, value, 0, 0);
}

/* One half of the register, of which only the bits of the mask count. */
static void put_half(struct writer *w, const struct jail_compare *c, bool high, unsigned test, uint8_t yes,
		     uint8_t no)
{
	const uint64_t against = c->op == JAIL_MASKED_EQ ? c->second : c->value;
	const unsigned shift = high ? 32 : 0;

	put(w, BPF_LD | BPF_W | BPF_ABS,
	    (uint32_t)(offsetof(struct seccomp_data, args) + sizeof(uint64_t) * c->arg + (high ? 4 : 0)), 0, 0);
	if (c->op == JAIL_MASKED_EQ)
		put(w, BPF_ALU | BPF_AND | BPF_K, (uint32_t)(c->value >> shift), 0, 0);
	put(w, BPF_JMP | test | BPF_K, (uint32_t)(against >> shift), yes, no);
}

/* "Greater or equal" and "greater" of 64 bits; LT and LE are these with the two ends exchanged. */
static void put_order(struct writer *w, const struct jail_compare *c, unsigned test, uint8_t yes, uint8_t no)
{
	put_half(w, c, true, BPF_JGT, yes, NEXT);
	put(w, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(c->value >> 32), NEXT, no);
	put_half(w, c, false, test, yes, no);
}

static void put_compare(struct writer *w, const struct jail_compare *c)
{
	switch (c->op) {
	case JAIL_EQ:
	case JAIL_MASKED_EQ:
		put_half(w, c, true, BPF_JEQ, NEXT, FAILS);
		put_half(w, c, false, BPF_JEQ, HOLDS, FAILS);
		break;
	case JAIL_NE:
		put_half(w, c, true, BPF_JEQ, NEXT, HOLDS);
		put_half(w, c, false, BPF_JEQ, FAILS, HOLDS);
		break;
	case JAIL_GT:
		put_order(w, c, BPF_JGT, HOLDS, FAILS);
		break;
	case JAIL_GE:
		put_order(w, c, BPF_JGE, HOLDS, FAILS);
		break;
	case JAIL_LT:
		put_order(w, c, BPF_JGE, FAILS, HOLDS);
		break;
	case JAIL_LE:
		put_order(w, c, BPF_JGT, FAILS, HOLDS);
		break;
	}
}

/* Every mark of that kind between `from` and here now means `to`. */
static void resolve(struct writer *w, size_t from, uint8_t mark, size_t to)
{
	size_t i;

	for (i = from; i < w->count; i++) {
		if (BPF_CLASS(w->code[i].code) != BPF_JMP)
			continue;
		if (w->code[i].jt == mark)
			w->code[i].jt = (uint8_t)(to - i - 1);
		if (w->code[i].jf == mark)
			w->code[i].jf = (uint8_t)(to - i - 1);
	}
}

static void put_rule(struct writer *w, const struct jail_rule *r)
{
	size_t from = w->count, i, at;

	for (i = 0; i < r->compare_count; i++) {
		at = w->count;
		put_compare(w, &r->compares[i]);
		resolve(w, at, HOLDS, w->count);
	}
	put_answer(w, r->error);
	resolve(w, from, FAILS, w->count);
}

static void put_block(struct writer *w, const struct jail_calls *calls, int call)
{
	size_t i;

	for (i = 0; i < calls->count; i++) {
		if (calls->rules[i].call != call)
			continue;
		put_rule(w, &calls->rules[i]);
		if (calls->rules[i].compare_count == 0)
			return; /* nothing behind it is ever tried */
	}
	put_answer(w, calls->otherwise);
}

/* The answer of every number, or that it has conditions. From the last: the first of a call decides. */
static void fill_answers(int answers[NUMBERS], const struct jail_calls *calls)
{
	const struct jail_rule *r;
	size_t i;

	for (i = 0; i < NUMBERS; i++)
		answers[i] = calls->otherwise;
	for (r = calls->rules + calls->count; r-- > calls->rules;)
		if (r->call >= 0 && r->call < NUMBERS)
			answers[r->call] = r->compare_count ? CONDITIONS : r->error;
}

/* A call with conditions is a run of its own, whatever its neighbours are. */
static bool same_run(const int answers[NUMBERS], int a, int b)
{
	return answers[a] == answers[b] && answers[a] != CONDITIONS;
}

static void put_runs(struct writer *w, const struct jail_calls *calls, const int answers[NUMBERS])
{
	size_t jumps[NUMBERS] = { 0 };
	int call;

	for (call = 0; call < NUMBERS; call++) {
		if (call + 1 < NUMBERS && same_run(answers, call, call + 1))
			continue;
		put(w, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)call + 1, 1, 0);
		jumps[call] = w->count;
		if (answers[call] == CONDITIONS)
			put(w, BPF_JMP | BPF_JA, 0, 0, 0);
		else
			put_answer(w, answers[call]);
	}
	put_answer(w, calls->otherwise);
	for (call = 0; call < NUMBERS; call++) {
		if (answers[call] != CONDITIONS || w->over)
			continue;
		w->code[jumps[call]].k = (uint32_t)(w->count - jumps[call] - 1);
		put_block(w, calls, call);
	}
}

static int write_list(struct writer *w, const struct jail_calls *calls, bool notify, struct err *e)
{
	int answers[NUMBERS];

	w->notify = notify;
	/* What is not this architecture's own is not theirs to judge: behind this, ours refuses it. */
	put(w, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	put(w, BPF_JMP | BPF_JEQ | BPF_K, FILTER_NATIVE, 1, 0);
	put_answer(w, 0);
	put(w, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	put(w, BPF_JMP | BPF_JGE | BPF_K, FILTER_FOREIGN, 0, 1);
	put_answer(w, 0);
	fill_answers(answers, calls);
	put_runs(w, calls, answers);
	if (!w->over)
		return 0;
	return err_set(e, ERR_LIMIT,
		       "the list of calls needs more than the %d instructions a kernel takes: give it fewer "
		       "conditions",
		       BPF_MAXINSNS - FILTER_LONGEST);
}

int jail_calls_check(const struct jail_calls *calls, struct err *e)
{
	struct writer *w = calloc(1, sizeof(*w));
	int rc = w ? write_list(w, calls, true, e) : err_sys(e, "memory for a filter");

	free(w);
	return rc;
}

/* Theirs first, so that what it kills is killed; where it allows, ours decides. */
int calls_compile(struct filter *out, const struct jail_calls *calls, const struct sock_filter *ours,
		  size_t count, bool notify, struct err *e)
{
	struct writer *w = calloc(1, sizeof(*w));
	size_t i;

	if (!w)
		return err_sys(e, "memory for a filter");
	if (write_list(w, calls, notify, e) < 0) {
		free(w);
		return -1;
	}
	for (i = 0; i < w->count; i++)
		if (w->code[i].code == (BPF_RET | BPF_K) && w->code[i].k == SECCOMP_RET_ALLOW)
			w->code[i] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
								  (uint32_t)(w->count - i - 1));
	out->count = w->count + count;
	out->code = malloc(out->count * sizeof(*ours));
	if (out->code) {
		memcpy(out->code, w->code, w->count * sizeof(*ours));
		memcpy(out->code + w->count, ours, count * sizeof(*ours));
	}
	free(w);
	return out->code ? 0 : err_sys(e, "memory for a filter");
}

int calls_errno(const struct jail_calls *calls, const struct seccomp_data *d)
{
	uint64_t args[6];
	int answer;

	if (!calls || d->arch != FILTER_NATIVE || (uint32_t)d->nr >= FILTER_FOREIGN)
		return 0;
	memcpy(args, d->args, sizeof(args));
	answer = jail_calls_answer(calls, d->nr, args);
	return answer > 0 ? answer : 0;
}
