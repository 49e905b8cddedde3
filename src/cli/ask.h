// SPDX-License-Identifier: Apache-2.0
#pragma once

// Asks on the terminal without showing the answer. The caller frees it; NULL when there is no terminal.
char *ask_secret(const char *question);
