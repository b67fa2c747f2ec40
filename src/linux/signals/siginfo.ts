/** siginfo_t in guest memory: 128 bytes, asm-generic/siginfo.h. */
import { writeI64, type StructMemory } from "../abi/struct.ts";
import type { SigInfo } from "./types.ts";

export const SIGINFO_SIZE = 128;

const AUDIT_ARCH_X86_64 = 0xc000003e;

/** Writes all 128 bytes at `address`. */
export function writeSigInfo(memory: StructMemory, address: number, info: SigInfo): void {
  if (info.raw !== undefined) {
    for (let i = 0; i < SIGINFO_SIZE; i++) memory.writeU8(address + i, info.raw[i] ?? 0);
    memory.writeU32(address, info.signal);
    return;
  }
  for (let i = 0; i < SIGINFO_SIZE; i += 4) memory.writeU32(address + i, 0);
  memory.writeU32(address, info.signal);
  memory.writeU32(address + 8, info.code >>> 0);
  switch (info.kind) {
    case "kill":
      memory.writeU32(address + 16, (info.pid ?? 0) >>> 0);
      memory.writeU32(address + 20, (info.uid ?? 0) >>> 0);
      break;
    case "queue":
      memory.writeU32(address + 16, (info.pid ?? 0) >>> 0);
      memory.writeU32(address + 20, (info.uid ?? 0) >>> 0);
      memory.writeU32(address + 24, (info.valueLow ?? 0) >>> 0);
      memory.writeU32(address + 28, (info.valueHigh ?? 0) >>> 0);
      break;
    case "timer":
      memory.writeU32(address + 16, (info.timer ?? 0) >>> 0);
      memory.writeU32(address + 20, (info.overrun ?? 0) >>> 0);
      memory.writeU32(address + 24, (info.valueLow ?? 0) >>> 0);
      memory.writeU32(address + 28, (info.valueHigh ?? 0) >>> 0);
      break;
    case "child":
      memory.writeU32(address + 16, (info.pid ?? 0) >>> 0);
      memory.writeU32(address + 20, (info.uid ?? 0) >>> 0);
      memory.writeU32(address + 24, (info.status ?? 0) >>> 0);
      writeI64(memory, address + 32, info.utime ?? 0);
      writeI64(memory, address + 40, info.stime ?? 0);
      break;
    case "fault":
      writeAddress(memory, address + 16, info.address ?? 0);
      break;
    case "poll":
      writeI64(memory, address + 16, info.band ?? 0);
      memory.writeU32(address + 24, (info.fd ?? 0) >>> 0);
      break;
    case "sys":
      writeAddress(memory, address + 16, info.callAddress ?? 0);
      memory.writeU32(address + 24, (info.syscall ?? 0) >>> 0);
      memory.writeU32(address + 28, AUDIT_ARCH_X86_64);
      break;
  }
}

function writeAddress(memory: StructMemory, at: number, value: number): void {
  memory.writeU32(at, (value % 0x1_0000_0000) >>> 0);
  memory.writeU32(at + 4, Math.floor(value / 0x1_0000_0000) >>> 0);
}
