// SPDX-License-Identifier: Apache-2.0
// How the calling thread shares a CPU with others that are busy.
#pragma once

// For a thread that waits for others' requests and does little for each: it asks for short turns on the CPU, and gets the first of them
// soon after it wakes up, though somebody else be in the midst of a long one (EEVDF, Linux 6.12; kernels before do not mind).
void turn_short(void);
// For a thread that works off what nobody waits for at once: long turns, and fewer of them.
void turn_long(void);
// For a process that does nothing for others: long turns, the last at the disk too, and no share of the CPU worth the word while others want it.
void turn_last(void);
