// SPDX-License-Identifier: Apache-2.0
// The controller's parts. One of each, made by main and handed to whoever needs them; nothing is global.
#pragma once

#include "controller/api/rate.h"
#include "controller/store/login.h"

#include <uv.h>

struct addresses;
struct asks;
struct captures;
struct events;
struct http_server;
struct link;
struct live;
struct store;
struct usage_keeper;

struct controller {
	uv_loop_t loop;
	struct store *store;
	struct live *live; // what gateways report
	struct captures *captures; // and the packets that they capture
	struct link *link; // the gateways' streams
	struct asks *asks; // what they are asked
	struct addresses *addresses; // of Integrated VSlices
	struct events *events; // what happens, and who is told
	struct usage_keeper *usage_keeper;
	struct http_server *http;
	struct rate rate; // of API requests, by token
	const char *web_root; // the portal's files while it is being developed; NULL = those in the program
	struct login_limits logins;
	unsigned hashing; // passwords that are being hashed
	int64_t started_ms;
	// Answered in all; of those with a status of 500 or more; refused for the rate limit.
	uint64_t requests, failures, limited;
};
