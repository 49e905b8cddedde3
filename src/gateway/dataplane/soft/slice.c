// SPDX-License-Identifier: Apache-2.0
// Where an Integrated session's packets enter and leave the network namespace of its slice: frames of Ethernet, by a packet socket on the far end
// of the slice's interface (sims.c), many at a time. A keeper may hold the socket while there is no gateway: what the slice sends to its SIMs
// waits in it.
//
// The slice's stack routes, filters and translates; here is only who the SIM with an address is. The far end's own stack hears the same frames
// and drops them, since they are not for its address.
#include "gateway/dataplane/soft/soft.h"

#include "base/clean.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define ETH_LEN 14
#define TURN_BATCHES 4

enum { ETH_IP = 0x0800, ETH_IPV6 = 0x86dd };

static unsigned recv_batch(struct dp_slice *slice)
{
	struct dp *dp = slice->dp;
	struct mmsghdr in[SOFT_BATCH];
	struct iovec iov[SOFT_BATCH];
	int got;

	for (unsigned i = 0; i < SOFT_BATCH; i++) {
		iov[i] = (struct iovec){.iov_base = dp->frames + i * SOFT_FRAME_ROOM + UDP_HEADROOM - ETH_LEN,
			.iov_len = SOFT_FRAME_ROOM - UDP_HEADROOM};
		in[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov[i], .msg_iovlen = 1}};
	}
	got = recvmmsg(slice->fd, in, SOFT_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < got && !slice->closed; i++) {
		uint8_t *frame = iov[i].iov_base;
		uint16_t type = in[i].msg_len > ETH_LEN ? parse_be16(frame + 12) : 0;

		if (type == ETH_IP || type == ETH_IPV6)
			soft_recv_slice(slice, frame + ETH_LEN, in[i].msg_len - ETH_LEN);
	}
	udp_flush(dp->gtpu); // before the frames' room is used again
	return got > 0 ? (unsigned)got : 0;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct dp_slice *slice = poll->data;

	if (status < 0) { // the interface was down for a moment: take the error away and listen on
		int error;
		socklen_t len = sizeof(error);

		if (getsockopt(slice->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0)
			uv_poll_start(poll, UV_READABLE, on_poll);
		return;
	}
	for (unsigned turn = 0; events & UV_READABLE && turn < TURN_BATCHES && recv_batch(slice) == SOFT_BATCH; turn++)
		;
}

static int frames_map(struct dp *dp)
{
	void *map;

	if (dp->frames)
		return 0;
	map = mmap(
		NULL, SOFT_BATCH * SOFT_FRAME_ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	dp->frames = map;
	return 0;
}

void soft_frames_unmap(struct dp *dp)
{
	if (dp->frames)
		munmap(dp->frames, SOFT_BATCH * SOFT_FRAME_ROOM);
	dp->frames = NULL;
}

static bool is_same(const struct soft_way *way, const struct dp_path *path, uint32_t tag)
{
	return way->tag == tag && way->path.mark == path->mark &&
		!strncmp(way->path.interface, path->interface, sizeof(path->interface));
}

uint32_t soft_slice_way(struct dp_slice *slice, const struct dp_path *path, uint32_t tag)
{
	struct soft_way *room;

	if (!slice->slice || !slice->dp->fast)
		return 0;
	if (!*path->interface)
		tag = 0;
	vec_each (&slice->ways, way)
		if (is_same(way, path, tag))
			return way->fast;
	room = vec_add(&slice->ways); // they stay: a slice has no more of them than Routing Policies and their targets
	if (!room)
		return 0;
	*room = (struct soft_way){.path = *path, .tag = tag, .fast = fast_cable_new(slice->dp->fast, slice->slice, path, tag)};
	return room->fast;
}

enum dp_way dp_slice_way(const struct dp_slice *slice, const struct dp_path *path, uint32_t tag)
{
	struct fast *fast = slice->dp->fast;

	vec_each (&slice->ways, way)
		if (fast && is_same(way, path, tag) && way->fast && fast_tunnel_is_known(fast, way->fast))
			return fast_cable_has_way(fast, way->fast) ? DP_WAY_FAST : DP_WAY_STACK;
	return DP_WAY_SOCKETS;
}

void dp_slice_flow(const struct dp_slice *slice, const struct dp_path *path, uint32_t tag, struct dp_counters *out)
{
	*out = (struct dp_counters){0};
	vec_each (&slice->ways, way)
		if (slice->dp->fast && way->fast && is_same(way, path, tag))
			fast_tunnel_flow(slice->dp->fast, way->fast, out);
}

int dp_slice_new(struct dp *dp, int slice_fd, struct dp_slice **out)
{
	_cleanup_close_ int fd = slice_fd;
	_cleanup_free_ struct dp_slice *slice = calloc(1, sizeof(*slice));
	int error;

	if (!slice)
		return -ENOMEM;
	error = frames_map(dp);
	if (!error)
		error = uv_poll_init(dp->loop, &slice->poll, fd);
	if (error)
		return error;
	slice->dp = dp;
	if (dp->fast)
		slice->slice = fast_slice_get(dp->fast, fd);
	(void)soft_slice_way(slice, &(struct dp_path){0}, 0); // so that the cable is known before the first SIM comes
	slice->fd = TAKE_FD(fd);
	slice->poll.data = slice;
	uv_poll_start(&slice->poll, UV_READABLE, on_poll);
	*out = TAKE_PTR(slice);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void dp_slice_free(struct dp_slice **pointer)
{
	struct dp_slice *slice = *pointer;

	if (!slice)
		return;
	*pointer = NULL;
	slice->closed = true;
	vec_each (&slice->ways, way)
		if (slice->dp->fast && way->fast)
			fast_tunnel_free(slice->dp->fast, way->fast);
	vec_free(&slice->ways);
	if (slice->dp->fast && slice->slice)
		fast_slice_put(slice->dp->fast, slice->slice);
	map_fini(&slice->by_v4);
	map_fini(&slice->by_v6);
	uv_close((uv_handle_t *)&slice->poll, on_closed);
	close(slice->fd);
}

int soft_slice_send(struct dp_session *session, uint8_t *packet, size_t len)
{
	uint8_t *frame = packet - ETH_LEN;

	memcpy(frame, DP_SLICE_MAC, 6);
	memcpy(frame + 6, DP_SIMS_MAC, 6);
	if (session->tag) {
		put_be16(frame + 8, (uint16_t)(0x4700 | (session->tag >> 16 & 0xff)));
		put_be16(frame + 10, (uint16_t)session->tag);
	}
	put_be16(frame + 12, packet[0] >> 4 == 4 ? ETH_IP : ETH_IPV6);
	return send(session->slice->fd, frame, ETH_LEN + len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static uint64_t key_of(const uint8_t *octets, size_t len)
{
	uint64_t key = 0;

	memcpy(&key, octets, len);
	return key;
}

int soft_slice_join(struct dp_session *session)
{
	struct dp_slice *slice = session->slice;
	uint64_t v4 = key_of(session->ue4, 4), v6 = key_of(session->ue6, 8);

	if ((session->has_v4 && map_get(&slice->by_v4, v4)) || (session->has_v6 && map_get(&slice->by_v6, v6)))
		return -EEXIST;
	if (session->has_v4 && map_put(&slice->by_v4, v4, session))
		return -ENOMEM;
	if (session->has_v6 && map_put(&slice->by_v6, v6, session)) {
		if (session->has_v4)
			map_del(&slice->by_v4, v4);
		return -ENOMEM;
	}
	return 0;
}

void soft_slice_leave(struct dp_session *session)
{
	if (session->has_v4)
		map_del(&session->slice->by_v4, key_of(session->ue4, 4));
	if (session->has_v6)
		map_del(&session->slice->by_v6, key_of(session->ue6, 8));
}

struct dp_session *soft_slice_find(const struct dp_slice *slice, const struct inner_in *inner)
{
	return inner->v6 ? map_get(&slice->by_v6, key_of(inner->destination, 8))
			 : map_get(&slice->by_v4, key_of(inner->destination, 4));
}
