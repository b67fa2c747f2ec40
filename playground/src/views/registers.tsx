import { Hex } from "./hex.tsx";
import type { ViewProps } from "./use-look.ts";

/** Flags of RFLAGS that instructions set, with their names in the manual. */
const FLAGS: readonly (readonly [flag: string, name: string])[] = [
  ["CF", "carry"],
  ["PF", "parity"],
  ["AF", "auxiliary carry"],
  ["ZF", "zero"],
  ["SF", "sign"],
  ["TF", "trap"],
  ["IF", "interrupt"],
  ["DF", "direction"],
  ["OF", "overflow"],
];

/** General registers and flags; those that the last step or run changed are marked. */
export function Registers({ state }: ViewProps) {
  const { cpu, changed, flagsChanged } = state;
  if (cpu === undefined) return null;
  return (
    <>
      <h3>
        Registers
        {state.phase !== "paused" && <span class="note"> as at the last pause</span>}
      </h3>
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
      <ul class="flags" aria-label="Flags">
        {FLAGS.map(([flag, name]) => {
          const set = cpu.flags.includes(flag);
          return (
            <li key={flag} title={name} class={`${set ? "set" : ""}${flagsChanged.has(flag) ? " changed" : ""}`}>
              {flag}
              <span class="hidden">
                {set ? " set" : " clear"}
                {flagsChanged.has(flag) ? ", changed" : ""}
              </span>
            </li>
          );
        })}
      </ul>
    </>
  );
}
