import type { MachineState } from "../machine.ts";

/** Hexadecimal digits with the zeros in front of a number drawn softly. */
export function Hex({ digits }: { readonly digits: string }) {
  const zeros = /^0*(?=.)/.exec(digits)?.[0] ?? "";
  return (
    <>
      <span class="zeros">{zeros}</span>
      {digits.slice(zeros.length)}
    </>
  );
}

/** What stands in a view that has nothing to show. */
export function Hint({ children }: { readonly children: string }) {
  return <p class="hint">{children}</p>;
}

/** Why there is nothing to see. */
export function nothingYet({ phase }: MachineState): string {
  if (phase === "running" || phase === "waiting") return "Pause the program to see where it is.";
  if (phase === "loading") return "The program is being loaded.";
  if (phase === "ended") return "The program has ended. Run it again, or go back in its run.";
  return "Run a program, or press Step to stand before its first instruction.";
}
