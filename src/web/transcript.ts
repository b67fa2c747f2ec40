// The end of what a program has written, in parts that moments of its history share.

/** Bytes of output that a moment remembers: several times what a screen and what can be scrolled back to show. */
export const KEPT_OUTPUT: number = 1 << 20;

/** What had been written at some moment. */
export interface Written {
  readonly parts: readonly Uint8Array[];
  readonly length: number;
}

/** Parts smaller than this are joined, so that moments stay cheap. */
const SMALL = 4096;

export class Transcript {
  #parts: Uint8Array[] = [];
  #length = 0;

  /** The caller leaves `bytes` as they are from now on. */
  add(bytes: Uint8Array): void {
    const last = this.#parts.at(-1);
    if (last !== undefined && last.length + bytes.length <= SMALL) {
      const joined = new Uint8Array(last.length + bytes.length);
      joined.set(last);
      joined.set(bytes, last.length);
      this.#parts[this.#parts.length - 1] = joined;
    } else this.#parts.push(bytes);
    this.#length += bytes.length;
    let first = 0;
    while (this.#length - (this.#parts[first]?.length ?? Infinity) >= KEPT_OUTPUT) this.#length -= this.#parts[first++]?.length ?? 0;
    if (first > 0) this.#parts = this.#parts.slice(first);
  }

  mark(): Written {
    return { parts: [...this.#parts], length: this.#length };
  }

  reset({ parts, length }: Written): void {
    this.#parts = [...parts];
    this.#length = length;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}
