// The last step of `npm run build`: what makes the command start quickly.
// - dist/interpreter.bin: the interpreter's WebAssembly modules, which are the same in every run; one entry for each processor model.
//   Type-checking alone does not make them anew: both they and the code hold the digest of their sources, and the code takes no others.
// - dist/bundle/: the command's modules in a few files; resolving and reading each of them costs Node more than running it.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { interpreterStamp, stampModule } from "./interpreter-stamp.js";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));

// Before the code that holds it is loaded.
writeFileSync(`${dist}cpu/interpreter/made-from.js`, stampModule(interpreterStamp()));
const [{ Interpreter }, { cpuModels }, { AddressSpace }] = await Promise.all([
  import("../dist/cpu/index.js"),
  import("../dist/machine/index.js"),
  import("../dist/memory/index.js"),
]);

const modules = Object.values(cpuModels).map((features) => new Interpreter(new AddressSpace(), features).handlers.encode());
writeFileSync(`${dist}interpreter.bin`, Buffer.concat(modules));

await build({
  configFile: false,
  logLevel: "warn",
  root: dist,
  ssr: { noExternal: true },
  build: {
    ssr: `${dist}cli/index.js`,
    outDir: `${dist}bundle`,
    emptyOutDir: true,
    target: "node20",
    minify: true,
    sourcemap: true,
    rollupOptions: { output: { entryFileNames: "index.js", chunkFileNames: "[name].js" } },
  },
});
