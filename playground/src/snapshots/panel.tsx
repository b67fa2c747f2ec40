import "./snapshots.css";
import { useRef, useState } from "preact/hooks";
import type { MachineClient, MachineState } from "../machine.ts";
import { ComparisonView } from "./comparison.tsx";
import type { Snapshots, SnapshotsState } from "./snapshots.ts";
import { Timeline, Travel } from "./timeline.tsx";

export interface SnapshotsPanelProps {
  readonly machine: MachineClient;
  readonly machineState: MachineState;
  readonly snapshots: Snapshots;
  readonly state: SnapshotsState;
  /** Goes to a count of instructions, back over snapshots where the machine knows nothing of the time before. */
  readonly onGo: (instructions: number) => void;
  readonly onOpen: (files: readonly File[]) => Promise<void>;
}

/** States of the program: saving, going back, comparing, carrying away and bringing in. */
export function SnapshotsPanel({ machine, machineState, snapshots, state, onGo, onOpen }: SnapshotsPanelProps) {
  const [asking, setAsking] = useState(false);
  const file = useRef<HTMLInputElement>(null);
  const { phase, instructions, earliest, latest } = machineState;
  const alive = phase === "paused" || phase === "running" || phase === "waiting" || phase === "ended";
  const idle = state.busy === undefined;
  return (
    <section class="panel snapshots" aria-labelledby="snapshots-title">
      <div class="title">
        <h2 id="snapshots-title">Snapshots</h2>
        <span class="note" aria-live="polite">
          {state.busy ?? state.done}
        </span>
      </div>
      <Travel
        {...{ instructions, earliest, latest }}
        enabled={alive}
        onStepBack={() => (instructions > earliest || phase === "ended" ? machine.send({ type: "stepBack" }) : onGo(instructions - 1))}
        onGo={onGo}
      />
      <div class="actions">
        <button
          type="button"
          disabled={!alive || !idle}
          onClick={() => void snapshots.save()}
          title="The whole state, as the file that tsvm snapshot writes"
        >
          Save now
        </button>
        <button type="button" disabled={!alive || !idle} onClick={() => void snapshots.copyLink()} title="A URL that opens at this very instruction">
          Copy link
        </button>
        <button type="button" disabled={!idle} onClick={() => file.current?.click()} title="A file that tsvm snapshot or this page made">
          Open image…
        </button>
        <input
          ref={file}
          type="file"
          class="hidden"
          multiple
          tabIndex={-1}
          aria-label="Images to open"
          onChange={(event) => {
            void onOpen([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = "";
          }}
        />
        <span class="spring" />
        {state.list.length > 1 && (
          <button type="button" disabled={state.chosen.length !== 2 || !idle} onClick={() => void snapshots.compare()}>
            Compare
          </button>
        )}
        {state.list.length > 0 && !asking && (
          <button type="button" disabled={!idle} onClick={() => setAsking(true)}>
            Delete all
          </button>
        )}
        {asking && (
          <span class="asking" role="group" aria-label="Delete all snapshots?">
            <button
              type="button"
              onClick={() => {
                setAsking(false);
                void snapshots.removeAll();
              }}
            >
              Delete all {state.list.length}
            </button>
            <button type="button" onClick={() => setAsking(false)}>
              Keep them
            </button>
          </span>
        )}
      </div>
      {state.error !== undefined && (
        <p class="error" role="alert">
          {state.error}
        </p>
      )}
      {state.list.length === 0 ? (
        <p class="hint">
          A snapshot is the whole state of the program in one file. Save one while it runs, and go back to it, compare two, or continue it with{" "}
          <code>tsvm restore</code> on a computer of your own. They stay in this browser.
        </p>
      ) : (
        <Timeline snapshots={snapshots} state={state} />
      )}
      {state.comparison !== undefined && <ComparisonView comparison={state.comparison} onClose={() => snapshots.closeComparison()} />}
    </section>
  );
}
