// The playground as plain files: `npm run playground` serves it, `npm run build:playground` writes playground/dist.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  root: path("."),
  // Any path of any static host.
  base: "./",
  resolve: { alias: { util: path("shims/util.js"), assert: path("shims/assert.js") } },
  server: { fs: { allow: [path("..")] } },
  worker: { format: "es" },
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
