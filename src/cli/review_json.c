/*
 * For programs: the records as the ledger has them. What a terminal would obey, or turn around, is written as
 * \uNNNN, which is the same JSON.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/review.h"
#include "inspect/inspect.h"
#include "json/json.h"

enum { JSON_ROOM = 64 << 20 };

/* Outside texts JSON has nothing but ASCII. */
static void add_safe(struct buf *out, const char *text, size_t size)
{
	uint32_t point = 0;
	size_t step;

	for (; size > 0; text += step, size -= step) {
		step = text_point(text, size, &point);
		if (step < 2 || (point >= 0xa0 && inspect_is_seen(text, step)))
			buf_add(out, text, step ? step : 1);
		else if (point < 0x10000)
			buf_printf(out, "\\u%04x", point);
		else
			buf_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (point >> 10), 0xdc00 + (point & 0x3ff));
		step = step ? step : 1;
	}
}

static void add_payload(struct buf *out, const struct looked *l)
{
	scoped(json) json_t *text = json_stringn(l->payload.data ? l->payload.data : "", l->payload.size);
	scoped(buf) struct buf quoted = BUF(JSON_ROOM);

	if (l->why.kind != ERR_NONE) {
		buf_puts(out, ",\"payload\":null");
		return;
	}
	buf_printf(out, ",\"fits\":%s", l->fits ? "true" : "false");
	if (text && json_write(&quoted, text)) {
		buf_puts(out, ",\"payload\":");
		add_safe(out, quoted.data, quoted.size);
	} else { /* no UTF-8 */
		buf_puts(out, ",\"payload_base64\":\"");
		seal_base64_add(out, l->payload.data, l->payload.size);
		buf_puts(out, "\"");
	}
}

int held_print_json(const struct held *h, const struct looked *payload, struct err *e)
{
	scoped(buf) struct buf out = BUF(JSON_ROOM);
	size_t i;

	buf_printf(&out, "{\"index\":%llu,\"state\":\"%s\",\"left\":%llu,\"held\":", (unsigned long long)h->index,
		   hold_word(h->state), (unsigned long long)(held_is_open(h) ? held_left(h) : 0));
	add_safe(&out, h->told.line, h->told.size);
	buf_puts(&out, ",\"decisions\":[");
	for (i = 0; i < h->decided_count; i++) {
		buf_puts(&out, i ? "," : "");
		add_safe(&out, h->decided[i].line, h->decided[i].size);
	}
	buf_puts(&out, "]");
	if (payload)
		add_payload(&out, payload);
	buf_puts(&out, "}\n");
	if (out.over)
		return err_set(e, ERR_LIMIT, "too much for one line");
	return fwrite(out.data, 1, out.size, stdout) == out.size && fflush(stdout) == 0 ? 0 : err_sys(e, "standard output");
}
