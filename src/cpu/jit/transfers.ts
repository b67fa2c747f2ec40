/** The ring of transfers that the interpreter keeps (interpreter/handlers.ts), as the path that it took last. */

import type { Block, BlockCache } from "../interpreter/blocks.ts";
import { TRANSFER_BYTES, TRANSFERS } from "../interpreter/handlers.ts";
import { COUNT, RECORD } from "../interpreter/record.ts";
import { NEXT_TRANSFER } from "../state.ts";
import type { BlockReader } from "./path.ts";
import { Path } from "./path.ts";

/** Basic blocks of a decoded block. */
const MAX_PARTS = 48;

export class Transfers {
  readonly #view: DataView;
  readonly #ring: number;
  readonly #blocks: BlockCache;

  constructor(view: DataView, ring: number, blocks: BlockCache) {
    this.#view = view;
    this.#ring = ring;
    this.#blocks = blocks;
  }

  /** What comes next has not come by a transfer. */
  interrupt(): void {
    const next = this.#view.getUint32(NEXT_TRANSFER, true);
    this.#view.setUint32(this.#ring + next, 0, true);
    this.#view.setUint32(NEXT_TRANSFER, (next + 4) % TRANSFER_BYTES, true);
  }

  clear(): void {
    for (let at = 0; at < TRANSFER_BYTES; at += 4) this.#view.setUint32(this.#ring + at, 0, true);
  }

  /** The last `count` transfers, which led to `rip`. */
  path(rip: number, count: number, reader: BlockReader): Path {
    const path = new Path(rip);
    const next = this.#view.getUint32(NEXT_TRANSFER, true);
    for (let i = Math.min(count, TRANSFERS); i > 0; i--) {
      const record = this.#view.getUint32(this.#ring + ((next - 4 * i + TRANSFER_BYTES) % TRANSFER_BYTES), true);
      const block = record === 0 ? undefined : this.#blocks.find(record);
      if (block === undefined) path.interrupt();
      else this.#add(path, block, record, reader);
    }
    return path;
  }

  /** What of `block` ran before the transfer at `record`. */
  #add(path: Path, block: Block, record: number, reader: BlockReader): void {
    if (record === block.start && this.#view.getUint16(record + COUNT, true) === 0) {
      // A region stands there: what it ran is not known.
      path.leadTo(block.rip);
      path.interrupt();
      return;
    }
    const last = block.addresses[(record - block.start) / RECORD] ?? -1;
    let at = block.rip;
    for (let parts = 0; parts < MAX_PARTS; parts++) {
      const part = reader.read(at);
      if (part.instructions.length > 0) path.step(part);
      else path.interrupt();
      if (part.end === last && part.ends !== "jump" && part.ends !== "stop") return;
      if (part.instructions.some(({ decoded }) => decoded.address === last)) return;
      if (part.ends === "indirect") return;
      if (part.ends === "stop") {
        if (part.end === last) return;
        // Behind the instruction that no region holds.
        const behind = block.addresses[block.addresses.indexOf(part.end) + 1];
        if (behind === undefined || behind === part.end) return;
        path.interrupt();
        at = behind;
      } else at = part.ends === "jump" ? part.target : part.end;
    }
  }
}
