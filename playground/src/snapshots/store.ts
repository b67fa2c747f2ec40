// Snapshots kept in this browser: what is listed in one table of an IndexedDB, the large parts in another, compressed.
import type { InputEvent, Moment } from "../../../src/web/index.ts";
import type { Recipe } from "./recipe.ts";

/** What the list shows of a snapshot. */
export interface SavedSnapshot {
  readonly key: string;
  readonly sha256: string;
  readonly moment: Moment;
  /** The program has ended: a signal that kills it comes after the same count as the moment before. */
  readonly ended: boolean;
  /** Path of the program in the guest. */
  readonly program: string;
  /** Bytes of the image. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly taken: number;
  /** The guest has a terminal. */
  readonly terminal: boolean;
  /** Its output has line feeds alone, which begin new lines all the same. */
  readonly raw: boolean;
  /** Snapshots with the same one are of one run. */
  readonly run: string;
  readonly machineRevision: number;
  /** SHA-256 of the program's file; undefined for an image from elsewhere. */
  readonly digest: string | undefined;
  /** How the run was started; undefined for an image from elsewhere. */
  readonly recipe: Recipe | undefined;
  /** What came from outside until then. */
  readonly tape: readonly InputEvent[];
}

/** The large parts. */
export interface SnapshotContent {
  readonly image: Uint8Array<ArrayBuffer>;
  readonly screen: Uint8Array<ArrayBuffer>;
  /** Input through a pipe that was not read yet. */
  readonly unread: Uint8Array<ArrayBuffer> | undefined;
}

interface StoredContent {
  readonly key: string;
  /** gzip of the image. */
  readonly image: Blob;
  readonly screen: Uint8Array<ArrayBuffer>;
  readonly unread: Uint8Array<ArrayBuffer> | undefined;
}

/** Bytes of an image that is kept beyond a reload. */
export const LARGEST: number = 512 * 2 ** 20;

const NAME = "tsvm";
const VERSION = 1;
const LIST = "snapshots";
const CONTENT = "contents";

function whenDone<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("no answer")));
  });
}

function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    for (const type of ["error", "abort"]) transaction.addEventListener(type, () => reject(transaction.error ?? new Error("it was broken off")));
  });
}

function through(bytes: Blob, stream: CompressionStream | DecompressionStream): Promise<ArrayBuffer> {
  return new Response(bytes.stream().pipeThrough(stream)).arrayBuffer();
}

/** Why the browser does not keep something, as the end of a sentence. */
function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "QuotaExceededError")
    return "there is no room left for this page: delete some, or download them";
  return error instanceof Error && error.message !== "" ? error.message : "the browser does not say why";
}

/** Snapshots by key. Where the browser keeps nothing for this page they last until it is closed. */
export class SnapshotStore {
  readonly #database: Promise<IDBDatabase | undefined>;
  readonly #unkept: Map<string, SnapshotContent> = new Map();

  constructor() {
    this.#database = SnapshotStore.#open().catch(() => undefined);
  }

  static async #open(): Promise<IDBDatabase> {
    const request = indexedDB.open(NAME, VERSION);
    request.addEventListener("upgradeneeded", () => {
      request.result.createObjectStore(LIST, { keyPath: "key" });
      request.result.createObjectStore(CONTENT, { keyPath: "key" });
    });
    return whenDone(request);
  }

  /** False: snapshots end with the page. */
  async lasts(): Promise<boolean> {
    return (await this.#database) !== undefined;
  }

  /** All that are kept, oldest first. */
  async list(): Promise<readonly SavedSnapshot[]> {
    const database = await this.#database;
    if (database === undefined) return [];
    const all = await whenDone<SavedSnapshot[]>(database.transaction(LIST).objectStore(LIST).getAll());
    return all.toSorted((a, b) => a.taken - b.taken);
  }

  /** Throws Error with a sentence where it is not kept beyond this page; it can be used in the page all the same. */
  async add(saved: SavedSnapshot, content: SnapshotContent): Promise<void> {
    const database = await this.#database;
    this.#unkept.set(saved.key, content);
    if (database === undefined) throw new Error("This browser keeps nothing for this page, so the snapshot lasts until the page is closed.");
    if (content.image.length > LARGEST) {
      throw new Error(`The image is larger than ${LARGEST / 2 ** 20} MB, so it lasts until the page is closed: download it to keep it.`);
    }
    try {
      const image = new Blob([await through(new Blob([content.image]), new CompressionStream("gzip"))]);
      const transaction = database.transaction([LIST, CONTENT], "readwrite");
      transaction.objectStore(LIST).put(saved);
      transaction.objectStore(CONTENT).put({ ...content, key: saved.key, image } satisfies StoredContent);
      await finished(transaction);
      this.#unkept.delete(saved.key);
    } catch (error) {
      throw new Error(`The snapshot lasts until the page is closed: ${reasonOf(error)}.`);
    }
  }

  /** Throws Error with a sentence. */
  async content(key: string): Promise<SnapshotContent> {
    const unkept = this.#unkept.get(key);
    if (unkept !== undefined) return { ...unkept, image: unkept.image.slice() };
    const database = await this.#database;
    try {
      const stored = database && (await whenDone<StoredContent | undefined>(database.transaction(CONTENT).objectStore(CONTENT).get(key)));
      if (stored === undefined) throw new Error("it is not there any more");
      return { ...stored, image: new Uint8Array(await through(stored.image, new DecompressionStream("gzip"))) };
    } catch (error) {
      throw new Error(`The snapshot cannot be read: ${reasonOf(error)}.`);
    }
  }

  /** Throws Error with a sentence. */
  async remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#unkept.delete(key);
    const database = await this.#database;
    if (database === undefined) return;
    try {
      const transaction = database.transaction([LIST, CONTENT], "readwrite");
      for (const key of keys) {
        transaction.objectStore(LIST).delete(key);
        transaction.objectStore(CONTENT).delete(key);
      }
      await finished(transaction);
    } catch (error) {
      throw new Error(`Not everything could be deleted: ${reasonOf(error)}.`);
    }
  }
}
