/** What a person does on the playground's page, who finds things by their role and name. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type Axe from "axe-core";
import type { Locator, Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Longer than anything that is waited for, also on a busy computer. */
const TIMEOUT_MS = 15_000;

/** One event of Chromium's tracing: durations in microseconds, of which `tdur` is the thread's own time. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/**
 * The longest task of pages' main threads within two seconds, in milliseconds that the thread itself has worked: what else the computer does
 * meanwhile does not count.
 */
async function longestTask(page: Page): Promise<number> {
  const browser = page.context().browser();
  if (browser === null) throw new Error("the page has no browser");
  const session = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  session.on("Tracing.dataCollected", ({ value }) => void events.push(...(value as unknown as TraceEvent[])));
  await session.send("Tracing.start", { traceConfig: { includedCategories: ["toplevel"] }, transferMode: "ReportEvents" });
  await page.waitForTimeout(2000);
  const complete = new Promise((resolve) => void session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.end");
  await complete;
  await session.detach();
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const main = new Set(events.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(threadOf));
  const tasks = events.filter((event) => event.ph === "X" && event.name.endsWith("RunTask") && main.has(threadOf(event)));
  if (!tasks.some(({ tdur }) => tdur !== undefined && tdur > 0)) throw new Error("the trace has no tasks");
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1000));
}

/** The shortest of up to ten times that are measured until one is below `limit`: what else the computer does only adds to them. */
export async function shortest(limit: number, measure: () => Promise<number>, again: () => Promise<void>): Promise<number> {
  let best = await measure();
  for (let i = 1; i < 10 && best >= limit; i++) {
    await again();
    best = Math.min(best, await measure());
  }
  return best;
}

export class User {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(TIMEOUT_MS);
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  region(name: string | RegExp): Locator {
    return this.page.getByRole("region", { name, exact: true });
  }

  async tab(name: string): Promise<void> {
    await this.page.getByRole("tab", { name: new RegExp(`^${name}`) }).click();
  }

  async choose(program: string): Promise<void> {
    await this.page
      .getByRole("button", { name: new RegExp(`^${program}\\b`) })
      .first()
      .click();
  }

  async openFile(name: string, buffer: Buffer): Promise<void> {
    await this.page.getByLabel("ELF file", { exact: true }).setInputFiles({ name, mimeType: "", buffer });
  }

  async status(pattern: RegExp): Promise<void> {
    await this.page.getByRole("status").filter({ hasText: pattern }).first().waitFor();
  }

  /** Loads the chosen program, which then stands before its first instruction. */
  async load(): Promise<void> {
    await this.button("Step").click();
    await this.status(/^Before the first instruction/);
  }

  async start(button: "Run" | "Continue"): Promise<void> {
    await this.button(button).click();
    await this.status(/^The program runs/);
  }

  async runTo(what: "address" | "system call" | "count", text: string): Promise<void> {
    await this.page.getByLabel("Run to what").selectOption(what);
    await this.page.getByRole("textbox", { name: "Run to" }).fill(text);
    await this.button("Run to").click();
  }

  /** Instructions completed, as the counter shows them. */
  async instructions(): Promise<number> {
    const text = await this.page.locator(".counters dd").first().innerText();
    return Number(text.replaceAll(",", ""));
  }

  screen(): Promise<string> {
    return this.page.locator(".xterm-rows").innerText();
  }

  longestTask(): Promise<number> {
    return longestTask(this.page);
  }

  /** Milliseconds from the click on a button until the sentence begins with `text`, both seen in the page. */
  clickUntil(name: string, text: string): Promise<number> {
    return this.page.evaluate(
      ([label, wanted]) =>
        new Promise<number>((resolve) => {
          const sentence = document.querySelector(".controls [role=status]");
          const target = [...document.querySelectorAll("button")].find((each) => each.textContent === label);
          const began = performance.now();
          new MutationObserver((_records, observer) => {
            if (!sentence?.textContent?.startsWith(wanted)) return;
            observer.disconnect();
            resolve(performance.now() - began);
          }).observe(sentence as Node, { childList: true, characterData: true, subtree: true });
          target?.click();
        }),
      [name, text] as const,
    );
  }
  /** What keeps somebody from using the page as it is now: serious and critical findings of axe-core, and what is wider than the window. */
  async barriers(): Promise<string[]> {
    if (await this.page.evaluate(() => !("axe" in window))) await this.page.evaluate(axe);
    return this.page.evaluate(async () => {
      const { violations } = await (window as unknown as { axe: typeof Axe }).axe.run();
      const found = violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
      const over = document.documentElement.scrollWidth - window.innerWidth;
      return over > 0 ? [...found, `wider than the window by ${over}`] : found;
    });
  }

  /** The shortest of some times in which a running program has stood still after a click on Pause, in milliseconds. */
  pauseTime(limit: number): Promise<number> {
    return shortest(
      limit,
      () => this.clickUntil("Pause", "Paused after"),
      () => this.start("Continue"),
    );
  }
}
