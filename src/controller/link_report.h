// SPDX-License-Identifier: Apache-2.0
// Reports of gateways: POST /gateway/v1/reports.
#pragma once

struct controller;
struct exchange;

void link_report(struct controller *controller, struct exchange *exchange);
