/**
 * Instructions of the architecture that are not implemented: rows only, so that the decoder tells them from invalid opcodes and the disassembler names
 * them. A row declared in `isa/` takes the place of one here. An entry with a feature is left out where the CPU does not announce it.
 *
 * Each entry is a row with `$` for the opcode (with what follows it up to the next word), then pairs of opcode and mnemonic. `_` in an opcode is a space.
 */

import type { Feature, Insn } from "../isa/insn.ts";
import { insn } from "../isa/insn.ts";

type Entry = readonly [row: string, pairs: string, feature?: Feature];

const LEGACY: readonly Entry[] = [
  // Direct stores
  ["NP 0F 38 $ /r mem | My, Gy", "F9 movdiri"],
  ["66 0F 38 $ /r mem | Gq, M", "F8 movdir64b"],
  ["F2 0F 38 $ /r mem | Gq, M", "F8 enqcmd"],
  ["F3 0F 38 $ /r mem | Gq, M", "F8 enqcmds"],
  // State, caches, time
  ["NP 0F C7 $ mem | M", "/3 xrstors /5 xsaves"],
  ["F3 0F AE $ mem | Mq", "/6 clrssbsy"],
  ["F3 0F AE $ reg | Ry", "/5 incssp"],
  ["F3 0F AE $ reg | Rq", "/6 umonitor"],
  ["F2 0F AE $ reg | Ry", "/6 umwait"],
  ["66 0F AE $ reg | Ry", "/6 tpause"],
  ["NP 0F 01 $", "=D5 xend =D6 xtest =EE rdpkru =EF wrpkru =CA clac =CB stac =C0 enclv =CF encls =D7 enclu =D4 vmfunc =FD rdpru"],
  [
    "0F 01 $",
    "=C1 vmcall =C2 vmlaunch =C3 vmresume =C4 vmxoff =D9 vmmcall =DC stgi =DD clgi =DA vmload =DB vmsave =D8 vmrun =DE skinit =DF invlpga =C8 monitor =C9 mwait " +
      "=FA monitorx =FB mwaitx =FC clzero",
  ],
  ["F2 0F 01 $", "=FF pvalidate"],
  ["F3 0F 01 $", "=E8 setssbsy =EA saveprevssp"],
  ["F3 0F 01 $ mem | Mq", "/5 rstorssp"],
  ["NP 0F 38 $ /r | Ey, Gy", "F6 wrss"],
  ["66 0F 38 $ /r | Ey, Gy", "F5 wruss"],
  ["$ | Ib", "C6_=F8 xabort"],
  ["$ | Jz", "C7_=F8 xbegin"],
  // System
  ["0F 00 $ | Ew", "/0 sldt /1 str /2 lldt /3 ltr /4 verr /5 verw"],
  ["0F 01 $ mem | M", "/0 sgdt /1 sidt"],
  ["0F 01 $ | Ew", "/4 smsw"],
  ["0F $ /r | Gv, Ew", "02 lar 03 lsl"],
  ["0F $", "07 sysret 34 sysenter 35 sysexit 37 getsec AA rsm"],
  ["NP 0F $ /r | Eq, Gq", "78 vmread"],
  ["NP 0F $ /r | Gq, Eq", "79 vmwrite"],
  ["66 0F 38 $ /r mem | Gq, Mdq", "80 invept 81 invvpid 82 invpcid"],
  ["NP 0F C7 $ mem | Mq", "/6 vmptrld /7 vmptrst"],
  ["66 0F C7 $ mem | Mq", "/6 vmclear"],
  ["F3 0F C7 $ mem | Mq", "/6 vmxon"],
  ["0F $ /r mem | Gv, Mp", "B2 lss B4 lfs B5 lgs"],
  ["0F $ | FS | d64", "A1 pop"],
  ["0F $ | GS | d64", "A9 pop"],
  ["0F 0D $ mem | M", "/0 prefetch /2 prefetchwt1 /3 prefetchw /4 prefetch /5 prefetch /6 prefetch /7 prefetch"],
  ["FF $ mem | Mp", "/3 call /5 jmp"],
  ["$", "F1 int1 CF iret CB retf"],
  ["$ | Iw", "CA retf"],
];

const VEX: readonly Entry[] = [
  // 0F38
  ["VEX.LIG.66.0F38.W0 $ /r | Vx, Hx, Wx", "50 vpdpbusd 51 vpdpbusds 52 vpdpwssd 53 vpdpwssds"],
  ["VEX.LIG.66.0F38.W1 $ /r | Vx, Hx, Wx", "B4 vpmadd52luq B5 vpmadd52huq"],
  ...opmask(),
];

/** Opmask instructions (AVX-512), in their four widths. */
function opmask(): Entry[] {
  const rows: Entry[] = [];
  for (const [pp, w, letter, memory] of [
    ["66", "W0", "b", "b"],
    ["NP", "W0", "w", "w"],
    ["66", "W1", "d", "d"],
    ["NP", "W1", "q", "q"],
  ] as const) {
    const names = (list: string): string => list.replaceAll("*", letter);
    rows.push([`VEX.256.${pp}.0F.${w} $ /r reg | Vk, Hk, Uk`, names("41 kand* 42 kandn* 45 kor* 46 kxnor* 47 kxor* 4A kadd*")]);
    rows.push([`VEX.128.${pp}.0F.${w} $ /r reg | Vk, Uk`, names("44 knot* 90 kmov* 98 kortest* 99 ktest*")]);
    rows.push([`VEX.128.${pp}.0F.${w} $ /r mem | Vk, M${memory}`, names("90 kmov*")]);
    rows.push([`VEX.128.${pp}.0F.${w} $ /r mem | M${memory}, Vk`, names("91 kmov*")]);
  }
  for (const [pp, w, name, size] of [
    ["66", "W0", "kmovb", "d"],
    ["NP", "W0", "kmovw", "d"],
    ["F2", "W0", "kmovd", "d"],
    ["F2", "W1", "kmovq", "q"],
  ] as const) {
    rows.push([`VEX.128.${pp}.0F.${w} $ /r reg | Vk, R${size}`, `92 ${name}`]);
    rows.push([`VEX.128.${pp}.0F.${w} $ /r reg | G${size}, Uk`, `93 ${name}`]);
  }
  rows.push(["VEX.256.66.0F.W0 $ /r reg | Vk, Hk, Uk", "4B kunpckbw"]);
  rows.push(["VEX.256.NP.0F.W0 $ /r reg | Vk, Hk, Uk", "4B kunpckwd"]);
  rows.push(["VEX.256.NP.0F.W1 $ /r reg | Vk, Hk, Uk", "4B kunpckdq"]);
  rows.push(["VEX.128.66.0F3A.W0 $ /r reg | Vk, Uk, Ib", "30 kshiftrb 31 kshiftrd 32 kshiftlb 33 kshiftld"]);
  rows.push(["VEX.128.66.0F3A.W1 $ /r reg | Vk, Uk, Ib", "30 kshiftrw 31 kshiftrq 32 kshiftlw 33 kshiftlq"]);
  return rows;
}

function notImplemented(): void {
  throw new Error("an instruction that is not implemented has no semantics");
}

/** One insn for each row: opcode and mnemonic in pairs, put into the row's `$`. */
function expand(entries: readonly Entry[]): Insn[] {
  const insns: Insn[] = [];
  for (const [row, pairs, feature] of entries) {
    const list = pairs.split(" ");
    for (let i = 0; i + 1 < list.length; i += 2) {
      insns.push(insn(list[i + 1]!, [row.replace("$", list[i]!.replaceAll("_", " "))], feature === undefined ? {} : { feature }, notImplemented));
    }
  }
  return insns;
}

export const knownInsns: readonly Insn[] = expand([...LEGACY, ...VEX]);
