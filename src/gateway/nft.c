// SPDX-License-Identifier: Apache-2.0
// The table carries its own digest, as the name of one more counter ("made-..."): a gateway that starts again and finds the digest of what it
// wants writes nothing, so 1,000 adopted slices cost 1,000 readings.
#include "gateway/nft.h"

#include "base/clean.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <nftables/libnftables.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

LOG_CATEGORY(nft);

// libnftables numbers the sets of a transaction from a counter of the process: one context at a time.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void clean_nft(struct nft_ctx **nft)
{
	if (*nft) {
		nft_ctx_free(*nft);
		pthread_mutex_unlock(&lock);
	}
}

static void clean_json(json_t **json)
{
	json_decref(*json);
}

#define _cleanup_nft_ __attribute__((cleanup(clean_nft)))
#define _cleanup_json_ __attribute__((cleanup(clean_json)))

// Its socket would be the lowest free number, and it aborts on one that select() cannot take.
static bool has_low_descriptor(void)
{
	_cleanup_close_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= FD_SETSIZE - 16)
		log_err("message=\"too many descriptors are open for nftables\"");
	return fd >= 0 && fd < FD_SETSIZE - 16;
}

// A context speaks for the namespace in which it is made. Never with another's.
static struct nft_ctx *context(void)
{
	struct nft_ctx *nft;

	pthread_mutex_lock(&lock);
	nft = has_low_descriptor() ? nft_ctx_new(NFT_CTX_DEFAULT) : NULL;
	if (nft) {
		nft_ctx_buffer_output(nft);
		nft_ctx_buffer_error(nft);
	} else {
		pthread_mutex_unlock(&lock);
	}
	return nft;
}

// The first line of what nft has to say, which names the fault; the rest quotes the command.
static void explain(struct nft_ctx *nft, char *why)
{
	const char *text = nft_ctx_get_error_buffer(nft);

	snprintf(why, POLICY_WHY, "nftables: %.*s", (int)strcspn(text, "\n"), text);
}

static const char *counter_name(json_t *row)
{
	return json_string_value(json_object_get(json_object_get(row, "counter"), "name"));
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

// The counters that are in the table and not wanted. Names are borrowed from `list`.
static int find_stale(const struct policy *policy, json_t *list, const char ***names, size_t *count)
{
	VEC(const char *) stale = {0};
	size_t i;
	json_t *row;

	json_array_foreach(json_object_get(list, "nftables"), i, row)
	{
		const char *name = counter_name(row), **room;

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
static char *transaction(
	const struct policy *policy, const char *before, const char *const *stale, size_t count, const char *made)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fputs(before, out);
	policy_nft(policy, stale, count, out);
	if (made)
		fprintf(out, "add counter inet slicegate %s\n", made);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

// FNV-1a of the text: the same in every run of the gateway, unlike base/map.h's hashes. 0 when memory is out.
static uint64_t digest_of(const struct policy *policy)
{
	_cleanup_free_ char *text = transaction(policy, "", NULL, 0, NULL);
	uint64_t hash = 14695981039346656037u;

	for (const char *c = text; c && *c; c++)
		hash = (hash ^ (uint8_t)*c) * 1099511628211u;
	return text ? hash | 1 : 0;
}

static int run(struct nft_ctx *nft, const struct policy *policy, const char *before, json_t *list, const char *made)
{
	_cleanup_free_ const char **stale = NULL;
	_cleanup_free_ char *text = NULL;
	size_t count = 0;

	if (find_stale(policy, list, &stale, &count))
		return -ENOMEM;
	text = transaction(policy, before, stale, count, made);
	if (!text)
		return -ENOMEM;
	return nft_run_cmd_from_buffer(nft, text) ? -EINVAL : 0;
}

static bool list_has(json_t *list, const char *wanted)
{
	size_t i;
	json_t *row;

	json_array_foreach(json_object_get(list, "nftables"), i, row)
	{
		const char *name = counter_name(row);

		if (name && !strcmp(name, wanted))
			return true;
	}
	return false;
}

static int load(const struct policy *policy, const char *made, char *why)
{
	_cleanup_nft_ struct nft_ctx *nft = context();
	_cleanup_json_ json_t *list = nft ? list_counters(nft) : NULL;
	int error;

	if (!nft)
		return -ENOMEM;
	if (list_has(list, made))
		return 0; // an earlier gateway's work
	error = run(nft, policy, "", list, made);
	// A table with other chains (an older version's) cannot be edited into ours: it is replaced, and counting begins anew.
	if (error == -EINVAL && list)
		error = run(nft, policy, "delete table inet slicegate\n", NULL, made);
	if (error)
		explain(nft, why);
	return error ? error : 1;
}

int nft_load(const struct policy *policy, uint64_t *digest, char *why)
{
	uint64_t wanted = digest_of(policy);
	char made[32];
	int error;

	if (wanted && wanted == *digest)
		return 0;
	snprintf(made, sizeof(made), "made-%016llx", (unsigned long long)wanted);
	error = wanted ? load(policy, made, why) : -ENOMEM;
	*digest = error < 0 ? 0 : wanted;
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
		const char *name = counter_name(row);
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

int nft_script(const char *text, char *why)
{
	_cleanup_nft_ struct nft_ctx *nft = context();
	int error = nft ? 0 : -ENOMEM;

	if (!error && nft_run_cmd_from_buffer(nft, text)) {
		explain(nft, why);
		error = -EINVAL;
	}
	return error;
}

bool nft_has(const char *object)
{
	_cleanup_nft_ struct nft_ctx *nft = context();
	char command[100];

	snprintf(command, sizeof(command), "list %s", object);
	return nft && !nft_run_cmd_from_buffer(nft, command);
}
