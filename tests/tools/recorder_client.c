/*
 * recorder_client SOCKET - a launcher and a broker in one, for tests/run/ledger-*.sh. One word a line
 * on stdin, one line of answer each: open, attach, intent, refusal, outcome N, pair N (that outcome and
 * an intent in one message, as a broker sends them: two lines), bent N (a COMMIT that no broker sends),
 * genesis, burst N, until-halt, hear (what the launcher is told unasked), close; keep CLASS (a payload, and its record);
 * and as the ledger's owner rotate, reveal N (its payload), destroy CLASS (the payloads of today and before).
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "wire/wire.h"

struct tool {
	struct wire launcher, broker, owner;
	struct msg msg;
	struct unpack more;	/* receipts that came with the last one */
	uint8_t more_room[WIRE_RECORDS * 8];
	uint64_t run, tag;
};

static int dial(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
		puts("no connection");
		exit(1);
	}
	return fd;
}

/* The next answer on this channel, as a word and a number or a text. */
static uint64_t answer(struct tool *t, struct wire *w, bool print)
{
	struct err e = { .kind = ERR_NONE };
	struct unpack u;
	uint64_t number;
	char text[256];

	if (w == &t->broker && t->more.left > 0) {
		number = unpack_number(&t->more, 8);
		if (print)
			printf("%s %" PRIu64 "\n", msg_name(MSG_RECEIPT), number);
		return number;
	}
	if (wire_receive(w, &t->msg, true, &e) != WIRE_MESSAGE) {
		puts("gone");
		t->msg.type = MSG_HALT;
		return 0;
	}
	u = (struct unpack){ .at = t->msg.body, .left = t->msg.size };
	if (t->msg.type == MSG_HALT) {
		printf("HALT %s\n", unpack_copy(&u, text, sizeof(text)) ? text : "?");
		return 0;
	}
	number = unpack_number(&u, 8);
	if (print)
		printf("%s %" PRIu64 "\n", msg_name(t->msg.type), number);
	if (t->msg.type == MSG_RECEIPT) {
		memcpy(t->more_room, u.at, u.left);
		t->more = (struct unpack){ .at = t->more_room, .left = u.left };
	}
	return number;
}

static struct record made(enum record_kind kind, uint64_t ref)
{
	struct record r = { .kind = kind, .ref = ref };

	record_text(&r, FIELD_AGENT, kind == RECORD_RUN ? "tester" : NULL);
	record_text(&r, FIELD_TOOL, kind == RECORD_INTENT ? "read_file" : NULL);
	record_text(&r, FIELD_SERVER, kind == RECORD_INTENT ? "fs" : NULL);
	record_text(&r, FIELD_RESOURCE, kind == RECORD_INTENT ? "a \"quoted\"\n\x1b[31mname" : NULL);
	record_text(&r, FIELD_WHY, kind == RECORD_REFUSAL ? "no rule allows it" : NULL);
	record_text(&r, FIELD_STATUS, kind == RECORD_OUTCOME || kind == RECORD_CLOSE ? "ok" : NULL);
	return r;
}

static void add_record(struct pack *p, enum record_kind kind, uint64_t ref)
{
	struct record r = made(kind, ref);
	uint8_t packed[RECORD_MOST];

	pack_text(p, (const char *)packed, record_pack(packed, &r));
}

static void send_record(struct wire *w, enum msg_type type, uint64_t tag, enum record_kind kind, uint64_t ref)
{
	struct record r = made(kind, ref);
	struct err e = { .kind = ERR_NONE };
	uint8_t body[RECORD_MOST + 4];
	struct pack p = { .at = body, .room = sizeof(body) };

	if (type != MSG_COMMIT && wire_send_record(w, type, tag, &r, &e) < 0)
		return;	/* the answer will say "gone" */
	if (type != MSG_COMMIT)
		return;
	add_record(&p, kind, ref);
	if (wire_send(w, type, tag, body, p.size, NULL, 0, &e) < 0)
		return;
}

/* 0: nothing in it; 1: a record that says it is longer; 2: 33 of them; 3: half a size; 4: one of no bytes. */
static void bent(struct tool *t, uint64_t how)
{
	static const size_t records[] = { 0, 1, WIRE_RECORDS + 1, 1, 1 };
	struct err e = { .kind = ERR_NONE };
	uint8_t body[WIRE_COMMIT];
	struct pack p = { .at = body, .room = sizeof(body) };
	size_t i;

	for (i = 0; i < records[how]; i++)
		add_record(&p, RECORD_REFUSAL, 0);
	p.size -= how == 1;
	if (how == 3)
		pack_number(&p, 0, 2);
	if (how == 4)
		pack_text(&p, "", 0);
	if (wire_send(&t->broker, MSG_COMMIT, ++t->tag, body, p.size, NULL, 0, &e) == 0)
		answer(t, &t->broker, true);
	answer(t, &t->broker, true);
}

static void pair(struct tool *t, uint64_t intent)
{
	struct err e = { .kind = ERR_NONE };
	uint8_t body[2 * RECORD_MOST];
	struct pack p = { .at = body, .room = sizeof(body) };

	add_record(&p, RECORD_OUTCOME, intent);
	add_record(&p, RECORD_INTENT, 0);
	if (wire_send(&t->broker, MSG_COMMIT, t->tag + 1, body, p.size, NULL, 0, &e) == 0)
		t->tag += 2;
	answer(t, &t->broker, true);
	answer(t, &t->broker, true);
}

/* At most 64 unanswered at a time, as a broker keeps it. */
static void window(struct tool *t, uint64_t count)
{
	uint64_t i, n;

	for (i = 0; i < count; i++)
		send_record(&t->broker, MSG_COMMIT, ++t->tag, RECORD_INTENT, 0);
	for (i = 0; i < count; i++) {
		n = answer(t, &t->broker, false);
		send_record(&t->broker, MSG_COMMIT, ++t->tag, RECORD_OUTCOME, n);
	}
	for (i = 0; i < count; i++)
		answer(t, &t->broker, false);
}

static void burst(struct tool *t, uint64_t count)
{
	uint64_t left = count;

	for (; left > 0; left -= left < 32 ? left : 32)
		window(t, left < 32 ? left : 32);
	printf("burst %" PRIu64 "\n", count);
}

/* Intents, one after the other and never closed by us, until the launcher is told to stop. */
static void until_halt(struct tool *t)
{
	struct pollfd both[] = { { .fd = t->launcher.fd, .events = POLLIN },
				 { .fd = t->broker.fd, .events = POLLIN } };
	uint64_t n, done = 0;

	for (;; done++) {
		send_record(&t->broker, MSG_COMMIT, ++t->tag, RECORD_INTENT, 0);
		if (poll(both, 2, 10000) <= 0 || both[0].revents)
			break;
		n = answer(t, &t->broker, false);
		send_record(&t->broker, MSG_COMMIT, ++t->tag, RECORD_OUTCOME, n);
		answer(t, &t->broker, false);
	}
	both[1].revents = 0;
	if (poll(both + 1, 1, 0) != 0)
		printf("an intent got a receipt after HALT; ");
	answer(t, &t->launcher, done > 0);
}

static void attach(struct tool *t, const char *path)
{
	struct wire fresh = { .fd = dial(path), .me = ROLE_LAUNCHER, .peer = ROLE_RECORDER };
	struct err e = { .kind = ERR_NONE };

	if (wire_send_u64(&fresh, MSG_ATTACH, 1, t->run, &e) == 0)
		answer(t, &fresh, true);
	t->broker = (struct wire){ .fd = fresh.fd, .me = ROLE_BROKER, .peer = ROLE_RECORDER, .now = PHASE_RUNNING };
}

static void commit(struct tool *t, enum record_kind kind, uint64_t ref)
{
	send_record(&t->broker, MSG_COMMIT, ++t->tag, kind, ref);
	answer(t, &t->broker, true);
}

static void keep(struct tool *t, const char *class)
{
	struct record r = made(RECORD_REFUSAL, 0);
	struct err e = { .kind = ERR_NONE };
	uint8_t packed[RECORD_MOST], body[RECORD_MOST + 4];
	struct pack p = { .at = body, .room = sizeof(body) };

	record_text(&r, FIELD_RETENTION, class);
	pack_text(&p, (const char *)packed, record_pack(packed, &r));
	if (wire_send(&t->broker, MSG_PAYLOAD, ++t->tag, class, strlen(class), NULL, 0, &e) == 0 &&
	    wire_send(&t->broker, MSG_COMMIT, t->tag, body, p.size, NULL, 0, &e) == 0)
		answer(t, &t->broker, true);
}

/* Said by whoever owns the ledger, on a connection of their own. */
static void own(struct tool *t, const char *path, enum msg_type type, const struct pack *p, bool print)
{
	struct err e = { .kind = ERR_NONE };

	if (t->owner.me != ROLE_REVIEWER) {
		t->owner = (struct wire){ .fd = dial(path), .me = ROLE_LAUNCHER, .peer = ROLE_RECORDER };
		if (wire_send(&t->owner, MSG_LOOK, 0, NULL, 0, NULL, 0, &e) < 0)
			return;
		t->owner.me = ROLE_REVIEWER;
		t->owner.now = PHASE_RUNNING;
	}
	if (wire_send(&t->owner, type, ++t->tag, p->at, p->size, NULL, 0, &e) == 0)
		answer(t, &t->owner, print);
}

static void reveal(struct tool *t, const char *path, uint64_t index)
{
	uint8_t body[64];
	struct pack p = { .at = body, .room = sizeof(body) };

	pack_number(&p, index, 8);
	pack_number(&p, index, 8);
	pack_text(&p, "test", 4);
	own(t, path, MSG_REVEAL, &p, false);
	if (t->msg.type == MSG_REVEALED)
		printf("REVEALED %u\n", ((const uint8_t *)t->msg.body)[0]);
	while (t->msg.type == MSG_PIECE || (t->msg.type == MSG_REVEALED && ((const uint8_t *)t->msg.body)[0] != 3))
		answer(t, &t->owner, false);
}

static void destroy(struct tool *t, const char *path, const char *class)
{
	uint8_t body[128];
	struct pack p = { .at = body, .room = sizeof(body) };
	char today[16];
	time_t now = time(NULL);

	strftime(today, sizeof(today), "%Y-%m-%d", gmtime(&now));
	pack_number(&p, 0, 1);
	pack_text(&p, class, strlen(class));
	pack_text(&p, "", 0);
	pack_text(&p, today, strlen(today));
	pack_text(&p, "test", 4);
	own(t, path, MSG_DESTROY, &p, true);
}

static void act(struct tool *t, const char *path, const char *word, const char *operand, uint64_t number)
{
	if (strcmp(word, "open") == 0) {
		send_record(&t->launcher, MSG_OPEN, 1, RECORD_RUN, 0);
		t->run = answer(t, &t->launcher, true);
	} else if (strcmp(word, "attach") == 0) {
		attach(t, path);
	} else if (strcmp(word, "intent") == 0) {
		commit(t, RECORD_INTENT, 0);
	} else if (strcmp(word, "refusal") == 0) {
		commit(t, RECORD_REFUSAL, 0);
	} else if (strcmp(word, "outcome") == 0) {
		commit(t, RECORD_OUTCOME, number);
	} else if (strcmp(word, "pair") == 0) {
		pair(t, number);
	} else if (strcmp(word, "bent") == 0) {
		bent(t, number);
	} else if (strcmp(word, "genesis") == 0) {
		commit(t, RECORD_GENESIS, 0);
	} else if (strcmp(word, "burst") == 0) {
		burst(t, number);
	} else if (strcmp(word, "until-halt") == 0) {
		until_halt(t);
	} else if (strcmp(word, "hear") == 0) {
		answer(t, &t->launcher, true);
	} else if (strcmp(word, "keep") == 0) {
		keep(t, operand);
	} else if (strcmp(word, "rotate") == 0) {
		own(t, path, MSG_ROTATE, &(struct pack){ .size = 0 }, true);
	} else if (strcmp(word, "reveal") == 0) {
		reveal(t, path, number);
	} else if (strcmp(word, "destroy") == 0) {
		destroy(t, path, operand);
	} else if (strcmp(word, "close") == 0) {
		send_record(&t->launcher, MSG_CLOSE, 2, RECORD_CLOSE, 0);
		answer(t, &t->launcher, true);
	} else {
		puts("unknown word");
	}
}

int main(int argc, char **argv)
{
	static struct tool t;
	char line[128], word[64], operand[64];

	if (argc != 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	t.launcher = (struct wire){ .fd = dial(argv[1]), .me = ROLE_LAUNCHER, .peer = ROLE_RECORDER };
	while (fgets(line, sizeof(line), stdin)) {
		operand[0] = '\0';
		if (sscanf(line, "%63s %63s", word, operand) >= 1)
			act(&t, argv[1], word, operand, strtoull(operand, NULL, 10));
	}
	return 0;
}
