import type { WasmMemory } from "../base/index.ts";
import { webAssembly } from "../base/index.ts";
import type { WindowLayout } from "./layout.ts";
import { isReservedSlot, PAGE_SIZE, windowLayout } from "./layout.ts";
import type { Page } from "./page.ts";
import { giveBytes, takeBytes } from "./page.ts";
import { PageTable } from "./page-table.ts";

const WASM_PAGE = 0x1_0000;

/** A WebAssembly.Memory with its slots, the pages in them and the tags that permit direct access. */
export class Window {
  readonly layout: WindowLayout;
  readonly memory: WasmMemory;
  readonly u8: Uint8Array;
  readonly view: DataView;
  /** Low and high halves of the tags, slot by slot. */
  private readonly readTags: Uint32Array;
  private readonly writeTags: Uint32Array;
  private readonly occupants = new PageTable();
  /** 1 where the slot has held a page before and may not be zero. */
  private readonly used: Uint8Array;
  private readonly exchange = new Uint8Array(PAGE_SIZE);

  constructor(windowBits: number) {
    const layout = windowLayout(windowBits);
    const size = layout.memoryBytes / WASM_PAGE;
    this.layout = layout;
    this.memory = new webAssembly.Memory({ initial: size, maximum: size });
    this.u8 = new Uint8Array(this.memory.buffer);
    this.view = new DataView(this.memory.buffer);
    this.readTags = new Uint32Array(this.memory.buffer, layout.readTags, layout.slotCount * 2);
    this.writeTags = new Uint32Array(this.memory.buffer, layout.writeTags, layout.slotCount * 2);
    this.used = new Uint8Array(layout.slotCount);
    // A zero tag names page 0, which is never mapped; only an access that starts in page 0 or wraps to it could match.
    this.untag(0);
    this.untag(layout.slotCount - 1);
  }

  /** The slot of guest address `address`, for any window size. */
  slotOf(address: number): number {
    return (address >>> 12) & (this.layout.slotCount - 1);
  }

  isReserved(slot: number): boolean {
    return isReservedSlot(this.layout, slot);
  }

  /** True where page `vpn` may be read at its slot. */
  mayRead(slot: number, vpn: number): boolean {
    return this.readTags[2 * slot] === vpn >>> 0 && this.readTags[2 * slot + 1] === Math.floor(vpn / 2 ** 32);
  }

  /** True where page `vpn` may be written at its slot. */
  mayWrite(slot: number, vpn: number): boolean {
    return this.writeTags[2 * slot] === vpn >>> 0 && this.writeTags[2 * slot + 1] === Math.floor(vpn / 2 ** 32);
  }

  /** Permits direct reads, and writes where `writable`, of page `vpn` at its slot. */
  tag(slot: number, vpn: number, writable: boolean): void {
    const low = vpn >>> 0;
    const high = Math.floor(vpn / 2 ** 32);
    this.readTags[2 * slot] = low;
    this.readTags[2 * slot + 1] = high;
    this.writeTags[2 * slot] = writable ? low : 0xffff_ffff;
    this.writeTags[2 * slot + 1] = writable ? high : 0xffff_ffff;
  }

  /** No access to this slot is direct any more. */
  untag(slot: number): void {
    this.readTags[2 * slot] = 0xffff_ffff;
    this.readTags[2 * slot + 1] = 0xffff_ffff;
    this.untagWrites(slot);
  }

  /** No write to this slot is direct any more. */
  untagWrites(slot: number): void {
    this.writeTags[2 * slot] = 0xffff_ffff;
    this.writeTags[2 * slot + 1] = 0xffff_ffff;
  }

  isFree(slot: number): boolean {
    return this.occupants.get(slot) === undefined;
  }

  /** Makes `slot` the home of `page`: its bytes move there, another page there moves outside. */
  place(page: Page, slot: number): void {
    if (page.window === this && page.slot === slot) return;
    const at = slot * PAGE_SIZE;
    const occupant = this.occupants.get(slot);
    if (occupant !== undefined) {
      const outside = page.bytes;
      if (page.window === undefined && outside !== undefined) {
        // The two pages change places: the incoming page's bytes become the other's home.
        this.exchange.set(this.u8.subarray(at, at + PAGE_SIZE));
        this.u8.set(outside, at);
        outside.set(this.exchange);
        page.bytes = undefined;
        this.leave(occupant, outside);
        this.settle(page, slot);
        return;
      }
      const bytes = takeBytes();
      bytes.set(this.u8.subarray(at, at + PAGE_SIZE));
      this.leave(occupant, bytes);
    }
    if (page.window !== undefined) {
      const from = page.window;
      const start = page.slot * PAGE_SIZE;
      if (from === this) this.u8.copyWithin(at, start, start + PAGE_SIZE);
      else this.u8.set(from.u8.subarray(start, start + PAGE_SIZE), at);
      from.vacate(page);
    } else if (page.bytes !== undefined) {
      this.u8.set(page.bytes, at);
      giveBytes(page.bytes);
      page.bytes = undefined;
    } else if (this.used[slot] !== 0) {
      this.u8.fill(0, at, at + PAGE_SIZE);
    }
    this.settle(page, slot);
  }

  /** Moves `page` out of its slot, its bytes into the store outside. */
  evict(page: Page): void {
    const bytes = takeBytes();
    page.read(0, bytes);
    this.leave(page, bytes);
  }

  /** Empties all slots; what was in them is lost. */
  clear(): void {
    this.occupants.visit(0, this.layout.slotCount, (_slot, page) => {
      this.leave(page, undefined);
    });
  }

  /** Empties the slot of `page`, whose bytes are not needed there any more. */
  vacate(page: Page): void {
    this.leave(page, undefined);
  }

  private leave(page: Page, bytes: Uint8Array | undefined): void {
    this.untag(page.slot);
    this.occupants.remove(page.slot);
    page.window = undefined;
    page.slot = -1;
    page.bytes = bytes;
  }

  private settle(page: Page, slot: number): void {
    this.untag(slot);
    this.occupants.set(slot, page);
    this.used[slot] = 1;
    page.window = this;
    page.slot = slot;
  }
}
