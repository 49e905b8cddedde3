// SPDX-License-Identifier: Apache-2.0
// Addresses on a real file: who gets which, who keeps it, what is leased to gateways.
#include "controller/store/address.h"

#include "controller/store/plan.h"
#include "model/account.h"
#include "model/endpoint.h"
#include "model/gateway.h"
#include "model/group.h"
#include "model/ruling.h"
#include "model/vslice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world {
	char folder[32], path[64], key[64], customer[40];
	struct seal seal;
	struct db *db;
	char vslice[UUID_TEXT], group[UUID_TEXT];
	int made;
};

static void insert(struct world *world, const struct noun *noun, void *object, char id[UUID_TEXT])
{
	struct object *head = object;

	field_text_set(&head->customer.id, noun->flags & NOUN_PLATFORM ? NULL : world->customer);
	assert_int_equal(db_insert(world->db, noun, object, "test"), 0);
	snprintf(id, UUID_TEXT, "%s", head->id);
	object_free(noun, object);
}

static void vslice_add(struct world *world, const char *name, int64_t family, const char *const *subnets, char id[UUID_TEXT])
{
	struct vslice *vslice = object_new(&noun_vslice);

	field_text_set(&vslice->object.name, name);
	vslice->type = VSLICE_INTEGRATED;
	vslice->ip_address_family = family;
	vslice->ip_allocation = IP_ALLOCATION_STATIC;
	for (; *subnets; subnets++)
		field_texts_add(&vslice->subnets, *subnets);
	insert(world, &noun_vslice, vslice, id);
}

static void group_add(struct world *world, const char *name, const char *vslice, int64_t allocation, char id[UUID_TEXT])
{
	struct group *group = object_new(&noun_group);

	field_text_set(&group->object.name, name);
	field_text_set(&group->vslice.id, vslice);
	group->ip_allocation = allocation;
	insert(world, &noun_group, group, id);
}

static void endpoint_add(struct world *world, const char *group, const char *address, char id[UUID_TEXT])
{
	struct endpoint *endpoint = object_new(&noun_endpoint);
	char iccid[24], imsi[20];

	snprintf(iccid, sizeof(iccid), "8931%015d", ++world->made);
	snprintf(imsi, sizeof(imsi), "99970%010d", world->made);
	field_text_set(&endpoint->object.name, iccid);
	field_text_set(&endpoint->object.moniker, iccid);
	field_text_set(&endpoint->iccid, iccid);
	field_texts_add(&endpoint->imsis, imsi);
	field_text_set(&endpoint->group.id, group);
	field_text_set(&endpoint->static_ip, address);
	endpoint->status = ENDPOINT_ACTIVE;
	insert(world, &noun_endpoint, endpoint, id);
}

// What the endpoint's row says: its address, or its prefix.
static void expect(struct world *world, const char *id, const char *address, const char *prefix)
{
	struct endpoint *endpoint;

	assert_int_equal(db_get(world->db, &noun_endpoint, id, DB_LEAN, (void **)&endpoint), 0);
	assert_string_equal(endpoint->assigned_ip ? endpoint->assigned_ip : "-", address ? address : "-");
	assert_string_equal(endpoint->assigned_prefix ? endpoint->assigned_prefix : "-", prefix ? prefix : "-");
	object_free(&noun_endpoint, endpoint);
}

static void run(struct world *world, const char *sql)
{
	assert_int_equal(db_run(world->db, sql), 0);
}

static int set_up(void **state)
{
	static const char *const subnets[] = {"10.0.0.0/29", NULL};
	struct world *world = calloc(1, sizeof(*world));
	char why[200];

	strcpy(world->folder, "/tmp/slicegate-address-XXXXXX");
	assert_non_null(mkdtemp(world->folder));
	snprintf(world->path, sizeof(world->path), "%s/db", world->folder);
	snprintf(world->key, sizeof(world->key), "%s/db.key", world->folder);
	assert_int_equal(seal_open(world->key, true, &world->seal), 0);
	assert_int_equal(db_open(world->path, &world->seal, true, &world->db, why), 0);
	assert_int_equal(db_find(world->db, &noun_customer, NULL, NULL, "DEFAULT", world->customer), 0);
	vslice_add(world, "one", IP_FAMILY_IPV4, subnets, world->vslice);
	group_add(world, "group", world->vslice, IP_ALLOCATION_STATIC, world->group);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	char command[80];

	db_close(&world->db);
	snprintf(command, sizeof(command), "rm -rf %s", world->folder);
	assert_int_equal(system(command), 0);
	free(world);
	return 0;
}

static void test_each_gets_one_and_keeps_it(void **state)
{
	struct world *world = *state;
	char ids[5][UUID_TEXT];

	for (int i = 0; i < 5; i++) {
		char address[20];

		endpoint_add(world, world->group, NULL, ids[i]);
		assert_int_equal(address_settle(world->db, ids[i]), 1);
		snprintf(address, sizeof(address), "10.0.0.%d", i + 2); // the first is the gateway's
		expect(world, ids[i], address, NULL);
		assert_int_equal(address_settle(world->db, ids[i]), 0);
	}
}

static void test_who_finds_none_waits_for_one(void **state)
{
	struct world *world = *state;
	char ids[5][UUID_TEXT], late[UUID_TEXT], vslice[UUID_TEXT] = "";
	struct address_walk walk = {0};

	for (int i = 0; i < 5; i++) {
		endpoint_add(world, world->group, NULL, ids[i]);
		assert_int_equal(address_settle(world->db, ids[i]), 1);
	}
	endpoint_add(world, world->group, NULL, late);
	assert_int_equal(address_settle(world->db, late), 0);
	expect(world, late, NULL, NULL);
	assert_false(address_came_free(world->db, vslice));
	assert_int_equal(db_delete(world->db, &noun_endpoint, ids[1], "test"), 0);
	assert_true(address_came_free(world->db, vslice));
	assert_string_equal(vslice, world->vslice);
	assert_false(address_came_free(world->db, vslice));
	strcpy(walk.vslice, vslice);
	assert_int_equal(address_settle_some(world->db, &walk), 5);
	assert_int_equal(address_settle_some(world->db, &walk), 0);
	expect(world, late, "10.0.0.3", NULL);
	expect(world, ids[0], "10.0.0.2", NULL);
}

static void test_one_that_was_given_back_rests(void **state)
{
	struct world *world = *state;
	char first[UUID_TEXT], second[UUID_TEXT];

	endpoint_add(world, world->group, NULL, first);
	assert_int_equal(address_settle(world->db, first), 1);
	assert_int_equal(db_delete(world->db, &noun_endpoint, first, "test"), 0);
	endpoint_add(world, world->group, NULL, second);
	assert_int_equal(address_settle(world->db, second), 1);
	expect(world, second, "10.0.0.3", NULL);
}

static void test_one_reserved_by_hand_is_nobody_elses(void **state)
{
	struct world *world = *state;
	struct ruling ruling = {0};
	char first[UUID_TEXT], second[UUID_TEXT];
	struct endpoint *endpoint;

	endpoint_add(world, world->group, "10.0.0.2", second); // not settled yet: the other must not take it meanwhile
	endpoint_add(world, world->group, NULL, first);
	assert_int_equal(address_settle(world->db, first), 1);
	expect(world, first, "10.0.0.3", NULL);
	assert_int_equal(address_settle(world->db, second), 1);
	expect(world, second, "10.0.0.2", NULL);
	assert_int_equal(db_get(world->db, &noun_endpoint, second, DB_LEAN, (void **)&endpoint), 0);
	address_judge_endpoint(world->db, &ruling, endpoint);
	assert_int_equal(ruling.fault_count, 0);
	field_text_set(&endpoint->static_ip, "10.0.0.3");
	address_judge_endpoint(world->db, &ruling, endpoint);
	assert_int_equal(ruling.fault_count, 1);
	assert_int_equal(ruling.verdict, RULING_CONFLICT);
	ruling_fini(&ruling);
	object_free(&noun_endpoint, endpoint);
	run(world, "UPDATE endpoint SET static_ip_address = '10.0.0.5' WHERE static_ip_address = '10.0.0.2'");
	assert_int_equal(address_settle(world->db, second), 1);
	expect(world, second, "10.0.0.5", NULL);
}

static void test_moving_and_pooling_give_back(void **state)
{
	static const char *const subnets[] = {"10.0.0.0/29", "2001:db8::/48", NULL};
	struct world *world = *state;
	char id[UUID_TEXT], vslice[UUID_TEXT], group[UUID_TEXT], sql[200];

	endpoint_add(world, world->group, NULL, id);
	assert_int_equal(address_settle(world->db, id), 1);
	vslice_add(world, "two", IP_FAMILY_IPV4V6, subnets, vslice); // the same subnet: nobody's business
	group_add(world, "other", vslice, IP_ALLOCATION_STATIC, group);
	snprintf(sql, sizeof(sql), "UPDATE endpoint SET endpoint_group = '%s'", group);
	run(world, sql);
	assert_int_equal(address_settle(world->db, id), 1);
	expect(world, id, "10.0.0.2", "2001:db8:0:1::/64");
	assert_int_equal(db_number(world->db, "SELECT count(*) FROM address", -1), 2);
	run(world, "UPDATE endpoint_group SET ip_allocation_type = 2");
	assert_int_equal(address_settle(world->db, id), 1);
	expect(world, id, NULL, NULL);
	assert_int_equal(db_number(world->db, "SELECT count(*) FROM address", -1), 0);
}

static void test_a_subnet_in_use_stays(void **state)
{
	struct world *world = *state;
	struct vslice *before, *now;
	struct ruling ruling = {0};
	char id[UUID_TEXT];

	assert_int_equal(db_get(world->db, &noun_vslice, world->vslice, DB_LEAN, (void **)&before), 0);
	assert_int_equal(db_get(world->db, &noun_vslice, world->vslice, DB_LEAN, (void **)&now), 0);
	field_text_set(&now->subnets.items[0], "10.1.0.0/24");
	address_judge_vslice(world->db, &ruling, now, before);
	assert_int_equal(ruling.fault_count, 0); // nobody has an address yet
	endpoint_add(world, world->group, NULL, id);
	assert_int_equal(address_settle(world->db, id), 1);
	address_judge_vslice(world->db, &ruling, now, before);
	assert_int_equal(ruling.verdict, RULING_CONFLICT);
	ruling_fini(&ruling);
	ruling = (struct ruling){0};
	field_text_set(&now->subnets.items[0], "10.0.0.0/16"); // a larger one holds it too
	address_judge_vslice(world->db, &ruling, now, before);
	assert_int_equal(ruling.fault_count, 0);
	object_free(&noun_vslice, before);
	object_free(&noun_vslice, now);
}

static void leases_of(struct world *world, const char *gateway, char out[200])
{
	struct vslice *vslice;

	assert_int_equal(db_get(world->db, &noun_vslice, world->vslice, DB_LEAN, (void **)&vslice), 0);
	address_fill_leases(world->db, gateway, vslice);
	*out = '\0';
	for (size_t i = 0; i < vslice->leases.count; i++) {
		strcat(out, i ? " " : "");
		strcat(out, vslice->leases.items[i]);
	}
	object_free(&noun_vslice, vslice);
}

static void test_gateways_get_halves_and_never_the_same(void **state)
{
	struct world *world = *state;
	char east[UUID_TEXT], west[UUID_TEXT], text[200], id[UUID_TEXT];

	assert_int_equal(db_find(world->db, &noun_gateway, NULL, NULL, "europe", east), 0);
	assert_int_equal(db_find(world->db, &noun_gateway, NULL, NULL, "north-america", west), 0);
	run(world, "UPDATE vslice SET subnets = '[\"10.0.0.0/24\",\"10.9.0.0/29\"]'"); // 253 and 5
	assert_int_equal(address_lease(world->db, world->vslice, IP_V4, east), 1);
	assert_int_equal(address_lease(world->db, world->vslice, IP_V4, west), 1);
	leases_of(world, east, text);
	assert_string_equal(text, "10.0.0.131-10.0.0.254 10.9.0.2-10.9.0.6"); // 129 of 258
	leases_of(world, west, text);
	assert_string_equal(text, "10.0.0.67-10.0.0.130"); // 64 of 129
	assert_int_equal(address_lease(world->db, world->vslice, IP_V6, west), 0);
	for (int i = 0; i < 20; i++)
		assert_true(address_lease(world->db, world->vslice, IP_V4, i % 2 ? east : west) >= 0);
	assert_int_equal(address_lease(world->db, world->vslice, IP_V4, east), 0); // nothing is left
	assert_int_equal(db_number(world->db, "SELECT sum(last - first + 1) FROM address_lease", -1), 258);
	assert_int_equal(
		db_number(world->db,
			"SELECT count(*) FROM address_lease a JOIN address_lease b ON a.first < b.first AND a.last >= b.first",
			-1),
		0);
	endpoint_add(world, world->group, NULL, id); // what is leased is kept for nobody
	assert_int_equal(address_settle(world->db, id), 0);
	run(world, "UPDATE vslice SET subnets = '[\"10.9.0.0/29\",\"10.0.1.0/24\"]'");
	assert_int_equal(address_space_changed(world->db, world->vslice), 0);
	leases_of(world, east, text);
	assert_string_equal(text, "10.9.0.2-10.9.0.6");
	assert_int_equal(address_settle(world->db, id), 1);
	expect(world, id, "10.0.1.2", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_gets_one_and_keeps_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_who_finds_none_waits_for_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_one_that_was_given_back_rests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_one_reserved_by_hand_is_nobody_elses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_moving_and_pooling_give_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_subnet_in_use_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gateways_get_halves_and_never_the_same, set_up, tear_down),
	};

	if (plans_init())
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	plans_fini();
	return failed;
}
