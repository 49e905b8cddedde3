// SPDX-License-Identifier: Apache-2.0
#include "cli/prune.h"

#include <stdio.h>
#include <string.h>

#include "base/clean.h"
#include "cli/pages.h"

// Nobody shall lock himself out.
static bool is_account(const struct noun *noun)
{
	static const char *const words[] = {"customer", "user", "api-token"};

	for (size_t i = 0; i < array_len(words); i++)
		if (strcmp(noun->word, words[i]) == 0)
			return true;
	return false;
}

static bool is_named(const struct manifest *manifest, const struct noun *noun, const json_t *object)
{
	static const char *const names[] = {"moniker", "id", "iccid"};

	for (size_t i = 0; i < array_len(names); i++) {
		const char *text = json_string_value(json_object_get(object, names[i]));

		if (text && manifest_called(manifest, noun, text))
			return true;
	}
	return false;
}

static bool has_kind(const struct manifest *manifest, const struct noun *noun)
{
	vec_each (&manifest->documents, document)
		if (document->noun == noun)
			return true;
	return false;
}

static int delete_one(struct command *command, const struct noun *noun, const json_t *object, bool dry)
{
	struct answer answer;
	char path[1024] = "";
	int result;

	if (dry)
		return 0;
	path_add(path, sizeof(path), noun->path);
	path_add(path, sizeof(path), json_string_value(json_object_get(object, "id")));
	result = client_call(command->client, "DELETE", path, NULL, &answer);
	if (answer.status == 404) // it went along with another
		result = 0;
	if (result)
		snprintf(command->error, sizeof(command->error), "%s %.60s: %.800s", noun->word,
			json_string_value(json_object_get(object, "moniker")), answer.error);
	answer_fini(&answer);
	return result;
}

int prune(struct command *command, const struct manifest *manifest, bool dry,
	void (*told)(const struct noun *noun, const char *called, void *context), void *context)
{
	size_t count = 0;
	int result = 0;

	while (nouns[count])
		count++;
	while (!result && count-- > 0) {
		const struct noun *noun = nouns[count];
		json_t *all = json_array(), *object;
		char path[256] = "";
		size_t i;

		path_add(path, sizeof(path), noun->path);
		if (has_kind(manifest, noun) && !is_account(noun))
			result = pages_read(command, path, 0, all, NULL);
		json_array_foreach(all, i, object)
		{
			const char *called = json_string_value(json_object_get(object, "moniker"));

			if (result || resource_is_built_in(noun, object) || is_named(manifest, noun, object))
				continue;
			result = delete_one(command, noun, object, dry);
			if (!result)
				told(noun, called ? called : "", context);
		}
		json_decref(all);
	}
	return result;
}
