/*
 * tests/fuzz/fuzz_catalogue.c - a file is a catalogue or has a fault, never both; what a stranger lists is scanned
 * without harm, and what is pinned of it is a file that can be read, from which nothing differs.
 */
#include <stdint.h>
#include <string.h>

#include "catalogue/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void leave_out(void *to, const struct finding *f)
{
	if (!f->tool || !f->text[0])
		__builtin_trap();
	++*(size_t *)to;
}

static void check_pin(const json_t *offered)
{
	scoped(json) json_t *pin = pin_make(offered);
	scoped(catalogue) struct catalogue *c = NULL;
	scoped(buf) struct buf bytes = BUF(CATALOGUE_MOST), diff = BUF(CATALOGUE_MOST);
	size_t left_out = 0;
	struct err e = { 0 };

	if (!pin)
		return;
	pin_leave_out(pin, leave_out, &left_out);
	if (pin_usable(pin, &e) < 0 || catalogue_new(&c, "t", &e) < 0)
		__builtin_trap();
	if (!pin_write(&bytes, "t", pin) || catalogue_add(c, "t.json", bytes.data, bytes.size, &e) < 0)
		return; /* too long a name, too deep */
	if (pin_diff(&diff, catalogue_pin(c), pin) != 0)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(json) json_t *doc = NULL, *offered = NULL;
	char server[CATALOGUE_SERVER] = "";
	struct err e = { 0 };

	if ((catalogue_server(server, "t.json", (const char *)data, size, &e) < 0) != (e.text[0] != '\0') ||
	    (e.text[0] == '\0') != (server[0] != '\0'))
		__builtin_trap();
	if (json_read_message(&doc, (const char *)data, size, &e) < 0)
		return 0;
	offered = offered_read(doc);
	if (!offered)
		return 0;
	catalogue_scan(offered, NULL, NULL);
	catalogue_unenforced(offered, NULL, NULL);
	check_pin(offered);
	return 0;
}
