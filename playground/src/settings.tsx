import type { Program } from "./use-program.ts";

/** Where there is room for it from the start. */
const WIDE = window.matchMedia("(min-width: 900px)").matches;

/** Arguments, environment and standard input of the next start. */
export function SettingsView({ program }: { readonly program: Program }) {
  const { settings, change, choice } = program;
  return (
    <details class="panel settings" open={WIDE}>
      <summary>
        <h2>Arguments and input</h2>
      </summary>
      <label>
        <span>Arguments</span>
        <input
          type="text"
          value={settings.args}
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          placeholder={`${choice?.path ?? ""} …`}
          onInput={(event) => change({ args: event.currentTarget.value })}
        />
      </label>
      <label>
        <span>Environment, one NAME=value a line</span>
        <textarea
          rows={Math.min(Math.max(settings.env.split("\n").length, 1), 5)}
          value={settings.env}
          spellcheck={false}
          placeholder="empty"
          onInput={(event) => change({ env: event.currentTarget.value })}
        />
      </label>
      <label>
        <span>Standard input</span>
        <select value={settings.input} onChange={(event) => change({ input: event.currentTarget.value === "text" ? "text" : "terminal" })}>
          <option value="terminal">typed at the terminal</option>
          <option value="text">the text below, through a pipe</option>
        </select>
      </label>
      {settings.input === "text" && (
        <label>
          <span>Text</span>
          <textarea rows={4} value={settings.text} spellcheck={false} onInput={(event) => change({ text: event.currentTarget.value })} />
        </label>
      )}
      <label>
        <span>Seed of its random numbers, in hexadecimal</span>
        <input
          type="text"
          value={settings.seed}
          spellcheck={false}
          autocomplete="off"
          placeholder="0"
          onInput={(event) => change({ seed: event.currentTarget.value })}
        />
      </label>
    </details>
  );
}
