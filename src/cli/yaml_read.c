// SPDX-License-Identifier: Apache-2.0
#include "cli/yaml_read.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/clean.h"

// An alias stands for all that its anchor holds, so a small text can mean a very large value.
#define VALUES_MAX 2000000
#define DEPTH_MAX 64

struct reading {
	yaml_document_t document;
	size_t values;
	char *error;
	size_t size;
};

static json_t *fault(struct reading *reading, const yaml_node_t *node, const char *why)
{
	snprintf(reading->error, reading->size, "%zu: %s", node->start_mark.line + 1, why);
	return NULL;
}

static bool is_nothing(const yaml_node_t *node)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (size_t i = 0; i < array_len(words); i++)
		if (strcmp((const char *)node->data.scalar.value, words[i]) == 0)
			return true;
	return false;
}

static json_t *read_scalar(struct reading *reading, const yaml_node_t *node)
{
	json_t *text;

	if (is_nothing(node))
		return json_null();
	text = json_stringn((const char *)node->data.scalar.value, node->data.scalar.length);
	return text ? text : fault(reading, node, "this text is not valid UTF-8");
}

static json_t *read_node(struct reading *reading, int index, unsigned depth);

static json_t *read_list(struct reading *reading, const yaml_node_t *node, unsigned depth)
{
	json_t *list = json_array();

	for (yaml_node_item_t *item = node->data.sequence.items.start; list && item < node->data.sequence.items.top; item++) {
		json_t *value = read_node(reading, *item, depth);

		if (!value || json_array_append_new(list, value) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *read_mapping(struct reading *reading, const yaml_node_t *node, unsigned depth)
{
	json_t *object = json_object();

	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; object && pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(&reading->document, pair->key);
		const char *name = key->type == YAML_SCALAR_NODE ? (const char *)key->data.scalar.value : NULL;
		json_t *value = NULL;

		if (!name)
			fault(reading, key, "a name is wanted before the colon");
		else if (json_object_get(object, name))
			fault(reading, key, "this name was given before");
		else
			value = read_node(reading, pair->value, depth);
		if (!value || json_object_set_new(object, name, value) < 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *read_node(struct reading *reading, int index, unsigned depth)
{
	const yaml_node_t *node = yaml_document_get_node(&reading->document, index);

	if (depth == DEPTH_MAX || ++reading->values > VALUES_MAX)
		return fault(reading, node, "this is too deep or too large");
	if (node->type == YAML_SEQUENCE_NODE)
		return read_list(reading, node, depth + 1);
	if (node->type == YAML_MAPPING_NODE)
		return read_mapping(reading, node, depth + 1);
	return read_scalar(reading, node);
}

static int read_document(struct reading *reading, int (*take)(json_t *, unsigned, void *), void *context)
{
	const yaml_node_t *root = yaml_document_get_root_node(&reading->document);
	json_t *value = read_node(reading, 1, 0);
	int result;

	if (!value)
		return -EINVAL;
	result = json_is_null(value) ? 0 : take(value, (unsigned)root->start_mark.line + 1, context);
	json_decref(value);
	return result;
}

int yaml_read(const char *text, size_t len, int (*take)(json_t *document, unsigned line, void *context), void *context,
	char *error, size_t size)
{
	struct reading reading = {.error = error, .size = size};
	yaml_parser_t parser;
	bool more = true;
	int result = 0;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (!result && more) {
		if (!yaml_parser_load(&parser, &reading.document)) {
			snprintf(error, size, "%zu: %s", parser.problem_mark.line + 1,
				parser.problem ? parser.problem : "this is not YAML");
			result = -EINVAL;
			break;
		}
		more = yaml_document_get_root_node(&reading.document) != NULL;
		if (more)
			result = read_document(&reading, take, context);
		yaml_document_delete(&reading.document);
	}
	yaml_parser_delete(&parser);
	return result;
}
