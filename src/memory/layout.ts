/**
 * Where things lie in the WebAssembly.Memory that backs one address space.
 *
 *     0                 64 KiB                                    window  
 *     | CPU state page  | slots: guest byte va lives at va % window | (reserved range, if window < 4 GiB) |
 *
 * With the nominal 4 GiB window the reserved range lies inside the window, in the gap Linux leaves between the
 * stack and the first mapping (0x7ffff7fff000 to the stack), where no guest page is ever placed by choice.
 * Addresses are chosen for the nominal window whatever window is used, so that the window's size changes speed only.
 */

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;

/** Bytes at the start of every window that belong to the CPU state: never a guest page's slot. */
export const STATE_BYTES = 0x1_0000;

export const NOMINAL_WINDOW_BITS = 32;
/** Nominal window offsets [RESERVED_START, RESERVED_END) hold tags, decoded code and scratch space. */
export const RESERVED_START = 0xf800_0000;
export const RESERVED_END = 0xff00_0000;
export const RESERVED_BYTES: number = RESERVED_END - RESERVED_START;
/** The same behind a window of up to SMALL_WINDOW_BITS: such machines are made by the thousand, and engines collect garbage by the bytes of Memories. */
const SMALL_RESERVED_BYTES = 0x100_0000;
const SMALL_WINDOW_BITS = 24;

/** One past the highest user address (TASK_SIZE with 4-level page tables). */
export const TASK_SIZE = 0x7fff_ffff_f000;

export interface WindowLayout {
  /** log2 of the window's bytes, 17 to 32. */
  readonly windowBits: number;
  /** Slots (pages) in the window. */
  readonly slotCount: number;
  /** Byte offsets in the Memory. Tag tables hold one i64 for each slot: the virtual page number that may be accessed
   *  there directly, or -1. */
  readonly readTags: number;
  readonly writeTags: number;
  /** Two pages of scratch for accesses that have no contiguous home: readSlow and writeSlow use the first, the CPU the second. */
  readonly scratch: number;
  /** Space for the CPU's decoded code. */
  readonly arenaStart: number;
  readonly arenaEnd: number;
  /** Size of the whole Memory in bytes. */
  readonly memoryBytes: number;
}

export function windowLayout(windowBits: number): WindowLayout {
  const windowBytes = 2 ** windowBits;
  const slotCount = windowBytes / PAGE_SIZE;
  const nominal = windowBits === NOMINAL_WINDOW_BITS;
  const base = nominal ? RESERVED_START : windowBytes;
  const reserved = windowBits <= SMALL_WINDOW_BITS ? SMALL_RESERVED_BYTES : RESERVED_BYTES;
  const readTags = base;
  const writeTags = readTags + slotCount * 8;
  const scratch = Math.ceil((writeTags + slotCount * 8) / PAGE_SIZE) * PAGE_SIZE;
  return {
    windowBits,
    slotCount,
    readTags,
    writeTags,
    scratch,
    arenaStart: scratch + 2 * PAGE_SIZE,
    arenaEnd: base + reserved,
    memoryBytes: nominal ? windowBytes : windowBytes + reserved,
  };
}

/** True where a page with this number can never be placed in its slot, in any window. */
export function isReservedSlot(layout: WindowLayout, vpn: number): boolean {
  const offset = (vpn % layout.slotCount) * PAGE_SIZE;
  if (offset < STATE_BYTES) return true;
  return layout.windowBits === NOMINAL_WINDOW_BITS && offset >= RESERVED_START && offset < RESERVED_END;
}
