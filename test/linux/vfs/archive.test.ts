// Root directories from tar archives: what tar(1) writes, and what nobody should have written.
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeLatin1 } from "../../../src/base/index.ts";
import { defaultRlimits, Kernel } from "../../../src/linux/index.ts";
import { FakeHost } from "../support.ts";

interface Member {
  readonly name: string;
  readonly type?: string;
  readonly target?: string;
  readonly text?: string;
  readonly mode?: string;
  /** In place of the length of `text`. */
  readonly size?: string;
}

/** One member, padded to whole blocks. */
function member({ name, type = "0", target = "", text = "", mode = "0000644", size }: Member): Uint8Array {
  const bytes = new Uint8Array(512 + Math.ceil(text.length / 512) * 512);
  const put = (at: number, value: string): void => bytes.set(encodeLatin1(value), at);
  put(0, name);
  put(100, mode);
  put(108, "0000007");
  put(116, "0000010");
  put(124, size ?? text.length.toString(8).padStart(11, "0"));
  put(136, "00000000012");
  put(148, "        ");
  put(156, type);
  put(157, target);
  put(257, "ustar\x0000");
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  put(512, text);
  return bytes;
}

function archive(...members: Member[]): Uint8Array {
  return Uint8Array.from([...members.flatMap((each) => [...member(each)]), ...new Uint8Array(1024)]);
}

function boot(bytes: Uint8Array): Kernel {
  return new Kernel({
    inputs: new FakeHost(),
    start: { time: { sec: 1_700_000_000, nsec: 0 }, seed: new Uint8Array(32), uid: 0, gid: 0, umask: 0o022, limits: defaultRlimits() },
    archive: bytes,
  });
}

/** Mode in octal, owner, size and time of a path; a link's target, or a file's text. */
function show(kernel: Kernel, path: string): string {
  const { vfs } = kernel;
  const { nobody } = vfs.tree;
  const stat = vfs.stat(nobody, -100, path, 0x100);
  const head = `${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${stat.nlink} ${stat.mtime.sec}`;
  if ((stat.mode & 0o170000) === 0o120000) return `${head} -> ${vfs.readlink(nobody, -100, path)}`;
  if ((stat.mode & 0o170000) !== 0o100000) return head;
  const into = new Uint8Array(stat.size);
  vfs.open(nobody, -100, path, 0, 0).read(into);
  return `${head} ${JSON.stringify(String.fromCharCode(...into))}`;
}

describe("a root directory from a tar archive", () => {
  it("has files, directories, links, FIFOs and devices with modes, owners and times", () => {
    const kernel = boot(
      archive(
        { name: "./", type: "5", mode: "0000711" },
        { name: "./d/", type: "5", mode: "0000750" },
        { name: "./d/f", text: "content", mode: "0004755" },
        { name: "./d/s", type: "2", target: "../../../etc/passwd" },
        { name: "h", type: "1", target: "./d/f" },
        { name: "/absolute/deep/f", text: "x" },
        { name: "fifo", type: "6" },
      ),
    );
    expect(show(kernel, "/")).toMatch(/^40711 7:8 /);
    expect(show(kernel, "/d")).toBe("40750 7:8 2 10");
    expect(show(kernel, "/d/f")).toBe('104755 7:8 2 10 "content"');
    expect(show(kernel, "/h")).toBe('104755 7:8 2 10 "content"');
    expect(show(kernel, "/d/s")).toBe("120777 7:8 1 10 -> ../../../etc/passwd");
    expect(show(kernel, "/absolute/deep/f")).toBe('100644 7:8 1 10 "x"');
    expect(show(kernel, "/absolute/deep")).toMatch(/^40755 0:0 /);
    expect(show(kernel, "/fifo")).toBe("10644 7:8 1 10");
    expect(() => show(kernel, "/etc/passwd")).toThrow("No such file or directory");
    expect(show(kernel, "/proc/self")).toMatch(/^120777/);
    expect(show(kernel, "/dev/null")).toMatch(/^20666/);
  });

  it("lets a later member take an earlier one's place", () => {
    const kernel = boot(
      archive(
        { name: "f", type: "2", target: "/dev/null" },
        { name: "f", text: "second" },
        { name: "d", type: "5" },
        { name: "d", type: "5", mode: "0000700" },
      ),
    );
    expect(show(kernel, "/f")).toBe('100644 7:8 1 10 "second"');
    expect(show(kernel, "/d")).toBe("40700 7:8 2 10");
  });

  it.each(["ustar", "pax", "gnu"])("reads what tar writes as %s", (format) => {
    const folder = mkdtempSync(join(tmpdir(), "tsvm-tar-"));
    const long = `${"d".repeat(90)}/${"f".repeat(99)}`;
    mkdirSync(join(folder, "d".repeat(90)));
    writeFileSync(join(folder, long), "long name");
    writeFileSync(join(folder, "f"), "x".repeat(5000), { mode: 0o640 });
    utimesSync(join(folder, "f"), 1000.5, 1000.5);
    linkSync(join(folder, "f"), join(folder, "g"));
    symlinkSync("t".repeat(99), join(folder, "s"));
    const bytes = execFileSync("tar", ["cf", "-", `--format=${format}`, "--owner=5", "--group=6", "."], { cwd: folder });
    rmSync(folder, { recursive: true });
    const kernel = boot(bytes);
    expect(show(kernel, `/${long}`)).toMatch(/^100644 5:6 1 \d+ "long name"$/);
    expect(show(kernel, "/g")).toBe(`100640 5:6 2 1000 "${"x".repeat(5000)}"`);
    expect(show(kernel, "/s")).toMatch(/ -> t{99}$/);
  });

  const hostile: readonly (readonly [title: string, bytes: Uint8Array, message: string])[] = [
    ["..", archive({ name: "a/../../f" }), '".." is not allowed'],
    ["a link on the way", archive({ name: "l", type: "2", target: "/proc" }, { name: "l/f" }), "l is no directory"],
    ["a hard link out of it", archive({ name: "h", type: "1", target: "../f" }), '".." is not allowed'],
    ["a hard link to nothing", archive({ name: "h", type: "1", target: "f" }), "which is no file"],
    ["a hard link to a directory", archive({ name: "d", type: "5" }, { name: "h", type: "1", target: "d" }), "which is no file"],
    ["a file over a directory", archive({ name: "d/f" }, { name: "d" }), "a directory is there already"],
    ["a member that does not fit", archive({ name: "f", size: "77777777777" }), "ends within the member"],
    ["a size that is no number", archive({ name: "f", size: "12x45678901" }), "no octal number"],
    ["an unknown type", archive({ name: "f", type: "S" }), "not understood"],
    ["a damaged extended header", archive({ name: "x", type: "x", text: "999 path=f\n" }), "extended header is damaged"],
    ["an extended size without end", archive({ name: "x", type: "x", text: "20 size=99999999999\n" }, { name: "f" }), "ends within the member"],
    ["something else", new Uint8Array(2048).fill(65), "octal number"],
    ["a header with a wrong checksum", archive({ name: "f" }).with(0, 66), "no tar header at byte 0"],
  ];
  it.each(hostile)("refuses %s", (_title, bytes, message) => {
    expect(() => boot(bytes)).toThrow(message);
  });
});
