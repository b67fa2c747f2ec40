/**
 * Instructions of the architecture that are not implemented: rows only, so that the decoder tells them from invalid opcodes and the disassembler names
 * them. A row declared in `isa/` takes the place of one here. An entry with a feature that a CPU can have is left out where it does not announce it.
 */

import type { Feature, Insn } from "../isa/insn.ts";
import { expand } from "../isa/named.ts";
import type { Entry } from "../isa/named.ts";

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

const VNNI = "50 vpdpbusd 51 vpdpbusds 52 vpdpwssd 53 vpdpwssds";
const IFMA = "B4 vpmadd52luq B5 vpmadd52huq";

const VEX: readonly Entry[] = [
  ["VEX.128.66.0F38.W0 $ /r | Vdq, Hdq, Wdq", VNNI, "avx_vnni"],
  ["VEX.256.66.0F38.W0 $ /r | Vqq, Hqq, Wqq", VNNI, "avx_vnni"],
  ["VEX.128.66.0F38.W1 $ /r | Vdq, Hdq, Wdq", IFMA, "avx_ifma"],
  ["VEX.256.66.0F38.W1 $ /r | Vqq, Hqq, Wqq", IFMA, "avx_ifma"],
  ...opmask(),
];

/** Opmask instructions (AVX-512), in their four widths. */
function opmask(): Entry[] {
  const rows: Entry[] = [];
  for (const [pp, w, letter, feature] of [
    ["66", "W0", "b", "avx512dq"],
    ["NP", "W0", "w", "avx512f"],
    ["66", "W1", "d", "avx512bw"],
    ["NP", "W1", "q", "avx512bw"],
  ] as const) {
    const add = (row: string, list: string, from: Feature = feature): void => void rows.push([row, list.replaceAll("*", letter), from]);
    const since = letter === "w" ? "avx512dq" : feature;
    add(`VEX.256.${pp}.0F.${w} $ /r reg | Vk, Hk, Uk`, "41 kand* 42 kandn* 45 kor* 46 kxnor* 47 kxor*");
    add(`VEX.256.${pp}.0F.${w} $ /r reg | Vk, Hk, Uk`, "4A kadd*", since);
    add(`VEX.128.${pp}.0F.${w} $ /r reg | Vk, Uk`, "44 knot* 90 kmov* 98 kortest*");
    add(`VEX.128.${pp}.0F.${w} $ /r reg | Vk, Uk`, "99 ktest*", since);
    add(`VEX.128.${pp}.0F.${w} $ /r mem | Vk, M${letter}`, "90 kmov*");
    add(`VEX.128.${pp}.0F.${w} $ /r mem | M${letter}, Vk`, "91 kmov*");
  }
  for (const [pp, w, name, size, feature] of [
    ["66", "W0", "kmovb", "d", "avx512dq"],
    ["NP", "W0", "kmovw", "d", "avx512f"],
    ["F2", "W0", "kmovd", "d", "avx512bw"],
    ["F2", "W1", "kmovq", "q", "avx512bw"],
  ] as const) {
    rows.push([`VEX.128.${pp}.0F.${w} $ /r reg | Vk, R${size}`, `92 ${name}`, feature]);
    rows.push([`VEX.128.${pp}.0F.${w} $ /r reg | G${size}, Uk`, `93 ${name}`, feature]);
  }
  rows.push(["VEX.256.66.0F.W0 $ /r reg | Vk, Hk, Uk", "4B kunpckbw", "avx512f"]);
  rows.push(["VEX.256.NP.0F.W* $ /r reg | Vk, Hk, Uk", "4B kunpckwd/kunpckdq", "avx512bw"]);
  rows.push(["VEX.128.66.0F3A.W0 $ /r reg | Vk, Uk, Ib", "30 kshiftrb 32 kshiftlb", "avx512dq"]);
  rows.push(["VEX.128.66.0F3A.W1 $ /r reg | Vk, Uk, Ib", "30 kshiftrw 32 kshiftlw", "avx512f"]);
  rows.push(["VEX.128.66.0F3A.W* $ /r reg | Vk, Uk, Ib", "31 kshiftrd/kshiftrq 33 kshiftld/kshiftlq", "avx512bw"]);
  return rows;
}

export const knownInsns: readonly Insn[] = expand([...LEGACY, ...VEX]);
