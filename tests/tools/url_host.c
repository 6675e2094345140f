/* url_host: for each line of standard input, hexadecimal of a text, the host that egress_named() reads in it, or "-". */
#include <stdio.h>
#include <string.h>

#include "egress/egress.h"

int main(void)
{
	static char line[8192], text[4096];
	struct egress_host h;
	unsigned byte;
	size_t n;

	while (fgets(line, sizeof(line), stdin)) {
		for (n = 0; sscanf(line + 2 * n, "%2x", &byte) == 1 && n < sizeof(text); n++)
			text[n] = (char)byte;
		puts(egress_named(&h, text, n) ? h.text : "-");
	}
	return 0;
}
