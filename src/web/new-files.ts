// Files that the page gives, as the kernel takes them: names in bytes, permission bits.
import { decodeLatin1, encodeUtf8 } from "../base/index.ts";
import { addGuestArchive, addGuestFiles, type NewFile } from "../linux/index.ts";
import type { Machine } from "../machine/index.ts";
import type { NewFiles } from "./messages.ts";

const EXECUTABLE = 0o755;
const PLAIN = 0o644;

export function guestFiles({ archives, files }: NewFiles): { readonly archives: readonly Uint8Array[]; readonly files: readonly NewFile[] } {
  return {
    archives,
    files: files.map(({ path, content, executable }) => ({
      path: decodeLatin1(encodeUtf8(path)),
      content,
      mode: executable ? EXECUTABLE : PLAIN,
    })),
  };
}

/** Throws TarError. */
export function addNewFiles({ kernel }: Machine, added: NewFiles): void {
  const { archives, files } = guestFiles(added);
  for (const archive of archives) addGuestArchive(kernel.vfs, archive);
  addGuestFiles(kernel.vfs, files, kernel.start);
}
