/* Names and numbers of calls, for who reads lists and for who writes records. */
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jail/jail.h"

#ifndef __X32_SYSCALL_BIT
#define __X32_SYSCALL_BIT 0x40000000
#endif

static const struct {
	const char *name;
	int call;
} newer[] = {
#define NEWER(name, number) { #name, number },
#include "jail/newer.def"
#undef NEWER
};

int jail_call_number(const char *name)
{
	int call = seccomp_syscall_resolve_name(name);
	size_t i;

	if (call == __NR_SCMP_ERROR)
		for (i = 0; i < count_of(newer); i++)
			if (strcmp(newer[i].name, name) == 0)
				return newer[i].call;
	/* The library numbers calls of other architectures below zero. */
	return call < 0 ? -1 : call;
}

/* x32 has no number of its own among AUDIT_ARCH_*: it is a bit in the call's. */
static uint32_t table_of(uint32_t arch, int call)
{
	if (arch == AUDIT_ARCH_X86_64 && ((uint32_t)call & __X32_SYSCALL_BIT))
		return SCMP_ARCH_X32;
	return arch;
}

static const char *newer_name(int call)
{
	size_t i;

	for (i = 0; i < count_of(newer); i++)
		if (newer[i].call == call)
			return newer[i].name;
	return NULL;
}

void jail_call_name(char out[JAIL_CALL_NAME], uint32_t arch, int call)
{
	const uint32_t table = table_of(arch, call);
	char *known = seccomp_syscall_resolve_num_arch(table, call);
	const char *name = known;

	if (!name && table == seccomp_arch_native())
		name = newer_name(call);
	if (name)
		snprintf(out, JAIL_CALL_NAME, "%s", name);
	else
		snprintf(out, JAIL_CALL_NAME, "%d", call);
	free(known);
}

const char *jail_arch_word(uint32_t arch, int call)
{
	static const struct {
		uint32_t arch;
		const char *word;
	} words[] = {
		{ SCMP_ARCH_X86_64, "x86_64" },	  { SCMP_ARCH_X32, "x32" },
		{ SCMP_ARCH_X86, "i386" },	  { SCMP_ARCH_AARCH64, "aarch64" },
		{ SCMP_ARCH_ARM, "arm" },
	};
	size_t i;

	for (i = 0; i < count_of(words); i++)
		if (words[i].arch == table_of(arch, call))
			return words[i].word;
	return "unknown";
}
