/* What a jail's init saw, as records: refused calls of the kernel and protected names. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "launcher/run.h"

enum { NOTES_MOST = 16, LAST_WORDS_MS = 2000, ANSWER_MS = 10000 };

/* Held back in init, which folds, rather than here: a flood costs its own jail and nobody else. */
bool events_ready(const struct run *r, const struct jail *j)
{
	return j->control >= 0 && !j->silent && r->notes < NOTES_MOST;
}

int note_send(struct run *r, const struct record *record, struct err *e)
{
	if (wire_send_record(&r->recorder, MSG_NOTE, 0, record, e) < 0)
		return -1;
	r->notes++;
	return 0;
}

/* Six registers, never what they point to: nobody has read that, and it may change meanwhile. */
static void add_args(struct buf *list, const uint64_t args[6])
{
	size_t i;

	for (i = 0; i < 6; i++) {
		buf_printf(list, "0x%" PRIx64, args[i]);
		buf_add(list, "", 1);
	}
}

static void name_call(struct record *out, const struct jail_event *seen, char name[JAIL_CALL_NAME])
{
	jail_call_name(name, seen->arch, seen->call);
	record_text(out, FIELD_CALL, name);
	record_text(out, FIELD_ARCH, jail_arch_word(seen->arch, seen->call));
	record_text(out, FIELD_ERRNO, strerrorname_np(seen->error));
}

const char *events_path(const struct run *r, const struct jail_event *seen)
{
	size_t size = strlen(r->ask->place.workspace);

	if (strncmp(seen->name, r->ask->place.workspace, size) == 0 && seen->name[size] == '/')
		return seen->name + size + 1;
	return seen->name;
}

static void name_path(struct record *out, struct buf *room, const char *path)
{
	if (*path && text_visible(room, path, strlen(path)))
		record_bytes(out, FIELD_PATH, room->data, room->size);
}

/* The kernel's own words for it, "Operation not permitted", tell nobody why, nor that it is meant. */
static void remember_name(struct run *r, const struct jail_event *seen)
{
	if (!seen->name[0])
		return;
	if (r->names.count == 0)
		snprintf(r->names.first, sizeof(r->names.first), "%s", events_path(r, seen));
	r->names.count += seen->count;
}

void events_tell_names(struct run *r)
{
	if (r->names.count == 0)
		return;
	log_say("changes of protected names refused: %llu, the first of %.120s. What lies there would run later, "
		"outside; git clone and init work in /tmp. See PROTECTED NAMES in reeve-profile(5)",
		(unsigned long long)r->names.count, r->names.first);
	r->names.count = 0;
}

/* What init had no room to keep apart has no call and no registers: only how often. */
static int record_refused(struct run *r, const struct jail_event *seen, const char *server, struct err *e)
{
	struct record record = { .kind = RECORD_SYSCALL };
	scoped(buf) struct buf args = BUF(256), path = BUF(4096);
	char name[JAIL_CALL_NAME];

	if (seen->call == -1 && seen->error == 0) {
		record_text(&record, FIELD_CALL, "other");
	} else {
		name_call(&record, seen, name);
		add_args(&args, seen->args);
		record_list(&record, FIELD_ARGS, args.data, args.size);
	}
	name_path(&record, &path, events_path(r, seen));
	record_text(&record, FIELD_SERVER, server);
	record_number(&record, FIELD_COUNT, seen->count);
	return note_send(r, &record, e);
}

int events_hear(struct run *r, struct jail *j, const char *server, struct err *e)
{
	struct jail_event seen;

	while (events_ready(r, j) && jail_hear(j, &seen) > 0) {
		if (seen.what == JAIL_STOPPED) {
			terminal_stopped(r);
			continue;
		}
		if (seen.what != JAIL_REFUSED)
			continue;
		status_refused(r, &seen, server);
		remember_name(r, &seen);
		if (record_refused(r, &seen, server, e) < 0)
			return -1;
	}
	return 0;
}

/*
 * Init is gone or about to go: nothing more comes, but what it said may wait for the recorder, as long as that
 * goes on. What has not ended by then is not heard: jail_end() ends it.
 */
int events_last(struct run *r, struct jail *j, const char *server, struct err *e)
{
	struct pollfd ways[2];
	int ready;

	while (j->control >= 0 && !j->silent) {
		ways[0] = (struct pollfd){ .fd = events_ready(r, j) ? j->control : -1, .events = POLLIN };
		ways[1] = (struct pollfd){ .fd = r->recorder.fd, .events = POLLIN };
		ready = poll(ways, 2, events_ready(r, j) ? LAST_WORDS_MS : ANSWER_MS);
		if (ready < 0)
			continue;
		if (ready == 0)
			return events_ready(r, j) ? 0 : err_set(e, ERR_PEER, "the recorder does not answer");
		if (ways[1].revents && hear_recorder(r, e) < 0)
			return -1;
		if (ways[0].revents && events_hear(r, j, server, e) < 0)
			return -1;
	}
	return 0;
}
