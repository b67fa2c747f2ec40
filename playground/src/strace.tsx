import { useEffect, useRef, useState } from "preact/hooks";

/** Lines that are kept to be seen. */
const KEPT = 500;
/** Between two drawings. */
const DRAW_MS = 100;

/** The last `count` lines of `text`. */
function tail(text: string, count: number): string {
  let at = text.length;
  for (let line = 0; line <= count; line++) {
    at = text.lastIndexOf("\n", at - 1);
    if (at < 0) return text;
  }
  return text.slice(at + 1);
}

/** Text that grows, of which the last lines are drawn a few times a second. */
export class LineLog {
  #text = "";
  #timer: number | undefined;
  readonly #draw: (text: string) => void;

  constructor(draw: (text: string) => void) {
    this.#draw = draw;
  }

  add(text: string): void {
    this.#text = tail(this.#text + text, KEPT);
    if (this.#timer !== undefined) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = undefined;
      this.#draw(this.#text);
    }, DRAW_MS);
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
  const [filter, setFilter] = useState("");
  const wanted = filter.trim().toLowerCase();
  const shown =
    wanted === ""
      ? text
      : text
          .split("\n")
          .filter((line) => line.toLowerCase().includes(wanted))
          .map((line) => `${line}\n`)
          .join("");
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [shown]);
  const empty = !enabled ? "They are not traced." : text === "" ? "They appear here as strace shows them." : `No line holds "${filter.trim()}".`;
  return (
    <div class="strace">
      <div class="barrow">
        <input
          type="search"
          aria-label="Lines that hold"
          placeholder="filter: write, ENOENT, /etc …"
          value={filter}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
        <label class="check">
          <input type="checkbox" checked={enabled} onChange={(event) => onEnable(event.currentTarget.checked)} /> trace from the next start
        </label>
      </div>
      <pre ref={box} tabIndex={0} role="region" aria-label="Lines of strace">
        {shown || empty}
      </pre>
    </div>
  );
}
