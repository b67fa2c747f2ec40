/**
 * The playground in Chromium can be used. Without a Chromium these tests are skipped, but for CI, where one has to be installed.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listPrograms } from "../../programs/build.ts";
import { missing, type Options, Playground, skipping } from "./playground-page.ts";
import { flood, loop } from "./tiny-elf.ts";
import { shortest, User } from "./user.ts";

describe.skipIf(missing)(`the playground in Chromium${skipping}`, () => {
  const playground = Playground.forThisFile();
  const { errors } = playground;
  let page: Page;
  let user: User;

  async function open(options: Options = {}): Promise<void> {
    page = await playground.open(options);
    user = new User(page);
  }

  describe("can be used", () => {
    beforeEach(() => {
      errors.length = 0;
    });

    afterEach(async () => {
      await page.context().close();
      expect(errors).toEqual([]);
    });

    test("shows its first paint within a second, from less than 500 KB", async () => {
      await open();
      const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
      expect(paint).toBeLessThan(1000);
      const assets = readdirSync(join(playground.folder, "assets")).filter((name) => /\.(js|css|bin)$/.test(name));
      const size = assets.reduce((sum, name) => sum + gzipSync(readFileSync(join(playground.folder, "assets", name))).length, 0);
      expect(size).toBeLessThan(500_000);
    });

    test("runs a program of the gallery", async () => {
      await open();
      await user.choose("hello-musl");
      await user.button("Run").click();
      await user.status(/^Ended with status 0 after [\d,]+ instructions\.$/);
      await expect
        .poll(() => user.screen())
        .toContain(
          listPrograms()
            .find(({ name }) => name === "hello-musl")
            ?.stdout?.toString()
            .trim(),
        );
      await expect.poll(() => user.region("Lines of strace").innerText()).toContain("+++ exited with 0 +++");
    });

    test("passes arguments and text, and says how a program ended", async () => {
      await open();
      await user.choose("arguments");
      await expect.poll(() => page.getByLabel("Text", { exact: true }).inputValue()).not.toBe("");
      expect(await page.getByLabel("Arguments", { exact: true }).inputValue()).toBe("one 'two words' '' äö");
      await user.button("Run").click();
      await user.status(/^Ended with status 43/);
      await user.choose("faults");
      await user.button("Run").click();
      await user.status(/^Ended by SIGSEGV \(status 139\)/);
      expect(await page.getByRole("log", { name: "Notices" }).innerText()).toContain("SIGSEGV");
    });

    test("passes what is typed", async () => {
      await open();
      await user.choose("arguments");
      await expect.poll(() => page.getByLabel("Text", { exact: true }).inputValue()).not.toBe("");
      await page.getByLabel("Standard input").selectOption("terminal");
      await user.button("Run").click();
      await user.status(/^The program waits/);
      await page.keyboard.type("typed by hand\n");
      await expect.poll(() => user.screen()).toContain("typed by hand");
      await page.keyboard.press("Control+d");
      await user.status(/^Ended with status 41/);
    });

    test("pauses, steps, continues and stops a program that loops", async () => {
      await open();
      await user.openFile("loop", loop);
      await user.start("Run");
      await expect.poll(() => page.locator(".counters").innerText()).toMatch(/million\/s/);
      expect(await user.pauseTime(100)).toBeLessThan(100);
      const disassembly = user.region("Disassembly");
      expect(await disassembly.locator("[aria-current=step]").innerText()).toMatch(/400078\s+jmp\s+400078/);
      const sentence = await page.getByRole("status").innerText();
      const before = Number(/after ([\d,]+)/.exec(sentence)?.[1]?.replaceAll(",", ""));
      await user.button("Step").click();
      await user.status(new RegExp(`after ${new Intl.NumberFormat("en").format(before + 1)} `));
      await user.start("Continue");
      expect(
        await shortest(
          100,
          () => user.clickUntil("Stop", "Stopped"),
          () => user.start("Run"),
        ),
      ).toBeLessThan(100);
      await user.start("Run");
      await page.getByRole("textbox", { name: /^Terminal/ }).press("Control+c");
      await user.status(/^Ended by SIGINT/);
    });

    test("stays awake while a program floods its terminal", async () => {
      await open();
      await user.openFile("flood", flood);
      await user.button("Run").click();
      await expect.poll(() => user.screen(), { timeout: 10_000 }).toContain("hello, flood");
      expect(await user.longestTask()).toBeLessThan(50);
      expect(await user.pauseTime(100)).toBeLessThan(100);
    });

    test("marks the registers that a step changes", async () => {
      await open();
      await user.choose("hello");
      await user.load();
      await user.button("Step").click();
      await user.status(/^Paused after 1 instruction,/);
      expect(await page.locator(".registers .changed dt").allInnerTexts()).toContain("rip");
    });

    test("says errors in a sentence", async () => {
      await open();
      await user.openFile("notes.txt", Buffer.from("no program"));
      await user.button("Run").click();
      expect(await page.getByRole("alert").innerText()).toMatch(/^[A-Z].*\.$/);
      await user.choose("hello");
      await page.getByLabel("Arguments", { exact: true }).fill("'open");
      await user.button("Run").click();
      expect(await page.getByRole("alert").innerText()).toMatch(/without a closing one\.$/);
    });

    test.each([
      ["wide and light", 1360, false],
      ["wide and dark", 1360, true],
      ["380 px and light", 380, false],
      ["380 px and dark", 380, true],
    ])("by everybody, %s", async (_name, width, dark) => {
      await open({ width, dark });
      await user.load();
      expect(await user.barriers()).toEqual([]);
    });
  });
});
