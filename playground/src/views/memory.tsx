import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { AreaPicture } from "../../../src/web/index.ts";
import { AddressBar } from "./address-bar.tsx";
import { Hint, nothingYet } from "./hex.tsx";
import { useLook, type ViewProps } from "./use-look.ts";

const ROW_PIXELS = 20;
/** Rows that are drawn around what is in sight. */
const AROUND = 16;
/** Bytes of an area that can be scrolled through at once: lists have a greatest height. */
const SPAN = 8 << 20;
const LIVE_MS = 300;

const hex = (value: number, digits = 1): string => value.toString(16).padStart(digits, "0");
const printable = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".");

/** Where the view is to be: another object for each wish, so that the same address can be wished for twice. */
export interface MemoryPlace {
  readonly address: number;
}

export interface MemoryProps extends ViewProps {
  readonly place: MemoryPlace | undefined;
  readonly onPlace: (place: MemoryPlace) => void;
}

export function areaTitle({ name }: AreaPicture): string {
  return name === "" ? "anonymous" : name;
}

/** Memory in hexadecimal and ASCII, area by area; bytes that changed since the standstill before are marked. */
export function Memory({ place, onPlace, ...view }: MemoryProps) {
  const { machine, state } = view;
  const { answer, error } = useLook(view, "pages", { cells: 1 });
  const areas = answer?.areas ?? [];
  // The stack, where nothing was asked for.
  const rsp = state.cpu?.registers.find(({ name }) => name === "rsp")?.value;
  const [stack] = useState<MemoryPlace>({ address: Number.parseInt(rsp ?? "0", 16) });
  const wanted = place ?? stack;
  const current = areas.find(({ start, end }) => wanted.address >= start && wanted.address < end);
  const goTo = async (text: string): Promise<void> => {
    const { address } = await machine.look("address", { text });
    if (!areas.some(({ start, end }) => address >= start && address < end)) throw new Error(`Nothing is mapped at ${hex(address)}.`);
    onPlace({ address });
  };
  if (answer === undefined) return <Hint>{error ?? nothingYet(state)}</Hint>;
  return (
    <>
      <div class="barrow">
        <AddressBar
          label="Show memory at"
          placeholder="address, register or symbol"
          button="Show"
          onGo={goTo}
          disabled={!machine.alive}
          list={["rsp", "rip", "rsi", "rdi", ...areas.filter(({ name }) => name.startsWith("[")).map(({ name }) => name)]}
        />
        <select
          aria-label="Area"
          value={current === undefined ? "" : String(current.start)}
          onChange={(event) => onPlace({ address: Number(event.currentTarget.value) })}
        >
          {current === undefined && <option value="">Choose an area</option>}
          {areas.map((area) => (
            <option key={area.start} value={String(area.start)}>
              {hex(area.start)} {area.permissions} {areaTitle(area)}
            </option>
          ))}
        </select>
      </div>
      {current === undefined ? <Hint>Nothing is mapped there any more. Choose an area.</Hint> : <HexRows {...view} area={current} place={wanted} />}
    </>
  );
}

function HexRows({ area, place, ...view }: ViewProps & { readonly area: AreaPicture; readonly place: MemoryPlace }) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(16);
  const from =
    area.end - area.start <= SPAN ? area.start : Math.max(area.start, Math.min(alignDown(place.address, 4096) - SPAN / 2, area.end - SPAN));
  const to = Math.min(area.end, from + SPAN);
  const rows = Math.ceil((to - from) / width);
  const [first, setFirst] = useState(0);
  const [count, setCount] = useState(24);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      setWidth(element.clientWidth < 520 ? 8 : 16);
      setCount(Math.ceil(element.clientHeight / ROW_PIXELS) + 1);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (box.current !== null) box.current.scrollTop = Math.floor((place.address - from) / width) * ROW_PIXELS;
  }, [place, from, width]);
  const start = Math.max(0, Math.min(first, rows - count) - AROUND);
  const end = Math.min(rows, start + count + 2 * AROUND);
  const { answer } = useLook(view, "memory", { address: from + start * width, length: Math.min(to - from, end * width) - start * width }, LIVE_MS);
  const changed = useChanged(view.state.stamp, answer);
  return (
    <div
      class="hex"
      ref={box}
      tabIndex={0}
      role="region"
      aria-label={`Memory of ${areaTitle(area)}`}
      onScroll={(event) => setFirst(Math.floor(event.currentTarget.scrollTop / ROW_PIXELS))}
    >
      <div style={{ height: `${rows * ROW_PIXELS}px` }}>
        <table style={{ transform: `translateY(${answer === undefined ? 0 : Math.floor((answer.address - from) / width) * ROW_PIXELS}px)` }}>
          <thead class="hidden">
            <tr>
              <th scope="col">Address</th>
              <th scope="col">Bytes</th>
              <th scope="col">ASCII</th>
            </tr>
          </thead>
          <tbody>
            {answer !== undefined &&
              Array.from({ length: Math.ceil(answer.bytes.length / width) }, (_each, row) => {
                const at = row * width;
                return (
                  <HexRow
                    key={answer.address + at}
                    address={answer.address + at}
                    bytes={answer.bytes.subarray(at, at + width)}
                    mapped={answer.mapped.subarray(at, at + width)}
                    changed={changed?.subarray(at, at + width)}
                    wished={place.address - answer.address - at}
                  />
                );
              })}
          </tbody>
        </table>
      </div>
    </div>
  );
}

const alignDown = (value: number, to: number): number => value - (value % to);

/** For the bytes seen now: 1 where the standstill before saw another. */
function useChanged(stamp: number, answer: { readonly address: number; readonly bytes: Uint8Array } | undefined): Uint8Array | undefined {
  const now = useRef<{ stamp: number; bytes: Map<number, number> }>({ stamp, bytes: new Map() });
  const before = useRef<Map<number, number>>(new Map());
  const [changed, setChanged] = useState<Uint8Array | undefined>(undefined);
  useEffect(() => {
    if (answer === undefined) return;
    if (now.current.stamp !== stamp) {
      before.current = now.current.bytes;
      now.current = { stamp, bytes: new Map() };
    }
    const marks = new Uint8Array(answer.bytes.length);
    answer.bytes.forEach((byte, i) => {
      const old = before.current.get(answer.address + i);
      if (old !== undefined && old !== byte) marks[i] = 1;
      now.current.bytes.set(answer.address + i, byte);
    });
    setChanged(marks);
  }, [answer, stamp]);
  return changed?.length === answer?.bytes.length ? changed : undefined;
}

interface HexRowProps {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly mapped: Uint8Array;
  readonly changed: Uint8Array | undefined;
  /** Offset in the row of the byte that was asked for. */
  readonly wished: number;
}

function HexRow({ address, bytes, mapped, changed, wished }: HexRowProps) {
  // One text for what is alike, so that a row is a few elements and not forty.
  const parts: { text: string; kind: string | undefined }[] = [];
  bytes.forEach((byte, i) => {
    const kind = mapped[i] === 0 ? "absent" : changed?.[i] === 1 ? "changed" : i === wished ? "wished" : byte === 0 ? "zeros" : undefined;
    const text = `${mapped[i] === 0 ? "··" : hex(byte, 2)}${i % 8 === 7 ? "  " : " "}`;
    const last = parts.at(-1);
    if (last !== undefined && last.kind === kind && kind !== "changed") last.text += text;
    else parts.push({ text, kind });
  });
  const ascii = Array.from(bytes, (byte, i) => (mapped[i] === 0 ? " " : printable(byte))).join("");
  return (
    <tr>
      <th scope="row">{hex(address, 1)}</th>
      <td class="bytes">
        {parts.map(({ text, kind }, index) =>
          kind === undefined ? (
            text
          ) : (
            <span key={index} class={kind}>
              {text}
            </span>
          ),
        )}
      </td>
      <td class="ascii">{ascii}</td>
    </tr>
  );
}
