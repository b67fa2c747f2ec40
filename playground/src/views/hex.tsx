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

export const NOT_STARTED = "Run a program, or press Step to stand before its first instruction.";
