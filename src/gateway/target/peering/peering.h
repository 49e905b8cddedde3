// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gateway/config.h"

struct ip_prefix peering_network(const struct peering_config *peering); // that its local address is in
