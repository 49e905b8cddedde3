// SPDX-License-Identifier: Apache-2.0
#include "random.h"

#include "wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t state;

void random_seed(uint32_t seed)
{
	state = seed * 2654435761u + 1;
}

uint32_t random_below(uint32_t limit)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % limit;
}

bool random_once_in(uint32_t times)
{
	return !random_below(times);
}

static unsigned long from_environment(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 10) : otherwise;
}

unsigned random_packets(unsigned otherwise)
{
	return (unsigned)from_environment("POLICY_PACKETS", otherwise);
}

uint32_t random_first_seed(uint32_t otherwise)
{
	return (uint32_t)from_environment("POLICY_SEED", otherwise);
}

char *random_rule_id(unsigned number, char out[37])
{
	snprintf(out, 37, "11111111-2222-4333-8444-%012x", number);
	return out;
}

static struct ip_addr parsed(const char *format, ...) __attribute__((format(printf, 1, 2)));
static struct ip_addr parsed(const char *format, ...)
{
	struct ip_addr addr = {0};
	char text[64];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ip_addr_parse(text, &addr);
	return addr;
}

struct ip_addr random_server(enum ip_family family)
{
	unsigned net = random_below(3), host = random_below(8);

	return family == IP_V4 ? parsed("10.20.%u.%u", net, host) : parsed("2001:db8:20:%u::%u", net, host);
}

struct ip_addr random_sim(size_t number, enum ip_family family)
{
	if (family == IP_V6)
		return parsed("2001:db8:77:%zx::1", number + 1);
	return parsed("100.64.%u.%zu", number % 2 ? 8 : 0, number + 2);
}

struct reference_packet random_packet(const struct ip_addr *source, const struct ip_addr *destination)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, WIRE_OTHER};
	struct reference_packet packet = {.protocol = protocols[random_below(4)], .source = *source, .destination = *destination};

	if (packet.protocol == IPPROTO_ICMP && source->family == IP_V6)
		packet.protocol = IPPROTO_ICMPV6;
	if (packet.protocol != WIRE_OTHER)
		packet.source_port = (uint16_t)(1000 + random_below(8));
	if (packet.protocol == IPPROTO_TCP || packet.protocol == IPPROTO_UDP)
		packet.destination_port = (uint16_t)(1000 + random_below(8));
	return packet;
}

static void put_servers(FILE *out)
{
	unsigned net = random_below(3);

	switch (random_below(5)) {
	case 0:
		fprintf(out, "10.20.%u.%u", net, random_below(8));
		break;
	case 1:
		fprintf(out, "10.20.%u.0/24", net);
		break;
	case 2:
		fprintf(out, "10.20.%u.%u/31", net, random_below(4) * 2);
		break;
	case 3:
		fprintf(out, "10.20.%u.1-10.20.%u.%u", net, net, 2 + random_below(6));
		break;
	default:
		fprintf(out, "10.20.%u.%u,10.20.%u.4/30,10.20.0.0-10.20.0.2", net, random_below(8), random_below(3));
	}
}

static void put_servers6(FILE *out)
{
	unsigned net = random_below(3);

	switch (random_below(4)) {
	case 0:
		fprintf(out, "2001:db8:20:%u::%u", net, random_below(8));
		break;
	case 1:
		fprintf(out, "2001:db8:20:%u::/64", net);
		break;
	case 2:
		fprintf(out, "2001:db8:20:%u::1-2001:db8:20:%u::%u", net, net + 1, random_below(8));
		break;
	default:
		fprintf(out, "2001:db8:20::/62,10.20.%u.0/25", net);
	}
}

static void put_sims(FILE *out)
{
	switch (random_below(6)) {
	case 0:
		fprintf(out, "100.64.%u.%u", random_below(2) * 8, 2 + random_below(RANDOM_SIMS));
		break;
	case 1:
		fprintf(out, "100.64.%u.0/24", random_below(2) * 8);
		break;
	case 2:
		fprintf(out, "100.64.0.%u-100.64.8.%u", 2 + random_below(RANDOM_SIMS), 2 + random_below(RANDOM_SIMS));
		break;
	case 3:
		fprintf(out, "2001:db8:77:%x::/64,100.64.0.0/16", 1 + random_below(RANDOM_SIMS));
		break;
	case 4:
		fprintf(out, "2001:db8:77::/48");
		break;
	default:
		fprintf(out, "100.64.8.2/31,100.64.0.4,2001:db8:77:2::/63");
	}
}

static void put_ports(FILE *out)
{
	if (random_once_in(2))
		fprintf(out, "%u", 1000 + random_below(8));
	else
		fprintf(out, "%u-%u,%u", 1000 + random_below(3), 1003 + random_below(3), 1007);
}

static void put_addresses(FILE *out, const struct random_kind *kind, const char *name, bool are_sims)
{
	if (random_once_in(2))
		return;
	fprintf(out, ", \"%s\": \"", name);
	if (!kind->is_integrated)
		put_servers(out);
	else if (random_once_in(5) ? !are_sims : are_sims)
		put_sims(out);
	else if (random_once_in(3))
		put_servers6(out);
	else
		put_servers(out);
	fputc('"', out);
}

static void put_protocol(FILE *out)
{
	static const char *const protocols[] = {"tcp", "udp", "icmp"};
	uint32_t protocol = random_below(4);

	if (protocol < 3)
		fprintf(out, ", \"transportProtocol\": \"%s\"", protocols[protocol]);
	for (int i = 0; i < 2 && protocol != 2; i++) { // with no protocol named, those that have ports
		if (random_once_in(2))
			continue;
		fprintf(out, ", \"%s\": \"", i ? "destinationPortPattern" : "sourcePortPattern");
		put_ports(out);
		fputc('"', out);
	}
}

static void put_target(FILE *out, const struct random_kind *kind, bool is_uplink, bool is_drop)
{
	if (is_uplink && kind->is_integrated && random_once_in(4))
		return; // to other SIMs
	if (is_drop && random_once_in(2))
		return;
	fprintf(out, ", \"routingTarget\": \"%s\"", kind->targets[random_below((uint32_t)kind->target_count)]);
}

static void put_divert(FILE *out)
{
	struct ip_addr to = random_once_in(3) ? random_sim(random_below(RANDOM_SIMS), IP_V4) : random_server(IP_V4);
	char text[IP_ADDR_TEXT];

	fprintf(out, ", \"divertIp\": \"%s\"", ip_addr_text(&to, text));
	if (random_once_in(2))
		fprintf(out, ", \"divertPort\": \"%u\"", 1000 + random_below(8));
}

static void put_rule(FILE *out, const struct random_kind *kind, unsigned id)
{
	bool is_uplink = random_below(kind->is_integrated ? 3 : 8),
	     is_drop = random_once_in(3); // one way more often than the other
	bool is_open = kind->open_once_in && random_once_in(kind->open_once_in);
	char text[37];

	fprintf(out, "{\"id\": \"%s\", \"ruleDirection\": \"%s\", \"ruleAction\": \"%s\"", random_rule_id(id, text),
		is_uplink ? "uplink" : "downlink", is_drop ? "drop" : "forward");
	if (random_once_in(8))
		fprintf(out, ", \"enabled\": false");
	if (random_once_in(8))
		fprintf(out, ", \"regionalGateway\": \"%s\"", random_once_in(2) ? kind->gateway : kind->other_gateway);
	put_target(out, kind, is_uplink, is_drop);
	if (kind->is_integrated && !kind->is_plain && random_once_in(is_open ? 8 : 2))
		fprintf(out, ", \"reflexive\": true");
	if (kind->is_integrated && !kind->is_plain && is_uplink && random_once_in(is_open ? 16 : 4))
		put_divert(out);
	if (!is_open) {
		put_addresses(out, kind, "sourceIpPattern", is_uplink);
		put_addresses(out, kind, "destinationIpPattern", !is_uplink);
		put_protocol(out);
	}
	fputc('}', out);
}

json_t *random_policy(const struct random_kind *kind, const char *vslice, unsigned first_rule, size_t rules)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	json_t *policy;

	fprintf(out, "{\"moniker\": \"random\", \"vslice\": \"%s\", \"routingPolicyStatus\": \"%s\", \"rules\": [", vslice,
		random_once_in(24) ? "inactive" : "active");
	for (unsigned i = 0; i < rules; i++) {
		fputs(i ? ", " : "", out);
		put_rule(out, kind, first_rule + i);
	}
	fputs("]}", out);
	fclose(out);
	policy = json_loads(text, 0, NULL);
	free(text);
	return policy;
}
