// SPDX-License-Identifier: Apache-2.0
// Programs and maps: opened, sized, pinned, found again.
//
//   BPFFS/slicegate/GATEWAY/v<layout>-<slots>/<map>    the maps of one layout and size
//   BPFFS/slicegate/GATEWAY/links/<netns>-<ifindex>    what is attached
//
// Pinned maps and links outlive the process: packets go on while no gateway runs. The next one opens the same maps by name and its programs,
// verified by then, take over in one step once it has claimed what it finds (xdp_objects_switch). Maps of another layout or size are left to
// the earlier programs until then, and go afterwards.
#include "gateway/dataplane/xdp/xdp.h"

#include "base/clean.h"
#ifndef ABI_NEXT
#include "relay.skel.h"
#else
#include "relay_next.skel.h"
#endif

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

LOG_CATEGORY(xdp);

#define BPFFS "/sys/fs/bpf"

static int on_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[400];

	if (level == LIBBPF_DEBUG || vsnprintf(line, sizeof(line), format, args) < 0)
		return 0;
	line[strcspn(line, "\n")] = 0;
	log_debug("libbpf=\"%s\"", line);
	return 0;
}

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && fs.f_type == BPF_FS_MAGIC;
}

static void pins_path(const char *gateway, char out[XDP_PATH])
{
	snprintf(out, XDP_PATH, BPFFS "/slicegate/%.64s", gateway);
	for (char *dot = out; (dot = strchr(dot, '.'));)
		*dot = '_'; // the BPF file system has other plans with dots
}

// Makes the directories of this gateway. What cannot be pinned still works, until the process ends.
static void pins_open(struct fast *fast)
{
	struct xdp_objects *objects = &fast->objects;
	char top[XDP_PATH];

	if (!is_bpffs(BPFFS) && mount("bpf", BPFFS, "bpf", 0, "mode=0700")) {
		log_warn("no BPF file system: a restart will not be without loss error=\"%s\"", strerror(errno));
		return;
	}
	mkdir(BPFFS "/slicegate", 0700);
	pins_path(fast->options.gateway, top);
	mkdir(top, 0700);
	snprintf(objects->pins, sizeof(objects->pins), "%s", top);
	snprintf(objects->maps, sizeof(objects->maps), "%.100s/links", top);
	mkdir(objects->maps, 0700);
	snprintf(objects->maps, sizeof(objects->maps), "%.100s/v%u-%u", top, ABI_VERSION, fast->options.slots);
	mkdir(objects->maps, 0700);
	snprintf(top, sizeof(top), "%.200s/programs", objects->maps);
	objects->is_old = !access(top, F_OK);
}

// libbpf finds pinned maps by itself, but for device maps: the kernel gives those a flag (read only for programs) that nobody asked for.
static bool map_reuse(struct bpf_map *map, const char *path)
{
	_cleanup_close_ int fd = bpf_obj_get(path);

	return fd >= 0 && !bpf_map__reuse_fd(map, fd);
}

static int maps_prepare(struct fast *fast)
{
	struct xdp_objects *objects = &fast->objects;
	struct bpf_map *map;

	bpf_map__set_max_entries(objects->skeleton->maps.uplinks, fast->options.slots);
	bpf_map__set_max_entries(objects->skeleton->maps.uplink_counts, fast->options.slots);
	bpf_map__set_max_entries(objects->skeleton->maps.extras, fast->options.slots);
	bpf_map__set_max_entries(objects->skeleton->maps.prefixes, fast->options.slots);
	bpf_map__set_max_entries(objects->skeleton->maps.downlinks, objects->pages * ABI_PAGE);
	bpf_map__set_max_entries(objects->skeleton->maps.downlink_counts, objects->pages * ABI_PAGE);
	bpf_map__set_max_entries(objects->skeleton->maps.addresses, 2 * fast->options.slots);
	bpf_object__for_each_map(map, objects->skeleton->obj)
	{
		char path[XDP_PATH + 40];

		if (bpf_map__is_internal(map) || !*objects->maps)
			continue;
		snprintf(path, sizeof(path), "%s/%s", objects->maps, bpf_map__name(map));
		if (bpf_map__type(map) == BPF_MAP_TYPE_DEVMAP && map_reuse(map, path))
			continue;
		if (bpf_map__set_pin_path(map, path))
			return -ENOMEM;
	}
	return 0;
}

static void *map_open(struct bpf_map *map, size_t *len)
{
	void *at;

	*len = (size_t)bpf_map__max_entries(map) * ((bpf_map__value_size(map) + 7) & ~7u);
	at = mmap(NULL, *len, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	return at == MAP_FAILED ? NULL : at;
}

static int maps_map(struct xdp_objects *objects)
{
	size_t i = 0;

#define X(name, type)                                                                                                            \
	objects->name = map_open(objects->skeleton->maps.name, &objects->lens[i++]);                                             \
	if (!objects->name)                                                                                                      \
		return -errno;
	XDP_MAPPED(X)
#undef X
	return 0;
}

static void remove_below(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		char name[XDP_PATH + 280];

		snprintf(name, sizeof(name), "%.255s/%.255s", path, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(name);
	}
	if (directory)
		closedir(directory);
	rmdir(path);
}

// Maps of another layout or size, when `all` ours as well.
static void remove_maps(const struct xdp_objects *objects, bool all)
{
	DIR *directory = *objects->pins ? opendir(objects->pins) : NULL;
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		char name[XDP_PATH + 280];

		snprintf(name, sizeof(name), "%.200s/%.255s", objects->pins, entry->d_name);
		if (entry->d_name[0] == 'v' && (all || strcmp(name, objects->maps)))
			remove_below(name);
	}
	if (directory)
		closedir(directory);
}

// Those that an earlier version, or one with another --max-sessions, has left.
static void older_open(struct fast *fast)
{
	DIR *directory = *fast->objects.pins ? opendir(fast->objects.pins) : NULL;
	struct dirent *entry;

	while (directory && !fast->older && (entry = readdir(directory))) {
		char name[XDP_PATH + 280];

		snprintf(name, sizeof(name), "%.200s/%.255s", fast->objects.pins, entry->d_name);
		if (entry->d_name[0] == 'v' && strcmp(name, fast->objects.maps))
			(void)xdp_older_open(fast, name);
	}
	if (directory)
		closedir(directory);
}

// Programs are detached by it, when no process has them open.
static void remove_pins(struct xdp_objects *objects)
{
	snprintf(objects->maps, sizeof(objects->maps), "%.200s/links", objects->pins);
	remove_below(objects->maps);
	remove_maps(objects, true);
	rmdir(objects->pins);
}

// Programs may be reading it: what has not changed is not touched.
static void config_set(struct fast *fast)
{
	struct abi_config *at = fast->objects.config,
			  to = *at; // the VLAN as an earlier process found it, until it is found again

	to.gtpu_addr = xdp_be_addr(&fast->options.gtpu.addr);
	to.gtpu_port = htons(fast->options.gtpu.port);
	to.slot_mask = fast->options.slot_mask;
	to.slots = fast->options.slots;
	if (memcmp(at, &to, sizeof(to)))
		*at = to;
}

int xdp_objects_open(struct fast *fast, char *why)
{
	struct xdp_objects *objects = &fast->objects;
	uint32_t zero = 0;
	int error, fd;

	libbpf_set_print(on_libbpf);
	objects->pages =
		fast->options.slots / ABI_PAGE * 5 / 4 + 2048; // session ids are not quite dense, and each tunnel begins one
	if (objects->pages > UINT16_MAX)
		objects->pages = UINT16_MAX;
	objects->skeleton = relay_bpf__open();
	if (!objects->skeleton)
		return snprintf(why, FAST_WHY, "the BPF programs cannot be opened: %s", strerror(errno)), -errno;
	pins_open(fast);
	error = maps_prepare(fast);
	if (!error)
		error = relay_bpf__load(objects->skeleton);
	if (error)
		return snprintf(why, FAST_WHY, "the kernel does not take the BPF programs: %s", strerror(-error)), error;
	error = maps_map(objects);
	if (error)
		return snprintf(why, FAST_WHY, "the BPF maps cannot be mapped: %s", strerror(-error)), error;
	config_set(fast);
	older_open(fast);
	fd = xdp_program_target(fast);
	if (!objects->is_old)
		error = bpf_map_update_elem(bpf_map__fd(objects->skeleton->maps.programs), &zero, &fd, 0);
	return error;
}

void xdp_objects_close(struct fast *fast, bool keep)
{
	struct xdp_objects *objects = &fast->objects;
	size_t i = 0;

#define X(name, type)                                                                                                            \
	if (objects->name)                                                                                                       \
		munmap(objects->name, objects->lens[i]);                                                                         \
	i++;
	XDP_MAPPED(X)
#undef X
	if (objects->skeleton)
		relay_bpf__destroy(objects->skeleton);
	if (!keep && *objects->pins)
		remove_pins(objects);
}

void fast_forget(const char *gateway)
{
	struct xdp_objects objects = {0};

	pins_path(gateway, objects.pins);
	if (!access(objects.pins, F_OK))
		remove_pins(&objects);
}

void xdp_objects_switch(struct fast *fast)
{
	uint32_t zero = 0;
	int fd = xdp_program_target(fast);

	bpf_map_update_elem(bpf_map__fd(fast->objects.skeleton->maps.programs), &zero, &fd, 0);
}

void xdp_objects_sweep(struct fast *fast)
{
	xdp_older_close(fast);
	remove_maps(&fast->objects, false);
}

void xdp_objects_stats(const struct fast *fast, struct abi_stats *out)
{
	int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ struct abi_stats *each = cpus > 0 ? calloc((size_t)cpus, sizeof(*each)) : NULL;
	uint32_t zero = 0;

	memset(out, 0, sizeof(*out));
	if (!each || bpf_map_lookup_elem(bpf_map__fd(fast->objects.skeleton->maps.stats), &zero, each))
		return;
	for (int i = 0; i < cpus; i++)
		for (size_t j = 0; j < sizeof(*out) / sizeof(uint64_t); j++)
			((uint64_t *)out)[j] += ((uint64_t *)&each[i])[j];
	for (size_t j = 0; j < sizeof(*out) / sizeof(uint64_t); j++)
		((uint64_t *)out)[j] += ((uint64_t *)fast->objects.before)[j];
}

void xdp_objects_flow(const struct fast *fast, uint32_t tunnel, struct abi_flow *out)
{
	int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ struct abi_flow *each = cpus > 0 ? calloc((size_t)cpus, sizeof(*each)) : NULL;

	memset(out, 0, sizeof(*out));
	if (!each || bpf_map_lookup_elem(bpf_map__fd(fast->objects.skeleton->maps.flows), &tunnel, each))
		return;
	for (int i = 0; i < cpus; i++)
		for (size_t j = 0; j < sizeof(*out) / sizeof(uint64_t); j++)
			((uint64_t *)out)[j] += ((uint64_t *)&each[i])[j];
}

void xdp_objects_flow_clear(const struct fast *fast, uint32_t tunnel)
{
	int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ struct abi_flow *each = cpus > 0 ? calloc((size_t)cpus, sizeof(*each)) : NULL;

	if (each)
		bpf_map_update_elem(bpf_map__fd(fast->objects.skeleton->maps.flows), &tunnel, each, BPF_ANY);
}

int xdp_addresses_fd(const struct fast *fast)
{
	return bpf_map__fd(fast->objects.skeleton->maps.addresses);
}

int xdp_routes_fd(const struct fast *fast)
{
	return bpf_map__fd(fast->objects.skeleton->maps.routes);
}

int xdp_program_access(const struct fast *fast)
{
	return bpf_program__fd(fast->objects.skeleton->progs.access_xdp);
}

int xdp_program_target(const struct fast *fast)
{
	return bpf_program__fd(fast->objects.skeleton->progs.target_xdp);
}

int xdp_ports_fd(const struct fast *fast)
{
	return bpf_map__fd(fast->objects.skeleton->maps.ports);
}

#define INSN(c, dst, src, o, i) ((struct bpf_insn){.code = (c), .dst_reg = (dst), .src_reg = (src), .off = (o), .imm = (i)})

int xdp_program_ingress(const struct fast *fast, uint32_t slice)
{
	int ingress = bpf_map__fd(fast->objects.skeleton->maps.ingress),
	    programs = bpf_map__fd(fast->objects.skeleton->maps.programs);
	struct bpf_insn insns[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0),
		INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4),
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, ingress),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 6, 0),
		INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_0, 0, 0, (int32_t)slice),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_6, 0, 0),
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_2, BPF_PSEUDO_MAP_FD, 0, programs),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_tail_call),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 2), // XDP_PASS
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_XDP); // as target_xdp's, or it may not be called
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "slice_xdp", "Apache-2.0", insns, array_len(insns), &options);

	if (fd < 0)
		log_warn("the program of a slice cannot be loaded error=\"%s\"", strerror(-fd));
	return fd;
}
