// SPDX-License-Identifier: Apache-2.0
#include "gateway/nft.h"

#include "base/clean.h"

#include <errno.h>
#include <jansson.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>

static void clean_nft(struct nft_ctx **nft)
{
	if (*nft)
		nft_ctx_free(*nft);
}

static void clean_json(json_t **json)
{
	json_decref(*json);
}

#define _cleanup_nft_ __attribute__((cleanup(clean_nft)))
#define _cleanup_json_ __attribute__((cleanup(clean_json)))

// A context speaks for the namespace in which it is made.
static struct nft_ctx *context(void)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);

	if (nft) {
		nft_ctx_buffer_output(nft);
		nft_ctx_buffer_error(nft);
	}
	return nft;
}

// The first line of what nft has to say, which names the fault; the rest quotes the command.
static void explain(struct nft_ctx *nft, char *why)
{
	const char *text = nft_ctx_get_error_buffer(nft);

	snprintf(why, POLICY_WHY, "nftables: %.*s", (int)strcspn(text, "\n"), text);
}

// The counters of the table, as nft's JSON; NULL when there is no table yet.
static json_t *list_counters(struct nft_ctx *nft)
{
	json_t *root;

	nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_JSON);
	if (nft_run_cmd_from_buffer(nft, "list counters table inet slicegate"))
		return NULL;
	root = json_loads(nft_ctx_get_output_buffer(nft), 0, NULL);
	nft_ctx_output_set_flags(nft, 0);
	return root;
}

// The counters that are in the table and not in the policy. Names are borrowed from `list`.
static int find_stale(const struct policy *policy, json_t *list, const char ***names, size_t *count)
{
	VEC(const char *) stale = {0};
	size_t i;
	json_t *row;

	json_array_foreach(json_object_get(list, "nftables"), i, row)
	{
		const char *name = json_string_value(json_object_get(json_object_get(row, "counter"), "name")), **room;

		if (!name || policy_wants_counter(policy, name))
			continue;
		room = vec_add(&stale);
		if (!room) {
			vec_free(&stale);
			return -ENOMEM;
		}
		*room = name;
	}
	*names = stale.items;
	*count = stale.count;
	return 0;
}

// The transaction as text, to be freed; NULL when memory is out.
static char *transaction(const struct policy *policy, const char *before, const char *const *stale, size_t count)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fputs(before, out);
	policy_nft(policy, stale, count, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int run(struct nft_ctx *nft, const struct policy *policy, const char *before, const char *const *stale, size_t count)
{
	_cleanup_free_ char *text = transaction(policy, before, stale, count);

	if (!text)
		return -ENOMEM;
	return nft_run_cmd_from_buffer(nft, text) ? -EINVAL : 0;
}

uint64_t nft_digest(const struct policy *policy)
{
	_cleanup_free_ char *text = transaction(policy, "", NULL, 0);

	return text ? hash_bytes(text, strlen(text)) | 1 : 1;
}

int nft_load(const struct policy *policy, char *why)
{
	_cleanup_nft_ struct nft_ctx *nft = context();
	_cleanup_json_ json_t *list = NULL;
	_cleanup_free_ const char **stale = NULL;
	size_t count = 0;
	int error;

	if (!nft)
		return -ENOMEM;
	list = list_counters(nft);
	error = find_stale(policy, list, &stale, &count);
	if (error)
		return error;
	error = run(nft, policy, "", stale, count);
	// A table with other chains (an older version's) cannot be edited into ours: it is replaced, and counting begins anew.
	if (error == -EINVAL && list)
		error = run(nft, policy, "delete table inet slicegate\n", NULL, 0);
	if (error)
		explain(nft, why);
	return error;
}

int nft_counters_get(struct nft_counters *out)
{
	_cleanup_nft_ struct nft_ctx *nft = context();
	_cleanup_json_ json_t *list = nft ? list_counters(nft) : NULL;
	size_t i;
	json_t *row;

	if (!list)
		return nft ? -ENOENT : -ENOMEM;
	json_array_foreach(json_object_get(list, "nftables"), i, row)
	{
		json_t *counter = json_object_get(row, "counter");
		const char *name = json_string_value(json_object_get(counter, "name"));
		struct slice_rule_counter *room;

		if (!name || strncmp(name, "rule-", 5))
			continue;
		room = vec_add(&out->rows);
		if (!room)
			return -ENOMEM;
		uuid_set(&room->rule, name + 5);
		room->packets = (uint64_t)json_integer_value(json_object_get(counter, "packets"));
		room->bytes = (uint64_t)json_integer_value(json_object_get(counter, "bytes"));
	}
	return 0;
}
