// The playground as plain files: `npm run playground` serves it, `npm run build:playground` writes playground/dist.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { interpreterStampPlugin } from "../tools/interpreter-stamp.js";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Vite's server takes files without an extension for JavaScript; this gives the programs as they are. */
function programFiles(): Plugin {
  const prefix = `/@fs${path("../programs/")}`;
  return {
    name: "program-files",
    configureServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        const { pathname, search } = new URL(request.url ?? "/", "http://host");
        if (!/^[\w-]+\/[\w-]+$/.test(pathname.startsWith(prefix) ? pathname.slice(prefix.length) : "") || search !== "") next();
        else void readFile(pathname.slice("/@fs".length)).then((bytes) => response.end(bytes), next);
      });
    },
  };
}

export default defineConfig({
  root: path("."),
  // Any path of any static host.
  base: "./",
  plugins: [programFiles(), interpreterStampPlugin()],
  resolve: { alias: { util: path("shims/util.js"), assert: path("shims/assert.js") } },
  server: { fs: { allow: [path("..")] } },
  worker: { format: "es", plugins: () => [interpreterStampPlugin()] },
  build: {
    outDir: path("dist"),
    emptyOutDir: true,
    target: "es2023",
    // Programs are files of their own, loaded when they are chosen.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
    // Programs have no extension; the default would leave a dot at the end of their names.
    rolldownOptions: { output: { assetFileNames: "assets/[name]-[hash][extname]" } },
  },
});
