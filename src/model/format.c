// SPDX-License-Identifier: Apache-2.0
// What texts may look like: a checker and a wording for each format.
#include "base/addr.h"
#include "base/clean.h"
#include "base/pattern.h"
#include "base/subnet.h"
#include "model/field.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool all_of(const char *text, const char *extra)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(extra, *text))
			return false;
	return true;
}

static bool is_digits(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

static bool is_moniker(const char *text)
{
	size_t len = strlen(text);

	return len >= 1 && len <= 30 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool is_ipv4(const char *text)
{
	struct ip_addr addr;
	uint32_t v4;

	if (ip_addr_parse(text, &addr) || addr.family != IP_V4)
		return false;
	v4 = ip_addr_to_v4(&addr);
	return v4 >> 24 != 0 && v4 >> 24 < 224; // unicast
}

static bool is_address(const char *text)
{
	struct ip_addr addr;

	return is_ipv4(text) ||
		(ip_addr_parse(text, &addr) == 0 && addr.family == IP_V6 && addr.bytes[0] && addr.bytes[0] != 0xff);
}

static bool is_subnet(const char *text)
{
	struct subnet_range range;
	struct ip_prefix prefix;

	return strchr(text, '/') && ip_prefix_parse_strict(text, &prefix) == 0 && subnet_range(&prefix, &range) == 0;
}

static bool is_prefix(const char *text)
{
	struct ip_prefix prefix;

	return strchr(text, '/') && ip_prefix_parse_strict(text, &prefix) == 0 && prefix.addr.family == IP_V4;
}

// An address, or a prefix that may carry host bits ("192.0.2.1/30": an address and the length of its network).
static bool is_address_or_prefix(const char *text)
{
	struct ip_prefix prefix;

	return is_ipv4(text) || (strchr(text, '/') && ip_prefix_parse(text, &prefix) == 0 && prefix.addr.family == IP_V4);
}

// Every part between commas, blanks around it ignored, passes; at least one.
static bool each_part(const char *text, bool (*ok)(const char *part))
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *part;
	size_t parts = 0;

	while (copy && (part = strsep(&rest, ","))) {
		while (*part == ' ')
			part++;
		for (size_t len = strlen(part); len && part[len - 1] == ' ';)
			part[--len] = '\0';
		if (!ok(part))
			return false;
		parts++;
	}
	return parts > 0;
}

// 0 to 65535; -1 when it is not that.
static long number16(const char *text)
{
	long number = is_digits(text) && strlen(text) <= 5 ? strtol(text, NULL, 10) : -1;

	return number <= 65535 ? number : -1;
}

static bool is_number16(const char *text)
{
	return number16(text) >= 0;
}

static bool is_port_range(const char *text)
{
	char first[8];
	const char *dash = strchr(text, '-');

	if (!dash)
		return number16(text) > 0;
	if ((size_t)(dash - text) >= sizeof(first))
		return false;
	memcpy(first, text, (size_t)(dash - text));
	first[dash - text] = '\0';
	return number16(first) > 0 && number16(first) <= number16(dash + 1);
}

static bool is_ports(const char *text)
{
	return each_part(text, is_port_range);
}

static bool is_own_address(const char *text)
{
	struct ip_prefix prefix;

	return is_address(text) || (strchr(text, '/') && ip_prefix_parse(text, &prefix) == 0);
}

static bool is_network(const char *text)
{
	struct ip_prefix prefix;

	return strchr(text, '/') && ip_prefix_parse_strict(text, &prefix) == 0;
}

static bool is_networks(const char *text)
{
	return each_part(text, is_network);
}

static bool is_prefixes(const char *text)
{
	return each_part(text, is_prefix);
}

static bool is_addresses(const char *text)
{
	struct addr_set set = {0};
	bool ok = *text && addr_set_parse(text, &set) == 0;

	addr_set_fini(&set);
	return ok;
}

static bool is_addresses4(const char *text)
{
	return is_addresses(text) && !strchr(text, ':');
}

static bool is_numbers(const char *text)
{
	return !*text || each_part(text, is_number16);
}

// ITU-T E.118: the last digit makes the Luhn sum a multiple of ten.
static bool is_iccid(const char *text)
{
	size_t len = strlen(text);
	int sum = 0;

	if (!is_digits(text) || len < 18 || len > 22)
		return false;
	for (size_t i = 0; i < len; i++) {
		int digit = text[len - 1 - i] - '0';

		if (i % 2)
			digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
		sum += digit;
	}
	return sum % 10 == 0;
}

static bool is_imsi(const char *text)
{
	size_t len = strlen(text);

	return is_digits(text) && (len == 14 || len == 15);
}

static bool is_host_name(const char *text)
{
	return *text && all_of(text, "-._");
}

// TS 23.003 9.1: labels as in DNS, 100 octets in all.
static bool is_apn(const char *text)
{
	size_t label = 0;

	if (!*text || strlen(text) > 100)
		return false;
	for (; *text; text++) {
		if (*text == '.' ? label == 0 : ++label > 63 || (!isalnum((unsigned char)*text) && *text != '-'))
			return false;
		if (*text == '.')
			label = 0;
	}
	return label > 0;
}

static bool is_interface(const char *text)
{
	size_t len = strlen(text);

	return len >= 1 && len <= 15 && all_of(text, "-._") && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

static bool is_template(const char *text)
{
	static const char *const names[] = {"imsi", "iccid", "msisdn", "imei", "apn"};

	while ((text = strchr(text, '%'))) {
		const char *close = text[1] == '{' ? strchr(text, '}') : NULL;
		bool known = false;

		for (size_t i = 0; close && i < array_len(names); i++)
			known |= strlen(names[i]) == (size_t)(close - text - 2) &&
				memcmp(names[i], text + 2, strlen(names[i])) == 0;
		if (!known)
			return false;
		text = close;
	}
	return true;
}

static bool is_iso3(const char *text)
{
	return strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static bool is_url(const char *text)
{
	size_t skip = strncmp(text, "http://", 7) == 0 ? 7 : strncmp(text, "https://", 8) == 0 ? 8 : 0;

	return skip && text[skip] && !strpbrk(text, " \t\r\n\"<>");
}

// Of RFC 5321 what people have: one @, no blanks, a domain. Whether it is theirs is not known either way.
static bool is_email(const char *text)
{
	const char *at = strchr(text, '@');

	return at && at > text && !strchr(at + 1, '@') && is_host_name(at + 1) && text[strlen(text) - 1] != '.' &&
		!strpbrk(text, " \t\r\n\"<>(),:;\\[]");
}

// RFC 7296 3.5: an address, an FQDN or an RFC 822 name.
static bool is_identity(const char *text)
{
	const char *at = strchr(text, '@');

	return is_ipv4(text) || (!at && is_host_name(text)) ||
		(at && at > text && is_host_name(at + 1) &&
			strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+") ==
				(size_t)(at - text));
}

static const struct {
	bool (*ok)(const char *text);
	const char *help;
} formats[] = {
	[FORMAT_ANY] = {NULL, ""},
	[FORMAT_MONIKER] = {is_moniker, "1 to 30 of a-z, 0-9 and -"},
	[FORMAT_IPV4] = {is_ipv4, "an IPv4 unicast address such as 192.0.2.1 (IPv6 and names are not supported for now)"},
	[FORMAT_PREFIX] = {is_prefix, "an IPv4 prefix without host bits such as 192.0.2.0/24"},
	[FORMAT_ADDRESS_OR_PREFIX] = {is_address_or_prefix, "an IPv4 address or prefix such as 192.0.2.1 or 192.0.2.0/24"},
	[FORMAT_PREFIXES] = {is_prefixes,
		"IPv4 prefixes without host bits, separated by commas, such as 192.0.2.0/24,198.51.100.0/24"},
	[FORMAT_ADDRESSES] = {is_addresses,
		"addresses, prefixes or ranges, separated by commas, such as "
		"192.0.2.1,198.51.100.0/24,10.0.0.1-10.0.0.9,2001:db8::/32"},
	[FORMAT_ADDRESSES4] = {is_addresses4,
		"IPv4 addresses, prefixes or ranges, separated by commas, such as "
		"203.0.113.8,198.51.100.0/28,203.0.113.16-203.0.113.19"},
	[FORMAT_PORTS] = {is_ports, "ports or ranges of ports, separated by commas, such as 80,8000-8100"},
	[FORMAT_DIGITS] = {is_digits, "decimal digits"},
	[FORMAT_ICCID] = {is_iccid, "18 to 22 digits whose last one is the Luhn check digit"},
	[FORMAT_IMSI] = {is_imsi, "14 or 15 digits"},
	[FORMAT_APN] = {is_apn, "an access point name such as iot.example"},
	[FORMAT_INTERFACE] = {is_interface, "a network interface of at most 15 characters such as eth1 or eth1.100"},
	[FORMAT_TEMPLATE] = {is_template, "text in which each % starts one of %{imsi}, %{iccid}, %{msisdn}, %{imei}, %{apn}"},
	[FORMAT_NUMBERS] = {is_numbers, "numbers of 0 to 65535, separated by commas, such as 2,4,5"},
	[FORMAT_HOST_NAME] = {is_host_name, "letters, digits, hyphens, underscores and dots"},
	[FORMAT_ISO3] = {is_iso3, "a country's three capital letters such as NLD"},
	[FORMAT_URL] = {is_url, "a URL that starts with http:// or https://"},
	[FORMAT_ADDRESS] = {is_address, "an IPv4 or IPv6 address"},
	[FORMAT_OWN_ADDRESS] = {is_own_address,
		"an address with the length of its network such as 192.0.2.1/30 or 2001:db8::1/64"},
	[FORMAT_NETWORKS] = {is_networks, "prefixes without host bits, separated by commas, such as 192.0.2.0/24,2001:db8::/32"},
	[FORMAT_SUBNET] = {is_subnet,
		"a prefix without host bits: IPv4 of /30 or shorter such as 100.64.0.0/16, IPv6 of /64 or shorter such as "
		"2001:db8::/48"},
	[FORMAT_IDENTITY] = {is_identity, "an IPv4 address, a host name, or user@host"},
	[FORMAT_EMAIL] = {is_email, "an email address such as someone@example.net"},
};

const char *field_format_help(enum field_format format)
{
	return formats[format].help;
}

const char *field_format_name(enum field_format format)
{
	static const char *const names[] = {
		[FORMAT_MONIKER] = "moniker",
		[FORMAT_IPV4] = "ipv4",
		[FORMAT_PREFIX] = "prefix",
		[FORMAT_ADDRESS_OR_PREFIX] = "address-or-prefix",
		[FORMAT_PREFIXES] = "prefixes",
		[FORMAT_ADDRESSES] = "addresses",
		[FORMAT_ADDRESSES4] = "addresses",
		[FORMAT_PORTS] = "ports",
		[FORMAT_DIGITS] = "digits",
		[FORMAT_ICCID] = "iccid",
		[FORMAT_IMSI] = "imsi",
		[FORMAT_APN] = "apn",
		[FORMAT_INTERFACE] = "interface",
		[FORMAT_TEMPLATE] = "template",
		[FORMAT_NUMBERS] = "numbers",
		[FORMAT_HOST_NAME] = "host-name",
		[FORMAT_ISO3] = "iso3",
		[FORMAT_URL] = "url",
		[FORMAT_ADDRESS] = "address",
		[FORMAT_NETWORKS] = "networks",
		[FORMAT_OWN_ADDRESS] = "own-address",
		[FORMAT_SUBNET] = "subnet",
		[FORMAT_IDENTITY] = "identity",
	};

	return (size_t)format < sizeof(names) / sizeof(names[0]) ? names[format] : NULL;
}

bool field_format_ok(enum field_format format, const char *text)
{
	return !formats[format].ok || formats[format].ok(text);
}
