/*
 * tests/tools/receipts.c - how many receipts a second a recorder gives to so many callers.
 *
 *   receipts SOCKET CALLERS RECEIPTS     prints "RECEIPTS_A_SECOND"
 *
 * A caller has an intent recorded, then its outcome, then the next intent. At most 64 of them share a
 * broker's connection, and what they have to say at the same time goes in one message, as a broker's does.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "wire/wire.h"

enum { SHARE = 64, CONNECTIONS = 16, TAGS = 2 * SHARE };

/* What each record in flight is: an intent, or an outcome; by its tag. And what is to be sent next. */
struct broker {
	struct wire wire;
	uint64_t tag, closes[SHARE];	/* the queue: 0 an intent, else the outcome of that one */
	size_t queued;
	enum record_kind flying[TAGS];
};

static void give_up(const char *what)
{
	fprintf(stderr, "receipts: %s\n", what);
	exit(3);
}

static int dial(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		give_up("no connection");
	return fd;
}

static void hear(struct wire *w, struct msg *m)
{
	struct err e = { .kind = ERR_NONE };

	if (wire_receive(w, m, true, &e) != WIRE_MESSAGE || m->type == MSG_HALT)
		give_up("the recorder ended or has no room");
}

/* Opens a run; its launcher's connection stays open until we end. */
static void attach(struct broker *b, const char *path, struct msg *m)
{
	struct wire launcher = { .fd = dial(path), .me = ROLE_LAUNCHER, .peer = ROLE_RECORDER };
	struct wire broker = { .fd = dial(path), .me = ROLE_LAUNCHER, .peer = ROLE_RECORDER };
	struct record r = { .kind = RECORD_RUN };
	struct err e = { .kind = ERR_NONE };
	uint64_t run;

	record_text(&r, FIELD_AGENT, "receipts");
	if (wire_send_record(&launcher, MSG_OPEN, 1, &r, &e) < 0)
		give_up(e.text);
	hear(&launcher, m);
	run = unpack_number(&(struct unpack){ .at = m->body, .left = m->size }, 8);
	if (wire_send_u64(&broker, MSG_ATTACH, 1, run, &e) < 0)
		give_up(e.text);
	hear(&broker, m);
	b->wire = (struct wire){ .fd = broker.fd, .me = ROLE_BROKER, .peer = ROLE_RECORDER, .now = PHASE_RUNNING };
}

static void add(struct pack *p, struct broker *b, uint64_t closes, uint64_t tag)
{
	struct record r = { .kind = closes ? RECORD_OUTCOME : RECORD_INTENT, .ref = closes };
	uint8_t packed[RECORD_MOST];

	record_text(&r, FIELD_ACTION, closes ? NULL : "tool.call");
	record_text(&r, FIELD_DIGEST, "sha256:0f2ef7e9f93000000000000000000000000000000000000000000000000000000");
	record_text(&r, FIELD_STATUS, closes ? "ok" : NULL);
	record_text(&r, FIELD_TOOL, closes ? NULL : "read_file");
	b->flying[tag % TAGS] = r.kind;
	pack_text(p, (const char *)packed, record_pack(packed, &r));
}

static void flush(struct broker *b)
{
	struct err e = { .kind = ERR_NONE };
	uint8_t body[WIRE_COMMIT];
	size_t sent = 0, i;

	while (sent < b->queued) {
		struct pack p = { .at = body, .room = sizeof(body) };
		uint64_t first = b->tag + 1;

		for (i = 0; i < WIRE_RECORDS && sent < b->queued; i++)
			add(&p, b, b->closes[sent++], ++b->tag);
		if (wire_send(&b->wire, MSG_COMMIT, first, body, p.size, NULL, 0, &e) < 0)
			give_up(e.text);
	}
	b->queued = 0;
}

static size_t take(struct broker *b, struct msg *m)
{
	struct unpack u = { .at = m->body, .left = m->size };
	size_t count = 0;

	for (; u.left > 0; count++) {
		uint64_t index = unpack_number(&u, 8);

		b->closes[b->queued++] = b->flying[(m->tag + count) % TAGS] == RECORD_INTENT ? index : 0;
	}
	return count;
}

static size_t serve(struct broker *b, struct msg *m)
{
	struct err e = { .kind = ERR_NONE };
	size_t count = 0;
	int got;

	while ((got = wire_receive(&b->wire, m, false, &e)) == WIRE_MESSAGE)
		count += take(b, m);
	if (got != WIRE_LATER)
		give_up("the recorder ended");
	flush(b);
	return count;
}

/* Who has one thing to say at a time waits for the one answer. */
static size_t serve_one(struct broker *b, struct msg *m)
{
	size_t count;

	hear(&b->wire, m);
	count = take(b, m);
	flush(b);
	return count;
}

int main(int argc, char **argv)
{
	static struct broker brokers[CONNECTIONS];
	static struct msg m;
	size_t callers, most, i, n, count, done = 0;
	struct pollfd polls[CONNECTIONS];
	struct timespec from, to;

	if (argc != 4)
		return 2;
	callers = strtoul(argv[2], NULL, 10);
	most = strtoul(argv[3], NULL, 10);
	count = (callers + SHARE - 1) / SHARE;
	if (callers == 0 || count > CONNECTIONS)
		return 2;
	for (i = 0; i < count; i++)
		attach(&brokers[i], argv[1], &m);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (i = 0; i < count; i++) {
		n = i + 1 < count ? SHARE : callers - i * SHARE;
		memset(brokers[i].closes, 0, sizeof(brokers[i].closes));
		brokers[i].queued = n;
		flush(&brokers[i]);
		polls[i] = (struct pollfd){ .fd = brokers[i].wire.fd, .events = POLLIN };
	}
	while (callers == 1 && done < most)
		done += serve_one(&brokers[0], &m);
	while (done < most) {
		if (poll(polls, count, 10000) <= 0)
			give_up("no receipt for ten seconds");
		for (i = 0; i < count; i++)
			if (polls[i].revents)
				done += serve(&brokers[i], &m);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%.0f\n", (double)done / ((double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9));
	return 0;
}
