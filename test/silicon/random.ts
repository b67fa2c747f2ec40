/** Random states around a random instruction, as encoded cases: most of them complete, some fault at every edge. */

import { type Encoding, isGather } from "./encodings.ts";
import { At, Case } from "./protocol.ts";
import { DATA, DATA_BYTES, INSTRUCTION } from "./state.ts";
import { type Content, putDecimal, putDouble, putExtended, putInteger, putSingle, putVector, type Random } from "./values.ts";

const CODE_PAGE = 0x100000n;
/** OF SF ZF AF PF CF. */
const STATUS = 0x8d5;
const DF = 0x400;
const TF = 0x100;
const AC = 0x40000;

/** Addresses of no page. */
const LOW = [0n, 8n, 0x201000n, 0x1ff000n, 0x7fff_ffff_eff8n, 0x102000n];
const NOWHERE = [...LOW, 0x7fff_ffff_ff00n, 0xffff_8000_0000_0000n, -16n];

/** What the row's vectors hold. */
function contentOf({ row }: Encoding): Content {
  const { mnemonic, operands } = row;
  if (/cvtph2ps/.test(mnemonic)) return "half";
  const source = operands.at(-1)?.kind === "I" ? operands.at(-2) : operands.at(-1);
  for (const operand of [source, operands[0]]) {
    if (operand?.size === "sd" || operand?.size === "pd") return "double";
    if (operand?.size === "ss" || operand?.size === "ps") return "single";
  }
  if (/(sd|pd|2pd|pd2..|sd2..)$/.test(mnemonic)) return "double";
  if (/(ss|ps|ps2..|ss2..)$/.test(mnemonic)) return "single";
  return "integer";
}

const isX87 = ({ row }: Encoding): boolean => row.map === 0 && row.opcode >= 0xd8 && row.opcode <= 0xdf && row.vex === undefined;

/** Makes the cases of one encoding. */
export class CaseMaker {
  readonly #encoding: Encoding;
  readonly #bytes: Uint8Array;
  readonly #r: Random;
  readonly #content: Content;
  readonly #x87: boolean;
  readonly #mmx: boolean;
  readonly #vectors: boolean;
  readonly #upper: boolean;
  readonly #floats: boolean;
  readonly #stack: boolean;
  readonly #branch: boolean;
  readonly #mnemonic: string;
  readonly #background: Uint8Array = new Uint8Array(DATA_BYTES);
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** `plain`: memory is zero but for the operands. `then`: a second instruction behind the first, which reads registers only. */
  constructor(encoding: Encoding, r: Random, plain = false, then?: Encoding) {
    this.#encoding = encoding;
    this.#bytes = then === undefined ? encoding.bytes : Uint8Array.from([...encoding.bytes, ...then.bytes]);
    this.#r = r;
    const { row } = encoding;
    const all = then === undefined ? [encoding] : [encoding, then];
    const uses = (pattern: RegExp): boolean => all.some((one) => pattern.test(one.row.operands.map(({ kind }) => kind).join("")));
    const named = (pattern: RegExp): boolean => all.some((one) => pattern.test(one.row.mnemonic));
    this.#content = all.map(contentOf).find((content) => content !== "integer") ?? "integer";
    this.#x87 = all.some(isX87) || named(/^(fx(save|rstor)|emms|fwait)/);
    this.#mmx = uses(/[PQN]/) || named(/^(movq2dq|movdq2q)$/);
    this.#vectors = uses(/[VWUHL]/) || all.some((one) => one.row.vex !== undefined) || named(/^(fxsave|fxrstor)/);
    this.#upper = all.some((one) => one.row.vex !== undefined) || r.chance(8);
    this.#floats = this.#content !== "integer" || named(/mxcsr|^v?cvt/);
    this.#mnemonic = row.mnemonic;
    this.#stack = row.d64 || (row.f64 && /^(call|ret)$/.test(row.mnemonic));
    this.#branch = row.f64 && row.insn.properties.ends === "indirect";
    if (!plain && !r.chance(3)) {
      // Few different bytes: string instructions find equal and unequal ones.
      const view = new DataView(this.#background.buffer);
      const narrow = row.insn.properties.rep !== undefined;
      for (let at = 0; at < DATA_BYTES; at += 4) view.setUint32(at, narrow ? r.next() & r.next() & 0x0101_0101 : r.next());
    }
  }

  /** Writes a case at `at` of `cases`. */
  put(cases: Uint8Array, at: number): void {
    const r = this.#r;
    const { decoded } = this.#encoding;
    const bytes = this.#bytes;
    cases.fill(0, at, at + Case.state + At.data);
    cases[at] = bytes.length;
    cases.set(bytes, at + Case.code);
    cases.set(this.#background, at + Case.state + At.data);
    const view = new DataView(cases.buffer, cases.byteOffset + at + Case.state, At.data + DATA_BYTES);
    this.#view = view;
    for (let i = 0; i < 16; i++) putInteger(r, view, At.gpr + 8 * i);
    this.#setGpr(4, DATA + BigInt(0x400 + 8 * r.below(0x100)));
    view.setUint32(At.rip, Number(INSTRUCTION), true);
    let rflags = 0x202 | (r.next() & STATUS);
    if (r.chance(this.#encoding.row.insn.properties.rep === undefined ? 30 : 3)) rflags |= DF;
    if (r.chance(40)) rflags |= AC;
    // A gather may trap between elements.
    if (r.chance(100) && !this.#stack && !isGather(this.#encoding.row)) rflags |= TF;
    view.setUint32(At.rflags, rflags, true);
    this.#putFloatState();
    if (decoded.segment === 0 && r.chance(8)) for (const base of [At.fs, At.gs]) view.setBigUint64(base, BigInt(r.below(0x10000)) << 12n, true);
    this.#putOperands();
  }

  #setGpr(i: number, value: bigint): void {
    this.#view.setBigUint64(At.gpr + 8 * i, BigInt.asUintN(64, value), true);
  }

  #gpr(i: number): bigint {
    return this.#view.getBigUint64(At.gpr + 8 * i, true);
  }

  #putFloatState(): void {
    const r = this.#r;
    const view = this.#view;
    view.setUint16(At.fcw, 0x37f, true);
    view.setUint32(At.mxcsr, 0x1f80, true);
    if (this.#floats)
      view.setUint32(At.mxcsr, r.chance(3) ? r.next() & 0xffff : r.of([0x1f80, 0x1fa0, 0x9fc0, 0x1fa0, 0x3fa0, 0x5fa0, 0x7fa0]), true);
    for (let i = 0; i < 16; i++) {
      putVector(r, view, At.xmm + 16 * i, this.#vectors ? this.#content : "integer");
      if (this.#upper) putVector(r, view, At.ymm + 16 * i, this.#vectors ? this.#content : "integer");
    }
    if (this.#mmx) {
      for (let i = 0; i < 8; i++) {
        putInteger(r, view, At.st + 16 * i);
        view.setUint16(At.st + 16 * i + 8, r.chance(4) ? r.next() : 0xffff, true);
      }
      view.setUint16(At.fsw, r.below(8) << 11, true);
      view.setUint8(At.ftw, r.next());
    }
    if (this.#x87) this.#putX87();
  }

  #putX87(): void {
    const r = this.#r;
    const view = this.#view;
    const near = r.chance(2) ? 16383 : r.below(0x8000);
    for (let i = 0; i < 8; i++) putExtended(r, view, At.st + 16 * i, near);
    const masks = r.chance(3) ? r.next() & 0x3f : 0x3f;
    view.setUint16(At.fcw, 0x40 | masks | (r.of([0, 2, 3, 3, 3, 1]) << 8) | (r.below(4) << 10) | (r.below(2) << 12), true);
    // Exceptions that are set and masked; now and then a pending one.
    let status = (r.next() & 0x4740) | (r.below(8) << 11);
    if (r.chance(2)) status |= r.next() & masks & 0x3f;
    if (r.chance(20)) status |= r.next() & 0x3f;
    if ((status & ~masks & 0x3f) !== 0) status |= 0x8080;
    view.setUint16(At.fsw, status, true);
    view.setUint8(At.ftw, r.chance(3) ? r.next() : 0xff);
  }

  #putOperands(): void {
    const r = this.#r;
    const { row, decoded } = this.#encoding;
    this.#prepare();
    if (row.insn.properties.rep !== undefined) this.#putString();
    else if (this.#stack) this.#putStack();
    else if (/^v?maskmov(q|dqu)$/.test(this.#mnemonic)) this.#setGpr(7, this.#place(16, 1) - this.#segmentBase(true));
    else if (this.#mnemonic.startsWith("xlat")) this.#setGpr(3, this.#place(1, 1) - this.#segmentBase(true) - (this.#gpr(0) & 0xffn));
    if (decoded.memory) this.#putMemory();
    else if (this.#branch && row.modrm) this.#setGpr(decoded.rm, this.#target());
    if (this.#mnemonic === "cmpxchg" && !decoded.memory && r.chance(2)) this.#setGpr(0, this.#gpr(decoded.rm));
  }

  /** Values that make an instruction do more than refuse. */
  #prepare(): void {
    const r = this.#r;
    const { decoded } = this.#encoding;
    const view = this.#view;
    const mnemonic = this.#mnemonic;
    if (/^i?div$/.test(mnemonic) && !r.chance(4)) {
      const top = mnemonic === "div" ? 0 : view.getInt32(At.gpr + (decoded.operandSize === 64 ? 4 : 0), true) >> 31;
      view.setInt32(At.gpr + 16, top, true);
      view.setInt32(At.gpr + 20, top, true);
      if (this.#encoding.size === 1) view.setInt16(At.gpr, (view.getInt8(At.gpr) << (r.below(3) * 3)) >> r.below(8), true);
    } else if (/^v?pcmp[ei]str/.test(mnemonic)) {
      for (const i of [0, 2]) this.#setGpr(i, BigInt(r.below(41) - 20));
    } else if (/^v?movs?mask/.test(mnemonic) || /gather|maskmov/.test(mnemonic)) this.#putMasks();
    else if (/^(extrq|insertq)$/.test(mnemonic)) for (let i = 0; i < 16; i++) view.setUint8(At.xmm + 16 * i + 8, r.below(64));
    else if (/^ldmxcsr$/.test(mnemonic)) this.#background.fill(0);
    else if (/^bextr$/.test(mnemonic) && decoded.vvvv !== 0) view.setUint16(At.gpr + 8 * decoded.vvvv, r.below(70) | (r.below(70) << 8), true);
    else if (/^wr[fg]sbase$/.test(mnemonic) && r.chance(2)) this.#setGpr(decoded.rm, BigInt(r.next()) << BigInt(r.below(16)));
    if (this.#usesBitString()) this.#setGpr(decoded.reg, BigInt(r.below(1024) - 512));
  }

  /** Sign bits of the mask register: all, none, some. */
  #putMasks(): void {
    const r = this.#r;
    const view = this.#view;
    const { vvvv } = this.#encoding.decoded;
    const kind = r.below(4);
    for (const at of [At.xmm + 16 * vvvv, At.ymm + 16 * vvvv]) {
      for (let i = 3; i < 16; i += 4) {
        if (kind === 0) view.setUint8(at + i, view.getUint8(at + i) | 0x80);
        else if (kind === 1) view.setUint8(at + i, view.getUint8(at + i) & 0x7f);
        else view.setUint8(at + i, r.next() & 0xff);
      }
    }
  }

  #usesBitString(): boolean {
    const { row, decoded } = this.#encoding;
    return decoded.memory && /^(bt|bts|btr|btc)$/.test(this.#mnemonic) && row.operands[1]?.kind === "G";
  }

  /** An address for `size` bytes: mostly in the data page, aligned or not; across its ends; where nothing is. */
  #place(size: number, align: number): bigint {
    const r = this.#r;
    const kind = r.below(64);
    if (kind === 0) return DATA - BigInt(1 + r.below(size + 4));
    if (kind < 5) return DATA + BigInt(DATA_BYTES - r.below(size + 4));
    if (kind === 5) {
      // An image with 32-bit addresses is not in the upper half: its pieces wrap around.
      return r.of(size > 32 && this.#encoding.decoded.addressSize === 32 ? LOW : NOWHERE);
    }
    if (kind === 6) return r.of([0x8000_0000_0000n, -0x8000_0000_0001n, 0x1234_5678_9abc_def0n, 0x7fff_ffff_fff9n, -0x7fff_ffff_ffff_fff0n]);
    const room = Math.max(1, DATA_BYTES - size);
    const offset = r.below(room + 1);
    return DATA + BigInt(align > 1 && kind < 60 ? offset - (offset % align) : kind < 36 ? offset - (offset % Math.min(size, 16)) : offset);
  }

  /** Chooses the base of the segment that an override names, once for a case; 0 where there is none. */
  #segmentBase(choose: boolean): bigint {
    const { segment } = this.#encoding.decoded;
    if (segment === 0) return 0n;
    const at = segment === 4 ? At.fs : At.gs;
    if (choose) {
      const r = this.#r;
      this.#view.setBigUint64(at, r.of([0n, DATA, DATA + 0x123n, 0x7000_0000_0000n, 0x10n, 0x7fff_ffff_0000n]), true);
    }
    return this.#view.getBigUint64(at, true);
  }

  #putMemory(): void {
    const r = this.#r;
    const { row, decoded, size, align } = this.#encoding;
    const address = this.#reachable(this.#place(size, align));
    const at = Number(address - DATA);
    const end = Math.min(at + Math.max(size, 16), DATA_BYTES);
    if (at < 0 || at >= DATA_BYTES || row.mnemonic === "lea") return;
    const view = this.#view;
    const scratch = new DataView(new ArrayBuffer(32));
    this.#putContent(scratch, size);
    for (let i = at; i < end && i - at < 32; i++) view.setUint8(At.data + i, scratch.getUint8(i - at));
    if (this.#mnemonic.startsWith("cmpxchg") && r.chance(2)) {
      // What is compared with: the accumulator, or EDX:EAX and its wide form.
      if (this.#mnemonic === "cmpxchg") for (let i = 0; i < 8; i++) view.setUint8(At.gpr + i, scratch.getUint8(i));
      else {
        const half = size / 2;
        for (let i = 0; i < half; i++) {
          view.setUint8(At.gpr + i, scratch.getUint8(i));
          view.setUint8(At.gpr + 16 + i, scratch.getUint8(half + i));
        }
      }
      if (decoded.base >= 0) this.#reachable(address);
    }
  }

  /** The operand's bytes in memory. */
  #putContent(to: DataView, size: number): void {
    const r = this.#r;
    const mnemonic = this.#mnemonic;
    if (this.#branch) to.setBigUint64(0, this.#target(), true);
    else if (mnemonic === "fbld") putDecimal(r, to, 0);
    else if (mnemonic === "fldcw") to.setUint16(0, r.chance(2) ? r.next() & 0xffff : 0x37f, true);
    else if (/ldmxcsr/.test(mnemonic)) to.setUint32(0, r.chance(10) ? 1 << (18 + r.below(14)) : r.next() & 0xffff, true);
    else if (/^fld|^frstor|^fxrstor/.test(mnemonic) && size > 16) {
      for (let i = 0; i < 32; i += 4) to.setUint32(i, r.next(), true);
      if (size === 512) to.setUint32(24, r.chance(10) ? r.next() : r.next() & 0xffff, true);
      if (size === 512) to.setUint16(0, r.next() & 0x1f7f, true);
    } else if (/^f(ld|st)/.test(mnemonic) && size === 10) putExtended(r, to, 0, 16383);
    else if (mnemonic.startsWith("fi")) putInteger(r, to, 0);
    else if (this.#x87 && size === 4) putSingle(r, to, 0);
    else if (this.#x87 && size === 8) putDouble(r, to, 0);
    else if (size > 8 || this.#vectors) {
      putVector(r, to, 0, this.#content);
      putVector(r, to, 16, this.#content);
    } else putInteger(r, to, 0);
  }

  /** Gives the address registers values with which the operand is at `linear`, or near it; where it is then. */
  #reachable(linear: bigint): bigint {
    const { row, decoded, size } = this.#encoding;
    const narrow = decoded.addressSize === 32;
    if (decoded.ripRelative || row.operands.some(({ kind }) => kind === "O")) return linear;
    let wanted = linear - this.#segmentBase(!row.insn.properties.rep) - BigInt(decoded.disp);
    if (this.#usesBitString()) {
      const offset =
        decoded.operandSize === 64 ? BigInt.asIntN(64, this.#gpr(decoded.reg)) : BigInt.asIntN(decoded.operandSize, this.#gpr(decoded.reg));
      wanted -= (offset >> BigInt(Math.log2(decoded.operandSize))) * BigInt(decoded.operandSize / 8);
    }
    if (isGather(row)) {
      this.#putIndices(size);
      if (decoded.base >= 0) this.#setGpr(decoded.base, wanted);
      return linear;
    }
    const scale = BigInt(decoded.scale);
    if (decoded.index >= 0 && decoded.base >= 0) wanted -= this.#gpr(decoded.index) << scale;
    else if (decoded.index >= 0) {
      if (narrow) wanted = BigInt.asUintN(32, wanted);
      this.#setGpr(decoded.index, wanted >> scale);
      return linear - (wanted - ((wanted >> scale) << scale));
    }
    if (decoded.base < 0) return linear;
    if (narrow) wanted = BigInt.asUintN(32, wanted) | (BigInt(this.#r.next()) << 32n);
    this.#setGpr(decoded.base, wanted);
    return linear;
  }

  /** Indices of a gather: most of them lead into the data page. */
  #putIndices(size: number): void {
    const r = this.#r;
    const { decoded, row } = this.#encoding;
    const narrow = /^v?p?gatherd/.test(row.mnemonic);
    const view = this.#view;
    for (const at of [At.xmm + 16 * decoded.index, At.ymm + 16 * decoded.index]) {
      for (let i = 0; i < 16; i += narrow ? 4 : 8) {
        const value = r.chance(20) ? r.next() | 0 : (r.below(200) - 60) * (r.chance(8) ? 50 : 1) + (size === 0 ? 1 : 0);
        view.setInt32(at + i, value, true);
        if (!narrow) view.setInt32(at + i + 4, r.chance(20) ? r.next() : value >> 31, true);
      }
    }
  }

  /** Where an indirect jump goes: int3s of the code page, the data page, nowhere. */
  #target(): bigint {
    const r = this.#r;
    const kind = r.below(16);
    if (kind < 11) return CODE_PAGE + BigInt(r.chance(2) ? r.below(0x7f0) : 0x810 + r.below(0x7f0));
    if (kind < 13) return DATA + BigInt(r.below(DATA_BYTES));
    return r.of([
      0n,
      0x102000n,
      0x7fff_ffff_e000n,
      0x300000n,
      0xfffffn,
      0x8000_0000_0000n,
      0xffff_7fff_ffff_ffffn,
      0xffff_8000_0000_0000n,
      BigInt(r.next()) << 32n,
    ]);
  }

  #putStack(): void {
    const r = this.#r;
    const view = this.#view;
    const { decoded, row } = this.#encoding;
    const where = this.#place(8, 1);
    const register = this.#mnemonic === "leave" ? 5 : 4;
    this.#setGpr(register, row.mnemonic === "enter" ? DATA + BigInt(0x800 + r.below(0x700)) : where);
    if (row.mnemonic === "enter") {
      this.#setGpr(5, r.chance(8) ? this.#place(8, 1) : DATA + BigInt(0x200 + r.below(0xd00)));
      if (r.chance(8)) this.#setGpr(4, where);
    }
    const at = Number(where - DATA);
    if (at < 0 || at > DATA_BYTES - 8) return;
    const value = new DataView(new ArrayBuffer(8));
    if (this.#branch) value.setBigUint64(0, this.#target(), true);
    else {
      putInteger(r, value, 0);
      // TF traps behind the next instruction, NT stays set in the kernel's way back.
      if (this.#mnemonic.startsWith("popf")) value.setUint16(0, value.getUint16(0, true) & ~0x4100, true);
    }
    for (let i = 0; i < 8; i++) view.setUint8(At.data + at + i, value.getUint8(i));
    if (decoded.memory && row.modrm) this.#setGpr(4, where);
  }

  /** RSI, RDI, RCX and the accumulator of a string instruction. */
  #putString(): void {
    const r = this.#r;
    const { row, decoded } = this.#encoding;
    const size = this.#encoding.size;
    const narrow = decoded.addressSize === 32;
    const base = this.#segmentBase(true);
    const near = r.chance(3);
    const destination = this.#place(size, 1);
    const source = near ? destination + BigInt(r.below(130) - 65) : this.#place(size, 1);
    const put = (register: number, value: bigint): void =>
      this.#setGpr(register, narrow ? BigInt.asUintN(32, value) | (BigInt(r.next()) << 32n) : value);
    put(6, source - base);
    put(7, destination);
    if (!r.chance(20)) put(1, BigInt(r.chance(3) ? r.below(4) : r.below(400)));
    if (row.mnemonic.startsWith("scas")) this.#setGpr(0, r.chance(2) ? 0n : r.of([1n, 0x100n, 0x101n, 0x1_0101n, 0x1_0000_0000n]));
  }
}
