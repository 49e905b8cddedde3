// SPDX-License-Identifier: Apache-2.0
// Captures: who asked for which, and their files, which gateways send and clients download, while they run or afterwards.
#pragma once

#include "controller/store/uuid.h"
#include "model/capture.h"
#include "model/text.h"

#include <stdbool.h>

#define CAPTURE_PIECE_MAX (2 * 1024 * 1024) // octets that a gateway sends at a time

struct captures;
struct controller;
struct exchange;
struct op;

// `directory`: where the files are, without names, so that none is left by a controller that dies. 0 or -errno.
int captures_new(struct controller *controller, const char *directory, struct captures **out);
void captures_free(struct captures **captures); // after the HTTP server is gone

// From any thread.
// Is there room for one more of the customer? False with one line in `why`.
bool captures_have_room(struct captures *captures, const char *customer, char why[200]);
int captures_list(struct captures *captures, const char *customer, const char *filter, const char *sort, int64_t offset,
	int64_t limit, struct text *out, int64_t *total, char why[200]);
bool captures_get(struct captures *captures, const char *customer, const char *id, struct text *out);
bool captures_has(struct captures *captures, const char *customer, const char *id);

// On the loop.
// Takes the object over and tells its gateway (an id in object->gateway) to begin.
void captures_begin(struct captures *captures, const char *customer, struct capture *object);
void captures_stop(struct captures *captures, const char *id); // the file stays
void captures_delete(struct captures *captures, const char *id);
// The file as an endless answer that ends with the capture; 404 where it is gone. Takes the exchange.
void captures_download(struct captures *captures, const char *id, struct exchange *exchange);
// POST /gateway/v1/captures/{id}: a piece from the gateway. Takes the exchange.
void captures_upload(struct captures *captures, struct exchange *exchange);
