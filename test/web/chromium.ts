/** A real Chromium, and the built playground as a static host gives it, at a path that is not its root. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

/** Debian's, or the one that TSVM_CHROMIUM names; undefined where there is none. */
export const chromiumPath: string | undefined = [
  process.env["TSVM_CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== undefined && existsSync(path));

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const PREFIX = "/some/where/";

export interface Site {
  /** Address of the page. */
  readonly url: string;
  readonly folder: string;
  close(): void;
}

/** Builds the playground into `folder` and serves it. */
export async function site(folder: string): Promise<Site> {
  await build({
    configFile: fileURLToPath(new URL("../../playground/vite.config.ts", import.meta.url)),
    logLevel: "error",
    build: { outDir: folder, reportCompressedSize: false },
  });
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://host").pathname);
    const name = path === PREFIX ? "index.html" : path.slice(PREFIX.length);
    const file = join(folder, normalize(`/${name}`));
    void readFile(file).then(
      (bytes) => response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}${PREFIX}`, folder, close: () => void server.close() };
}
