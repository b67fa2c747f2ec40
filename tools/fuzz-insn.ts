// `npx tsx tools/fuzz-insn.ts [OPTION...]`: what `npm run fuzz -- insn` does.
import { insnCommand } from "./fuzz/insn.ts";

insnCommand.parse();
