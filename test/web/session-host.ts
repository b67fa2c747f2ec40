/** A session without a browser, whose turns are taken when told. */
import { createHash } from "node:crypto";
import { type Report, Session, type StartMessage } from "../../src/web/index.ts";

export const SIZE = { rows: 24, columns: 80, xpixel: 0, ypixel: 0 };

export type ReportOf<T extends Report["type"]> = Extract<Report, { type: T }>;

/** `tick`: milliseconds by which the clock goes on with each look at it. */
export function session(tick: number = 1) {
  const reports: Report[] = [];
  const turns: (() => void)[] = [];
  let clock = 0;
  const host = new Session({
    post: (report) => void reports.push(report),
    soon: (callback) => void turns.push(callback),
    after: (_ms, callback) => {
      turns.push(callback);
      return () => void turns.splice(turns.indexOf(callback), 1);
    },
    elapsed: () => (clock += tick),
    now: () => 0,
    sha256: async (bytes) => createHash("sha256").update(bytes).digest("hex"),
  });
  return {
    host,
    reports,
    /** Takes at most `count` turns; true where more would follow. */
    take: (count = Infinity): boolean => {
      for (let i = 0; i < count; i++) {
        const turn = turns.shift();
        if (turn === undefined) return false;
        turn();
      }
      return turns.length > 0;
    },
    last: () => reports.at(-1),
    of: <T extends Report["type"]>(type: T) => reports.filter((report): report is ReportOf<T> => report.type === type),
    text: () => Buffer.concat(reports.flatMap((report) => (report.type === "output" ? [report.bytes] : []))).toString("latin1"),
  };
}

export function start(elf: Uint8Array, options: Partial<StartMessage> = {}): StartMessage {
  return {
    type: "start",
    elf,
    path: "/program",
    argv: ["/program"],
    envp: [],
    streams: { kind: "pipes", input: new Uint8Array(0) },
    strace: false,
    ...options,
  };
}
