import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { syscallsPage } from "../../tools/syscalls-page.ts";

it("docs/syscalls.md is what the declarations say", () => {
  expect(readFileSync(new URL("../../docs/syscalls.md", import.meta.url), "utf8")).toBe(syscallsPage());
});
