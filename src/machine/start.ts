/** A start that is the same for everybody. */
import { defaultRlimits } from "../linux/index.ts";
import type { StartOptions } from "../linux/index.ts";

/** 2000-01-01 00:00:00 UTC. */
const FIXED_TIME = 946_684_800;
const FIXED_ID = 1000;

/** What a machine is told of its surroundings where runs are to repeat: with `--deterministic`, in a page, in tests. */
export function fixedStart(): StartOptions {
  return {
    time: { sec: FIXED_TIME, nsec: 0 },
    seed: new Uint8Array(32),
    uid: FIXED_ID,
    gid: FIXED_ID,
    groups: [FIXED_ID],
    umask: 0o022,
    limits: defaultRlimits(),
  };
}
