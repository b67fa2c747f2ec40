// Files that the user drops or chooses: folders walked through, archives unpacked as far as gzip goes.
import type { FileForGuest, NewFiles } from "../../../src/web/index.ts";

/** What was brought, sorted by what can be done with it. */
export interface Incoming extends NewFiles {
  /** Names of the archives, in their order. */
  readonly archiveNames: readonly string[];
}

const GZIP = [0x1f, 0x8b];
const ELF = [0x7f, 0x45, 0x4c, 0x46];
const SCRIPT = [0x23, 0x21];
const TAR_MAGIC_AT = 257;
const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean => magic.every((byte, i) => bytes[i] === byte);

export function isElf(bytes: Uint8Array): boolean {
  return startsWith(bytes, ELF);
}

function isTar(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(TAR_MAGIC_AT, TAR_MAGIC_AT + 5)) === "ustar";
}

/** Throws Error with a sentence. */
async function gunzip(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
  } catch {
    throw new Error(`${name} is damaged: it cannot be decompressed.`);
  }
}

/** A file with its path below what was dropped. */
export interface Dropped {
  readonly path: string;
  readonly file: File;
}

function entryFile(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

function entryChildren(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

async function filesOf(entry: FileSystemEntry, into: Dropped[]): Promise<void> {
  if (entry.isFile) {
    into.push({ path: entry.fullPath, file: await entryFile(entry as FileSystemFileEntry) });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader gives some names at a time, and none at the end.
  for (;;) {
    const children = await entryChildren(reader);
    if (children.length === 0) return;
    for (const child of children) await filesOf(child, into);
  }
}

/** Everything of a drop, folders with what is in them. To be called during the event: the data is gone after it. */
export function droppedFiles(data: DataTransfer): Promise<Dropped[]> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return Promise.resolve([...data.files].map((file) => ({ path: `/${file.name}`, file })));
  const files: Dropped[] = [];
  return entries.reduce((done, entry) => done.then(() => filesOf(entry, files)), Promise.resolve()).then(() => files);
}

/** Of an <input type=file>: with `webkitdirectory` names hold the folder's. */
export function chosenFiles(list: FileList): Dropped[] {
  return [...list].map((file) => ({ path: `/${file.webkitRelativePath || file.name}`, file }));
}

/** Reads what was brought; `below` is the guest's directory that files go to. Rejects with a sentence. */
export async function readIncoming(dropped: readonly Dropped[], below: string): Promise<Incoming> {
  const archives: Uint8Array<ArrayBuffer>[] = [];
  const archiveNames: string[] = [];
  const files: FileForGuest[] = [];
  for (const { path, file } of dropped) {
    let content: Uint8Array<ArrayBuffer>;
    try {
      content = new Uint8Array(await file.arrayBuffer());
    } catch {
      throw new Error(`${file.name} cannot be read.`);
    }
    if (startsWith(content, GZIP) && /\.(tgz|tar\.gz)$/i.test(file.name)) content = await gunzip(content, file.name);
    if (isTar(content)) {
      archives.push(content);
      archiveNames.push(file.name);
    } else {
      const directory = below.endsWith("/") ? below.slice(0, -1) : below;
      files.push({ path: directory + path, content, executable: isElf(content) || startsWith(content, SCRIPT) });
    }
  }
  return { archives, archiveNames, files };
}

/** Gives the user a file. */
export function download(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
