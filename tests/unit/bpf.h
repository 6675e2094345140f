/* tests/unit/bpf.h - a seccomp program run by hand: what the kernel would answer. */
#ifndef TESTS_UNIT_BPF_H
#define TESTS_UNIT_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"

/* 0 (which kills a thread, and no program here means) is also what a malformed program gives. */
static inline uint32_t bpf_answer(const struct sock_filter *code, size_t count, const struct seccomp_data *d)
{
	uint32_t a = 0, k;
	size_t at;
	int yes;

	for (at = 0; at < count; at++) {
		k = code[at].k;
		switch (code[at].code) {
		case BPF_RET | BPF_K:
			return k;
		case BPF_LD | BPF_W | BPF_ABS:
			if (k % 4 || k + 4 > sizeof(*d))
				return 0;
			memcpy(&a, (const char *)d + k, 4);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= k;
			continue;
		case BPF_JMP | BPF_JA:
			at += k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = a > k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = (a & k) != 0;
			break;
		default:
			return 0;
		}
		at += yes ? code[at].jt : code[at].jf;
	}
	return 0;
}

#endif
