/** The XSAVE area (SDM volume 1, chapter 13): x87, SSE and AVX state, in the standard and in the compacted format. */

import { initialFxsave, restoreMxcsr, restoreX87, restoreXmm, saveMxcsr, saveX87, saveXmm, validMxcsr } from "./fxsave.ts";
import { MXCSR, VECTORS, VECTOR_STRIDE } from "./state.ts";

/** State components: their bits in XCR0, in masks and in the header's fields. */
export const Component = { x87: 1, sse: 2, avx: 4 } as const;
/** What XCR0 holds: every component there is. */
export const XCR0: number = Component.x87 | Component.sse | Component.avx;

const HEADER = 512;
/** Offsets in the header; what follows is reserved. */
const XSTATE_BV = HEADER;
const XCOMP_BV = HEADER + 8;
const HEADER_END = HEADER + 64;
/** XCOMP_BV's high half: the area is in the compacted format. */
const COMPACTED = 0x8000_0000;

/** Upper halves of ymm0 to ymm15. They come first of what follows the header, so that both formats have them here. */
export const AVX_OFFSET: number = HEADER_END;
export const AVX_BYTES = 256;
/** The largest area: with every component. */
export const XSAVE_BYTES: number = AVX_OFFSET + AVX_BYTES;
/** Bytes of the area without AVX state. */
export const XSAVE_LEGACY_BYTES: number = HEADER_END;

const X87_FIRST = 0;
const X87_CONTROL_BYTES = 24;
const X87_REGISTERS_AT = 32;
const XMM_AT = 160;
const XMM_END = 416;

export type SaveKind =
  /** Every component asked for. */
  | "all"
  /** Those that are not in their initial state. */
  | "optimized"
  /** The same, in the compacted format. */
  | "compacted";

const current = new DataView(new ArrayBuffer(HEADER));

function equal(a: DataView, b: DataView, from: number, to: number): boolean {
  for (let i = from; i < to; i += 8) {
    if (a.getInt32(i, true) !== b.getInt32(i, true) || a.getInt32(i + 4, true) !== b.getInt32(i + 4, true)) return false;
  }
  return true;
}

function upperUsed(state: DataView): boolean {
  for (let i = 0; i < 16; i++) {
    const at = VECTORS + VECTOR_STRIDE * i + 16;
    for (let j = 0; j < 16; j += 4) if (state.getInt32(at + j, true) !== 0) return true;
  }
  return false;
}

/**
 * XINUSE: the components that are not in their initial state. Processors may take some for used that are not; here the contents decide,
 * so that it is the same on every host. XGETBV and XSAVEC count SSE state as used for MXCSR alone (`control`).
 */
export function componentsInUse(state: DataView, control: boolean): number {
  saveX87(state, current);
  saveXmm(state, current);
  const x87 = equal(current, initialFxsave, X87_FIRST, X87_CONTROL_BYTES) && equal(current, initialFxsave, X87_REGISTERS_AT, XMM_AT);
  const initial = !control || state.getUint32(MXCSR, true) === initialFxsave.getUint32(X87_CONTROL_BYTES, true);
  const sse = initial && equal(current, initialFxsave, XMM_AT, XMM_END);
  return (x87 ? 0 : Component.x87) | (sse ? 0 : Component.sse) | (upperUsed(state) ? Component.avx : 0);
}

function saveUpper(state: DataView, area: DataView): void {
  for (let i = 0; i < 16; i++) {
    const at = VECTORS + VECTOR_STRIDE * i + 16;
    for (let j = 0; j < 16; j += 4) area.setUint32(AVX_OFFSET + 16 * i + j, state.getUint32(at + j, true), true);
  }
}

function restoreUpper(state: DataView, area: DataView | undefined): void {
  for (let i = 0; i < 16; i++) {
    const at = VECTORS + VECTOR_STRIDE * i + 16;
    for (let j = 0; j < 16; j += 4) state.setUint32(at + j, area === undefined ? 0 : area.getUint32(AVX_OFFSET + 16 * i + j, true), true);
  }
}

/**
 * XSAVE, XSAVEOPT and XSAVEC of the components of `mask` into `area`, whose other bytes stay; without AVX's, {@link XSAVE_LEGACY_BYTES} suffice.
 * True: x87 state was written.
 */
export function saveXsave(state: DataView, area: DataView, mask: number, kind: SaveKind): boolean {
  const asked = mask & XCR0;
  const used = asked & componentsInUse(state, kind === "compacted");
  const saved = kind === "all" ? asked : used;
  if ((saved & Component.x87) !== 0) saveX87(state, area);
  // MXCSR belongs to SSE state, but for the standard format to AVX state too.
  const control = kind === "compacted" ? saved & Component.sse : asked & (Component.sse | Component.avx);
  if (control !== 0) saveMxcsr(state, area);
  if ((saved & Component.sse) !== 0) saveXmm(state, area);
  if ((saved & Component.avx) !== 0) saveUpper(state, area);
  if (kind === "compacted") {
    area.setUint32(XSTATE_BV, used, true);
    area.setUint32(XSTATE_BV + 4, 0, true);
    area.setUint32(XCOMP_BV, asked, true);
    area.setUint32(XCOMP_BV + 4, COMPACTED, true);
  } else {
    area.setUint32(XSTATE_BV, (area.getUint32(XSTATE_BV, true) & ~asked) | used, true);
  }
  return (saved & Component.x87) !== 0;
}

function zero(area: DataView, from: number, to: number): boolean {
  for (let i = from; i < to; i += 4) if (area.getUint32(i, true) !== 0) return false;
  return true;
}

/** Whether XRSTOR takes the header. */
function validHeader(area: DataView): boolean {
  const states = area.getUint32(XSTATE_BV, true);
  const high = area.getUint32(XCOMP_BV + 4, true);
  if (area.getUint32(XSTATE_BV + 4, true) !== 0) return false;
  if (high === 0) return (states & ~XCR0) === 0 && zero(area, XCOMP_BV, XCOMP_BV + 16);
  const components = area.getUint32(XCOMP_BV, true);
  return high === COMPACTED && (components & ~XCR0) === 0 && (states & ~components) === 0 && zero(area, XCOMP_BV + 8, HEADER_END);
}

/** XRSTOR of the components of `mask`; false where it refuses the area with #GP, and nothing is loaded. */
export function restoreXsave(state: DataView, area: DataView, mask: number): boolean {
  if (!validHeader(area)) return false;
  const asked = mask & XCR0;
  const compacted = area.getUint32(XCOMP_BV + 4, true) !== 0;
  const loaded = asked & area.getUint32(XSTATE_BV, true);
  const control = compacted ? loaded & Component.sse : asked & (Component.sse | Component.avx);
  if (control !== 0 && !validMxcsr(area)) return false;
  if ((asked & Component.x87) !== 0) restoreX87(state, (loaded & Component.x87) === 0 ? initialFxsave : area);
  if (control !== 0) restoreMxcsr(state, area);
  else if ((asked & Component.sse) !== 0) restoreMxcsr(state, initialFxsave);
  if ((asked & Component.sse) !== 0) restoreXmm(state, (loaded & Component.sse) === 0 ? initialFxsave : area);
  if ((asked & Component.avx) !== 0) restoreUpper(state, (loaded & Component.avx) === 0 ? undefined : area);
  return true;
}

/** Puts the components of `mask` (all by default) into the state of a fresh process. */
export function resetFloatState(state: DataView, mask: number = XCR0): void {
  if ((mask & Component.x87) !== 0) restoreX87(state, initialFxsave);
  if ((mask & Component.sse) !== 0) {
    restoreMxcsr(state, initialFxsave);
    restoreXmm(state, initialFxsave);
  }
  if ((mask & Component.avx) !== 0) restoreUpper(state, undefined);
}
