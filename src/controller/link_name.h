// SPDX-License-Identifier: Apache-2.0
// Gateways know ids; who reads wants names.
#pragma once

#include "controller/store/db.h"
#include "model/noun.h"

#include <jansson.h>

// Completes a reference by its id; `customer` (may be NULL) gets the object's. What is not known any longer keeps its id.
void link_name(struct db *db, const struct noun *noun, struct field_ref *ref, char **customer);
// The ids of Routing Targets and Endpoints in an array of objects become references.
void link_name_rows(struct db *db, json_t *rows);
