// Finding and reading PROGRAM on the host, and where the guest will see it.
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { basename, relative, resolve } from "node:path";
import { CommandError, ExitStatus } from "./errors.ts";
import type { MountOption } from "./run-options.ts";

const GZIP_MAGIC = [0x1f, 0x8b] as const;

const reasons: Readonly<Record<string, readonly [status: number, reason: string]>> = {
  ENOENT: [ExitStatus.notFound, "not found"],
  ENOTDIR: [ExitStatus.notFound, "not found"],
  ELOOP: [ExitStatus.notFound, "too many symbolic links"],
  ENAMETOOLONG: [ExitStatus.notFound, "the name is too long"],
  EACCES: [ExitStatus.notExecutable, "permission denied"],
};

/** The bytes of a file of the host. */
export function readFile(path: string, mode: number = constants.R_OK): Uint8Array {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw new CommandError(ExitStatus.notExecutable, `${path}: is a directory`);
    if (!stat.isFile()) throw new CommandError(ExitStatus.notExecutable, `${path}: is no regular file`);
    accessSync(path, mode);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const [status, reason] = reasons[code] ?? [ExitStatus.notExecutable, `cannot be read (${code || String(error)})`];
    throw new CommandError(status, `${path}: ${reason}`);
  }
}

/** A tar archive, gzip taken off. */
export function readArchive(path: string): Uint8Array {
  const bytes = readFile(path);
  if (bytes[0] !== GZIP_MAGIC[0] || bytes[1] !== GZIP_MAGIC[1]) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new CommandError(ExitStatus.internal, `${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The bytes of the program at `path`. The path is used as it is, like qemu-user does: PATH is not searched. */
export function readProgram(path: string): Uint8Array {
  return readFile(path, constants.X_OK);
}

/** The guest's path of what is at `host` (absolute), where a mount shows it; the mount given last wins, as it covers the others. */
export function guestPath(host: string, mounts: readonly MountOption[]): string | undefined {
  for (const mount of mounts.toReversed()) {
    const inside = relative(mount.host, host);
    if (inside === "") return mount.guest;
    if (inside !== ".." && !inside.startsWith("../") && !inside.startsWith("/")) return `${mount.guest.replace(/\/+$/, "")}/${inside}`;
  }
  return undefined;
}

/** Where the guest sees PROGRAM: in a mount, else at the host's own path; a fixed place where runs are to be equal on every host. */
export function programPath(program: string, mounts: readonly MountOption[], deterministic: boolean): string {
  const host = resolve(program);
  return guestPath(host, mounts) ?? (deterministic ? `/${basename(host)}` : host);
}
