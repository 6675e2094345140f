/*
 * reeve-proxy: the connections of programs in the jail. It reads what they say to the network, and so it may do as
 * little as the broker: from the first line of main() seccomp kills it if it opens, connects or executes. Where a
 * connection leads is the broker's to say; it carries the bytes.
 */
#include "base/log.h"
#include "proxy/proxy.h"

enum { CHANNEL = 3, COULD_NOT = 3, MEMORY = 512 << 20, DESCRIPTORS = 2 * (NET_CONNECTIONS + PROXY_SPARE + 1024) };

int main(void)
{
	struct err e = { 0 };
	struct proxy *p;
	int jailed;

	log_name("reeve-proxy");
	jail_self_descriptors(DESCRIPTORS); /* for as many connections as it comes to: proxy_new() looks */
	p = proxy_new(&e);
	jailed = p ? jail_self_memory(MEMORY, &e) : -1;
	if (jailed == 0)
		jailed = jail_self(JAIL_PROXY, &e);
	if (jailed == 0 && proxy_run(p, CHANNEL, &e) == 0)
		return 0;
	log_say("%s", e.text);
	return COULD_NOT;
}
