/**
 * Pictures of the playground for docs/images: `npx tsx tools/screenshots.ts [folder]` builds the site, drives Chromium over it, and writes
 * a PNG for each scene, wide and narrow, light and dark.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { chromium, type Page } from "playwright-core";
import { chromiumPath, site } from "../test/web/chromium.ts";
import { User } from "../test/web/user.ts";

interface Scene {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly dark: boolean;
  readonly set: (user: User) => Promise<void>;
}

async function runTo(user: User, what: "system call" | "count", text: string): Promise<void> {
  await user.runTo(what, text);
  await user.status(/^Paused after/);
}

/** mandelbrot in the middle of its picture, with a breakpoint. */
async function middle(user: User): Promise<void> {
  await user.load();
  await runTo(user, "count", "3,000,000");
  await runTo(user, "system call", "writev");
  await user.button("Step over").click();
  await user.page.waitForTimeout(300);
  await user.page
    .getByRole("button", { name: /^Breakpoint at .*\+0xab$/ })
    .first()
    .dispatchEvent("click");
  await user.page.waitForTimeout(200);
}

/** Snapshots of two moments, and the page table of a larger program. */
async function pages(user: User): Promise<void> {
  await user.choose("cpp");
  await user.tab("Pages");
  await user.load();
  await runTo(user, "count", "2,000,000");
  await user.button("Save now").click();
  await runTo(user, "count", "2,400,000");
  await user.button("Save now").click();
  await user.page.waitForTimeout(1000);
}

/** The narrow page from its top. */
async function top(user: User): Promise<void> {
  await middle(user);
  await user.page.evaluate(() => scrollTo(0, 0));
}

/** The narrow page where the views are. */
async function views(user: User): Promise<void> {
  await pages(user);
  await user.page.getByRole("tab", { name: /^Pages/ }).evaluate((element) => element.scrollIntoView({ block: "start" }));
}

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and alpha of each. */
  readonly data: Buffer;
}

async function pixelsOf(page: Page, png: Buffer): Promise<Pixels> {
  const { width, height, base64 } = await page.evaluate(async (source) => {
    const bytes = Uint8Array.from(atob(source), (char) => char.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    if (context === null) throw new Error("no canvas");
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    let text = "";
    for (let at = 0; at < data.length; at += 4096) text += String.fromCharCode(...data.subarray(at, at + 4096));
    return { width: bitmap.width, height: bitmap.height, base64: btoa(text) };
  }, png.toString("base64"));
  return { width, height, data: Buffer.from(base64, "base64") };
}

const COLORS = 256;

const parts = (color: number): readonly [number, number, number] => [color >> 16, (color >> 8) & 0xff, color & 0xff];

function distance(a: number, b: number): number {
  const [r, g, blue] = parts(a);
  const [otherR, otherG, otherBlue] = parts(b);
  return (r - otherR) ** 2 + (g - otherG) ** 2 + (blue - otherBlue) ** 2;
}

/** The most frequent color, then always the one that is worst served by those chosen: few pixels of another color count more than many of nearly the same. */
function paletteOf(counts: ReadonlyMap<number, number>): number[] {
  const palette: number[] = [];
  const left = new Map([...counts].map(([color, count]) => [color, { worst: Infinity, weight: Math.sqrt(count) }]));
  while (palette.length < COLORS && left.size > 0) {
    let chosen = -1;
    let most = -1;
    for (const [color, { worst, weight }] of left) {
      const need = Math.min(worst, 1e6) * weight;
      if (need > most) [chosen, most] = [color, need];
    }
    palette.push(chosen);
    left.delete(chosen);
    for (const [color, state] of left) state.worst = Math.min(state.worst, distance(color, chosen));
  }
  return palette;
}

/** A PNG with a palette: a third of the size, and no eye sees the difference in text. */
function smaller({ width, height, data }: Pixels): Buffer {
  const counts = new Map<number, number>();
  for (let at = 0; at < data.length; at += 4) {
    const color = data.readUIntBE(at, 3);
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  const palette = paletteOf(counts);
  const nearest = new Map<number, number>();
  for (const color of counts.keys()) {
    let best = 0;
    palette.forEach((each, index) => {
      if (distance(each, color) < distance(palette[best] ?? 0, color)) best = index;
    });
    nearest.set(color, best);
  }
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = nearest.get(data.readUIntBE(4 * (y * width + x), 3)) ?? 0;
  }
  const chunk = (type: string, content: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(content.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits of palette index for each pixel.
  header.set([8, 3], 8);
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap(parts))),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

const scenes: readonly Scene[] = [
  { name: "playground-wide-light", width: 1440, height: 900, dark: false, set: middle },
  { name: "playground-wide-dark", width: 1440, height: 900, dark: true, set: pages },
  { name: "playground-phone-light", width: 380, height: 900, dark: false, set: top },
  { name: "playground-phone-dark", width: 380, height: 900, dark: true, set: views },
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
    // The guided first run has been seen.
    await context.addInitScript(() => localStorage.setItem("tsvm-guide", "done"));
    const page = await context.newPage();
    await page.goto(served.url);
    await page.locator(".xterm-screen").waitFor();
    await set(new User(page));
    writeFileSync(join(into, `${name}.png`), smaller(await pixelsOf(page, await page.screenshot())));
    await context.close();
  }
} finally {
  await browser.close();
  served.close();
  rmSync(folder, { recursive: true });
}
