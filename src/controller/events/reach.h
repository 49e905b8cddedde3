// SPDX-License-Identifier: Apache-2.0
// Which addresses webhooks may reach. A customer writes the URL and the controller dials it, from where it stands: without this a customer
// could ask what listens beside the controller, or a cloud's metadata address. It is held against the address that is dialled,
// after the name was looked up, so a name that changes its mind changes nothing.
#pragma once

#include "base/pattern.h"

#include <stdbool.h>

struct reach {
	struct addr_set deny, allow; // what is allowed stands before what is denied
};

// What is denied unless the options say otherwise: links (a cloud's metadata is there), "any", multicast. This host and private networks are
// allowed: whoever runs all of this has receivers there. An installation with customers that are not trusted denies them too.
#define REACH_DENY "0.0.0.0/8,169.254.0.0/16,224.0.0.0-255.255.255.255,::/128,fe80::/10,ff00::/8"

// Lists of addresses, prefixes and ranges; NULL or "" = none. 0 or -errno with one line in `why`.
int reach_init(struct reach *reach, const char *deny, const char *allow, char why[200]);
void reach_fini(struct reach *reach);
bool reach_may(const struct reach *reach, const struct ip_addr *addr);
