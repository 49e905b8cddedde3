// SPDX-License-Identifier: Apache-2.0
// Event Handlers, Event Maps and events: the shapes that existing clients and receivers read, and the rules.
#include "model/event.h"

#include "base/clean.h"
#include "model/json.h"
#include "model/ruling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *written(const struct noun *noun, const void *object, enum json_form form)
{
	struct text out = {0};

	json_put_object(&out, noun, object, form);
	return text_take(&out, NULL);
}

static void *taken(struct ruling *ruling, const struct noun *noun, const char *text)
{
	void *object = object_new(noun);
	json_t *body = json_loads(text, 0, NULL);

	assert_non_null(body);
	json_get_object(ruling, noun, body, object, JSON_CREATE);
	json_decref(body);
	object_judge(ruling, noun, object, NULL);
	return object;
}

static bool said(const struct ruling *ruling, const char *text)
{
	for (size_t i = 0; i < ruling->fault_count; i++)
		if (strstr(ruling->faults[i], text))
			return true;
	return false;
}

static void assert_refused(const struct noun *noun, const char *text, const char *message)
{
	struct ruling ruling = {0};
	void *object = taken(&ruling, noun, text);

	if (!said(&ruling, message))
		fail_msg("%s: \"%s\" not in %s", text, message, ruling.fault_count ? ruling.faults[0] : "(no fault)");
	object_free(noun, object);
	ruling_fini(&ruling);
}

static void test_what_a_receiver_gets(void **state)
{
	struct event *event = object_new(&noun_event);

	(void)state;
	event->sequence = 7;
	event->time_ms = 1700000000123;
	field_text_set(&event->object.id, "0b000000-0000-4000-8000-000000000001");
	field_text_set(&event->type, "endpointdatasessioncreated_v1");
	field_text_set(&event->endpoint, "e1");
	field_text_set(&event->detail, "{\"apn\":\"iot\"}");
	_cleanup_free_ char *text = written(&noun_event, event, JSON_LINK);

	assert_string_equal(text,
		"{\"eventId\":\"0b000000-0000-4000-8000-000000000001\",\"sequence\":7,\"eventTime\":\"2023-11-14T22:13:20.123Z\","
		"\"eventType\":\"endpointdatasessioncreated_v1\",\"endpointId\":\"e1\",\"detail\":{\"apn\":\"iot\"}}");
	object_free(&noun_event, event);
}

static void test_secrets_are_never_read_back(void **state)
{
	struct ruling ruling = {0};
	struct event_handler *handler = taken(&ruling, &noun_event_handler,
		"{\"name\":\"h\",\"configurationData\":{\"webhookConfig\":{\"url\":\"https://example.com/"
		"x\",\"username\":\"u\",\"password\":"
		"\"hush-1\",\"signingSecret\":\"hush-2-hush-2-hush-2\"}}}");

	(void)state;
	if (ruling.fault_count)
		fail_msg("%s", ruling.faults[0]);
	assert_string_equal(handler->config.webhook.password, "hush-1");
	_cleanup_free_ char *text = written(&noun_event_handler, handler, JSON_READ);

	assert_null(strstr(text, "hush"));
	assert_non_null(strstr(text, "\"timeout\":\"10\""));
	assert_non_null(strstr(text, "\"password\":\"\",\"passwordSet\":true"));
	assert_non_null(strstr(text, "\"bearerToken\":null,\"bearerTokenSet\":false"));
	assert_non_null(strstr(text, "\"signingSecretSet\":true"));
	object_free(&noun_event_handler, handler);
	ruling_fini(&ruling);
}

static void test_webhooks_are_judged(void **state)
{
#define WEBHOOK(members) "{\"name\":\"h\",\"configurationData\":{\"webhookConfig\":{" members "}}}"
	(void)state;
	assert_refused(&noun_event_handler, WEBHOOK(""), "configurationData.webhookConfig.url: is missing");
	assert_refused(&noun_event_handler, WEBHOOK("\"url\":\"file:///etc/passwd\""), "webhookConfig.url");
	assert_refused(&noun_event_handler, WEBHOOK("\"url\":\"http://u:p@host/\""), "put them into username and password");
	assert_refused(&noun_event_handler, WEBHOOK("\"url\":\"http://h/\",\"timeout\":\"61\""), "\"1\" to \"60\" seconds");
	assert_refused(&noun_event_handler, WEBHOOK("\"url\":\"http://h/\",\"timeout\":\"0\""), "\"1\" to \"60\" seconds");
	assert_refused(&noun_event_handler, WEBHOOK("\"url\":\"http://h/\",\"timeout\":10"), "timeout: is an integer");
	assert_refused(&noun_event_handler, WEBHOOK("\"url\":\"http://h/\",\"password\":\"p\""), "username: is missing");
	assert_refused(&noun_event_handler, WEBHOOK("\"url\":\"http://h/\",\"username\":\"a:b\""), "colon");
	assert_refused(&noun_event_handler, WEBHOOK("\"url\":\"http://h/\",\"bearerToken\":\"a\\r\\nX: y\""), "line break");
	assert_refused(&noun_event_handler, WEBHOOK("\"url\":\"http://h/\",\"signingSecret\":\"short\""), "16 to 200");

	struct ruling ruling = {0}; // an @ in the path is none of a user
	void *handler = taken(&ruling, &noun_event_handler, WEBHOOK("\"url\":\"https://h/@x\""));

	assert_int_equal(ruling.fault_count, 0);
	object_free(&noun_event_handler, handler);
}

static void set_ref(struct field_ref *ref, const char *id, const char *moniker)
{
	field_text_set(&ref->id, id);
	field_text_set(&ref->moniker, moniker);
	field_text_set(&ref->name, moniker);
}

static struct event_subscription *add(struct event_map *map, const char *handler, const char *type)
{
	struct event_subscription *row = field_rows_add(&noun_event_subscription, &map->subscriptions);

	set_ref(&row->handler, handler, handler);
	set_ref(&row->type, type, type);
	return row;
}

static void test_a_map_says_nothing_twice(void **state)
{
	struct event_map *map = object_new(&noun_event_map);
	struct ruling ruling = {0};

	(void)state;
	add(map, "h1", "l2tptunnelup_v1");
	add(map, "h2", "l2tptunnelup_v1");
	noun_event_map.check(&ruling, map, NULL);
	assert_int_equal(ruling.fault_count, 0);
	add(map, "h1", "l2tptunnelup_v1");
	noun_event_map.check(&ruling, map, NULL);
	assert_true(said(&ruling, "subscriptions[2]"));
	assert_true(noun_event_subscription.same(&ruling, field_rows_at(&noun_event_subscription, &map->subscriptions, 0),
		field_rows_at(&noun_event_subscription, &map->subscriptions, 2)));
	object_free(&noun_event_map, map);
	ruling_fini(&ruling);
}

static void test_subscriptions_in_their_shapes(void **state)
{
	struct event_map *map = object_new(&noun_event_map);
	struct event_subscription *row = add(map, "h1", "l2tptunnelup_v1");
	struct text added = {0};

	(void)state;
	field_text_set(&row->object.id, "s1");
	field_text_set(&row->summary, "POST https://example.com/");
	_cleanup_free_ char *read = written(&noun_event_subscription, row, JSON_READ);

	assert_string_equal(read,
		"{\"id\":\"s1\",\"eventMap\":null,\"eventEndpoint\":{\"id\":\"h1\",\"name\":\"h1\",\"moniker\":\"h1\",\"type\":"
		"\"webhook\","
		"\"active\":true,\"summaryDescription\":\"POST https://example.com/\"},\"eventType\":{\"key\":35,\"moniker\":"
		"\"l2tptunnelup_v1\",\"name\":\"L2TP tunnel up\",\"active\":true}}");
	noun_event_subscription.put_added(&added, row);
	assert_string_equal(added.bytes,
		"{\"eventSubscriptionId\":\"s1\",\"eventEndpointId\":\"h1\",\"eventType\":{\"key\":35,\"moniker\":\"l2tptunnelup_"
		"v1\",\"name\":"
		"\"L2TP tunnel up\",\"active\":true},\"eventHandler\":{\"id\":\"h1\",\"moniker\":\"h1\",\"name\":\"h1\"}}");
	text_fini(&added);
	object_free(&noun_event_map, map);
}

static void test_scopes_are_known_by_any_spelling(void **state)
{
	static const char *const spellings[] = {"endpointgroup", "endpoint-group", "Endpoint Group", "ENDPOINTGROUP"};

	(void)state;
	for (size_t i = 0; i < array_len(spellings); i++)
		assert_int_equal(
			word_find(field_find(&noun_event_map, "eventScope")->words, spellings[i])->key, EVENT_SCOPE_GROUP);
	assert_null(word_find(field_find(&noun_event_map, "eventScope")->words, "endpoint"));
}

static void test_types_have_keys_and_names_of_their_own(void **state)
{
	(void)state;
	for (const struct word *word = event_words; word->key; word++) {
		assert_ptr_equal(word_of(event_words, word->key), word);
		assert_ptr_equal(word_find(event_words, word->moniker), word);
		assert_int_equal(word->key, word - event_words + 1); // none is left out
	}
	assert_int_equal(word_find(event_words, "regionalgatewaydown_v1")->key, EVENT_GATEWAY_DOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_receiver_gets),
		cmocka_unit_test(test_secrets_are_never_read_back),
		cmocka_unit_test(test_webhooks_are_judged),
		cmocka_unit_test(test_a_map_says_nothing_twice),
		cmocka_unit_test(test_subscriptions_in_their_shapes),
		cmocka_unit_test(test_scopes_are_known_by_any_spelling),
		cmocka_unit_test(test_types_have_keys_and_names_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
