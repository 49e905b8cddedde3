// SPDX-License-Identifier: Apache-2.0
// Takes the secrets out of PPP packets that are to be shown to people: passwords, and what a password could be guessed from.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Zeroes in place; what of an authentication packet can't be read is zeroed too. Names, codes and lengths stay. Gives whether anything was.
bool ppp_conceal(uint16_t protocol, uint8_t *packet, size_t len);
