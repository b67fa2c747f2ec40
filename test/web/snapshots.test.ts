/** Snapshots, going back, comparison, links and the guided first run, as a person uses them in Chromium. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CDPSession, Download, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import { missing, type Options, Playground, skipping } from "./playground-page.ts";
import { User } from "./user.ts";

const tsvm = fileURLToPath(new URL("../../bin/tsvm.js", import.meta.url));
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const count = (value: number): string => new Intl.NumberFormat("en").format(value);
/** Pipes of a shell at all three streams: those that Node makes are sockets, which an image tells. */
const PIPES = '(cat | "$@" 2>&3 3>&- | cat) 3>&1 | cat';
const AT_ONCE = { timeout: 20_000 };

describe.skipIf(missing)(`snapshots in Chromium${skipping}`, () => {
  const playground = Playground.forThisFile();
  const { errors } = playground;
  let folder: string;
  let page: Page;
  let user: User;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tsvm-snapshots-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(() => {
    errors.length = 0;
  });
  afterEach(async () => {
    await page.context().close();
    expect(errors).toEqual([]);
  });

  async function open(options: Options = {}): Promise<void> {
    page = await playground.open(options);
    user = new User(page);
  }

  const snapshots = (): Locator => page.getByRole("region", { name: "Snapshots", exact: true });
  const list = (): Locator => snapshots().getByRole("list", { name: "Snapshots by instruction count" }).getByRole("listitem");
  const button = (name: string | RegExp): Locator => snapshots().getByRole("button", { name, exact: typeof name === "string" });
  const says = (text: string | RegExp): Promise<void> => snapshots().getByText(text).first().waitFor(AT_ONCE);
  const fails = (text: RegExp): Promise<void> => snapshots().getByRole("alert").filter({ hasText: text }).waitFor(AT_ONCE);
  const screen = (): Promise<string> => page.locator(".xterm-rows").innerText();
  /** The last that migrate-1999 has written. */
  const lastStep = async (): Promise<number> => Number((await screen()).split("step ").at(-1)?.split(":")[0]);
  const sentence = (): Locator => page.getByRole("region", { name: "Controls" }).getByRole("status");

  /** Program, run to a count of instructions, where it stands. */
  async function runTo(program: string, at: number): Promise<void> {
    await user.choose(program);
    const { stdin } = readProgram(program);
    if (stdin.length > 0) await expect.poll(() => page.getByLabel("Text", { exact: true }).count()).toBe(1);
    await user.load();
    await goTo(at);
  }

  async function goTo(at: number): Promise<void> {
    await page.getByLabel("Count of instructions to go to").fill(String(at));
    await button("Go").click();
    await sentence()
      .filter({ hasText: `after ${count(at)} instruction` })
      .waitFor(AT_ONCE);
  }

  async function save(): Promise<string> {
    const before = await list().count();
    await button("Save now").click();
    await expect.poll(() => list().count(), AT_ONCE).toBe(before + 1);
    await says(/^Saved after/);
    const text = await list().last().locator("code").getAttribute("title");
    return text?.replace(/^.* /, "") ?? "";
  }

  async function downloaded(click: () => Promise<void>): Promise<Buffer> {
    const [download]: [Download, void] = await Promise.all([page.waitForEvent("download"), click()]);
    return readFileSync(await download.path());
  }

  /** Runs the command with `input` through a pipe; what it writes. */
  function command(input: Buffer, ...args: readonly string[]): Buffer {
    return spawnSync("sh", ["-c", PIPES, "sh", process.execPath, tsvm, ...args], { input }).stdout;
  }

  /** The image that `tsvm snapshot` makes of a program that never moved. */
  function imageInNode(name: string, at: number): Buffer {
    const { binary, argv, stdin, env } = readProgram(name);
    const file = join(folder, `${name}-${at}.core`);
    const environment = Object.entries(env).flatMap(([variable, value]) => ["--env", `${variable}=${value}`]);
    command(stdin, "snapshot", "--deterministic", ...environment, "--at", String(at), "-o", file, "--", binary, ...argv);
    return readFileSync(file);
  }

  test("one is taken while the program runs, which goes on, and is gone back to", async () => {
    await open();
    await user.choose("migrate-1999");
    await page.getByLabel("Arguments", { exact: true }).fill("100000");
    await user.button("Run").click();
    await sentence()
      .filter({ hasText: /^The program runs/ })
      .waitFor();
    await expect.poll(lastStep, AT_ONCE).toBeGreaterThan(1);
    await save();
    await sentence()
      .filter({ hasText: /^The program runs/ })
      .waitFor();
    const at = await list()
      .getByRole("button", { name: /^Go to/ })
      .locator("strong")
      .innerText();
    const step = await lastStep();
    await expect.poll(lastStep, AT_ONCE).toBeGreaterThan(step + 10);
    await list()
      .getByRole("button", { name: /^Go to/ })
      .click();
    await sentence()
      .filter({ hasText: `Paused after ${at} instructions` })
      .waitFor(AT_ONCE);
    await expect.poll(lastStep).toBeLessThanOrEqual(step);
    await user.button("Continue").click();
    await sentence()
      .filter({ hasText: /^The program runs/ })
      .waitFor();
    await expect.poll(lastStep, AT_ONCE).toBeGreaterThan(step + 10);
  });

  test("they are tsvm snapshot's, go through a reload, and are deleted one by one and all at once", async () => {
    await open();
    await runTo("arguments", 10_000);
    expect(await save()).toBe(sha256(imageInNode("arguments", 10_000)));
    await goTo(26_000);
    expect(await save()).toBe(sha256(imageInNode("arguments", 26_000)));
    await goTo(30_000);
    await save();
    await page.reload();
    await expect.poll(() => list().count(), AT_ONCE).toBe(3);
    await list()
      .first()
      .getByRole("button", { name: /^Go to 10,000 arguments/ })
      .click();
    await sentence().filter({ hasText: "Paused after 10,000 instructions" }).waitFor(AT_ONCE);
    await goTo(26_000);
    await button("Save now").click();
    await expect.poll(() => list().count()).toBe(4);
    // What was not read yet of the input is there after the reload, too.
    expect(await list().nth(2).locator("code").getAttribute("title")).toBe(await list().nth(1).locator("code").getAttribute("title"));
    await user.button("Continue").click();
    await sentence()
      .filter({ hasText: /^Ended with status 43/ })
      .waitFor(AT_ONCE);
    await list()
      .first()
      .getByRole("button", { name: /^Delete arguments after 10,000/ })
      .click();
    await expect.poll(() => list().count()).toBe(3);
    await button("Delete all").click();
    await button("Keep them").click();
    await button("Delete all").click();
    await button("Delete all 3").click();
    await says(/^A snapshot is the whole state/);
    await page.reload();
    await says(/^A snapshot is the whole state/);
  });

  test("two are compared: registers, memory with symbols, descriptors", async () => {
    await open();
    await runTo("hello-glibc", 2000);
    await save();
    await goTo(8000);
    await save();
    expect(await button("Compare").isEnabled()).toBe(false);
    for (const box of await list().getByRole("checkbox").all()) await box.check();
    await button("Compare").click();
    const found = page.getByRole("region", { name: "Differences" });
    expect(await found.getByRole("status").innerText()).toMatch(
      /^hello-glibc after 2,000 and hello-glibc after 8,000 instructions: .*registers.*memory.*differ\.$/,
    );
    expect(await found.getByRole("region", { name: "Registers" }).getByRole("rowheader").allInnerTexts()).toContain("rip");
    expect((await found.getByRole("region", { name: "Memory" }).getByRole("rowheader").allInnerTexts()).join("\n")).toMatch(/\[stack\]/);
    expect(await found.locator(".before mark").count()).toBeGreaterThan(0);
    await found.getByRole("button", { name: "Close" }).click();
    expect(await found.count()).toBe(0);
  });

  test("a process that tsvm saved goes on here, is saved here, and goes on there: as one that never moved", async () => {
    const name = "migrate-1999";
    const { binary, stdout } = readProgram(name);
    const first = join(folder, "first.core");
    const before = command(Buffer.alloc(0), "snapshot", "--deterministic", "--at", "9000000", "-o", first, "--", binary);
    await open();
    await page.getByLabel("Images to open").setInputFiles(first);
    await sentence().filter({ hasText: "Paused after 9,000,000 instructions" }).waitFor(AT_ONCE);
    await goTo(20_000_000);
    expect(await save()).toBe(sha256(imageInNode(name, 20_000_000)));
    const here = (await screen()).trim();
    const image = await downloaded(() =>
      list()
        .last()
        .getByRole("button", { name: /^Download/ })
        .click(),
    );
    expect(sha256(image)).toBe(sha256(imageInNode(name, 20_000_000)));
    const second = join(folder, "second.core");
    const third = join(folder, "third.core");
    writeFileSync(second, image);
    const after = command(Buffer.alloc(0), "restore", "--checkpoint-every", "30M", "--snapshot-to", third, second);
    expect(sha256(readFileSync(third))).toBe(sha256(imageInNode(name, 30_000_000)));
    const lines = (text: string): string[] =>
      text
        .replaceAll(/\s+/g, " ")
        .split(/(?=step )/)
        .map((line) => line.trim())
        .filter((line) => line !== "");
    expect([before.toString(), here, after.toString()].flatMap(lines)).toEqual(lines(stdout?.toString() ?? ""));
  });

  test("what the browser does not keep lasts until the page is closed, and the page says so", async () => {
    await open();
    await runTo("hello", 4);
    await page.evaluate(() => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException("", "QuotaExceededError");
      };
    });
    await button("Save now").click();
    await fails(/^The snapshot lasts until the page is closed: there is no room left for this page: delete some, or download them\.$/);
    await goTo(6);
    await list()
      .getByRole("button", { name: /^Go to 4 hello/ })
      .click();
    await sentence().filter({ hasText: "Paused after 4 instructions" }).waitFor(AT_ONCE);
    await page.reload();
    await says(/^A snapshot is the whole state/);
  });

  test("what is no image, or one that needs its host, is refused in a sentence", async () => {
    await open();
    const bytes = imageInNode("hello", 2);
    await page.getByLabel("Images to open").setInputFiles({ name: "half.core", mimeType: "", buffer: bytes.subarray(0, 5000) });
    await fails(/^half\.core: This is no image that can be opened here: .*\.$/);
    await page.getByLabel("Images to open").setInputFiles({ name: "notes.txt", mimeType: "", buffer: Buffer.from("no image") });
    await fails(/^notes\.txt: This is no image/);
    const mounted = join(folder, "mounted.core");
    command(
      Buffer.alloc(0),
      "snapshot",
      "--deterministic",
      "--dir",
      `${folder}::/data`,
      "--at",
      "2",
      "-o",
      mounted,
      "--",
      readProgram("hello").binary,
    );
    await page.getByLabel("Images to open").setInputFiles(mounted);
    await fails(/needs the directory \/data of the computer where it ran/);
    expect(await list().count()).toBe(0);
  });

  test("steps back, also from the end, and goes to counts", async () => {
    await open();
    await user.choose("faults");
    await user.button("Run").click();
    await sentence()
      .filter({ hasText: /^Ended by SIGSEGV/ })
      .waitFor(AT_ONCE);
    const end = Number(/after ([\d,]+)/.exec(await sentence().innerText())?.[1]?.replaceAll(",", ""));
    // The fault itself completes no instruction: one back is in front of the instruction that made it.
    await button("Step back").click();
    await sentence()
      .filter({ hasText: `Paused after ${count(end)} instructions` })
      .waitFor(AT_ONCE);
    await button("Step back").click();
    await sentence()
      .filter({ hasText: `Paused after ${count(end - 1)} instructions` })
      .waitFor(AT_ONCE);
    await sentence().click();
    await page.keyboard.press("Shift+F10");
    await sentence()
      .filter({ hasText: `Paused after ${count(end - 2)} instructions` })
      .waitFor(AT_ONCE);
    await goTo(1000);
    await goTo(end - 500);
    const slider = page.getByRole("slider", { name: /^Moment of the run/ });
    expect(await slider.getAttribute("max")).toBe(String(end));
    await slider.fill("5000");
    await sentence().filter({ hasText: "Paused after 5,000 instructions" }).waitFor(AT_ONCE);
    await user.button("Continue").click();
    await sentence()
      .filter({ hasText: `after ${count(end)} instructions` })
      .waitFor(AT_ONCE);
  });

  describe("a link", () => {
    const copied = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());

    async function follow(link: string): Promise<void> {
      await page.context().close();
      await open({ fragment: new URL(link).hash });
    }

    test("opens at the very instruction", async () => {
      await open();
      await runTo("arguments", 3000);
      await button("Copy link").click();
      await says(/^The link is copied: it opens arguments after 3,000 instructions\.$/);
      await follow(await copied());
      await says("This is the moment of the link, after 3,000 instructions: the same state, byte for byte.");
      await sentence().filter({ hasText: "Paused after 3,000 instructions" }).waitFor();
      expect(await page.getByLabel("Arguments", { exact: true }).inputValue()).toBe("one 'two words' '' äö");
    });

    test("holds what was typed, the seed, and what is waited for", async () => {
      await open();
      await user.choose("arguments");
      await expect.poll(() => page.getByLabel("Text", { exact: true }).count()).toBe(1);
      await page.getByLabel("Standard input").selectOption("terminal");
      await page.getByLabel(/^Seed of its random numbers/).fill("beef");
      await user.button("Run").click();
      await sentence()
        .filter({ hasText: /^The program waits/ })
        .waitFor(AT_ONCE);
      await page.keyboard.type("ä typed\n");
      await page.keyboard.type("not yet ent");
      await expect.poll(screen).toContain("not yet ent");
      await user.button("Pause").click();
      await sentence()
        .filter({ hasText: /^Paused/ })
        .waitFor(AT_ONCE);
      await button("Copy link").click();
      await says(/^The link is copied/);
      await follow(await copied());
      await says(/^This is the moment of the link, after [\d,]+ instructions: the same state, byte for byte\.$/);
      await expect.poll(screen).toContain("not yet ent");
      expect(await page.getByLabel(/^Seed of its random numbers/).inputValue()).toMatch(/^0*beef$/);
      await user.button("Continue").click();
      await sentence()
        .filter({ hasText: /^The program waits/ })
        .waitFor(AT_ONCE);
      await page.getByRole("textbox", { name: /^Terminal/ }).press("Enter");
      await page.getByRole("textbox", { name: /^Terminal/ }).press("Control+d");
      await sentence()
        .filter({ hasText: /^Ended with status 42/ })
        .waitFor(AT_ONCE);
    });

    test.each(["faults", "hello"])("to the end of %s leads to its end", async (name) => {
      await open();
      await user.choose(name);
      await user.button("Run").click();
      await sentence()
        .filter({ hasText: /^Ended/ })
        .waitFor(AT_ONCE);
      await button("Copy link").click();
      await says(/^The link is copied/);
      await follow(await copied());
      await says(/the same state, byte for byte\.$/);
      await sentence()
        .filter({ hasText: /^Ended/ })
        .waitFor(AT_ONCE);
    });

    test("to a file of one's own waits for the file", async () => {
      await open();
      const own = readFileSync(readProgram("hello-musl").binary);
      await user.openFile("mine", own);
      await user.load();
      await goTo(50);
      await button("Copy link").click();
      await says(/^The link is copied/);
      await follow(await copied());
      await says(/^This link is about mine, a file of its sender's: open that file here/);
      await user.openFile("renamed", own);
      await says(/^This is the moment of the link, after 50 instructions/);
    });

    test.each([
      [/&r=\d+/, "&r=99", /^The link was made by revision 99 of the machine, and this is revision \d+/],
      [/&h=\w+/, "&h=0123456789abcdef", /^The link was made with another build of hello/],
      [/&c=\w+/, "&c=0123456789abcdef", /^The state after 5 instructions is not the one that the link is about\.$/],
      [/&n=5/, "&n=5000", /^The program did not get as far as the link says: it is after 8 instructions, not 5,000 instructions\.$/],
      [/&n=5/, "&n=five", /^The link is broken/],
    ])("in which %s is changed says so", async (part, other, expected) => {
      await open();
      await runTo("hello", 5);
      await button("Copy link").click();
      await says(/^The link is copied/);
      const link = await copied();
      expect(link).toMatch(part);
      await follow(link.replace(part, other));
      await fails(expected);
    });
  });

  test("the first visit is guided: run, save, continue; and then no more", async () => {
    await open({ guide: true });
    const guide = page.getByRole("region", { name: /^(New here|That is all)/ });
    await guide.getByRole("button", { name: "1 Run it" }).click();
    await expect.poll(lastStep, AT_ONCE).toBeGreaterThan(1);
    await guide.getByRole("button", { name: "2 Save it" }).click();
    await guide.getByText(/^Saved after [\d,]+ instructions, and the process is gone/).waitFor(AT_ONCE);
    const saved = await lastStep();
    expect(await list().count()).toBe(1);
    await guide.getByRole("button", { name: "3 Continue it" }).click();
    await guide.getByText(/^It goes on with the very next instruction/).waitFor(AT_ONCE);
    await expect.poll(lastStep, AT_ONCE).toBeGreaterThan(saved);
    await page.reload();
    await page.locator(".xterm-screen").waitFor();
    expect(await guide.count()).toBe(0);
  });

  test("the guide goes away when it is not wanted", async () => {
    await open({ guide: true });
    await page.getByRole("button", { name: "No, thanks" }).click();
    expect(await page.getByRole("button", { name: "1 Run it" }).count()).toBe(0);
    await page.reload();
    await page.locator(".xterm-screen").waitFor();
    expect(await page.getByRole("button", { name: "1 Run it" }).count()).toBe(0);
  });

  test("1,000 steps forward and back leak nothing", { timeout: 300_000 }, async () => {
    await open();
    await runTo("hello-musl", 300);
    await save();
    const steps = (name: string, times: number): Promise<void> =>
      page.evaluate(
        async ([label, many]) => {
          const target = [...document.querySelectorAll("button")].find(({ textContent }) => textContent?.trim() === label);
          const counter = document.querySelector(".counters dd");
          for (let i = 0; i < many; i++) {
            await new Promise<void>((resolve) => {
              const seen = new MutationObserver(() => {
                seen.disconnect();
                resolve();
              });
              seen.observe(counter as Node, { childList: true, characterData: true, subtree: true });
              target?.click();
            });
          }
        },
        [name, times] as const,
      );
    const heaps = await Heaps.of(page);
    await steps("Step", 100);
    await steps("Step back", 100);
    const before = await heaps.used();
    for (let round = 0; round < 5; round++) {
      await steps("Step", 200);
      await steps("Step back", 200);
    }
    const after = await heaps.used();
    await sentence().filter({ hasText: "Paused after 300 instructions" }).waitFor();
    expect(after.page - before.page).toBeLessThan(1_500_000);
    expect(after.worker - before.worker).toBeLessThan(1_500_000);
  });

  test.each([
    ["wide and light", 1360, false],
    ["380 px and dark", 380, true],
  ])("by everybody, %s", async (_name, width, dark) => {
    await open({ width, dark, guide: true });
    await runTo("hello-musl", 100);
    await save();
    await goTo(200);
    await save();
    for (const box of await list().getByRole("checkbox").all()) await box.check();
    await button("Compare").click();
    await page.getByRole("region", { name: "Differences" }).waitFor();
    expect(await user.barriers()).toEqual([]);
  });
});

/** Bytes in use after a garbage collection, of the page and of its worker. */
class Heaps {
  readonly #session: CDPSession;
  readonly #worker: string;
  #id = 0;

  private constructor(session: CDPSession, worker: string) {
    this.#session = session;
    this.#worker = worker;
  }

  static async of(page: Page): Promise<Heaps> {
    const session = await page.context().newCDPSession(page);
    const worker = new Promise<string>((resolve) => {
      session.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
        if (targetInfo.type === "worker") resolve(sessionId);
      });
    });
    await session.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
    return new Heaps(session, await worker);
  }

  async used(): Promise<{ readonly page: number; readonly worker: number }> {
    await this.#session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await this.#session.send("Runtime.getHeapUsage");
    await this.#inWorker("HeapProfiler.collectGarbage");
    const answer = await this.#inWorker("Runtime.getHeapUsage");
    return { page: usedSize, worker: Number(/"usedSize":(\d+)/.exec(answer)?.[1]) };
  }

  #inWorker(method: string): Promise<string> {
    const id = ++this.#id;
    return new Promise((resolve) => {
      const hear = ({ message }: { readonly message: string }): void => {
        if (!message.startsWith(`{"id":${id},`)) return;
        this.#session.off("Target.receivedMessageFromTarget", hear);
        resolve(message);
      };
      this.#session.on("Target.receivedMessageFromTarget", hear);
      void this.#session.send("Target.sendMessageToTarget", { sessionId: this.#worker, message: JSON.stringify({ id, method }) });
    });
  }
}
