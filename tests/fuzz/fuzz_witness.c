/*
 * tests/fuzz/fuzz_witness.c - whatever the body: one answer, which is no cosignature, as none of these logs has signed
 * anything but the one checkpoint; and that only once, where it goes on from nothing.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "witness/witness.h"

/* The log of the checkpoints in the corpus: github.com/transparency-dev/witness, omniwitness. */
static const char logs[] = "log monkeys+db4d9f7e+AULaJMvTtDLHPUcUrjdDad9vDlh/PTfC2VV60JUtCfWT\n";

/* In memory alone: a folder that takes no file, so what would be cosigned is answered 500. */
static struct witness *stage(void)
{
	static struct witness w;
	static struct origin o = { .name = "monkeys", .file = "x", .served = true };
	struct err e;

	if (w.origins)
		return &w;
	if (seal_ready(&e) < 0 || trust_read(&w.logs, logs, sizeof(logs) - 1, &e) < 0)
		abort();
	w.folder = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	state_begin(&o.state);
	w.origins = &o;
	w.count = 1;
	return &w;
}

static const unsigned known[] = { 400, 403, 404, 409, 422, 500 };

static void judge(void (*by)(struct witness *w, struct answer *a, const char *body, size_t size), const char *body, size_t size)
{
	struct answer a = { .status = 0 };
	struct witness *w = stage();
	size_t i;

	by(w, &a, body, size);
	for (i = 0; i < count_of(known) && known[i] != a.status; i++)
		;
	if (i == count_of(known) || !a.type || strlen(a.text) == 0 || w->origins->state.size != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > WITNESS_BODY)
		return 0;
	judge(judge_checkpoint, (const char *)data, size);
	judge(judge_epoch, (const char *)data, size);
	return 0;
}
