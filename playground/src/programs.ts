// The gallery: what programs/ holds, found when the site is built.

export interface GalleryProgram {
  readonly name: string;
  readonly description: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  /** Its standard input; undefined where it reads none. */
  readonly stdinUrl: string | undefined;
}

interface Declared {
  readonly description: string;
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const declared = import.meta.glob<Declared>("../../programs/*/program.json", { eager: true, import: "default" });
const urls = import.meta.glob<string>(["../../programs/*/*", "!../../programs/*/*.*"], { eager: true, import: "default", query: "?url" });

export const programs: readonly GalleryProgram[] = Object.entries(declared).flatMap(([path, { description, argv = [], env = {} }]) => {
  const folder = path.slice(0, path.lastIndexOf("/"));
  const name = folder.slice(folder.lastIndexOf("/") + 1);
  const url = urls[`${folder}/${name}`];
  return url === undefined ? [] : [{ name, description, argv, env, url, stdinUrl: urls[`${folder}/stdin`] }];
});

/** Throws an Error with a sentence. `foreign`: another site has it, which must allow that. */
export async function fetchBytes(url: string, what: string, foreign = false): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch {
    const why = foreign ? "its server cannot be reached, or does not let other pages read its files (CORS)" : "the server cannot be reached";
    throw new Error(`${what} could not be loaded: ${why}.`);
  }
  if (!response.ok) throw new Error(`${what} could not be loaded: the server answered ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
}
