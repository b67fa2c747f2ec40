// `tsvm inspect`: what is in an image, as text or JSON.
import { describeImage } from "../snapshot/index.ts";
import type { ImageDescription } from "../snapshot/index.ts";
import { readImage, refusing } from "./image-file.ts";
import { TextWriter } from "./output.ts";

const KB = 1024;
const REGISTERS_IN_LINE = 3;

function kb(bytes: number): string {
  return `${Math.ceil(bytes / KB)}`;
}

function exitText(exit: { readonly code: number; readonly signal: number } | undefined): string {
  if (exit === undefined) return "";
  return exit.signal > 0 ? `, killed by signal ${exit.signal}` : `, exit status ${exit.code}`;
}

function text(description: ImageDescription): string {
  const { header, process, registers, areas, descriptors, mounts, files } = description;
  const lines = [
    `image      format ${header.formatVersion}, machine revision ${header.machineRevision}, ${header.cpuModel}, ${kb(description.bytes)} KB`,
    `process    ${process.pid}, ${process.state}${exitText(process.exit)}`,
    `program    ${process.program}`,
    `arguments  ${process.arguments.map((argument) => JSON.stringify(argument)).join(" ")}`,
    `directory  ${process.cwd}`,
    `user       ${process.uid}, group ${process.gid}, umask ${process.umask.toString(8).padStart(3, "0")}`,
    `executed   ${description.instructions} instructions; clock at ${(description.clock / 1e9).toFixed(9)} s`,
    `files      ${files.count} with content in the image, ${kb(files.bytes)} KB`,
    ...mounts.map(({ guest, readOnly }) => `mount      ${guest}${readOnly ? " (read-only)" : ""}`),
    "",
    "registers",
  ];
  const entries = Object.entries(registers);
  for (let i = 0; i < entries.length; i += REGISTERS_IN_LINE) {
    lines.push(
      entries
        .slice(i, i + REGISTERS_IN_LINE)
        .map(([name, value]) => `  ${name.padEnd(7)} ${value}`)
        .join("  "),
    );
  }
  const vectors = Object.entries(description.vectors);
  if (vectors.length > 0) lines.push("", "vector registers", ...vectors.map(([name, value]) => `  ${name.padEnd(7)} ${value}`));
  lines.push("", `${"address".padStart(16)} ${"size KB".padStart(12)} ${"held KB".padStart(9)} mode offset   mapping`);
  for (const area of areas) {
    const size = kb(area.end - area.start).padStart(12);
    lines.push(
      `${area.start.toString(16).padStart(16)} ${size} ${kb(area.held).padStart(9)} ${area.permissions} ${area.offset.toString(16).padStart(8, "0")} ${area.name}`.trimEnd(),
    );
  }
  lines.push("", "descriptors");
  for (const { fd, kind, name, flags, closeOnExec, offset } of descriptors) {
    lines.push(
      `  ${`${fd}`.padStart(4)} ${kind.padEnd(10)} ${name}  offset ${offset}  flags 0${flags.toString(8)}${closeOnExec ? "  close-on-exec" : ""}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** Prints what `file` holds; the status to exit with. */
export function inspect(file: string, options: { readonly json?: true }): number {
  const { image, close } = readImage(file);
  const description = refusing(file, () => describeImage(image));
  close();
  const out = new TextWriter(1);
  out.write(options.json ? `${JSON.stringify(description, undefined, 2)}\n` : text(description));
  out.flush();
  return 0;
}
