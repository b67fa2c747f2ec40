import { useEffect, useRef } from "preact/hooks";

/** Lines that are kept to be seen. */
const KEPT = 1000;

/** Text that grows, of which the last lines are drawn at most once in a frame. */
export class LineLog {
  #text = "";
  #frame: number | undefined;
  readonly #draw: (text: string) => void;

  constructor(draw: (text: string) => void) {
    this.#draw = draw;
  }

  add(text: string): void {
    this.#text += text;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      const lines = this.#text.split("\n");
      if (lines.length > KEPT) this.#text = lines.slice(-KEPT).join("\n");
      this.#draw(this.#text);
    });
  }

  clear(): void {
    this.#text = "";
    this.#draw("");
  }
}

export interface StraceProps {
  readonly text: string;
  readonly enabled: boolean;
  readonly onEnable: (enabled: boolean) => void;
}

/** System calls as strace(1) shows them, the newest in sight. */
export function StraceView({ text, enabled, onEnable }: StraceProps) {
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  return (
    <section class="panel strace" aria-labelledby="strace-title">
      <div class="title">
        <h2 id="strace-title">System calls</h2>
        <label>
          <input type="checkbox" checked={enabled} onChange={(event) => onEnable(event.currentTarget.checked)} /> from the next start
        </label>
      </div>
      <pre ref={box} tabIndex={0} role="region" aria-label="System calls">
        {text || (enabled ? "They appear here as strace shows them." : "They are not traced.")}
      </pre>
    </section>
  );
}
