// SPDX-License-Identifier: Apache-2.0
#include "gateway/records.h"

#include "gateway/session.h"

_Static_assert(sizeof(struct session_record) <= STATE_LEAN_MAX, "the session table is lean");

void records_specs(uint32_t max_sessions, struct state_table_spec specs[])
{
	specs[TABLE_GATEWAY] = (struct state_table_spec){"gateway", sizeof(struct gateway_record), GATEWAY_RECORD_VERSION, 1};
	specs[TABLE_PEER] = (struct state_table_spec){"peer", sizeof(struct peer_record), 1, 4096};
	specs[TABLE_HABIT] = (struct state_table_spec){"habit", sizeof(struct habit_record), 1, 4096};
	specs[TABLE_TUNNEL] = (struct state_table_spec){"tunnel", sizeof(struct tunnel_record), 1, 65536};
	specs[TABLE_SESSION] =
		(struct state_table_spec){"session", sizeof(struct session_record), 3, max_sessions, 2, .is_lean = true};
	specs[TABLE_MESSAGE] = (struct state_table_spec){"message", sizeof(struct message_record), 1, 65536};
	specs[TABLE_APN] = (struct state_table_spec){"apn", APN_TEXT, 1, 4096};
	specs[TABLE_SECRET] = (struct state_table_spec){"secret", sizeof(struct secrets), 1, max_sessions, .is_lean = true};
	specs[TABLE_IP6] = (struct state_table_spec){"ip6", sizeof(struct session_ip6), 1, max_sessions, .is_lean = true};
}
