import { useId, useRef, useState } from "preact/hooks";
import { Hint, nothingYet } from "./hex.tsx";
import { exceptionsText, extendedText, type LaneKind, laneKinds, roundingText } from "./lanes.ts";
import { useLook, type ViewProps } from "./use-look.ts";

const COUNT = 16;
const STRIDE = 32;
const ST = 10;
const DEFAULT_KIND = "float";

/** xmm or ymm registers in lanes of a kind to choose, and the x87 stack. */
export function Vectors(props: ViewProps) {
  const { answer, error } = useLook(props, "vectors", {});
  const [kindName, setKindName] = useState(DEFAULT_KIND);
  const [wide, setWide] = useState(false);
  const id = useId();
  // What was there at the standstill before, to mark what changed.
  const history = useRef<{ stamp: number; now: Uint8Array | undefined; before: Uint8Array | undefined }>({
    stamp: -1,
    now: undefined,
    before: undefined,
  });
  if (answer === undefined) return <Hint>{error ?? nothingYet(props.state)}</Hint>;
  if (history.current.now !== answer.ymm) history.current = { stamp: props.state.stamp, now: answer.ymm, before: history.current.now };
  const { before } = history.current;
  const kind = laneKinds.find(({ name }) => name === kindName) ?? laneKinds[0]!;
  const bytes = wide && answer.avx ? 32 : 16;
  const view = new DataView(answer.ymm.buffer, answer.ymm.byteOffset);
  const st = new DataView(answer.st.buffer, answer.st.byteOffset);
  return (
    <>
      <div class="barrow">
        <label class="inline" for={id}>
          Lanes
        </label>
        <select id={id} value={kindName} onChange={(event) => setKindName(event.currentTarget.value)}>
          {laneKinds.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        {answer.avx && (
          <label class="check">
            <input type="checkbox" checked={wide} onChange={(event) => setWide(event.currentTarget.checked)} /> 256 bits
          </label>
        )}
        <span class="note">highest lane first</span>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Vector registers">
        <table class="lanes">
          <tbody>
            {Array.from({ length: COUNT }, (_each, number) => (
              <tr key={number}>
                <th scope="row">
                  {bytes === 32 ? "ymm" : "xmm"}
                  {number}
                </th>
                <td>
                  <Lanes kind={kind} view={view} from={number * STRIDE} bytes={bytes} before={before} now={answer.ymm} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="foot">
        MXCSR {answer.mxcsr.toString(16)}: rounding {roundingText(answer.mxcsr >> 13)}; raised: {exceptionsText(answer.mxcsr)}.
      </p>
      <h3>x87 stack</h3>
      <table class="lanes">
        <tbody>
          {Array.from({ length: 8 }, (_each, number) => {
            const used = (answer.stUsed & (1 << number)) !== 0;
            return (
              <tr key={number} class={used ? undefined : "empty"}>
                <th scope="row">st({number})</th>
                <td>{used ? extendedText(st, number * ST) : "empty"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <p class="foot">
        Control {answer.control.toString(16)}, status {answer.status.toString(16)}: rounding {roundingText(answer.control >> 10)}; raised:{" "}
        {exceptionsText(answer.status)}.
      </p>
    </>
  );
}

interface LanesProps {
  readonly kind: LaneKind;
  readonly view: DataView;
  readonly from: number;
  readonly bytes: number;
  readonly before: Uint8Array | undefined;
  readonly now: Uint8Array;
}

function Lanes({ kind, view, from, bytes, before, now }: LanesProps) {
  const lanes = Array.from({ length: bytes / kind.bytes }, (_each, lane) => from + bytes - (lane + 1) * kind.bytes);
  return (
    <span class={`row w${kind.bytes}`}>
      {lanes.map((at) => {
        const changed = before !== undefined && now.subarray(at, at + kind.bytes).some((byte, i) => byte !== before[at + i]);
        const zero = now.subarray(at, at + kind.bytes).every((byte) => byte === 0);
        return (
          <span key={at} class={changed ? "changed" : zero ? "zeros" : undefined}>
            {kind.text(view, at)}
          </span>
        );
      })}
    </span>
  );
}
