/** The playground's views, controls and files in Chromium, by roles and names. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import { missing, type Options, Playground, skipping } from "./playground-page.ts";
import { tinyElf } from "./tiny-elf.ts";
import { User } from "./user.ts";

const file = (name: string): Buffer => readFileSync(readProgram(name).binary);

/** mov rax, rsp; loop: inc byte [rax]; jmp loop */
const writer = tinyElf([0x48, 0x89, 0xe0, 0xfe, 0x00, 0xeb, 0xfc]);
/** Calls f, which calls g, then hangs. */
const calls = tinyElf([0xe8, 3, 0, 0, 0, 0x90, 0xeb, 0xfe, 0xe8, 1, 0, 0, 0, 0xc3, 0x50, 0x58, 0xc3]);

const eventually = <T>(what: () => Promise<T>) => expect.poll(what, { timeout: 10_000 });

/** A ustar archive of one file. */
function tar(path: string, content: string): Buffer {
  const header = Buffer.alloc(512);
  const put = (at: number, text: string): void => void header.write(text, at, "latin1");
  put(0, path);
  put(100, "0000644\0");
  put(108, "0001750\0");
  put(116, "0001750\0");
  put(124, `${content.length.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar\x0000");
  put(
    148,
    `${[...header]
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
  );
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return Buffer.concat([header, body, Buffer.alloc(1024)]);
}

describe.skipIf(missing)(`views and controls in Chromium${skipping}`, () => {
  const playground = Playground.forThisFile();
  let user: User;

  const open = async (options: Options = {}): Promise<User> => {
    user = new User(await playground.open(options));
    return user;
  };
  afterEach(async () => {
    await user.page.context().close();
    expect(playground.errors).toEqual([]);
  });

  describe("controls", () => {
    test("step over a call, step out of a function", async () => {
      await open();
      await user.openFile("calls", calls);
      await user.load();
      await user.button("Step over").click();
      await user.status(/^Paused after 6 instructions, at calls\+0x40007d/);
      await user.button("Stop").click();
      await user.load();
      await user.button("Step").click();
      await user.status(/^Paused after 1 instruction,/);
      await user.button("Step out").click();
      await user.status(/^Paused after 6 instructions, at calls\+0x40007d/);
      await user.button("Step out").click();
      await eventually(() => user.page.getByRole("alert").innerText()).toMatch(/^Who called this function/);
      await user.button("Step").click();
      await user.status(/^Paused after 7 instructions/);
      expect(await user.page.getByRole("alert").count()).toBe(0);
    });

    test("run to a symbol, a system call, a number of instructions", async () => {
      await open();
      await user.choose("hello-musl");
      // Which also loads it.
      await user.runTo("address", "main");
      await user.status(/^Paused after [\d,]+ instructions, at main\.$/);
      const there = await user.instructions();
      await user.runTo("count", String(there + 3));
      await user.status(new RegExp(`^Paused after ${new Intl.NumberFormat("en").format(there + 3)} instructions`));
      await user.runTo("count", String(there));
      await eventually(() => user.page.getByRole("alert").innerText()).toMatch(/there already/);
      await user.runTo("system call", "writev");
      await eventually(() => user.region("Disassembly").locator("[aria-current=step]").innerText()).toMatch(/syscall/);
      await user.runTo("address", "nowhere");
      await eventually(() => user.page.getByRole("alert").innerText()).toMatch(/"nowhere" is no address/);
      await user.runTo("system call", "no_such_call");
      await eventually(() => user.page.getByRole("alert").first().innerText()).toMatch(/no_such_call/);
    });

    test("keys, which the terminal keeps for the program", async () => {
      await open();
      await user.openFile("writer", writer);
      const { keyboard } = user.page;
      await user.button("Step").focus();
      await keyboard.press("F9");
      await user.status(/^Before the first instruction/);
      await keyboard.press("F9");
      await user.status(/^Paused after 1 instruction,/);
      await keyboard.press("F10");
      await user.status(/^Paused after 2 instructions,/);
      await keyboard.press("F8");
      await user.status(/^The program runs/);
      await keyboard.press("F8");
      await user.status(/^Paused after/);
      await user.page.getByRole("textbox", { name: /^Terminal/ }).focus();
      const before = await user.instructions();
      await keyboard.press("F9");
      await keyboard.press("F6");
      await keyboard.press("F9");
      await user.status(new RegExp(`^Paused after ${new Intl.NumberFormat("en").format(before + 1)} `));
    });

    test("a runaway program pauses at once while the page table is watched, and the page stays awake", async () => {
      await open();
      await user.openFile("writer", writer);
      await user.tab("Pages");
      await user.start("Run");
      await eventually(() => user.region("Picture of the page table").locator("canvas").count()).toBeGreaterThan(2);
      expect(await user.longestTask()).toBeLessThan(50);
      expect(await user.pauseTime(100)).toBeLessThan(100);
    });
  });

  describe("code", () => {
    test("breakpoints by click and by key, in a list, kept for the next start", async () => {
      await open();
      await user.openFile("calls", calls);
      await user.load();
      const code = user.region("Disassembly");
      await code.getByRole("button", { name: "Breakpoint at calls+0x400086", exact: true }).click();
      expect(await code.getByRole("button", { name: "Breakpoint at calls+0x400086", exact: true }).getAttribute("aria-pressed")).toBe("true");
      await user.button("Continue").click();
      await user.status(/^Breakpoint after 2 instructions, at calls\+0x400086/);
      // The line at the program's place has the focus's turn; one up, and Enter.
      await code.getByRole("button", { name: "Breakpoint at calls+0x400086", exact: true }).focus();
      await user.page.keyboard.press("ArrowUp");
      await user.page.keyboard.press("Enter");
      await eventually(() => user.page.getByRole("list", { name: "Breakpoints" }).getByRole("listitem").allInnerTexts()).toEqual([
        expect.stringContaining("400085"),
        expect.stringContaining("400086"),
      ]);
      await user.button("Remove the breakpoint at 400086").click();
      await user.button("Continue").click();
      await user.status(/^Breakpoint after 5 instructions, at calls\+0x400085/);
      await user.button("Stop").click();
      await user.button("Run").click();
      await user.status(/^Breakpoint after 5 instructions/);
    });

    test("shows a function by its name, and more of it when scrolled", async () => {
      await open();
      await user.choose("hello-musl");
      await user.load();
      await user.page.getByLabel("Show code at").fill("__stdio_write");
      await user.page.getByLabel("Show code at").press("Enter");
      const code = user.region("Disassembly");
      await eventually(() => code.innerText()).toMatch(/^__stdio_write$/m);
      const rows = () => code.locator("tr[data-address]").count();
      const before = await rows();
      await code.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await eventually(rows).toBeGreaterThan(before);
      const down = await rows();
      await code.evaluate((element) => element.scrollTo(0, 0));
      await eventually(rows).toBeGreaterThan(down);
      const addresses = await code.locator("tr[data-address]").evaluateAll((all) => all.map((row) => Number(row.getAttribute("data-address"))));
      expect(addresses).toEqual([...new Set(addresses)].sort((a, b) => a - b));
      await user.page.getByLabel("Show code at").fill("not_there");
      await user.page.getByLabel("Show code at").press("Enter");
      await eventually(() => user.page.getByRole("alert").innerText()).toMatch(/^"not_there" is no/);
    });

    test("marks registers and flags that changed", async () => {
      await open();
      // xor eax, eax: ZF and PF become set.
      await user.openFile("xor", tinyElf([0x31, 0xc0, 0xeb, 0xfe]));
      await user.load();
      await user.button("Step").click();
      await user.status(/^Paused after 1 instruction,/);
      expect(await user.page.locator(".registers .changed dt").allInnerTexts()).toEqual(["rip", "rflags"]);
      const flags = user.page.getByRole("list", { name: "Flags" });
      expect(await flags.getByRole("listitem").filter({ hasText: "changed" }).allTextContents()).toEqual(["PF set, changed", "ZF set, changed"]);
    });
  });

  test("memory: by symbol and area, with what changed", async () => {
    await open();
    await user.openFile("writer", writer);
    await user.load();
    await user.tab("Memory");
    const memory = user.region(/^Memory of/);
    await user.page.getByLabel("Show memory at").fill("0x400000");
    await user.page.getByLabel("Show memory at").press("Enter");
    await eventually(() => memory.innerText()).toMatch(/^400000\s+7f 45 4c 46 02 01 01 00/m);
    expect(await memory.innerText()).toContain(".ELF....");
    await user.page.getByLabel("Show memory at").fill("rsp");
    await user.page.getByLabel("Show memory at").press("Enter");
    await eventually(() => memory.innerText()).toMatch(/01 00 00 00 00 00 00 00/);
    await user.button("Step").click();
    await user.button("Step").click();
    await user.status(/^Paused after 2 instructions/);
    await eventually(() => memory.locator(".changed").allInnerTexts()).toEqual([expect.stringMatching(/^02/)]);
    await user.page.getByRole("combobox", { name: "Area" }).selectOption({ label: "400000 rwxp /writer" });
    await eventually(() => memory.innerText()).toContain("400000");
    await user.page.getByLabel("Show memory at").fill("0x10");
    await user.page.getByLabel("Show memory at").press("Enter");
    await eventually(() => user.page.getByRole("alert").innerText()).toBe("Nothing is mapped at 10.");
  });

  test("the stack: calls and words", async () => {
    await open();
    await user.choose("hello-musl");
    await user.load();
    await user.runTo("address", "main");
    await user.tab("Stack");
    const frames = user.page.getByRole("list", { name: "Calls" }).getByRole("listitem");
    await eventually(() => frames.allInnerTexts()).toContainEqual(expect.stringMatching(/ main$/));
    expect(await user.region("Stack").innerText()).toMatch(/returns to libc_start_main/);
  });

  test("vector registers in lanes, and the x87 stack", async () => {
    await open();
    // fldpi; mov eax, 0x3f800000 (1.0f); movd xmm3, eax; pshufd xmm4, xmm3, 0; hang
    const code = [0xd9, 0xeb, 0xb8, 0, 0, 0x80, 0x3f, 0x66, 0x0f, 0x6e, 0xd8, 0x66, 0x0f, 0x70, 0xe3, 0, 0xeb, 0xfe];
    await user.openFile("vectors", tinyElf(code));
    await user.load();
    await user.tab("Vectors");
    await user.runTo("count", "4");
    await user.status(/^Paused after 4/);
    const row = (name: string) =>
      user
        .region("Vector registers")
        .getByRole("row")
        .filter({ has: user.page.getByRole("rowheader", { name, exact: true }) });
    await eventually(() => row("xmm4").innerText()).toMatch(/^xmm4\s+1\s+1\s+1\s+1$/);
    expect(await row("xmm3").locator(".changed").count()).toBe(1);
    await user.page.getByLabel("Lanes").selectOption("int 16");
    expect(await row("xmm3").innerText()).toMatch(/^xmm3\s+0\s+0\s+0\s+0\s+0\s+0\s+16256\s+0$/);
    await user.page.getByLabel("Lanes").selectOption("double");
    expect(await row("xmm4").innerText()).toMatch(/^xmm4\s+0\.0078125/);
    expect(await user.page.getByRole("row", { name: /^st\(0\)/ }).innerText()).toMatch(/3\.14159265358979/);
    expect(await user.page.getByRole("row", { name: /^st\(1\)/ }).innerText()).toMatch(/empty/);
  });

  test("the page table: a picture with words for it, areas, and a way to the memory", async () => {
    await open();
    await user.choose("hello-glibc");
    await user.load();
    await user.tab("Pages");
    const picture = user.region("Picture of the page table");
    await eventually(() => picture.getByRole("img").first().getAttribute("aria-label")).toMatch(/^hello-glibc: \d+ of \d+ pages present, 0 dirty$/);
    expect(await user.region("Areas").innerText()).toMatch(/7ffff[\da-f]+\s+132 KiB\s+\d+\s+\d+\s+rw-p\s+\[stack\]/);
    // The last cell of the stack's strip is drawn in another color than one of absent pages.
    const colors = await picture
      .locator("canvas")
      .last()
      .evaluate((canvas) => {
        const element = canvas as HTMLCanvasElement;
        const context = element.getContext("2d");
        const middle = 4 * devicePixelRatio;
        const row = (10 * Math.floor((element.clientHeight - 1) / 10) + 4) * devicePixelRatio;
        const last = 32 % Math.floor(element.clientWidth / 10);
        const at = (x: number, y: number): string => String(context?.getImageData(x, y, 1, 1).data);
        return [at(middle, middle), at(last * 10 * devicePixelRatio + middle, row)];
      });
    expect(colors[0]).not.toBe(colors[1]);
    await user.region("Areas").getByRole("button", { name: "Show memory at 400000" }).click();
    await eventually(() => user.region(/^Memory of/).innerText()).toMatch(/^400000\s+7f 45 4c 46/m);
  });

  test("system calls, those that hold a word", async () => {
    await open();
    await user.choose("hello-glibc");
    await user.button("Run").click();
    await user.status(/^Ended/);
    const lines = user.region("Lines of strace");
    await eventually(() => lines.innerText()).toContain("+++ exited with 0 +++");
    await user.page.getByLabel("Lines that hold").fill("BRK");
    await expect
      .poll(async () =>
        (await lines.innerText())
          .trim()
          .split("\n")
          .every((line) => line.startsWith("brk(")),
      )
      .toBe(true);
    await user.page.getByLabel("Lines that hold").fill("nothing like it");
    await eventually(() => lines.innerText()).toBe('No line holds "nothing like it".');
  });

  describe("programs and files", () => {
    test("arguments and environment variables", async () => {
      await open();
      await user.choose("arguments");
      await eventually(() => user.page.getByLabel("Text", { exact: true }).inputValue()).not.toBe("");
      await user.page.getByLabel("Environment, one NAME=value a line").fill("COLOUR=grün\nOTHER=2");
      await user.button("Run").click();
      await user.status(/^Ended/);
      await eventually(() => user.screen()).toContain("COLOUR=gr");
      await user.page.getByLabel("Environment, one NAME=value a line").fill("no value");
      await user.button("Run").click();
      await eventually(() => user.page.getByRole("alert").innerText()).toMatch(/not NAME=value: no value/);
    });

    test("a program by its address, and why one cannot be had", async () => {
      await open();
      await user.page.route("**/elsewhere/prog", (route) => route.fulfill({ body: file("hello-musl") }));
      await user.page.getByLabel("Address of an ELF file").fill("elsewhere/prog");
      await user.button("Open").click();
      await eventually(() => user.page.getByRole("region", { name: "Terminal" }).innerText()).toContain("prog");
      await user.button("Run").click();
      await user.status(/^Ended with status 0/);
      await user.page.getByLabel("Address of an ELF file").fill("./");
      await user.button("Open").click();
      await eventually(() => user.page.getByRole("alert").innerText()).toBe("program is no ELF file.");
      await user.page.getByLabel("Address of an ELF file").fill("http://127.0.0.1:9/prog");
      await user.button("Open").click();
      await eventually(() => user.page.getByRole("alert").innerText()).toMatch(/does not let other pages read its files \(CORS\)\.$/);
      // What the browser itself says of that.
      playground.errors.length = 0;
    });

    test("files and archives are put into the guest, seen, and given back", async () => {
      await open();
      await user.tab("Files");
      const input = user.page.getByLabel("Files for the guest");
      await input.setInputFiles([
        { name: "größe.txt", mimeType: "", buffer: Buffer.from("six\n") },
        { name: "some.tar.gz", mimeType: "", buffer: gzipSync(tar("deep/er/file", "packed")) },
        { name: "tool", mimeType: "", buffer: file("hello-musl") },
      ]);
      await eventually(() => user.page.getByRole("list", { name: "Added at each start" }).getByRole("listitem").count()).toBe(3);
      await user.choose("hello");
      await user.load();
      const files = user.region("Files of the guest");
      await eventually(() => files.innerText()).toMatch(/größe\.txt\s+4\s+-rw-r--r--/);
      await files.getByRole("button", { name: "deep/" }).click();
      await files.getByRole("button", { name: "er/" }).click();
      await eventually(() => files.innerText()).toMatch(/file\s+6\s+-rw-r--r--/);
      const [download] = await Promise.all([user.page.waitForEvent("download"), user.button("Download file").click()]);
      expect(download.suggestedFilename()).toBe("file");
      expect(readFileSync(await download.path(), "utf8")).toBe("packed");
      const [folder] = await Promise.all([user.page.waitForEvent("download"), user.button("Download as .tar").click()]);
      expect(folder.suggestedFilename()).toBe("er.tar");
      expect(readFileSync(await folder.path()).toString("latin1")).toContain("packed");
      await input.setInputFiles([{ name: "later", mimeType: "", buffer: Buffer.from("#!/bin/sh\n") }]);
      await user.button("Step").click();
      await eventually(() => files.innerText()).toMatch(/later\s+10\s+-rwxr-xr-x/);
      await user.page.getByRole("navigation", { name: "Directory" }).getByRole("button", { name: "/", exact: true }).click();
      await user.button("Run tool").click();
      await user.button("Run").click();
      await user.status(/^Ended with status 0/);
      await eventually(() => user.screen()).toContain(readProgram("hello-musl").stdout?.toString().trim());
    });

    test("what is dropped: a program, or files for the guest", async () => {
      await open();
      const drop = (name: string, content: readonly number[]) =>
        user.page.evaluate(
          ([fileName, bytes]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], fileName));
            window.dispatchEvent(new DragEvent("dragover", { dataTransfer: data, cancelable: true }));
            window.dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
          },
          [name, content] as const,
        );
      await drop("dropped", [...writer]);
      await user.load();
      await user.status(/at dropped\+0x400078/);
      await drop("notes.txt", [...Buffer.from("text")]);
      await eventually(() => user.region("Files of the guest").innerText()).toMatch(/notes\.txt\s+4/);
    });
  });

  describe("the terminal", () => {
    const terminal = () => user.page.getByRole("textbox", { name: /^Terminal/ });

    test("has the size that fits, and tells the program when that changes", async () => {
      await open();
      await user.choose("terminal");
      await user.page.getByLabel("Arguments", { exact: true }).fill("catch=28 size read=10 size");
      await user.button("Run").click();
      await user.status(/^The program waits/);
      await eventually(() => user.screen()).toContain("{size 24 80}");
      await user.page.getByLabel("Size of the terminal").selectOption("fits");
      await eventually(() => user.screen()).toContain("{signal 28}");
      const shown = /fits: (\d+) × (\d+)/.exec(await user.page.getByLabel("Size of the terminal").innerText());
      await eventually(() => user.screen()).toContain(`{size ${shown?.[2]} ${shown?.[1]}}`);
      expect(shown?.slice(1)).not.toEqual(["80", "24"]);
    });

    test("raw bytes and UTF-8, copied and pasted", async () => {
      await open();
      await user.choose("terminal");
      await user.page.getByLabel("Arguments", { exact: true }).fill("l-12 read=20 say=größe€ read=9");
      await user.button("Run").click();
      await user.status(/^The program waits/);
      await user.page.evaluate(() => navigator.clipboard.writeText("äß"));
      await user.button("Paste").click();
      await eventually(() => user.screen()).toContain("{read 4 \\c3\\a4\\c3\\9f}");
      await eventually(() => user.screen()).toContain("größe€");
      await user.button("Copy").click();
      await eventually(() => user.page.evaluate(() => navigator.clipboard.readText())).toContain("größe€");
      await terminal().focus();
      await user.page.keyboard.press("Tab");
      await eventually(() => user.screen()).toContain("{read 1 \\09}");
    });
  });

  describe("everybody can use", () => {
    const NAMES = ["Code", "Memory", "Stack", "Vectors", "Pages"] as const;

    test.each([
      ["wide and light", 1440, false],
      ["wide and dark", 1440, true],
      ["narrow and light", 380, false],
      ["narrow and dark", 380, true],
    ])("every view, %s", async (_name, width, dark) => {
      await open({ width, dark });
      await user.choose("hello-musl");
      await user.load();
      await user.runTo("address", "main");
      await user.tab("Files");
      for (const name of NAMES) {
        await user.tab(name);
        await user.page.getByRole("tabpanel", { name }).waitFor();
        await user.page.waitForTimeout(150);
        expect(await user.barriers()).toEqual([]);
      }
    });

    test("by keyboard alone", async () => {
      await open();
      await user.choose("hello-musl");
      await user.load();
      await user.page.getByRole("tab", { name: "Code" }).focus();
      for (const name of ["Memory", "Stack", "Vectors", "Pages", "Code"]) {
        await user.page.keyboard.press("ArrowRight");
        expect(await user.page.evaluate(() => document.activeElement?.textContent)).toBe(name);
        await user.page.getByRole("tabpanel", { name }).waitFor();
      }
      await user.page.keyboard.press("End");
      await user.page.getByRole("tabpanel", { name: "Pages" }).waitFor();
    });
  });
});
