// SPDX-License-Identifier: Apache-2.0
// Whether a veth takes redirected frames, where the kernel cannot be asked (before Linux 6.3): one is sent.
//
// A veth hands redirected frames to its other end only when that has a program or GRO, and drops them silently else; of what it handed over it keeps
// count (ethtool -S: tx_queue_N_xdp_xmit). So a frame that is nobody's (an EtherType for local experiments, IEEE 802 9.2.4) is redirected to it, and
// the count looked at. Whether the other end is in this machine's reach does not matter.
#include "gateway/dataplane/xdp/xdp.h"

#include "base/clean.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define COUNTERS_MAX 1024

static const uint8_t frame[60] = {[0] = 0x02, 0x53, 0x47, 0, 0, 0, 0x02, 0x53, 0x47, 0, 0, 0, 0x88, 0xb5};

static int ask(int fd, const char *interface, void *request)
{
	struct ifreq row = {.ifr_data = request};

	snprintf(row.ifr_name, sizeof(row.ifr_name), "%s", interface);
	return ioctl(fd, SIOCETHTOOL, &row) ? -errno : 0;
}

static bool is_handed_over(const char *name)
{
	size_t len = strlen(name);

	return !strncmp(name, "tx_queue_", 9) && len > 9 && !strcmp(name + len - 9, "_xdp_xmit");
}

// What all queues handed over. 0 or -errno.
static int handed_over(int fd, const char *interface, uint64_t *out)
{
	union { // the kernel writes how many there are behind the head
		struct ethtool_sset_info head;
		uint32_t words[sizeof(struct ethtool_sset_info) / sizeof(uint32_t) + 1];
	} sets = {.head = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_STATS}};
	_cleanup_free_ struct ethtool_gstrings *names = NULL;
	_cleanup_free_ struct ethtool_stats *values = NULL;
	int error = ask(fd, interface, &sets);
	uint32_t count = sets.head.data[0];

	if (error || !count || count > COUNTERS_MAX)
		return error ? error : -EOPNOTSUPP;
	names = calloc(1, sizeof(*names) + (size_t)count * ETH_GSTRING_LEN);
	values = calloc(1, sizeof(*values) + count * sizeof(uint64_t));
	if (!names || !values)
		return -ENOMEM;
	*names = (struct ethtool_gstrings){.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_STATS, .len = count};
	*values = (struct ethtool_stats){.cmd = ETHTOOL_GSTATS, .n_stats = count};
	error = ask(fd, interface, names);
	if (!error)
		error = ask(fd, interface, values);
	*out = 0;
	for (uint32_t i = 0; !error && i < count; i++)
		if (is_handed_over((const char *)names->data + (size_t)i * ETH_GSTRING_LEN))
			*out += values->data[i];
	return error;
}

#define INSN(c, dst, src, i) ((struct bpf_insn){.code = (c), .dst_reg = (dst), .src_reg = (src), .imm = (i)})

// Redirects one frame to the interface.
static int send_frame(uint32_t ifindex)
{
	_cleanup_close_ int map = bpf_map_create(BPF_MAP_TYPE_DEVMAP, "probe", sizeof(uint32_t), sizeof(uint32_t), 1, NULL);
	const struct bpf_insn insns[] = {
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, map),
		INSN(0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, BPF_FUNC_redirect_map),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0),
	};
	_cleanup_close_ int program = -1;
	uint32_t zero = 0;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(frame), .repeat = 1,
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	if (map < 0 || bpf_map_update_elem(map, &zero, &ifindex, 0))
		return -errno;
	program = bpf_prog_load(BPF_PROG_TYPE_XDP, "probe", "Apache-2.0", insns, array_len(insns), NULL);
	if (program < 0)
		return -errno;
	return bpf_prog_test_run_opts(program, &options) ? -errno : 0;
}

int xdp_probe(uint32_t ifindex, const char *interface)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t before, after;
	int error = fd < 0 ? -errno : handed_over(fd, interface, &before);

	if (!error)
		error = send_frame(ifindex);
	if (!error)
		error = handed_over(fd, interface, &after);
	return error ? error : after > before;
}
