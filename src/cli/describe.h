/* cli/describe.h - a jail plan as one JSON object, with the profile's reasons: `reeve profile show --json`. */
#ifndef CLI_DESCRIBE_H
#define CLI_DESCRIBE_H

#include "cli/wish.h"
#include "json/json.h"

json_t *describe_plan(const struct wish *w, const struct jail_spec *spec);
json_t *describe_network(const struct profile *p, const struct jail_spec *spec);	/* rows of name and because */

#endif
