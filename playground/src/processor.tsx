import { useEffect, useRef } from "preact/hooks";
import type { CpuView } from "../../src/web/index.ts";

export interface ProcessorProps {
  readonly cpu: CpuView | undefined;
  readonly changed: ReadonlySet<string>;
  /** False while what is shown is of an earlier moment. */
  readonly current: boolean;
}

const HINT = "Pause, or press Step to begin at the first instruction.";

/** Zeros in front of a number, and the number. */
function Hex({ digits }: { readonly digits: string }) {
  const zeros = /^0*(?=.)/.exec(digits)?.[0] ?? "";
  return (
    <>
      <span class="zeros">{zeros}</span>
      {digits.slice(zeros.length)}
    </>
  );
}

/** Registers with what changed marked, and the instructions around the next one. */
export function Processor({ cpu, changed, current }: ProcessorProps) {
  return (
    <section class={current ? "panel processor" : "panel processor stale"} aria-labelledby="processor-title">
      <div class="title">
        <h2 id="processor-title">Processor</h2>
        {cpu !== undefined && !current && <span>at the last pause</span>}
      </div>
      {cpu === undefined ? (
        <p class="hint">{HINT}</p>
      ) : (
        <>
          <Disassembly cpu={cpu} />
          <h3>Registers</h3>
          <dl class="registers">
            {cpu.registers.map(({ name, value }) => (
              <div key={name} class={changed.has(name) ? "changed" : undefined}>
                <dt>{name}</dt>
                <dd>
                  <Hex digits={value} />
                  {changed.has(name) && <span class="hidden"> changed</span>}
                </dd>
              </div>
            ))}
          </dl>
          <p class="flags">
            Flags set: <code>{cpu.flags.join(" ") || "none"}</code>
          </p>
        </>
      )}
    </section>
  );
}

function Disassembly({ cpu }: { readonly cpu: CpuView }) {
  const box = useRef<HTMLDivElement>(null);
  const next = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (box.current && next.current) box.current.scrollTop = next.current.offsetTop - box.current.clientHeight / 3;
  }, [cpu]);
  return (
    <>
      <h3>Disassembly</h3>
      <div class="disassembly" ref={box} tabIndex={0} role="region" aria-label="Disassembly">
        {cpu.instructions.length === 0 ? (
          <p class="hint">Nothing is mapped where the program would go on.</p>
        ) : (
          <table>
            <thead class="hidden">
              <tr>
                <th scope="col">Address</th>
                <th scope="col">Instruction</th>
              </tr>
            </thead>
            <tbody>
              {cpu.instructions.map(({ address, text, place, next: isNext, bytes }) => (
                <tr key={address} ref={isNext ? next : null} class={isNext ? "next" : undefined} aria-current={isNext ? "step" : undefined}>
                  <th scope="row" title={place}>
                    {address.toString(16)}
                  </th>
                  <td title={bytes}>{text.replace(/\s+/, " ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </>
  );
}
