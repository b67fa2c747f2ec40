import { useState } from "preact/hooks";
import { count } from "./text.ts";

export interface GuideProps {
  /** Instructions of the program that is there. */
  readonly instructions: number;
  readonly onRun: () => Promise<void>;
  /** Saves what runs and ends it; resolves with the count where it was saved. */
  readonly onSave: () => Promise<number | undefined>;
  readonly onContinue: () => Promise<void>;
}

const REMEMBERED = "tsvm-guide";
const DONE = "done";

/** Where the browser lets the page remember nothing, the guide is shown again. */
function remembered(): boolean {
  try {
    return localStorage.getItem(REMEMBERED) === DONE;
  } catch {
    return false;
  }
}

function remember(): void {
  try {
    localStorage.setItem(REMEMBERED, DONE);
  } catch {
    // It is shown again next time.
  }
}

const STEPS = ["Run it", "Save it", "Continue it"] as const;

/** The question of 1999, answered in three clicks. */
export function Guide({ instructions, onRun, onSave, onContinue }: GuideProps) {
  const [hidden, setHidden] = useState(remembered);
  const [step, setStep] = useState(0);
  const [saved, setSaved] = useState<number | undefined>(undefined);
  if (hidden) return null;
  const close = (): void => {
    remember();
    setHidden(true);
  };
  const acts = [
    async () => {
      await onRun();
      setStep(1);
    },
    async () => {
      const at = await onSave();
      if (at === undefined) return;
      setSaved(at);
      setStep(2);
    },
    async () => {
      await onContinue();
      setStep(3);
      remember();
    },
  ];
  const texts = [
    "“I want to create an environment, where a linux process may save its virtual memory space into a file … and restore its state”: " +
      "so somebody asked the Linux kernel's list in 1999. This is the program of that question.",
    `It has run for ${count(instructions)} instructions and counts its steps. Save its whole state, whenever you like.`,
    `Saved after ${count(saved ?? 0)} instructions, and the process is gone: nothing of it is left but the file.`,
    "It goes on with the very next instruction, and no step is missing. “Download” below gives you the file: tsvm restore continues it on a computer of your own.",
  ];
  return (
    <section class="panel guide" aria-labelledby="guide-title">
      <div class="title">
        <h2 id="guide-title">{step < STEPS.length ? "New here? Three clicks" : "That is all"}</h2>
        <span class="spring" />
        <button type="button" class="small" onClick={close}>
          {step < STEPS.length ? "No, thanks" : "Close"}
        </button>
      </div>
      <p aria-live="polite">{texts[step]}</p>
      {step < STEPS.length && (
        <ol>
          {STEPS.map((name, at) => (
            <li key={name}>
              <button type="button" class={at === step ? "primary" : undefined} disabled={at !== step} onClick={() => void acts[at]?.()}>
                <b>{at + 1}</b> {name}
              </button>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
