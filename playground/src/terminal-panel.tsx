import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import type { MachineClient } from "./machine.ts";
import { SIZE, type TerminalHandle, TerminalView } from "./terminal.tsx";

export interface TerminalPanelProps {
  readonly machine: MachineClient;
  readonly handle: RefObject<TerminalHandle | undefined>;
  /** Of the program. */
  readonly name: string | undefined;
}

/** The terminal with its size, and what a mouse or finger needs to copy and paste. */
export function TerminalPanel({ machine, handle, name }: TerminalPanelProps) {
  const [fits, setFits] = useState(false);
  const [size, setSize] = useState(SIZE);
  const [said, setSaid] = useState("");
  const copy = (): void => {
    navigator.clipboard.writeText(handle.current?.text() ?? "").then(
      () => setSaid("Copied."),
      () => setSaid("The browser does not let this page copy."),
    );
  };
  const paste = (): void => {
    navigator.clipboard.readText().then(
      (text) => {
        setSaid("");
        handle.current?.paste(text);
        handle.current?.focus();
      },
      () => setSaid("The browser does not let this page read the clipboard; paste with its own keys."),
    );
  };
  return (
    <section class="panel terminal-panel" aria-labelledby="terminal-title">
      <div class="title">
        <h2 id="terminal-title">Terminal</h2>
        <span class="soft">{name}</span>
        <span class="spring" />
        <span class="note" aria-live="polite">
          {said}
        </span>
        <button type="button" class="small" onClick={copy}>
          Copy
        </button>
        <button type="button" class="small" onClick={paste}>
          Paste
        </button>
        <select aria-label="Size of the terminal" value={fits ? "fits" : "fixed"} onChange={(event) => setFits(event.currentTarget.value === "fits")}>
          <option value="fixed">80 × 24</option>
          <option value="fits">{fits ? `fits: ${size.columns} × ${size.rows}` : "as many as fit"}</option>
        </select>
      </div>
      <TerminalView
        handle={handle}
        fits={fits}
        onInput={(bytes) => machine.send({ type: "input", bytes })}
        onResize={(next) => {
          setSize(next);
          machine.send({ type: "resize", size: { ...next, xpixel: 0, ypixel: 0 } });
        }}
        onLeave={() => document.querySelector<HTMLElement>(".controls button:enabled")?.focus()}
      />
      <p class="foot">F6 leaves the terminal. Elsewhere F8 runs and pauses, F9 steps, F10 steps over.</p>
    </section>
  );
}
