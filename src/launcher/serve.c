/*
 * What the broker asks for. It names the receipt of the intent; we check the request against the
 * operator's tool file, and hand back descriptors. Arguments pass through as opaque words: nothing
 * here looks inside them.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/under.h"
#include "launcher/run.h"

enum { EXEC_VALUES = 64 };

/*
 * The courier's first line, before the broker has the way in: where to, and as whom. It fits into an empty pipe,
 * whose other end is still ours, so nobody is waited for.
 */
static int tell_courier(const struct run *r, size_t server, int to, struct err *e)
{
	struct buf words = BUF(COURIER_WORDS + 1);
	int done;

	if (tools_server_kind(r->ask->tools, server) != TOOLS_URL)
		return 0;
	done = tools_courier_words(&words, r->ask->tools, server, r->ask->secrets, e);
	if (done == 0)
		done = fd_write_all(to, words.data, words.size, e);
	if (words.data)
		explicit_bzero(words.data, words.room);
	buf_free(&words);
	return done;
}

/* Taken as late as can be: what is started is what was looked at. */
static int pack_parts(struct pack *to, const struct run *r, size_t server, const struct jail_plan *plan,
		      struct err *e)
{
	struct tools_life life;
	struct parts *parts;
	size_t i;
	int done;

	tools_server_life(&life, r->ask->tools, server);
	if (life.unpinned || tools_server_kind(r->ask->tools, server) == TOOLS_EXEC)
		return 0;
	parts = calloc(1, sizeof(*parts));
	if (!parts)
		return err_sys(e, "memory for a program's parts");
	done = parts_find(parts, tools_server_url(r->ask->tools, server),
			  tools_server_from_workspace(r->ask->tools, server), plan, r->ask->place.workspace, e);
	for (i = 0; done == 0 && i < parts->count; i++) {
		pack_text(to, parts->at[i].name, strlen(parts->at[i].name));
		pack_text(to, parts->at[i].what, strlen(parts->at[i].what));
	}
	free(parts);
	return done == 0 && to->over ? err_set(e, ERR_LIMIT, "the names of its program's parts are too long") : done;
}

/* A plan's process with pipes on 0 and 1, or with `in` (a file) on 0; ours go to the broker. */
static int start_child(struct run *r, uint64_t tag, const struct jail_plan *plan, int in,
		       size_t server, struct err *e)
{
	int to[2] = { -1, -1 }, from[2] = { -1, -1 }, give[2], done = -1;
	uint8_t body[16384];
	struct pack parts = { .at = body, .room = sizeof(body) };

	if (pipe2(from, O_CLOEXEC) < 0 || pipe2(to, O_CLOEXEC) < 0)
		err_sys(e, "pipe");
	else
		done = pack_parts(&parts, r, server, plan, e);
	if (done == 0)
		done = tell_courier(r, server, to[1], e);
	if (done == 0)
		done = child_spawn(r, tag, plan, in >= 0 ? in : to[0], from[1], server, e);
	fd_close(&to[0]);
	fd_close(&from[1]);
	give[0] = to[1];
	give[1] = from[0];
	if (done == 0)
		done = wire_send(&r->broker, MSG_SPAWNED, tag, body, parts.size, give, 2, e);
	fd_close(&to[1]);
	fd_close(&from[0]);
	return done;
}

static bool is_server(const struct run *r, size_t server, bool exec)
{
	return server < tools_count(r->ask->tools) &&
	       (tools_server_kind(r->ask->tools, server) == TOOLS_EXEC) == exec;
}

/* Only our own message can be malformed: that ends the run. What fails in doing it is an answer. */
static int answer(struct run *r, uint64_t tag, int done, struct err *e)
{
	struct err why = *e;

	if (done == 0)
		return 0;
	*e = (struct err){ 0 };
	return wire_send_text(&r->broker, MSG_FAILED, tag, why.text, e);
}

static int serve_spawn(struct run *r, struct err *e)
{
	struct unpack u = { .at = r->msg.body, .left = r->msg.size };
	uint64_t receipt = unpack_number(&u, 8), server = unpack_number(&u, 2);
	struct jail_plan plan = { 0 };
	int done;

	if (!unpack_done(&u) || receipt <= r->index || !is_server(r, server, false))
		return err_set(e, ERR_PEER, "SPAWN of what is no tool server");
	done = tools_server_plan(&plan, r->ask->tools, server, r->ask->secrets, r->ask->profile, &r->ask->place,
				 e);
	if (done == 0)
		done = start_child(r, r->msg.tag, &plan, -1, server, e);
	jail_plan_free(&plan);
	return answer(r, r->msg.tag, done, e);
}

/* Every value as a C string of our own; absent ones NULL. `room` holds the bytes. */
static bool read_values(struct unpack *u, const char *values[EXEC_VALUES], size_t count, char *room)
{
	size_t i, size = 0;
	const char *text;

	for (i = 0; i < count; i++) {
		values[i] = NULL;
		if (unpack_number(u, 1) == 0)
			continue;
		text = unpack_text(u, &size);
		if (!text || memchr(text, '\0', size))
			return false;
		values[i] = memcpy(room, text, size);
		room[size] = '\0';
		room += size + 1;
	}
	return unpack_done(u);
}

static int exec_tool(struct run *r, size_t server, size_t tool, const char *const *values,
		     size_t count, struct err *e)
{
	struct jail_plan plan = { 0 };
	const char *text = NULL;
	scoped(fd) int in = -1;
	int done;

	done = tools_exec_plan(&plan, &text, r->ask->tools, server, tool, values, count,
			       r->ask->secrets, r->ask->profile, &r->ask->place, e);
	if (done == 0)
		done = fd_of_bytes(&in, "stdin", text ? text : "", text ? strlen(text) : 0, e);
	if (done == 0)
		done = start_child(r, r->msg.tag, &plan, in, server, e);
	jail_plan_free(&plan);
	return answer(r, r->msg.tag, done, e);
}

/* A relative path is one of the workspace only to who stands there; and a remote server has no path of ours. */
static bool means_what_is_judged(const struct run *r, size_t server, const char *path)
{
	const struct tools *t = r->ask->tools;

	return tools_server_in_workspace(t, server) ||
	       (path[0] == '/' && tools_server_kind(t, server) != TOOLS_URL);
}

/* What is not there is not beneath. */
static uint16_t ask_path(const struct run *r, size_t server, const char *root, const char *path)
{
	struct err ignored = { 0 };
	bool yes = false;

	if (!means_what_is_judged(r, server, path))
		return RESOLVE_NEVER;
	return path_under(&yes, r->workspace, root, path, &ignored) == 0 && yes;
}

/* 1: each path still lies where it did when the call was judged; 0: one does not, and `why` says which; -1: malformed. */
static int still_so(struct run *r, size_t server, struct unpack *u, struct err *why)
{
	uint64_t count = unpack_number(u, 2), answer, i;
	char root[PATH_MAX], path[PATH_MAX];

	for (i = 0; i < count; i++) {
		answer = unpack_number(u, 1);
		if (count > ACTION_FACTS || !unpack_copy(u, root, sizeof(root)) || !unpack_copy(u, path, sizeof(path)))
			return -1;
		if (why->kind == ERR_NONE && ask_path(r, server, root, path) != answer)
			err_set(why, ERR_INPUT, "%.120s does not lead any more where it did when the call was judged: ask again", path);
	}
	return u->bad ? -1 : why->kind == ERR_NONE;
}

static int serve_exec(struct run *r, struct err *e)
{
	struct unpack u = { .at = r->msg.body, .left = r->msg.size };
	uint64_t receipt = unpack_number(&u, 8), server = unpack_number(&u, 2), tool = unpack_number(&u, 2), count;
	scoped(mem) char *room = malloc(WIRE_MOST + EXEC_VALUES);
	const char *values[EXEC_VALUES];
	struct err why = { 0 };
	int so;

	if (!room)
		return err_sys(e, "memory for arguments");
	if (receipt <= r->index || !is_server(r, server, true))
		return err_set(e, ERR_PEER, "EXEC of what is no tool");
	so = still_so(r, server, &u, &why);
	count = unpack_number(&u, 2);
	if (so < 0 || count > EXEC_VALUES || !read_values(&u, values, count, room))
		return err_set(e, ERR_PEER, "malformed EXEC");
	if (so == 0)
		return wire_send_text(&r->broker, MSG_FAILED, r->msg.tag, why.text, e);
	return exec_tool(r, server, tool, values, count, e);
}

static int serve_resolve(struct run *r, struct err *e)
{
	struct unpack u = { .at = r->msg.body, .left = r->msg.size };
	uint64_t server = unpack_number(&u, 2);
	char root[4096], path[8192];
	uint16_t answer;

	if (server >= tools_count(r->ask->tools))
		return err_set(e, ERR_PEER, "RESOLVE for what is no tool server");
	if (!unpack_copy(&u, root, sizeof(root)) || !unpack_copy(&u, path, sizeof(path)) ||
	    !unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed RESOLVE");
	answer = ask_path(r, server, root, path);
	return wire_send(&r->broker, MSG_RESOLVED, r->msg.tag, &answer, 2, NULL, 0, e);
}

/* Not looked into: whoever asked for it reads it. */
static int serve_show(struct run *r, struct err *e)
{
	if (r->ask->show_fd <= 0)
		return err_set(e, ERR_PEER, "SHOW in a run that shows nothing");
	return fd_write_all(r->ask->show_fd, r->msg.body, r->msg.size, e);
}

static int serve_stop(struct run *r, struct err *e)
{
	(void)e;
	child_stop(r, r->msg.tag);
	return 0;
}

static int serve_done(struct run *r, struct err *e)
{
	struct unpack u = { .at = r->msg.body, .left = r->msg.size };

	if (!r->ending)
		return err_set(e, ERR_PEER, "DONE before END");
	r->unmade.refused = unpack_number(&u, 8);
	r->unmade.failed = unpack_number(&u, 8);
	if (!unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed DONE");
	r->done = true;
	return 0;
}

static const struct {
	enum msg_type type;
	int (*serve)(struct run *r, struct err *e);
} requests[] = {
	{ MSG_RESOLVE, serve_resolve }, { MSG_SPAWN, serve_spawn }, { MSG_EXEC, serve_exec },
	{ MSG_STOP, serve_stop },       { MSG_SHOW, serve_show }, { MSG_HOLDING, told_serve },
	{ MSG_ALERT, told_serve },
	{ MSG_ADOPTED, reload_answered },
	{ MSG_DONE, serve_done },
};

int serve_broker(struct run *r, struct err *e)
{
	int got = wire_receive(&r->broker, &r->msg, false, e);
	size_t i;

	if (got == WIRE_LATER)
		return 0;
	if (got == WIRE_CLOSED)
		return err_set(e, ERR_PEER, "the broker ended unexpectedly");
	if (got < 0)
		return err_in(e, "broker");
	for (i = 0; i < count_of(requests); i++)
		if (requests[i].type == r->msg.type)
			return requests[i].serve(r, e);
	return err_set(e, ERR_PEER, "%s from the broker", msg_name(r->msg.type));
}
