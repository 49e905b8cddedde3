// SPDX-License-Identifier: Apache-2.0
// What the routes run: each on a store thread, with authentication done.
#pragma once

struct op;

// Any noun.
void op_list(struct op *op);
void op_get(struct op *op);
void op_create(struct op *op);
void op_replace(struct op *op); // PUT
void op_merge(struct op *op); // PATCH
void op_delete(struct op *op);
// The rows of an owner's list, as a sub-collection.
void op_rows_list(struct op *op);
void op_rows_get(struct op *op);
void op_rows_create(struct op *op);
void op_rows_replace(struct op *op);
void op_rows_merge(struct op *op);
void op_rows_delete(struct op *op);
void op_rows_order(struct op *op); // PUT .../order: the ids or monikers in their new order
// Live things.
void op_live_list(struct op *op);
void op_live_get(struct op *op);
void op_endpoint_detach(struct op *op);
void op_endpoint_attaches(struct op *op);
void op_tunnel_restart(struct op *op);
void op_tunnel_drain(struct op *op);
void op_target_bindings(struct op *op);
void op_endpoint_bindings(struct op *op);
void op_lns_test(struct op *op);
void op_lns_tests(struct op *op);
void op_lns_config(struct op *op);
void op_policy_explain(struct op *op);
void op_policy_explain_unsaved(struct op *op);
// Captures.
void op_capture_list(struct op *op);
void op_capture_get(struct op *op);
void op_capture_create(struct op *op);
void op_capture_download(struct op *op);
void op_capture_stop(struct op *op);
void op_capture_delete(struct op *op);
// Events.
void op_event_list(struct op *op); // or live, when the client accepts text/event-stream
void op_event_get(struct op *op);
void op_event_stream(struct op *op);
void op_handler_test(struct op *op);
void op_handler_replay(struct op *op);
void op_handler_dead_letters(struct op *op);
// The audit log.
void op_audit_list(struct op *op);
void op_audit_get(struct op *op);
// Usage by hour and by day.
void op_usage(struct op *op);
void op_usage_list(struct op *op);
void op_usage_get(struct op *op);
// Many at once.
void op_endpoint_import(struct op *op);
void op_endpoint_export(struct op *op);
void op_l2tp_setup(struct op *op);
// People.
void op_login(struct op *op);
void op_logout(struct op *op);
void op_me(struct op *op);
void op_password(struct op *op);
// The API about itself.
void op_verify(struct op *op);
void op_schema(struct op *op);
void op_openapi(struct op *op);
