/** EVEX instructions that are no VEX instructions promoted, by opcode map (SDM volume 2; for maps 5 and 6 the AVX512-FP16 architecture specification). Functions, so that who names nothing does not pay. */

import type { Entry } from "./named.ts";

const map0f = (): readonly Entry[] => [
  // Moves and logic by element
  ["EVEX.L.66.0F.W* $ /r | Vx{kz}, Wx", "6F vmovdqa32/vmovdqa64"],
  ["EVEX.L.66.0F.W* $ /r | Wx{kz}, Vx", "7F vmovdqa32/vmovdqa64"],
  ["EVEX.L.F3.0F.W* $ /r | Vx{kz}, Wx", "6F vmovdqu32/vmovdqu64"],
  ["EVEX.L.F3.0F.W* $ /r | Wx{kz}, Vx", "7F vmovdqu32/vmovdqu64"],
  ["EVEX.L.F2.0F.W* $ /r | Vx{kz}, Wx", "6F vmovdqu8/vmovdqu16", "avx512bw"],
  ["EVEX.L.F2.0F.W* $ /r | Wx{kz}, Vx", "7F vmovdqu8/vmovdqu16", "avx512bw"],
  ["EVEX.L.66.0F.W* $ /r | Vx{kz}, Hx, Wx{b*}", "DB vpandd/vpandq DF vpandnd/vpandnq EB vpord/vporq EF vpxord/vpxorq"],
  // Shifts and rotations
  ["EVEX.L.66.0F.W1 $ /r | Vx{kz}, Hx, Wdq", "E2 vpsraq"],
  ["EVEX.L.66.0F.W1 $ | Hx{kz}, Wx{b64}, Ib", "72_/4 vpsraq"],
  ["EVEX.L.66.0F.W* $ | Hx{kz}, Wx{b*}, Ib", "72_/0 vprord/vprorq 72_/1 vprold/vprolq"],
  // Conversions: packed, 32 bits, 64 bits, between both
  ["EVEX.L.NP.0F.W0 $ /r | Vx{kz}, Wx{b32}{sae}", "78 vcvttps2udq"],
  ["EVEX.L.NP.0F.W0 $ /r | Vx{kz}, Wx{b32}{er}", "79 vcvtps2udq"],
  ["EVEX.L.F2.0F.W0 $ /r | Vx{kz}, Wx{b32}{er}", "7A vcvtudq2ps"],
  ["EVEX.L.66.0F.W1 $ /r | Vx{kz}, Wx{b64}{sae}", "78 vcvttpd2uqq 7A vcvttpd2qq", "avx512dq"],
  ["EVEX.L.66.0F.W1 $ /r | Vx{kz}, Wx{b64}{er}", "79 vcvtpd2uqq 7B vcvtpd2qq", "avx512dq"],
  ["EVEX.L.F3.0F.W1 $ /r | Vx{kz}, Wx{b64}{er}", "7A vcvtuqq2pd E6 vcvtqq2pd", "avx512dq"],
  ["EVEX.L.66.0F.W0 $ /r | Vx{kz}, Whx{b32}{sae}", "78 vcvttps2uqq 7A vcvttps2qq", "avx512dq"],
  ["EVEX.L.66.0F.W0 $ /r | Vx{kz}, Whx{b32}{er}", "79 vcvtps2uqq 7B vcvtps2qq", "avx512dq"],
  ["EVEX.L.F3.0F.W0 $ /r | Vx{kz}, Whx{b32}", "7A vcvtudq2pd"],
  ["EVEX.L.NP.0F.W1 $ /r | Vhx{kz}, Wx{b64}{sae}", "78 vcvttpd2udq"],
  ["EVEX.L.NP.0F.W1 $ /r | Vhx{kz}, Wx{b64}{er}", "79 vcvtpd2udq"],
  ["EVEX.L.NP.0F.W1 $ /r | Vhx{kz}, Wx{b64}{er}", "5B vcvtqq2ps", "avx512dq"],
  ["EVEX.L.F2.0F.W1 $ /r | Vhx{kz}, Wx{b64}{er}", "7A vcvtuqq2ps", "avx512dq"],
  // Conversions: scalar
  ["EVEX.LIG.F3.0F.WIG $ /r | Gy, Wss{sae}", "78 vcvttss2usi"],
  ["EVEX.LIG.F2.0F.WIG $ /r | Gy, Wsd{sae}", "78 vcvttsd2usi"],
  ["EVEX.LIG.F3.0F.WIG $ /r | Gy, Wss{er}", "79 vcvtss2usi"],
  ["EVEX.LIG.F2.0F.WIG $ /r | Gy, Wsd{er}", "79 vcvtsd2usi"],
  ["EVEX.LIG.F3.0F.WIG $ /r | Vss, Hss, Ey{er}", "7B vcvtusi2ss"],
  ["EVEX.LIG.F2.0F.WIG $ /r | Vsd, Hsd, Ey{er}", "7B vcvtusi2sd"],
];

const map0f38 = (): readonly Entry[] => [
  // Shifts and rotations by elements
  ["EVEX.L.66.0F38.W1 $ /r | Vx{kz}, Hx, Wx", "10 vpsrlvw 11 vpsravw 12 vpsllvw", "avx512bw"],
  ["EVEX.L.66.0F38.W* $ /r | Vx{kz}, Hx, Wx{b*}", "14 vprorvd/vprorvq 15 vprolvd/vprolvq"],
  ["EVEX.L.66.0F38.W1 $ /r | Vx{kz}, Hx, Wx{b64}", "46 vpsravq 39 vpminsq 3B vpminuq 3D vpmaxsq 3F vpmaxuq"],
  ["EVEX.L.66.0F38.W1 $ /r | Vx{kz}, Wx{b64}", "1F vpabsq"],
  ["EVEX.L.66.0F38.W1 $ /r | Vx{kz}, Hx, Wx{b64}", "40 vpmullq", "avx512dq"],
  ["EVEX.L.66.0F38.W1 $ /r | Vx{kz}, Hx, Wx", "70 vpshldvw 72 vpshrdvw", "avx512_vbmi2"],
  ["EVEX.L.66.0F38.W* $ /r | Vx{kz}, Hx, Wx{b*}", "71 vpshldvd/vpshldvq 73 vpshrdvd/vpshrdvq", "avx512_vbmi2"],
  // Broadcasts
  ["EVEX.256+.66.0F38.W0 $ /r | Vx{kz}, Wq", "19 vbroadcastf32x2", "avx512dq"],
  ["EVEX.L.66.0F38.W0 $ /r | Vx{kz}, Wq", "59 vbroadcasti32x2", "avx512dq"],
  ["EVEX.256+.66.0F38.W0 $ /r | Vx{kz}, Mdq", "1A vbroadcastf32x4 5A vbroadcasti32x4"],
  ["EVEX.256+.66.0F38.W1 $ /r | Vx{kz}, Mdq", "1A vbroadcastf64x2 5A vbroadcasti64x2", "avx512dq"],
  ["EVEX.512.66.0F38.W0 $ /r | Vx{kz}, Mqq", "1B vbroadcastf32x8 5B vbroadcasti32x8", "avx512dq"],
  ["EVEX.512.66.0F38.W1 $ /r | Vx{kz}, Mqq", "1B vbroadcastf64x4 5B vbroadcasti64x4"],
  ["EVEX.L.66.0F38.W0 $ /r | Vx{kz}, Rd", "7A vpbroadcastb 7B vpbroadcastw", "avx512bw"],
  ["EVEX.L.66.0F38.W* $ /r | Vx{kz}, R*", "7C vpbroadcastd/vpbroadcastq"],
  // Opmasks from and to vectors
  ["EVEX.L.66.0F38.W* $ /r | Vk{k}, Hx, Wx", "26 vptestmb/vptestmw", "avx512bw"],
  ["EVEX.L.F3.0F38.W* $ /r | Vk{k}, Hx, Wx", "26 vptestnmb/vptestnmw", "avx512bw"],
  ["EVEX.L.66.0F38.W* $ /r | Vk{k}, Hx, Wx{b*}", "27 vptestmd/vptestmq"],
  ["EVEX.L.F3.0F38.W* $ /r | Vk{k}, Hx, Wx{b*}", "27 vptestnmd/vptestnmq"],
  ["EVEX.L.F3.0F38.W* $ /r | Vx, Uk", "28 vpmovm2b/vpmovm2w", "avx512bw"],
  ["EVEX.L.F3.0F38.W* $ /r | Vx, Uk", "38 vpmovm2d/vpmovm2q", "avx512dq"],
  ["EVEX.L.F3.0F38.W* $ /r | Vk, Ux", "29 vpmovb2m/vpmovw2m", "avx512bw"],
  ["EVEX.L.F3.0F38.W* $ /r | Vk, Ux", "39 vpmovd2m/vpmovq2m", "avx512dq"],
  ["EVEX.L.F3.0F38.W1 $ /r | Vx, Uk", "2A vpbroadcastmb2q", "avx512cd"],
  ["EVEX.L.F3.0F38.W0 $ /r | Vx, Uk", "3A vpbroadcastmw2d", "avx512cd"],
  ["EVEX.L.66.0F38.W0 $ /r | Vk{k}, Hx, Wx", "8F vpshufbitqmb", "avx512_bitalg"],
  ["EVEX.L.F2.0F38.W* $ /r | Vk, Hx, Wx{b*}", "68 vp2intersectd/vp2intersectq", "avx512_vp2intersect"],
  ["EVEX.L.66.0F38.W* $ /r | Vx{kz}, Hx, Wx{b*}", "64 vpblendmd/vpblendmq 65 vblendmps/vblendmpd"],
  ["EVEX.L.66.0F38.W* $ /r | Vx{kz}, Hx, Wx", "66 vpblendmb/vpblendmw", "avx512bw"],
  // Counting
  ["EVEX.L.66.0F38.W* $ /r | Vx{kz}, Wx{b*}", "44 vplzcntd/vplzcntq C4 vpconflictd/vpconflictq", "avx512cd"],
  ["EVEX.L.66.0F38.W* $ /r | Vx{kz}, Wx", "54 vpopcntb/vpopcntw", "avx512_bitalg"],
  ["EVEX.L.66.0F38.W* $ /r | Vx{kz}, Wx{b*}", "55 vpopcntd/vpopcntq", "avx512_vpopcntdq"],
  // Floating point
  ["EVEX.L.66.0F38.W* $ /r | Vx{kz}, Hx, Wx{b*}{er}", "2C vscalefps/vscalefpd"],
  ["EVEX.LIG.66.0F38.W* $ /r | Vs*{kz}, Hs*, Ws*{er}", "2D vscalefss/vscalefsd"],
  ["EVEX.L.66.0F38.W* $ /r | Vx{kz}, Wx{b*}{sae}", "42 vgetexpps/vgetexppd"],
  ["EVEX.LIG.66.0F38.W* $ /r | Vs*{kz}, Hs*, Ws*{sae}", "43 vgetexpss/vgetexpsd"],
  ["EVEX.L.66.0F38.W* $ /r | Vx{kz}, Wx{b*}", "4C vrcp14ps/vrcp14pd 4E vrsqrt14ps/vrsqrt14pd"],
  ["EVEX.LIG.66.0F38.W* $ /r | Vs*{kz}, Hs*, Ws*", "4D vrcp14ss/vrcp14sd 4F vrsqrt14ss/vrsqrt14sd"],
  ["EVEX.512.66.0F38.W* $ /r | Vx{kz}, Wx{b*}{sae}", "C8 vexp2ps/vexp2pd CA vrcp28ps/vrcp28pd CC vrsqrt28ps/vrsqrt28pd", "avx512er"],
  ["EVEX.LIG.66.0F38.W* $ /r | Vs*{kz}, Hs*, Ws*{sae}", "CB vrcp28ss/vrcp28sd CD vrsqrt28ss/vrsqrt28sd", "avx512er"],
  ["EVEX.512.F2.0F38.W0 $ /r | Vx{kz}, Hx, Mdq", "9A v4fmaddps AA v4fnmaddps", "avx512_4fmaps"],
  ["EVEX.LIG.F2.0F38.W0 $ /r | Vss{kz}, Hss, Mdq", "9B v4fmaddss AB v4fnmaddss", "avx512_4fmaps"],
  // Products
  ["EVEX.L.66.0F38.W0 $ /r | Vx{kz}, Hx, Wx{b32}", "50 vpdpbusd 51 vpdpbusds 52 vpdpwssd 53 vpdpwssds", "avx512_vnni"],
  ["EVEX.512.F2.0F38.W0 $ /r | Vx{kz}, Hx, Mdq", "52 vp4dpwssd 53 vp4dpwssds", "avx512_4vnniw"],
  ["EVEX.L.66.0F38.W1 $ /r | Vx{kz}, Hx, Wx{b64}", "B4 vpmadd52luq B5 vpmadd52huq", "avx512_ifma"],
  ["EVEX.L.F3.0F38.W0 $ /r | Vx{kz}, Hx, Wx{b32}", "52 vdpbf16ps", "avx512_bf16"],
  ["EVEX.L.F2.0F38.W0 $ /r | Vx{kz}, Hx, Wx{b32}", "72 vcvtne2ps2bf16", "avx512_bf16"],
  ["EVEX.L.F3.0F38.W0 $ /r | Vhx{kz}, Wx{b32}", "72 vcvtneps2bf16", "avx512_bf16"],
  // Compression
  ["EVEX.L.66.0F38.W* $ /r | Wx{kz}, Vx | n*", "8A vcompressps/vcompresspd 8B vpcompressd/vpcompressq"],
  ["EVEX.L.66.0F38.W* $ /r | Vx{kz}, Wx | n*", "88 vexpandps/vexpandpd 89 vpexpandd/vpexpandq"],
  ["EVEX.L.66.0F38.W0 $ /r | Wx{kz}, Vx | n1", "63 vpcompressb", "avx512_vbmi2"],
  ["EVEX.L.66.0F38.W1 $ /r | Wx{kz}, Vx | n2", "63 vpcompressw", "avx512_vbmi2"],
  ["EVEX.L.66.0F38.W0 $ /r | Vx{kz}, Wx | n1", "62 vpexpandb", "avx512_vbmi2"],
  ["EVEX.L.66.0F38.W1 $ /r | Vx{kz}, Wx | n2", "62 vpexpandw", "avx512_vbmi2"],
  // Permutations
  ["EVEX.256+.66.0F38.W1 $ /r | Vx{kz}, Hx, Wx{b64}", "16 vpermpd 36 vpermq"],
  ["EVEX.L.66.0F38.W* $ /r | Vx{kz}, Hx, Wx{b*}", "76 vpermi2d/vpermi2q 77 vpermi2ps/vpermi2pd 7E vpermt2d/vpermt2q 7F vpermt2ps/vpermt2pd"],
  ["EVEX.L.66.0F38.W0 $ /r | Vx{kz}, Hx, Wx", "75 vpermi2b 7D vpermt2b 8D vpermb", "avx512_vbmi"],
  ["EVEX.L.66.0F38.W1 $ /r | Vx{kz}, Hx, Wx", "75 vpermi2w 7D vpermt2w 8D vpermw", "avx512bw"],
  ["EVEX.L.66.0F38.W1 $ /r | Vx{kz}, Hx, Wx{b64}", "83 vpmultishiftqb", "avx512_vbmi"],
  // Scatters and prefetches
  ["EVEX.L.66.0F38.W* $ /r | M*{k}, Vx | vsib", "A0 vpscatterdd/vpscatterdq A2 vscatterdps/vscatterdpd"],
  ["EVEX.L.66.0F38.W0 $ /r | Md{k}, Vhx | vsib", "A1 vpscatterqd A3 vscatterqps"],
  ["EVEX.L.66.0F38.W1 $ /r | Mq{k}, Vx | vsib", "A1 vpscatterqq A3 vscatterqpd"],
  ["EVEX.512.66.0F38.W* $ | M*{k} | vsib", prefetches("C6", "d"), "avx512pf"],
  ["EVEX.512.66.0F38.W* $ | M*{k} | vsib", prefetches("C7", "q"), "avx512pf"],
  // Narrower integers: truncated, and with signed and unsigned saturation
  ["EVEX.L.F3.0F38.W0 $ /r | Whx{kz}, Vx", "10 vpmovuswb 20 vpmovswb 30 vpmovwb", "avx512bw"],
  ["EVEX.L.F3.0F38.W0 $ /r | Wqx{kz}, Vx", "11 vpmovusdb 21 vpmovsdb 31 vpmovdb 14 vpmovusqw 24 vpmovsqw 34 vpmovqw"],
  ["EVEX.L.F3.0F38.W0 $ /r | Wox{kz}, Vx", "12 vpmovusqb 22 vpmovsqb 32 vpmovqb"],
  ["EVEX.L.F3.0F38.W0 $ /r | Whx{kz}, Vx", "13 vpmovusdw 23 vpmovsdw 33 vpmovdw 15 vpmovusqd 25 vpmovsqd 35 vpmovqd"],
];

/** Prefetches for gathers (/1, /2) and scatters (/5, /6) into both levels; `index`: d or q. */
function prefetches(opcode: string, index: string): string {
  return ["1 vgatherpf0", "2 vgatherpf1", "5 vscatterpf0", "6 vscatterpf1"].map((text) => `${opcode}_/${text}${index}ps/${text.slice(2)}${index}pd`).join(" ");
}

const map0f3a = (): readonly Entry[] => [
  ["EVEX.L.66.0F3A.W* $ /r | Vx{kz}, Hx, Wx{b*}, Ib", "03 valignd/valignq 25 vpternlogd/vpternlogq"],
  ["EVEX.256+.66.0F3A.W* $ /r | Vx{kz}, Hx, Wx{b*}, Ib", "23 vshuff32x4/vshuff64x2 43 vshufi32x4/vshufi64x2"],
  // Parts of registers
  ["EVEX.256+.66.0F3A.W0 $ /r | Vx{kz}, Hx, Wdq, Ib", "18 vinsertf32x4 38 vinserti32x4"],
  ["EVEX.256+.66.0F3A.W1 $ /r | Vx{kz}, Hx, Wdq, Ib", "18 vinsertf64x2 38 vinserti64x2", "avx512dq"],
  ["EVEX.512.66.0F3A.W0 $ /r | Vx{kz}, Hx, Wqq, Ib", "1A vinsertf32x8 3A vinserti32x8", "avx512dq"],
  ["EVEX.512.66.0F3A.W1 $ /r | Vx{kz}, Hx, Wqq, Ib", "1A vinsertf64x4 3A vinserti64x4"],
  ["EVEX.256+.66.0F3A.W0 $ /r | Wdq{kz}, Vx, Ib", "19 vextractf32x4 39 vextracti32x4"],
  ["EVEX.256+.66.0F3A.W1 $ /r | Wdq{kz}, Vx, Ib", "19 vextractf64x2 39 vextracti64x2", "avx512dq"],
  ["EVEX.512.66.0F3A.W0 $ /r | Wqq{kz}, Vx, Ib", "1B vextractf32x8 3B vextracti32x8", "avx512dq"],
  ["EVEX.512.66.0F3A.W1 $ /r | Wqq{kz}, Vx, Ib", "1B vextractf64x4 3B vextracti64x4"],
  // Comparisons
  ["EVEX.L.66.0F3A.W* $ /r | Vk{k}, Hx, Wx{b*}, Ib", "1E vpcmpud/vpcmpuq 1F vpcmpd/vpcmpq"],
  ["EVEX.L.66.0F3A.W* $ /r | Vk{k}, Hx, Wx, Ib", "3E vpcmpub/vpcmpuw 3F vpcmpb/vpcmpw", "avx512bw"],
  ["EVEX.L.66.0F3A.W* $ /r | Vk{k}, Wx{b*}, Ib", "66 vfpclassps/vfpclasspd", "avx512dq"],
  ["EVEX.LIG.66.0F3A.W* $ /r | Vk{k}, Ws*, Ib", "67 vfpclassss/vfpclasssd", "avx512dq"],
  // Floating point
  ["EVEX.L.66.0F3A.W0 $ /r | Vx{kz}, Wx{b32}{sae}, Ib", "08 vrndscaleps"],
  ["EVEX.L.66.0F3A.W1 $ /r | Vx{kz}, Wx{b64}{sae}, Ib", "09 vrndscalepd"],
  ["EVEX.LIG.66.0F3A.W0 $ /r | Vss{kz}, Hss, Wss{sae}, Ib", "0A vrndscaless"],
  ["EVEX.LIG.66.0F3A.W1 $ /r | Vsd{kz}, Hsd, Wsd{sae}, Ib", "0B vrndscalesd"],
  ["EVEX.L.66.0F3A.W* $ /r | Vx{kz}, Wx{b*}{sae}, Ib", "26 vgetmantps/vgetmantpd"],
  ["EVEX.LIG.66.0F3A.W* $ /r | Vs*{kz}, Hs*, Ws*{sae}, Ib", "27 vgetmantss/vgetmantsd 55 vfixupimmss/vfixupimmsd"],
  ["EVEX.L.66.0F3A.W* $ /r | Vx{kz}, Hx, Wx{b*}{sae}, Ib", "54 vfixupimmps/vfixupimmpd"],
  ["EVEX.L.66.0F3A.W* $ /r | Vx{kz}, Hx, Wx{b*}{sae}, Ib", "50 vrangeps/vrangepd", "avx512dq"],
  ["EVEX.LIG.66.0F3A.W* $ /r | Vs*{kz}, Hs*, Ws*{sae}, Ib", "51 vrangess/vrangesd 57 vreducess/vreducesd", "avx512dq"],
  ["EVEX.L.66.0F3A.W* $ /r | Vx{kz}, Wx{b*}{sae}, Ib", "56 vreduceps/vreducepd", "avx512dq"],
  // Bytes and shifts
  ["EVEX.L.66.0F3A.W0 $ /r | Vx{kz}, Hx, Wx, Ib", "42 vdbpsadbw", "avx512bw"],
  ["EVEX.L.66.0F3A.W1 $ /r | Vx{kz}, Hx, Wx, Ib", "70 vpshldw 72 vpshrdw", "avx512_vbmi2"],
  ["EVEX.L.66.0F3A.W* $ /r | Vx{kz}, Hx, Wx{b*}, Ib", "71 vpshldd/vpshldq 73 vpshrdd/vpshrdq", "avx512_vbmi2"],
  // FP16
  ["EVEX.L.NP.0F3A.W0 $ /r | Vk{k}, Hx, Wx{b16}{sae}, Ib", "C2 vcmpph", "avx512_fp16"],
  ["EVEX.LIG.F3.0F3A.W0 $ /r | Vk{k}, Hsh, Wsh{sae}, Ib", "C2 vcmpsh", "avx512_fp16"],
  ["EVEX.L.NP.0F3A.W0 $ /r | Vx{kz}, Wx{b16}{sae}, Ib", "08 vrndscaleph 26 vgetmantph 56 vreduceph", "avx512_fp16"],
  ["EVEX.LIG.NP.0F3A.W0 $ /r | Vsh{kz}, Hsh, Wsh{sae}, Ib", "0A vrndscalesh 27 vgetmantsh 57 vreducesh", "avx512_fp16"],
  ["EVEX.L.NP.0F3A.W0 $ /r | Vk{k}, Wx{b16}, Ib", "66 vfpclassph", "avx512_fp16"],
  ["EVEX.LIG.NP.0F3A.W0 $ /r | Vk{k}, Wsh, Ib", "67 vfpclasssh", "avx512_fp16"],
];

/** FP16; arithmetic, min, max, square roots and comparisons into flags are made from those of single precision. */
const map5 = (): readonly Entry[] => [
  // Moves
  ["EVEX.LIG.F3.MAP5.W0 $ /r mem | Vsh{kz}, Mw", "10 vmovsh"],
  ["EVEX.LIG.F3.MAP5.W0 $ /r mem | Mw{k}, Vsh", "11 vmovsh"],
  ["EVEX.LIG.F3.MAP5.W0 $ /r reg | Vsh{kz}, Hsh, Ush", "10 vmovsh"],
  ["EVEX.LIG.F3.MAP5.W0 $ /r reg | Ush{kz}, Hsh, Vsh", "11 vmovsh"],
  ["EVEX.128.66.MAP5.WIG $ /r mem | Vdq, Mw", "6E vmovw"],
  ["EVEX.128.66.MAP5.WIG $ /r reg | Vdq, Rd", "6E vmovw"],
  ["EVEX.128.66.MAP5.WIG $ /r mem | Mw, Vdq", "7E vmovw"],
  ["EVEX.128.66.MAP5.WIG $ /r reg | Rd, Vdq", "7E vmovw"],
  // Conversions: to 16 bits
  ["EVEX.L.66.MAP5.W0 $ /r | Vhx{kz}, Wx{b32}{er}", "1D vcvtps2phx"],
  ["EVEX.L.66.MAP5.W1 $ /r | Vqx{kz}, Wx{b64}{er}", "5A vcvtpd2ph"],
  ["EVEX.L.NP.MAP5.W0 $ /r | Vhx{kz}, Wx{b32}{er}", "5B vcvtdq2ph"],
  ["EVEX.L.F2.MAP5.W0 $ /r | Vhx{kz}, Wx{b32}{er}", "7A vcvtudq2ph"],
  ["EVEX.L.NP.MAP5.W1 $ /r | Vqx{kz}, Wx{b64}{er}", "5B vcvtqq2ph"],
  ["EVEX.L.F2.MAP5.W1 $ /r | Vqx{kz}, Wx{b64}{er}", "7A vcvtuqq2ph"],
  // from 16 bits
  ["EVEX.L.NP.MAP5.W0 $ /r | Vx{kz}, Wqx{b16}{sae}", "5A vcvtph2pd"],
  ["EVEX.L.66.MAP5.W0 $ /r | Vx{kz}, Whx{b16}{er}", "5B vcvtph2dq"],
  ["EVEX.L.F3.MAP5.W0 $ /r | Vx{kz}, Whx{b16}{sae}", "5B vcvttph2dq"],
  ["EVEX.L.NP.MAP5.W0 $ /r | Vx{kz}, Whx{b16}{sae}", "78 vcvttph2udq"],
  ["EVEX.L.NP.MAP5.W0 $ /r | Vx{kz}, Whx{b16}{er}", "79 vcvtph2udq"],
  ["EVEX.L.66.MAP5.W0 $ /r | Vx{kz}, Wqx{b16}{sae}", "78 vcvttph2uqq 7A vcvttph2qq"],
  ["EVEX.L.66.MAP5.W0 $ /r | Vx{kz}, Wqx{b16}{er}", "79 vcvtph2uqq 7B vcvtph2qq"],
  // between integers and floats of 16 bits
  ["EVEX.L.NP.MAP5.W0 $ /r | Vx{kz}, Wx{b16}{sae}", "7C vcvttph2uw"],
  ["EVEX.L.66.MAP5.W0 $ /r | Vx{kz}, Wx{b16}{sae}", "7C vcvttph2w"],
  ["EVEX.L.NP.MAP5.W0 $ /r | Vx{kz}, Wx{b16}{er}", "7D vcvtph2uw"],
  ["EVEX.L.66.MAP5.W0 $ /r | Vx{kz}, Wx{b16}{er}", "7D vcvtph2w"],
  ["EVEX.L.F3.MAP5.W0 $ /r | Vx{kz}, Wx{b16}{er}", "7D vcvtw2ph"],
  ["EVEX.L.F2.MAP5.W0 $ /r | Vx{kz}, Wx{b16}{er}", "7D vcvtuw2ph"],
  // scalar
  ["EVEX.LIG.NP.MAP5.W0 $ /r | Vsh{kz}, Hsh, Wss{er}", "1D vcvtss2sh"],
  ["EVEX.LIG.F2.MAP5.W1 $ /r | Vsh{kz}, Hsh, Wsd{er}", "5A vcvtsd2sh"],
  ["EVEX.LIG.F3.MAP5.W0 $ /r | Vsd{kz}, Hsd, Wsh{sae}", "5A vcvtsh2sd"],
  ["EVEX.LIG.F3.MAP5.WIG $ /r | Vsh, Hsh, Ey{er}", "2A vcvtsi2sh 7B vcvtusi2sh"],
  ["EVEX.LIG.F3.MAP5.WIG $ /r | Gy, Wsh{sae}", "2C vcvttsh2si 78 vcvttsh2usi"],
  ["EVEX.LIG.F3.MAP5.WIG $ /r | Gy, Wsh{er}", "2D vcvtsh2si 79 vcvtsh2usi"],
];

/** FP16; fused multiplications and additions are made from those of single precision. */
const map6 = (): readonly Entry[] => [
  ["EVEX.LIG.NP.MAP6.W0 $ /r | Vss{kz}, Hss, Wsh{sae}", "13 vcvtsh2ss"],
  ["EVEX.L.66.MAP6.W0 $ /r | Vx{kz}, Whx{b16}{sae}", "13 vcvtph2psx"],
  ["EVEX.L.66.MAP6.W0 $ /r | Vx{kz}, Hx, Wx{b16}{er}", "2C vscalefph"],
  ["EVEX.LIG.66.MAP6.W0 $ /r | Vsh{kz}, Hsh, Wsh{er}", "2D vscalefsh"],
  ["EVEX.L.66.MAP6.W0 $ /r | Vx{kz}, Wx{b16}{sae}", "42 vgetexpph"],
  ["EVEX.LIG.66.MAP6.W0 $ /r | Vsh{kz}, Hsh, Wsh{sae}", "43 vgetexpsh"],
  ["EVEX.L.66.MAP6.W0 $ /r | Vx{kz}, Wx{b16}", "4C vrcpph 4E vrsqrtph"],
  ["EVEX.LIG.66.MAP6.W0 $ /r | Vsh{kz}, Hsh, Wsh", "4D vrcpsh 4F vrsqrtsh"],
  // Complex numbers, each of two FP16
  ["EVEX.L.F3.MAP6.W0 $ /r | Vx{kz}, Hx, Wx{b32}{er}", "56 vfmaddcph D6 vfmulcph"],
  ["EVEX.L.F2.MAP6.W0 $ /r | Vx{kz}, Hx, Wx{b32}{er}", "56 vfcmaddcph D6 vfcmulcph"],
  ["EVEX.LIG.F3.MAP6.W0 $ /r | Vss{kz}, Hss, Wss{er}", "57 vfmaddcsh D7 vfmulcsh"],
  ["EVEX.LIG.F2.MAP6.W0 $ /r | Vss{kz}, Hss, Wss{er}", "57 vfcmaddcsh D7 vfcmulcsh"],
];

const fp16 = (entries: readonly Entry[]): Entry[] => entries.map(([row, pairs]) => [row, pairs, "avx512_fp16"]);

/** The entries of all maps; those without a feature are AVX512F. */
export function newEvexRows(): Entry[] {
  return [...map0f(), ...map0f38(), ...map0f3a(), ...fp16(map5()), ...fp16(map6())].map(([row, pairs, feature = "avx512f"]) => [row, pairs, feature]);
}
