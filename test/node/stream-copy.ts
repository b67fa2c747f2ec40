// Run by streams.test.ts: copies stream 0 to stream 1 through requests, at most argv[2] bytes a read, argv[3] reads at most, and says on stderr
// how each read was answered.
import { NodeInputs } from "../../src/node/index.ts";
import type { HostAnswer, HostRequest } from "../../src/linux/index.ts";

const max = Number(process.argv[2]);
const limit = Number(process.argv[3] ?? Infinity);
const inputs = new NodeInputs({ takeInput: process.argv[4] === "taken" });
let nextId = 0;
const log: string[] = [];

async function ask(request: HostRequest): Promise<HostAnswer> {
  const id = nextId++;
  const answer = inputs.ask(id, request);
  if (answer !== "later") {
    if (request.op === "read") log.push("now");
    return answer;
  }
  log.push("later");
  for (;;) {
    await inputs.wait();
    for (const late of inputs.take()) if (late.id === id) return late.answer;
  }
}

const streams = await ask({ op: "streams" });
if ("streams" in streams)
  log.push(
    streams.streams
      .map((s) => (s ? s.kind + (s.sameAs === undefined ? "" : `=${s.sameAs}`) + (s.offset === undefined ? "" : `@${s.offset}`) : "closed"))
      .join(" "),
  );
copy: for (let reads = 0; reads < limit; reads++) {
  const read = await ask({ op: "read", stream: 0, max });
  if (!("bytes" in read)) {
    log.push(JSON.stringify(read));
    break;
  }
  log.push(String(read.bytes.length));
  if (read.bytes.length === 0) break;
  let bytes = Uint8Array.from(read.bytes);
  while (bytes.length > 0) {
    const written = await ask({ op: "write", stream: 1, bytes });
    if (!("count" in written)) {
      log.push(JSON.stringify(written));
      break copy;
    }
    bytes = bytes.subarray(written.count);
  }
}
inputs.close();
process.stderr.write(`${log.join(" ")}\n`);
