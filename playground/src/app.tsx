import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Controls } from "./controls.tsx";
import { Gallery } from "./gallery.tsx";
import { loadInterpreter, MachineClient, nothing } from "./machine.ts";
import { Processor } from "./processor.tsx";
import { fetchBytes, type GalleryProgram, programs } from "./programs.ts";
import { LineLog, StraceView } from "./strace.tsx";
import { SIZE, type TerminalHandle, TerminalView } from "./terminal.tsx";
import { joinWords, splitWords } from "./words.ts";

/** What is to be run. */
interface Choice {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly load: () => Promise<Uint8Array>;
  readonly fromGallery: boolean;
}

type InputKind = "terminal" | "text";

const FIRST = "mandelbrot";

function choiceOf(program: GalleryProgram): Choice {
  const { name, env, url } = program;
  return { name, env, load: () => fetchBytes(url, `The program ${name}`), fromGallery: true };
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export function App() {
  const first = programs.find(({ name }) => name === FIRST) ?? programs[0];
  const [state, setState] = useState(nothing);
  const [choice, setChoice] = useState<Choice | undefined>(first && choiceOf(first));
  const [args, setArgs] = useState(first ? joinWords(first.argv) : "");
  const [inputKind, setInputKind] = useState<InputKind>("terminal");
  const [inputText, setInputText] = useState("");
  const [strace, setStrace] = useState(true);
  const [straceText, setStraceText] = useState("");
  const terminal = useRef<TerminalHandle | undefined>(undefined);
  const log = useMemo(() => new LineLog(setStraceText), []);
  const machine = useMemo(
    () =>
      new MachineClient({
        state: setState,
        output: (bytes, shown) => terminal.current?.write(bytes, shown),
        strace: (text) => log.add(text),
        screen: (bytes, strace, shown) => {
          log.clear();
          log.add(strace);
          terminal.current?.show(bytes, shown);
        },
      }),
    [log],
  );
  /** Counts what was chosen or started, so that what comes late of an earlier one is dropped. */
  const turn = useRef(0);

  useEffect(() => {
    // What the first start needs is fetched before it is asked for; a failure is told then.
    loadInterpreter().catch(() => undefined);
  }, []);

  const choose = useCallback(
    (program: GalleryProgram) => {
      const mine = ++turn.current;
      if (machine.phase !== "none") machine.stop();
      setState(nothing);
      setChoice(choiceOf(program));
      setArgs(joinWords(program.argv));
      setInputKind("terminal");
      setInputText("");
      if (program.stdinUrl === undefined) return;
      fetchBytes(program.stdinUrl, `The input of ${program.name}`).then(
        (bytes) => {
          if (mine !== turn.current) return;
          setInputKind("text");
          setInputText(new TextDecoder().decode(bytes));
        },
        (error: unknown) => machine.fail(message(error)),
      );
    },
    [machine],
  );

  const openFile = useCallback(
    (file: File) => {
      turn.current++;
      if (machine.phase !== "none") machine.stop();
      setState(nothing);
      setChoice({ name: file.name, env: {}, load: async () => new Uint8Array(await file.arrayBuffer()), fromGallery: false });
      setArgs("");
      setInputKind("terminal");
    },
    [machine],
  );

  const start = async (run: boolean): Promise<void> => {
    if (!choice) return;
    const mine = ++turn.current;
    machine.loading(`${choice.name} is being loaded.`);
    try {
      const words = splitWords(args);
      const [elf, prebuilt] = await Promise.all([choice.load(), loadInterpreter()]);
      if (mine !== turn.current) return;
      const pipes = inputKind === "text";
      const path = `/${choice.name}`;
      terminal.current?.reset(pipes);
      log.clear();
      machine.start(
        {
          elf,
          prebuilt,
          path,
          argv: [path, ...words],
          envp: Object.entries(choice.env).map(([name, value]) => `${name}=${value}`),
          streams: pipes
            ? { kind: "pipes", input: new TextEncoder().encode(inputText) }
            : { kind: "terminal", size: { ...SIZE, xpixel: 0, ypixel: 0 } },
          strace,
        },
        run ? { type: "run" } : undefined,
      );
      if (run && !pipes) terminal.current?.focus();
    } catch (error) {
      if (mine === turn.current) machine.fail(message(error));
    }
  };

  const { phase } = state;
  return (
    <main>
      <Gallery programs={programs} chosen={choice?.fromGallery ? choice.name : undefined} onChoose={choose} onOpen={openFile} />
      <div class="work">
        <Controls
          state={state}
          onRun={() => (phase === "paused" ? machine.send({ type: "run" }) : void start(true))}
          onPause={() => machine.send({ type: "pause" })}
          onStep={() => (phase === "paused" ? machine.send({ type: "step", count: 1 }) : void start(false))}
          onStop={() => {
            turn.current++;
            machine.stop();
          }}
        />
        {state.error !== undefined && (
          <p class="error" role="alert">
            {state.error}
          </p>
        )}
        {state.notices.length > 0 && (
          <pre class="notices" role="log" aria-label="Notices" tabIndex={0}>
            {state.notices.join("\n")}
          </pre>
        )}
        <section class="panel" aria-labelledby="terminal-title">
          <div class="title">
            <h2 id="terminal-title">Terminal</h2>
            <span>{choice?.name}</span>
          </div>
          <TerminalView handle={terminal} onInput={(bytes) => machine.send({ type: "input", bytes })} />
        </section>
        <section class="panel settings" aria-labelledby="settings-title">
          <h2 id="settings-title">Arguments and input</h2>
          <label>
            <span>Arguments</span>
            <input type="text" value={args} spellcheck={false} autocomplete="off" onInput={(event) => setArgs(event.currentTarget.value)} />
          </label>
          <label>
            <span>Standard input</span>
            <select value={inputKind} onChange={(event) => setInputKind(event.currentTarget.value === "text" ? "text" : "terminal")}>
              <option value="terminal">what is typed at the terminal</option>
              <option value="text">the text below, through a pipe</option>
            </select>
          </label>
          {inputKind === "text" && (
            <label>
              <span>Text</span>
              <textarea rows={4} value={inputText} spellcheck={false} onInput={(event) => setInputText(event.currentTarget.value)} />
            </label>
          )}
        </section>
        <StraceView text={straceText} enabled={strace} onEnable={setStrace} />
      </div>
      <Processor cpu={state.cpu} changed={state.changed} current={phase === "paused"} />
    </main>
  );
}
