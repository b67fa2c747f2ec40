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
  ["NP 0F AE $ mem | M", "/4 xsave /5 xrstor /6 xsaveopt"],
  ["NP 0F C7 $ mem | M", "/3 xrstors /4 xsavec /5 xsaves"],
  ["F3 0F AE $ mem | Mq", "/6 clrssbsy"],
  ["F3 0F AE $ reg | Ry", "/5 incssp"],
  ["F3 0F AE $ reg | Rq", "/6 umonitor"],
  ["F2 0F AE $ reg | Ry", "/6 umwait"],
  ["66 0F AE $ reg | Ry", "/6 tpause"],
  [
    "NP 0F 01 $",
    "=D0 xgetbv =D1 xsetbv =D5 xend =D6 xtest =EE rdpkru =EF wrpkru =CA clac =CB stac =C0 enclv =CF encls =D7 enclu =D4 vmfunc =FD rdpru",
  ],
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

const FMA: readonly string[] = ["6 fmaddsub", "7 fmsubadd", "8 fmadd", "A fmsub", "C fnmadd", "E fnmsub"];
const FMA_SCALAR: readonly string[] = ["9 fmadd", "B fmsub", "D fnmadd", "F fnmsub"];

/** VFMADD132PS and its relatives: order from the opcode's high digit, operation from its low one. */
function fma(): Entry[] {
  const rows: Entry[] = [];
  for (const [digit, order] of [
    ["9", "132"],
    ["A", "213"],
    ["B", "231"],
  ] as const) {
    for (const [w, packed, scalar] of [
      ["W0", "ps", "ss"],
      ["W1", "pd", "sd"],
    ] as const) {
      const pairs = (list: readonly string[], type: string): string =>
        list.map((entry) => `${digit}${entry.charAt(0)} v${entry.slice(2)}${order}${type}`).join(" ");
      rows.push([`VEX.LIG.66.0F38.${w} $ /r | Vx, Hx, Wx`, pairs(FMA, packed)]);
      rows.push([`VEX.LIG.66.0F38.${w} $ /r | Vdq, Hdq, W${scalar}`, pairs(FMA_SCALAR, scalar)]);
    }
  }
  return rows;
}

const VEX: readonly Entry[] = [
  // Moves
  ["VEX.LIG.NP.0F.WIG $ /r | Vx, Wx", "10 vmovups 28 vmovaps 51 vsqrtps 52 vrsqrtps 53 vrcpps 5B vcvtdq2ps"],
  ["VEX.LIG.NP.0F.WIG $ /r | Wx, Vx", "11 vmovups 29 vmovaps"],
  ["VEX.LIG.66.0F.WIG $ /r | Vx, Wx", "10 vmovupd 28 vmovapd 51 vsqrtpd 5B vcvtps2dq 6F vmovdqa"],
  ["VEX.LIG.66.0F.WIG $ /r | Wx, Vx", "11 vmovupd 29 vmovapd 7F vmovdqa"],
  ["VEX.LIG.F3.0F.WIG $ /r | Vx, Wx", "12 vmovsldup 16 vmovshdup 5B vcvttps2dq 6F vmovdqu"],
  ["VEX.LIG.F3.0F.WIG $ /r | Wx, Vx", "7F vmovdqu"],
  ["VEX.LIG.F3.0F.WIG $ /r mem | Vdq, Mss", "10 vmovss"],
  ["VEX.LIG.F3.0F.WIG $ /r mem | Mss, Vdq", "11 vmovss"],
  ["VEX.LIG.F3.0F.WIG $ /r reg | Vdq, Hdq, Udq", "10 vmovss"],
  ["VEX.LIG.F3.0F.WIG $ /r reg | Udq, Hdq, Vdq", "11 vmovss"],
  ["VEX.LIG.F2.0F.WIG $ /r mem | Vdq, Msd", "10 vmovsd"],
  ["VEX.LIG.F2.0F.WIG $ /r mem | Msd, Vdq", "11 vmovsd"],
  ["VEX.LIG.F2.0F.WIG $ /r reg | Vdq, Hdq, Udq", "10 vmovsd"],
  ["VEX.LIG.F2.0F.WIG $ /r reg | Udq, Hdq, Vdq", "11 vmovsd"],
  ["VEX.128.NP.0F.WIG $ /r mem | Vdq, Hdq, Mq", "12 vmovlps 16 vmovhps"],
  ["VEX.128.NP.0F.WIG $ /r reg | Vdq, Hdq, Udq", "12 vmovhlps 16 vmovlhps"],
  ["VEX.128.NP.0F.WIG $ /r mem | Mq, Vdq", "13 vmovlps 17 vmovhps"],
  ["VEX.128.66.0F.WIG $ /r mem | Vdq, Hdq, Mq", "12 vmovlpd 16 vmovhpd"],
  ["VEX.128.66.0F.WIG $ /r mem | Mq, Vdq", "13 vmovlpd 17 vmovhpd"],
  ["VEX.128.F2.0F.WIG $ /r | Vdq, Wq", "12 vmovddup"],
  ["VEX.256.F2.0F.WIG $ /r | Vqq, Wqq", "12 vmovddup"],
  ["VEX.LIG.NP.0F.WIG $ /r mem | Mx, Vx", "2B vmovntps"],
  ["VEX.LIG.66.0F.WIG $ /r mem | Mx, Vx", "2B vmovntpd E7 vmovntdq"],
  ["VEX.LIG.F2.0F.WIG $ /r mem | Vx, Mx", "F0 vlddqu"],
  ["VEX.128.66.0F.W0 $ /r | Vdq, Ed", "6E vmovd"],
  ["VEX.128.66.0F.W1 $ /r | Vdq, Eq", "6E vmovq"],
  ["VEX.128.66.0F.W0 $ /r | Ed, Vdq", "7E vmovd"],
  ["VEX.128.66.0F.W1 $ /r | Eq, Vdq", "7E vmovq"],
  ["VEX.128.F3.0F.WIG $ /r | Vdq, Wq", "7E vmovq"],
  ["VEX.128.66.0F.WIG $ /r | Wq, Vdq", "D6 vmovq"],
  ["VEX.LIG.NP.0F.WIG $ /r reg | Gd, Ux", "50 vmovmskps"],
  ["VEX.LIG.66.0F.WIG $ /r reg | Gd, Ux", "50 vmovmskpd D7 vpmovmskb"],
  ["VEX.128.66.0F.WIG $ /r reg | Vdq, Udq", "F7 vmaskmovdqu"],
  ["VEX.128.NP.0F.WIG $", "77 vzeroupper"],
  ["VEX.256.NP.0F.WIG $", "77 vzeroall"],
  ["VEX.LZ.NP.0F.WIG AE $ mem | Md", "/2 vldmxcsr /3 vstmxcsr"],
  // Float arithmetic
  [
    "VEX.LIG.NP.0F.WIG $ /r | Vx, Hx, Wx",
    "14 vunpcklps 15 vunpckhps 54 vandps 55 vandnps 56 vorps 57 vxorps 58 vaddps 59 vmulps 5C vsubps 5D vminps 5E vdivps 5F vmaxps",
  ],
  [
    "VEX.LIG.66.0F.WIG $ /r | Vx, Hx, Wx",
    "14 vunpcklpd 15 vunpckhpd 54 vandpd 55 vandnpd 56 vorpd 57 vxorpd 58 vaddpd 59 vmulpd 5C vsubpd 5D vminpd 5E vdivpd 5F vmaxpd 7C vhaddpd 7D vhsubpd D0 vaddsubpd",
  ],
  ["VEX.LIG.F2.0F.WIG $ /r | Vx, Hx, Wx", "7C vhaddps 7D vhsubps D0 vaddsubps"],
  [
    "VEX.LIG.F3.0F.WIG $ /r | Vdq, Hdq, Wss",
    "51 vsqrtss 52 vrsqrtss 53 vrcpss 58 vaddss 59 vmulss 5A vcvtss2sd 5C vsubss 5D vminss 5E vdivss 5F vmaxss",
  ],
  ["VEX.LIG.F2.0F.WIG $ /r | Vdq, Hdq, Wsd", "51 vsqrtsd 58 vaddsd 59 vmulsd 5A vcvtsd2ss 5C vsubsd 5D vminsd 5E vdivsd 5F vmaxsd"],
  ["VEX.LIG.NP.0F.WIG $ /r | Vx, Hx, Wx, Ib", "C2 vcmpps C6 vshufps"],
  ["VEX.LIG.66.0F.WIG $ /r | Vx, Hx, Wx, Ib", "C2 vcmppd C6 vshufpd"],
  ["VEX.LIG.F3.0F.WIG $ /r | Vdq, Hdq, Wss, Ib", "C2 vcmpss"],
  ["VEX.LIG.F2.0F.WIG $ /r | Vdq, Hdq, Wsd, Ib", "C2 vcmpsd"],
  ["VEX.LIG.NP.0F.WIG $ /r | Vdq, Wss", "2E vucomiss 2F vcomiss"],
  ["VEX.LIG.66.0F.WIG $ /r | Vdq, Wsd", "2E vucomisd 2F vcomisd"],
  ["VEX.LIG.F3.0F.WIG $ /r | Vdq, Hdq, Ey", "2A vcvtsi2ss"],
  ["VEX.LIG.F2.0F.WIG $ /r | Vdq, Hdq, Ey", "2A vcvtsi2sd"],
  ["VEX.LIG.F3.0F.WIG $ /r | Gy, Wss", "2C vcvttss2si 2D vcvtss2si"],
  ["VEX.LIG.F2.0F.WIG $ /r | Gy, Wsd", "2C vcvttsd2si 2D vcvtsd2si"],
  ["VEX.128.NP.0F.WIG $ /r | Vdq, Wq", "5A vcvtps2pd"],
  ["VEX.256.NP.0F.WIG $ /r | Vqq, Wdq", "5A vcvtps2pd"],
  ["VEX.LIG.66.0F.WIG $ /r | Vdq, Wx", "5A vcvtpd2ps E6 vcvttpd2dq"],
  ["VEX.LIG.F2.0F.WIG $ /r | Vdq, Wx", "E6 vcvtpd2dq"],
  ["VEX.128.F3.0F.WIG $ /r | Vdq, Wq", "E6 vcvtdq2pd"],
  ["VEX.256.F3.0F.WIG $ /r | Vqq, Wdq", "E6 vcvtdq2pd"],
  // Integer arithmetic
  [
    "VEX.LIG.66.0F.WIG $ /r | Vx, Hx, Wx",
    "60 vpunpcklbw 61 vpunpcklwd 62 vpunpckldq 63 vpacksswb 64 vpcmpgtb 65 vpcmpgtw 66 vpcmpgtd 67 vpackuswb 68 vpunpckhbw 69 vpunpckhwd 6A vpunpckhdq 6B vpackssdw " +
      "6C vpunpcklqdq 6D vpunpckhqdq 74 vpcmpeqb 75 vpcmpeqw 76 vpcmpeqd D4 vpaddq D5 vpmullw D8 vpsubusb D9 vpsubusw DA vpminub DB vpand DC vpaddusb DD vpaddusw " +
      "DE vpmaxub DF vpandn E0 vpavgb E3 vpavgw E4 vpmulhuw E5 vpmulhw E8 vpsubsb E9 vpsubsw EA vpminsw EB vpor EC vpaddsb ED vpaddsw EE vpmaxsw EF vpxor " +
      "F4 vpmuludq F5 vpmaddwd F6 vpsadbw F8 vpsubb F9 vpsubw FA vpsubd FB vpsubq FC vpaddb FD vpaddw FE vpaddd",
  ],
  ["VEX.LIG.66.0F.WIG $ /r | Vx, Hx, Wdq", "D1 vpsrlw D2 vpsrld D3 vpsrlq E1 vpsraw E2 vpsrad F1 vpsllw F2 vpslld F3 vpsllq"],
  ["VEX.LIG.66.0F.WIG 71 $ reg | Hx, Ux, Ib", "/2 vpsrlw /4 vpsraw /6 vpsllw"],
  ["VEX.LIG.66.0F.WIG 72 $ reg | Hx, Ux, Ib", "/2 vpsrld /4 vpsrad /6 vpslld"],
  ["VEX.LIG.66.0F.WIG 73 $ reg | Hx, Ux, Ib", "/2 vpsrlq /3 vpsrldq /6 vpsllq /7 vpslldq"],
  ["VEX.LIG.66.0F.WIG $ /r | Vx, Wx, Ib", "70 vpshufd"],
  ["VEX.LIG.F3.0F.WIG $ /r | Vx, Wx, Ib", "70 vpshufhw"],
  ["VEX.LIG.F2.0F.WIG $ /r | Vx, Wx, Ib", "70 vpshuflw"],
  ["VEX.128.66.0F.WIG $ /r mem | Vdq, Hdq, Mw, Ib", "C4 vpinsrw"],
  ["VEX.128.66.0F.WIG $ /r reg | Vdq, Hdq, Rd, Ib", "C4 vpinsrw"],
  ["VEX.128.66.0F.WIG $ /r reg | Gd, Udq, Ib", "C5 vpextrw"],
  // 0F38
  [
    "VEX.LIG.66.0F38.WIG $ /r | Vx, Hx, Wx",
    "00 vpshufb 01 vphaddw 02 vphaddd 03 vphaddsw 04 vpmaddubsw 05 vphsubw 06 vphsubd 07 vphsubsw 08 vpsignb 09 vpsignw 0A vpsignd 0B vpmulhrsw 28 vpmuldq 29 vpcmpeqq " +
      "2B vpackusdw 37 vpcmpgtq 38 vpminsb 39 vpminsd 3A vpminuw 3B vpminud 3C vpmaxsb 3D vpmaxsd 3E vpmaxuw 3F vpmaxud 40 vpmulld DC vaesenc DD vaesenclast DE vaesdec DF vaesdeclast",
  ],
  [
    "VEX.LIG.66.0F38.W0 $ /r | Vx, Hx, Wx",
    "0C vpermilps 45 vpsrlvd 46 vpsravd 47 vpsllvd CF vgf2p8mulb 50 vpdpbusd 51 vpdpbusds 52 vpdpwssd 53 vpdpwssds",
  ],
  ["VEX.LIG.66.0F38.W0 $ /r | Vx, Hx, Wx", "0D vpermilpd"],
  ["VEX.LIG.66.0F38.W1 $ /r | Vx, Hx, Wx", "45 vpsrlvq 47 vpsllvq B4 vpmadd52luq B5 vpmadd52huq"],
  ["VEX.LIG.66.0F38.WIG $ /r | Vx, Wx", "17 vptest 1C vpabsb 1D vpabsw 1E vpabsd"],
  ["VEX.LIG.66.0F38.W0 $ /r | Vx, Wx", "0E vtestps 0F vtestpd"],
  ["VEX.128.66.0F38.WIG $ /r | Vdq, Wdq", "41 vphminposuw DB vaesimc"],
  ["VEX.128.66.0F38.WIG $ /r | Vdq, Wq", "20 vpmovsxbw 23 vpmovsxwd 25 vpmovsxdq 30 vpmovzxbw 33 vpmovzxwd 35 vpmovzxdq"],
  ["VEX.128.66.0F38.WIG $ /r | Vdq, Wd", "21 vpmovsxbd 24 vpmovsxwq 31 vpmovzxbd 34 vpmovzxwq"],
  ["VEX.128.66.0F38.WIG $ /r | Vdq, Ww", "22 vpmovsxbq 32 vpmovzxbq"],
  ["VEX.256.66.0F38.WIG $ /r | Vqq, Wdq", "20 vpmovsxbw 23 vpmovsxwd 25 vpmovsxdq 30 vpmovzxbw 33 vpmovzxwd 35 vpmovzxdq"],
  ["VEX.256.66.0F38.WIG $ /r | Vqq, Wq", "21 vpmovsxbd 24 vpmovsxwq 31 vpmovzxbd 34 vpmovzxwq"],
  ["VEX.256.66.0F38.WIG $ /r | Vqq, Wd", "22 vpmovsxbq 32 vpmovzxbq"],
  ["VEX.LIG.66.0F38.WIG $ /r mem | Vx, Mx", "2A vmovntdqa"],
  ["VEX.128.66.0F38.W0 $ /r | Vdq, Wq", "13 vcvtph2ps"],
  ["VEX.256.66.0F38.W0 $ /r | Vqq, Wdq", "13 vcvtph2ps"],
  ["VEX.256.66.0F38.W0 $ /r | Vqq, Hqq, Wqq", "16 vpermps 36 vpermd"],
  ["VEX.LIG.66.0F38.W0 $ /r | Vx, Wss", "18 vbroadcastss"],
  ["VEX.256.66.0F38.W0 $ /r | Vqq, Wsd", "19 vbroadcastsd"],
  ["VEX.256.66.0F38.W0 $ /r mem | Vqq, Mdq", "1A vbroadcastf128 5A vbroadcasti128"],
  ["VEX.LIG.66.0F38.W0 $ /r | Vx, Wd", "58 vpbroadcastd"],
  ["VEX.LIG.66.0F38.W0 $ /r | Vx, Wq", "59 vpbroadcastq"],
  ["VEX.LIG.66.0F38.W0 $ /r | Vx, Wb", "78 vpbroadcastb"],
  ["VEX.LIG.66.0F38.W0 $ /r | Vx, Ww", "79 vpbroadcastw"],
  ["VEX.LIG.66.0F38.W0 $ /r mem | Vx, Hx, Mx", "2C vmaskmovps 2D vmaskmovpd 8C vpmaskmovd"],
  ["VEX.LIG.66.0F38.W0 $ /r mem | Mx, Hx, Vx", "2E vmaskmovps 2F vmaskmovpd 8E vpmaskmovd"],
  ["VEX.LIG.66.0F38.W1 $ /r mem | Vx, Hx, Mx", "8C vpmaskmovq"],
  ["VEX.LIG.66.0F38.W1 $ /r mem | Mx, Hx, Vx", "8E vpmaskmovq"],
  ["VEX.LIG.66.0F38.W0 $ /r mem | Vx, Md, Hx", "90 vpgatherdd 92 vgatherdps"],
  ["VEX.LIG.66.0F38.W1 $ /r mem | Vx, Mq, Hx", "90 vpgatherdq 91 vpgatherqq 92 vgatherdpd 93 vgatherqpd"],
  ["VEX.LIG.66.0F38.W0 $ /r mem | Vdq, Md, Hdq", "91 vpgatherqd 93 vgatherqps"],
  ...fma(),
  ...opmask(),
  // 0F3A
  ["VEX.LIG.66.0F3A.WIG $ /r | Vx, Wx, Ib", "08 vroundps 09 vroundpd"],
  ["VEX.LIG.66.0F3A.W0 $ /r | Vx, Wx, Ib", "04 vpermilps 05 vpermilpd"],
  ["VEX.256.66.0F3A.WIG $ /r | Vqq, Wqq, Ib", "00 vpermq 01 vpermpd"],
  ["VEX.LIG.66.0F3A.W0 $ /r | Vx, Hx, Wx, Ib", "02 vpblendd"],
  ["VEX.LIG.66.0F3A.W1 $ /r | Vx, Hx, Wx, Ib", "CE vgf2p8affineqb CF vgf2p8affineinvqb"],
  ["VEX.256.66.0F3A.W0 $ /r | Vqq, Hqq, Wqq, Ib", "06 vperm2f128 46 vperm2i128"],
  ["VEX.LIG.66.0F3A.WIG $ /r | Vdq, Hdq, Wss, Ib", "0A vroundss"],
  ["VEX.LIG.66.0F3A.WIG $ /r | Vdq, Hdq, Wsd, Ib", "0B vroundsd"],
  ["VEX.LIG.66.0F3A.WIG $ /r | Vx, Hx, Wx, Ib", "0C vblendps 0D vblendpd 0E vpblendw 0F vpalignr 40 vdpps 42 vmpsadbw 44 vpclmulqdq"],
  ["VEX.128.66.0F3A.WIG $ /r | Vdq, Hdq, Wdq, Ib", "41 vdppd"],
  ["VEX.128.66.0F3A.WIG $ /r mem | Mb, Vdq, Ib", "14 vpextrb"],
  ["VEX.128.66.0F3A.WIG $ /r mem | Mw, Vdq, Ib", "15 vpextrw"],
  ["VEX.128.66.0F3A.WIG $ /r reg | Rd, Vdq, Ib", "14 vpextrb 15 vpextrw"],
  ["VEX.128.66.0F3A.W0 $ /r | Ed, Vdq, Ib", "16 vpextrd"],
  ["VEX.128.66.0F3A.W1 $ /r | Eq, Vdq, Ib", "16 vpextrq"],
  ["VEX.128.66.0F3A.WIG $ /r | Ed, Vdq, Ib", "17 vextractps"],
  ["VEX.128.66.0F3A.WIG $ /r mem | Vdq, Hdq, Mb, Ib", "20 vpinsrb"],
  ["VEX.128.66.0F3A.WIG $ /r reg | Vdq, Hdq, Rd, Ib", "20 vpinsrb"],
  ["VEX.128.66.0F3A.WIG $ /r | Vdq, Hdq, Wss, Ib", "21 vinsertps"],
  ["VEX.128.66.0F3A.W0 $ /r | Vdq, Hdq, Ed, Ib", "22 vpinsrd"],
  ["VEX.128.66.0F3A.W1 $ /r | Vdq, Hdq, Eq, Ib", "22 vpinsrq"],
  ["VEX.256.66.0F3A.W0 $ /r | Vqq, Hqq, Wdq, Ib", "18 vinsertf128 38 vinserti128"],
  ["VEX.256.66.0F3A.W0 $ /r | Wdq, Vqq, Ib", "19 vextractf128 39 vextracti128"],
  ["VEX.128.66.0F3A.W0 $ /r | Wq, Vdq, Ib", "1D vcvtps2ph"],
  ["VEX.256.66.0F3A.W0 $ /r | Wdq, Vqq, Ib", "1D vcvtps2ph"],
  ["VEX.LIG.66.0F3A.W0 $ /r | Vx, Hx, Wx, Lx", "4A vblendvps 4B vblendvpd 4C vpblendvb"],
  ["VEX.128.66.0F3A.WIG $ /r | Vdq, Wdq, Ib", "60 vpcmpestrm 61 vpcmpestri 62 vpcmpistrm 63 vpcmpistri DF vaeskeygenassist"],
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
