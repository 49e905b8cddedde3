// SPDX-License-Identifier: Apache-2.0
#pragma once

// The sections of slicegate(1) that its tables can tell, on standard output. Gives an exit status.
int man_print(void);
