/**
 * Pictures of the playground for docs/images: `npx tsx tools/screenshots.ts [folder]` builds the site, drives Chromium over it, and writes
 * a PNG for each scene, wide and narrow, light and dark.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { chromiumPath, site } from "../test/web/chromium.ts";

interface Scene {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly dark: boolean;
  readonly set: (page: Page) => Promise<void>;
}

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

async function choose(page: Page, program: string): Promise<void> {
  await page
    .getByRole("button", { name: new RegExp(`^${program}\\b`) })
    .first()
    .click();
}

async function runTo(page: Page, kind: string, text: string): Promise<void> {
  await page.getByLabel("Run to what").selectOption(kind);
  await page.getByRole("textbox", { name: "Run to" }).fill(text);
  await button(page, "Run to").click();
  await page
    .getByRole("status")
    .filter({ hasText: /^Paused after/ })
    .first()
    .waitFor();
}

const tab = (page: Page, name: string) => page.getByRole("tab", { name: new RegExp(`^${name}`) }).click();

/** mandelbrot in the middle of its picture, with a breakpoint. */
async function middle(page: Page): Promise<void> {
  await button(page, "Step").click();
  await page
    .getByRole("status")
    .filter({ hasText: /^Before the first/ })
    .first()
    .waitFor();
  await runTo(page, "count", "3,000,000");
  await runTo(page, "system call", "writev");
  await button(page, "Step over").click();
  await page.waitForTimeout(300);
  await page
    .getByRole("region", { name: "Disassembly" })
    .getByRole("button", { name: /^Breakpoint at/ })
    .nth(9)
    .click({ force: true });
}

/** The page table while a program runs. */
async function pages(page: Page): Promise<void> {
  await choose(page, "cpp");
  await tab(page, "Pages");
  await button(page, "Step").click();
  await page
    .getByRole("status")
    .filter({ hasText: /^Before the first/ })
    .first()
    .waitFor();
  await runTo(page, "count", "2,000,000");
  await page.waitForTimeout(400);
}

const scenes: readonly Scene[] = [
  { name: "playground-wide-light", width: 1440, height: 900, dark: false, set: middle },
  { name: "playground-wide-dark", width: 1440, height: 900, dark: true, set: pages },
  { name: "playground-phone-light", width: 380, height: 900, dark: false, set: middle },
  { name: "playground-phone-dark", width: 380, height: 900, dark: true, set: middle },
];

const into = process.argv[2] ?? "docs/images";
const only = process.argv[3];
const folder = mkdtempSync(join(tmpdir(), "tsvm-screenshots-"));
mkdirSync(into, { recursive: true });
const served = await site(folder);
const browser = await chromium.launch({
  ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
try {
  for (const { name, width, height, dark, set } of scenes) {
    if (only !== undefined && !name.includes(only)) continue;
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.goto(served.url);
    await page.locator(".xterm-screen").waitFor();
    await set(page);
    await page.screenshot({ path: join(into, `${name}.png`) });
    await context.close();
  }
} finally {
  await browser.close();
  served.close();
  rmSync(folder, { recursive: true });
}
