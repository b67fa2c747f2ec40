// Cases of the corpus as machines in this process: the host's root directory is theirs, read-only below memory.
import { readFileSync } from "node:fs";
import { corpusCases } from "../bench/cases.ts";
import type { HostAnswer, HostRequest, HostStat, Inputs } from "../src/linux/index.ts";
import { NodeInputs } from "../src/node/index.ts";
import type { Case } from "../test/snapshot/support.ts";

/** Longer ones take minutes for each run. */
const MOST_INSTRUCTIONS = 150e6;

/** What was once said of a file stays: others write below /tmp meanwhile, and times of directories are a guest's to see. */
class SteadyFiles implements Inputs {
  readonly synchronousFiles = true;
  readonly #host = new NodeInputs({ mounts: [{ host: "/", readOnly: true }] });
  readonly #said = new Map<string, HostAnswer>();
  readonly #stats = new Map<number, HostStat>();

  ask(id: number, request: HostRequest): HostAnswer | "later" {
    switch (request.op) {
      case "lstat":
      case "readlink":
      case "readdir":
      case "statfs": {
        const key = `${request.op} ${request.path}`;
        const said = this.#said.get(key) ?? (this.#host.ask(id, request) as HostAnswer);
        this.#said.set(key, said);
        return said;
      }
      case "open": {
        const opened = this.#host.ask(id, request) as HostAnswer;
        if (!("handle" in opened)) return opened;
        const known = this.ask(id, { op: "lstat", mount: request.mount, path: request.path });
        const stat = known !== "later" && "stat" in known ? known.stat : opened.stat;
        this.#stats.set(opened.handle, stat);
        return { handle: opened.handle, stat };
      }
      case "file.fstat": {
        const stat = this.#stats.get(request.handle);
        return stat === undefined ? this.#host.ask(id, request) : { stat };
      }
      default:
        return this.#host.ask(id, request);
    }
  }
}

export function corpusGuests(list: string): Case[] {
  const cases = corpusCases(list, ({ instructions = Infinity }) => instructions < MOST_INSTRUCTIONS);
  return cases.map(({ id, argv, env, cwd, input }) => ({
    name: id,
    elf: readFileSync(argv[0] as string),
    path: argv[0] as string,
    argv,
    env,
    input,
    cwd,
    mounts: [{ mount: 0, guest: "/", readOnly: true, overlay: true }],
    files: new SteadyFiles(),
  }));
}
