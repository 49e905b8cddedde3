// SPDX-License-Identifier: Apache-2.0
// The built-ins of an empty store. A gateway need not have joined under a Regional Gateway's name for it to be used in configuration.
#include "controller/store/seeds.h"
#include "controller/store/db.h"

#include "model/account.h"
#include "model/gateway.h"
#include "model/operator.h"
#include "model/steering.h"
#include "model/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *moniker, *name;
} gateways[] = {{"europe", "Europe"}, {"north-america", "North America"}};

static int plant(struct db *db, const struct noun *noun, void *object, const char *moniker, const char *name)
{
	struct object *head = object;
	int error = object ? 0 : -ENOMEM;

	if (!error && (field_text_set(&head->moniker, moniker) || field_text_set(&head->name, name)))
		error = -ENOMEM;
	return error ? error : db_insert(db, noun, object, "built-in");
}

int zones_plant(struct db *db, const struct gateway *gateway, const char *actor)
{
	static const char *const kinds[] = {"primary", "secondary"};
	int error = 0;

	for (size_t i = 0; i < 2 && !error; i++) {
		struct zone *zone = object_new(&noun_zone);
		char moniker[64], name[128];

		snprintf(moniker, sizeof(moniker), "%.20s-%s", gateway->object.moniker, kinds[i]);
		snprintf(name, sizeof(name), "%.80s %s", gateway->object.name, kinds[i]);
		if (!zone)
			return -ENOMEM;
		field_text_set(&zone->gateway.id, gateway->object.id);
		field_text_set(&zone->object.moniker, moniker);
		field_text_set(&zone->object.name, name);
		error = db_insert(db, &noun_zone, zone, actor);
		object_free(&noun_zone, zone);
	}
	return error;
}

static int plant_policy(struct db *db, const char *moniker, const char *name, const struct gateway *gateway)
{
	struct regional_policy *policy = object_new(&noun_regional_policy);

	if (!policy)
		return -ENOMEM;
	policy->fixed = 1;
	if (gateway) {
		struct regional_policy_entry *entry = field_rows_add(&noun_regional_policy_entry, &policy->entries);

		field_text_set(&entry->gateway.id, gateway->object.id);
	}
	int error = plant(db, &noun_regional_policy, policy, moniker, name);

	object_free(&noun_regional_policy, policy);
	return error;
}

int operators_plant(struct db *db)
{
	int error = 0;

	if (db_number(db, "SELECT count(*) FROM operator", 0))
		return 0;
	for (size_t i = 0; !error; i++) {
		struct operator* operator= object_new(&noun_operator);

		if (!operator)
			return -ENOMEM;
		bool is_there = operator_built_in(i, operator);

		if (is_there)
			error = db_insert(db, &noun_operator, operator, "built-in");
		object_free(&noun_operator, operator);
		if (!is_there)
			break;
	}
	return error;
}

int seeds_plant(struct db *db)
{
	struct customer *customer = object_new(&noun_customer);
	int error = plant(db, &noun_customer, customer, "default", "Default customer");

	object_free(&noun_customer, customer);
	if (!error)
		error = plant_policy(db, "automatic", "Automatic", NULL);
	for (size_t i = 0; i < sizeof(gateways) / sizeof(gateways[0]) && !error; i++) {
		struct gateway *gateway = object_new(&noun_gateway);

		error = plant(db, &noun_gateway, gateway, gateways[i].moniker, gateways[i].name);
		if (!error)
			error = zones_plant(db, gateway, "built-in");
		if (!error)
			error = plant_policy(db, gateways[i].moniker, gateways[i].name, gateway);
		object_free(&noun_gateway, gateway);
	}
	return error;
}
