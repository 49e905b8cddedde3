// SPDX-License-Identifier: Apache-2.0
// The automaton's table, laid beside RFC 1661 4.1 as the RFC prints it.

#include "proto/ppp/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clean.h"

// RFC 1661 4.1, both halves joined; r, p and x (its footnotes on restart, passive and crossed) as there.
static const char *const rfc[PPP_CP_EVENTS][10] = {
	{"2", "irc,scr/6", "-", "-", "-", "-", "-", "-", "-", "-"}, // Up
	{"-", "-", "0", "tls/1", "0", "1", "1", "1", "1", "tld/1"}, // Down
	{"tls/1", "1", "irc,scr/6", "3r", "5r", "5r", "6", "7", "8", "9r"}, // Open
	{"0", "tlf/0", "2", "2", "4", "4", "irc,str/4", "irc,str/4", "irc,str/4", "tld,irc,str/4"}, // Close
	{"-", "-", "-", "-", "str/4", "str/5", "scr/6", "scr/6", "scr/8", "-"}, // TO+
	{"-", "-", "-", "-", "tlf/2", "tlf/3", "tlf/3p", "tlf/3p", "tlf/3p", "-"}, // TO-
	{"-", "-", "sta/2", "irc,scr,sca/8", "4", "5", "sca/8", "sca,tlu/9", "sca/8", "tld,scr,sca/8"}, // RCR+
	{"-", "-", "sta/2", "irc,scr,scn/6", "4", "5", "scn/6", "scn/7", "scn/6", "tld,scr,scn/6"}, // RCR-
	{"-", "-", "sta/2", "sta/3", "4", "5", "irc/7", "scr/6x", "irc,tlu/9", "tld,scr/6x"}, // RCA
	{"-", "-", "sta/2", "sta/3", "4", "5", "irc,scr/6", "scr/6x", "irc,scr/8", "tld,scr/6x"}, // RCN
	{"-", "-", "sta/2", "sta/3", "sta/4", "sta/5", "sta/6", "sta/6", "sta/6", "tld,zrc,sta/5"}, // RTR
	{"-", "-", "2", "3", "tlf/2", "tlf/3", "6", "6", "8", "tld,scr/6"}, // RTA
	{"-", "-", "scj/2", "scj/3", "scj/4", "scj/5", "scj/6", "scj/7", "scj/8", "scj/9"}, // RUC
	{"-", "-", "2", "3", "4", "5", "6", "6", "8", "9"}, // RXJ+
	{"-", "-", "tlf/2", "tlf/3", "tlf/2", "tlf/3", "tlf/3", "tlf/3", "tlf/3", "tld,irc,str/5"}, // RXJ-
	{"-", "-", "2", "3", "4", "5", "6", "7", "8", "ser/9"}, // RXR
};

static const struct {
	const char *name;
	uint32_t action;
} actions[] = {
	{"tlu", PPP_CP_TLU},
	{"tld", PPP_CP_TLD},
	{"tls", PPP_CP_TLS},
	{"tlf", PPP_CP_TLF},
	{"irc", PPP_CP_IRC},
	{"zrc", PPP_CP_ZRC},
	{"scr", PPP_CP_SCR},
	{"sca", PPP_CP_SCA},
	{"scn", PPP_CP_SCN},
	{"str", PPP_CP_STR},
	{"sta", PPP_CP_STA},
	{"scj", PPP_CP_SCJ},
	{"ser", PPP_CP_SER},
};

// "tld,scr/6x" as a cell.
static uint32_t read_cell(const char *text)
{
	const char *slash = strchr(text, '/');
	uint32_t cell = 0;

	if (strcmp(text, "-") == 0)
		return 0;
	for (const char *word = text; slash && word < slash; word += 4) {
		uint32_t action = 0;

		for (size_t i = 0; i < array_len(actions); i++)
			if (strncmp(word, actions[i].name, 3) == 0)
				action = actions[i].action;
		assert_int_not_equal(action, 0);
		cell |= action;
	}
	return cell | (uint32_t)(atoi(slash ? slash + 1 : text) + PPP_CP_INITIAL);
}

static void the_table_is_that_of_the_rfc(void **)
{
	for (int event = 0; event < PPP_CP_EVENTS; event++)
		for (int state = 0; state < 10; state++) {
			uint32_t want = read_cell(rfc[event][state]);
			uint32_t have = ppp_cp_cell((enum ppp_cp_event)event, (enum ppp_cp_state)(state + PPP_CP_INITIAL));

			if (want != have)
				fail_msg("event %d, state %d: RFC 1661 says %s, the cell is 0x%x", event, state,
					rfc[event][state], have);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_that_of_the_rfc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
