/** Machines for image tests: a host that is the same everywhere, and images as bytes. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Program } from "../../programs/build.ts";
import { decodeLatin1 } from "../../src/base/index.ts";
import type { Feature } from "../../src/cpu/index.ts";
import type { HostAnswer, HostMount, HostRequest, HostStat, HostStream, Inputs } from "../../src/linux/index.ts";
import type { MachineOptions, RunEnd } from "../../src/machine/index.ts";
import { cpuModels, fixedStart, Machine } from "../../src/machine/index.ts";
import { bytesSource, imageBytes, openImage, restoreImage, saveImage } from "../../src/snapshot/index.ts";

const time = { sec: 946_684_800, nsec: 0 };
const stat: HostStat = {
  dev: 14,
  ino: 5,
  mode: 0o010600,
  nlink: 1,
  uid: 1000,
  gid: 1000,
  rdev: 0,
  size: 0,
  blksize: 4096,
  blocks: 0,
  atime: time,
  mtime: time,
  ctime: time,
};

/** Three pipes; all input is there from the start. A host made from another goes on reading where that one was. */
export class PipeHost implements Inputs {
  readonly synchronousFiles = true;
  output = "";
  input: Uint8Array;
  /** Who answers for files of the host; without it there are none. */
  readonly files: Inputs | undefined;
  readonly #open = new Set<number>();

  constructor(input: Uint8Array = new Uint8Array(0), files?: Inputs) {
    this.input = input;
    this.files = files;
  }

  /** Closes what the machine has left open: it is not used any more. */
  close(): void {
    for (const handle of this.#open) this.files?.ask(0, { op: "file.close", handle });
  }

  #askFiles(id: number, request: HostRequest): HostAnswer | "later" {
    if (this.files === undefined) return { errno: 38 };
    const answer = this.files.ask(id, request);
    if (request.op === "file.close") this.#open.delete(request.handle);
    else if (answer !== "later" && "handle" in answer) this.#open.add(answer.handle);
    return answer;
  }

  ask(id: number, request: HostRequest): HostAnswer | "later" {
    switch (request.op) {
      case "streams": {
        const stream = (number: number): HostStream => ({
          kind: "pipe",
          stat: { ...stat, ino: 5 + number },
          flags: number === 0 ? 0 : 1,
          name: `pipe:[${5 + number}]`,
        });
        return { streams: [stream(0), stream(1), stream(2)] };
      }
      case "read": {
        const bytes = this.input.slice(0, request.max);
        this.input = this.input.slice(bytes.length);
        return { bytes };
      }
      case "write":
        this.output += decodeLatin1(request.bytes);
        return { count: request.bytes.length };
      default:
        return this.#askFiles(id, request);
    }
  }
}

export interface Case {
  readonly name: string;
  readonly elf: Uint8Array;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Uint8Array;
  /** Where it lies in the guest; "/NAME" by default. */
  readonly path?: string;
  readonly cwd?: string;
  readonly features?: ReadonlySet<Feature>;
  /** Directories of the host, and who answers for them. */
  readonly mounts?: readonly HostMount[];
  readonly files?: Inputs;
}

export function programCase(program: Program): Case {
  const { name, binary, argv, env, cpu, stdin } = program;
  return { name, elf: readFileSync(binary), argv: [name, ...argv], env, input: stdin, features: cpuModels[cpu] };
}

const start = fixedStart();

/** The interpreter's modules, made once for all machines of a test. */
let modules: Uint8Array | undefined;

export function modulesOfTests(): Uint8Array {
  modules ??= new Uint8Array(
    Buffer.concat([17, 20, 32].map((windowBits) => Machine.blank({ inputs: new PipeHost(), start, windowBits }).cpu.handlers.encode())),
  );
  return modules;
}

function prebuilt(): { readonly prebuilt: Uint8Array } {
  return { prebuilt: modulesOfTests() };
}

/** A machine with its host. */
export class Run {
  readonly host: PipeHost;
  readonly machine: Machine;

  constructor(host: PipeHost, machine: Machine) {
    this.host = host;
    this.machine = machine;
  }

  static start(guest: Case, windowBits?: number, regions?: MachineOptions["regions"]): Run {
    const host = new PipeHost(guest.input, guest.files);
    const machine = Machine.create({
      elf: guest.elf,
      path: guest.path ?? `/${guest.name}`,
      argv: guest.argv,
      envp: Object.entries(guest.env ?? {}).map(([name, value]) => `${name}=${value}`),
      cwd: guest.cwd ?? "/",
      ...(guest.mounts === undefined ? {} : { mounts: guest.mounts }),
      ...(guest.features === undefined ? {} : { features: guest.features }),
      inputs: host,
      ...prebuilt(),
      start,
      ...(windowBits === undefined ? {} : { windowBits }),
      ...(regions === undefined ? {} : { regions }),
    });
    return new Run(host, machine);
  }

  /** Runs until instruction `at` or the end. */
  to(at: number): RunEnd {
    return this.machine.run({ maxInstructions: Math.max(0, at - this.machine.instructions) });
  }

  image(): Uint8Array {
    return imageBytes(saveImage(this.machine));
  }

  /** Another machine, from this one's image; one that is done with gives its window and processor. */
  again(image: Uint8Array = this.image(), windowBits?: number, recycle?: Machine, regions?: MachineOptions["regions"]): Run {
    const host = new PipeHost(this.host.input, this.host.files);
    host.output = this.host.output;
    return new Run(
      host,
      restoreImage(openImage(bytesSource(image)), {
        inputs: host,
        ...prebuilt(),
        ...(windowBits === undefined ? {} : { windowBits }),
        ...(recycle === undefined ? {} : { recycle }),
        ...(regions === undefined ? {} : { regions }),
      }),
    );
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Where two images differ first, for a message; undefined where they are equal. */
export function difference(a: Uint8Array, b: Uint8Array): string | undefined {
  if (Buffer.compare(a, b) === 0) return undefined;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return `byte ${at} of ${a.length} and ${b.length}`;
}
