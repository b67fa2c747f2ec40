// The programs of bench/programs: each is built from one source, linked statically with musl, and committed.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { BenchCase } from "./cases.ts";
import { root } from "./measure.ts";

interface Kernel {
  readonly id: string;
  readonly group: string;
  readonly source: string;
  /** Beside those of every kernel. */
  readonly options: readonly string[];
  readonly argv: readonly string[];
}

const folder = join(root, "bench", "programs");
/** Option of the compiler for programs that tsvm runs with its processor of that level. */
const v3 = "-march=x86-64-v3";

const kernels: readonly Kernel[] = [
  { id: "nbody", group: "float", source: "nbody.c", options: ["-DREAL=double"], argv: ["3000000"] },
  { id: "nbody-long", group: "float", source: "nbody.c", options: ["-DREAL=long double"], argv: ["300000"] },
  { id: "mandelbrot", group: "float", source: "mandelbrot.c", options: [], argv: ["1600"] },
  { id: "mandelbrot-packed", group: "float", source: "mandelbrot.c", options: ["-DPACKED"], argv: ["1600"] },
  { id: "matmul-float", group: "float", source: "matmul.c", options: ["-DREAL=float", "-DBYTES=16"], argv: ["450"] },
  { id: "matmul-double", group: "float", source: "matmul.c", options: ["-DREAL=double", "-DBYTES=16"], argv: ["225"] },
  { id: "matmul-float-fma", group: "float", source: "matmul.c", options: ["-DREAL=float", "-DBYTES=32", v3], argv: ["450"] },
  { id: "matmul-double-fma", group: "float", source: "matmul.c", options: ["-DREAL=double", "-DBYTES=32", v3], argv: ["225"] },
  { id: "float-vm", group: "float", source: "float-vm.c", options: [], argv: ["600"] },
];

export function kernelCases(): BenchCase[] {
  return kernels.map(({ id, group, options, argv }) => ({
    id,
    group,
    argv: [join(folder, id), ...argv],
    env: {},
    cwd: folder,
    input: Buffer.alloc(0),
    tsvmOptions: options.includes(v3) ? ["--cpu", "v3"] : [],
    prepare: () => undefined,
  }));
}

export function buildKernels(): void {
  for (const { id, source, options } of kernels) {
    const always = ["-O2", "-static", "-s", "-Wall", "-Wextra", "-Wl,--build-id=none"];
    const { status } = spawnSync("musl-gcc", [...always, ...options, "-o", id, source, "-lm"], { cwd: folder, stdio: "inherit" });
    if (status !== 0) throw new Error(`${source} was not built`);
  }
}
