/** What a person does on the playground's page, who finds things by their role and name. */
import type { Locator, Page } from "playwright-core";

/** Longer than anything that is waited for, also on a busy computer. */
const TIMEOUT_MS = 15_000;

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

  /** The longest task of the page, in milliseconds, within a second. */
  longestTask(): Promise<number> {
    return this.page.evaluate(async () => {
      const { longTasks } = window as unknown as { longTasks: number[] };
      longTasks.length = 0;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return Math.max(0, ...longTasks);
    });
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
}
