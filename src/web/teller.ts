// Tells a machine what comes from outside, and writes it down; or tells it what was written down.
import type { WindowSize } from "../linux/index.ts";
import type { Machine } from "../machine/index.ts";
import type { InputEvent, InputTape, NewEvent } from "./input-tape.ts";
import { type PageInputs, sameSize } from "./inputs.ts";
import type { NewFiles } from "./messages.ts";
import { addNewFiles } from "./new-files.ts";

export class Teller {
  readonly #machine: Machine;
  readonly #inputs: PageInputs;
  /** Size of the terminal that the guest knows. */
  #size: WindowSize | undefined;

  constructor(machine: Machine, inputs: PageInputs, size: WindowSize | undefined) {
    this.#machine = machine;
    this.#inputs = inputs;
    this.#size = size;
  }

  get size(): WindowSize | undefined {
    return this.#size;
  }

  /** What the machine is told before it runs on: what an earlier run was told here, of the first `most` events of the tape; else what came meanwhile. */
  feed(tape: InputTape, most: number | undefined): void {
    const { instructions } = this.#machine;
    if (!tape.live) {
      if (tape.due === instructions) for (const event of tape.take(most)) this.#tell(event);
      return;
    }
    const { size } = this.#inputs;
    if (size !== undefined && !sameSize(size, this.#size)) this.say(tape, { type: "resize", size });
    for (let answer = this.#inputs.take(); answer !== undefined; answer = this.#inputs.take()) {
      tape.record(instructions, { type: "bytes", bytes: answer.bytes });
      this.#machine.answer(answer.id, { bytes: answer.bytes });
    }
  }

  /** Tells the machine something new. */
  say(tape: InputTape, event: NewEvent): void {
    const { instructions } = this.#machine;
    tape.record(instructions, event);
    this.#tell({ ...event, at: instructions });
  }

  /** Throws TarError for what cannot be read; nothing of it is written down then. */
  give(tape: InputTape, files: NewFiles): void {
    addNewFiles(this.#machine, files);
    tape.record(this.#machine.instructions, { type: "files", files });
  }

  #tell(event: InputEvent): void {
    switch (event.type) {
      case "bytes": {
        const answer = this.#inputs.again(event.bytes);
        if (answer !== undefined) this.#machine.answer(answer.id, { bytes: answer.bytes });
        break;
      }
      case "elapse":
        this.#machine.elapse(event.ns);
        break;
      case "resize":
        this.#size = event.size;
        this.#machine.resize(event.size);
        break;
      case "files":
        addNewFiles(this.#machine, event.files);
        break;
    }
  }
}
