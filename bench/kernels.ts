// The programs of bench/programs: each is built from one source, linked statically with musl (the string functions: glibc), and committed.
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
  /** The program, where another case has built it. */
  readonly program?: string;
  readonly compiler?: "gcc";
  /** tsvm's processor: v3 without. */
  readonly cpu?: "v2";
}

const folder = join(root, "bench", "programs");
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
  { id: "aes", group: "vectors", source: "aes.c", options: [], argv: ["2000000"] },
  { id: "aes-instructions", group: "vectors", source: "aes.c", options: ["-maes", "-DINSTRUCTIONS"], argv: ["8000000"] },
  { id: "sha256", group: "vectors", source: "sha256.c", options: [], argv: ["30"] },
  { id: "sha256-instructions", group: "vectors", source: "sha256.c", options: ["-msha", "-mssse3", "-DINSTRUCTIONS"], argv: ["120"] },
  { id: "strings", group: "vectors", source: "strings.c", options: [], argv: ["200000"], compiler: "gcc", cpu: "v2" },
  { id: "strings-avx2", group: "vectors", source: "strings.c", options: [], argv: ["400000"], program: "strings" },
  { id: "pixels", group: "vectors", source: "pixels.c", options: ["-O3"], argv: ["1000"] },
  { id: "pixels-avx2", group: "vectors", source: "pixels.c", options: ["-O3", v3], argv: ["3000"] },
];

export function kernelCases(): BenchCase[] {
  return kernels.map(({ id, group, argv, program = id, cpu }) => ({
    id,
    group,
    argv: [join(folder, program), ...argv],
    env: {},
    cwd: folder,
    input: Buffer.alloc(0),
    tsvmOptions: cpu === undefined ? [] : ["--cpu", cpu],
    prepare: () => undefined,
  }));
}

export function buildKernels(): void {
  for (const { id, source, options, program, compiler = "musl-gcc" } of kernels) {
    if (program !== undefined) continue;
    const always = ["-O2", "-static", "-s", "-Wall", "-Wextra", "-Wl,--build-id=none"];
    const { status } = spawnSync(compiler, [...always, ...options, "-o", id, source, "-lm"], { cwd: folder, stdio: "inherit" });
    if (status !== 0) throw new Error(`${source} was not built`);
  }
}
