/**
 * Decoded blocks: runs of records that start where a jump went and end with an unconditional transfer. Conditional branches leave in the
 * middle; what follows one in memory follows it in the block. A direct jump forwards is followed: it counts, but has no record.
 */

import type { AddressSpace, Page } from "../../memory/index.ts";
import { PAGE_SIZE } from "../../memory/index.ts";
import { DecodeStatus } from "../decode/decoder.ts";
import type { Decoder } from "../decode/decoder.ts";
import { newDecoded } from "../isa/insn.ts";
import type { Decoded } from "../isa/insn.ts";
import type { FormEntry, FormTable } from "./forms.ts";
import { ALL_FLAGS, branchTarget } from "./forms.ts";
import type { Handlers } from "./hot.ts";
import {
  COUNT,
  DISP,
  GOTO,
  LINK,
  nextRipField,
  readAddress64,
  RECORD,
  RESOLVE,
  RUN_INSTRUCTIONS,
  RUNS,
  SKIPPED,
  STOP,
  writeAddress64,
  writeRecord,
} from "./record.ts";

export interface Block {
  readonly rip: number;
  /** First record, and one past the last (with the RESOLVE records of its branches). */
  readonly start: number;
  readonly end: number;
  readonly count: number;
  /** For each record, and for what comes after the last: the address of its instruction, and the number of instructions before it. */
  readonly addresses: Float64Array;
  readonly before: Uint16Array;
  /** Where a jump without a record stands behind a record: its address and the number of instructions before it, by the record's index. */
  readonly jumps: ReadonlyMap<number, { readonly address: number; readonly before: number }> | undefined;
}

/** How often the handler that replaces a block was left, and the instructions that it has run. */
export interface Runs {
  readonly runs: number;
  readonly instructions: number;
}

/** Why there is no block at an address. */
export interface DecodeFailure {
  readonly kind: "fetch" | "invalid" | "tooLong";
  /** For `fetch`: the address that could not be fetched. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Of a block. */
export const MAX_INSTRUCTIONS = 24;
const FETCH_BYTES = 256;
const MAX_INSTRUCTION_BYTES = 15;

export class BlockCache {
  readonly #space: AddressSpace;
  readonly #decoder: Decoder;
  readonly #forms: FormTable;
  readonly #handlers: Handlers;
  readonly #byRip = new Map<number, Block>();
  readonly #byPage = new Map<Page, Block[]>();
  /** All blocks made since the last flush, by rising address. */
  readonly #blocks: Block[] = [];
  readonly #bytes = new Uint8Array(FETCH_BYTES);
  readonly #decoded: Decoded[] = Array.from({ length: MAX_INSTRUCTIONS }, newDecoded);
  readonly #entries: FormEntry[] = [];
  readonly #live = new Uint8Array(MAX_INSTRUCTIONS);
  /** Jumps that the block goes on behind. */
  readonly #followed = new Uint8Array(MAX_INSTRUCTIONS);
  readonly #start: number;
  readonly #replaced = new Set<number>();
  /** Of all handlers that ever replaced a block, as far as {@link takeRuns} was asked. */
  #runs = 0;
  #runInstructions = 0;
  #breakpoints: ReadonlySet<number> = new Set();
  #next: number;
  /** Rises whenever blocks were dropped: records of before may be dead. */
  generation = 0;
  /** Rises when all records were dropped. */
  flushes = 0;
  failure: DecodeFailure = { kind: "invalid", address: 0, bytes: new Uint8Array(0) };

  constructor(space: AddressSpace, decoder: Decoder, forms: FormTable, handlers: Handlers, arenaStart: number) {
    this.#space = space;
    this.#decoder = decoder;
    this.#forms = forms;
    this.#handlers = handlers;
    this.#start = arenaStart;
    this.#next = arenaStart;
    space.codeListener = { invalidate: (page) => this.#invalidate(page) };
  }

  /** The block at `rip`, decoded now if need be; undefined: `failure` says why. */
  at(rip: number): Block | undefined {
    return this.#byRip.get(rip) ?? (this.#breakpoints.has(rip) ? this.#stopBlock(rip) : this.#decode(rip, MAX_INSTRUCTIONS, true));
  }

  /** A block begins at none of `addresses` and leads over none: STOP is reached there. Drops everything. */
  setBreakpoints(addresses: Iterable<number>): void {
    this.#breakpoints = new Set(addresses);
    this.flush();
  }

  isBreakpoint(address: number): boolean {
    return this.#breakpoints.has(address);
  }

  /**
   * From now on `handler` runs where the block at `rip` begins, with a block of the same instructions as its record's LINK; until one of the pages
   * that it came from is changed. False: there was no room.
   */
  replace(rip: number, handler: number, pages: Iterable<number>): boolean {
    const { flushes } = this;
    const block = this.at(rip);
    const twin = this.#decode(rip, MAX_INSTRUCTIONS, true, false);
    if (block === undefined || twin === undefined || flushes !== this.flushes) return false;
    const { view } = this.#space;
    view.setUint16(block.start, handler, true);
    view.setUint16(block.start + COUNT, 0, true);
    view.setUint16(block.start + SKIPPED, 0, true);
    view.setUint32(block.start + LINK, twin.start, true);
    view.setUint32(block.start + RUNS, 0, true);
    writeAddress64(view, block.start + RUN_INSTRUCTIONS, 0);
    for (const vpn of pages) this.#register(vpn, block);
    this.#replaced.add(rip);
    return true;
  }

  /** Where blocks begin in whose place other handlers run. */
  get replaced(): ReadonlySet<number> {
    return this.#replaced;
  }

  /** How often the handler at `rip` that replaces a block was left, and the instructions that it has run, since it was asked last. */
  takeRuns(rip: number): Runs {
    const { view } = this.#space;
    const taken = this.#runsAt(rip);
    const { start } = this.#byRip.get(rip) ?? { start: 0 };
    this.#runs += taken.runs;
    this.#runInstructions += taken.instructions;
    view.setUint32(start + RUNS, 0, true);
    writeAddress64(view, start + RUN_INSTRUCTIONS, 0);
    return taken;
  }

  /** How often handlers that replace blocks were left, and the instructions that they have run, since the start. */
  allRuns(): Runs {
    const standing = [...this.#replaced].map((rip) => this.#runsAt(rip));
    const sum = (first: number, of: (one: Runs) => number): number => standing.reduce((total, one) => total + of(one), first);
    return { runs: sum(this.#runs, ({ runs }) => runs), instructions: sum(this.#runInstructions, ({ instructions }) => instructions) };
  }

  #runsAt(rip: number): Runs {
    const { view } = this.#space;
    const { start } = this.#byRip.get(rip) ?? { start: 0 };
    return { runs: view.getUint32(start + RUNS, true), instructions: readAddress64(view, start + RUN_INSTRUCTIONS) };
  }

  /** What was replaced at `rip` runs again. */
  putBack(rip: number): void {
    const block = this.#byRip.get(rip);
    if (block === undefined || !this.#replaced.has(rip)) return;
    this.takeRuns(rip);
    this.#replaced.delete(rip);
    this.#space.view.setUint16(block.start, GOTO, true);
  }

  /** A block of at most `limit` instructions that ends with STOP where the full one would go on. Never entered from elsewhere. */
  cut(rip: number, limit: number): Block | undefined {
    return this.#decode(rip, Math.min(limit, MAX_INSTRUCTIONS), false);
  }

  /** The block whose records hold `address`. */
  holding(address: number): Block {
    const block = this.find(address);
    if (block === undefined) throw new RangeError("no block holds this record");
    return block;
  }

  /** The same; undefined where there is none. */
  find(address: number): Block | undefined {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#blocks[middle]?.start ?? Infinity) <= address) low = middle;
      else high = middle - 1;
    }
    const block = this.#blocks[low];
    return block === undefined || address < block.start || address >= block.end ? undefined : block;
  }

  /** Drops everything: all records and what refers to them. */
  flush(): void {
    for (const rip of this.#replaced) this.takeRuns(rip);
    this.#byRip.clear();
    this.#byPage.clear();
    this.#replaced.clear();
    this.#blocks.length = 0;
    this.#next = this.#start;
    this.generation++;
    this.flushes++;
  }

  #invalidate(page: Page): void {
    const blocks = this.#byPage.get(page);
    if (blocks === undefined) return;
    this.#byPage.delete(page);
    this.generation++;
    const { view } = this.#space;
    for (const block of blocks) {
      if (this.#byRip.get(block.rip) !== block) continue;
      if (this.#replaced.has(block.rip)) this.takeRuns(block.rip);
      this.#byRip.delete(block.rip);
      this.#replaced.delete(block.rip);
      // Whoever still links here is led to the block that will be made for the same address.
      view.setUint16(block.start, RESOLVE, true);
      view.setUint16(block.start + COUNT, 0, true);
      view.setUint16(block.start + SKIPPED, 0, true);
      writeAddress64(view, block.start + DISP, block.rip);
      view.setUint32(block.start + LINK, 0, true);
    }
  }

  /** `keep`: it is linked with others. `register`: it is the one that they lead to. */
  #decode(rip: number, limit: number, keep: boolean, register = keep): Block | undefined {
    const space = this.#space;
    // Room for the longest block with a RESOLVE record for each branch.
    if (this.#next + (2 * MAX_INSTRUCTIONS + 2) * RECORD > space.layout.arenaEnd) this.flush();
    const count = this.#read(rip, limit);
    if (count === 0) return undefined;
    const last = this.#entries[count - 1] as FormEntry;
    this.#markLive(count);
    const block = this.#write(rip, count, last.ends === undefined || last.ends === "branch", keep);
    this.#handlers.compile();
    this.#blocks.push(block);
    if (register) {
      this.#byRip.set(rip, block);
      this.#registerPages(count, block);
    }
    return block;
  }

  /** What stands at a breakpoint: no instruction, and STOP. */
  #stopBlock(rip: number): Block {
    const { view, u8, layout } = this.#space;
    if (this.#next + RECORD > layout.arenaEnd) this.flush();
    const start = this.#next;
    this.#next += RECORD;
    u8.fill(0, start, this.#next);
    view.setUint16(start, STOP, true);
    writeAddress64(view, start + DISP, rip);
    const block = { rip, start, end: this.#next, count: 0, addresses: Float64Array.of(rip), before: new Uint16Array(1), jumps: undefined };
    this.#blocks.push(block);
    this.#byRip.set(rip, block);
    return block;
  }

  /** Notes the block with every page that its instructions lie on. */
  #registerPages(count: number, block: Block): void {
    let done = -1;
    for (let i = 0; i < count; i++) {
      const { address, length } = this.#decoded[i] as Decoded;
      const last = Math.floor((address + length - 1) / PAGE_SIZE);
      for (let vpn = Math.floor(address / PAGE_SIZE); vpn <= last; vpn++) {
        if (vpn === done) continue;
        this.#register(vpn, block);
        done = vpn;
      }
    }
  }

  #register(vpn: number, block: Block): void {
    const page = this.#space.markCode(vpn);
    const blocks = this.#byPage.get(page);
    if (blocks === undefined) this.#byPage.set(page, [block]);
    else if (blocks.at(-1) !== block) blocks.push(block);
  }

  /**
   * Decodes up to `limit` instructions into the scratch lists; how many. Only for the first one pages are loaded, for it is executed: which pages of a file are
   * loaded can be seen in images.
   */
  #read(rip: number, limit: number): number {
    const bytes = this.#bytes;
    let available = this.#space.fetch(rip, bytes, 1);
    let from = rip;
    if (available === 0) return this.#fail("fetch", this.#space.fault.address, 0);
    let at = 0;
    let count = 0;
    while (count < limit && (count === 0 || !this.#breakpoints.has(from + at))) {
      if (available - at < MAX_INSTRUCTION_BYTES && available === FETCH_BYTES) {
        from += at;
        at = 0;
        available = this.#space.fetch(from, bytes, 0);
      }
      const decoded = this.#decoded[count] as Decoded;
      let status = this.#decoder.decode(bytes, at, available, from + at, decoded);
      if (status === DecodeStatus.truncated && count === 0 && available < MAX_INSTRUCTION_BYTES) {
        available = this.#space.fetch(rip, bytes.subarray(0, MAX_INSTRUCTION_BYTES));
        status = this.#decoder.decode(bytes, at, available, rip, decoded);
      }
      if (status !== DecodeStatus.ok) {
        if (count > 0) break;
        if (status === DecodeStatus.truncated) {
          // The instruction reaches into a page that cannot be fetched.
          const missing = from + available;
          this.#space.fetch(missing, bytes.subarray(0, 1));
          return this.#fail("fetch", missing, available);
        }
        return this.#fail(status === DecodeStatus.tooLong ? "tooLong" : "invalid", rip, Math.max(1, Math.min(decoded.length, available)));
      }
      const entry = this.#forms.entryOf(decoded);
      this.#entries[count] = entry;
      this.#followed[count] = 0;
      at += decoded.length;
      count++;
      if (entry.ends === undefined || entry.ends === "branch") continue;
      if (entry.ends !== "jump" || count === limit || !isPlainJump(entry)) break;
      const target = branchTarget(entry, from + at, decoded.imm);
      if (target < from + at) break;
      available = this.#space.fetch(target, bytes, 0);
      if (available === 0) break;
      this.#followed[count - 1] = 1;
      from = target;
      at = 0;
    }
    // What is last is not followed, whatever was meant.
    this.#followed[count - 1] = 0;
    return count;
  }

  #fail(kind: DecodeFailure["kind"], address: number, length: number): number {
    this.failure = { kind, address, bytes: this.#bytes.slice(0, length) };
    return 0;
  }

  /** Which flags of each instruction can be seen: by readers, and by everything at faults, branches and the block's end. */
  #markLive(count: number): void {
    let live = ALL_FLAGS;
    for (let i = count - 1; i >= 0; i--) {
      const entry = this.#entries[i] as FormEntry;
      this.#live[i] = (live & entry.writes) === 0 && entry.writes !== 0 ? 0 : 1;
      if (this.#followed[i] === 1) continue;
      live = entry.faults || entry.ends !== undefined ? ALL_FLAGS : (live & ~entry.writes) | entry.reads;
    }
  }

  #write(rip: number, count: number, open: boolean, keep: boolean): Block {
    const { view } = this.#space;
    const start = this.#next;
    const addresses: number[] = [];
    const before: number[] = [];
    const branches: { record: number; target: number }[] = [];
    let jumps: Map<number, { address: number; before: number }> | undefined;
    let at = start;
    for (let i = 0; i < count; i++) {
      let entry = this.#entries[i] as FormEntry;
      let decoded = this.#decoded[i] as Decoded;
      if (this.#followed[i] === 1) {
        jumps ??= new Map();
        if (!jumps.has(addresses.length - 1)) jumps.set(addresses.length - 1, { address: decoded.address, before: i });
        continue;
      }
      this.#space.u8.fill(0, at, at + RECORD);
      addresses.push(decoded.address);
      before.push(i);
      writeRecord(view, at, entry.form, decoded);
      const next = i + 1 < count ? this.#entries[i + 1] : undefined;
      const fused = next?.ends === "branch" ? this.#handlers.fused(entry, next) : 0;
      let handler: number;
      if (fused !== 0 && next !== undefined) {
        handler = fused;
        i++;
        entry = next;
        decoded = this.#decoded[i] as Decoded;
      } else {
        handler = this.#live[i] === 0 && entry.code.deadHandler !== 0 ? entry.code.deadHandler : this.#handlers.of(entry);
      }
      view.setUint16(at, handler, true);
      const end = decoded.address + decoded.length;
      if (entry.ends === "branch" || entry.ends === "jump") {
        branches.push({ record: at, target: branchTarget(entry, end, decoded.imm) });
        view.setUint16(at + SKIPPED, count - i - 1, true);
      }
      if (entry.form.row.insn.mnemonic === "call") writeAddress64(view, at + nextRipField(entry.form), end);
      at += RECORD;
    }
    this.#pairUp(start, at);
    const last = this.#decoded[count - 1] as Decoded;
    addresses.push(last.address + last.length);
    before.push(count);
    if (open) {
      this.#space.u8.fill(0, at, at + RECORD);
      if (keep) {
        this.#resolveLater(at, last.address + last.length, at + LINK);
      } else {
        view.setUint16(at, STOP, true);
        writeAddress64(view, at + DISP, last.address + last.length);
      }
      at += RECORD;
    }
    for (const { record, target } of branches) {
      const known = keep ? this.#byRip.get(target) : undefined;
      if (known !== undefined || target === rip) {
        if (keep) {
          view.setUint32(record + LINK, known?.start ?? start, true);
          continue;
        }
      }
      this.#space.u8.fill(0, at, at + RECORD);
      view.setUint32(record + LINK, at, true);
      if (keep) this.#resolveLater(at, target, record + LINK);
      else {
        view.setUint16(at, STOP, true);
        writeAddress64(view, at + DISP, target);
      }
      at += RECORD;
    }
    view.setUint16(start + COUNT, count, true);
    this.#next = at;
    return { rip, start, end: at, count, addresses: Float64Array.from(addresses), before: Uint16Array.from(before), jumps };
  }

  /** Where two records in a row have a handler for both, the first one gets it. */
  #pairUp(start: number, end: number): void {
    const { view } = this.#space;
    for (let at = start; at + RECORD < end; at += RECORD) {
      const pair = this.#handlers.pair(view.getUint16(at, true), view.getUint16(at + RECORD, true));
      if (pair === 0) continue;
      view.setUint16(at, pair, true);
      at += RECORD;
    }
  }

  #resolveLater(at: number, target: number, patch: number): void {
    const { view } = this.#space;
    view.setUint16(at, RESOLVE, true);
    writeAddress64(view, at + DISP, target);
    view.setUint32(at + LINK, patch, true);
  }

  /** A RESOLVE record was reached and `block` is what it led to: from now on the way is direct. */
  link(record: number, block: Block): void {
    const { view } = this.#space;
    const patch = view.getUint32(record + LINK, true);
    if (patch !== 0 && patch !== record + LINK) {
      view.setUint32(patch, block.start, true);
      return;
    }
    // A block's open end, or the first record of a dropped block.
    view.setUint32(record + LINK, block.start, true);
    view.setUint16(record, GOTO, true);
  }
}

function isPlainJump(entry: FormEntry): boolean {
  return entry.form.row.insn.mnemonic === "jmp";
}
