/*
 * tests/fuzz/fuzz_inspector.c - the first byte chooses: a request's head, an answer cut in two, or a stream that is
 * searched. However it is cut, what comes out is the same, and no secret is in it.
 */
#include <string.h>

#include "inspector/inspector.h"

#define SECRET "secret/+42"
#define STANDS "[placeholder]"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void load(struct credentials *all)
{
	struct err e = { 0 };

	*all = (struct credentials){ .count = 0 };
	check(credential_add(all, "h", "n", STANDS, SECRET, strlen(SECRET), &e) == 0);
}

static void fuzz_request(const struct credentials *all, const char *bytes, size_t size)
{
	scoped(buf) struct buf out = BUF(64 << 10), put = BUF(64 << 10);
	struct egress_host host;
	struct egress_http r;
	struct net_ask ask;
	const char *why = NULL;

	check(egress_host(&host, "h", 1, false));
	if (egress_read_request(&r, &host, 443, 443, bytes, size, &why) != EGRESS_WHOLE) {
		check(why || size < EGRESS_HEAD);
		return;
	}
	check(r.size <= size && r.port == 443 && r.target.at[0] == '/');
	if (head_forward(&out, &ask, &r, true, &why) < 0)
		return;
	/* What is sent is one head, read as the same one. */
	check(egress_read_request(&r, &host, 443, 443, out.data, out.size, &why) == EGRESS_WHOLE && r.size == out.size);
	check(strlen(ask.method) == r.method.size && memcmp(ask.method, r.method.at, r.method.size) == 0);
	check(credential_put(&put, all, "h", out.data, out.size) && put.size + 4096 >= out.size);
	check(egress_read_request(&r, &host, 443, 443, put.data, put.size, &why) == EGRESS_WHOLE && r.size == put.size);
}

static void run_answer(const struct credentials *all, const char *host, const char *bytes, size_t size, size_t cut,
		       struct buf *out)
{
	scoped(buf) struct buf in = BUF(1 << 20);
	struct answer a;
	const char *why = NULL;
	enum egress_got got = EGRESS_MORE;
	size_t before;

	answer_begin(&a, all, host, false);
	buf_add(&in, bytes, cut);
	got = answer_take(&a, &in, false, out, &why);
	buf_add(&in, bytes + cut, size - cut);
	do {
		before = in.size;
		got = got == EGRESS_MORE ? answer_take(&a, &in, true, out, &why) : got;
	} while (got == EGRESS_MORE && in.size < before);
	check(got != EGRESS_BAD || why);
	answer_free(&a);
}

static void fuzz_answer(const struct credentials *all, const char *bytes, size_t size)
{
	scoped(buf) struct buf out = BUF(1 << 20), other = BUF(1 << 20);

	run_answer(all, "h", bytes, size, size / 2, &out);
	check(out.size == 0 || !memmem(out.data, out.size, SECRET, strlen(SECRET)));
	run_answer(all, "else", bytes, size, size / 2, &other);
}

static void fuzz_stream(const struct credentials *all, const char *bytes, size_t size)
{
	scoped(buf) struct buf whole = BUF(1 << 20), pieces = BUF(1 << 20);
	struct swap s;
	size_t i;

	swap_begin(&s, all, "h");
	check(swap_feed(&s, bytes, size, true, &whole));
	swap_end(&s);
	swap_begin(&s, all, "h");
	for (i = 0; i < size; i++)
		check(swap_feed(&s, bytes + i, 1, false, &pieces));
	check(swap_feed(&s, "", 0, true, &pieces));
	swap_end(&s);
	check(whole.size == pieces.size && (whole.size == 0 || memcmp(whole.data, pieces.data, whole.size) == 0));
	check(whole.size == 0 || !memmem(whole.data, whole.size, SECRET, strlen(SECRET)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(const struct credentials *, const char *, size_t) = { fuzz_request, fuzz_answer,
											   fuzz_stream };
	struct credentials all;

	if (size == 0 || size > 32 << 10)
		return 0;
	load(&all);
	readers[data[0] % count_of(readers)](&all, (const char *)data + 1, size - 1);
	credentials_free(&all);
	return 0;
}
