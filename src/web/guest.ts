// Makes the machine of a session: from a program's file, or from an image.
import { decodeLatin1, encodeUtf8 } from "../base/index.ts";
import { fixedStart, Machine } from "../machine/index.ts";
import { bytesSource, ImageError, openImage, restoreImage } from "../snapshot/index.ts";
import type { PageInputs } from "./inputs.ts";
import type { StartMessage } from "./messages.ts";
import { guestFiles } from "./new-files.ts";

const WINDOW_BITS = [32, 31, 30, 28, 26, 24, 22, 20] as const;

/** What does not depend on the program. */
export interface Surroundings {
  readonly inputs: PageInputs;
  readonly prebuilt: Uint8Array | undefined;
  /** Largest window to try, as its log2. */
  readonly windowBits: number | undefined;
}

export interface Made {
  readonly machine: Machine;
  readonly windowBits: number;
}

const latin1Utf8 = (text: string): string => decodeLatin1(encodeUtf8(text));

/** With the largest window that the host gives. */
function withWindow(most: number = 32, make: (windowBits: number) => Machine): Made {
  const sizes = WINDOW_BITS.filter((bits) => bits <= most);
  for (const [index, windowBits] of sizes.entries()) {
    try {
      return { machine: make(windowBits), windowBits };
    } catch (error) {
      // What WebAssembly.Memory says where there is no room for it.
      if (!(error instanceof RangeError) || index === sizes.length - 1) throw error;
    }
  }
  throw new Error(`There is no window of 2^${most} bytes.`);
}

export function createMachine({ elf, path, argv, envp, seed, files }: StartMessage, { inputs, prebuilt, windowBits: most }: Surroundings): Made {
  const start = fixedStart();
  return withWindow(most, (windowBits) =>
    Machine.create({
      ...(elf === undefined ? {} : { elf }),
      path: latin1Utf8(path),
      argv: argv.map(latin1Utf8),
      envp: envp.map(latin1Utf8),
      cwd: "/",
      ...(files === undefined ? {} : guestFiles(files)),
      inputs,
      start: seed === undefined ? start : { ...start, seed },
      windowBits,
      ...(prebuilt === undefined ? {} : { prebuilt }),
    }),
  );
}

/** `recycle`: a machine that is not used any more. Throws Error with a sentence where the image cannot be gone on with here. */
export function restoreMachine(image: Uint8Array, { inputs, prebuilt, windowBits: most }: Surroundings, recycle?: Machine): Made {
  try {
    const opened = openImage(bytesSource(image));
    const [mount] = opened.machine.mounts;
    if (mount !== undefined) throw new ImageError(`the program needs the directory ${mount.guest} of the computer where it ran`);
    return withWindow(recycle === undefined ? most : undefined, (windowBits) =>
      restoreImage(opened, { inputs, windowBits, ...(prebuilt === undefined ? {} : { prebuilt }), ...(recycle === undefined ? {} : { recycle }) }),
    );
  } catch (error) {
    if (error instanceof ImageError) throw new Error(`The image cannot be restored: ${error.message}.`);
    throw error;
  }
}
