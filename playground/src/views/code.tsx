import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { InstructionView } from "../../../src/web/index.ts";
import { AddressBar } from "./address-bar.tsx";
import { Hint, nothingYet } from "./hex.tsx";
import type { ViewProps } from "./use-look.ts";

/** Instructions that are asked for at once, and that are kept. */
const BLOCK = 60;
const KEPT = 600;
/** Pixels from an end of the list at which more is asked for. */
const NEAR = 200;

const hex = (value: number): string => value.toString(16);

/** Instructions around the next one, or around a place of the user's; more come while they are scrolled. Breakpoints by click or key. */
export function Code({ machine, state }: ViewProps) {
  const [lines, setLines] = useState<readonly InstructionView[]>([]);
  const [following, setFollowing] = useState(true);
  /** The line that the keyboard is at. */
  const [selected, setSelected] = useState<number | undefined>(undefined);
  const box = useRef<HTMLDivElement>(null);
  const loading = useRef(false);
  /** Addresses of the lines behind which nothing more is found. */
  const ends = useRef<{ up?: number; down?: number }>({});
  /** What to bring into sight, and where the list stood before lines came in front of it. */
  const wanted = useRef<number | undefined>(undefined);
  const heightBefore = useRef<number | undefined>(undefined);
  const { cpu } = state;
  const next = cpu?.instructions.find((line) => line.next)?.address;

  const show = (address: number, instructions: readonly InstructionView[]): void => {
    wanted.current = address;
    setLines(instructions);
    setSelected(address);
  };
  useEffect(() => {
    if (cpu === undefined) {
      setLines([]);
      return;
    }
    if (!following) {
      setLines((old) => marked(old, next));
      return;
    }
    const last = lines.at(-1)?.address ?? -1;
    const same = (line: InstructionView): boolean => lines.some(({ address, text }) => address === line.address && text === line.text);
    // As long as the list goes on to say what is there, it stays, and a step moves the mark only.
    if (lines.some(({ address }) => address === next) && cpu.instructions.every((line) => line.address > last || same(line))) {
      wanted.current = next;
      setSelected(next);
      const beyond = cpu.instructions.filter(({ address }) => address > last);
      setLines((old) => [...marked(old, next), ...beyond].slice(-KEPT));
    } else show(next ?? 0, cpu.instructions);
  }, [cpu, following]);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    if (heightBefore.current !== undefined) {
      element.scrollTop += element.scrollHeight - heightBefore.current;
      heightBefore.current = undefined;
    }
    if (wanted.current === undefined) return;
    const row = element.querySelector<HTMLElement>(`[data-address="${wanted.current}"]`);
    wanted.current = undefined;
    if (row === null) return;
    const top = row.offsetTop - element.scrollTop;
    // Steps along a screenful do not make the list jump.
    if (top < 24 || top > element.clientHeight - 60) element.scrollTop = row.offsetTop - element.clientHeight / 3;
  }, [lines]);

  const more = (direction: "up" | "down"): void => {
    const edge = direction === "up" ? lines[0] : lines.at(-1);
    if (edge === undefined || loading.current || !machine.alive || lines.length >= KEPT || ends.current[direction] === edge.address) return;
    loading.current = true;
    const size = edge.bytes.split(" ").length;
    const ask = direction === "up" ? { address: edge.address, before: BLOCK, after: 0 } : { address: edge.address + size, before: 0, after: BLOCK };
    machine
      .look("disassembly", ask)
      .then(({ instructions }) => {
        const fresh = instructions.filter(({ address }) => (direction === "up" ? address < edge.address : address > edge.address));
        if (fresh.length === 0) ends.current[direction] = edge.address;
        else if (direction === "up") heightBefore.current = box.current?.scrollHeight;
        setLines((old) => (direction === "up" ? [...fresh, ...old] : [...old, ...fresh]));
      })
      .catch(() => undefined)
      .finally(() => {
        loading.current = false;
      });
  };
  const scroll = (): void => {
    const element = box.current;
    if (element === null) return;
    if (element.scrollTop + element.clientHeight > element.scrollHeight - NEAR) more("down");
    if (element.scrollTop < NEAR) more("up");
  };
  // Also where one was scrolled to an end while something else was loaded.
  useEffect(scroll, [lines]);

  const goTo = async (text: string): Promise<void> => {
    const { address } = await machine.look("address", { text });
    const { instructions } = await machine.look("disassembly", { address, before: 8, after: BLOCK });
    if (instructions.length === 0) throw new Error("Nothing is mapped there.");
    setFollowing(false);
    show(address, instructions);
  };
  const keyDown = (event: KeyboardEvent): void => {
    const at = lines.findIndex(({ address }) => address === selected);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 }[event.key];
    if (step !== undefined) {
      const line = lines[Math.min(Math.max(at + step, 0), lines.length - 1)];
      if (line === undefined) return;
      event.preventDefault();
      setSelected(line.address);
      const row = box.current?.querySelector<HTMLElement>(`[data-address="${line.address}"]`);
      row?.scrollIntoView({ block: "nearest" });
      row?.querySelector("button")?.focus();
      scroll();
    }
  };

  if (cpu === undefined) return <Hint>{nothingYet(state)}</Hint>;
  return (
    <>
      <div class="barrow">
        <AddressBar label="Show code at" placeholder="symbol, register or address" button="Show" onGo={goTo} disabled={!machine.alive} />
        <label class="check">
          <input type="checkbox" checked={following} onChange={(event) => setFollowing(event.currentTarget.checked)} /> follow RIP
        </label>
      </div>
      <div
        class={state.phase === "paused" ? "disassembly" : "disassembly stale"}
        ref={box}
        tabIndex={0}
        role="region"
        aria-label="Disassembly"
        onScroll={scroll}
        onKeyDown={keyDown}
      >
        {lines.length === 0 ? (
          <p class="hint">Nothing is mapped where the program would go on.</p>
        ) : (
          <table>
            <thead class="hidden">
              <tr>
                <th scope="col">Breakpoint</th>
                <th scope="col">Address</th>
                <th scope="col">Instruction</th>
              </tr>
            </thead>
            <tbody>
              {lines.map((line, index) => (
                <Row
                  key={line.address}
                  line={line}
                  heading={functionAt(line, lines[index - 1])}
                  stops={state.breakpoints.has(line.address)}
                  selected={line.address === selected}
                  onToggle={() => {
                    setSelected(line.address);
                    machine.toggleBreakpoint(line.address);
                  }}
                />
              ))}
            </tbody>
          </table>
        )}
      </div>
      <Breakpoints machine={machine} state={state} onShow={(address) => void goTo(hex(address))} />
    </>
  );
}

/** The same lines, with the mark at `next`. */
function marked(lines: readonly InstructionView[], next: number | undefined): InstructionView[] {
  return lines.map((line) => (line.next === (line.address === next) ? line : { ...line, next: line.address === next }));
}

/** The function's name where its first instruction stands, or where the list begins inside of it. */
function functionAt({ place }: InstructionView, before: InstructionView | undefined): string | undefined {
  const name = place?.replace(/\+0x[\da-f]+$/, "");
  const last = before?.place?.replace(/\+0x[\da-f]+$/, "");
  return name !== undefined && name !== last ? name : undefined;
}

interface RowProps {
  readonly line: InstructionView;
  readonly heading: string | undefined;
  readonly stops: boolean;
  readonly selected: boolean;
  readonly onToggle: () => void;
}

function Row({ line, heading, stops, selected, onToggle }: RowProps) {
  const { address, text, place, next, bytes } = line;
  const [mnemonic = "", ...rest] = text.split(/\s+/);
  return (
    <>
      {heading !== undefined && (
        <tr class="function">
          <td colSpan={3}>{heading}</td>
        </tr>
      )}
      <tr data-address={address} class={`${next ? "next" : ""}${stops ? " stops" : ""}`} aria-current={next ? "step" : undefined}>
        <td class="gutter">
          <button
            type="button"
            aria-pressed={stops}
            aria-label={`Breakpoint at ${place ?? hex(address)}`}
            tabIndex={selected ? 0 : -1}
            onClick={onToggle}
          />
        </td>
        <th scope="row" title={place}>
          {hex(address)}
        </th>
        <td title={bytes}>
          <b>{mnemonic}</b> {rest.join(" ")}
        </td>
      </tr>
    </>
  );
}

function Breakpoints({ machine, state, onShow }: ViewProps & { readonly onShow: (address: number) => void }) {
  const all = [...state.breakpoints].sort((a, b) => a - b);
  if (all.length === 0) return <p class="foot">Click left of an address, or press Enter there, to stop at it.</p>;
  return (
    <ul class="chips" aria-label="Breakpoints">
      {all.map((address) => (
        <li key={address}>
          <button type="button" onClick={() => onShow(address)}>
            {hex(address)}
          </button>
          <button type="button" aria-label={`Remove the breakpoint at ${hex(address)}`} onClick={() => machine.toggleBreakpoint(address)}>
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}
