/** What EXIT_DETAIL holds when a completed instruction leaves the interpreter, beside exception vectors, which are below 0x100. */

import type { LeaveReason } from "../isa/ops.ts";

export const LeaveCode: Readonly<Record<LeaveReason, number>> = {
  syscall: 0x100,
  breakpoint: 0x101,
  flags: 0x102,
  timestamp: 0x103,
  overflow: 0x104,
};
