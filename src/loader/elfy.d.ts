/** The part of elfy that is used: its header and program-header parsing. */
declare module "elfy" {
  export interface ElfyHeader {
    readonly entry: number;
    readonly phoff: number;
    readonly phnum: number;
    readonly phentsize: number;
    readonly shoff: number;
    readonly shnum: number;
    readonly shentsize: number;
    readonly shstrndx: number;
    /** Names; undefined where elfy knows none for the number. */
    readonly type: string | undefined;
    readonly machine: string | undefined;
  }

  export interface ElfyProgram {
    readonly type: string | undefined;
    readonly offset: number;
    readonly vaddr: number;
    readonly filesz: number;
    readonly memsz: number;
    readonly align: number;
    readonly flags: { readonly r?: boolean; readonly w?: boolean; readonly x?: boolean };
  }

  interface ElfyParser {
    parseHeader(bytes: Uint8Array): ElfyHeader;
    parsePrograms(bytes: Uint8Array, header: ElfyHeader): ElfyProgram[];
  }

  const elfy: { readonly Parser: new () => ElfyParser };
  export default elfy;
}
