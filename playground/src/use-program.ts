// What is to be run, and how: chosen, edited and started.
import { useCallback, useMemo, useRef, useState } from "preact/hooks";
import type { Command, InputEvent, Streams } from "../../src/web/index.ts";
import { type Dropped, type Incoming, isElf, readIncoming } from "./files/incoming.ts";
import { loadInterpreter, type MachineClient } from "./machine.ts";
import { fetchBytes, type GalleryProgram, programs } from "./programs.ts";
import type { Recipe } from "./snapshots/recipe.ts";
import { nameOf, type Origin } from "./snapshots/snapshots.ts";
import type { SavedSnapshot } from "./snapshots/store.ts";
import { joinWords, splitWords } from "./words.ts";

/** The program's file. */
export interface Choice {
  readonly name: string;
  /** Absolute path in the guest. */
  readonly path: string;
  /** Gives the file; undefined where the guest has it. */
  readonly load: (() => Promise<Uint8Array<ArrayBuffer>>) | undefined;
  readonly fromGallery: boolean;
}

export type InputKind = "terminal" | "text";

/** How the program is started. */
export interface Settings {
  /** As a shell's command line has them. */
  readonly args: string;
  /** NAME=value, one a line. */
  readonly env: string;
  readonly input: InputKind;
  readonly text: string;
  /** Of the guest's random numbers, in hexadecimal; empty for zeros. */
  readonly seed: string;
  readonly strace: boolean;
}

/** What stands in front of the program: its terminal and its lines of strace. */
export interface Stage {
  /** A new program begins; `pipes`: its output goes through pipes. */
  readonly begin: (pipes: boolean) => void;
  readonly focusTerminal: () => void;
  readonly streams: (pipes: boolean, text: string) => Streams;
}

export interface Program {
  readonly choice: Choice | undefined;
  readonly settings: Settings;
  readonly added: Incoming;
  readonly change: (change: Partial<Settings>) => void;
  readonly choose: (program: GalleryProgram) => void;
  readonly openBytes: (name: string, load: () => Promise<Uint8Array<ArrayBuffer>>) => void;
  /** A program that the guest's files hold. */
  readonly openGuestPath: (path: string) => void;
  readonly openUrl: (url: string) => Promise<void>;
  readonly addFiles: (dropped: readonly Dropped[], below: string) => Promise<void>;
  readonly removeAdded: (kind: "file" | "archive", index: number) => void;
  /** Loads it; `then` is done at once. Errors are told by the machine's state. */
  readonly start: (then?: Command) => Promise<void>;
  readonly stop: () => void;
  /** Where the run that is there came from. */
  readonly origin: () => Origin | undefined;
  /** Starts a program of the gallery, or waits for its file to be opened (false), and tells it what it was told in an earlier run. */
  readonly startAgain: (name: string, how: Pick<Recipe, "args" | "env" | "input" | "seed">, tape: readonly InputEvent[], then: Command) => boolean;
  /** A snapshot takes the place of what was there. */
  readonly continueFrom: (saved: SavedSnapshot, origin: Origin) => void;
}

/** What is told a program again. */
interface Again {
  readonly tape: readonly InputEvent[];
  readonly then: Command;
}

/** What programs of one's own find in their environment. */
const USUAL_ENV = "TERM=xterm-256color\nLANG=C.UTF-8\nPATH=/bin:/usr/bin\nHOME=/";
const NOTHING_ADDED: Incoming = { archives: [], archiveNames: [], files: [] };

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function choiceOf({ name, url }: GalleryProgram): Choice {
  return { name, path: `/${name}`, load: () => fetchBytes(url, `The program ${name}`), fromGallery: true };
}

function settingsOf({ argv, env }: GalleryProgram): Omit<Settings, "strace"> {
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return { args: joinWords(argv), env: lines.join("\n"), input: "terminal", text: "", seed: "" };
}

const SEED_DIGITS = 64;

/** All digits of a seed; undefined for zeros. Throws Error with a sentence. */
function seedOf(text: string): string | undefined {
  const digits = text.trim().replace(/^0x/i, "").toLowerCase();
  if (!/^[\da-f]{0,64}$/.test(digits)) throw new Error(`The seed has other signs than at most ${SEED_DIGITS} hexadecimal digits.`);
  const whole = digits.padStart(SEED_DIGITS, "0");
  return /^0*$/.test(whole) ? undefined : whole;
}

function seedBytes(digits: string): Uint8Array {
  return Uint8Array.from({ length: SEED_DIGITS / 2 }, (_each, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/** Throws Error with a sentence for a line that is no NAME=value. */
function environmentOf(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const wrong = lines.find((line) => !/^[^=]+=/.test(line));
  if (wrong !== undefined) throw new Error(`The environment has a line that is not NAME=value: ${wrong.trim()}`);
  return lines;
}

export function useProgram(machine: MachineClient, stage: Stage, first: GalleryProgram | undefined): Program {
  const [choice, setChoice] = useState<Choice | undefined>(first && choiceOf(first));
  const [settings, setSettings] = useState<Settings>({
    ...(first === undefined ? { args: "", env: "", input: "terminal", text: "", seed: "" } : settingsOf(first)),
    strace: true,
  });
  const [added, setAdded] = useState<Incoming>(NOTHING_ADDED);
  /** Counts what was chosen or started, so that what comes late of an earlier one is dropped. */
  const turn = useRef(0);
  const now = useRef({ choice, settings, added, stage });
  now.current = { choice, settings, added, stage };
  const origin = useRef<Origin | undefined>(undefined);
  const runs = useRef(0);
  /** A run that is to be made again as soon as its program's file is there. */
  const awaited = useRef<(Again & { readonly name: string; readonly settings: Partial<Settings> }) | undefined>(undefined);

  const change = useCallback((part: Partial<Settings>) => setSettings((old) => ({ ...old, ...part })), []);
  const take = useCallback(
    (next: Choice, part: Partial<Settings>): void => {
      turn.current++;
      awaited.current = undefined;
      machine.reset();
      setChoice(next);
      change(part);
    },
    [machine, change],
  );
  const own = useCallback((): Partial<Settings> => ({ args: "", input: "terminal", text: "", env: USUAL_ENV, seed: "" }), []);

  const choose = useCallback(
    (program: GalleryProgram): void => {
      take(choiceOf(program), settingsOf(program));
      const mine = turn.current;
      if (program.stdinUrl === undefined) return;
      fetchBytes(program.stdinUrl, `The input of ${program.name}`).then(
        (bytes) => {
          if (mine === turn.current) change({ input: "text", text: new TextDecoder().decode(bytes) });
        },
        (error: unknown) => machine.fail(message(error)),
      );
    },
    [machine, take, change],
  );

  const start = useCallback(
    async (then?: Command, tape?: readonly InputEvent[]): Promise<void> => {
      const { choice: chosen, settings: how, added: files, stage: around } = now.current;
      if (chosen === undefined) return;
      const mine = ++turn.current;
      machine.loading(`${chosen.name} is being loaded.`);
      try {
        const words = splitWords(how.args);
        const envp = environmentOf(how.env);
        const seed = seedOf(how.seed);
        const [elf, prebuilt] = await Promise.all([chosen.load?.(), loadInterpreter()]);
        if (mine !== turn.current) return;
        const pipes = how.input === "text";
        around.begin(pipes);
        const withFiles = chosen.load === undefined || files.files.length + files.archives.length > 0;
        origin.current = {
          run: `${Date.now()}-${++runs.current}`,
          recipe: { program: chosen.name, args: words, env: envp, input: pipes ? how.text : undefined, seed, withFiles },
        };
        machine.start(
          {
            ...(elf === undefined ? {} : { elf }),
            prebuilt,
            path: chosen.path,
            argv: [chosen.path, ...words],
            envp,
            ...(files.files.length + files.archives.length > 0 ? { files: { archives: files.archives, files: files.files } } : {}),
            streams: around.streams(pipes, how.text),
            strace: how.strace,
            ...(seed === undefined ? {} : { seed: seedBytes(seed) }),
            ...(tape === undefined ? {} : { tape }),
          },
          then,
        );
        if (then?.type === "run" && !pipes) around.focusTerminal();
      } catch (error) {
        if (mine === turn.current) machine.fail(message(error));
      }
    },
    [machine],
  );

  /** Starts what is chosen now, though it is not drawn yet. */
  const startWith = useCallback(
    (next: Choice, part: Partial<Settings>, { then, tape }: Again): void => {
      take(next, part);
      const { settings: old, stage: around } = now.current;
      now.current = { choice: next, settings: { ...old, ...part }, added: NOTHING_ADDED, stage: around };
      setAdded(NOTHING_ADDED);
      void start(then, tape);
    },
    [take, start],
  );

  const openBytes = useCallback(
    (name: string, load: () => Promise<Uint8Array<ArrayBuffer>>): void => {
      const waiting = awaited.current;
      if (waiting === undefined) take({ name, path: `/${name}`, load, fromGallery: false }, own());
      else startWith({ name: waiting.name, path: `/${waiting.name}`, load, fromGallery: false }, waiting.settings, waiting);
    },
    [take, own, startWith],
  );

  const startAgain = useCallback(
    (
      name: string,
      { args, env, input, seed }: Pick<Recipe, "args" | "env" | "input" | "seed">,
      tape: readonly InputEvent[],
      then: Command,
    ): boolean => {
      const found = programs.find((each) => each.name === name);
      const part: Partial<Settings> = {
        args: joinWords(args),
        env: env.join("\n"),
        input: input === undefined ? "terminal" : "text",
        text: input ?? "",
        seed: seed ?? "",
      };
      if (found !== undefined) startWith(choiceOf(found), part, { tape, then });
      else awaited.current = { name, settings: part, tape, then };
      return found !== undefined;
    },
    [startWith],
  );

  const continueFrom = useCallback(({ program: path, terminal, recipe }: SavedSnapshot, from: Origin): void => {
    turn.current++;
    origin.current = from;
    const name = recipe?.program ?? nameOf(path);
    const found = programs.find((each) => each.name === name);
    if (now.current.choice?.name !== name) {
      const absent = (): Promise<never> => Promise.reject(new Error(`The file of ${name} is not here: open it to run it from its beginning.`));
      setChoice(found === undefined ? { name, path, load: absent, fromGallery: false } : choiceOf(found));
      if (recipe === undefined) setSettings((old) => ({ ...old, args: "", env: "" }));
    }
    setSettings((old) => ({
      ...old,
      input: terminal ? "terminal" : "text",
      ...(recipe === undefined
        ? {}
        : { args: joinWords(recipe.args), env: recipe.env.join("\n"), text: recipe.input ?? "", seed: recipe.seed ?? "" }),
    }));
  }, []);

  return useMemo(
    () => ({
      choice,
      settings,
      added,
      change,
      choose,
      openBytes,
      openGuestPath: (path) => take({ name: path, path, load: undefined, fromGallery: false }, own()),
      openUrl: async (text) => {
        if (text.trim() === "") throw new Error("An address is missing.");
        if (!URL.canParse(text, location.href)) throw new Error(`"${text}" is no address.`);
        const url = new URL(text, location.href);
        const name = decodeURIComponent(url.pathname.split("/").pop() ?? "") || "program";
        const bytes = await fetchBytes(url.href, name, url.origin !== location.origin);
        if (!isElf(bytes)) throw new Error(`${name} is no ELF file.`);
        openBytes(name, () => Promise.resolve(bytes));
      },
      addFiles: async (dropped, below) => {
        const incoming = await readIncoming(dropped, below);
        setAdded((old) => ({
          archives: [...old.archives, ...incoming.archives],
          archiveNames: [...old.archiveNames, ...incoming.archiveNames],
          files: [...old.files.filter(({ path }) => !incoming.files.some((file) => file.path === path)), ...incoming.files],
        }));
        machine.send({ type: "addFiles", files: { archives: incoming.archives, files: incoming.files } });
      },
      removeAdded: (kind, index) =>
        setAdded((old) => {
          const without = <T>(list: readonly T[]): T[] => list.filter((_each, i) => i !== index);
          return kind === "file"
            ? { ...old, files: without(old.files) }
            : { ...old, archives: without(old.archives), archiveNames: without(old.archiveNames) };
        }),
      start,
      stop: () => {
        turn.current++;
        machine.stop();
      },
      origin: () => origin.current,
      startAgain,
      continueFrom,
    }),
    [choice, settings, added, change, choose, openBytes, take, own, start, startAgain, continueFrom, machine],
  );
}
