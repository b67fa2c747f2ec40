// The values of `tsvm run`'s options, checked. Everything wrong is a usage error with the option's own text in it.
import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import type { StraceFilter } from "../debug/index.ts";
import type { CpuModel } from "../machine/index.ts";
import type { CheckpointOptions } from "./checkpoint-options.ts";
import type { Variable } from "./environment.ts";

/** `--dir HOST[::GUEST][:ro]`. */
export interface MountOption {
  /** Absolute path of a directory of the host. */
  readonly host: string;
  /** Absolute path in the guest. */
  readonly guest: string;
  readonly readOnly: boolean;
  /** `--root`: changes stay in the guest's memory. */
  readonly overlay?: true;
}

/** `HOST[::GUEST][:ro]`: without GUEST the guest sees the directory at the host's own absolute path. */
export function parseMount(text: string): MountOption {
  const readOnly = text.endsWith(":ro");
  const paths = readOnly ? text.slice(0, -":ro".length) : text;
  const separator = paths.indexOf("::");
  const host = separator < 0 ? paths : paths.slice(0, separator);
  const guest = separator < 0 ? resolve(host) : paths.slice(separator + 2);
  if (host === "") throw new InvalidArgumentError("HOST is empty.");
  if (!guest.startsWith("/")) throw new InvalidArgumentError(`GUEST must be an absolute path, not '${guest}'.`);
  if (guest.split("/").includes("..")) throw new InvalidArgumentError("GUEST must not contain '..'.");
  return { host: resolve(host), guest, readOnly };
}

/** `NAME=VALUE`, or `NAME` for the value the host has; a NAME the host does not know is left out. */
export function parseVariable(text: string): Variable {
  const equals = text.indexOf("=");
  if (equals === 0 || text === "") throw new InvalidArgumentError("NAME is empty.");
  return equals < 0 ? [text, process.env[text]] : [text.slice(0, equals), text.slice(equals + 1)];
}

const multipliers: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** A positive count below 2^53, also as `100M`, `2.5G`. */
export function parseCount(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kMGT]?)$/.exec(text);
  const count = match ? Number(match[1]) * (multipliers[match[2] ?? ""] ?? NaN) : NaN;
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError("A whole number from 1, such as 5000000, 100M or 2G.");
  return count;
}

const minWindowBits = 17;
const maxWindowBits = 32;

/** log2 of the window's bytes. */
export function parseWindowBits(text: string): number {
  const bits = Number(text);
  if (!/^\d+$/.test(text) || bits < minWindowBits || bits > maxWindowBits)
    throw new InvalidArgumentError(`A whole number from ${minWindowBits} to ${maxWindowBits}.`);
  return bits;
}

/** An address in hexadecimal, with or without `0x`, as objdump(1) prints it. */
export function parseAddress(text: string): number {
  const address = Number.parseInt(text, 16);
  if (!/^(0x)?[0-9a-f]{1,14}$/i.test(text) || !Number.isSafeInteger(address)) {
    throw new InvalidArgumentError("An address in hexadecimal, such as 0x401000.");
  }
  return address;
}

/** What is told of a run. */
export interface WatchOptions {
  readonly strace?: StraceFilter;
  readonly straceOutput?: string;
  readonly straceSummary?: true;
  readonly stats?: true;
  readonly maxInstructions?: number;
  /** Of a crash; absent: where standard error is a terminal. */
  readonly report?: boolean;
}

/** `tsvm run`'s options as they were given. */
export interface RunOptions extends EngineOptions, WatchOptions, CheckpointOptions {
  /** An image to go on with, where it exists. */
  readonly resumeIfExists?: string;
  readonly dir: readonly MountOption[];
  /** A tar archive that is the guest's root directory. */
  readonly image?: string;
  /** A directory of the host that is the guest's root directory, below memory. */
  readonly root?: string;
  readonly env: readonly Variable[];
  readonly cwd?: string;
  readonly argv0?: string;
  readonly deterministic?: true;
  readonly cpu?: CpuModel;
}

/** What changes speed and nothing else. */
export interface EngineOptions {
  /** log2 of the window's bytes. */
  readonly window?: number;
  /** False: nothing is compiled. */
  readonly jit: boolean;
}

/** All that the guest sees of the host: the root directory first, so that the others cover it. */
export function mountsOf({ root, dir }: Pick<RunOptions, "root" | "dir">): readonly MountOption[] {
  return root === undefined ? dir : [{ host: resolve(root), guest: "/", readOnly: true, overlay: true }, ...dir];
}
