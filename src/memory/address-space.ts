import type { WasmMemory } from "../base/index.ts";
import { advise } from "./advise.ts";
import type { Area } from "./area.ts";
import { PROT_WRITE } from "./area.ts";
import { MemoryFault } from "./errors.ts";
import type { WindowLayout } from "./layout.ts";
import { PAGE_SIZE, TASK_SIZE } from "./layout.ts";
import type { MappingOptions } from "./mappings.ts";
import { Mappings } from "./mappings.ts";
import { giveBytes, Page, takeBytes } from "./page.ts";
import { remap } from "./remap.ts";

/** Kinds of access; each is also the PROT bit that it needs, but that any PROT bit permits reading. */
export const Access = { read: 1, write: 2, fetch: 4 } as const;

/** Answers of {@link AddressSpace.resolve}. */
export const Resolve = {
  /** The bytes lie together at `address` modulo the window: access them there. A crossing never matches a tag: do not compare again. */
  retry: 0,
  /** Permitted, but not together anywhere: readSlow or writeSlow. */
  slow: 1,
  /** Not permitted; `fault` says where and why. */
  fault: 2,
  /** As `retry`, for a write; the page held translated code, which its listener has dropped. */
  code: 3,
} as const;

export type FaultCode = "MAPERR" | "ACCERR" | "BUS";

/** Bytes up to which a loop is faster than a copy. */
const SHORT = 16;

/** Why an access failed: SEGV_MAPERR, SEGV_ACCERR or BUS_ADRERR, and CR2. */
export interface FaultInfo {
  address: number;
  code: FaultCode;
}

/** A guest address space: areas, their pages, and the window in which the CPU accesses them. */
export class AddressSpace extends Mappings {
  readonly memory: WasmMemory;
  /** The whole Memory, tables behind the slots included. */
  readonly u8: Uint8Array;
  readonly view: DataView;
  readonly layout: WindowLayout;
  /** The last failed access; overwritten by the next. */
  readonly fault: FaultInfo = { address: 0, code: "MAPERR" };
  private readonly scratchBytes: Uint8Array;
  private readonly offsetMask: number;

  constructor(options: MappingOptions = {}) {
    super(options);
    const { window } = this;
    this.memory = window.memory;
    this.u8 = window.u8;
    this.view = window.view;
    this.layout = window.layout;
    this.scratchBytes = this.u8.subarray(this.layout.scratch, this.layout.scratch + PAGE_SIZE);
    this.offsetMask = 2 ** this.layout.windowBits - 1;
  }

  // ---- The CPU's side ----

  /**
   * What to do with an access to [address, address+size), size up to 4096, whose tag did not match: one of
   * {@link Resolve}. Pages appear, stacks grow, pages move to their slots, copies are made for writing, translated
   * code is dropped. Translated code may also be dropped before `slow` is returned.
   */
  resolve(address: number, size: number, access: number): number {
    const first = Math.floor(address / PAGE_SIZE);
    const last = Math.floor((address + size - 1) / PAGE_SIZE);
    const page = this.locate(address, access);
    if (page === undefined) return Resolve.fault;
    const { window } = this;
    const slot = window.slotOf(address);
    if (first === last) {
      if (access === Access.write && page.touch()) {
        if (window.isReserved(slot)) return Resolve.slow;
        this.settle(page, slot, first);
        return Resolve.code;
      }
      if (window.isReserved(slot)) return Resolve.slow;
      this.settle(page, slot, first);
      return Resolve.retry;
    }
    const next = this.locate(last * PAGE_SIZE, access);
    if (next === undefined) return Resolve.fault;
    let code = false;
    if (access === Access.write) {
      code = page.touch();
      code = next.touch() || code;
    }
    if (next === page || window.isReserved(slot) || window.isReserved(slot + 1)) return Resolve.slow;
    if (slot + 1 === this.layout.slotCount) return Resolve.slow;
    this.settle(page, slot, first);
    this.settle(next, slot + 1, last);
    return code ? Resolve.code : Resolve.retry;
  }

  /** Copies the guest's bytes to `layout.scratch`, size up to 4096. False: nothing is copied, `fault` is set. */
  readSlow(address: number, size: number): boolean {
    return this.accessSlow(address, size, Access.read);
  }

  /** Copies `layout.scratch` to the guest, size up to 4096. False: nothing is written, `fault` is set. */
  writeSlow(address: number, size: number): boolean {
    return this.accessSlow(address, size, Access.write);
  }

  private accessSlow(address: number, size: number, access: number): boolean {
    const page = this.locate(address, access);
    if (page === undefined) return false;
    const offset = address % PAGE_SIZE;
    const here = Math.min(size, PAGE_SIZE - offset);
    const next = here < size ? this.locate(address + here, access) : undefined;
    if (here < size && next === undefined) return false;
    const head = this.scratchBytes.subarray(0, here);
    const tail = this.scratchBytes.subarray(here, size);
    if (access === Access.write) {
      page.write(offset, head);
      next?.write(0, tail);
    } else {
      page.read(offset, head);
      next?.read(0, tail);
    }
    return true;
  }

  /**
   * Copies executable bytes from `address` on and returns how many, fewer than asked where the next page may not be
   * executed, or is not loaded and more than `load` pages would be. 0: `fault` is set, where one may be loaded.
   */
  fetch(address: number, into: Uint8Array, load: number = Infinity): number {
    let left = load;
    const mayLoad = (at: number): boolean => this.pages.get(Math.floor(at / PAGE_SIZE)) !== undefined || left-- > 0;
    if (!mayLoad(address)) return 0;
    let page = this.locate(address, Access.fetch);
    let at = address % PAGE_SIZE;
    let done = 0;
    while (page !== undefined) {
      const count = Math.min(into.length - done, PAGE_SIZE - at);
      page.read(at, into.subarray(done, done + count));
      done += count;
      if (done === into.length) break;
      at = 0;
      const area = this.areaList.at(address + done);
      if (area === undefined || (area.prot & Access.fetch) === 0 || !mayLoad(address + done)) break;
      page = this.pageIn(area, address + done);
    }
    return done;
  }

  /**
   * Notes that the page at `vpn`, from which `fetch` has read, has translated code: the next write to it, through
   * whatever mapping, and the end of this mapping tell `codeListener`.
   */
  markCode(vpn: number): Page {
    const page = this.pages.get(vpn);
    if (page === undefined) throw new RangeError("markCode: the page was not fetched");
    page.addCode(this.codeListener);
    if (page.window !== undefined) page.window.untagWrites(page.slot);
    return page;
  }

  /** Moves the page to its slot and tags it as its area permits. */
  private settle(page: Page, slot: number, vpn: number): void {
    const { window } = this;
    window.place(page, slot);
    const area = this.areaList.at(vpn * PAGE_SIZE);
    const writable =
      area !== undefined &&
      (area.prot & PROT_WRITE) !== 0 &&
      page.dirty &&
      page.written &&
      page.code === undefined &&
      (page.refs === 1 || area.shared);
    window.tag(slot, vpn, writable);
  }

  /** The page at `address` if the access is permitted there, present and for writing its own; else `fault` is set. */
  private locate(address: number, access: number): Page | undefined {
    const area = this.areaList.at(address) ?? this.growStack(address);
    if (area === undefined) return this.refuse(address, "MAPERR");
    if (access === Access.read ? area.prot === 0 : (area.prot & access) === 0) {
      return this.refuse(address, "ACCERR");
    }
    const page = this.pageIn(area, address) ?? this.refuse(address, "BUS");
    if (page !== undefined && access === Access.write) return this.own(area, address, page);
    return page;
  }

  private refuse(address: number, code: FaultCode): undefined {
    this.fault.address = address;
    this.fault.code = code;
  }

  /** The page at `address`, made on its first access; undefined beyond the end of a file. */
  private pageIn(area: Area, address: number): Page | undefined {
    const vpn = Math.floor(address / PAGE_SIZE);
    const present = this.pages.get(vpn);
    if (present !== undefined) {
      if (!present.stale) return present;
      this.dropPage(vpn);
    }
    const { backing } = area;
    let page: Page;
    if (backing === undefined) {
      page = new Page();
      this.placeIfFree(page, address);
    } else if (area.shared) {
      const found = backing.sharedPage(area.pageIndex(address));
      if (found === undefined) return undefined;
      page = found;
    } else {
      const bytes = takeBytes();
      if (!backing.fillPage(area.pageIndex(address), bytes)) return undefined;
      page = new Page();
      page.bytes = bytes;
      this.placeIfFree(page, address);
    }
    page.refs++;
    this.pages.set(vpn, page);
    return page;
  }

  private placeIfFree(page: Page, address: number): void {
    const slot = this.window.slotOf(address);
    if (this.window.isFree(slot) && !this.window.isReserved(slot)) this.window.place(page, slot);
  }

  /** Copy on write: a page of a private area that somebody else holds too is replaced by a copy. */
  private own(area: Area, address: number, page: Page): Page {
    if (page.refs === 1 || area.shared) return page;
    const vpn = Math.floor(address / PAGE_SIZE);
    const copy = page.copy();
    this.dropPage(vpn);
    copy.refs = 1;
    this.pages.set(vpn, copy);
    return copy;
  }

  // ---- The kernel's side ----

  /** Copies guest bytes as far as they may be read; returns how many. `fault` is set where it is fewer than asked. */
  copyIn(address: number, into: Uint8Array): number {
    const { length } = into;
    if (this.isDirect(address, length, Access.read)) {
      const at = this.windowOffset(address);
      if (length > SHORT) into.set(this.u8.subarray(at, at + length));
      else for (let i = 0; i < length; i++) into[i] = this.u8[at + i] ?? 0;
      return length;
    }
    let done = 0;
    while (done < into.length) {
      const at = address + done;
      const offset = at % PAGE_SIZE;
      const count = Math.min(into.length - done, PAGE_SIZE - offset);
      const page = this.locate(at, Access.read);
      if (page === undefined) return done;
      page.read(offset, into.subarray(done, done + count));
      done += count;
    }
    return done;
  }

  /** Copies to the guest as far as it may be written; returns how many. `fault` is set where it is fewer than asked. */
  copyOut(address: number, from: Uint8Array): number {
    const { length } = from;
    if (this.isDirect(address, length, Access.write)) {
      this.u8.set(from, this.windowOffset(address));
      return length;
    }
    let done = 0;
    while (done < from.length) {
      const at = address + done;
      const offset = at % PAGE_SIZE;
      const count = Math.min(from.length - done, PAGE_SIZE - offset);
      const page = this.locate(at, Access.write);
      if (page === undefined) return done;
      page.write(offset, from.subarray(done, done + count));
      done += count;
    }
    return done;
  }

  /** True where a tag permits the access, which then lies within one page. */
  private isDirect(address: number, length: number, access: number): boolean {
    const vpn = Math.floor(address / PAGE_SIZE);
    if ((address % PAGE_SIZE) + length > PAGE_SIZE) return false;
    const slot = this.window.slotOf(address);
    return access === Access.read ? this.window.mayRead(slot, vpn) : this.window.mayWrite(slot, vpn);
  }

  /** A debugger's read: as copyIn, whatever the protection; stacks do not grow, and private pages do not appear. */
  peek(address: number, into: Uint8Array): number {
    let done = 0;
    while (done < into.length) {
      const at = address + done;
      const area = this.areaList.at(at);
      if (area === undefined) return done;
      const offset = at % PAGE_SIZE;
      const part = into.subarray(done, done + Math.min(into.length - done, PAGE_SIZE - offset));
      const present = this.pages.get(Math.floor(at / PAGE_SIZE));
      if (area.shared || present?.stale === true) {
        const page = this.pageIn(area, at);
        if (page === undefined) return done;
        page.read(offset, part);
      } else if (present !== undefined) present.read(offset, part);
      else if (area.backing === undefined) part.fill(0);
      else {
        const fresh = takeBytes();
        const filled = area.backing.fillPage(area.pageIndex(at), fresh);
        if (filled) part.set(fresh.subarray(offset, offset + part.length));
        giveBytes(fresh);
        if (!filled) return done;
      }
      done += part.length;
    }
    return done;
  }

  /** A debugger's write: as copyOut, whatever the protection, and stacks do not grow. */
  poke(address: number, from: Uint8Array): number {
    return this.inspect(address, from.length, (page, offset, done, count) => {
      const at = address + done;
      const area = this.areaList.at(at);
      const own = area === undefined ? page : this.own(area, at, page);
      own.write(offset, from.subarray(done, done + count));
    });
  }

  private inspect(address: number, length: number, visit: (page: Page, offset: number, done: number, count: number) => void): number {
    let done = 0;
    while (done < length) {
      const at = address + done;
      const area = this.areaList.at(at);
      const page = area === undefined ? undefined : this.pageIn(area, at);
      if (page === undefined) return done;
      const offset = at % PAGE_SIZE;
      const count = Math.min(length - done, PAGE_SIZE - offset);
      visit(page, offset, done, count);
      done += count;
    }
    return done;
  }

  /**
   * The bytes at `address` up to the first NUL, without it, at most `limit`; exactly `limit` bytes where there is no NUL
   * among them. Throws MemoryFault.
   */
  readCString(address: number, limit: number): Uint8Array {
    const parts: Uint8Array[] = [];
    let length = 0;
    while (length < limit) {
      const at = address + length;
      const page = this.locate(at, Access.read);
      if (page === undefined) throw new MemoryFault(this.fault.address);
      const offset = at % PAGE_SIZE;
      const bytes = page.peek().subarray(offset, Math.min(PAGE_SIZE, offset + limit - length));
      const nul = bytes.indexOf(0);
      const part = bytes.slice(0, nul < 0 ? bytes.length : nul);
      parts.push(part);
      length += part.length;
      if (nul >= 0) break;
    }
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    const whole = new Uint8Array(length);
    let filled = 0;
    for (const part of parts) {
      whole.set(part, filled);
      filled += part.length;
    }
    return whole;
  }

  /** Offset in the Memory of `size` bytes that may be read: in the window, or a copy in the scratch pages. */
  private readable(address: number, size: number): number {
    const vpn = Math.floor((address + size - 1) / PAGE_SIZE);
    if (this.window.mayRead(this.window.slotOf(address), vpn)) return this.windowOffset(address);
    const answer = this.resolve(address, size, Access.read);
    if (answer === Resolve.retry) return this.windowOffset(address);
    if (answer === Resolve.slow && this.readSlow(address, size)) return this.layout.scratch;
    throw new MemoryFault(this.fault.address);
  }

  /** Offset in the Memory to which `size` bytes may be written; {@link AddressSpace.written} must follow. */
  private writable(address: number, size: number): number {
    const vpn = Math.floor((address + size - 1) / PAGE_SIZE);
    if (this.window.mayWrite(this.window.slotOf(address), vpn)) return this.windowOffset(address);
    const answer = this.resolve(address, size, Access.write);
    if (answer === Resolve.fault) throw new MemoryFault(this.fault.address);
    return answer === Resolve.slow ? this.layout.scratch : this.windowOffset(address);
  }

  private written(address: number, size: number, at: number): void {
    if (at === this.layout.scratch) this.writeSlow(address, size);
  }

  private windowOffset(address: number): number {
    return (address & this.offsetMask) >>> 0;
  }

  /** Throws MemoryFault, as all of these do. */
  readU8(address: number): number {
    return this.view.getUint8(this.readable(address, 1));
  }

  readU16(address: number): number {
    return this.view.getUint16(this.readable(address, 2), true);
  }

  readU32(address: number): number {
    return this.view.getUint32(this.readable(address, 4), true);
  }

  readI32(address: number): number {
    return this.view.getInt32(this.readable(address, 4), true);
  }

  readU64(address: number): bigint {
    return this.view.getBigUint64(this.readable(address, 8), true);
  }

  readI64(address: number): bigint {
    return this.view.getBigInt64(this.readable(address, 8), true);
  }

  /** An unsigned 64-bit value as a number: exact below 2^53. */
  readNumber(address: number): number {
    const at = this.readable(address, 8);
    return this.view.getUint32(at + 4, true) * 2 ** 32 + this.view.getUint32(at, true);
  }

  writeU8(address: number, value: number): void {
    const at = this.writable(address, 1);
    this.view.setUint8(at, value);
    this.written(address, 1, at);
  }

  writeU16(address: number, value: number): void {
    const at = this.writable(address, 2);
    this.view.setUint16(at, value, true);
    this.written(address, 2, at);
  }

  writeU32(address: number, value: number): void {
    const at = this.writable(address, 4);
    this.view.setUint32(at, value, true);
    this.written(address, 4, at);
  }

  writeI32(address: number, value: number): void {
    this.writeU32(address, value);
  }

  writeU64(address: number, value: bigint): void {
    const at = this.writable(address, 8);
    this.view.setBigUint64(at, value, true);
    this.written(address, 8, at);
  }

  /** Writes an integer as 64 bits in two's complement; exact between -2^53 and 2^53. */
  writeNumber(address: number, value: number): void {
    const at = this.writable(address, 8);
    this.view.setUint32(at, value, true);
    this.view.setInt32(at + 4, Math.floor(value / 2 ** 32), true);
    this.written(address, 8, at);
  }

  /** Unmaps everything; pages that files hold lose their bytes too. For a state that takes this one's place. */
  clear(): void {
    this.unmap(0, TASK_SIZE);
    this.window.clear();
  }

  // ---- Calls on areas that have files of their own ----

  /** mremap(2); see {@link remap}. */
  remap(oldAddress: number, oldLength: number, newLength: number, flags: number, newAddress: number): number {
    return remap(this, oldAddress, oldLength, newLength, flags, newAddress);
  }

  /** madvise(2); see {@link advise}. */
  advise(address: number, length: number, advice: number): void {
    advise(this, address, length, advice);
  }
}
