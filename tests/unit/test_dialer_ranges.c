/* Which addresses are reached, by the table, by the networks a profile names, and by whose they are. */
#include <sched.h>
#include <sys/ioctl.h>

#include <net/if.h>

#include "dialer_stage.h"
#include "fate.h"

enum { PUBLIC = EGRESS_PUBLIC, PRIVATE = EGRESS_PRIVATE, ALONE = EGRESS_ALONE, NEVER = EGRESS_NEVER };

/* The edges of each row of the registries, and of what embeds another address. */
static const struct {
	const char *address;
	int reach;
} table[] = {
	{ "0.0.0.0", NEVER },		{ "0.255.255.255", NEVER },	{ "1.0.0.0", PUBLIC },
	{ "9.255.255.255", PUBLIC },	{ "10.0.0.0", PRIVATE },	{ "10.255.255.255", PRIVATE },
	{ "11.0.0.0", PUBLIC },		{ "100.63.255.255", PUBLIC },	{ "100.64.0.0", PRIVATE },
	{ "100.100.100.199", PRIVATE },	{ "100.100.100.200", ALONE },	{ "100.127.255.255", PRIVATE },
	{ "100.128.0.0", PUBLIC },	{ "126.255.255.255", PUBLIC },	{ "127.0.0.1", PRIVATE },
	{ "127.255.255.255", PRIVATE },	{ "128.0.0.0", PUBLIC },	{ "168.63.129.15", PUBLIC },
	{ "168.63.129.16", ALONE },	{ "169.253.255.255", PUBLIC },	{ "169.254.0.0", ALONE },
	{ "169.254.169.254", ALONE },	{ "169.254.170.2", ALONE },	{ "169.255.0.0", PUBLIC },
	{ "172.15.255.255", PUBLIC },	{ "172.16.0.0", PRIVATE },	{ "172.31.255.255", PRIVATE },
	{ "172.32.0.0", PUBLIC },	{ "192.0.0.0", ALONE },		{ "192.0.0.192", ALONE },
	{ "192.0.1.0", PUBLIC },	{ "192.0.2.1", PRIVATE },	{ "192.0.3.0", PUBLIC },
	{ "192.88.99.1", PRIVATE },	{ "192.167.255.255", PUBLIC },	{ "192.168.0.0", PRIVATE },
	{ "192.168.255.255", PRIVATE },	{ "192.169.0.0", PUBLIC },	{ "198.17.255.255", PUBLIC },
	{ "198.18.0.0", PRIVATE },	{ "198.19.255.255", PRIVATE },	{ "198.20.0.0", PUBLIC },
	{ "198.51.100.1", PRIVATE },	{ "203.0.113.1", PRIVATE },	{ "203.0.114.0", PUBLIC },
	{ "223.255.255.255", PUBLIC },	{ "224.0.0.1", NEVER },		{ "239.255.255.255", NEVER },
	{ "240.0.0.0", NEVER },		{ "255.255.255.255", NEVER },
	{ "::", NEVER },		{ "::1", PRIVATE },		{ "::2", NEVER },
	{ "::8.8.8.8", NEVER },		{ "::ffff:8.8.8.8", PUBLIC },	{ "::ffff:10.0.0.1", PRIVATE },
	{ "::ffff:169.254.169.254", ALONE }, { "::ffff:0.0.0.0", NEVER }, { "::fffe:8.8.8.8", PRIVATE },
	{ "::ffff:0:8.8.8.8", PRIVATE },/* RFC 2765: translated as it was once written */
	{ "64:ff9b::808:808", PUBLIC },	{ "64:ff9b::a00:1", PRIVATE },	{ "64:ff9b::a9fe:a9fe", ALONE },
	{ "64:ff9b::7f00:1", PRIVATE },	{ "64:ff9b::", NEVER },		{ "64:ff9b:0:1::1", PRIVATE },
	{ "64:ff9b:1::808:808", PRIVATE }, { "100::1", NEVER },		{ "100:0:0:1::1", NEVER },
	{ "100:0:0:2::1", PRIVATE },	{ "1fff::1", PRIVATE },		{ "2000::1", PUBLIC },
	{ "2001::1", PRIVATE },		{ "2001:0:a00:1::", PRIVATE },	{ "2001:1ff:ffff::", PRIVATE },
	{ "2001:200::1", PUBLIC },	{ "2001:4860:4860::8888", PUBLIC }, { "2001:db7::1", PUBLIC },
	{ "2001:db8::1", PRIVATE },	{ "2001:db9::1", PUBLIC },	{ "2002:808:808::1", PRIVATE },
	{ "2002:a9fe:a9fe::1", ALONE },	{ "2002:e000:1::", NEVER },	{ "2003::1", PUBLIC },
	{ "3ffe:ffff::1", PUBLIC },	{ "3fff::1", PRIVATE },		{ "3fff:1000::1", PUBLIC },
	{ "4000::1", PRIVATE },		{ "5f00::1", PRIVATE },		{ "fbff::1", PRIVATE },
	{ "fc00::1", PRIVATE },		{ "fd00:ec2::254", ALONE },	{ "fd00:ec3::1", PRIVATE },
	{ "fd20:ce::254", ALONE },	{ "fd20:ce::253", PRIVATE },	{ "fe80::1", NEVER },
	{ "febf:ffff::1", NEVER },	{ "fec0::1", PRIVATE },		{ "feff::1", PRIVATE },
	{ "ff02::1", NEVER },
};

static struct place place_of(const char *text)
{
	struct place p = { .bits = strchr(text, ':') ? 128 : 32 };

	assert_int_equal(inet_pton(p.bits == 32 ? AF_INET : AF_INET6, text, p.address), 1);
	return p;
}

static void the_table(void **state)
{
	const char *what;
	struct place p;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(table); i++) {
		p = place_of(table[i].address);
		if ((int)egress_reach(p.address, p.bits, &what) != table[i].reach)
			print_message("# %s: %s\n", table[i].address, what);
		assert_int_equal(egress_reach(p.address, p.bits, &what), table[i].reach);
		assert_true(what[0] != '\0');
	}
}

static const struct {
	const char *network, *address;
	bool reached;
} named[] = {
	{ "10.0.0.0/8", "10.1.2.3", true },
	{ "10.1.2.3", "10.1.2.3", true },
	{ "10.1.2.3", "10.1.2.4", false },
	{ "10.0.0.0/8", "192.168.0.1", false },
	{ "127.0.0.1/32", "127.0.0.1", true },
	{ "0.0.0.0/0", "10.1.2.3", true },
	{ "0.0.0.0/0", "169.254.169.254", false },
	{ "169.254.0.0/16", "169.254.169.254", false },
	{ "169.254.169.254/31", "169.254.169.254", false },
	{ "169.254.169.254/32", "169.254.169.254", true },
	{ "100.64.0.0/10", "100.100.100.200", false },
	{ "100.64.0.0/10", "100.100.100.201", true },
	{ "100.100.100.200", "100.100.100.200", true },
	{ "168.63.129.16/32", "168.63.129.16", true },
	{ "0.0.0.0/0", "255.255.255.255", false },
	{ "224.0.0.1/32", "224.0.0.1", false },
	{ "0.0.0.0/32", "0.0.0.0", false },
	{ "0.0.0.0/0", "::1", false },
	{ "::/0", "10.1.2.3", false },
	{ "::/0", "fd00::1", true },
	{ "::/0", "fd00:ec2::254", false },
	{ "fd00:ec2::/32", "fd00:ec2::254", false },
	{ "fd00:ec2::254", "fd00:ec2::254", true },
	{ "fc00::/7", "fd12:3456::1", true },
	{ "fe80::/10", "fe80::1", false },
};

static void networks_open_what_they_name(void **state)
{
	struct dialer *d = calloc(1, sizeof(*d));
	struct dial a;
	struct place p;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(named); i++) {
		a = (struct dial){ .dialer = d };
		snprintf(a.host, sizeof(a.host), "%s", named[i].address);
		d->network_count = 0;
		p = place_of(named[i].address);
		assert_false(judge_address(&a, &p));
		assert_non_null(strstr(a.refused, named[i].address));
		assert_true(egress_network(&d->networks[0], named[i].network));
		d->network_count = 1;
		if (judge_address(&a, &p) != named[i].reached)
			print_message("# %s in %s\n", named[i].address, named[i].network);
		assert_int_equal(judge_address(&a, &p), named[i].reached);
	}
	free(d);
}

static const char *const no_networks[] = { "", "/", "10", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/08", "10.0.0.0/8 ",
					   "10.0.0.0/-1", "10.0.0.0/8/8", "localhost", "localhost/8", "010.0.0.0/8", "10.0/8",
					   "::/129", "::1/64", "[::1]", "fe80::1%lo", "::ffff:10.0.0.0/104", "*.example" };

static void what_is_no_network(void **state)
{
	struct egress_network n;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(no_networks); i++) {
		if (egress_network(&n, no_networks[i]))
			print_message("# %s\n", no_networks[i]);
		assert_false(egress_network(&n, no_networks[i]));
	}
}

/* In a network of our own, lo is given a public address. */
static bool give_lo(const char *address)
{
	struct ifreq r = { .ifr_name = "lo" };
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool done;

	inet_pton(AF_INET, address, &at.sin_addr);
	memcpy(&r.ifr_addr, &at, sizeof(at));
	done = ioctl(fd, SIOCSIFADDR, &r) == 0;
	r.ifr_flags = IFF_UP;
	done = done && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
	close(fd);
	return done;
}

enum { NO_NETWORK = 77 };

static void judge_our_own(void)
{
	struct dialer *d = calloc(1, sizeof(*d));
	struct dial a = { .dialer = d, .host = "me.example" };
	struct place ours = place_of("9.9.9.9"), far = place_of("8.8.4.4");

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 || !give_lo("9.9.9.9"))
		_exit(NO_NETWORK);
	if (judge_address(&a, &ours) || !strstr(a.refused, "9.9.9.9, an address of this machine"))
		_exit(1);
	if (!judge_address(&a, &far))
		_exit(2);
	if (!egress_network(&d->networks[d->network_count++], "9.9.9.9/32") || !judge_address(&a, &ours))
		_exit(3);
	free(d);
}

static void our_own_addresses_are_private(void **state)
{
	int fate = fate_of(judge_our_own);

	(void)state;
	if (fate == NO_NETWORK) {
		print_message("# no user namespaces here\n");
		skip();
	}
	assert_int_equal(fate, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(networks_open_what_they_name),
		cmocka_unit_test(what_is_no_network),
		cmocka_unit_test(our_own_addresses_are_private),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
