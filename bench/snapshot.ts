// `npx tsx bench/snapshot.ts [MB ...]`: pause (serialise, write, fsync), size and restore time of images by touched memory, and the processor time of the restore. Writes to the system's temporary folder.
import { closeSync, fsyncSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readProgram } from "../programs/build.ts";
import type { ImageSource } from "../src/snapshot/index.ts";
import { openImage, restoreImage, saveImage } from "../src/snapshot/index.ts";
import { modulesOfTests, PipeHost, programCase, Run } from "../test/snapshot/support.ts";

const MB = 2 ** 20;
const PAGE = 4096;
const folder = mkdtempSync(join(tmpdir(), "tsvm-bench-"));
const path = join(folder, "image.core");

/** A machine in the middle of its work, with `bytes` of memory touched in one area. */
function touched(bytes: number): Run {
  const run = Run.start(programCase(readProgram("hello-musl")));
  run.to(500);
  if (bytes === 0) return run;
  const { space } = run.machine;
  const at = space.map({ length: bytes, prot: 3 });
  const page = new Uint8Array(PAGE);
  for (let offset = 0; offset < bytes; offset += PAGE) {
    new DataView(page.buffer).setFloat64(0, offset + 1);
    space.copyOut(at + offset, page);
  }
  return run;
}

function source(fd: number, size: number): ImageSource {
  return {
    size,
    read(offset, into) {
      for (let done = 0; done < into.length;) done += readSync(fd, into, done, Math.min(into.length - done, 64 * MB), offset + done);
    },
  };
}

function measure(megabytes: number): void {
  const run = touched(megabytes * MB);
  const started = performance.now();
  const image = saveImage(run.machine);
  const planned = performance.now();
  const fd = openSync(path, "w");
  for (const part of image.parts()) for (let done = 0; done < part.length;) done += writeSync(fd, part, done);
  const written = performance.now();
  fsyncSync(fd);
  closeSync(fd);
  const synced = performance.now();
  const from = openSync(path, "r");
  const again = performance.now();
  const before = process.cpuUsage();
  restoreImage(openImage(source(from, image.size)), { inputs: new PipeHost(), prebuilt: modulesOfTests() });
  const restored = performance.now();
  const cpu = process.cpuUsage(before);
  closeSync(from);
  const ms = (time: number): string => `${time.toFixed(0)} ms`.padStart(9);
  console.log(
    `${`${megabytes} MB`.padStart(8)}  ${`${(image.size / 1e6).toFixed(2)} MB`.padStart(11)}  ${ms(planned - started)}  ${ms(written - planned)}  ${ms(synced - written)}  ${ms(restored - again)}  ${ms((cpu.user + cpu.system) / 1000)}`,
  );
}

modulesOfTests();
console.log(" touched        image  serialise      write      fsync    restore        CPU");
const sizes = process.argv.slice(2).map(Number);
measure(0);
for (const size of sizes.length > 0 ? sizes : [0, 1, 100, 1024]) measure(size);
rmSync(folder, { recursive: true });
