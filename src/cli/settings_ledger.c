/* config.json, "ledger": whose recorder it is that runs are recorded by. */
#include <string.h>
#include <sys/un.h>

#include "cli/settings.h"

static const char FOLDER[] = "/var/lib/reeve-recorder/%i/ledger";

static const struct json_member ledger_members[] = {
	{ "socket", JSON_STRING, JSON_MAY },
	{ "user", JSON_STRING, JSON_MAY },
	{ "folder", JSON_STRING, JSON_MAY },
	{ "epoch", JSON_OBJECT, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member epoch_members[] = {
	{ "hours", JSON_INTEGER, JSON_MAY },
	{ "records", JSON_INTEGER, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

enum { HOURS_MOST = 87600, RECORDS_LEAST = 1000, RECORDS_MOST = 1 << 30 };

static int read_epoch(struct settings *s, const json_t *epoch, struct err *e)
{
	const json_t *hours = json_object_get(epoch, "hours"), *records = json_object_get(epoch, "records");

	if (json_members(&s->file, "/ledger/epoch", epoch_members, e) < 0)
		return -1;
	if (hours && (json_integer_value(hours) < 1 || json_integer_value(hours) > HOURS_MOST))
		return json_wrong(&s->file, "/ledger/epoch/hours", false, e, "expected 1 to %d", HOURS_MOST);
	if (records && (json_integer_value(records) < RECORDS_LEAST || json_integer_value(records) > RECORDS_MOST))
		return json_wrong(&s->file, "/ledger/epoch/records", false, e, "expected %d to %d", RECORDS_LEAST, RECORDS_MOST);
	s->epoch.hours = (unsigned)json_integer_value(hours);
	s->epoch.records = (unsigned)json_integer_value(records);
	return 0;
}

/* In `folder` the tenant, if it is named, is one of the names on the way. */
static bool is_folder(const char *folder)
{
	const char *at = strstr(folder, "%i");

	return folder[0] == '/' && folder[strlen(folder) - 1] != '/' &&
	       (!at || (at[-1] == '/' && (at[2] == '/' || at[2] == '\0') && !strstr(at + 2, "%i")));
}

int settings_ledger(struct settings *s, const json_t *ledger, struct err *e)
{
	const json_t *epoch = json_object_get(ledger, "epoch");
	const char *socket = json_text(ledger, "socket"), *user = json_text(ledger, "user"), *folder = json_text(ledger, "folder");

	if (!ledger)
		return 0;
	if (json_members(&s->file, "/ledger", ledger_members, e) < 0)
		return -1;
	if (epoch && read_epoch(s, epoch, e) < 0)
		return -1;
	if (epoch && *socket)
		return json_wrong(&s->file, "/ledger/epoch", false, e, "a recorder that is a service has its own, epoch-hours= and epoch-records= (reeve-recorder(8)): leave this one out");
	if (!*socket != !*user || (*folder && !*socket))
		return json_wrong(&s->file, "/ledger", false, e, "\"socket\" and \"user\" go together: where the recorder is, and whose");
	if (!*socket)
		return 0;
	if (socket[0] != '/' || strlen(socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return json_wrong(&s->file, "/ledger/socket", false, e, "expected the absolute path of a socket, at most %zu bytes",
				  sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
	if (*folder && !is_folder(folder))
		return json_wrong(&s->file, "/ledger/folder", false, e, "expected the absolute path of a folder; %%i, the tenant, stands there for a whole name");
	s->service = (struct recorder_service){ socket, user, *folder ? folder : FOLDER };
	return 0;
}
