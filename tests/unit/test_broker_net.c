/* tests/unit/test_broker_net.c - connections, with the test as proxy, dialer, launcher and recorder. */
#include "broker_stage.h"

#include <sys/resource.h>

#include "wire/net.h"

const char policy_text[] = "";

static const char allows_x[] =
	"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":["
	"{\"id\":\"port\",\"then\":\"allow\",\"when\":{\"action\":\"net.connect\",\"args\":{\"/host\":{\"equal\":\"x.test\"},"
	"\"/port\":{\"in\":[80,443]}}}},"
	"{\"id\":\"get\",\"then\":\"allow\",\"when\":{\"action\":\"net.connect\",\"args\":{\"/method\":{\"equal\":\"GET\"},"
	"\"/path\":{\"prefix\":\"/v1/\"}}}},"
	"{\"id\":\"unix\",\"then\":\"allow\",\"when\":{\"action\":\"net.connect\",\"args\":{\"/path\":{\"equal\":\"/run/x.sock\"}}}},"
	"{\"id\":\"not\",\"then\":\"refuse\",\"when\":{\"action\":\"net.connect\",\"args\":{\"/host\":{\"equal\":\"bad.test\"}}},"
	"\"why\":\"it is bad\"},"
	"{\"id\":\"beneath\",\"then\":\"refuse\",\"when\":{\"action\":\"net.connect\",\"args\":{\"/path\":{\"under\":\"/run/w\"}}}}]}";
static const char allows_tools[] =
	"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":[{\"id\":\"all\",\"then\":\"allow\",\"when\":{\"tool\":\"*/*\"}}]}";

struct net_stage {
	pid_t pid;
	struct wire launcher, recorder, dialer, proxy[2];
	uint64_t index;
	struct stage records;	/* for its reading of COMMITs */
};

static void put(struct net_stage *s, enum msg_type t, const struct pack *body, int fd)
{
	struct err e = { 0 };

	must_ok(wire_send(&s->launcher, t, 0, body ? body->at : NULL, body ? body->size : 0, &fd, fd >= 0, &e), &e);
	if (fd >= 0)
		close(fd);
}

static void put_bytes(struct net_stage *s, enum msg_type t, const char *name, const void *bytes, size_t size)
{
	uint8_t body[64];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };
	int fd = -1;

	if (name)
		pack_text(&p, name, strlen(name));
	must_ok(fd_of_bytes(&fd, "bytes", bytes, size, &e), &e);
	put(s, t, &p, fd);
}

static void put_secret(struct net_stage *s, const char *secret)
{
	static const uint8_t key[INSPECT_KEY] = { 1 };
	struct buf prints = BUF(INSPECT_PRINTS);
	struct err e = { 0 };

	assert_true(inspect_prints_begin(&prints, key));
	must_ok(inspect_prints_add(&prints, "fs/token", secret, strlen(secret), &e), &e);
	put_bytes(s, MSG_SECRETS, NULL, prints.data, prints.size);
	buf_free(&prints);
}

static void put_kept(struct net_stage *s, const char *path)
{
	uint8_t body[64];
	struct pack p = { .at = body, .room = sizeof(body) };

	pack_number(&p, 0, 1);
	pack_text(&p, path, strlen(path));
	put(s, MSG_KEEP, &p, -1);
}

static struct wire channel(int *its, enum role me)
{
	struct err e = { 0 };
	int pair[2];

	must_ok(wire_pair(pair, &e), &e);
	*its = pair[1];
	return (struct wire){ pair[0], me, ROLE_BROKER, PHASE_RUNNING };
}

static void run_broker(struct net_stage *s, int its)
{
	struct err e = { 0 };
	int fd;

	s->pid = fork();
	if (s->pid != 0) {
		close(its);
		return;
	}
	for (fd = 3; fd < 64; fd++)
		if (fd != its)
			close(fd);
	if (broker_run(its, &e) < 0) {
		fprintf(stderr, "# %s\n", e.text);
		_exit(3);
	}
	_exit(0);
}

static struct net_stage *net_stage_new(const char *policy, const char *secret)
{
	struct pack run = { .at = (uint8_t[8]){ 7 }, .size = 8 };
	struct pack digest = { .at = (uint8_t[32]){ 0 }, .room = 32 };
	struct net_stage *s = calloc(1, sizeof(*s));
	int its, fd, i;

	pack_text(&digest, "sha256:policy", 13);
	s->index = 100;
	s->launcher = channel(&its, ROLE_LAUNCHER);
	s->launcher.now = PHASE_STARTING;
	run_broker(s, its);
	s->recorder = channel(&fd, ROLE_RECORDER);
	put(s, MSG_LEDGER, &run, fd);
	put_bytes(s, MSG_POLICY, "test", policy, strlen(policy));
	put_kept(s, "/var/kept");
	if (secret)
		put_secret(s, secret);
	for (i = 0; i < 2; i++) {
		s->proxy[i] = channel(&fd, ROLE_PROXY);
		put(s, MSG_CARRIER, NULL, fd);
	}
	s->dialer = channel(&fd, ROLE_DIALER);
	put(s, MSG_DIALER, NULL, fd);
	put(s, MSG_START, &digest, -1);
	s->records.recorder = s->recorder;
	hear(&s->records, &s->launcher, MSG_READY);
	s->launcher.now = PHASE_RUNNING;
	return s;
}

/* --- as the proxy --- */

static struct net_ask asks_for(enum net_way way, const char *host, unsigned port)
{
	struct net_ask a = { .way = way, .port = (uint16_t)port };

	snprintf(a.host, sizeof(a.host), "%s", host);
	return a;
}

static void ask_by(struct net_stage *s, int who, uint64_t tag, const struct net_ask *a)
{
	uint8_t body[16384];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };

	assert_true(net_ask_pack(&p, a));
	must_ok(wire_send(&s->proxy[who], MSG_ASK, tag, body, p.size, NULL, 0, &e), &e);
}

static void ask(struct net_stage *s, uint64_t tag, const char *host, unsigned port)
{
	struct net_ask a = asks_for(NET_BY_CONNECT, host, port);

	ask_by(s, 0, tag, &a);
}

static void over(struct net_stage *s, uint64_t tag, const char *status, const char *sni)
{
	struct net_over o = { .sent = 11, .received = 0 };
	uint8_t body[1024];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };

	snprintf(o.status, sizeof(o.status), "%s", status);
	snprintf(o.sni, sizeof(o.sni), "%s", sni);
	assert_true(net_over_pack(&p, &o));
	must_ok(wire_send(&s->proxy[0], MSG_OVER, tag, body, p.size, NULL, 0, &e), &e);
}

static void denied(struct net_stage *s, int who, uint64_t tag, enum net_no no, const char *part)
{
	struct msg *m = hear(&s->records, &s->proxy[who], MSG_DENIED);
	struct unpack u = { .at = m->body, .left = m->size };
	char text[512];

	assert_int_equal(m->tag, tag);
	assert_int_equal(unpack_number(&u, 1), no);
	unpack_number(&u, 2);
	assert_true(unpack_copy(&u, text, sizeof(text)) && unpack_done(&u));
	if (!strstr(text, part))
		fail_msg("the program was told: %s", text);
}

/* The other end of what was opened. */
static int opened(struct net_stage *s, uint64_t tag, const char *address)
{
	struct msg *m = hear(&s->records, &s->proxy[0], MSG_OPENED);
	struct unpack u = { .at = m->body, .left = m->size };
	char text[128];

	assert_int_equal(m->tag, tag);
	assert_true(unpack_copy(&u, text, sizeof(text)) && unpack_done(&u));
	assert_string_equal(text, address);
	return m->fds[0];
}

/* --- as the dialer --- */

struct dial {
	uint64_t tag, receipt;
	unsigned datagrams, port;
	char to[1100];
};

static struct dial dials(struct net_stage *s)
{
	struct msg *m = hear(&s->records, &s->dialer, MSG_DIAL);
	struct unpack u = { .at = m->body, .left = m->size };
	struct dial d = { .tag = m->tag, .receipt = unpack_number(&u, 8), .datagrams = (unsigned)unpack_number(&u, 1) };

	assert_true(unpack_copy(&u, d.to, sizeof(d.to)));
	d.port = (unsigned)unpack_number(&u, 2);
	assert_true(unpack_number(&u, 4) > 0);
	assert_true(unpack_done(&u));
	return d;
}

static void dialed(struct net_stage *s, uint64_t tag, int fd)
{
	uint8_t body[64];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };

	pack_text(&p, "203.0.113.7:443", 15);
	must_ok(wire_send(&s->dialer, MSG_DIALED, tag, body, p.size, &fd, 1, &e), &e);
}

static void unreached(struct net_stage *s, uint64_t tag, enum net_no no, const char *why)
{
	uint8_t body[512];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };

	pack_number(&p, no, 1);
	pack_number(&p, ECONNREFUSED, 2);
	pack_text(&p, why, strlen(why));
	must_ok(wire_send(&s->dialer, MSG_UNREACHED, tag, body, p.size, NULL, 0, &e), &e);
}

/* --- as the recorder --- */

static struct record next(struct net_stage *s, enum record_kind kind, uint64_t *tag)
{
	return recorded(&s->records, kind, tag);
}

static void prove(struct net_stage *s, uint64_t tag)
{
	struct err e = { 0 };

	must_ok(wire_send_u64(&s->recorder, MSG_RECEIPT, tag, ++s->index, &e), &e);
}

static void quiet(int fd)
{
	assert_false(readable(fd, QUIET_MS));
}

static void ended(struct net_stage *s, const char *status, const char *why)
{
	uint64_t tag;
	struct record r = next(s, RECORD_OUTCOME, &tag);

	assert_string_equal(said(&r, FIELD_STATUS), status);
	assert_non_null(strstr(said(&r, FIELD_WHY), why));
	prove(s, tag);
}

static void close_all(struct net_stage *s)
{
	close(s->launcher.fd);
	close(s->recorder.fd);
	close(s->dialer.fd);
	close(s->proxy[0].fd);
	close(s->proxy[1].fd);
}

static void leaves(struct net_stage *s, int expect)
{
	int status = 0;

	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), expect);
	close_all(s);
	free(s);
}

static void end_it(struct net_stage *s)
{
	struct err e = { 0 };

	must_ok(wire_send(&s->launcher, MSG_END, 0, NULL, 0, NULL, 0, &e), &e);
}

static void done(struct net_stage *s)
{
	hear(&s->records, &s->launcher, MSG_DONE);
	leaves(s, 0);
}

/* What it opened is the one thing that may still come after a peer misspoke. */
static void is_cut_off(struct net_stage *s)
{
	leaves(s, 3);
}

/* Proved up to the other end: its socket pair's own end. */
static int open_one(struct net_stage *s, uint64_t tag)
{
	uint64_t record;
	int pair[2], got;

	ask(s, tag, "x.test", 443);
	next(s, RECORD_INTENT, &record);
	prove(s, record);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	dialed(s, dials(s).tag, pair[1]);
	close(pair[1]);
	got = opened(s, tag, "203.0.113.7:443");
	close(got);
	return pair[0];
}

/* --- what holds --- */

static void an_intent_is_durable_before_it_is_dialed(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	uint64_t tag;
	struct record r;
	struct dial d;
	int pair[2], fd;
	char byte;

	(void)state;
	ask(s, 5, "x.test", 443);
	r = next(s, RECORD_INTENT, &tag);
	assert_string_equal(said(&r, FIELD_ACTION), "net.connect");
	assert_string_equal(said(&r, FIELD_SERVER), "net");
	assert_string_equal(said(&r, FIELD_TOOL), "x.test:443");
	assert_string_equal(said(&r, FIELD_RESOURCE), "x.test:443");
	assert_string_equal(said(&r, FIELD_HOST), "x.test");
	assert_string_equal(said(&r, FIELD_WAY), "connect");
	assert_string_equal(said(&r, FIELD_RULE), "test:port");
	assert_int_equal(r.value[FIELD_PORT].number, 443);
	assert_false(r.value[FIELD_PATH].set || r.value[FIELD_METHOD].set || r.value[FIELD_SCHEME].set);
	quiet(s->dialer.fd);
	quiet(s->proxy[0].fd);
	prove(s, tag);
	d = dials(s);
	assert_int_equal(d.receipt, s->index);
	assert_string_equal(d.to, "x.test");
	assert_int_equal(d.port, 443);
	assert_int_equal(d.datagrams, 0);
	quiet(s->proxy[0].fd);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	dialed(s, d.tag, pair[1]);
	close(pair[1]);
	fd = opened(s, 5, "203.0.113.7:443");
	assert_int_equal(write(fd, "y", 1), 1);
	assert_int_equal(read(pair[0], &byte, 1), 1);
	close(fd);
	assert_true(readable(pair[0], WAIT_MS));
	assert_int_equal(read(pair[0], &byte, 1), 0);	/* the broker keeps no end of it */
	over(s, 5, "ok", "x.test");
	r = next(s, RECORD_OUTCOME, &tag);
	assert_int_equal(r.ref, d.receipt);
	assert_string_equal(said(&r, FIELD_STATUS), "ok");
	assert_string_equal(said(&r, FIELD_ADDRESS), "203.0.113.7:443");
	assert_string_equal(said(&r, FIELD_SNI), "x.test");
	assert_int_equal(r.value[FIELD_SENT].number, 11);
	assert_true(r.value[FIELD_RECEIVED].set);
	assert_false(r.value[FIELD_HTTP].set);
	prove(s, tag);
	close(pair[0]);
	end_it(s);
	done(s);
}

static void a_refusal_is_durable_before_it_is_told(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	uint64_t tag;
	struct record r;

	(void)state;
	ask(s, 1, "y.test", 443);
	r = next(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_REASON), "no-rule");
	assert_string_equal(said(&r, FIELD_HOST), "y.test");
	quiet(s->proxy[0].fd);
	prove(s, tag);
	denied(s, 0, 1, NET_REFUSED, "To allow it: {\"id\":\"y.test-443\",\"then\":\"allow\",\"when\":"
				     "{\"host\":\"y.test\",\"port\":443}}");
	ask(s, 1, "bad.test", 1);
	r = next(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_RULE), "test:not");
	prove(s, tag);
	denied(s, 0, 1, NET_REFUSED, "reeve refused a connection to bad.test:1: rule test:not: it is bad.");
	ask(s, 1, "2001:db8::1", 22);
	r = next(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_TOOL), "[2001:db8::1]:22");
	prove(s, tag);
	denied(s, 0, 1, NET_REFUSED, "\"host\":\"2001:db8::1\",\"port\":22}}");
	quiet(s->dialer.fd);
	end_it(s);
	done(s);
}

/* Rules for tools are not for connections, whatever they are called. */
static void no_rule_for_tools_allows_it(void **state)
{
	struct net_stage *s = net_stage_new(allows_tools, NULL);
	struct net_ask a = asks_for(NET_BY_DNS, "x.test", 0);
	uint64_t tag;
	struct record r;

	(void)state;
	ask(s, 1, "x.test", 443);
	next(s, RECORD_REFUSAL, &tag);
	prove(s, tag);
	denied(s, 0, 1, NET_REFUSED, "no rule allows it");
	ask_by(s, 0, 1, &a);
	r = next(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_ACTION), "net.resolve");
	assert_string_equal(said(&r, FIELD_TOOL), "x.test");
	assert_string_equal(said(&r, FIELD_WAY), "dns");
	prove(s, tag);
	denied(s, 0, 1, NET_REFUSED, "x.test");
	end_it(s);
	done(s);
}

static void a_name_may_be_known(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	struct net_ask a = asks_for(NET_BY_DNS, "x.test", 0);
	struct msg *m;

	(void)state;
	ask_by(s, 1, 9, &a);
	m = hear(&s->records, &s->proxy[1], MSG_MAY);
	assert_int_equal(m->tag, 9);
	ask_by(s, 1, 9, &a);	/* its tag is free again */
	hear(&s->records, &s->proxy[1], MSG_MAY);
	quiet(s->recorder.fd);
	end_it(s);
	done(s);
}

/* Of a request its method and path are judged and kept, its query is judged alone. */
static void requests_are_judged_whole(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	struct net_ask a = asks_for(NET_INSPECTED, "y.test", 443);
	struct record r;
	uint64_t tag;
	int f;

	(void)state;
	strcpy(a.method, "GET");
	strcpy(a.scheme, "https");
	strcpy(a.path, "/v1/a\"\x01");
	strcpy(a.query, "q=notforrecords");
	strcpy(a.digest, "sha256:00");
	ask_by(s, 0, 1, &a);
	r = next(s, RECORD_INTENT, &tag);
	assert_string_equal(said(&r, FIELD_RULE), "test:get");
	assert_string_equal(said(&r, FIELD_METHOD), "GET");
	assert_string_equal(said(&r, FIELD_SCHEME), "https");
	assert_string_equal(said(&r, FIELD_PATH), "/v1/a\"\\x01");
	assert_string_equal(said(&r, FIELD_DIGEST), "sha256:00");
	for (f = 0; f < FIELDS; f++)
		assert_null(strstr(said(&r, (enum field)f), "notforrecords"));
	prove(s, tag);
	unreached(s, dials(s).tag, NET_UNREACHABLE, "nobody answers there");
	r = next(s, RECORD_OUTCOME, &tag);
	assert_string_equal(said(&r, FIELD_STATUS), "failed");
	assert_false(r.value[FIELD_SENT].set || r.value[FIELD_ADDRESS].set);
	prove(s, tag);
	denied(s, 0, 1, NET_UNREACHABLE, "reeve could not connect to y.test:443: nobody answers there");
	strcpy(a.path, "/v2/a");
	ask_by(s, 0, 1, &a);
	next(s, RECORD_REFUSAL, &tag);
	prove(s, tag);
	denied(s, 0, 1, NET_REFUSED, "\"method\":\"GET\"");
	end_it(s);
	done(s);
}

static void sockets_and_datagrams(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	struct net_ask a = asks_for(NET_BY_UDP, "x.test", 443);
	struct record r;
	struct dial d;
	uint64_t tag;

	(void)state;
	ask_by(s, 0, 1, &a);
	next(s, RECORD_INTENT, &tag);
	prove(s, tag);
	d = dials(s);
	assert_int_equal(d.datagrams, 1);
	unreached(s, d.tag, NET_PRIVATE, "its address is private");
	ended(s, "failed", "its address is private");
	denied(s, 0, 1, NET_PRIVATE, "private");
	a = asks_for(NET_BY_UNIX, "", 0);
	strcpy(a.path, "/run/x.sock");
	strcpy(a.scheme, "unix");
	ask_by(s, 0, 1, &a);
	r = next(s, RECORD_REFUSAL, &tag);	/* a rule asks where it lies, and nobody has looked */
	assert_string_equal(said(&r, FIELD_REASON), "undecidable");
	assert_string_equal(said(&r, FIELD_TOOL), "/run/x.sock");
	prove(s, tag);
	denied(s, 0, 1, NET_REFUSED, "where its path lies");
	end_it(s);
	done(s);
}

static void a_socket_is_dialed_by_its_path(void **state)
{
	static const char allows[] =
		"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":[{\"id\":\"u\",\"then\":\"allow\",\"when\":"
		"{\"action\":\"net.connect\",\"args\":{\"/path\":{\"equal\":\"/run/x.sock\"},\"/way\":{\"equal\":\"unix\"}}}}]}";
	struct net_stage *s = net_stage_new(allows, NULL);
	struct net_ask a = asks_for(NET_BY_UNIX, "", 0);
	struct dial d;
	uint64_t tag;

	(void)state;
	strcpy(a.path, "/run/x.sock");
	ask_by(s, 0, 1, &a);
	next(s, RECORD_INTENT, &tag);
	prove(s, tag);
	d = dials(s);
	assert_string_equal(d.to, "/run/x.sock");
	assert_int_equal(d.port, 0);
	end_it(s);
	ended(s, "unknown", "while it was being connected");
	done(s);
}

/* No rule reaches past a guard: not to a socket of reeve's own, nor to what makes somebody an administrator. */
static void guards_stand_under_every_policy(void **state)
{
	static const char allows[] =
		"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":[{\"id\":\"all\",\"then\":\"allow\",\"when\":"
		"{\"action\":\"net.connect\"}}]}";
	static const struct {
		enum net_way way;
		const char *method, *path, *guard;
	} rows[] = { { NET_BY_UNIX, "", "/var/kept/recorder.sock", "own-state" },
		     { NET_BY_UNIX, "", "/var/other.sock", NULL },
		     { NET_INSPECTED, "PUT", "/users/u/mfa/disable", "second-factor" },
		     { NET_INSPECTED, "POST", "/assign_role?62e90394-69f5-4237-9190-012177145e10", "admin-role" },
		     { NET_INSPECTED, "GET", "/how-to/assign_role?62e90394-69f5-4237-9190-012177145e10", NULL } };
	struct net_stage *s = net_stage_new(allows, NULL);
	struct record r;
	uint64_t tag;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		struct net_ask a = asks_for(rows[i].way, rows[i].way == NET_BY_UNIX ? "" : "x.test", rows[i].way == NET_BY_UNIX ? 0 : 443);

		strcpy(a.method, rows[i].method);
		snprintf(a.path, sizeof(a.path), "%.*s", (int)strcspn(rows[i].path, "?"), rows[i].path);
		if (strchr(rows[i].path, '?'))
			strcpy(a.query, strchr(rows[i].path, '?') + 1);
		ask_by(s, 0, i, &a);
		r = next(s, rows[i].guard ? RECORD_REFUSAL : RECORD_INTENT, &tag);
		assert_string_equal(said(&r, FIELD_GUARD), rows[i].guard ? rows[i].guard : "");
		prove(s, tag);
		if (rows[i].guard) {
			denied(s, 0, i, NET_REFUSED, "No agent may");
			continue;
		}
		unreached(s, dials(s).tag, NET_UNREACHABLE, "x");
		ended(s, "failed", "x");
		denied(s, 0, i, NET_UNREACHABLE, "x");
	}
	end_it(s);
	done(s);
}

static void what_cannot_be_read_is_refused(void **state)
{
	static const struct {
		const char *host;
		unsigned port;
		const char *fault, *says;
	} rows[] = { { "x.test", 443, "the Host line says another", "the Host line says another" },
		     { "", 443, "", "where to" },
		     { "x.test", 0, "", "no port 0" },
		     { "\xff.test", 443, "", "UTF-8" } };
	struct net_stage *s = net_stage_new(allows_x, NULL);
	struct record r;
	uint64_t tag;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		struct net_ask a = asks_for(NET_BY_HTTP, rows[i].host, rows[i].port);

		strcpy(a.fault, rows[i].fault);
		ask_by(s, 0, i, &a);
		r = next(s, RECORD_REFUSAL, &tag);
		assert_string_equal(said(&r, FIELD_REASON), "bad-connect");
		prove(s, tag);
		denied(s, 0, i, NET_BAD, rows[i].says);
	}
	end_it(s);
	done(s);
}

/* Wherever it stands, it does not leave; and no record holds it. */
static void no_secret_leaves(void **state)
{
	static const char secret[] = "hunter2-hunter2-hunter2";
	static const struct {
		const char *host, *path, *query, *fault;
		bool host_is_told;
	} rows[] = { { "hunter2-hunter2-hunter2.x.test", "", "", "", false },
		     { "x.test", "/v1/hunter2-hunter2-hunter2", "", "", true },
		     { "x.test", "/v1/", "k=aHVudGVyMi1odW50ZXIyLWh1bnRlcjI=", "", true },
		     { "x.test", "", "", "not a host: hunter2-hunter2-hunter2", true } };
	struct net_stage *s = net_stage_new(allows_x, secret);
	struct record r;
	uint64_t tag;
	size_t i;
	int f;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		struct net_ask a = asks_for(NET_BY_HTTP, rows[i].host, 443);

		strcpy(a.path, rows[i].path);
		strcpy(a.query, rows[i].query);
		strcpy(a.fault, rows[i].fault);
		ask_by(s, 0, i, &a);
		r = next(s, RECORD_REFUSAL, &tag);
		assert_string_equal(said(&r, FIELD_REASON), rows[i].fault[0] ? "bad-connect" : "held-secret");
		for (f = 0; f < FIELDS; f++)
			assert_null(strstr(said(&r, (enum field)f), "hunter2"));
		assert_string_equal(said(&r, FIELD_HOST), rows[i].host_is_told ? "x.test" : "");
		prove(s, tag);
		denied(s, 0, i, rows[i].fault[0] ? NET_BAD : NET_REFUSED, "secret");
	}
	quiet(s->dialer.fd);
	close(open_one(s, 70));
	over(s, 70, "refused", "hunter2-hunter2-hunter2.test");
	r = next(s, RECORD_OUTCOME, &tag);
	assert_string_equal(said(&r, FIELD_SNI), "[held by reeve]");
	prove(s, tag);
	end_it(s);
	done(s);
}

/* A thousand alike: the first is recorded before it is told, the 10th, the 100th, the 1000th; all are told. */
static void refusals_that_are_alike_are_counted(void **state)
{
	static const uint64_t due[] = { 0, 10, 100, 1000 };
	struct net_stage *s = net_stage_new(allows_x, NULL);
	size_t i, told = 0;
	struct record r;
	uint64_t tag;

	(void)state;
	for (i = 1; i <= 1005; i++) {
		ask(s, i, "y.test", 443);
		if (i == 1 || i == 10 || i == 100 || i == 1000) {
			r = next(s, RECORD_REFUSAL, &tag);
			assert_int_equal(r.value[FIELD_COUNT].number, due[told++]);
			quiet(s->proxy[0].fd);
			prove(s, tag);
		}
		denied(s, 0, i, NET_REFUSED, "y.test");
	}
	ask(s, 1, "y.test", 444);	/* this is another */
	r = next(s, RECORD_REFUSAL, &tag);
	assert_int_equal(r.value[FIELD_PORT].number, 444);
	prove(s, tag);
	denied(s, 0, 1, NET_REFUSED, "y.test:444");
	end_it(s);
	r = next(s, RECORD_REFUSAL, &tag);
	assert_int_equal(r.value[FIELD_COUNT].number, 1005);
	assert_string_equal(said(&r, FIELD_HOST), "y.test");
	prove(s, tag);
	done(s);
}

/* Nobody hears no before the first like it is recorded: with a recorder that stands still, nobody at all. */
static void the_like_of_what_is_not_recorded_waits(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	uint64_t tag, counted[2], i;
	struct record r;

	(void)state;
	ask(s, 1, "y.test", 443);
	r = next(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_HOST), "y.test");
	for (i = 2; i < 10; i++)
		ask(s, i, "y.test", 443);
	quiet(s->proxy[0].fd);
	quiet(s->recorder.fd);
	prove(s, tag);
	for (i = 2; i < 10; i++)
		denied(s, 0, i, NET_REFUSED, "y.test");
	denied(s, 0, 1, NET_REFUSED, "y.test");
	ask(s, 1, "z.test", 443);
	next(s, RECORD_REFUSAL, &tag);
	ask(s, 2, "z.test", 443);
	quiet(s->proxy[0].fd);
	end_it(s);
	for (i = 0; i < 2; i++)		/* what was counted of both: it has heard of the end */
		next(s, RECORD_REFUSAL, &counted[i]);
	prove(s, tag);
	prove(s, counted[0]);
	prove(s, counted[1]);
	denied(s, 0, 1, NET_REFUSED, "z.test");
	done(s);
}

/* Those that are all different are recorded as fast as a disk likes it; then they are one kind. Nothing is lost. */
static void refusals_that_differ_cannot_flood_the_ledger(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	size_t i, records = 0, counted = 0, asked = 3000;
	char host[32];
	struct record r;
	uint64_t tag;

	(void)state;
	for (i = 1; i <= asked; i++) {
		snprintf(host, sizeof(host), "h%zu.test", i);
		ask(s, i, host, 443);
		while (!readable(s->proxy[0].fd, 0))
			if (readable(s->recorder.fd, 0)) {
				next(s, RECORD_REFUSAL, &tag);
				records++;
				prove(s, tag);
			}
		denied(s, 0, i, NET_REFUSED, host);
	}
	assert_true(records >= 256 && records < asked / 2);
	end_it(s);
	r = next(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_REASON), "flooding");
	counted = r.value[FIELD_COUNT].number;
	assert_true(counted + records >= asked);
	prove(s, tag);
	done(s);
}

/* What was said before the end is taken first; what is open may say how it went; what does not is unknown. */
static void the_end_closes_every_intent(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	int idle = open_one(s, 1), said_before = open_one(s, 2), says_late = open_one(s, 3);
	uint64_t intent, tag;
	struct record r;

	(void)state;
	ask(s, 4, "x.test", 443);	/* dialing */
	next(s, RECORD_INTENT, &tag);
	prove(s, tag);
	dials(s);
	ask(s, 5, "x.test", 80);	/* not proved yet */
	next(s, RECORD_INTENT, &intent);
	over(s, 2, "ok", "");
	end_it(s);
	ended(s, "ok", "");
	ended(s, "unknown", "while it was being connected");
	over(s, 3, "ok", "");
	ended(s, "ok", "");
	prove(s, intent);
	ended(s, "cancelled", "before it was connected");
	r = next(s, RECORD_OUTCOME, &tag);
	assert_string_equal(said(&r, FIELD_STATUS), "unknown");
	assert_string_equal(said(&r, FIELD_ADDRESS), "203.0.113.7:443");
	assert_false(r.value[FIELD_SENT].set);
	quiet(s->launcher.fd);	/* until that is durable */
	prove(s, tag);
	close(idle);
	close(said_before);
	close(says_late);
	done(s);
}

static void nothing_open_nothing_waited_for(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);

	(void)state;
	end_it(s);
	assert_true(readable(s->launcher.fd, 400));	/* the moment that open ones would have is longer */
	done(s);
}

/* --- peers that misspeak --- */

static void over_of_nothing(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);

	(void)state;
	over(s, 77, "ok", "");
	is_cut_off(s);
}

static void over_before_it_is_open(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	uint64_t tag;

	(void)state;
	ask(s, 1, "x.test", 443);
	next(s, RECORD_INTENT, &tag);
	over(s, 1, "ok", "");
	is_cut_off(s);
}

static void over_twice(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	int fd = open_one(s, 1);

	(void)state;
	over(s, 1, "ok", "");
	over(s, 1, "ok", "");
	close(fd);
	is_cut_off(s);
}

static void over_with_a_status_of_its_own(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	int fd = open_one(s, 1);

	(void)state;
	over(s, 1, "splendid", "");
	close(fd);
	is_cut_off(s);
}

static void a_tag_in_use(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	int fd = open_one(s, 1);

	(void)state;
	ask(s, 1, "x.test", 443);
	close(fd);
	is_cut_off(s);
}

/* Two carriers have tags of their own. */
static void tags_are_each_carriers_own(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	struct net_ask a = asks_for(NET_INSPECTED, "y.test", 443);
	int fd = open_one(s, 1);
	uint64_t tag;

	(void)state;
	ask_by(s, 1, 1, &a);
	next(s, RECORD_REFUSAL, &tag);
	prove(s, tag);
	denied(s, 1, 1, NET_REFUSED, "y.test");
	over(s, 1, "ok", "");
	ended(s, "ok", "");
	close(fd);
	end_it(s);
	done(s);
}

static void a_malformed_question(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	struct err e = { 0 };

	(void)state;
	must_ok(wire_send(&s->proxy[0], MSG_ASK, 1, "abc", 3, NULL, 0, &e), &e);
	is_cut_off(s);
}

static void an_answer_to_no_question(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);

	(void)state;
	unreached(s, 0, NET_UNREACHABLE, "x");
	is_cut_off(s);
}

static void an_answer_twice(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	uint64_t tag;
	struct dial d;

	(void)state;
	ask(s, 1, "x.test", 443);
	next(s, RECORD_INTENT, &tag);
	prove(s, tag);
	d = dials(s);
	unreached(s, d.tag, NET_UNREACHABLE, "x");
	unreached(s, d.tag, NET_UNREACHABLE, "x");
	is_cut_off(s);
}

/* An answer that was made up before the intent was durable opens nothing. */
static void an_answer_too_soon(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	uint64_t tag;

	(void)state;
	ask(s, 1, "x.test", 443);
	next(s, RECORD_INTENT, &tag);
	dialed(s, 0, 0);
	is_cut_off(s);
}

/* Its channel is gone: the launcher, who knows, ends the run; until then nothing is dialed for it. */
static void who_asked_has_gone(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	uint64_t tag;

	(void)state;
	ask(s, 1, "x.test", 443);
	next(s, RECORD_INTENT, &tag);
	shutdown(s->proxy[0].fd, SHUT_RDWR);
	close(s->proxy[0].fd);
	s->proxy[0].fd = dup(0);
	quiet(s->launcher.fd);
	prove(s, tag);
	ended(s, "cancelled", "");
	quiet(s->dialer.fd);
	end_it(s);
	done(s);
}

/* All that has come for the ledger. */
static size_t drain(struct net_stage *s)
{
	size_t count = 0;
	uint64_t tag;

	while (s->records.commits.left || readable(s->recorder.fd, 0)) {
		next_record(&s->records, &tag);
		prove(s, tag);
		count++;
	}
	return count;
}

/* More than may be at once: told so, recorded, and the others are as they were. Nobody waits for anybody. */
static void too_many_at_once(void **state)
{
	struct net_stage *s = net_stage_new(allows_x, NULL);
	size_t intents = 0, refusals = 0, opens = 0, busy = 0, closed = 0, i;
	struct pollfd p[] = { { .fd = s->proxy[0].fd, .events = POLLIN },
			      { .fd = s->recorder.fd, .events = POLLIN },
			      { .fd = s->dialer.fd, .events = POLLIN } };
	const size_t wanted = NET_CONNECTIONS + 300;
	struct record r;
	struct err e = { 0 };
	uint64_t tag;
	size_t asked = 0;

	(void)state;
	while (opens + busy < wanted) {
		if (asked < wanted && asked - opens - busy < 64)
			ask(s, ++asked, "x.test", 443);
		if (poll(p, 3, asked < wanted && asked - opens - busy < 64 ? 0 : WAIT_MS) <= 0)
			continue;
		if (p[1].revents)
			do {
				r = next_record(&s->records, &tag);
				intents += r.kind == RECORD_INTENT;
				refusals += r.kind == RECORD_REFUSAL;
				prove(s, tag);
			} while (s->records.commits.left);
		if (p[2].revents)
			dialed(s, dials(s).tag, 0);
		if (!p[0].revents)
			continue;
		must_ok(wire_receive(&s->proxy[0], &s->records.msg, true, &e), &e);
		opens += s->records.msg.type == MSG_OPENED;
		busy += s->records.msg.type == MSG_DENIED;
		msg_drop(&s->records.msg);
	}
	assert_true(intents > NET_CONNECTIONS - 8 && intents <= NET_CONNECTIONS + 8);
	assert_int_equal(opens, intents);
	assert_true(refusals >= 2 && refusals < 8);
	p[0].events = POLLOUT;
	for (i = 1; i <= opens; i++) {
		while (closed += drain(s), assert_true(poll(p, 2, WAIT_MS) > 0), !(p[0].revents & POLLOUT))
			;	/* we are its recorder, too */
		over(s, i, "ok", "");
	}
	p[0].events = POLLIN;
	end_it(s);
	p[0].fd = s->launcher.fd;
	while (assert_true(poll(p, 2, WAIT_MS) > 0), !p[0].revents) /* DONE: it has all its receipts, and goes */
		closed += drain(s);
	assert_true(closed >= opens && closed <= opens + 1);	/* and a refusal's count */
	done(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_intent_is_durable_before_it_is_dialed),
		cmocka_unit_test(a_refusal_is_durable_before_it_is_told),
		cmocka_unit_test(no_rule_for_tools_allows_it),
		cmocka_unit_test(a_name_may_be_known),
		cmocka_unit_test(requests_are_judged_whole),
		cmocka_unit_test(sockets_and_datagrams),
		cmocka_unit_test(a_socket_is_dialed_by_its_path),
		cmocka_unit_test(guards_stand_under_every_policy),
		cmocka_unit_test(what_cannot_be_read_is_refused),
		cmocka_unit_test(no_secret_leaves),
		cmocka_unit_test(refusals_that_are_alike_are_counted),
		cmocka_unit_test(the_like_of_what_is_not_recorded_waits),
		cmocka_unit_test(refusals_that_differ_cannot_flood_the_ledger),
		cmocka_unit_test(the_end_closes_every_intent),
		cmocka_unit_test(nothing_open_nothing_waited_for),
		cmocka_unit_test(over_of_nothing),
		cmocka_unit_test(over_before_it_is_open),
		cmocka_unit_test(over_twice),
		cmocka_unit_test(over_with_a_status_of_its_own),
		cmocka_unit_test(a_tag_in_use),
		cmocka_unit_test(tags_are_each_carriers_own),
		cmocka_unit_test(a_malformed_question),
		cmocka_unit_test(an_answer_to_no_question),
		cmocka_unit_test(an_answer_twice),
		cmocka_unit_test(an_answer_too_soon),
		cmocka_unit_test(who_asked_has_gone),
		cmocka_unit_test(too_many_at_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
