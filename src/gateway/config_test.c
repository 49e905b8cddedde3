// SPDX-License-Identifier: Apache-2.0
#include "gateway/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#define ID "11111111-0000-4000-8000-00000000000"

static int put(struct config *config, const char *kind, const char *id, const char *text, char *why)
{
	json_t *data = json_loads(text, 0, NULL);
	int error;

	assert_non_null(data);
	error = config_put(config, kind, id, data, why);
	json_decref(data);
	return error;
}

static void a_vslice_keeps_its_lists_in_order(void **state)
{
	struct config *config = config_new();
	struct uuid id;
	char why[160];
	const struct vslice_config *vslice;

	(void)state;
	assert_int_equal(
		put(config, "vslice", ID "1",
			"{\"moniker\":\"v\",\"vsliceType\":\"l2tp\",\"defaultRoutingPolicy\":\"" ID "2\","
			"\"lacs\":[{\"id\":\"" ID "3\",\"address\":\"10.200.0.1\",\"port\":1702,\"tunnelSecret\":\"s\"}],"
			"\"lnss\":[{\"id\":\"" ID "4\",\"address\":\"192.0.2.1\"},{\"id\":\"" ID
			"5\",\"address\":\"192.0.2.2\",\"tunnelSecret\":\"t\",\"nextTunnelSecret\":\"u\"},{\"id\":\"" ID
			"6\",\"address\":\"192.0.2.3\",\"preference\":3,\"equalPreference\":true}]}",
			why),
		0);
	uuid_set(&id, ID "1");
	vslice = config_vslice(config, &id);
	assert_non_null(vslice);
	assert_int_equal(vslice->type, VSLICE_L2TP);
	assert_int_equal(vslice->lacs.items[0].address.port, 1702);
	assert_int_equal(vslice->lnss.count, 3);
	assert_int_equal(vslice->lnss.items[1].preference, 2);
	assert_int_equal(vslice->lnss.items[0].address.port, 1701);
	assert_null(vslice->lnss.items[0].secret);
	assert_string_equal(vslice->lnss.items[1].secret, "t");
	assert_string_equal(vslice->lnss.items[1].next_secret, "u");
	assert_int_equal(vslice->lnss.items[2].preference, 2); // as preferred as the one before
	config_free(&config);
}

static void an_integrated_vslice_has_subnets_and_leases(void **state)
{
	struct config *config = config_new();
	const struct vslice_config *vslice;
	struct uuid id;
	char why[160];

	(void)state;
	assert_int_equal(put(config, "vslice", ID "1",
				 "{\"moniker\":\"v\",\"vsliceType\":\"integrated\",\"ipAddressFamily\":\"ipv4v6\","
				 "\"subnets\":[\"100.64.0.0/24\",\"2001:db8::/48\"],\"dnsServers\":[\"9.9.9.9\"],"
				 "\"leases\":[\"100.64.0.2-100.64.0.99\",\"2001:db8:0:1::/64-2001:db8:0:ff::/64\"]}",
				 why),
		0);
	uuid_set(&id, ID "1");
	vslice = config_vslice(config, &id);
	assert_int_equal(vslice->type, VSLICE_INTEGRATED);
	assert_true(vslice->has_ipv4 && vslice->has_ipv6);
	assert_int_equal(vslice->subnets.rows.count, 2);
	assert_int_equal(vslice->dns.count, 1);
	assert_int_equal(vslice->leases.count, 2);
	assert_int_equal(vslice->leases.items[0].last - vslice->leases.items[0].first, 97);
	assert_int_equal(vslice->leases.items[1].family, IP_V6);
	assert_int_equal(
		put(config, "vslice", ID "1", "{\"moniker\":\"v\",\"leases\":[\"100.64.0.9-100.64.0.2\"]}", why), -EINVAL);
	config_free(&config);
}

static void an_address_is_kept_for_its_endpoint(void **state)
{
	struct config *config = config_new();
	struct uuid vslice, other;
	char why[160];

	(void)state;
	uuid_set(&vslice, ID "1");
	uuid_set(&other, ID "2");
	assert_int_equal(put(config, "endpoint", ID "7",
				 "{\"imsis\":[\"999700000000001\"],\"status\":\"active\",\"vslice\":\"" ID
				 "1\",\"address\":\"100.64.0.7\",\"prefix\":\"2001:db8:0:7::/64\"}",
				 why),
		0);
	assert_non_null(config_kept_for(config, &vslice, IP_V4, 0x64400007));
	assert_non_null(config_kept_for(config, &vslice, IP_V6, 0x20010db800000007));
	assert_null(config_kept_for(config, &vslice, IP_V4, 0x64400008));
	assert_null(config_kept_for(config, &other, IP_V4, 0x64400007));
	assert_int_equal(put(config, "endpoint", ID "7",
				 "{\"imsis\":[\"999700000000001\"],\"status\":\"active\",\"vslice\":\"" ID
				 "1\",\"address\":\"100.64.0.8\"}",
				 why),
		0);
	assert_null(config_kept_for(config, &vslice, IP_V4, 0x64400007));
	assert_non_null(config_kept_for(config, &vslice, IP_V4, 0x64400008));
	config_delete(config, "endpoint", ID "7");
	assert_null(config_kept_for(config, &vslice, IP_V4, 0x64400008));
	assert_int_equal(put(config, "endpoint", ID "7",
				 "{\"imsis\":[\"999700000000001\"],\"status\":\"active\",\"address\":\"2001:db8::/64\"}", why),
		-EINVAL);
	config_free(&config);
}

static void a_policy_holds_endpoints_to_rates(void **state)
{
	struct config *config = config_new();
	const struct policy_config *policy;
	struct uuid id;
	char why[160];

	(void)state;
	assert_int_equal(put(config, "routingPolicy", ID "3",
				 "{\"moniker\":\"p\",\"rateLimitUplink\":\"512kbits\",\"rateLimitDownlink\":\"10mbits\","
				 "\"packetDiscardDownlinkPercentage\":30,\"rules\":[]}",
				 why),
		0);
	uuid_set(&id, ID "3");
	policy = config_policy(config, &id);
	assert_int_equal(policy->rate_bps[0], 512000);
	assert_int_equal(policy->rate_bps[1], 10000000);
	assert_int_equal(policy->discard_percent[0], 0);
	assert_int_equal(policy->discard_percent[1], 30);
	config_free(&config);
}

static void a_bad_row_changes_nothing(void **state)
{
	struct config *config = config_new();
	struct uuid id;
	char why[160];

	(void)state;
	uuid_set(&id, ID "1");
	assert_int_equal(put(config, "vslice", ID "1", "{\"moniker\":\"v\",\"lnss\":[{\"address\":\"192.0.2.1\"}]}", why), 0);
	assert_int_equal(put(config, "vslice", ID "1", "{\"moniker\":\"w\",\"lnss\":[{\"address\":\"nowhere\"}]}", why), -EINVAL);
	assert_string_equal(config_vslice(config, &id)->moniker, "v");
	assert_int_equal(put(config, "vslice", ID "2", "{\"lnss\":[]}", why), -EINVAL);
	assert_int_equal(
		put(config, "routingTarget", ID "3", "{\"moniker\":\"t\",\"routingTargetType\":\"peering\"}", why), -EINVAL);
	assert_int_equal(put(config, "endpoint", ID "4", "{\"imsis\":[\"12\"],\"status\":\"active\"}", why), -EINVAL);
	assert_int_equal(put(config, "a-kind-of-the-future", ID "5", "{}", why), 0);
	config_free(&config);
}

static void an_endpoint_is_found_by_each_of_its_imsis(void **state)
{
	struct config *config = config_new();
	char why[160];

	(void)state;
	assert_int_equal(
		put(config, "endpoint", ID "1",
			"{\"iccid\":\"89\",\"imsis\":[\"001010000000001\",\"999700000000001\"],\"status\":\"active\"}", why),
		0);
	assert_non_null(config_endpoint_by_imsi(config, imsi_key("001010000000001")));
	assert_ptr_equal(config_endpoint_by_imsi(config, imsi_key("001010000000001")),
		config_endpoint_by_imsi(config, imsi_key("999700000000001")));
	assert_null(config_endpoint_by_imsi(config, imsi_key("1010000000001"))); // leading zeros count
	assert_int_equal(put(config, "endpoint", ID "1", "{\"imsis\":[\"999700000000001\"],\"status\":\"suspended\"}", why), 0);
	assert_null(config_endpoint_by_imsi(config, imsi_key("001010000000001")));
	assert_int_equal(config_endpoint_by_imsi(config, imsi_key("999700000000001"))->status, ENDPOINT_SUSPENDED);
	config_delete(config, "endpoint", ID "1");
	assert_null(config_endpoint_by_imsi(config, imsi_key("999700000000001")));
	config_free(&config);
}

static void an_imsi_that_moved_stays_with_its_new_endpoint(void **state)
{
	struct config *config = config_new();
	char why[160];

	(void)state;
	assert_int_equal(put(config, "endpoint", ID "1", "{\"imsis\":[\"999700000000001\"],\"status\":\"active\"}", why), 0);
	assert_int_equal(put(config, "endpoint", ID "2", "{\"imsis\":[\"999700000000001\"],\"status\":\"active\"}", why), 0);
	config_delete(config, "endpoint", ID "1");
	assert_string_equal(config_endpoint_by_imsi(config, imsi_key("999700000000001"))->id.text, ID "2");
	config_free(&config);
}

static void the_gateways_own_row(void **state)
{
	struct config *config = config_new();
	struct ip_addr inside, outside;
	char why[160];

	(void)state;
	assert_int_equal(put(config, "regionalGateway", ID "1",
				 "{\"gtpPeers\":[\"10.45.0.0/24\"],\"accessPointNames\":[\"IoT.Example\"]}", why),
		0);
	assert_int_equal(put(config, "regionalGateway", ID "1", "{\"gtpPeers\":[\"everybody\"]}", why), -EINVAL);
	ip_addr_parse("10.45.0.9", &inside);
	ip_addr_parse("10.46.0.9", &outside);
	assert_int_equal(config->gtp_peers.count, 1);
	assert_true(ip_prefix_has(&config->gtp_peers.items[0], &inside));
	assert_false(ip_prefix_has(&config->gtp_peers.items[0], &outside));
	assert_string_equal(config->apns.items[0], "iot.example");
	config_free(&config);
}

#define KEY "aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuU0="

static void targets_of_each_type(void **state)
{
	struct config *config = config_new();
	struct uuid id;
	char why[160];

	(void)state;
	uuid_set(&id, ID "1");
	assert_int_equal(
		put(config, "routingTarget", ID "1",
			"{\"moniker\":\"w\",\"routingTargetType\":\"wireguard\",\"wireGuardConfig\":{\"remotePublicKey\":\"" KEY
			"\",\"remotePeerIPAddress\":\"192.0.2.1\",\"remoteSubnets\":\"10.0.0.0/8, 192.0.2.0/24\"}}",
			why),
		0);
	assert_int_equal(config_target(config, &id)->wireguard.remote.port, 51820);
	assert_int_equal(config_target(config, &id)->wireguard.remote_subnets.rows.count, 2);
	assert_int_equal(put(config, "routingTarget", ID "1",
				 "{\"moniker\":\"w\",\"routingTargetType\":\"wireguard\",\"wireGuardConfig\":{"
				 "\"remotePublicKey\":\"short\"}}",
				 why),
		-EINVAL);
	assert_string_equal(why, "wireGuardConfig.remotePublicKey is needed, 44 characters of base64");
	assert_string_equal(config_target(config, &id)->wireguard.remote_key, KEY); // as it was
	assert_int_equal(
		put(config, "routingTarget", ID "2",
			"{\"moniker\":\"v\",\"routingTargetType\":\"vpn\",\"vpnConfig\":{\"remotePeerAddress\":\"192.0.2.1\","
			"\"presharedKey\":\"line\\nbreak\"}}",
			why),
		-EINVAL);
	assert_string_equal(why, "presharedKey holds a control character");
	assert_int_equal(put(config, "routingTarget", ID "3", "{\"moniker\":\"i\",\"routingTargetType\":\"internet\"}", why), 0);
	assert_int_equal(
		put(config, "routingTarget", ID "4", "{\"moniker\":\"?\",\"routingTargetType\":\"mpls\"}", why), -EINVAL);
	config_free(&config);
}

static void uuids_pack(void **state)
{
	struct uuid id, back;
	uint8_t octets[16];

	(void)state;
	uuid_new(&id);
	uuid_pack(&id, octets);
	uuid_unpack(octets, &back);
	assert_string_equal(id.text, back.text);
	uuid_set(&id, NULL);
	uuid_pack(&id, octets);
	uuid_unpack(octets, &back);
	assert_true(uuid_is_none(&back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vslice_keeps_its_lists_in_order),
		cmocka_unit_test(an_integrated_vslice_has_subnets_and_leases),
		cmocka_unit_test(an_address_is_kept_for_its_endpoint),
		cmocka_unit_test(a_policy_holds_endpoints_to_rates),
		cmocka_unit_test(a_bad_row_changes_nothing),
		cmocka_unit_test(an_endpoint_is_found_by_each_of_its_imsis),
		cmocka_unit_test(an_imsi_that_moved_stays_with_its_new_endpoint),
		cmocka_unit_test(the_gateways_own_row),
		cmocka_unit_test(targets_of_each_type),
		cmocka_unit_test(uuids_pack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
