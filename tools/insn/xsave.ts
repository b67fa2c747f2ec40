/**
 * XSAVE's family. Masks ask for x87, SSE and AVX state only, because processors have more; stores are of components without MXCSR, whose mask differs
 * between makers, and XGETBV is recorded where it faults.
 */

import type { Case } from "./cases.ts";
import { fxImage } from "./simd-memory.ts";

const hex = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");

interface Header {
  readonly states: number;
  readonly components?: number;
  /** Another byte that is not zero, by its place in the header. */
  readonly reserved?: number;
}

/** An area for XRSTOR. */
function area({ states, components, reserved }: Header, mxcsr = 0x1fa5): string {
  const header = Array.from({ length: 64 }, (_, i): number => (i === reserved ? 1 : 0));
  header[0] = states;
  if (components !== undefined) {
    header[8] = components;
    header[15] = 0x80;
  }
  const upper = Array.from({ length: 256 }, (_, i) => (i * 29 + 7) & 0xff);
  return `[200]=${fxImage(0x27f, 0x3800, 0xff, mxcsr)}${hex(header)}${hex(upper)}`;
}

const USED = "fcw=0x27f fsw=0x3800 ftw=0x80 st0=3fff_8000000000000001 ymm3=0123456789abcdef0000000000000001";

function* stores(): Generator<Case> {
  for (const [ops, masks] of [
    [
      ["xsave", "xsave64", "xsaveopt", "xsaveopt64"],
      [0, 1],
    ],
    [
      ["xsavec", "xsavec64"],
      [0, 1, 4, 5],
    ],
  ] as const) {
    for (const op of ops) {
      const text = `${op} [rdi]`;
      for (const mask of masks) {
        yield { text, before: `rax=${mask} rdx=0 rdi=0x200200 ${USED}` };
        yield { text, before: `rax=${mask} rdx=0 rdi=0x200240 [440]=07` };
      }
      yield { text, before: "rax=0 rdx=0 rdi=0x200220" };
      for (const address of ["0x200d00", "0x200dc0", "0x200e00", "0x201000"]) yield { text, before: `rax=1 rdx=0 rdi=${address}` };
      yield { text, before: "rax=7 rdx=0 rdi=0x200d00" };
    }
  }
}

function* loads(): Generator<Case> {
  for (const op of ["xrstor", "xrstor64"]) {
    const text = `${op} [rdi]`;
    const all = "rax=7 rdx=0 rdi=0x200200";
    for (const mask of [0, 1, 2, 4, 6, 7]) yield { text, before: `rax=${mask} rdx=0 rdi=0x200200 ${area({ states: 7 })} ${USED}` };
    for (const states of [0, 1, 2, 4]) {
      yield { text, before: `${all} ${area({ states })} ${USED}` };
      yield { text, before: `${all} ${area({ states, components: 7 })} ${USED}` };
    }
    yield { text, before: `${all} ${area({ states: 3, components: 3 })} ${USED}` };
    yield { text, before: `${all} ${area({ states: 4, components: 3 })}` };
    yield { text, before: `${all} ${area({ states: 0, components: 0x18 })}` };
    yield { text, before: `${all} ${area({ states: 8 })}` };
    for (const reserved of [7, 9, 16, 23, 24, 63]) yield { text, before: `${all} ${area({ states: 1, reserved })}` };
    for (const reserved of [16, 24, 63]) yield { text, before: `${all} ${area({ states: 1, components: 7, reserved })}` };
    for (const mask of [1, 2, 4]) yield { text, before: `rax=${mask} rdx=0 rdi=0x200200 ${area({ states: 7 }, 0x11f80)}` };
    yield { text, before: `${all} ${area({ states: 1, components: 7 }, 0x11f80)}` };
    yield { text, before: "rax=7 rdx=0 rdi=0x200210" };
    for (const address of ["0x200d00", "0x200e00", "0x200f00", "0x201000"]) yield { text, before: `rax=7 rdx=0 rdi=${address}` };
    yield { text, before: "rax=3 rdx=0 rdi=0x200d00 [d18]=801f" };
  }
}

export function* xsaveCases(): Generator<Case> {
  yield* stores();
  yield* loads();
  for (const rcx of ["2", "0xffffffff"]) yield { text: "xgetbv", before: `rcx=${rcx} rax=5 rdx=6` };
  yield { text: "xsetbv", before: "rcx=0 rax=7 rdx=0" };
}
