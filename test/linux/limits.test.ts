import { describe, expect, it } from "vitest";
import { Guest } from "./support.ts";

const SECOND = 1_000_000_000;
const RLIMIT_CPU = 0;

/** Runs the task as far as the kernel lets it, until something happens. */
function spend(guest: Guest): string {
  const { kernel, task } = guest;
  const until = kernel.sliceEnd();
  kernel.advance(task, until - kernel.clock.now);
  const next = kernel.next();
  return "kind" in next ? (next.kind === "exited" ? `signal ${next.status.signal}` : next.kind) : "running";
}

describe("RLIMIT_CPU", () => {
  it("kills with SIGXCPU at the soft limit", () => {
    const guest = new Guest();
    guest.task.process.limits[RLIMIT_CPU] = { soft: 1, hard: 3 };
    expect(spend(guest)).toBe("signal 24");
    expect(guest.task.cpuTime).toBe(SECOND);
  });

  it("signals each second while SIGXCPU is ignored, and kills with SIGKILL at the hard limit", () => {
    const guest = new Guest();
    guest.task.handlers.actions[24]!.handler = 1;
    guest.task.process.limits[RLIMIT_CPU] = { soft: 1, hard: 3 };
    expect(spend(guest)).toBe("running");
    expect(guest.task.process.limits[RLIMIT_CPU]).toEqual({ soft: 2, hard: 3 });
    expect(spend(guest)).toBe("running");
    expect(spend(guest)).toBe("signal 9");
    expect(guest.task.cpuTime).toBe(3 * SECOND);
  });

  it("is no timer for a machine that sleeps", () => {
    const guest = new Guest();
    guest.task.process.limits[RLIMIT_CPU] = { soft: 1, hard: 3 };
    expect(guest.enter("nanosleep", Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0)).toBe("blocked");
    expect(guest.kernel.next()).toBe(guest.task);
    expect(guest.kernel.clock.now).toBe(5 * SECOND);
    expect(guest.task.cpuTime).toBe(0);
  });
});
