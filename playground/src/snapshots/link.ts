/**
 * A moment of a run in a URL's fragment: program, arguments, environment, input, seed, what was typed and when, and the count of instructions.
 * Whoever opens it stands at that very instruction.
 */
import type { InputEvent, Moment } from "../../../src/web/index.ts";
import { joinWords, splitWords } from "../words.ts";
import type { Recipe } from "./recipe.ts";

export interface Link {
  readonly recipe: Omit<Recipe, "withFiles">;
  readonly moment: Moment;
  readonly tape: readonly InputEvent[];
  readonly machineRevision: number;
  /** SHA-256 of the program's file. Cut in a link that was read, as the next one. */
  readonly digest: string;
  /** SHA-256 of the image at the moment. */
  readonly sha256: string;
}

/** Characters of a fragment that mail programs and trackers leave whole. */
const LONGEST = 8000;
/** Digits of a digest: by far enough to tell things apart that are not made to look alike. */
const DIGITS = 16;
const FIELDS = ["p", "h", "n", "r", "c"] as const;

type PackedEvent =
  | readonly ["b", number, number, string]
  | readonly ["e", number, number, number]
  | readonly ["r", number, number, readonly [number, number, number, number]];

function base64url(text: string): string {
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Counts are told as distances, bytes as characters. Throws Error with a sentence. */
function packTape(tape: readonly InputEvent[]): string {
  let before = 0;
  const packed = tape.map((event): PackedEvent => {
    const distance = event.at - before;
    before = event.at;
    const joined = event.joined === true ? 1 : 0;
    switch (event.type) {
      case "bytes":
        return ["b", distance, joined, String.fromCharCode(...event.bytes)];
      case "elapse":
        return ["e", distance, joined, event.ns];
      case "resize":
        return ["r", distance, joined, [event.size.rows, event.size.columns, event.size.xpixel, event.size.ypixel]];
      case "files":
        throw new Error("Files were given to the program while it ran, which a link cannot hold. Download a snapshot instead.");
    }
  });
  // What was typed may be any byte; JSON's text is made of those below 128 only.
  return base64url(JSON.stringify(packed).replaceAll(/[\x7f-\xff]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`));
}

function unpackTape(text: string): InputEvent[] {
  const packed = JSON.parse(atob(text.replaceAll("-", "+").replaceAll("_", "/"))) as readonly PackedEvent[];
  let at = 0;
  return packed.map(([kind, distance, joined, value]): InputEvent => {
    at += distance;
    const time = { at, ...(joined === 1 ? { joined: true as const } : {}) };
    if (!Number.isSafeInteger(at) || distance < 0) throw new Error("no count");
    if (kind === "b") return { ...time, type: "bytes", bytes: Uint8Array.from(value, (char) => char.charCodeAt(0)) };
    if (kind === "e" && value >= 0) return { ...time, type: "elapse", ns: value };
    if (kind !== "r") throw new Error("no event");
    const [rows, columns, xpixel, ypixel] = value;
    return { ...time, type: "resize", size: { rows, columns, xpixel, ypixel } };
  });
}

/** The fragment, without its `#`. Throws Error with a sentence for what a link cannot hold. */
export function linkOf({ recipe, moment, tape, machineRevision, digest, sha256 }: Link, withFiles: boolean): string {
  if (withFiles) throw new Error("The program was given files, which a link cannot hold. Download a snapshot instead.");
  const fields = new URLSearchParams({
    p: recipe.program,
    h: digest.slice(0, DIGITS),
    n: String(moment.instructions),
    r: String(machineRevision),
    c: sha256.slice(0, DIGITS),
  });
  if (recipe.args.length > 0) fields.set("a", joinWords(recipe.args));
  for (const variable of recipe.env) fields.append("e", variable);
  if (recipe.input !== undefined) fields.set("i", recipe.input);
  if (recipe.seed !== undefined) fields.set("s", recipe.seed);
  if (tape.length > 0) fields.set("t", packTape(tape));
  if (moment.position > 0) fields.set("m", `${moment.position}${moment.settled ? "" : "-"}`);
  const text = fields.toString();
  if (text.length > LONGEST) {
    throw new Error(`The input is too long for a link, which may have ${LONGEST} characters. Download a snapshot instead.`);
  }
  return text;
}

/** undefined where the fragment is no link of ours. Throws Error with a sentence where it is a broken one. */
export function readLink(fragment: string): Link | undefined {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  if (!fields.has("p") || !fields.has("n")) return undefined;
  try {
    const [program = "", digest = "", count = "", revision = "", sha256 = ""] = FIELDS.map((name) => fields.get(name) ?? "");
    const instructions = Number(count);
    const place = /^(\d+)(-?)$/.exec(fields.get("m") ?? "0");
    const seed = fields.get("s") ?? undefined;
    if (!/^[^/\0]{1,255}$/.test(program) || !/^\d{1,16}$/.test(count) || !/^\d{1,9}$/.test(revision) || place === null) throw new Error("fields");
    if (!Number.isSafeInteger(instructions) || (seed !== undefined && !/^[\da-f]{64}$/.test(seed))) throw new Error("numbers");
    return {
      recipe: { program, args: splitWords(fields.get("a") ?? ""), env: fields.getAll("e"), input: fields.get("i") ?? undefined, seed },
      moment: { instructions, position: Number(place[1]), settled: place[2] === "" },
      tape: unpackTape(fields.get("t") ?? base64url("[]")),
      machineRevision: Number(revision),
      digest,
      sha256,
    };
  } catch {
    throw new Error("The link is broken: a part of it is missing or changed.");
  }
}

/** A digest of a link, which is cut, and a whole one. */
export function sameDigest(cut: string, whole: string): boolean {
  return cut !== "" && whole.startsWith(cut);
}
