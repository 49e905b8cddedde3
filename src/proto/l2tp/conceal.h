// SPDX-License-Identifier: Apache-2.0
// Takes the secrets out of control messages that are to be shown to people.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Zeroes in place the values of hidden AVPs, of the Challenge Response and of the Proxy Authen Response, and all that can't be read. Headers and
// lengths stay. Gives whether anything was. Data messages are left alone.
bool l2tp_conceal(uint8_t *datagram, size_t len);
