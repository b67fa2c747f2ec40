/** The built playground in a Chromium, for the tests of one file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { chromiumPath, site, type Site } from "./chromium.ts";

/** There is no Chromium, and it does not have to be there. */
export const missing: boolean = chromiumPath === undefined && process.env["CI"] === undefined;
/** For the name of what is skipped then. */
export const skipping: string = missing ? " (skipped: there is no chromium here)" : "";

export interface Options {
  readonly width?: number;
  readonly dark?: boolean;
  /** Show the guided first run. */
  readonly guide?: boolean;
  /** Behind the page's address: `#...`. */
  readonly fragment?: string;
}

/** Building the site and starting a browser, on a computer that has other things to do. */
const START_MS = 120_000;

export class Playground {
  #browser: Browser | undefined;
  #served: Site | undefined;
  #folder = "";
  /** What pages have reported. */
  readonly errors: string[] = [];

  /** To be called while tests are declared. */
  static forThisFile(): Playground {
    const playground = new Playground();
    beforeAll(() => playground.#start(), START_MS);
    afterAll(() => playground.#end());
    return playground;
  }

  async #start(): Promise<void> {
    if (chromiumPath === undefined) throw new Error("CI needs a Chromium: apt-get install chromium, or TSVM_CHROMIUM");
    this.#folder = mkdtempSync(join(tmpdir(), "tsvm-playground-"));
    [this.#served, this.#browser] = await Promise.all([
      site(this.#folder),
      // Chromium's own sandbox does not start as root.
      chromium.launch({ executablePath: chromiumPath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] }),
    ]);
  }

  async #end(): Promise<void> {
    await this.#browser?.close();
    this.#served?.close();
    if (this.#folder !== "") rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Where the built site lies. */
  get folder(): string {
    return this.#folder;
  }

  get url(): string {
    if (this.#served === undefined) throw new Error("nothing is served yet");
    return this.#served.url;
  }

  /** A page in a browser that knows nothing of earlier ones. */
  async open(options: Options = {}): Promise<Page> {
    if (this.#browser === undefined) throw new Error("there is no browser yet");
    const context = await this.#browser.newContext({
      viewport: { width: options.width ?? 1360, height: 900 },
      colorScheme: options.dark ? "dark" : "light",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    if (options.guide !== true) await context.addInitScript(() => localStorage.setItem("tsvm-guide", "done"));
    const page = await context.newPage();
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
    await page.goto(`${this.url}${options.fragment ?? ""}`);
    await page.locator(".xterm-screen").waitFor();
    return page;
  }
}
