import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import type { Until } from "../../src/web/index.ts";
import type { MachineClient, MachineState } from "./machine.ts";

export interface ControlsProps {
  readonly machine: MachineClient;
  readonly state: MachineState;
  /** Loads the chosen program; `run`: and lets it go. */
  readonly onStart: (run: boolean) => void;
  /** Loads the chosen program; resolves when commands may follow. */
  readonly onLoad: () => Promise<void>;
  readonly onStop: () => void;
}

const count = new Intl.NumberFormat("en");

function speedText(speed: number | undefined): string {
  return speed === undefined ? "–" : `${count.format(Math.round(speed / 1e5) / 10)} million/s`;
}

/** Paths of 16 by 16 pixels. */
const ICONS = {
  run: "M4 2.5v11l9-5.5z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  step: "M8 2v6.5M5 6l3 3 3-3M6 13a2 2 0 1 0 4 0 2 2 0 1 0-4 0",
  over: "M2.5 9a5.5 5.5 0 0 1 11 0M10.5 7.5l3 2 1.5-3.2M6 13a2 2 0 1 0 4 0 2 2 0 1 0-4 0",
  out: "M8 9V2.5M5 5l3-3 3 3M6 13a2 2 0 1 0 4 0 2 2 0 1 0-4 0",
  stop: "M3.5 3.5h9v9h-9z",
} as const;
const FILLED: ReadonlySet<keyof typeof ICONS> = new Set(["run", "pause", "stop"]);

interface ControlProps {
  readonly icon: keyof typeof ICONS;
  readonly keys?: string;
  readonly primary?: boolean;
  readonly disabled: boolean;
  readonly onClick: () => void;
  readonly children: ComponentChildren;
}

function Control({ icon, keys, primary = false, disabled, onClick, children }: ControlProps) {
  return (
    <button
      type="button"
      class={primary ? "primary" : undefined}
      disabled={disabled}
      onClick={onClick}
      title={keys}
      {...(keys === undefined ? {} : { "aria-keyshortcuts": keys.replace(" ", "") })}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true" class={FILLED.has(icon) ? "filled" : undefined}>
        <path d={ICONS[icon]} />
      </svg>
      {children}
    </button>
  );
}

/** Buttons, what is happening in a sentence, and the counters. */
export function Controls({ machine, state, onStart, onLoad, onStop }: ControlsProps) {
  const { phase, instructions, runMs, speed } = state;
  const going = phase === "running" || phase === "waiting";
  const busy = going || phase === "loading";
  const paused = phase === "paused";
  return (
    <section class="panel controls" aria-label="Controls">
      <div class="buttons">
        <Control icon="run" keys="F8" primary disabled={busy} onClick={() => (paused ? machine.send({ type: "run" }) : onStart(true))}>
          {paused ? "Continue" : "Run"}
        </Control>
        <Control icon="pause" keys="F8" disabled={!going} onClick={() => machine.send({ type: "pause" })}>
          Pause
        </Control>
        <Control icon="step" keys="F9" disabled={busy} onClick={() => (paused ? machine.send({ type: "step", count: 1 }) : onStart(false))}>
          Step
        </Control>
        <Control icon="over" keys="F10" disabled={!paused} onClick={() => machine.send({ type: "stepOver" })}>
          Step over
        </Control>
        <Control icon="out" keys="Shift+F9" disabled={!paused} onClick={() => machine.send({ type: "stepOut" })}>
          Step out
        </Control>
        <Control icon="stop" disabled={!busy && !paused} onClick={onStop}>
          Stop
        </Control>
      </div>
      <p class="sentence" role="status">
        {state.sentence}
      </p>
      {phase === "loading" && <progress aria-label="Loading" />}
      <div class="underneath">
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
        <RunTo machine={machine} paused={paused} disabled={busy} onLoad={onLoad} />
      </div>
    </section>
  );
}

/** Keys of the controls; those typed into a field or the terminal are not meant. */
export function controlKey(event: KeyboardEvent, machine: MachineClient, onStart: (run: boolean) => void): void {
  const target = event.target instanceof Element ? event.target : undefined;
  if (event.ctrlKey || event.altKey || event.metaKey || target?.closest(".terminal-box, input, textarea, select") != null) return;
  const { phase } = machine;
  const going = phase === "running" || phase === "waiting";
  const paused = phase === "paused";
  const key = event.shiftKey ? `Shift+${event.key}` : event.key;
  const actions: Readonly<Record<string, () => void>> = {
    F8: () => (going ? machine.send({ type: "pause" }) : paused ? machine.send({ type: "run" }) : phase === "loading" ? undefined : onStart(true)),
    F9: () => (paused ? machine.send({ type: "step", count: 1 }) : going || phase === "loading" ? undefined : onStart(false)),
    F10: () => paused && machine.send({ type: "stepOver" }),
    "Shift+F9": () => paused && machine.send({ type: "stepOut" }),
    "Shift+F10": () => (paused || phase === "ended") && machine.send({ type: "stepBack" }),
  };
  const action = actions[key];
  if (action === undefined) return;
  event.preventDefault();
  action();
}

const GOALS = ["address", "system call", "count"] as const;
type Goal = (typeof GOALS)[number];
const PLACEHOLDERS: Readonly<Record<Goal, string>> = {
  address: "main, 401000, rip+20",
  "system call": "write, or nothing for any",
  count: "1,000,000",
};

interface RunToProps {
  readonly machine: MachineClient;
  readonly paused: boolean;
  readonly disabled: boolean;
  readonly onLoad: () => Promise<void>;
}

/** Run to an address, a system call or a number of instructions, from the start where nothing is loaded. */
function RunTo({ machine, paused, disabled, onLoad }: RunToProps) {
  const id = useId();
  const [goal, setGoal] = useState<Goal>("address");
  const [text, setText] = useState("");
  const [error, setError] = useState<string | undefined>(undefined);
  const go = async (): Promise<void> => {
    if (!paused) await onLoad();
    if (goal === "count") {
      const maxInstructions = Number(text.replace(/[,_\s]/g, ""));
      if (text.trim() === "" || !Number.isSafeInteger(maxInstructions) || maxInstructions < 0)
        throw new Error("A number of instructions is missing.");
      if (maxInstructions <= machine.instructions)
        throw new Error(`The program is there already: ${count.format(machine.instructions)} instructions are done.`);
      machine.send({ type: "run", maxInstructions });
      return;
    }
    const name = text.trim();
    const until: Until =
      goal === "address"
        ? { kind: "address", address: (await machine.look("address", { text })).address }
        : { kind: "syscall", name: name === "" ? undefined : name };
    machine.send({ type: "run", until });
  };
  return (
    <form
      class="runto"
      aria-label="Run to"
      onSubmit={(event) => {
        event.preventDefault();
        go().then(
          () => setError(undefined),
          (reason: unknown) => setError(reason instanceof Error ? reason.message : String(reason)),
        );
      }}
    >
      <select
        aria-label="Run to what"
        value={goal}
        onChange={(event) => setGoal(GOALS.find((each) => each === event.currentTarget.value) ?? "address")}
      >
        {GOALS.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      <input
        type="text"
        aria-label="Run to"
        aria-invalid={error !== undefined}
        aria-describedby={error === undefined ? undefined : id}
        placeholder={PLACEHOLDERS[goal]}
        value={text}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" disabled={disabled}>
        Run to
      </button>
      {error !== undefined && (
        <p class="wrong" id={id} role="alert">
          {error}
        </p>
      )}
    </form>
  );
}
