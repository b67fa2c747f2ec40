/** Numeric, vector and conversion instructions of WebAssembly 2.0 (core specification, chapters 5.4.6 to 5.4.8), by their names. */

export type ValType = "i32" | "i64" | "f32" | "f64" | "v128";

export interface Operator {
  readonly name: string;
  /** 0xfc or 0xfd, 0 where there is none. */
  readonly prefix: number;
  readonly code: number;
  readonly params: readonly ValType[];
  readonly result: ValType;
  /** One lane index byte follows. */
  readonly lane: boolean;
}

const table = new Map<string, Operator>();

function add(prefix: number, code: number, name: string, params: readonly ValType[], result: ValType, lane = false): void {
  table.set(name, { name, prefix, code, params, result, lane });
}

/** A run of operators with consecutive codes: `-` leaves one out. */
function run(prefix: number, first: number, type: string, names: string, params: readonly ValType[], result: ValType): void {
  let code = first;
  for (const name of names.split(" ")) {
    if (name !== "-") add(prefix, code, `${type}.${name}`, params, result);
    code++;
  }
}

const comparisons = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
const arithmetic = "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr";
const floatUnary = "abs neg ceil floor trunc nearest sqrt";
const floatBinary = "add sub mul div min max copysign";

run(0, 0x45, "i32", "eqz", ["i32"], "i32");
run(0, 0x46, "i32", comparisons, ["i32", "i32"], "i32");
run(0, 0x50, "i64", "eqz", ["i64"], "i32");
run(0, 0x51, "i64", comparisons, ["i64", "i64"], "i32");
run(0, 0x5b, "f32", "eq ne lt gt le ge", ["f32", "f32"], "i32");
run(0, 0x61, "f64", "eq ne lt gt le ge", ["f64", "f64"], "i32");
run(0, 0x67, "i32", "clz ctz popcnt", ["i32"], "i32");
run(0, 0x6a, "i32", arithmetic, ["i32", "i32"], "i32");
run(0, 0x79, "i64", "clz ctz popcnt", ["i64"], "i64");
run(0, 0x7c, "i64", arithmetic, ["i64", "i64"], "i64");
run(0, 0x8b, "f32", floatUnary, ["f32"], "f32");
run(0, 0x92, "f32", floatBinary, ["f32", "f32"], "f32");
run(0, 0x99, "f64", floatUnary, ["f64"], "f64");
run(0, 0xa0, "f64", floatBinary, ["f64", "f64"], "f64");
add(0, 0xa7, "i32.wrap_i64", ["i64"], "i32");
add(0, 0xac, "i64.extend_i32_s", ["i32"], "i64");
add(0, 0xad, "i64.extend_i32_u", ["i32"], "i64");
run(0, 0xb2, "f32", "convert_i32_s convert_i32_u", ["i32"], "f32");
run(0, 0xb4, "f32", "convert_i64_s convert_i64_u", ["i64"], "f32");
add(0, 0xb6, "f32.demote_f64", ["f64"], "f32");
run(0, 0xb7, "f64", "convert_i32_s convert_i32_u", ["i32"], "f64");
run(0, 0xb9, "f64", "convert_i64_s convert_i64_u", ["i64"], "f64");
add(0, 0xbb, "f64.promote_f32", ["f32"], "f64");
add(0, 0xbc, "i32.reinterpret_f32", ["f32"], "i32");
add(0, 0xbd, "i64.reinterpret_f64", ["f64"], "i64");
add(0, 0xbe, "f32.reinterpret_i32", ["i32"], "f32");
add(0, 0xbf, "f64.reinterpret_i64", ["i64"], "f64");
run(0, 0xc0, "i32", "extend8_s extend16_s", ["i32"], "i32");
run(0, 0xc2, "i64", "extend8_s extend16_s extend32_s", ["i64"], "i64");
run(0xfc, 0, "i32", "trunc_sat_f32_s trunc_sat_f32_u", ["f32"], "i32");
run(0xfc, 2, "i32", "trunc_sat_f64_s trunc_sat_f64_u", ["f64"], "i32");
run(0xfc, 4, "i64", "trunc_sat_f32_s trunc_sat_f32_u", ["f32"], "i64");
run(0xfc, 6, "i64", "trunc_sat_f64_s trunc_sat_f64_u", ["f64"], "i64");

const v1: readonly ValType[] = ["v128"];
const v2: readonly ValType[] = ["v128", "v128"];
const shift: readonly ValType[] = ["v128", "i32"];
const S = 0xfd;
add(S, 0x0e, "i8x16.swizzle", v2, "v128");
run(S, 0x0f, "i8x16", "splat", ["i32"], "v128");
run(S, 0x10, "i16x8", "splat", ["i32"], "v128");
run(S, 0x11, "i32x4", "splat", ["i32"], "v128");
run(S, 0x12, "i64x2", "splat", ["i64"], "v128");
run(S, 0x13, "f32x4", "splat", ["f32"], "v128");
run(S, 0x14, "f64x2", "splat", ["f64"], "v128");
add(S, 0x15, "i8x16.extract_lane_s", v1, "i32", true);
add(S, 0x16, "i8x16.extract_lane_u", v1, "i32", true);
add(S, 0x17, "i8x16.replace_lane", ["v128", "i32"], "v128", true);
add(S, 0x18, "i16x8.extract_lane_s", v1, "i32", true);
add(S, 0x19, "i16x8.extract_lane_u", v1, "i32", true);
add(S, 0x1a, "i16x8.replace_lane", ["v128", "i32"], "v128", true);
add(S, 0x1b, "i32x4.extract_lane", v1, "i32", true);
add(S, 0x1c, "i32x4.replace_lane", ["v128", "i32"], "v128", true);
add(S, 0x1d, "i64x2.extract_lane", v1, "i64", true);
add(S, 0x1e, "i64x2.replace_lane", ["v128", "i64"], "v128", true);
add(S, 0x1f, "f32x4.extract_lane", v1, "f32", true);
add(S, 0x20, "f32x4.replace_lane", ["v128", "f32"], "v128", true);
add(S, 0x21, "f64x2.extract_lane", v1, "f64", true);
add(S, 0x22, "f64x2.replace_lane", ["v128", "f64"], "v128", true);
run(S, 0x23, "i8x16", comparisons, v2, "v128");
run(S, 0x2d, "i16x8", comparisons, v2, "v128");
run(S, 0x37, "i32x4", comparisons, v2, "v128");
run(S, 0x41, "f32x4", "eq ne lt gt le ge", v2, "v128");
run(S, 0x47, "f64x2", "eq ne lt gt le ge", v2, "v128");
add(S, 0x4d, "v128.not", v1, "v128");
run(S, 0x4e, "v128", "and andnot or xor", v2, "v128");
add(S, 0x52, "v128.bitselect", ["v128", "v128", "v128"], "v128");
add(S, 0x53, "v128.any_true", v1, "i32");
add(S, 0x5e, "f32x4.demote_f64x2_zero", v1, "v128");
add(S, 0x5f, "f64x2.promote_low_f32x4", v1, "v128");
run(S, 0x60, "i8x16", "abs neg popcnt", v1, "v128");
run(S, 0x63, "i8x16", "all_true bitmask", v1, "i32");
run(S, 0x65, "i8x16", "narrow_i16x8_s narrow_i16x8_u", v2, "v128");
run(S, 0x67, "f32x4", "ceil floor trunc nearest", v1, "v128");
run(S, 0x6b, "i8x16", "shl shr_s shr_u", shift, "v128");
run(S, 0x6e, "i8x16", "add add_sat_s add_sat_u sub sub_sat_s sub_sat_u", v2, "v128");
run(S, 0x74, "f64x2", "ceil floor", v1, "v128");
run(S, 0x76, "i8x16", "min_s min_u max_s max_u", v2, "v128");
add(S, 0x7a, "f64x2.trunc", v1, "v128");
add(S, 0x7b, "i8x16.avgr_u", v2, "v128");
run(S, 0x7c, "i16x8", "extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u", v1, "v128");
run(S, 0x7e, "i32x4", "extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u", v1, "v128");
run(S, 0x80, "i16x8", "abs neg", v1, "v128");
add(S, 0x82, "i16x8.q15mulr_sat_s", v2, "v128");
run(S, 0x83, "i16x8", "all_true bitmask", v1, "i32");
run(S, 0x85, "i16x8", "narrow_i32x4_s narrow_i32x4_u", v2, "v128");
run(S, 0x87, "i16x8", "extend_low_i8x16_s extend_high_i8x16_s extend_low_i8x16_u extend_high_i8x16_u", v1, "v128");
run(S, 0x8b, "i16x8", "shl shr_s shr_u", shift, "v128");
run(S, 0x8e, "i16x8", "add add_sat_s add_sat_u sub sub_sat_s sub_sat_u", v2, "v128");
add(S, 0x94, "f64x2.nearest", v1, "v128");
run(S, 0x95, "i16x8", "mul min_s min_u max_s max_u - avgr_u", v2, "v128");
run(S, 0x9c, "i16x8", "extmul_low_i8x16_s extmul_high_i8x16_s extmul_low_i8x16_u extmul_high_i8x16_u", v2, "v128");
run(S, 0xa0, "i32x4", "abs neg", v1, "v128");
run(S, 0xa3, "i32x4", "all_true bitmask", v1, "i32");
run(S, 0xa7, "i32x4", "extend_low_i16x8_s extend_high_i16x8_s extend_low_i16x8_u extend_high_i16x8_u", v1, "v128");
run(S, 0xab, "i32x4", "shl shr_s shr_u", shift, "v128");
run(S, 0xae, "i32x4", "add - - sub - - - mul min_s min_u max_s max_u dot_i16x8_s", v2, "v128");
run(S, 0xbc, "i32x4", "extmul_low_i16x8_s extmul_high_i16x8_s extmul_low_i16x8_u extmul_high_i16x8_u", v2, "v128");
run(S, 0xc0, "i64x2", "abs neg", v1, "v128");
run(S, 0xc3, "i64x2", "all_true bitmask", v1, "i32");
run(S, 0xc7, "i64x2", "extend_low_i32x4_s extend_high_i32x4_s extend_low_i32x4_u extend_high_i32x4_u", v1, "v128");
run(S, 0xcb, "i64x2", "shl shr_s shr_u", shift, "v128");
run(S, 0xce, "i64x2", "add - - sub - - - mul eq ne lt_s gt_s le_s ge_s", v2, "v128");
run(S, 0xdc, "i64x2", "extmul_low_i32x4_s extmul_high_i32x4_s extmul_low_i32x4_u extmul_high_i32x4_u", v2, "v128");
run(S, 0xe0, "f32x4", "abs neg - sqrt", v1, "v128");
run(S, 0xe4, "f32x4", "add sub mul div min max pmin pmax", v2, "v128");
run(S, 0xec, "f64x2", "abs neg - sqrt", v1, "v128");
run(S, 0xf0, "f64x2", "add sub mul div min max pmin pmax", v2, "v128");
run(S, 0xf8, "i32x4", "trunc_sat_f32x4_s trunc_sat_f32x4_u", v1, "v128");
run(S, 0xfa, "f32x4", "convert_i32x4_s convert_i32x4_u", v1, "v128");
run(S, 0xfc, "i32x4", "trunc_sat_f64x2_s_zero trunc_sat_f64x2_u_zero", v1, "v128");
run(S, 0xfe, "f64x2", "convert_low_i32x4_s convert_low_i32x4_u", v1, "v128");

/** The operator of that name; throws where there is none. */
export function operator(name: string): Operator {
  const found = table.get(name);
  if (found === undefined) throw new Error(`no WebAssembly operator ${name}`);
  return found;
}

export interface MemoryOperator {
  readonly prefix: number;
  readonly code: number;
  readonly type: ValType;
}

const memoryOperators: Readonly<Record<string, MemoryOperator>> = {
  "i32.load": { prefix: 0, code: 0x28, type: "i32" },
  "i64.load": { prefix: 0, code: 0x29, type: "i64" },
  "f32.load": { prefix: 0, code: 0x2a, type: "f32" },
  "f64.load": { prefix: 0, code: 0x2b, type: "f64" },
  "i32.load8_s": { prefix: 0, code: 0x2c, type: "i32" },
  "i32.load8_u": { prefix: 0, code: 0x2d, type: "i32" },
  "i32.load16_s": { prefix: 0, code: 0x2e, type: "i32" },
  "i32.load16_u": { prefix: 0, code: 0x2f, type: "i32" },
  "i64.load8_s": { prefix: 0, code: 0x30, type: "i64" },
  "i64.load8_u": { prefix: 0, code: 0x31, type: "i64" },
  "i64.load16_s": { prefix: 0, code: 0x32, type: "i64" },
  "i64.load16_u": { prefix: 0, code: 0x33, type: "i64" },
  "i64.load32_s": { prefix: 0, code: 0x34, type: "i64" },
  "i64.load32_u": { prefix: 0, code: 0x35, type: "i64" },
  "v128.load": { prefix: 0xfd, code: 0, type: "v128" },
  "v128.load32_zero": { prefix: 0xfd, code: 0x5c, type: "v128" },
  "v128.load64_zero": { prefix: 0xfd, code: 0x5d, type: "v128" },
  "i32.store": { prefix: 0, code: 0x36, type: "i32" },
  "i64.store": { prefix: 0, code: 0x37, type: "i64" },
  "f32.store": { prefix: 0, code: 0x38, type: "f32" },
  "f64.store": { prefix: 0, code: 0x39, type: "f64" },
  "i32.store8": { prefix: 0, code: 0x3a, type: "i32" },
  "i32.store16": { prefix: 0, code: 0x3b, type: "i32" },
  "i64.store8": { prefix: 0, code: 0x3c, type: "i64" },
  "i64.store16": { prefix: 0, code: 0x3d, type: "i64" },
  "i64.store32": { prefix: 0, code: 0x3e, type: "i64" },
  "v128.store": { prefix: 0xfd, code: 0x0b, type: "v128" },
};

/** The load or store of that name; `type` is of the value loaded or stored. */
export function memoryOperator(name: string): MemoryOperator {
  const found = memoryOperators[name];
  if (found === undefined) throw new Error(`no WebAssembly memory operator ${name}`);
  return found;
}
