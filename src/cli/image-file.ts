// Images as files of the host.
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, unlinkSync, writevSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Image, ImageSource, OpenImage } from "../snapshot/index.ts";
import { ImageError, openImage } from "../snapshot/index.ts";
import { CommandError, ExitStatus } from "./errors.ts";

const MODE = 0o600;
/** Parts written with one call; bytes after which no more are collected, and most that are read with one. */
const MAX_PARTS = 512;
const MAX_BYTES = 2 ** 26;

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

function writeParts(fd: number, parts: readonly Uint8Array[]): void {
  let rest = parts;
  while (rest.length > 0) {
    let written = writevSync(fd, rest);
    let i = 0;
    while (i < rest.length && written >= (rest[i] as Uint8Array).length) written -= (rest[i++] as Uint8Array).length;
    const cut = rest[i];
    rest = cut === undefined ? [] : [cut.subarray(written), ...rest.slice(i + 1)];
  }
}

/** Writes the image under a temporary name, forces it to the disk and gives it its name: whoever looks finds the old file or the new one, whole. */
export function writeImage(path: string, image: Image): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  let fd: number | undefined;
  try {
    try {
      fd = openSync(temporary, "wx", MODE);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
      // Of a process with this number that was killed.
      unlinkSync(temporary);
      fd = openSync(temporary, "wx", MODE);
    }
    let waiting: Uint8Array[] = [];
    let bytes = 0;
    for (const part of image.parts()) {
      waiting.push(part);
      bytes += part.length;
      if (waiting.length < MAX_PARTS && bytes < MAX_BYTES) continue;
      writeParts(fd, waiting);
      waiting = [];
      bytes = 0;
    }
    writeParts(fd, waiting);
    fsyncSync(fd);
    closeSync(fd);
    fd = undefined;
    renameSync(temporary, path);
    syncDirectory(dirname(path));
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    try {
      unlinkSync(temporary);
    } catch {
      // It was never there.
    }
    throw new CommandError(ExitStatus.internal, `${path}: cannot be written (${codeOf(error)})`);
  }
}

function syncDirectory(path: string): void {
  try {
    const fd = openSync(path, "r");
    fsyncSync(fd);
    closeSync(fd);
  } catch {
    // Not every file system can.
  }
}

class FileSource implements ImageSource {
  readonly size: number;
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
    this.size = fstatSync(fd).size;
  }

  read(offset: number, into: Uint8Array): void {
    for (let done = 0; done < into.length;) {
      const count = readSync(this.#fd, into, done, Math.min(into.length - done, MAX_BYTES), offset + done);
      if (count === 0) throw new ImageError("it ends early");
      done += count;
    }
  }
}

/** An image of the host; `close` when its pages have been read. Throws CommandError with one line. */
export function readImage(path: string): { readonly image: OpenImage; close(this: void): void } {
  let fd: number;
  try {
    fd = openSync(path, "r");
    if (!fstatSync(fd).isFile()) throw new CommandError(ExitStatus.notExecutable, `${path}: is no regular file`);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const missing = codeOf(error) === "ENOENT";
    throw new CommandError(
      missing ? ExitStatus.notFound : ExitStatus.notExecutable,
      `${path}: ${missing ? "not found" : `cannot be read (${codeOf(error)})`}`,
    );
  }
  try {
    const image = refusing(path, () => openImage(new FileSource(fd)));
    return { image, close: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** What is wrong with an image, as one line that names it. */
export function refusing<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new CommandError(ExitStatus.notExecutable, `${path}: cannot be restored: ${error.message}`);
  }
}
