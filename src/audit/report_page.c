/*
 * The page itself stands in src/audit/report, as what it is: HTML, CSS, JavaScript. The assembler puts the files in
 * whole, so that the program needs nothing beside itself.
 */
#include <string.h>

#include "audit/report.h"

#define PART(name, file)                                                                                      \
	__asm__(".pushsection .rodata\n" #name "_begin:\n.incbin \"src/audit/report/" file "\"\n" #name "_end:\n" \
		".popsection\n");                                                                             \
	extern const char name##_begin[] __asm__(#name "_begin");                                            \
	extern const char name##_end[] __asm__(#name "_end")

PART(report_html, "page.html");
PART(report_css, "page.css");
PART(report_read, "read.js");
PART(report_verify, "verify.js");
PART(report_view, "view.js");
PART(report_charts, "charts.js");
PART(report_main, "main.js");

struct part {
	const char *begin, *end;
};

static const struct part style[] = { { report_css_begin, report_css_end } };
static const struct part script[] = {
	{ report_read_begin, report_read_end },	    { report_verify_begin, report_verify_end },
	{ report_view_begin, report_view_end },	    { report_charts_begin, report_charts_end },
	{ report_main_begin, report_main_end },
};

static void put(FILE *to, const struct part *parts, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		fwrite(parts[i].begin, 1, (size_t)(parts[i].end - parts[i].begin), to);
}

/* As a policy names it: sha256 of all that stands between the tags. */
static void put_hash(FILE *to, const struct part *parts, size_t count)
{
	scoped(buf) struct buf all = BUF(1 << 20);
	char text[SEAL_HASH_BASE64];
	uint8_t hash[SEAL_HASH];
	size_t i;

	for (i = 0; i < count; i++)
		must(buf_add(&all, parts[i].begin, (size_t)(parts[i].end - parts[i].begin)));
	seal_hash(hash, all.data, all.size);
	seal_base64(text, hash);
	fprintf(to, "'sha256-%s'", text);
}

void report_page_begin(FILE *to)
{
	const struct part body = { report_html_begin, report_html_end };

	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>reeve report</title>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; form-action 'none'; script-src ",
	      to);
	put_hash(to, script, count_of(script));
	fputs("; style-src ", to);
	put_hash(to, style, count_of(style));
	fputs("\">\n<style>", to);
	put(to, style, count_of(style));
	fputs("</style>\n</head>\n<body>\n", to);
	put(to, &body, 1);
}

void report_page_end(FILE *to)
{
	fputs("<script>", to);
	put(to, script, count_of(script));
	fputs("</script>\n</body>\n</html>\n", to);
}

void report_data(FILE *to, const char *bytes, size_t size)
{
	const char *end = bytes + size, *less;

	while (bytes < end && (less = memchr(bytes, '<', (size_t)(end - bytes)))) {
		fwrite(bytes, 1, (size_t)(less - bytes), to);
		fputc(1, to);
		bytes = less + 1;
	}
	fwrite(bytes, 1, (size_t)(end - bytes), to);
}
