import { useRef, useState } from "preact/hooks";
import type { FileView } from "../../../src/web/index.ts";
import { useLook, type ViewProps } from "../views/use-look.ts";
import { chosenFiles, download, type Dropped, type Incoming } from "./incoming.ts";

export interface FilesProps extends ViewProps {
  /** What is put into the guest at each start. */
  readonly added: Incoming;
  readonly onAdd: (dropped: readonly Dropped[], below: string) => Promise<void>;
  readonly onRemove: (kind: "file" | "archive", index: number) => void;
  /** Run a program that the guest has. */
  readonly onRun: (path: string) => void;
}

const numbers = new Intl.NumberFormat("en");
const join = (directory: string, name: string): string => (directory === "/" ? `/${name}` : `${directory}/${name}`);
const LIVE_MS = 1000;

/** The guest's files: to be looked through, downloaded and added to. */
export function Files({ added, onAdd, onRemove, onRun, ...view }: FilesProps) {
  const [path, setPath] = useState("/");
  const { answer, error } = useLook(view, "directory", { path }, LIVE_MS);
  const [message, setMessage] = useState<string | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const say = (reason: unknown): void => setMessage(reason instanceof Error ? reason.message : String(reason));
  const add = (input: HTMLInputElement): void => {
    if (input.files === null || input.files.length === 0) return;
    setMessage(undefined);
    setBusy(true);
    onAdd(chosenFiles(input.files), path)
      .catch(say)
      .finally(() => setBusy(false));
    input.value = "";
  };
  const give = (name: string): void => {
    setMessage(undefined);
    view.machine.look("file", { path: join(path, name) }).then(({ bytes }) => download(name, bytes), say);
  };
  const giveAll = (): void => {
    setMessage(undefined);
    view.machine.look("archive", { path }).then(({ bytes }) => download(`${path.split("/").pop() || "root"}.tar`, bytes), say);
  };
  const parts = path.split("/").filter((part) => part !== "");
  const pending = added.files.length + added.archives.length > 0;
  return (
    <div class="files">
      <div class="barrow">
        <button type="button" onClick={() => files.current?.click()}>
          Add files…
        </button>
        <button type="button" onClick={() => folder.current?.click()}>
          Add a folder…
        </button>
        <input
          ref={files}
          class="hidden"
          type="file"
          multiple
          tabIndex={-1}
          aria-label="Files for the guest"
          onChange={(event) => add(event.currentTarget)}
        />
        <input
          ref={folder}
          class="hidden"
          type="file"
          tabIndex={-1}
          aria-label="Folder for the guest"
          {...{ webkitdirectory: true }}
          onChange={(event) => add(event.currentTarget)}
        />
        <button type="button" disabled={answer === undefined} onClick={giveAll}>
          Download as .tar
        </button>
        <span class="note">Files can be dropped anywhere; .tar and .tar.gz are unpacked.</span>
      </div>
      {busy && <progress aria-label="Reading files" />}
      {message !== undefined && (
        <p class="wrong" role="alert">
          {message}
        </p>
      )}
      {pending && (
        <ul class="chips" aria-label="Added at each start">
          {added.archiveNames.map((name, index) => (
            <Added key={`a${index}`} name={name} onRemove={() => onRemove("archive", index)} />
          ))}
          {added.files.map((file, index) => (
            <Added key={`f${index}`} name={file.path} onRemove={() => onRemove("file", index)} />
          ))}
        </ul>
      )}
      <nav aria-label="Directory" class="crumbs">
        <button type="button" class="link" onClick={() => setPath("/")}>
          /
        </button>
        {parts.map((part, index) => (
          <span key={index}>
            <button type="button" class="link" onClick={() => setPath(`/${parts.slice(0, index + 1).join("/")}`)}>
              {part}
            </button>
            {index < parts.length - 1 && "/"}
          </span>
        ))}
      </nav>
      {answer === undefined ? (
        <p class="hint">{error ?? "The guest's files are seen here when a program is loaded."}</p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Files of the guest">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Size</th>
                <th scope="col">Mode</th>
                <th scope="col">
                  <span class="hidden">What can be done</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {answer.entries.length === 0 && (
                <tr>
                  <td colSpan={4} class="soft">
                    This directory is empty.
                  </td>
                </tr>
              )}
              {answer.entries.map((entry) => (
                <Entry
                  key={entry.name}
                  entry={entry}
                  path={join(answer.path, entry.name)}
                  onOpen={setPath}
                  onGive={() => give(entry.name)}
                  onRun={onRun}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

function Added({ name, onRemove }: { readonly name: string; readonly onRemove: () => void }) {
  return (
    <li>
      <span>{name}</span>
      <button type="button" aria-label={`Do not add ${name} any more`} onClick={onRemove}>
        ×
      </button>
    </li>
  );
}

interface EntryProps {
  readonly entry: FileView;
  readonly path: string;
  readonly onOpen: (path: string) => void;
  readonly onGive: () => void;
  readonly onRun: (path: string) => void;
}

function Entry({ entry: { name, kind, size, mode, target }, path, onOpen, onGive, onRun }: EntryProps) {
  return (
    <tr>
      <th scope="row">
        {kind === "directory" ? (
          <button type="button" class="link" onClick={() => onOpen(path)}>
            {name}/
          </button>
        ) : (
          name
        )}
        {target !== undefined && <span class="soft"> → {target}</span>}
      </th>
      <td>{kind === "file" ? numbers.format(size) : ""}</td>
      <td>{mode}</td>
      <td class="acts">
        {kind === "file" && mode.includes("x") && (
          <button type="button" class="small" aria-label={`Run ${name}`} onClick={() => onRun(path)}>
            Run
          </button>
        )}
        {kind === "file" && (
          <button type="button" class="small" aria-label={`Download ${name}`} onClick={onGive}>
            Download
          </button>
        )}
      </td>
    </tr>
  );
}
