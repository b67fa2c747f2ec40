import type { MachineState } from "./machine.ts";

export interface ControlsProps {
  readonly state: MachineState;
  readonly onRun: () => void;
  readonly onPause: () => void;
  readonly onStep: () => void;
  readonly onStop: () => void;
}

const count = new Intl.NumberFormat("en");

function speedText(speed: number | undefined): string {
  return speed === undefined ? "–" : `${count.format(Math.round(speed / 1e5) / 10)} million/s`;
}

/** Buttons, what is happening in a sentence, and the counters. */
export function Controls({ state, onRun, onPause, onStep, onStop }: ControlsProps) {
  const { phase, instructions, runMs, speed } = state;
  const going = phase === "running" || phase === "waiting";
  const busy = going || phase === "loading";
  return (
    <section class="panel controls" aria-label="Controls">
      <div class="buttons">
        <button type="button" class="primary" disabled={busy} onClick={onRun}>
          {phase === "paused" ? "Continue" : "Run"}
        </button>
        <button type="button" disabled={!going} onClick={onPause}>
          Pause
        </button>
        <button type="button" disabled={busy} onClick={onStep}>
          Step
        </button>
        <button type="button" disabled={!busy && phase !== "paused"} onClick={onStop}>
          Stop
        </button>
      </div>
      <p class="sentence" role="status">
        {state.sentence}
      </p>
      <dl class="counters">
        <div>
          <dt>Instructions</dt>
          <dd>{count.format(instructions)}</dd>
        </div>
        <div>
          <dt>Speed</dt>
          <dd>{speedText(speed)}</dd>
        </div>
        <div>
          <dt>Time running</dt>
          <dd>{(runMs / 1000).toFixed(2)} s</dd>
        </div>
      </dl>
    </section>
  );
}
