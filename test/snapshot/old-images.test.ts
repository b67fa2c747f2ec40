/** Images of every released format version go on for ever. */
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import { bytesSource, openImage, restoreImage } from "../../src/snapshot/index.ts";
import { modulesOfTests, PipeHost } from "./support.ts";

const folder = new URL("images/", import.meta.url);

test.each(readdirSync(folder))("%s", (file) => {
  const name = file.replace(/\.v\d+\.core\.gz$/, "");
  const image = openImage(bytesSource(gunzipSync(readFileSync(new URL(file, folder)))));
  const host = new PipeHost();
  const machine = restoreImage(image, { inputs: host, prebuilt: modulesOfTests() });
  const end = machine.run();
  expect(end).toMatchObject({ reason: "exited", status: { signal: 0, code: 0 } });
  // It was made in the middle of the output.
  expect(readProgram(name).stdout?.toString("latin1").endsWith(host.output)).toBe(true);
  expect(host.output.length).toBeGreaterThan(0);
});
