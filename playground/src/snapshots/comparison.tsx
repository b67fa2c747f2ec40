import type { ComponentChildren } from "preact";
import type { MemoryDifference } from "../../../src/web/index.ts";
import { nameOf, type Comparison } from "./snapshots.ts";
import { count } from "./text.ts";

export interface ComparisonProps {
  readonly comparison: Comparison;
  readonly onClose: () => void;
}

/** Digits in groups of four from the right, those that differ marked. */
function Digits({ digits, other }: { readonly digits: string; readonly other: string }) {
  const parts: ComponentChildren[] = [];
  let from = 0;
  const differs = (at: number): boolean => digits[at] !== other[at];
  while (from < digits.length) {
    let to = from + 1;
    while (to < digits.length && differs(to) === differs(from)) to++;
    const text = digits.slice(from, to);
    parts.push(differs(from) ? <mark key={from}>{text}</mark> : text);
    from = to;
  }
  return <code>{parts}</code>;
}

function Place({ start, end, area, symbol }: MemoryDifference) {
  return (
    <>
      <code>{start.toString(16)}</code>
      <span>
        {symbol ?? area} <small>{end - start === 1 ? "1 byte" : `${count(end - start)} bytes`}</small>
      </span>
    </>
  );
}

interface DifferenceTableProps {
  readonly title: string;
  readonly first: string;
  readonly rows: readonly {
    readonly key: string;
    readonly name: ComponentChildren;
    readonly before: ComponentChildren;
    readonly after: ComponentChildren;
  }[];
}

function DifferenceTable({ title, first, rows }: DifferenceTableProps) {
  if (rows.length === 0) return null;
  return (
    <div class="scroller" tabIndex={0} role="region" aria-label={title}>
      <table class="differences">
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">{first}</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, name, before, after }) => (
            <tr key={key}>
              <th scope="row">{name}</th>
              <td class="before">{before}</td>
              <td class="after">{after}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function summaryOf({ found, before, after }: Comparison): string {
  const [from, to] = found.instructions;
  if (before.sha256 === after.sha256) return "The two are the same, byte for byte.";
  const memory = found.memory.length + found.moreMemory;
  const parts = [
    found.registers.length > 0 ? `${found.registers.length} ${found.registers.length === 1 ? "register" : "registers"}` : undefined,
    memory > 0 ? `${count(memory)} ${memory === 1 ? "stretch" : "stretches"} of memory` : undefined,
    found.descriptors.length > 0 ? `${found.descriptors.length} ${found.descriptors.length === 1 ? "descriptor" : "descriptors"}` : undefined,
    found.added.length + found.removed.length > 0 ? "the areas of memory" : undefined,
  ].filter((part) => part !== undefined);
  const what = parts.length === 0 ? "only what no program sees differs" : `${parts.join(", ")} ${parts.length === 1 ? "differs" : "differ"}`;
  return `${nameOf(before.program)} after ${count(from)} and ${nameOf(after.program)} after ${count(to)} instructions: ${what}.`;
}

/** What is different in two snapshots, what was in red and what came in green. */
export function ComparisonView({ comparison, onClose }: ComparisonProps) {
  const { found } = comparison;
  return (
    <section class="comparison" aria-labelledby="comparison-title">
      <div class="title">
        <h3 id="comparison-title">Differences</h3>
        <button type="button" class="small" onClick={onClose}>
          Close
        </button>
      </div>
      <p role="status">{summaryOf(comparison)}</p>
      <DifferenceTable
        title="Registers"
        first="Register"
        rows={found.registers.map(({ name, before, after }) => ({
          key: name,
          name,
          before: <Digits digits={before} other={after} />,
          after: <Digits digits={after} other={before} />,
        }))}
      />
      <DifferenceTable
        title="Memory"
        first="Address"
        rows={found.memory.map((each) => ({
          key: String(each.start),
          name: <Place {...each} />,
          before: <Digits digits={each.before} other={each.after} />,
          after: <Digits digits={each.after} other={each.before} />,
        }))}
      />
      {found.moreMemory > 0 && <p class="soft">… and {count(found.moreMemory)} more stretches of memory.</p>}
      <DifferenceTable
        title="Areas of memory"
        first="Area"
        rows={[
          ...found.removed.map((text) => ({ key: `-${text}`, name: <code>{text}</code>, before: "mapped", after: "" })),
          ...found.added.map((text) => ({ key: `+${text}`, name: <code>{text}</code>, before: "", after: "mapped" })),
        ]}
      />
      <DifferenceTable
        title="Descriptors"
        first="Descriptor"
        rows={found.descriptors.map(({ fd, before, after }) => ({ key: String(fd), name: fd, before, after }))}
      />
    </section>
  );
}
