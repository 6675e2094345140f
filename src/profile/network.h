/* profile/network.h - what a profile says of the network. Private to profile/. */
#ifndef PROFILE_NETWORK_H
#define PROFILE_NETWORK_H

#include "profile/plan.h"

/* One file, as it stands; and all of them together. */
int network_check(const struct json_file *f, struct err *e) must_use;
int network_check_whole(const struct profile *p, struct err *e) must_use;
int credentials_check(const struct json_file *f, struct err *e) must_use;
int credentials_check_whole(const struct profile *p, struct err *e) must_use;

/* "network": true is an object without members. */
void network_settle(json_t *root);

/* Why a socket is never given, "" where nothing is against it: by its name, and by what that leads to here. */
const char *network_unix_wrong(const char *path);

bool host_is_name(const char *host);		/* in small letters, and no address */

/* The ears, the variables and the files that go with them. */
int plan_ears(struct plan *p, struct jail_spec *spec, const struct profile *from, const struct place *at,
	      struct err *e) must_use;

#endif
