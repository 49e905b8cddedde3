// SPDX-License-Identifier: Apache-2.0
// Result, error and disconnect codes by name. The rows are in result.def.
#pragma once

#include <stdint.h>

#define STOP(code, word, text) L2TP_STOP_##word = code,
#define CDN(code, word, text)
#define ERROR(code, word, text)
#define DISCONNECT(code, word, text)
enum l2tp_stop {
#include "proto/l2tp/result.def"
};
#undef STOP
#undef CDN
#define STOP(code, word, text)
#define CDN(code, word, text) L2TP_CDN_##word = code,
enum l2tp_cdn {
#include "proto/l2tp/result.def"
};
#undef CDN
#undef ERROR
#define CDN(code, word, text)
#define ERROR(code, word, text) L2TP_ERROR_##word = code,
enum l2tp_error {
#include "proto/l2tp/result.def"
};
#undef ERROR
#undef DISCONNECT
#define ERROR(code, word, text)
#define DISCONNECT(code, word, text) L2TP_DISCONNECT_##word = code,
enum l2tp_disconnect_code {
#include "proto/l2tp/result.def"
};
#undef STOP
#undef CDN
#undef ERROR
#undef DISCONNECT

// Words for a code; "unknown" for one that has no row. Static strings.
const char *l2tp_stop_name(uint16_t code);
const char *l2tp_cdn_name(uint16_t code);
const char *l2tp_error_name(uint16_t code);
const char *l2tp_disconnect_name(uint16_t code);
