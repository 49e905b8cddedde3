// SPDX-License-Identifier: Apache-2.0
// Between io.c and net.c.
#pragma once

struct net;
void net_flush_all(struct net *nets);
