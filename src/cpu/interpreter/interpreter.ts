/** Tier 0: runs decoded blocks, resolves what they leave open, and stops at any instruction. */

import type { AddressSpace, FaultCode } from "../../memory/index.ts";
import { Access, PAGE_SIZE, Resolve, TASK_SIZE } from "../../memory/index.ts";
import { Decoder, DecodeStatus } from "../decode/decoder.ts";
import { requiredFeatures } from "../decode/evex.ts";
import { allFeatures } from "../decode/features.ts";
import { LeaveCode } from "../emit/leave.ts";
import { HelperTable } from "../helpers/index.ts";
import type { HelperContext } from "../helpers/index.ts";
import { newDecoded } from "../isa/insn.ts";
import type { Feature } from "../isa/insn.ts";
import { allInsns } from "../isa/index.ts";
import { EXIT_ADDRESS, EXIT_BUDGET, EXIT_DETAIL, EXIT_LINK, EXIT_RECORD, Flag, FLAGS_SYSTEM, GPR, RIP, Vector } from "../state.ts";
import { addressFault, isStepping, signedAt } from "./address-fault.ts";
import type { Block, Runs } from "./blocks.ts";
import { BlockCache } from "./blocks.ts";
import { FormTable } from "./forms.ts";
import { JUMP_CACHE_ENTRIES, Result, TRANSFER_BYTES } from "./handlers.ts";
import { Handlers } from "./hot.ts";
import type { RegionOptions } from "../jit/regions.ts";
import { Regions } from "../jit/regions.ts";
import { Transfers } from "../jit/transfers.ts";
import { WITH_ERROR_CODE } from "./binding.ts";
import { COUNT, DISP, FIRST_FORM, readAddress64, RECORD, SKIPPED, writeAddress64 } from "./record.ts";

/** Why {@link Interpreter.run} returned. RIP is where to go on; for exceptions that are faults, at the instruction. */
export const Stop = {
  /** The budget is used up. */
  budget: "budget",
  /** A SYSCALL instruction was completed: RIP is behind it. RCX and R11 are not written yet. */
  syscall: "syscall",
  /** `exception` says which. */
  exception: "exception",
  /** RIP is at a breakpoint. */
  breakpoint: "breakpoint",
} as const;
export type Stop = (typeof Stop)[keyof typeof Stop];

/** An exception as the processor raises it. */
export interface Exception {
  vector: number;
  errorCode: number;
  /** CR2 of a page fault (the upper half of the address space as negative numbers), and what the memory room says of it. */
  address: number;
  code: FaultCode;
  /** For #UD: the bytes, and whether they are an instruction that exists but is not implemented. */
  bytes: Uint8Array;
  unimplemented: boolean;
  /** For #UD: the instruction that the bytes are, "" where they are none, and the feature of its that the processor lacks. */
  mnemonic: string;
  lacking: Feature | undefined;
}

/** The main function is left this often, so that the engine can replace it by better code: it does not while a call runs. */
const MAX_BUDGET = 2_000_000;
/** A single instruction's tags are settled this often before it is completed by calls: two of its pages may want one slot. */
const MAX_RETRIES = 4;
/** Bytes of a place for one access that is made by calls, and how many there are. */
const PLACE_BYTES = 128;
const PLACES = 32;
const PAIR_BYTES = 1024 * 1024 * 4;
const EMPTY = new Uint8Array(0);

const CANONICAL_HIGH = 0xffff_8000_0000_0000;
/** EXIT_DETAIL: `exception` is filled in. */
const RAISED = 0x200;

/** Bytes of an entry of the jump cache that is empty: an address that is not canonical, which no branch reaches. */
const NO_TARGET = 0x80;

/** Bits of a page fault's error code (SDM volume 3, 4.7). */
const PageFault = { present: 1, write: 2, user: 4, fetch: 16 } as const;

export class Interpreter {
  readonly space: AddressSpace;
  readonly decoder: Decoder;
  readonly handlers: Handlers;
  readonly #features: ReadonlySet<Feature>;
  readonly exception: Exception = {
    vector: 0,
    errorCode: 0,
    address: 0,
    code: "MAPERR",
    bytes: EMPTY,
    unimplemented: false,
    mnemonic: "",
    lacking: undefined,
  };
  /** Instructions completed since the interpreter was made. */
  instructions = 0;
  /** How often {@link run} may come back from translated code before it stops early: that is slow, and a caller may want to look at the clock. */
  patience: number = Infinity;
  #returns = 0;
  /** What RDTSC counts from. */
  timestampBase = 0;
  #timestampDue = false;
  #stepOnce = false;
  #knowing: Decoder | undefined;
  readonly #view: DataView;
  readonly #blocks: BlockCache;
  readonly #jumpCache: number;
  readonly #pairCounts: number | undefined;
  readonly #helpers: HelperTable;
  readonly #regions: Regions | undefined;
  readonly #transfers: Transfers;
  #flushes = 0;
  /** What is left of the running slice. */
  #budget = 0;
  #stop: Stop = Stop.budget;
  #place = 0;
  readonly #placeAddress = new Float64Array(PLACES);
  readonly #placeSize = new Int32Array(PLACES);
  /** The record that is completed by calls. */
  #completing = 0;
  #missRecord = 0;
  #misses = 0;

  /** `prebuilt`: bytes of `handlers.encode()`, made by the same version. `countPairs`: count which handlers follow which ({@link pairCounts}), at half the speed. */
  constructor(
    space: AddressSpace,
    features: ReadonlySet<Feature>,
    options: {
      readonly countPairs?: boolean;
      readonly prebuilt?: Uint8Array;
      readonly random?: HelperContext["random"];
      readonly regions?: RegionOptions | false;
    } = {},
  ) {
    this.space = space;
    this.#features = features;
    this.#view = space.view;
    this.#jumpCache = space.layout.arenaStart;
    const transfers = this.#jumpCache + JUMP_CACHE_ENTRIES * 16;
    const blocksStart = transfers + TRANSFER_BYTES;
    this.decoder = new Decoder(allInsns, features, []);
    const forms = new FormTable(this.decoder.rows);
    const helperContext: HelperContext = {
      view: space.view,
      u8: space.u8,
      space,
      features,
      random: options.random,
      raise: (vector, errorCode) => this.#raise(vector, errorCode),
      accessFault: (access) => this.#accessFault(access),
    };
    this.#helpers = new HelperTable(helperContext);
    this.#pairCounts = options.countPairs === true ? space.layout.arenaEnd - PAIR_BYTES : undefined;
    const context = {
      ...(this.#pairCounts === undefined ? {} : { pairCounts: this.#pairCounts }),
      memory: space.memory,
      layout: space.layout,
      helperId: (name: string) => this.#helpers.id(name),
      imports: {
        helper: (id: number, operand: number) => this.#helpers.call(id, operand),
        slowAccess: (low: number, high: number, code: number) => this.#slowAccess(low, high, code),
        slowCommit: (place: number) => this.#slowCommit(place),
      },
    };
    this.handlers = new Handlers(context, forms, { jumpCache: this.#jumpCache, transfers }, features, options.prebuilt);
    this.#blocks = new BlockCache(space, this.decoder, forms, this.handlers, blocksStart);
    this.#transfers = new Transfers(space.view, transfers, this.#blocks);
    const { regions = {} } = options;
    if (regions !== false && options.countPairs !== true)
      this.#regions = new Regions(space, this.decoder, forms, this.handlers, this.#blocks, this.#transfers, regions);
    this.#clearJumpCache();
    this.#view.setUint32(FLAGS_SYSTEM, Flag.IF | 2, true);
  }

  /** How often a handler came after another, most often first; handlers as {@link Handlers.group} knows them. */
  pairCounts(): { first: number; second: number; count: number }[] {
    const list: { first: number; second: number; count: number }[] = [];
    if (this.#pairCounts === undefined) return list;
    for (let i = 0; i < PAIR_BYTES / 4; i++) {
      const count = this.#view.getUint32(this.#pairCounts + 4 * i, true);
      if (count > 0) list.push({ first: i >> 10, second: i & 1023, count });
    }
    return list.sort((a, b) => b.count - a.count);
  }

  /** What became of compiled regions since the interpreter was made: how many were made, how often one was left, and the instructions that they ran. */
  regionCounts(): Runs & { readonly made: number } {
    return { made: this.#regions?.made ?? 0, ...this.#blocks.allRuns() };
  }

  get rip(): number {
    return readAddress64(this.#view, RIP);
  }

  set rip(address: number) {
    writeAddress64(this.#view, RIP, address);
  }

  /** `run` stops in front of the instructions at these addresses. Nothing that the guest can see changes. */
  setBreakpoints(addresses: Iterable<number>): void {
    this.#blocks.setBreakpoints(addresses);
  }

  /**
   * For tests and tools: makes a region at once of what is at `rip` and of all that it may lead to, for the MXCSR of now, as if it had run often.
   * `computed`: where its computed jumps lead, besides behind its calls. False: there is nothing to make one of.
   */
  compile(rip: number, computed: Iterable<number> = []): boolean {
    return this.#regions?.compile(rip, computed) ?? false;
  }

  /** Runs at most `budget` instructions, fewer (Stop.budget) where {@link patience} ends. `resume`: the first one, whether a breakpoint is there or not. */
  run(budget: number, resume: boolean = false): Stop {
    const until = this.instructions + budget;
    let past = resume;
    this.#returns = 0;
    while (this.instructions < until && this.#returns < this.patience) {
      const stepping = this.#stepOnce || isStepping(this.#view);
      const left = until - this.instructions;
      const slice = Math.min(left, MAX_BUDGET, this.#regions?.untilSample(this.instructions) ?? Infinity);
      if (stepping && !past && !this.#stepOnce && this.#blocks.isBreakpoint(this.rip)) return Stop.breakpoint;
      const stop = stepping ? this.#step() : this.#runBlocks(slice, left, past);
      this.#returns++;
      past = false;
      if (stop !== Stop.budget) return stop;
      if (!stepping) this.#regions?.sampleIfDue(this.rip, this.instructions);
    }
    return Stop.budget;
  }

  /**
   * Enters blocks from RIP on, with `resume` behind a breakpoint that is there: `slice` instructions, and where `budget` allows it the rest of the first block.
   * `Stop.budget`: RIP says where to go on.
   */
  #runBlocks(slice: number, budget: number, resume: boolean): Stop {
    const past = resume && this.#blocks.isBreakpoint(this.rip);
    const block = past ? undefined : this.#blockAt(this.rip);
    if (block === undefined && !past) return Stop.exception;
    // To cut a block costs much more than to run it.
    if (block !== undefined && block.count <= budget) return this.#runFrom(block, Math.max(slice, block.count));
    const cut = this.#cut(this.rip, block === undefined ? 1 : slice);
    if (cut === undefined) {
      this.#decodeFault();
      return Stop.exception;
    }
    return this.#runFrom(cut, slice);
  }

  #runFrom(block: Block, budget: number): Stop {
    this.#budget = budget;
    let pc = this.#pay(block);
    this.#stop = Stop.budget;
    this.#transfers.interrupt();
    while (pc !== 0) {
      const result = this.handlers.main(pc, this.#budget);
      this.#budget = this.#view.getInt32(EXIT_BUDGET, true);
      pc = this.#answer(result, this.#view.getUint32(EXIT_RECORD, true));
      if (++this.#returns >= this.patience && pc !== 0) {
        this.#giveUp(pc);
        break;
      }
    }
    this.instructions += budget - this.#budget;
    if (this.#timestampDue) this.#giveTimestamp();
    return this.#stop;
  }

  /** EDX:EAX = the count of completed instructions and the machine's time before: virtual nanoseconds. */
  #giveTimestamp(): void {
    this.#timestampDue = false;
    const now = this.timestampBase + this.instructions;
    writeAddress64(this.#view, GPR, now % 0x1_0000_0000);
    writeAddress64(this.#view, GPR + 16, Math.floor(now / 0x1_0000_0000));
  }

  /** One instruction, every access by calls: where {@link isStepping} says so (with TF: #DB afterwards), and where its own block was dropped. */
  #step(): Stop {
    const trap = (this.#view.getUint32(FLAGS_SYSTEM, true) & Flag.TF) !== 0;
    this.#stepOnce = false;
    const { rip } = this;
    const cut = rip < TASK_SIZE ? this.#cut(rip, 1) : undefined;
    if (cut === undefined) {
      this.#blockAt(rip);
      return Stop.exception;
    }
    // Behind a load of SS a trap waits for one instruction more.
    const held = this.handlers.group(this.#view.getUint16(cut.start, true))?.[0]?.row.operands[0]?.size === "SS";
    this.#budget = 0;
    this.#stop = Stop.budget;
    const pc = this.#complete(cut.start);
    if (pc !== 0) this.#giveUp(pc);
    this.instructions += 1 - this.#budget;
    if (this.#timestampDue) this.#giveTimestamp();
    if (trap && !held && this.#stop === Stop.budget) {
      this.#raise(Vector.DB, 0);
      return Stop.exception;
    }
    return this.#stop;
  }

  /** What to do after the main function or a handler returned; the next record, or 0 to stop (RIP and budget are settled). */
  #answer(result: number, pc: number): number {
    switch (result) {
      case Result.miss:
        return this.#miss(pc);
      case Result.indirect:
        return this.#enterIndirect();
      case Result.resolve:
        return this.#resolve(pc);
      case Result.stop:
        this.rip = readAddress64(this.#view, pc + DISP);
        if (this.#blocks.isBreakpoint(this.rip)) this.#stop = Stop.breakpoint;
        return 0;
      case Result.budget:
        this.rip = this.#blocks.holding(pc).rip;
        return 0;
      case Result.againBudget:
        // The iteration that is done is the instruction's share of what the block was paid.
        this.#settle(pc, 0);
        this.#budget--;
        return 0;
      case Result.exit:
        this.#exit(pc);
        return 0;
      default:
        throw new Error(`the interpreter returned ${result}`);
    }
  }

  /** RIP becomes the address of the instruction at record `pc`, or with `ahead` of the one behind it; what was paid from there on is given back. */
  #settle(pc: number, ahead: 0 | 1): void {
    const block = this.#blocks.holding(pc);
    const index = (pc - block.start) / RECORD;
    const jump = ahead === 1 ? block.jumps?.get(index) : undefined;
    this.rip = jump?.address ?? block.addresses[index + ahead] ?? 0;
    this.#budget += block.count - (jump?.before ?? block.before[index + ahead] ?? 0);
  }

  /** RIP becomes the address of what is run next, at `pc`; what was paid for it is given back. */
  #giveUp(pc: number): void {
    const view = this.#view;
    const block = this.#blocks.holding(pc);
    // Nothing was paid where a region stands, and for records that lead elsewhere.
    if (pc === block.start && view.getUint16(pc + COUNT, true) === 0) this.rip = block.rip;
    else if (view.getUint16(pc, true) < FIRST_FORM) this.rip = readAddress64(view, pc + DISP);
    else this.#settle(pc, 0);
  }

  #resolve(pc: number): number {
    const target = readAddress64(this.#view, pc + DISP);
    this.rip = target;
    const { flushes } = this.#blocks;
    if (target >= TASK_SIZE) return 0;
    const block = this.#blocks.at(target);
    if (block === undefined || flushes !== this.#blocks.flushes) return 0;
    this.#blocks.link(pc, block);
    return this.#pay(block);
  }

  /** The first record says what is to be paid: where a region stands, the region pays. */
  #pay(block: Block): number {
    const count = this.#view.getUint16(block.start + COUNT, true);
    if (count > this.#budget) return 0;
    this.#budget -= count;
    return block.start;
  }

  #enterIndirect(): number {
    const { rip } = this;
    if (rip >= TASK_SIZE) return 0;
    const { flushes } = this.#blocks;
    const block = this.#blocks.at(rip);
    if (block === undefined || flushes !== this.#blocks.flushes) return 0;
    const low = (rip % 0x1_0000_0000) | 0;
    const entry = this.#jumpCache + (((low ^ (low >>> 13)) << 4) & ((JUMP_CACHE_ENTRIES - 1) << 4));
    writeAddress64(this.#view, entry, rip);
    this.#view.setUint32(entry + 8, block.start, true);
    return this.#pay(block);
  }

  /** The block at `rip`; undefined: `exception` says why there is none. */
  #blockAt(rip: number): Block | undefined {
    if (rip >= TASK_SIZE) {
      if (rip >= 0x8000_0000_0000 && rip < CANONICAL_HIGH) this.#raise(Vector.GP, 0);
      else this.#raisePageFault(signedAt(this.#view, RIP), "MAPERR", PageFault.user | PageFault.present | PageFault.fetch);
      return undefined;
    }
    const block = this.#blocks.at(rip);
    this.#followFlush();
    if (block === undefined) this.#decodeFault();
    return block;
  }

  #cut(rip: number, limit: number): Block | undefined {
    const cut = this.#blocks.cut(rip, limit);
    this.#followFlush();
    return cut;
  }

  #followFlush(): void {
    if (this.#flushes === this.#blocks.flushes) return;
    this.#flushes = this.#blocks.flushes;
    this.#clearJumpCache();
  }

  #clearJumpCache(): void {
    this.space.u8.fill(NO_TARGET, this.#jumpCache, this.#jumpCache + JUMP_CACHE_ENTRIES * 16);
  }

  #decodeFault(): void {
    const { failure } = this.#blocks;
    if (failure.kind === "fetch") {
      this.#raisePageFault(failure.address, this.space.fault.code, PageFault.user | PageFault.fetch | this.#presence());
    } else if (failure.kind === "tooLong") {
      this.#raise(Vector.GP, 0);
    } else {
      this.#raise(Vector.UD, 0);
      const { bytes } = failure;
      // A decoder that also knows what is not implemented, and what other processors have: made when it is first asked.
      this.#knowing ??= new Decoder(allInsns, allFeatures);
      const decoded = newDecoded();
      const status = this.#knowing.decode(bytes, 0, bytes.length, failure.address, decoded);
      this.exception.unimplemented = status === DecodeStatus.unimplemented;
      const row = this.#knowing.rows[decoded.row];
      if ((status === DecodeStatus.ok || status === DecodeStatus.unimplemented) && row !== undefined) {
        this.exception.mnemonic = row.mnemonic;
        this.exception.lacking = requiredFeatures(row, decoded).find((feature) => !this.#features.has(feature));
      }
      this.exception.bytes = bytes;
    }
  }

  #raise(vector: number, errorCode: number): void {
    const { exception } = this;
    exception.vector = vector;
    exception.errorCode = errorCode;
    exception.address = 0;
    exception.bytes = EMPTY;
    exception.unimplemented = false;
    exception.mnemonic = "";
    exception.lacking = undefined;
    this.#view.setInt32(EXIT_DETAIL, RAISED, true);
  }

  #raisePageFault(address: number, code: FaultCode, errorCode: number): void {
    this.#raise(Vector.PF, errorCode);
    this.exception.address = address;
    this.exception.code = code;
  }

  /** The present bit after a refused access: Linux has no page-table entry for PROT_NONE. Whether a page was touched does not count. */
  #presence(): number {
    const { address, code } = this.space.fault;
    return code === "ACCERR" && this.space.areaAt(address)?.prot !== 0 ? PageFault.present : 0;
  }

  /** The exception for an access that the memory room refused. */
  #accessFault(access: number): void {
    const { address, code } = this.space.fault;
    const write = access === Access.write ? PageFault.write : 0;
    this.#raisePageFault(address, code, PageFault.user | write | this.#presence());
  }

  /** Raises what an access at these halves of an address raises whatever is mapped there, if anything. True: raised. */
  #outside(pc: number, low: number, high: number, size: number, access: number): boolean {
    const address = high * 0x1_0000_0000 + (low >>> 0);
    const view = this.#view;
    if (address >= 0 && address < TASK_SIZE && !isStepping(view)) return false;
    const vector = addressFault(view, this.handlers.group(view.getUint16(pc, true))?.[0], pc, address, size, access);
    if (vector === undefined) return false;
    if (vector !== Vector.PF) this.#raise(vector, 0);
    else this.#raisePageFault(address, "MAPERR", PageFault.user | PageFault.present | (access === Access.write ? PageFault.write : 0));
    return true;
  }

  #miss(pc: number): number {
    const view = this.#view;
    const low = view.getInt32(EXIT_ADDRESS, true);
    const high = view.getInt32(EXIT_ADDRESS + 4, true);
    const detail = view.getInt32(EXIT_DETAIL, true);
    const size = detail & 0xff;
    const access = detail >> 8;
    if (this.#outside(pc, low, high, size, access)) return this.#fault(pc);
    const address = high * 0x1_0000_0000 + (low >>> 0);
    const { generation } = this.#blocks;
    const resolved = this.space.resolve(address, size, access);
    if (generation !== this.#blocks.generation) {
      // It writes to code, and its own records may be among those that were dropped.
      this.#settle(pc, 0);
      this.#stepOnce = true;
      return 0;
    }
    if (resolved === Resolve.fault) {
      this.#accessFault(access);
      return this.#fault(pc);
    }
    const crossing = (low & (PAGE_SIZE - 1)) + size > PAGE_SIZE;
    if (resolved === Resolve.retry && !crossing) {
      if (pc !== this.#missRecord) {
        this.#missRecord = pc;
        this.#misses = 0;
        return pc;
      }
      if (++this.#misses < MAX_RETRIES) return pc;
    }
    return this.#complete(pc);
  }

  #fault(pc: number): number {
    this.#settle(pc, 0);
    this.#stop = Stop.exception;
    return 0;
  }

  /** Runs the instruction at record `pc` with every access by calls, and goes on. */
  #complete(pc: number): number {
    this.#missRecord = 0;
    this.#completing = pc;
    const { generation } = this.#blocks;
    // Records lie above 2^31 in the nominal window: what comes back is an unsigned address.
    const result = this.handlers.slow(this.#view.getUint16(pc, true))(pc) >>> 0;
    if (result > 0xff) {
      if (generation === this.#blocks.generation) return result;
      // It wrote to code, perhaps to what follows it.
      this.#settle(pc, 1);
      return 0;
    }
    switch (result) {
      case Result.again:
        if (generation !== this.#blocks.generation || this.#budget === 0) return this.#answer(Result.againBudget, pc);
        this.#budget--;
        return pc;
      case Result.enter: {
        const link = this.#view.getUint32(EXIT_LINK, true);
        this.#budget += this.#view.getUint16(pc + SKIPPED, true);
        const count = this.#view.getUint16(link + COUNT, true);
        if (count > this.#budget) return this.#answer(Result.budget, link);
        this.#budget -= count;
        return link;
      }
      default:
        return this.#answer(result, pc);
    }
  }

  #exit(pc: number): void {
    const view = this.#view;
    const detail = view.getInt32(EXIT_DETAIL, true);
    if (detail === RAISED || detail < 0x100 || detail >= WITH_ERROR_CODE) {
      if (detail !== RAISED) this.#raise(detail & 0xff, detail >= WITH_ERROR_CODE ? view.getInt32(EXIT_ADDRESS, true) : 0);
      this.#fault(pc);
      return;
    }
    this.#settle(pc, 1);
    switch (detail) {
      case LeaveCode.syscall:
        this.#stop = Stop.syscall;
        break;
      case LeaveCode.breakpoint:
        this.#raise(Vector.BP, 0);
        this.#stop = Stop.exception;
        break;
      case LeaveCode.overflow:
        this.#raise(Vector.OF, 0);
        this.#stop = Stop.exception;
        break;
      case LeaveCode.timestamp:
        this.#timestampDue = true;
        break;
      default:
        break;
    }
  }

  /** An access by calls: a place outside the guest's memory that holds the bytes; 0: an exception was raised. */
  #slowAccess(low: number, high: number, code: number): number {
    const size = code & 0xff;
    const access = code >> 8;
    if (this.#outside(this.#completing, low, high, size, access)) return 0;
    const address = high * 0x1_0000_0000 + (low >>> 0);
    if ((access === Access.write && this.space.resolve(address, size, access) === Resolve.fault) || !this.space.readSlow(address, size)) {
      this.#accessFault(access);
      return 0;
    }
    const index = this.#place;
    this.#place = (index + 1) % PLACES;
    const { scratch } = this.space.layout;
    const place = scratch + PAGE_SIZE + index * PLACE_BYTES;
    this.space.u8.copyWithin(place, scratch, scratch + size);
    this.#placeAddress[index] = address;
    this.#placeSize[index] = size;
    return place;
  }

  /** Bytes were stored to a place of {@link #slowAccess}: they go to the guest's memory. */
  #slowCommit(place: number): void {
    const { scratch } = this.space.layout;
    const index = ((place >>> 0) - scratch - PAGE_SIZE) / PLACE_BYTES;
    const size = this.#placeSize[index] ?? 0;
    this.space.u8.copyWithin(scratch, place >>> 0, (place >>> 0) + size);
    this.space.writeSlow(this.#placeAddress[index] ?? 0, size);
  }
}
