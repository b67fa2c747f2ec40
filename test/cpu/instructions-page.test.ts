import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { instructionsPage } from "../../tools/instructions-page.ts";

it("docs/instructions.md is what the rows and the recorded tests say", () => {
  expect(readFileSync(new URL("../../docs/instructions.md", import.meta.url), "utf8")).toBe(instructionsPage());
});
