/* The head of a state, as it stands in its file: a signed note, and what it says. */
#include "ledger/state_head.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/segments.h"

enum { EPOCHS_TEXT = STATE_EPOCHS * 20 + 2 };

static const char FIRST[] = "reeve-state/1";

void state_name(char out[STATE_NAME], uint64_t offset)
{
	snprintf(out, STATE_NAME, "state.%020" PRIu64, offset);
}

bool state_name_parse(uint64_t *offset, const char *name)
{
	return segment_parse(offset, "state", name);
}

/* A line, if there is anything to say. */
static bool epochs_text(struct buf *out, const struct state_head *h)
{
	size_t i;

	for (i = 0; i < h->epoch_count && h->epoch_count <= STATE_EPOCHS; i++)
		buf_printf(out, "%s%" PRIu64, i ? " " : "", h->epochs[i]);
	if (h->epoch_count > 0)
		buf_puts(out, h->epoch_count > STATE_EPOCHS ? "+\n" : "\n");
	return !out->over;
}

bool state_head_text(struct buf *out, const char *origin, const struct state_head *h)
{
	char root[SEAL_HASH_BASE64];

	seal_base64(root, h->root);
	return buf_printf(out, "%s\n%s\n%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n%s\n%s\n%s\n%s\n", FIRST, origin,
			  h->offset, h->size, h->since, h->first, root, h->least[0] ? h->least : "-",
			  h->greatest[0] ? h->greatest : "-", h->body) && epochs_text(out, h);
}

/* The next line, which fits. */
static bool line_of(char *out, size_t room, const char **at, const char *end)
{
	const char *stop = memchr(*at, '\n', (size_t)(end - *at));
	size_t size = stop ? (size_t)(stop - *at) : room;

	if (size >= room)
		return false;
	memcpy(out, *at, size);
	out[size] = '\0';
	*at = stop + 1;
	return true;
}

static bool read_epochs(struct state_head *h, const char *text, const char *end)
{
	char line[EPOCHS_TEXT], *at = line;

	if (text == end)
		return true;
	if (!line_of(line, sizeof(line), &text, end) || text != end)
		return false;
	if (strcmp(line, "+") == 0)
		h->epoch_count = STATE_EPOCHS + 1;
	while (*at >= '0' && *at <= '9' && h->epoch_count < STATE_EPOCHS) {
		h->epochs[h->epoch_count++] = strtoull(at, &at, 10);
		at += *at == ' ';
	}
	return h->epoch_count > 0;
}

static bool read_text(struct state_head *h, const char *text, size_t size)
{
	char first[32], origin[SEAL_NAME], numbers[96], root[SEAL_HASH_BASE64];
	const char *end = text + size;

	return line_of(first, sizeof(first), &text, end) && line_of(origin, sizeof(origin), &text, end) &&
	       line_of(numbers, sizeof(numbers), &text, end) &&
	       sscanf(numbers, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &h->offset, &h->size, &h->since, &h->first) == 4 &&
	       line_of(root, sizeof(root), &text, end) && seal_hash_read(h->root, root, strlen(root)) &&
	       line_of(h->least, sizeof(h->least), &text, end) && line_of(h->greatest, sizeof(h->greatest), &text, end) &&
	       line_of(h->body, sizeof(h->body), &text, end) && read_epochs(h, text, end);
}

bool state_head_seems(struct state_head *out, const char *bytes, size_t size)
{
	const char *split = memmem(bytes, size, "\n\n", 2);
	struct state_head h = { .offset = 0 };

	if (!split || !read_text(&h, bytes, (size_t)(split + 1 - bytes)))
		return false;
	*out = h;
	return true;
}

/* One form only, as of a checkpoint. The note ends where its signature's line does: the second of its only empty line. */
int state_head_read(struct state_head *out, size_t *body, const char *bytes, size_t size, const struct seal_verifier *v,
		    struct err *e)
{
	scoped(buf) struct buf again = BUF(SEAL_NOTE_MOST);
	const char *split = memmem(bytes, size, "\n\n", 2), *end, *text;
	struct state_head h = { .offset = 0 };
	size_t text_size;

	end = split ? memchr(split + 2, '\n', size - (size_t)(split + 2 - bytes)) : NULL;
	if (!end || seal_note_open(&text, &text_size, v, bytes, (size_t)(end + 1 - bytes), e) < 0)
		return err_set(e, ERR_INPUT, "a state that is not signed by %s", v->name);
	if (!read_text(&h, text, text_size) || !state_head_text(&again, v->name, &h) || again.size != text_size ||
	    memcmp(again.data, text, text_size) != 0)
		return err_set(e, ERR_INPUT, "signed, but not in the form of a state");
	*out = h;
	*body = (size_t)(end + 1 - bytes);
	return 0;
}
