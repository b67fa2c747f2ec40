// What can be done with snapshots, apart from how it looks.
import type { ImageComparison, Streams } from "../../../src/web/index.ts";
import { loadInterpreter, type MachineClient, type TakenSnapshot } from "../machine.ts";
import { compareImages, describeImage } from "./examine.ts";
import { type Link, linkOf, sameDigest } from "./link.ts";
import type { Recipe } from "./recipe.ts";
import { countText } from "./text.ts";
import { type SavedSnapshot, type SnapshotContent, SnapshotStore } from "./store.ts";

export interface Comparison {
  readonly before: SavedSnapshot;
  readonly after: SavedSnapshot;
  readonly found: ImageComparison;
}

export interface SnapshotsState {
  /** By count of instructions. */
  readonly list: readonly SavedSnapshot[];
  /** The one that the machine was saved to or restored from last. */
  readonly current: string | undefined;
  /** Those that are to be compared, two at most. */
  readonly chosen: readonly string[];
  readonly comparison: Comparison | undefined;
  /** What is being done, in a sentence. */
  readonly busy: string | undefined;
  /** What was done, in a sentence. */
  readonly done: string | undefined;
  readonly error: string | undefined;
}

export const noSnapshots: SnapshotsState = {
  list: [],
  current: undefined,
  chosen: [],
  comparison: undefined,
  busy: undefined,
  done: undefined,
  error: undefined,
};

/** Where the run that is there came from. */
export interface Origin {
  /** A name for the run. */
  readonly run: string;
  readonly recipe: Recipe | undefined;
  /** The snapshot that it was restored from, in a machine that knows nothing of the time before. */
  readonly from?: SavedSnapshot;
}

/** What snapshots need of the page. */
export interface SnapshotsPage {
  readonly machine: MachineClient;
  readonly view: (state: SnapshotsState) => void;
  readonly origin: () => Origin | undefined;
  /** A snapshot takes the place of what was there: its streams, as the guest is to have them, and whether to trace system calls. */
  readonly restoring: (saved: SavedSnapshot, content: SnapshotContent, origin: Origin) => { readonly streams: Streams; readonly strace: boolean };
}

/** Name of a program's file. */
export function nameOf(program: string): string {
  return program.slice(program.lastIndexOf("/") + 1);
}

/** e_type in an ELF header, and what it is in images. */
const E_TYPE_AT = 16;
const ET_CORE = 4;

/** Whether an ELF file is the state of a process rather than a program. */
export function isCore(header: Uint8Array): boolean {
  return header[E_TYPE_AT] === ET_CORE;
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function download(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(new Blob([bytes], { type: "application/x-core" }));
  anchor.download = name;
  anchor.click();
  // The download has begun when the click is over; its data stay until they are read.
  setTimeout(() => URL.revokeObjectURL(anchor.href), 60_000);
}

export class Snapshots {
  readonly #page: SnapshotsPage;
  readonly #store: SnapshotStore = new SnapshotStore();
  /** By which machine of this page they were made. */
  readonly #made: Map<string, Pick<TakenSnapshot, "id" | "generation">> = new Map();
  #state: SnapshotsState = noSnapshots;
  #count = 0;

  constructor(page: SnapshotsPage) {
    this.#page = page;
    void this.#store.list().then((kept) => this.#set({ list: sorted([...kept, ...this.#state.list]) }));
  }

  #set(change: Partial<SnapshotsState>): void {
    this.#state = { ...this.#state, ...change };
    this.#page.view(this.#state);
  }

  /** Does something that takes a while; its sentence at the end, if it has one. */
  async #while(busy: string, act: () => Promise<string | undefined>): Promise<boolean> {
    this.#set({ busy, done: undefined, error: undefined });
    try {
      this.#set({ done: await act() });
      return true;
    } catch (error) {
      this.#set({ error: message(error) });
      return false;
    } finally {
      this.#set({ busy: undefined });
    }
  }

  #find(key: string): SavedSnapshot {
    const found = this.#state.list.find((each) => each.key === key);
    if (found === undefined) throw new Error("The snapshot is not there any more.");
    return found;
  }

  async #keep(saved: SavedSnapshot, content: SnapshotContent): Promise<void> {
    this.#set({ list: sorted([...this.#state.list, saved]), current: saved.key });
    await this.#store.add(saved, content);
  }

  #newKey(): string {
    return `${Date.now()}-${++this.#count}`;
  }

  /** The state as it is, with what the machine does not know of the time before it was restored. */
  async #snapshot(): Promise<TakenSnapshot & Omit<Origin, "from"> & Pick<SavedSnapshot, "ended">> {
    const { run = "", recipe, from } = this.#page.origin() ?? {};
    const { machine } = this.#page;
    const ended = machine.phase === "ended";
    const taken = await machine.snapshot();
    if (from === undefined) return { ...taken, run, recipe, ended };
    const { moment, tape } = taken;
    return {
      ...taken,
      run,
      recipe,
      ended,
      digest: from.digest,
      tape: [...from.tape, ...tape],
      moment: { ...moment, position: from.tape.length + moment.position },
    };
  }

  /** Saves the state as it is; the program goes on where it runs. Resolves with the snapshot's key. */
  async save(): Promise<string | undefined> {
    const key = this.#newKey();
    const done = await this.#while("The state is being saved.", async () => {
      const { id, generation, image, screen, unread, ...about } = await this.#snapshot();
      const { moment } = about;
      const raw = unread !== undefined || this.#page.origin()?.from?.raw === true;
      const saved: SavedSnapshot = { ...about, key, size: image.length, taken: Date.now(), terminal: unread === undefined, raw };
      this.#made.set(key, { id, generation });
      await this.#keep(saved, { image, screen, unread });
      return `Saved after ${countText(moment.instructions)}.`;
    });
    return done || this.#state.list.some((each) => each.key === key) ? key : undefined;
  }

  /** The machine stands where the snapshot was made. */
  async restore(key: string): Promise<boolean> {
    return this.#while("The state is being restored.", async () => {
      const saved = this.#find(key);
      const [content, prebuilt] = await Promise.all([this.#store.content(key), loadInterpreter()]);
      const { machine } = this.#page;
      const made = this.#made.get(key);
      const known = made !== undefined && machine.knows(made);
      const { run, recipe } = saved;
      const from = known ? this.#page.origin()?.from : saved;
      const { streams, strace } = this.#page.restoring(saved, content, { run, recipe, ...(from === undefined ? {} : { from }) });
      const { image, screen } = content;
      machine.restore({ image, screen, streams, strace, prebuilt }, known ? made : undefined);
      this.#set({ current: key });
      return undefined;
    });
  }

  /** The last snapshot of a run at `instructions` or before. */
  before(run: string, instructions: number): SavedSnapshot | undefined {
    return this.#state.list.findLast((each) => each.run === run && each.moment.instructions <= instructions);
  }

  async download(key: string): Promise<void> {
    await this.#while("The image is being put together.", async () => {
      const { program, moment } = this.#find(key);
      const { image } = await this.#store.content(key);
      const name = `${nameOf(program)}-${moment.instructions}.core`;
      download(name, image);
      return `Downloaded. Continue it with: tsvm restore ${name}`;
    });
  }

  /** Images that were saved by the command line, or downloaded here. Resolves with the key of the last. */
  async open(files: readonly File[]): Promise<string | undefined> {
    let last: string | undefined;
    for (const file of files) {
      await this.#while(`${file.name} is being read.`, async () => {
        const image = new Uint8Array(await file.arrayBuffer());
        const { sha256, instructions, program, terminal, raw, machineRevision, mounts } = await describeImage(image).catch((error: unknown) => {
          throw new Error(`${file.name}: ${message(error)}`);
        });
        const [mount] = mounts;
        if (mount !== undefined) {
          throw new Error(`${file.name}: the program needs the directory ${mount} of the computer where it ran, so it can be continued only there.`);
        }
        const key = this.#newKey();
        last = key;
        const saved: SavedSnapshot = {
          key,
          sha256,
          program,
          terminal,
          raw: raw || !terminal,
          ended: false,
          machineRevision,
          moment: { instructions, position: 0, settled: true },
          size: image.length,
          taken: Date.now(),
          run: key,
          digest: undefined,
          recipe: undefined,
          tape: [],
        };
        await this.#keep(saved, { image, screen: new Uint8Array(0), unread: undefined });
        return `${file.name} is ${nameOf(program)} after ${countText(instructions)}.`;
      });
    }
    return last;
  }

  async remove(keys: readonly string[]): Promise<void> {
    const { list, chosen, comparison, current } = this.#state;
    const left = list.filter(({ key }) => !keys.includes(key));
    const gone = (key: string | undefined): boolean => key !== undefined && keys.includes(key);
    this.#set({
      list: left,
      chosen: chosen.filter((key) => !gone(key)),
      current: gone(current) ? undefined : current,
      comparison: gone(comparison?.before.key) || gone(comparison?.after.key) ? undefined : comparison,
    });
    await this.#while("Deleting.", async () => {
      await this.#store.remove(keys);
      return keys.length === 1 ? "Deleted." : `${keys.length} snapshots were deleted.`;
    });
  }

  async removeAll(): Promise<void> {
    await this.remove(this.#state.list.map(({ key }) => key));
  }

  /** Marks a snapshot to be compared, or not any more; of three the first gives way. */
  choose(key: string): void {
    const { chosen } = this.#state;
    this.#set({ chosen: chosen.includes(key) ? chosen.filter((each) => each !== key) : [...chosen, key].slice(-2) });
  }

  /** Compares the two that are marked, the earlier one first. */
  async compare(): Promise<void> {
    await this.#while("The two are being compared.", async () => {
      const [before, after] = sorted(this.#state.chosen.map((key) => this.#find(key)));
      if (before === undefined || after === undefined) throw new Error("Mark two snapshots that are to be compared.");
      const [a, b] = await Promise.all([this.#store.content(before.key), this.#store.content(after.key)]);
      this.#set({ comparison: { before, after, found: await compareImages(a.image, b.image) } });
      return undefined;
    });
  }

  /** Tells what concerns moments of the run. */
  say(done: string): void {
    this.#set({ done, error: undefined });
  }

  fail(error: string): void {
    this.#set({ done: undefined, error });
  }

  /** Whether the machine stands where a link leads, in the state that it promises. */
  async compareWith({ recipe, moment, machineRevision, digest, sha256 }: Link): Promise<void> {
    await this.#while("The state is being compared with the link's.", async () => {
      const there = await this.#snapshot();
      const at = countText(there.moment.instructions);
      if (there.digest !== undefined && !sameDigest(digest, there.digest)) {
        throw new Error(
          `The link was made with another build of ${recipe.program}, so this is not the moment it is about, though it is after ${at}.`,
        );
      }
      if (there.machineRevision !== machineRevision) {
        throw new Error(
          `The link was made by revision ${machineRevision} of the machine, and this is revision ${there.machineRevision}: the program may see differences, and what is here after ${at} may not be what the link is about.`,
        );
      }
      const same = sameDigest(sha256, there.sha256);
      if (there.moment.instructions < moment.instructions && !same) {
        throw new Error(`The program did not get as far as the link says: it is after ${at}, not ${countText(moment.instructions)}.`);
      }
      if (!same) throw new Error(`The state after ${at} is not the one that the link is about.`);
      return `This is the moment of the link, after ${at}: the same state, byte for byte.`;
    });
  }

  closeComparison(): void {
    this.#set({ comparison: undefined });
  }

  /** Copies a link to where the machine stands, or to a snapshot. */
  async copyLink(key?: string): Promise<void> {
    await this.#while("The link is being made.", async () => {
      const { recipe, digest, ended, ...rest } = key === undefined ? await this.#snapshot() : this.#find(key);
      if (recipe === undefined || digest === undefined)
        throw new Error("How this program was started is not known here, so a link cannot tell. Download a snapshot instead.");
      const { withFiles, ...open } = recipe;
      // The end is reached on the way to the count behind it.
      const moment = ended ? { ...rest.moment, instructions: rest.moment.instructions + 1 } : rest.moment;
      const link = new URL(location.href);
      link.hash = linkOf({ ...rest, moment, digest, recipe: open }, withFiles);
      try {
        await navigator.clipboard.writeText(link.href);
      } catch {
        history.replaceState(undefined, "", link);
        return "The link is in the address bar: this browser does not let the page copy it.";
      }
      return `The link is copied: it opens ${recipe.program} after ${countText(rest.moment.instructions)}.`;
    });
  }
}

function sorted(list: readonly SavedSnapshot[]): readonly SavedSnapshot[] {
  return list.toSorted((a, b) => a.moment.instructions - b.moment.instructions || a.moment.position - b.moment.position || a.taken - b.taken);
}
