// SPDX-License-Identifier: Apache-2.0
#include "gateway/conntrack.h"

#include "base/vec.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER 65536

static struct nlmsghdr *request(char *buffer, unsigned type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));

	message->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	message->nlmsg_seq = 1;
	*head = (struct nfgenmsg){.nfgen_family = family, .version = NFNETLINK_V0};
	return message;
}

// Sends it, and gives each message of the answer to `each` (may be NULL) until there is no more. 0 or -errno.
static int talk(const struct nlmsghdr *message, mnl_cb_t each, void *data)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	char buffer[ANSWER];
	ssize_t got;
	int run = MNL_CB_OK, error = 0;

	if (!socket)
		return -errno;
	if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		run = MNL_CB_ERROR;
	while (run > MNL_CB_STOP) {
		got = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		run = got < 0 ? MNL_CB_ERROR : mnl_cb_run(buffer, (size_t)got, 1, 0, each, data);
	}
	if (run == MNL_CB_ERROR)
		error = errno ? -errno : -EIO;
	mnl_socket_close(socket);
	return error;
}

int conntrack_flush(void)
{
	char buffer[256];

	return talk(request(buffer, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, AF_UNSPEC), NULL, NULL);
}

// Attributes of one nest by their type; what is of a newer kernel is passed over.
struct attrs {
	const struct nlattr *at[32];
};

static int take(const struct nlattr *attr, void *data)
{
	struct attrs *attrs = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (type < sizeof(attrs->at) / sizeof(attrs->at[0]))
		attrs->at[type] = attr;
	return MNL_CB_OK;
}

static struct attrs nest(const struct nlattr *attr)
{
	struct attrs attrs = {0};

	if (attr)
		mnl_attr_parse_nested(attr, take, &attrs);
	return attrs;
}

static uint16_t port_of(const struct attrs *proto, unsigned type, unsigned icmp)
{
	const struct nlattr *attr = proto->at[type] ? proto->at[type] : proto->at[icmp];

	return attr && mnl_attr_get_payload_len(attr) >= 2 ? ntohs(mnl_attr_get_u16(attr)) : 0;
}

static uint64_t number_of(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) >= 8 ? be64toh(mnl_attr_get_u64(attr)) : 0;
}

static bool addr_of(const struct attrs *ip, unsigned v4, unsigned v6, struct ip_addr *out)
{
	const struct nlattr *attr = ip->at[v4] ? ip->at[v4] : ip->at[v6];
	size_t len = ip->at[v4] ? 4 : 16;

	if (!attr || mnl_attr_get_payload_len(attr) != len)
		return false;
	*out = (struct ip_addr){.family = len == 4 ? IP_V4 : IP_V6};
	memcpy(out->bytes, mnl_attr_get_payload(attr), len);
	return true;
}

static bool ends_of(const struct nlattr *tuple, struct conntrack_ends *out, uint8_t *protocol)
{
	struct attrs parts = nest(tuple), ip = nest(parts.at[CTA_TUPLE_IP]), proto = nest(parts.at[CTA_TUPLE_PROTO]);
	unsigned icmp;

	if (!proto.at[CTA_PROTO_NUM] || !addr_of(&ip, CTA_IP_V4_SRC, CTA_IP_V6_SRC, &out->source.addr) ||
		!addr_of(&ip, CTA_IP_V4_DST, CTA_IP_V6_DST, &out->destination.addr))
		return false;
	*protocol = mnl_attr_get_u8(proto.at[CTA_PROTO_NUM]);
	icmp = *protocol == IPPROTO_ICMPV6 ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID;
	out->source.port = port_of(&proto, CTA_PROTO_SRC_PORT, icmp);
	out->destination.port = port_of(&proto, CTA_PROTO_DST_PORT, icmp);
	return true;
}

#define TUPLE 128

struct end_request {
	uint8_t family;
	uint16_t len;
	uint8_t tuple[TUPLE];
};

struct requests {
	VEC(struct end_request) rows;
};

struct walk {
	bool (*each)(void *owner, const struct conntrack_row *row);
	void *owner;
	bool is_over; // the rest of the answer is read, and nobody hears of it
	struct requests *ends; // of the connections that `each` gives up; NULL: they stay
	int error;
};

// A request for the end of the connection, named as the kernel named it.
static int add_end(struct requests *ends, const struct nlmsghdr *message, const struct nlattr *tuple)
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(message);
	struct end_request *room = mnl_attr_get_payload_len(tuple) <= TUPLE ? vec_add(&ends->rows) : NULL;

	if (!room)
		return -ENOMEM;
	room->family = head->nfgen_family;
	room->len = mnl_attr_get_payload_len(tuple);
	memcpy(room->tuple, mnl_attr_get_payload(tuple), room->len);
	return 0;
}

static int on_connection(const struct nlmsghdr *message, void *data)
{
	struct walk *walk = data;
	struct conntrack_row row = {0};
	struct attrs all = {0}, up, down, times;

	if (walk->is_over)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(struct nfgenmsg), take, &all);
	if (!ends_of(all.at[CTA_TUPLE_ORIG], &row.sent, &row.protocol) ||
		!ends_of(all.at[CTA_TUPLE_REPLY], &row.answered, &row.protocol))
		return MNL_CB_OK;
	up = nest(all.at[CTA_COUNTERS_ORIG]);
	down = nest(all.at[CTA_COUNTERS_REPLY]);
	times = nest(all.at[CTA_TIMESTAMP]);
	row.packets = number_of(up.at[CTA_COUNTERS_PACKETS]) + number_of(down.at[CTA_COUNTERS_PACKETS]);
	row.octets = number_of(up.at[CTA_COUNTERS_BYTES]) + number_of(down.at[CTA_COUNTERS_BYTES]);
	row.started_ms = number_of(times.at[CTA_TIMESTAMP_START]) / 1000000;
	row.timeout_s = all.at[CTA_TIMEOUT] ? ntohl(mnl_attr_get_u32(all.at[CTA_TIMEOUT])) : 0;
	row.mark = all.at[CTA_MARK] ? ntohl(mnl_attr_get_u32(all.at[CTA_MARK])) : 0;
	if (!walk->ends)
		walk->is_over = !walk->each(walk->owner, &row);
	else if (walk->each(walk->owner, &row))
		walk->error = walk->error ? walk->error : add_end(walk->ends, message, all.at[CTA_TUPLE_ORIG]);
	return MNL_CB_OK;
}

int conntrack_each(bool (*each)(void *owner, const struct conntrack_row *row), void *owner)
{
	struct walk walk = {.each = each, .owner = owner};
	char buffer[256];

	return talk(request(buffer, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_INET), on_connection, &walk);
}

int conntrack_end(bool (*is_over)(void *owner, const struct conntrack_row *row), void *owner)
{
	struct requests ends = {0};
	struct walk walk = {.each = is_over, .owner = owner, .ends = &ends};
	char buffer[512];
	int error = talk(request(buffer, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC), on_connection, &walk);

	error = error ? error : walk.error;
	vec_each (&ends.rows, row) {
		struct nlmsghdr *message = request(buffer, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, row->family);
		int one;

		mnl_attr_put(message, CTA_TUPLE_ORIG | NLA_F_NESTED, row->len, row->tuple);
		one = talk(message, NULL, NULL);
		error = error || one == -ENOENT ? error : one; // it may have ended by itself
	}
	vec_free(&ends.rows);
	return error;
}

static uint64_t count_of(const struct nlattr *attr)
{
	return attr ? ntohl(mnl_attr_get_u32(attr)) : 0;
}

// One message a processor.
static int on_stats(const struct nlmsghdr *message, void *data)
{
	struct conntrack_stats *out = data;
	struct attrs all = {0};

	mnl_attr_parse(message, sizeof(struct nfgenmsg), take, &all);
	out->no_room += count_of(all.at[CTA_STATS_INSERT_FAILED]) + count_of(all.at[CTA_STATS_DROP]);
	return MNL_CB_OK;
}

int conntrack_stats(struct conntrack_stats *out)
{
	char buffer[256];

	*out = (struct conntrack_stats){0};
	return talk(request(buffer, IPCTNL_MSG_CT_GET_STATS_CPU, NLM_F_DUMP, AF_UNSPEC), on_stats, out);
}
