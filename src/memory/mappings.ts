import type { FileBacking, Protection } from "./area.ts";
import { Area, AreaFlag, AreaList, PROT_EXEC, PROT_WRITE } from "./area.ts";
import { MapError } from "./errors.ts";
import { PAGE_SIZE, TASK_SIZE } from "./layout.ts";
import type { CodeListener, Page } from "./page.ts";
import { PageStore, StoreBacking } from "./page-store.ts";
import { PageTable } from "./page-table.ts";
import { GUARD_GAP, guardedStart, MINIMUM_ADDRESS, Placer } from "./placement.ts";
import { Window } from "./window.ts";

/** vm.max_map_count. */
const MAX_AREAS = 65530;
const PROT_ALL = 7;

/** An mmap(2) call. Lengths and offsets in bytes; `offset` a multiple of 4096. */
export interface MapRequest {
  /** A hint, or with `fixed` or `fixedNoReplace` the address. */
  readonly address?: number;
  readonly length: number;
  readonly prot: Protection;
  readonly shared?: boolean;
  readonly fixed?: boolean;
  readonly fixedNoReplace?: boolean;
  readonly noReserve?: boolean;
  readonly growsDown?: boolean;
  /** MAP_32BIT. */
  readonly low32?: boolean;
  /** MAP_POPULATE: accepted; pages appear at their first access all the same. */
  readonly populate?: boolean;
  /** Without one the memory is anonymous. */
  readonly backing?: FileBacking | undefined;
  readonly offset?: number;
  /** What mprotect(2) may set later; 7 by default. */
  readonly maxProt?: Protection;
  /** "[stack]" marks the first stack; any other name makes an area of the kernel's own, as "[vdso]". */
  readonly name?: string;
}

export interface MappingOptions {
  /** log2 of the window's size, 17 to 32; 32 by default. Changes speed only. */
  readonly windowBits?: number;
  /** RLIMIT_STACK in bytes; 8 MiB by default. */
  readonly stackLimit?: number;
  /** RLIMIT_AS in bytes; none by default. */
  readonly addressLimit?: number;
  /** The largest private writable mapping: the machine's memory, as the kernel's overcommit heuristic has it. 16 GiB by default. */
  readonly commitLimit?: number;
}

export function pageAlign(length: number): number {
  return Math.ceil(length / PAGE_SIZE) * PAGE_SIZE;
}

export function isPageAligned(address: number): boolean {
  return address % PAGE_SIZE === 0;
}

const SHARED_MEMORY_NAME = "/dev/zero (deleted)";
const NOBODY: CodeListener = { invalidate(): void {} };

/** The areas of an address space, the pages touched in them, and the calls that change both. */
export class Mappings {
  readonly window: Window;
  /** Told when translated code of this address space becomes invalid. */
  codeListener: CodeListener = NOBODY;
  /** RLIMIT_STACK in bytes. */
  stackLimit: number;
  /** RLIMIT_AS in bytes. */
  addressLimit: number;
  readonly commitLimit: number;
  /** @internal */
  readonly areaList: AreaList = new AreaList();
  /** @internal */
  readonly placer: Placer = new Placer(this.areaList);
  /** Pages by virtual page number. @internal */
  readonly pages: PageTable = new PageTable();
  private brkStart = 0;
  private brkEnd = 0;
  private stackStart = 0;
  private sharedMemories = 0;

  constructor(options: MappingOptions = {}) {
    this.window = new Window(options.windowBits ?? 32);
    this.stackLimit = options.stackLimit ?? 8 * 2 ** 20;
    this.addressLimit = options.addressLimit ?? Infinity;
    this.commitLimit = options.commitLimit ?? 16 * 2 ** 30;
  }

  /** All areas, ascending. */
  areas(): Iterable<Area> {
    return this.areaList.list.values();
  }

  areaAt(address: number): Area | undefined {
    return this.areaList.at(address);
  }

  /** The last column of /proc/PID/maps: file, "[heap]", "[stack]", "[vdso]", or nothing. */
  areaName(area: Area): string {
    if (area.name !== "") return area.name;
    if (area.backing !== undefined) return area.backing.name;
    if (area.start < this.brkEnd && area.end > this.brkStart) return "[heap]";
    return area.start <= this.stackStart && area.end > this.stackStart ? "[stack]" : "";
  }

  /** Bytes mapped (VmSize). */
  get mappedBytes(): number {
    return this.areaList.bytes;
  }

  /** True where [address, address+length) has no hole: what mlock(2), mincore(2) and msync(2) ask first. */
  isMapped(address: number, length: number): boolean {
    return this.areaList.covers(address, address + length);
  }

  /** mmap(2). Returns the address. Throws MapError EINVAL, ENOMEM, EEXIST or EPERM. */
  map(request: MapRequest): number {
    const offset = request.offset ?? 0;
    const shared = request.shared === true;
    const growsDown = request.growsDown === true;
    if (!(request.length > 0) || !isPageAligned(offset)) throw new MapError("EINVAL");
    if (growsDown && shared) throw new MapError("EINVAL");
    const length = pageAlign(request.length);
    if (length > TASK_SIZE || this.areaList.list.length > MAX_AREAS) throw new MapError("ENOMEM");
    const start = this.place(request, length);
    const end = start + length;
    const replace = request.fixed === true;
    const replaced = replace ? this.mappedWithin(start, end) : 0;
    this.checkSize(length - replaced);
    const writablePrivate = !shared && (request.prot & PROT_WRITE) !== 0;
    const accounted = writablePrivate && request.noReserve !== true;
    const charged = accounted || (shared && request.backing === undefined && request.noReserve !== true);
    if (charged && length > this.commitLimit) throw new MapError("ENOMEM");
    if (replace) this.unmap(start, length);

    const name = request.name ?? "";
    if (name === "[stack]") this.stackStart = end - 1;
    const special = name !== "" && name !== "[stack]";
    const anonymous = request.backing === undefined;
    this.areaList.insert(
      new Area({
        start,
        end,
        prot: request.prot & PROT_ALL,
        maxProt: request.maxProt ?? PROT_ALL,
        flags:
          (shared ? AreaFlag.shared : 0) |
          (growsDown ? AreaFlag.growsDown : 0) |
          (request.noReserve === true ? AreaFlag.noReserve : 0) |
          (accounted ? AreaFlag.accounted : 0) |
          (special ? AreaFlag.special : 0),
        backing: request.backing ?? (shared ? this.sharedMemory(length) : undefined),
        offset: anonymous ? (shared ? 0 : start) : offset,
        name: special ? name : "",
      }),
    );
    this.areaList.merge(start, end);
    return start;
  }

  private place(request: MapRequest, length: number): number {
    const address = request.address ?? 0;
    const placement = {
      length,
      reservation: request.prot === 0 || request.noReserve === true,
      low32: request.low32 === true,
    };
    if (request.fixed === true || request.fixedNoReplace === true) {
      if (address > TASK_SIZE - length) throw new MapError("ENOMEM");
      if (!isPageAligned(address)) throw new MapError("EINVAL");
      if (address < MINIMUM_ADDRESS) throw new MapError("EPERM");
      if (request.fixedNoReplace === true && this.areaList.overlaps(address, address + length)) {
        throw new MapError("EEXIST");
      }
      return address;
    }
    const hint = Math.floor(address / PAGE_SIZE) * PAGE_SIZE;
    if (hint !== 0) {
      const rounded = Math.max(hint, MINIMUM_ADDRESS);
      if (this.placer.accepts(rounded, placement)) return rounded;
    }
    const chosen = this.placer.choose(placement);
    if (chosen === undefined) throw new MapError("ENOMEM");
    return chosen;
  }

  private sharedMemory(length: number): FileBacking {
    const store = new PageStore();
    store.truncate(length);
    const identity = { major: 0, minor: 1, inode: 1025 + this.sharedMemories++ };
    return new StoreBacking(store, SHARED_MEMORY_NAME, identity);
  }

  private mappedWithin(start: number, end: number): number {
    let bytes = 0;
    for (let i = this.areaList.indexAbove(start); ; i++) {
      const area = this.areaList.list[i];
      if (area === undefined || area.start >= end) return bytes;
      bytes += Math.min(area.end, end) - Math.max(area.start, start);
    }
  }

  /** ENOMEM where `more` bytes exceed RLIMIT_AS. @internal */
  checkSize(more: number): void {
    if (this.areaList.bytes + more > this.addressLimit) throw new MapError("ENOMEM");
  }

  /** ENOMEM where changing [start, end) needs more areas than there may be. @internal */
  checkSplits(start: number, end: number): void {
    const count = this.areaList.list.length + this.areaList.splitsFor(start, end);
    if (count > MAX_AREAS) throw new MapError("ENOMEM");
  }

  /** munmap(2). Throws MapError EINVAL or ENOMEM. */
  unmap(address: number, length: number): void {
    const size = pageAlign(length);
    if (!isPageAligned(address) || address > TASK_SIZE || size > TASK_SIZE - address || size === 0) {
      throw new MapError("EINVAL");
    }
    const end = address + size;
    if (!this.areaList.overlaps(address, end)) return;
    this.checkSplits(address, end);
    this.dropPages(address, end);
    this.areaList.remove(address, end);
    this.placer.forget();
  }

  /** mprotect(2) with PROT bits only. Throws MapError EINVAL, ENOMEM (areas before the hole are changed) or EACCES. */
  protect(address: number, length: number, prot: Protection): void {
    if (!isPageAligned(address)) throw new MapError("EINVAL");
    const end = address + pageAlign(length);
    if (end === address) return;
    if (!(end < 2 ** 64)) throw new MapError("ENOMEM");
    if ((prot & ~PROT_ALL) !== 0) throw new MapError("EINVAL");
    let at = address;
    for (;;) {
      const area = this.areaList.at(at);
      if (area === undefined) throw new MapError("ENOMEM");
      const to = Math.min(area.end, end);
      this.protectArea(area, at, to, prot);
      if (to >= end) return;
      at = to;
    }
  }

  private protectArea(area: Area, start: number, end: number, prot: Protection): void {
    if ((prot & ~area.maxProt) !== 0) throw new MapError("EACCES");
    if (area.prot === prot) return;
    let flags = area.flags;
    const exempt = AreaFlag.accounted | AreaFlag.shared | AreaFlag.noReserve;
    if ((prot & PROT_WRITE) !== 0 && (area.prot & PROT_WRITE) === 0 && (flags & exempt) === 0) {
      if (end - start > this.commitLimit) throw new MapError("ENOMEM");
      flags |= AreaFlag.accounted;
    }
    const losesExec = (area.prot & ~prot & PROT_EXEC) !== 0;
    this.pages.visit(start / PAGE_SIZE, end / PAGE_SIZE, (_vpn, page) => {
      page.untag();
      if (losesExec) page.dropCodeOf(this.codeListener);
    });
    if (prot === 0) this.placer.forget();
    this.change(start, end, (part) => {
      part.prot = prot;
      part.flags = flags;
    });
  }

  /** Applies `edit` to the areas in [start, end), split and merged as needed. @internal */
  change(start: number, end: number, edit: (area: Area) => void): void {
    this.checkSplits(start, end);
    const { areaList } = this;
    areaList.split(start);
    areaList.split(end);
    for (let i = areaList.indexAbove(start); ; i++) {
      const area = areaList.list[i];
      if (area === undefined || area.start >= end) break;
      edit(area);
    }
    areaList.merge(start, end);
  }

  /** Forgets the pages in [start, end): unmapped, or about to be filled again. @internal */
  dropPages(start: number, end: number): void {
    this.pages.visit(start / PAGE_SIZE, end / PAGE_SIZE, (vpn) => {
      this.dropPage(vpn);
    });
  }

  /** @internal */
  dropPage(vpn: number): void {
    const page = this.pages.remove(vpn);
    if (page === undefined) return;
    page.dropCodeOf(this.codeListener);
    page.untag();
    page.release();
  }

  /** Moves the pages of [from, from+length) to the same places from `to` on, where there are none. @internal */
  movePages(from: number, to: number, length: number): void {
    const first = from / PAGE_SIZE;
    const distance = (to - from) / PAGE_SIZE;
    const moving: Page[] = [];
    const places: number[] = [];
    this.pages.visit(first, first + length / PAGE_SIZE, (vpn, page) => {
      this.pages.remove(vpn);
      page.dropCodeOf(this.codeListener);
      page.untag();
      page.dirty = true;
      moving.push(page);
      places.push(vpn + distance);
    });
    moving.forEach((page, i) => {
      this.pages.set(places[i] ?? 0, page);
    });
  }

  /** Where brk(2)'s area starts: behind the program's bss. */
  setBrkStart(address: number): void {
    this.brkStart = address;
    this.brkEnd = address;
  }

  /** brk(2): moves the break to `address` if that is possible; returns the break, new or old. */
  brk(address: number): number {
    if (address < this.brkStart || !(address <= TASK_SIZE)) return this.brkEnd;
    const oldEnd = pageAlign(this.brkEnd);
    const newEnd = pageAlign(address);
    try {
      if (newEnd < oldEnd) {
        this.unmap(newEnd, oldEnd - newEnd);
      } else if (newEnd > oldEnd) {
        const next = this.areaList.list[this.areaList.indexAbove(oldEnd)];
        if (next !== undefined && newEnd + PAGE_SIZE > guardedStart(next)) return this.brkEnd;
        this.map({ address: oldEnd, length: newEnd - oldEnd, prot: 3, fixedNoReplace: true });
      }
    } catch (error) {
      if (error instanceof MapError) return this.brkEnd;
      throw error;
    }
    this.brkEnd = address;
    return address;
  }

  /** Grows a stack area down to `address`, which lies below it and in no other; undefined where it may not. @internal */
  growStack(address: number): Area | undefined {
    const index = this.areaList.indexAbove(address);
    const area = this.areaList.list[index];
    if (area === undefined || !area.growsDown) return undefined;
    const start = Math.floor(address / PAGE_SIZE) * PAGE_SIZE;
    if (start < MINIMUM_ADDRESS || area.end - start > this.stackLimit) return undefined;
    const below = this.areaList.list[index - 1];
    if (below !== undefined && !below.growsDown && below.prot !== 0 && start - below.end < GUARD_GAP) {
      return undefined;
    }
    const growth = area.start - start;
    if (this.areaList.bytes + growth > this.addressLimit || area.offset < growth) return undefined;
    area.start = start;
    area.offset -= growth;
    this.areaList.bytes += growth;
    return area;
  }

  /** msync(2)'s work: writes back what shared mappings in the range have changed. Throws MapError EINVAL or ENOMEM. */
  sync(address: number, length: number): void {
    if (!isPageAligned(address)) throw new MapError("EINVAL");
    const end = address + pageAlign(length);
    for (let i = this.areaList.indexAbove(address); ; i++) {
      const area = this.areaList.list[i];
      if (area === undefined || area.start >= end) break;
      const start = Math.max(area.start, address);
      if (area.shared) area.backing?.flush?.(start - area.start + area.offset, Math.min(area.end, end) - start);
    }
    if (!this.areaList.covers(address, end)) throw new MapError("ENOMEM");
  }

  /** Touched pages with their virtual page numbers, ascending. */
  *residentPages(): Iterable<readonly [vpn: number, page: Page]> {
    for (const vpn of this.pages.indices()) {
      const page = this.pages.get(vpn);
      if (page !== undefined) yield [vpn, page];
    }
  }

  /** Virtual page numbers of pages that are new or written since {@link Mappings.clearDirty}, ascending. */
  *dirtyPages(): Iterable<number> {
    for (const [vpn, page] of this.residentPages()) if (page.dirty) yield vpn;
  }

  /** Starts a new interval for {@link Mappings.dirtyPages}: the next write of each page takes the slow path once. */
  clearDirty(): void {
    this.pages.visit(0, TASK_SIZE / PAGE_SIZE, (_vpn, page) => {
      page.dirty = false;
      if (page.window !== undefined) page.window.untagWrites(page.slot);
    });
  }

  /** Starts a new interval for {@link Page.written}, which has nothing to do with that of `clearDirty`. */
  clearWritten(): void {
    this.pages.visit(0, TASK_SIZE / PAGE_SIZE, (_vpn, page) => {
      if (!page.written) return;
      page.written = false;
      if (page.window !== undefined) page.window.untagWrites(page.slot);
    });
  }

  /** Unmaps everything; shared pages find a home outside. The address space must not be used afterwards. */
  destroy(): void {
    this.pages.visit(0, TASK_SIZE / PAGE_SIZE, (vpn, page) => {
      if (page.refs > 1 && page.window === this.window) this.window.evict(page);
      this.dropPage(vpn);
    });
    this.areaList.remove(0, TASK_SIZE);
  }
}
