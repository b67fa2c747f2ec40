// What a guest writes, on its way to the page: in parts as large as a turn, held while the page has not shown what came before.
import { type Checkpoint } from "./history.ts";
import { OUTPUT_AHEAD, type Report } from "./messages.ts";
import { Transcript } from "./transcript.ts";

/** Characters of strace that a moment remembers. */
const KEPT_STRACE = 1 << 15;

export class Outbox {
  readonly #post: (report: Report, transfer: ArrayBuffer[]) => void;
  readonly #transcript: Transcript = new Transcript();
  #waiting: { readonly stream: 1 | 2; readonly parts: Uint8Array[]; length: number }[] = [];
  #strace = "";
  #straceKept = "";
  /** Bytes in `waiting`. */
  #unsent = 0;
  /** Bytes and characters that were sent and are not shown yet. */
  #ahead = 0;
  /** Nothing is sent; {@link show} tells all of it in the end. */
  muted = false;

  constructor(post: (report: Report, transfer: ArrayBuffer[]) => void) {
    this.#post = post;
  }

  /** The machine has to hold on until more is shown. */
  get full(): boolean {
    return this.#ahead >= OUTPUT_AHEAD;
  }

  /** The turn has to end, so that what was written is sent. */
  get due(): boolean {
    return this.#unsent >= OUTPUT_AHEAD;
  }

  /** `bytes` are kept. */
  write(stream: 1 | 2, bytes: Uint8Array<ArrayBuffer>): void {
    this.#transcript.add(bytes);
    if (this.muted) return;
    this.#unsent += bytes.length;
    const last = this.#waiting.at(-1);
    if (last?.stream === stream) {
      last.parts.push(bytes);
      last.length += bytes.length;
    } else this.#waiting.push({ stream, parts: [bytes], length: bytes.length });
  }

  strace(text: string): void {
    this.#straceKept += text;
    if (this.#straceKept.length > 2 * KEPT_STRACE) this.#straceKept = this.#tail();
    if (!this.muted) this.#strace += text;
  }

  shown(amount: number): void {
    this.#ahead -= amount;
  }

  /** Sends what was written since the last time. */
  flush(): void {
    for (const { stream, parts, length } of this.#waiting) {
      const bytes = new Uint8Array(length);
      let at = 0;
      for (const part of parts) {
        bytes.set(part, at);
        at += part.length;
      }
      this.#ahead += length;
      this.#post({ type: "output", stream, bytes }, [bytes.buffer]);
    }
    this.#waiting = [];
    this.#unsent = 0;
    if (this.#strace === "") return;
    this.#ahead += this.#strace.length;
    this.#post({ type: "strace", text: this.#strace }, []);
    this.#strace = "";
  }

  /** Sends all that is remembered, in the place of what was sent before. */
  show(): void {
    this.#waiting = [];
    this.#unsent = 0;
    this.#strace = "";
    const bytes = this.#transcript.bytes();
    const strace = this.#tail();
    this.#ahead += bytes.length + strace.length;
    this.#post({ type: "screen", bytes, strace }, [bytes.buffer]);
  }

  /** What had been written at this moment. */
  mark(): Pick<Checkpoint, "written" | "strace"> {
    return { written: this.#transcript.mark(), strace: this.#tail() };
  }

  reset({ written, strace }: Pick<Checkpoint, "written" | "strace">): void {
    this.#transcript.reset(written);
    this.#straceKept = strace;
    this.#waiting = [];
    this.#unsent = 0;
    this.#strace = "";
  }

  screen(): Uint8Array<ArrayBuffer> {
    return this.#transcript.bytes();
  }

  /** The last whole lines of strace. */
  #tail(): string {
    if (this.#straceKept.length <= KEPT_STRACE) return this.#straceKept;
    const cut = this.#straceKept.slice(-KEPT_STRACE);
    return cut.slice(cut.indexOf("\n") + 1);
  }
}
