// Values of options, and where the guest sees things.  npx vitest run test/cli/options.test.ts
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { environment } from "../../src/cli/environment.ts";
import { guestPath, programPath } from "../../src/cli/program.ts";
import { parseCount, parseMount, parseVariable, parseWindowBits } from "../../src/cli/run-options.ts";

it.each([
  [".", { host: resolve("."), guest: resolve("."), readOnly: false }],
  ["/srv:ro", { host: "/srv", guest: "/srv", readOnly: true }],
  ["/srv::/data", { host: "/srv", guest: "/data", readOnly: false }],
  ["/srv::/data:ro", { host: "/srv", guest: "/data", readOnly: true }],
  ["/a:b::/c:d:ro", { host: "/a:b", guest: "/c:d", readOnly: true }],
  ["/srv::/", { host: "/srv", guest: "/", readOnly: false }],
])("--dir %s", (text, mount) => expect(parseMount(text)).toEqual(mount));

it.each([["::/x"], [":ro"], [""], ["/x::relative"], ["/x::"], ["/x::/a/../b"]])("--dir %s is refused", (text) => {
  expect(() => parseMount(text)).toThrow(/HOST|GUEST/);
});

it.each([
  ["1", 1],
  ["5000000", 5e6],
  ["100M", 1e8],
  ["2.5G", 2.5e9],
  ["9007199254740991", Number.MAX_SAFE_INTEGER],
])("a count: %s", (text, count) => expect(parseCount(text)).toBe(count));

it.each([["0"], ["-1"], ["1e9"], ["9007199254740993"], ["0.5"], ["M"], [""], ["12X"], ["10000T"]])("no count: %s", (text) =>
  expect(() => parseCount(text)).toThrow(/whole number/),
);

it("--window takes 17 to 32", () => {
  expect(parseWindowBits("22")).toBe(22);
  for (const text of ["16", "33", "2x", "", "-20"]) expect(() => parseWindowBits(text)).toThrow(/from 17 to 32/);
});

it("variables: set, set empty, with '=' inside, passed from the host, unknown to it", () => {
  process.env["TSVM_TEST"] = "of the host";
  expect([parseVariable("A=b"), parseVariable("A="), parseVariable("A=b=c"), parseVariable("TSVM_TEST"), parseVariable("TSVM_NOT_SET")]).toEqual([
    ["A", "b"],
    ["A", ""],
    ["A", "b=c"],
    ["TSVM_TEST", "of the host"],
    ["TSVM_NOT_SET", undefined],
  ]);
  expect(() => parseVariable("=x")).toThrow(/NAME/);
  expect(environment([parseVariable("TSVM_TEST"), ["B", "ü"], ["B", "2"], ["C", undefined], ["Ü", "é"]], true)).toEqual([
    "TSVM_TEST=of the host",
    "B=2",
    "\xc3\x9c=\xc3\xa9",
  ]);
  const inherited = environment([["TSVM_TEST", "changed"]], false);
  expect(inherited).toContain("TSVM_TEST=changed");
  expect(inherited.filter((v) => v.startsWith("TSVM_TEST="))).toHaveLength(1);
  expect(inherited.length).toBe(Object.keys(process.env).length);
});

it("host paths in the guest: the mount given last wins", () => {
  const mounts = [parseMount("/srv::/data"), parseMount("/srv/deep::/other"), parseMount("/usr::/")];
  expect(guestPath("/srv", mounts)).toBe("/data");
  expect(guestPath("/srv/a/b", mounts)).toBe("/data/a/b");
  expect(guestPath("/srv/deep/x", mounts)).toBe("/other/x");
  expect(guestPath("/usr/bin", mounts)).toBe("/bin");
  expect(guestPath("/srvx", mounts)).toBeUndefined();
  expect(guestPath("/", mounts)).toBeUndefined();
  expect(programPath("/elsewhere/prog", mounts, false)).toBe("/elsewhere/prog");
  expect(programPath("/elsewhere/prog", mounts, true)).toBe("/prog");
  expect(programPath("/srv/prog", mounts, true)).toBe("/data/prog");
});
