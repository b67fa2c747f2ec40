// The Worker's entry: `new Worker(new URL("tsvm/web/worker", import.meta.url), { type: "module" })`. Messages are those of messages.ts.
import type { Command } from "./messages.ts";
import { Session } from "./session.ts";
import { sha256 } from "./sha256.ts";

// A message to oneself comes after those that wait already, and unlike setTimeout at once.
const { port1, port2 } = new MessageChannel();
let waiting: (() => void) | undefined;
port1.addEventListener("message", () => {
  const callback = waiting;
  waiting = undefined;
  callback?.();
});
port1.start();

const session = new Session({
  post: (report, transfer) => self.postMessage(report, { transfer }),
  soon: (callback) => {
    waiting = callback;
    port2.postMessage(undefined);
  },
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  elapsed: () => performance.now(),
  now: () => performance.timeOrigin + performance.now(),
  sha256,
});

self.addEventListener("message", (event: MessageEvent<Command>) => session.hear(event.data));
