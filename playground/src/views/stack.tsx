import { Hex, Hint, nothingYet } from "./hex.tsx";
import { useLook, type ViewProps } from "./use-look.ts";

const WORDS = 64;

/** Who called whom, and the words on the stack with what they may be. */
export function Stack(props: ViewProps) {
  const { answer, error } = useLook(props, "stack", { words: WORDS });
  if (answer === undefined) return <Hint>{error ?? nothingYet(props.state)}</Hint>;
  const rsp = answer.words[0]?.address ?? 0;
  return (
    <>
      <h3>Calls, the innermost first</h3>
      <ol class="frames" aria-label="Calls">
        {answer.frames.map(({ address, place, certain }, index) => (
          <li key={index} class={certain ? undefined : "unsure"}>
            <code>{address.toString(16)}</code> {place ?? "unknown"}
            {!certain && <span class="note"> perhaps</span>}
          </li>
        ))}
      </ol>
      <h3>Words from RSP on</h3>
      <div class="scroll" tabIndex={0} role="region" aria-label="Stack">
        <table class="words">
          <thead class="hidden">
            <tr>
              <th scope="col">Address</th>
              <th scope="col">Offset from RSP</th>
              <th scope="col">Value</th>
              <th scope="col">What it may be</th>
            </tr>
          </thead>
          <tbody>
            {answer.words.map(({ address, value, note, returns }) => (
              <tr key={address} class={returns ? "returns" : undefined}>
                <th scope="row">{address.toString(16)}</th>
                <td class="soft">+{(address - rsp).toString(16)}</td>
                <td>
                  <Hex digits={value} />
                </td>
                <td class="place">
                  {returns && <span class="note">returns to </span>}
                  {note}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
