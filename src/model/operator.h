// SPDX-License-Identifier: Apache-2.0
// Operators and countries by the networks that they run: a mobile country code and network code (ITU-T E.212).
#pragma once

#include "model/noun.h"

struct operator
{
	struct object object;
	int64_t number; // operatorId: the digits of its first network as a number
	char *iso3;
	struct field_texts networks; // "26203": country code and network code
};

#define OPERATOR_DIGITS 7 // of a network, with the end

// The built-in ones, in the order of their tables; false past the last.
bool operator_built_in(size_t at, struct operator* out);
// The networks of an operator, or of an unlisted one's only network, separated by commas. NULL when the number is no network's.
// `digits` (OPERATOR_DIGITS octets) may be what is given.
const char *operator_networks(int64_t number, char *digits);
// The mobile country codes of a country, separated by commas; NULL when there is none.
const char *country_codes(const char *iso3);
// Is this the country of the network? `digits` begins with the country code.
bool country_has(const char *iso3, const char *digits);
