/* Results of this era say what kind they are; those that may be kept say for how long and by whom.
 */
#include <string.h>

#include "mcp/modern.h"

#define INFO_KEY MODERN_KEY "serverInfo"

/* Which results carry hints for a cache; is the list ours, or the server's own word? */
static const struct {
	const char *method;
	bool ours;
} kept[] = {
	{ "server/discover", true },
	{ "tools/list", true },
	{ "prompts/list", true },
	{ "resources/list", true },
	{ "resources/templates/list", true },
	{ "resources/read", false },
};

static const char *const askers[] = { "tools/call", "prompts/get", "resources/read" };

enum modern_result modern_result_of(const json_t *result)
{
	const json_t *type = json_object_get(result, "resultType");
	const char *word = json_string_value(type);

	if (!type || (word && strcmp(word, "complete") == 0))
		return MODERN_COMPLETE;
	return word && strcmp(word, "input_required") == 0 ? MODERN_INPUT : MODERN_UNKNOWN;
}

bool modern_may_ask(const char *method)
{
	size_t i;

	for (i = 0; method && i < count_of(askers); i++)
		if (strcmp(askers[i], method) == 0)
			return true;
	return false;
}

/* A cache shared with others would hand out what the policy allows to this agent alone. */
static void set_hints(json_t *result, bool ours)
{
	json_int_t ttl = json_integer_value(json_object_get(result, "ttlMs"));

	json_object_set_new(result, "ttlMs", json_integer(ours || ttl < 0 ? 0 : ttl));
	json_object_set_new(result, "cacheScope", json_string("private"));
}

static void set_info(json_t *result)
{
	const json_t *said = json_object_get(result, "_meta");
	json_t *meta = json_is_object(said) ? json_copy((json_t *)(uintptr_t)said) : json_object();

	if (meta && !json_object_get(meta, INFO_KEY))
		json_object_set_new(
			meta, INFO_KEY,
			json_pack("{s:s, s:s}", "name", "reeve", "version", REEVE_VERSION));
	json_object_set_new(result, "_meta", meta);
}

/* What only a question says: nobody who reads it is to take an answer for one. */
void modern_answered(json_t *result)
{
	static const char *const asking[] = { "resultType", "inputRequests", "requestState" };
	size_t i;

	for (i = 0; i < count_of(asking); i++)
		json_object_del(result, asking[i]);
}

json_t *modern_outward(const json_t *result, const char *method)
{
	json_t *out = json_copy((json_t *)(uintptr_t)result);
	size_t i;

	if (!out)
		return NULL;
	if (!json_object_get(out, "resultType"))
		json_object_set_new(out, "resultType", json_string("complete"));
	for (i = 0; method && i < count_of(kept); i++)
		if (strcmp(kept[i].method, method) == 0 && modern_result_of(out) == MODERN_COMPLETE)
			set_hints(out, kept[i].ours);
	set_info(out);
	return out;
}

json_t *modern_inward(const json_t *result)
{
	static const char *const newer[] = { "resultType", "ttlMs", "cacheScope" };
	json_t *out = json_copy((json_t *)(uintptr_t)result), *meta;
	size_t i;

	if (!out)
		return NULL;
	for (i = 0; i < count_of(newer); i++)
		json_object_del(out, newer[i]);
	if (!json_object_get(json_object_get(out, "_meta"), INFO_KEY))
		return out;
	meta = json_copy(json_object_get(out, "_meta"));
	json_object_del(meta, INFO_KEY);
	if (json_object_size(meta) > 0)
		json_object_set(out, "_meta", meta);
	else
		json_object_del(out, "_meta");
	json_decref(meta);
	return out;
}

json_t *modern_discovery(const json_t *capabilities, const char *instructions)
{
	scoped(json) json_t *result = json_pack("{s:[s], s:O}", "supportedVersions",
						MODERN_REVISION, "capabilities", capabilities);

	if (result && instructions)
		json_object_set_new(result, "instructions", json_string(instructions));
	return result ? modern_outward(result, "server/discover") : NULL;
}

static bool lists(const json_t *versions, bool (*is)(const char *version))
{
	json_t *one;
	size_t i;

	json_array_foreach(versions, i, one) {
		if (json_is_string(one) && is(json_string_value(one)))
			return true;
	}
	return false;
}

static bool is_modern(const char *version)
{
	return strcmp(version, MODERN_REVISION) == 0;
}

/* A server that knows the error but offers only handshakes is to be greeted with one. */
static enum modern_verdict judge_error(const json_t *error)
{
	json_int_t code = json_integer_value(json_object_get(error, "code"));
	const json_t *supported = json_object_get(json_object_get(error, "data"), "supported");

	if (code > MODERN_HEADERS || code < MODERN_VERSION)
		return MODERN_OLDER;
	if (code == MODERN_VERSION && lists(supported, is_modern))
		return MODERN_AGAIN;
	return code == MODERN_VERSION && lists(supported, mcp_knows_revision) ? MODERN_OLDER
									      : MODERN_FOREIGN;
}

enum modern_verdict modern_discovered(struct modern_discovery *out,
				      const struct mcp_message *answer)
{
	json_t *capabilities = json_object_get(answer->result, "capabilities");
	const json_t *versions = json_object_get(answer->result, "supportedVersions");

	if (answer->error)
		return judge_error(answer->error);
	if (!json_is_array(versions) || !json_is_object(capabilities))
		return MODERN_OLDER;
	if (!lists(versions, is_modern))
		return lists(versions, mcp_knows_revision) ? MODERN_OLDER : MODERN_FOREIGN;
	*out = (struct modern_discovery){
		.capabilities = capabilities,
		.instructions = json_string_value(json_object_get(answer->result, "instructions")),
	};
	return MODERN_SPEAKS;
}
