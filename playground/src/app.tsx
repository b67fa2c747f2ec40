import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Controls, controlKey } from "./controls.tsx";
import { Files } from "./files/files-view.tsx";
import { DropTarget } from "./files/drop-target.tsx";
import { type Dropped, isElf } from "./files/incoming.ts";
import { Gallery } from "./gallery.tsx";
import { loadInterpreter, MachineClient, nothing } from "./machine.ts";
import { programs } from "./programs.ts";
import { SettingsView } from "./settings.tsx";
import { LineLog, StraceView } from "./strace.tsx";
import { type Tab, Tabs } from "./tabs.tsx";
import type { TerminalHandle } from "./terminal.tsx";
import { TerminalPanel } from "./terminal-panel.tsx";
import { Guide } from "./snapshots/guide.tsx";
import { isCore } from "./snapshots/snapshots.ts";
import { SnapshotsPanel } from "./snapshots/panel.tsx";
import { useSnapshots } from "./snapshots/use-snapshots.ts";
import { type Stage, useProgram } from "./use-program.ts";
import { Code } from "./views/code.tsx";
import { Memory, type MemoryPlace } from "./views/memory.tsx";
import { Pages } from "./views/pages.tsx";
import { Registers } from "./views/registers.tsx";
import { Stack } from "./views/stack.tsx";
import { Vectors } from "./views/vectors.tsx";

const FIRST = "mandelbrot";
const ELF_HEADER = 64;
const SIZE_IN_PIXELS = { xpixel: 0, ypixel: 0 };

export function App() {
  const [state, setState] = useState(nothing);
  const [straceText, setStraceText] = useState("");
  const [around, setAround] = useState("System calls");
  const [inside, setInside] = useState("Code");
  const [place, setPlace] = useState<MemoryPlace | undefined>(undefined);
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
  const stage = useMemo<Stage>(
    () => ({
      begin: (pipes) => {
        terminal.current?.reset(pipes);
        log.clear();
      },
      focusTerminal: () => terminal.current?.focus(),
      streams: (pipes, text) =>
        pipes
          ? { kind: "pipes", input: new TextEncoder().encode(text) }
          : { kind: "terminal", size: { ...(terminal.current?.size ?? { columns: 80, rows: 24 }), ...SIZE_IN_PIXELS } },
    }),
    [log],
  );
  const program = useProgram(machine, stage, programs.find(({ name }) => name === FIRST) ?? programs[0]);
  const { snapshots, state: saved, go, open, guide } = useSnapshots(machine, state, program, stage);
  const { choice, settings, start } = program;
  const startOrLoad = (run: boolean): void => void start(run ? { type: "run" } : undefined);

  useEffect(() => {
    // What the first start needs is fetched before it is asked for; a failure is told then.
    loadInterpreter().catch(() => undefined);
    const keyDown = (event: KeyboardEvent): void => controlKey(event, machine, (run) => void start(run ? { type: "run" } : undefined));
    window.addEventListener("keydown", keyDown);
    return () => window.removeEventListener("keydown", keyDown);
  }, [machine, start]);

  const openFile = (file: File): void => program.openBytes(file.name, async () => new Uint8Array(await file.arrayBuffer()));
  /** One ELF file is a program, or a state to go on with; anything else is for the guest. */
  const drop = async (dropped: readonly Dropped[]): Promise<void> => {
    const [only] = dropped;
    const header = new Uint8Array((await only?.file.slice(0, ELF_HEADER).arrayBuffer()) ?? []);
    if (only !== undefined && dropped.length === 1 && isElf(header)) {
      if (isCore(header)) await open([only.file]);
      else openFile(only.file);
      return;
    }
    await program.addFiles(dropped, "/");
    setAround("Files");
  };
  const showMemory = (address: number): void => {
    setPlace({ address });
    setInside("Memory");
  };

  const view = { machine, state };
  const aroundTabs: readonly Tab[] = [
    {
      name: "System calls",
      content: () => <StraceView text={straceText} enabled={settings.strace} onEnable={(strace) => program.change({ strace })} />,
    },
    {
      name: "Files",
      badge:
        program.added.files.length + program.added.archives.length > 0
          ? String(program.added.files.length + program.added.archives.length)
          : undefined,
      content: () => <Files {...view} added={program.added} onAdd={program.addFiles} onRemove={program.removeAdded} onRun={program.openGuestPath} />,
    },
  ];
  const insideTabs: readonly Tab[] = [
    {
      name: "Code",
      badge: state.breakpoints.size > 0 ? String(state.breakpoints.size) : undefined,
      content: () => (
        <>
          <Code {...view} />
          <Registers {...view} />
        </>
      ),
    },
    { name: "Memory", content: () => <Memory {...view} place={place} onPlace={setPlace} /> },
    { name: "Stack", content: () => <Stack {...view} /> },
    { name: "Vectors", content: () => <Vectors {...view} /> },
    { name: "Pages", content: () => <Pages {...view} onShow={showMemory} /> },
  ];
  return (
    <main>
      <DropTarget onDrop={drop} onError={(text) => machine.say(text)} />
      <div class="side">
        <Gallery
          programs={programs}
          chosen={choice?.fromGallery === true ? choice.name : undefined}
          onChoose={program.choose}
          onOpen={openFile}
          onOpenUrl={program.openUrl}
        />
        <SettingsView program={program} />
      </div>
      <div class="work">
        <Guide instructions={state.instructions} {...guide} />
        <Controls machine={machine} state={state} onStart={startOrLoad} onLoad={() => start()} onStop={program.stop} />
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
        <TerminalPanel machine={machine} handle={terminal} name={choice?.name} />
        <SnapshotsPanel machine={machine} machineState={state} snapshots={snapshots} state={saved} onGo={go} onOpen={open} />
        <Tabs label="Around the program" tabs={aroundTabs} chosen={around} onChoose={setAround} />
      </div>
      <Tabs label="Inside the machine" tabs={insideTabs} chosen={inside} onChoose={setInside} />
    </main>
  );
}
