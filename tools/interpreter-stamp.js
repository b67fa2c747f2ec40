// What dist/interpreter.bin is known by: a digest of the sources of src/cpu and of the rooms above it. Code that was built carries the digest of
// its own sources (src/cpu/interpreter/made-from.ts) and takes no other modules.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const src = fileURLToPath(new URL("../src/", import.meta.url));

/** Paths in `src` with "/", in one order on every host. */
function sources(directory) {
  const { references } = JSON.parse(readFileSync(join(directory, "cpu/tsconfig.json"), "utf8"));
  const rooms = ["cpu", ...references.map(({ path }) => path.replace("../", ""))];
  return rooms
    .flatMap((room) => readdirSync(join(directory, room), { recursive: true }).map((path) => `${room}/${path.replaceAll("\\", "/")}`))
    .filter((path) => path.endsWith(".ts"))
    .toSorted();
}

/** 16 hexadecimal digits. `directory`: tsvm's `src`. */
export function interpreterStamp(directory = src) {
  const hash = createHash("sha256");
  for (const path of sources(directory))
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(directory, path)))
      .update("\0");
  return hash.digest("hex").slice(0, 16);
}

export const stampModule = (stamp) => `export const madeFrom = ${JSON.stringify(stamp)};\n`;

/** For Vite, where it bundles or serves `src`: the digest as the sources are now. A server gives it anew when one of them changes. */
export function interpreterStampPlugin() {
  return {
    name: "interpreter-stamp",
    transform(_code, id) {
      if (!id.endsWith("/src/cpu/interpreter/made-from.ts")) return undefined;
      for (const path of sources(src)) this.addWatchFile(join(src, path));
      return { code: stampModule(interpreterStamp()), map: null };
    },
  };
}
