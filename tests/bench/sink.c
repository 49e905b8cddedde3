// SPDX-License-Identifier: Apache-2.0
// A controller that does nothing but cost little: gives one snapshot (docs/reference/gateway-link.md) and takes every report, so that a bench
// measures a gateway whose reports and traces are on. Usage: bench_sink PORT SNAPSHOT; ends at SIGTERM and tells how many octets it took.
#include <fcntl.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEARTBEAT "{\"row\":\"heartbeat\",\"revision\":1}\n"
#define TAKEN "{\"success\":true,\"messages\":[],\"data\":{\"acknowledged\":0}}"

static const char *snapshot;
static size_t snapshot_len;
static atomic_ullong octets, batches;

// The snapshot, then a heartbeat every 5 s for ever; each connection has its own thread.
static ssize_t stream(void *owner, uint64_t at, char *out, size_t max)
{
	size_t len = strlen(HEARTBEAT);

	(void)owner;
	if (at < snapshot_len) {
		len = snapshot_len - at < max ? snapshot_len - at : max;
		memcpy(out, snapshot + at, len);
		return (ssize_t)len;
	}
	sleep(5);
	memcpy(out, HEARTBEAT, len);
	return (ssize_t)len;
}

static enum MHD_Result answer(void *owner, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *upload, size_t *upload_size, void **state)
{
	static char taken[] = TAKEN;
	static int begun;
	struct MHD_Response *response;
	enum MHD_Result result;

	if (!*state) {
		*state = &begun;
		return MHD_YES;
	}
	if (*upload_size) {
		atomic_fetch_add(&octets, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (!strcmp(method, "POST")) {
		atomic_fetch_add(&batches, 1);
		response = MHD_create_response_from_buffer(sizeof(taken) - 1, taken, MHD_RESPMEM_PERSISTENT);
	} else {
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1 << 16, stream, NULL, NULL);
	}
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

int main(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[2], O_RDONLY | O_CLOEXEC) : -1, number;
	struct MHD_Daemon *daemon;
	struct stat status;
	sigset_t ends;

	if (fd < 0 || fstat(fd, &status)) {
		fprintf(stderr, "usage: bench_sink PORT SNAPSHOT\n");
		return 2;
	}
	snapshot_len = (size_t)status.st_size;
	snapshot = mmap(NULL, snapshot_len, PROT_READ, MAP_PRIVATE, fd, 0);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, (uint16_t)atoi(argv[1]), NULL,
		NULL, answer, NULL, MHD_OPTION_END);
	if (!daemon || snapshot == MAP_FAILED) {
		fprintf(stderr, "bench_sink: port %s can't be used\n", argv[1]);
		return 1;
	}
	sigwait(&ends, &number);
	printf("{\"octets\":%llu,\"batches\":%llu}\n", (unsigned long long)octets, (unsigned long long)batches);
	fflush(stdout);
	_exit(0); // its streams never end by themselves
}
