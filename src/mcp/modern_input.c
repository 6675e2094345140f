/* What a server of this era wants of its client it asks in a result; the client's answers come with
 * a new request. */
#include <string.h>

#include "mcp/modern.h"

static const char *fault_of(const json_t *request, unsigned can)
{
	const json_t *params = json_object_get(request, "params");
	const char *method = json_string_value(json_object_get(request, "method"));
	unsigned needed = mcp_can_need(method, params);

	if (!needed)
		return "asks its client for something that MCP does not know";
	if (json_object_size(request) != (params ? 2u : 1u) ||
	    (params && !json_is_object(params)) || (!params && needed != MCP_CAN_ROOTS))
		return "asks its client in no form that MCP has";
	return needed & ~can ? "asks its client for what that cannot do" : NULL;
}

static const char *fault_of_all(json_t *requests, unsigned can)
{
	const char *key, *why;
	json_t *request;

	json_object_foreach(requests, key, request) {
		why = fault_of(request, can);
		if (why)
			return why;
	}
	return NULL;
}

bool modern_check_inputs(const json_t *result, unsigned can, const char **why)
{
	json_t *requests = json_object_get(result, "inputRequests");
	const json_t *state = json_object_get(result, "requestState");

	if (requests && !json_is_object(requests))
		*why = "says inputRequests and gives no object";
	else if (state && !json_is_string(state))
		*why = "says requestState and gives no text";
	else if (!requests && !state)
		*why = "asks for input and names none";
	else if (json_object_size(requests) > MODERN_INPUTS)
		*why = "asks its client for more than 16 things at once";
	else if (json_string_length(state) > MODERN_STATE)
		*why = "gives a requestState of more than 1 MiB";
	else
		*why = fault_of_all(requests, can);
	return !*why;
}

json_t *modern_input_required(json_t *requests, const char *state)
{
	json_t *result = json_pack("{s:s}", "resultType", "input_required");

	if (result && requests)
		json_object_set_new(result, "inputRequests", requests);
	else
		json_decref(requests);
	if (result && state)
		json_object_set_new(result, "requestState", json_string(state));
	return result;
}

static bool bad(struct mcp_fault *f, const char *text)
{
	*f = (struct mcp_fault){ MCP_BAD_PARAMS, REASON_BAD_PARAMS, text };
	return false;
}

bool modern_take_retry(struct modern_retry *out, json_t *params, struct mcp_fault *fault)
{
	json_t *responses = json_object_get(params, "inputResponses"), *value;
	json_t *state = json_object_get(params, "requestState");
	const char *key;

	if (responses && !json_is_object(responses))
		return bad(fault, "inputResponses must be an object");
	if (state && !json_is_string(state))
		return bad(fault, "requestState must be the text it was given as");
	json_object_foreach(responses, key, value) {
		if (!json_is_object(value))
			return bad(fault, "each of the inputResponses must be an object");
	}
	out->responses = json_incref(responses);
	out->state = json_incref(state);
	json_object_del(params, "inputResponses");
	json_object_del(params, "requestState");
	return true;
}

bool modern_write_retry(struct buf *out, const struct modern_retry *r)
{
	if (r->responses) {
		buf_puts(out, ",\"inputResponses\":");
		json_write(out, r->responses);
	}
	if (r->state) {
		buf_puts(out, ",\"requestState\":");
		json_write(out, r->state);
	}
	return !out->over;
}

void modern_retry_free(struct modern_retry *r)
{
	json_decref(r->responses);
	json_decref(r->state);
	*r = (struct modern_retry){ 0 };
}
