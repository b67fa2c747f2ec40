import { useEffect, useRef, useState } from "preact/hooks";
import { count } from "./text.ts";
import type { SavedSnapshot } from "./store.ts";
import { nameOf, type Snapshots, type SnapshotsState } from "./snapshots.ts";

export interface TimelineProps {
  readonly snapshots: Snapshots;
  readonly state: SnapshotsState;
  /** What `sha256sum` and `tsvm` call this image is shown so far. */
  readonly digits?: number;
}

const UNITS = ["bytes", "KB", "MB", "GB"] as const;
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function sizeText(bytes: number): string {
  let unit = 0;
  let amount = bytes;
  while (amount >= 1000 && unit < UNITS.length - 1) {
    amount /= 1000;
    unit++;
  }
  return `${amount < 10 && unit > 0 ? amount.toFixed(1) : Math.round(amount)} ${UNITS[unit]}`;
}

/** All snapshots by their count of instructions, each with what can be done with it. */
export function Timeline({ snapshots, state: { list, current, chosen }, digits = 12 }: TimelineProps) {
  const box = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const item = box.current?.querySelector<HTMLElement>("[aria-current]");
    if (box.current && item) box.current.scrollTop = item.offsetTop - box.current.clientHeight / 2;
  }, [current]);
  return (
    <ol class="timeline" ref={box} tabIndex={0} aria-label="Snapshots by instruction count">
      {list.map((saved) => (
        <Item key={saved.key} {...{ snapshots, saved, digits }} here={saved.key === current} marked={chosen.includes(saved.key)} />
      ))}
    </ol>
  );
}

interface ItemProps {
  readonly snapshots: Snapshots;
  readonly saved: SavedSnapshot;
  readonly here: boolean;
  readonly marked: boolean;
  readonly digits: number;
}

function Item({ snapshots, saved, here, marked, digits }: ItemProps) {
  const { key, moment, sha256, size, taken, program } = saved;
  const name = `${nameOf(program)} after ${count(moment.instructions)}`;
  return (
    <li aria-current={here ? "true" : undefined}>
      <button type="button" class="moment" onClick={() => void snapshots.restore(key)} title="Go to this moment">
        <span class="hidden">Go to </span>
        <strong>{count(moment.instructions)}</strong> <span>{nameOf(program)}</span>
      </button>
      <p>
        <code title={`SHA-256 of the image: ${sha256}`}>{sha256.slice(0, digits)}</code>
        <span title={clock.format(taken)}>{sizeText(size)}</span>
      </p>
      <div class="item-actions">
        <label>
          <input type="checkbox" checked={marked} onChange={() => snapshots.choose(key)} aria-label={`Compare ${name}`} /> compare
        </label>
        <button type="button" class="small" onClick={() => void snapshots.download(key)} aria-label={`Download ${name}`}>
          Download
        </button>
        {saved.recipe !== undefined && (
          <button type="button" class="small" onClick={() => void snapshots.copyLink(key)} aria-label={`Copy a link to ${name}`}>
            Link
          </button>
        )}
        <button type="button" class="small" onClick={() => void snapshots.remove([key])} aria-label={`Delete ${name}`}>
          Delete
        </button>
      </div>
    </li>
  );
}

export interface TravelProps {
  readonly instructions: number;
  readonly earliest: number;
  readonly latest: number;
  /** There is a machine, and it is not busy loading. */
  readonly enabled: boolean;
  readonly onStepBack: () => void;
  /** Also to counts that were not reached yet. */
  readonly onGo: (instructions: number) => void;
}

/** Moving about in the run: one step back, to a count, by a slider. */
export function Travel({ instructions, earliest, latest, enabled, onStepBack, onGo }: TravelProps) {
  const [dragged, setDragged] = useState<number | undefined>(undefined);
  const [text, setText] = useState("");
  const wanted = Number(text.replaceAll(/[\s,._]/g, ""));
  const valid = text.trim() !== "" && Number.isSafeInteger(wanted) && wanted >= 0;
  return (
    <div class="travel">
      <button type="button" disabled={!enabled || instructions <= 0} onClick={onStepBack} title="One instruction back (Shift+F10)">
        Step back
      </button>
      <label class="slider">
        <span class="hidden">Moment of the run, in instructions</span>
        <input
          type="range"
          min={earliest}
          max={Math.max(latest, earliest + 1)}
          value={dragged ?? instructions}
          disabled={!enabled || latest <= earliest}
          aria-valuetext={`${count(dragged ?? instructions)} instructions`}
          onInput={(event) => setDragged(Number(event.currentTarget.value))}
          onChange={(event) => {
            setDragged(undefined);
            onGo(Number(event.currentTarget.value));
          }}
        />
        <span class="reach" aria-hidden="true">
          <span>{count(earliest)}</span>
          <span>{dragged === undefined ? "" : count(dragged)}</span>
          <span>{count(latest)}</span>
        </span>
      </label>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (valid && enabled) onGo(wanted);
        }}
      >
        <label>
          <span class="hidden">Count of instructions to go to</span>
          <input
            type="text"
            inputMode="numeric"
            size={11}
            placeholder="count"
            value={text}
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={!valid || !enabled}>
          Go
        </button>
      </form>
    </div>
  );
}
