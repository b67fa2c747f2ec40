/** What a page asks of a machine to show it, and the answers: plain data for postMessage. Looking changes nothing that the guest can see. */

/** Bits of a cell of {@link AreaPicture.cells}: what holds for at least one of its pages. */
export const PageBit = {
  present: 1,
  /** Differs from its file, or from zero: what a snapshot has to hold. */
  dirty: 2,
  executable: 4,
  /** Written since the last picture. */
  recent: 8,
} as const;

export interface InstructionView {
  readonly address: number;
  /** In hexadecimal, spaces between. */
  readonly bytes: string;
  /** As objdump -M intel prints it, with symbols. */
  readonly text: string;
  /** Symbol and offset, where there is one. */
  readonly place: string | undefined;
  /** True for the instruction that is executed next. */
  readonly next: boolean;
}

/** One area as /proc/PID/maps has it, with a picture of its pages. */
export interface AreaPicture {
  readonly start: number;
  readonly end: number;
  /** "r-xp". */
  readonly permissions: string;
  readonly name: string;
  /** Pages in memory, and those that are dirty. */
  readonly resident: number;
  readonly dirty: number;
  /** A power of two. */
  readonly pagesPerCell: number;
  /** {@link PageBit} bits of each cell, by rising address. */
  readonly cells: Uint8Array<ArrayBuffer>;
}

export interface StackWord {
  readonly address: number;
  /** 16 digits. */
  readonly value: string;
  /** What the value may be: a place in the program, or an area. */
  readonly note: string | undefined;
  /** A frame's return address. */
  readonly returns: boolean;
}

export interface FrameView {
  readonly address: number;
  readonly place: string | undefined;
  /** False: plausible only. */
  readonly certain: boolean;
}

export interface FileView {
  readonly name: string;
  readonly kind: "directory" | "file" | "link" | "other";
  readonly size: number;
  /** As ls -l prints it: "-rwxr-xr-x". */
  readonly mode: string;
  /** Where a symbolic link leads. */
  readonly target: string | undefined;
}

/** Questions by kind, each with its answer. */
export interface Looks {
  /** Instructions from `address` on, and some before it where a symbol says where its function begins. */
  readonly disassembly: {
    readonly ask: { readonly address: number; readonly before: number; readonly after: number };
    readonly answer: { readonly instructions: readonly InstructionView[] };
  };
  readonly memory: {
    readonly ask: { readonly address: number; readonly length: number };
    /** `mapped`: 1 for each byte that exists. */
    readonly answer: { readonly address: number; readonly bytes: Uint8Array<ArrayBuffer>; readonly mapped: Uint8Array<ArrayBuffer> };
  };
  readonly stack: {
    readonly ask: { readonly words: number };
    readonly answer: { readonly words: readonly StackWord[]; readonly frames: readonly FrameView[] };
  };
  readonly vectors: {
    readonly ask: Record<string, never>;
    readonly answer: {
      /** 16 registers of 32 bytes: ymm, whose lower halves are xmm. */
      readonly ymm: Uint8Array<ArrayBuffer>;
      /** The processor announces AVX. */
      readonly avx: boolean;
      readonly mxcsr: number;
      /** ST(0) to ST(7), 10 bytes each. */
      readonly st: Uint8Array<ArrayBuffer>;
      /** Bit i: ST(i) holds a value. */
      readonly stUsed: number;
      readonly control: number;
      readonly status: number;
    };
  };
  readonly pages: { readonly ask: { readonly cells: number }; readonly answer: { readonly areas: readonly AreaPicture[] } };
  /** An address as people write it: a number in hexadecimal, a register, a symbol, an area's name, and sums of them. */
  readonly address: { readonly ask: { readonly text: string }; readonly answer: { readonly address: number; readonly place: string | undefined } };
  readonly directory: { readonly ask: { readonly path: string }; readonly answer: { readonly path: string; readonly entries: readonly FileView[] } };
  /** A tar archive of a directory. */
  readonly archive: { readonly ask: { readonly path: string }; readonly answer: { readonly bytes: Uint8Array<ArrayBuffer> } };
  readonly file: { readonly ask: { readonly path: string }; readonly answer: { readonly bytes: Uint8Array<ArrayBuffer> } };
}

/** A question with the number that its answer will have. */
export type LookCommand = {
  [K in keyof Looks]: { readonly type: "look"; readonly id: number; readonly kind: K; readonly ask: Looks[K]["ask"] };
}[keyof Looks];

/** The answer, or why there is none in a sentence. */
export type LookReport =
  | { readonly type: "looked"; readonly id: number; readonly answer: Looks[keyof Looks]["answer"] }
  | { readonly type: "unlooked"; readonly id: number; readonly message: string };
